"""Which tables does each service's database have, and how does it come to have them?

Alembic, one history a service in `deploy/migrations/<service>/`. A new revision is drafted from the tables with
`make migration SERVICE=registry NAME=pre_add_shift`: `pre_` runs before the new code, `post_` after the old is gone.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, text

from shared.command import CommandError, ExitCode
from shared.database import SpineTable, open_engine

MIGRATIONS = Path(__file__).parent / "migrations"
ONE_MIGRATION_AT_A_TIME = 0x494C4A415249
"""Key of PostgreSQL's advisory lock: replicas that start together migrate one after the other."""


@dataclass(frozen=True)
class Schema:
    """How far a database has come, and how far this program wants it."""

    found: str | None
    wanted: str | None

    @property
    def is_current(self) -> bool:
        return self.found == self.wanted


def tables_of(service: str) -> list[MetaData]:
    """What the code says a service keeps: its own tables, and those of the spine."""
    for spine in ("shared.burial", "shared.forgetting", "shared.inbox", "shared.outbox", "shared.sessions"):
        import_module(spine)  # the spine's tables stand beside what uses them, and are known once that is imported
    own: MetaData = import_module(f"services.{service}.tables").Table.metadata
    return [own, SpineTable.metadata]


def upgrade(service: str, engine: Engine) -> None:
    """Bring a database to the newest revision; refuse one that a newer program made."""
    with _locked(engine) as connection:
        _refuse_unknown(service, connection)
        command.upgrade(_configuration(service, connection), "head")


def schema_of(service: str, engine: Engine) -> Schema:
    with engine.connect() as connection:
        return Schema(
            MigrationContext.configure(connection).get_current_revision(), _history(service).get_current_head()
        )


def differences(service: str, engine: Engine) -> list[object]:
    """Where a database differs from what the code says; empty when all is well."""
    with engine.connect() as connection:
        # Alembic takes several metadata, its type hint says one.
        found: list[object] = compare_metadata(MigrationContext.configure(connection), cast(Any, tables_of(service)))
        return found


def draft(service: str, name: str) -> None:
    """Write the next revision: what an empty database at the newest revision still lacks."""
    engine = open_engine("sqlite://")
    number = len(list(_history(service).walk_revisions())) + 1
    with engine.connect() as connection:
        configuration = _configuration(service, connection)
        command.upgrade(configuration, "head")
        command.revision(configuration, name, autogenerate=True, rev_id=f"{number:04d}")


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that no other migration of this database shares."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_MIGRATION_AT_A_TIME})
            yield connection
            connection.commit()
            return
        # SQLite changes a table by dropping it, which would delete what refers to it.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _refuse_unknown(service: str, connection: Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in _history(service).walk_revisions()}
    if found is None or found in known:
        return
    raise CommandError(
        "SCHEMA_MISMATCH",
        ExitCode.UNREACHABLE,
        ko=f"{service} 데이터베이스가 이 프로그램보다 새 버전입니다.",
        en=f"The database of {service} is at revision {found}, which this program does not know: a newer one made it.",
        where=connection.engine.url.render_as_string(hide_password=True),
        hint="Start the newer program, or restore the backup made before it.",
    )


def _history(service: str) -> ScriptDirectory:
    return ScriptDirectory.from_config(_configuration(service))


def _configuration(service: str, connection: Connection | None = None) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    configuration.set_main_option("version_locations", str(MIGRATIONS / service).replace("%", "%%"))
    configuration.set_main_option("path_separator", "newline")
    configuration.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    configuration.attributes.update(service=service, connection=connection)
    return configuration


if __name__ == "__main__":
    draft(*sys.argv[1:])
