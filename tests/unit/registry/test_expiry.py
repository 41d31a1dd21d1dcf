"""Time runs out by itself, once, on both databases; a clock that leaps ends nothing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry import expiry
from services.registry.expiry import Swept, sweep, trust_clock
from services.registry.intake.door import Arrival, receive
from services.registry.orders.agencies import add_agency
from services.registry.orders.postings import today
from services.registry.people.seekers import SeekerRow, ending, register, renew
from services.registry.people.vault import Vault
from services.registry.tables import Agency, JobOrder, Posting, Seeker, Table
from shared.clock import stopped_at
from shared.database import SpineTable, reading, transaction
from tests.unit.registry.conftest import OPERATOR, a_document, said

pytestmark = pytest.mark.integration

START = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
LAST = date(2027, 1, 2)


@pytest.fixture
def store(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine(Table.metadata, SpineTable.metadata)


@pytest.fixture
def agency(store: Engine) -> Agency:
    with stopped_at(START), transaction(store) as session:
        return add_agency(session, "마포", "무료")[0]


@pytest.fixture
def bring(store: Engine, agency: Agency, vault: Vault) -> Callable[..., None]:
    def bring(*documents: dict[str, Any]) -> None:
        with stopped_at(START), transaction(store) as session:
            receive(session, [Arrival("here", document, "http") for document in documents], agency, vault)
        with stopped_at(START):
            sweep(store)

    return bring


def days_later(days: int) -> Any:
    return stopped_at(START + timedelta(days=days))


def live(store: Engine, since: int, until: int) -> Swept:
    """Sweep now and then from one day to another, as a service does that runs; what the last sweep did."""
    swept = Swept()
    for day in [*range(since, until, 5), until]:
        with days_later(day):
            swept = sweep(store)
            assert not swept.refused
    return swept


def states(store: Engine) -> dict[str, str]:
    with reading(store) as session:
        return {order.source_ref: order.state for order in session.exec(select(JobOrder))}


def notices(store: Engine, agency: Agency, code: str) -> int:
    with reading(store) as session:
        lines = said(session, f"submission.answered.v1:{agency.agency_id}")
        return sum(code in line.fields for line in lines)


def test_an_order_ends_on_the_day_after_its_last_and_its_sender_is_told_before(
    store: Engine, agency: Agency, bring: Callable[..., None]
) -> None:
    bring(a_document(source_ref="1"), a_document(source_ref="2", title="바리스타", closes_on="2026-11-20"))
    live(store, 1, 53)
    assert states(store) == {"1": "open", "2": "expired"}
    assert notices(store, agency, "ORDER_EXPIRES") == 0  # a closing date was the sender's own
    live(store, 54, 61)
    assert (states(store)["1"], notices(store, agency, "ORDER_EXPIRES")) == ("open", 1)
    swept = live(store, 62, 62)
    assert (states(store)["1"], swept.orders, notices(store, agency, "ORDER_EXPIRED")) == ("expired", 1, 2)
    with reading(store) as session:
        assert {posting.state for posting in session.exec(select(Posting))} == {"expired"}
        assert len(said(session, "posting.withdrawn.v1")) == 2


def test_the_last_day_ends_at_midnight_in_korea(store: Engine, bring: Callable[..., None]) -> None:
    bring(a_document(source_ref="1", closes_on="2026-11-05"))
    for instant, state in (
        (datetime(2026, 11, 5, 14, 59, tzinfo=UTC), "open"),
        (datetime(2026, 11, 5, 15, tzinfo=UTC), "expired"),
    ):
        with stopped_at(instant):
            sweep(store)
        assert states(store)["1"] == state


def test_what_is_renewed_goes_on_and_is_told_again(
    store: Engine, agency: Agency, bring: Callable[..., None], vault: Vault
) -> None:
    bring(a_document(source_ref="1"))
    live(store, 1, 60)
    with days_later(60), transaction(store) as session:
        renewal = {"source_ref": "1", "status": "renewed"}
        assert receive(session, [Arrival("here", renewal, "http")], agency, vault)[0].outcome == "accepted"
    live(store, 61, 117)
    assert (states(store)["1"], notices(store, agency, "ORDER_EXPIRES")) == ("open", 2)


def test_killed_between_batches_the_next_sweep_goes_on(
    store: Engine, bring: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "BATCH", 2)
    bring(*(a_document(source_ref=str(n), title=f"제빵사 {n}", closes_on="2026-11-04") for n in range(5)))
    killed_after = iter([expiry._expire_orders])

    def once(session: Any, day: date) -> int:
        return next(killed_after)(session, day)

    with days_later(4), monkeypatch.context() as patch:
        patch.setattr(expiry, "_expire_orders", once)
        with pytest.raises(StopIteration):
            sweep(store)
    assert sorted(states(store).values()) == ["expired", "expired", "open", "open", "open"]
    with days_later(4):
        assert sweep(store).orders == 3
        assert sweep(store).orders == 0


@pytest.mark.parametrize("days", [365, -365, 8])
def test_a_clock_that_leaps_ends_nothing_and_is_told(
    store: Engine, agency: Agency, bring: Callable[..., None], days: int
) -> None:
    bring(a_document(source_ref="1"), a_document(source_ref="2", title="바리스타", closes_on="2026-11-04"))
    with days_later(days):
        assert "clock" in sweep(store).refused
    assert set(states(store).values()) == {"open"}
    assert notices(store, agency, "ORDER_EXPIRE") == 0
    with days_later(1):  # set right again
        assert sweep(store) == Swept()
    with days_later(days + 10), transaction(store) as session:
        trust_clock(session)
    with days_later(days + 10):
        assert not sweep(store).refused


def test_before_the_first_sweep_the_newest_record_is_the_measure(store: Engine, agency: Agency, vault: Vault) -> None:
    with stopped_at(START), transaction(store) as session:
        receive(session, [Arrival("here", a_document(source_ref="1"), "http")], agency, vault)
    with days_later(365):
        assert "leapt" in sweep(store).refused
    assert set(states(store).values()) == {"open"}


def test_an_application_stands_for_three_months_unless_renewed(store: Engine, vault: Vault) -> None:
    with stopped_at(START), transaction(store) as session:
        rows = [SeekerRow(ref, {"source_ref": ref, "summary": "빵"}) for ref in ("1", "2")]
        kept, _ = register(session, rows, "invented", vault)
    live(store, 0, 92)
    with days_later(92), transaction(store) as session:
        near = ending(session, today(), None, None, 10)
        assert len(near) == 2
        assert renew(session, next(seeker for seeker in near if seeker.seeker_id == kept.seeker_id))
    with days_later(93):
        assert sweep(store).seekers == 1
    with reading(store) as session:
        assert sorted(seeker.state for seeker in session.exec(select(Seeker))) == ["active", "expired"]
        assert len(said(session, "seeker.withdrawn.v1")) == 1
        ended = session.exec(select(Seeker).where(Seeker.state == "expired")).one()
    with days_later(95), transaction(store) as session:
        ended = session.get_one(Seeker, ended.seeker_id)
        assert renew(session, ended)
        assert (ended.state, ended.valid_until) == ("active", date(2027, 5, 5))


def test_the_operator_runs_it_and_says_that_the_clock_is_right(client: TestClient, engine: Engine) -> None:
    with stopped_at(START):
        sweep(engine)
    refused = client.post("/api/v1/registry/expiry", headers=OPERATOR).json()
    if refused["refused"]:  # on whatever day this runs
        assert client.post("/api/v1/registry/expiry?trust=true", headers=OPERATOR).json()["refused"] == ""
    assert client.post("/api/v1/registry/expiry", headers=OPERATOR).json()["refused"] == ""
