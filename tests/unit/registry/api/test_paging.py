"""Every list that can grow is walked by its marks: each row once, whatever comes in between."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from services.registry.orders.agencies import add_agency
from services.registry.people.vault import Vault
from services.registry.tables import KeptByLaw, Table
from shared.clock import stopped_at
from shared.database import SpineTable, beyond, transaction
from shared.web.cursors import cursor_of
from tests.unit.registry.conftest import OPERATOR
from tests.unit.registry.ledgers.test_ledgers import LATER, Books

NOT_GROWING = {
    "/api/v1/registry/mappings": "an agency keeps a bounded number",
    "/api/v1/registry/cafes": "a city has some hundreds at the most, and pages show them all",
    "/api/v1/registry/bookings": "the bookings of one day",
    "/api/v1/registry/ground": "one row a layer",
    "/api/v1/registry/partner-calls": "a few a year",
    "/api/v1/registry/seasons": "a few a year",
    "/api/v1/registry/programs": "the sessions of the days that are asked for",
    "/api/v1/registry/programs/plan": "what is proposed for one month",
    "/api/v1/registry/programs/{session_id}/enrolments": "the seats and the waiting list of one session",
    "/api/v1/registry/plan/entries/{ref}": "the revisions of one entry",
}
"""Lists without pages, and why."""
INSTANTS = [datetime(2026, 11, 2, tzinfo=UTC) + timedelta(hours=hour) for hour in range(3)]


def line(at: datetime) -> KeptByLaw:
    return KeptByLaw(line_id=uuid4(), seeker_id=uuid4(), article="26", sealed=b"", ends_at=at)


@pytest.fixture
def store(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine(Table.metadata, SpineTable.metadata)


def walk(store: Engine, limit: int, added: Iterator[datetime], *, falling: bool) -> list[UUID]:
    """Page after page, and before each page another row comes in."""
    key = (col(KeptByLaw.ends_at), col(KeptByLaw.line_id))
    order = [column.desc() if falling else column for column in key]
    seen: list[UUID] = []
    after = None
    while True:
        with transaction(store) as session:
            if (at := next(added, None)) is not None:
                session.add(line(at))
            session.flush()
            wanted = select(KeptByLaw).where(*beyond(key, after, falling=falling)).order_by(*order).limit(limit)
            found = session.exec(wanted).all()
        if not found:
            return seen
        seen += [row.line_id for row in found]
        after = (found[-1].ends_at, found[-1].line_id)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(st.sampled_from(INSTANTS), min_size=1, max_size=7),
    between=st.lists(st.sampled_from(INSTANTS), max_size=7),
    limit=st.integers(1, 3),
    falling=st.booleans(),
)
def test_walking_shows_each_row_once_whatever_comes_in_between(
    store: Engine, before: list[datetime], between: list[datetime], limit: int, *, falling: bool
) -> None:
    with transaction(store) as session:
        for row in session.exec(select(KeptByLaw)):
            session.delete(row)
        there = [line(at) for at in before]
        session.add_all(there)
    seen = walk(store, limit, iter(between), falling=falling)
    assert len(seen) == len(set(seen))
    assert {row.line_id for row in there} <= set(seen)


def lists(app: FastAPI) -> dict[str, Any]:
    """The paths of the described API whose GET answers with a list."""
    return {
        path: ways["get"]
        for path, ways in app.openapi()["paths"].items()
        if "get" in ways
        and ways["get"]["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {}).get("type")
        == "array"
    }


def test_every_list_has_pages_or_a_reason_why_not(client: TestClient) -> None:
    app: Any = client.app
    without = {
        path
        for path, described in lists(app).items()
        if "after" not in {each["name"] for each in described.get("parameters", [])}
    }
    assert without <= NOT_GROWING.keys()


@pytest.mark.parametrize(
    "path",
    ["agencies", "orders", "referrals", "referrals/labels", "kept-by-law", "seekers/ending", "ledgers/orders"],
)
def test_a_list_leads_from_page_to_page(path: str, engine: Engine, vault: Vault, client: TestClient) -> None:
    city = Books(engine, vault)
    city.hear(city.reviewed(seeker=1, posting=1))
    with stopped_at(LATER), transaction(engine) as session:
        fill(session)
    with stopped_at(LATER):
        whole = client.get(f"/api/v1/registry/{path}", headers=OPERATOR)
        assert "next" not in whole.links
        walked, url = [], f"/api/v1/registry/{path}?limit=1"
        while url:
            page = client.get(url, headers=OPERATOR)
            walked += page.json()
            url = page.links.get("next", {}).get("url", "")
    assert len(walked) > 1 or path == "seekers/ending"
    assert walked == whole.json()


def fill(session: Session) -> None:
    session.add_all([line(at) for at in INSTANTS])
    add_agency(session, "둘째 직업소개소", "무료")


def test_receipts_newest_first(engine: Engine, vault: Vault, client: TestClient) -> None:
    city = Books(engine, vault)
    url, rows = f"/api/v1/registry/submissions?agency={city.agency.agency_id}&limit=1", []
    while url:
        page = client.get(url, headers=OPERATOR)
        rows += page.json()["rows"]
        url = page.links.get("next", {}).get("url", "")
    assert len(rows) == page.json()["total"] == 2
    assert len({row["submission_id"] for row in rows}) == 2


@pytest.mark.parametrize("after", ["x", "bm9uZQ==", "W10=", "%00", "MQ=="])
def test_a_mark_that_is_none_of_ours_is_refused(after: str, client: TestClient) -> None:
    for path in ("orders", "referrals", "referrals/labels", "agencies", "ledgers/placements"):
        assert client.get(f"/api/v1/registry/{path}?after={after}", headers=OPERATOR).status_code == 422


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("ledgers/seekers", ["0001-01-01T00:00:00+14:00", str(UUID(int=1))]),
        ("ledgers/orders", ["9999-12-31T23:59:59-14:00", str(UUID(int=1))]),
        ("submissions", ["0001-01-01T00:00:00+14:00", str(UUID(int=1))]),
        ("referrals/labels", ["2026-11-02T00:00:00Z", str(UUID(int=1)), 10**30]),
        ("buried", 2**40),
        ("agencies", ["\0", str(UUID(int=1))]),
    ],
)
def test_a_forged_mark_that_no_row_can_have_is_refused(path: str, key: object, client: TestClient) -> None:
    asked = client.get(f"/api/v1/registry/{path}", params={"after": cursor_of(key)}, headers=OPERATOR)
    assert asked.status_code == 422
