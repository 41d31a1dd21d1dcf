"""Can anyone change the audit log unseen? Rows changed, removed, swapped, put in, cut off; on both databases."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from services.registry.app import create_app
from services.registry.commands import custody
from services.registry.people.audit import AuditLog, Look, Verdict
from services.registry.people.master_keys import MasterKeys
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Table
from shared.database import SpineTable, reading, transaction
from tests.stores import store_with
from tests.unit.registry.conftest import OPERATOR

LOG = AuditLog(b"a key for tests")
ROWS = 40


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine(Table.metadata)


def write(engine: Engine, rows: int = ROWS) -> list[UUID]:
    people = [uuid4() for _ in range(rows)]
    for start in range(0, rows, 7):
        with transaction(engine) as session:
            LOG.note(session, people[start : start + 7], Look("상담사 김", "call", ("name", "phone"), "10.0.0.1"))
    return people


def check(engine: Engine, *anchors: str) -> Verdict:
    with reading(engine) as session:
        return LOG.check(session, anchors)


def change(engine: Engine, statement: str, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def test_an_untouched_log_is_whole(engine: Engine) -> None:
    assert check(engine) == Verdict(rows=0, breaks=(), anchor="0:")
    write(engine)
    verdict = check(engine)
    assert (verdict.rows, verdict.breaks) == (ROWS, ())
    assert check(engine, verdict.anchor).breaks == ()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("statement", "where", "fault"),
    [
        ("UPDATE audit SET who = 'someone else' WHERE number = 12", 12, "changed"),
        ("UPDATE audit SET purpose = purpose || '.' WHERE number = 1", 1, "changed"),
        ("UPDATE audit SET items = '[]' WHERE number = 40", 40, "changed"),
        ("UPDATE audit SET seal = previous, previous = seal WHERE number = 9", 9, "changed"),
        ("DELETE FROM audit WHERE number = 12", 12, "missing"),
        ("DELETE FROM audit WHERE number <= 3", 1, "missing"),
        ("DELETE FROM audit WHERE number > 30", 31, "cut"),
        ("UPDATE audit SET number = number + 100 WHERE number = 5", 5, "missing"),
    ],
)
def test_a_tampered_row_is_found_and_where_it_is_said(engine: Engine, statement: str, where: int, fault: str) -> None:
    write(engine)
    change(engine, statement)
    assert (where, fault) in {(found.number, found.fault) for found in check(engine).breaks}


def test_a_row_that_was_put_in_is_found(engine: Engine) -> None:
    write(engine)
    change(
        engine,
        "INSERT INTO audit (number, seeker_id, who, action, purpose, items, place, at, previous, seal) SELECT 41, "
        "seeker_id, who, action, purpose, items, place, at, seal, seal FROM audit WHERE number = 40",
    )
    assert [(found.number, found.fault) for found in check(engine).breaks] == [(41, "changed")]


def test_a_log_cut_off_with_its_head_is_found_by_an_anchor_alone(engine: Engine) -> None:
    write(engine)
    anchor = check(engine).anchor
    with engine.begin() as connection:
        seal = connection.execute(text("SELECT seal FROM audit WHERE number = 30")).scalar_one()
    change(engine, "DELETE FROM audit WHERE number > 30")
    change(engine, "UPDATE audit_head SET number = 30, seal = :seal", seal=seal)
    assert check(engine).breaks == ()
    assert [(found.number, found.fault) for found in check(engine, anchor).breaks] == [(40, "anchor")]


def test_a_log_written_anew_by_another_key_is_found(engine: Engine) -> None:
    with transaction(engine) as session:
        AuditLog(b"another key").note(session, [uuid4()], Look("a", "b"))
    assert [found.fault for found in check(engine).breaks] == ["changed"]


def test_a_hundred_of_a_hundred_tamperings_are_found(engine: Engine) -> None:
    """Each is undone by rolling back, so that the next finds the log as it was written."""
    write(engine)
    dice = random.Random(20261124)
    kinds = [
        "UPDATE audit SET who = who || 'x' WHERE number = {a}",
        "UPDATE audit SET place = '' WHERE number = {a}",
        "DELETE FROM audit WHERE number = {a}",
        "UPDATE audit SET number = CASE number WHEN {a} THEN -{b} ELSE -{a} END WHERE number IN ({a}, {b})",
    ]
    found = 0
    for _ in range(100):
        a, b = dice.sample(range(1, ROWS + 1), 2)
        with reading(engine) as session:
            session.connection().execute(text(dice.choice(kinds).format(a=a, b=b)))
            found += bool(LOG.check(session).breaks)
    assert found == 100


@pytest.mark.integration
def test_many_who_look_at_once_make_one_chain(engine: Engine) -> None:
    def look(number: int) -> None:
        with transaction(engine) as session:
            LOG.note(session, [uuid4(), uuid4()], Look(f"상담사 {number}", "call"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(look, range(40)))
    verdict = check(engine)
    assert (verdict.rows, verdict.breaks) == (80, ())


def test_the_command_names_the_first_bad_row_and_ends_with_one(
    settings: RegistrySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = store_with(settings.database_url, Table.metadata, SpineTable.metadata)
    client = TestClient(create_app(settings), headers=OPERATOR)
    monkeypatch.setattr(custody, "open_system", lambda _data, **_options: nullcontext(client))
    ours = Vault(MasterKeys(settings.vault_key), settings.pseudonym_key).audit
    with transaction(engine) as session:
        ours.note(session, [uuid4() for _ in range(5)], Look("상담사 김", "call"))
    assert CliRunner().invoke(custody.audit, []).exit_code == 0
    change(engine, "UPDATE audit SET who = 'x' WHERE number = 3")
    told = CliRunner().invoke(custody.audit, [])
    assert (told.exit_code, told.stdout.splitlines()[1].split()[0]) == (1, "3")
    engine.dispose()
