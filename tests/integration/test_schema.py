"""What migrations build is what the code says, on both databases; nobody migrates twice or touches what is newer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, MetaData, String, Table, inspect, text

from deploy.schema import differences, schema_of, tables_of, upgrade
from deploy.serve import SERVICES
from shared.command import CommandError
from shared.database import open_engine, reading

pytestmark = pytest.mark.integration


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of each kind."""
    postgres = request.param == "postgres"
    engine = open_engine(request.getfixturevalue("postgres_url") if postgres else f"sqlite:///{tmp_path / 'x.sqlite'}")
    yield engine
    engine.dispose()


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_build_what_the_code_says(service: str, engine: Engine) -> None:
    assert differences(service, engine)  # the comparison sees an empty database
    upgrade(service, engine)
    assert differences(service, engine) == []
    assert schema_of(service, engine).is_current


def test_a_column_that_no_migration_makes_is_seen(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade("notify", engine)
    drifted = MetaData()
    Table("unheard_of", drifted, Column("name", String, primary_key=True))
    monkeypatch.setattr("deploy.schema.tables_of", lambda service: [*tables_of(service), drifted])
    assert [str(kind) for kind, *_ in differences("notify", engine)] == ["add_table"]


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    upgrade("notify", engine)
    upgrade("notify", engine)
    assert schema_of("notify", engine).is_current


def test_replicas_that_start_together_migrate_one_after_the_other(engine: Engine) -> None:
    def replica(_number: int) -> None:
        own = open_engine(engine.url.render_as_string(hide_password=False))
        upgrade("registry", own)
        own.dispose()

    with ThreadPoolExecutor(3) as replicas:
        list(replicas.map(replica, range(3)))
    assert differences("registry", engine) == []


def test_a_database_of_a_newer_program_is_refused_and_left_alone(engine: Engine) -> None:
    upgrade("registry", engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("DROP TABLE inbox"))
    with pytest.raises(CommandError, match="SCHEMA_MISMATCH"):
        upgrade("registry", engine)
    assert "inbox" not in inspect(engine).get_table_names()


def test_a_migration_that_fails_leaves_the_database_as_it_was(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("alembic.op.create_index", fail)
    monkeypatch.setattr("alembic.operations.base.BatchOperations.create_index", fail)
    with pytest.raises(RuntimeError):
        upgrade("registry", engine)
    assert "agency" not in inspect(engine).get_table_names()


def test_after_a_migration_sqlite_guards_references_again(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
    upgrade("registry", engine)
    with reading(engine) as session:
        assert session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()
