"""The season calendar: a rematch is asked for when its day comes, once; a clock that leaps asks for nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session

from services.registry import seasons
from services.registry.expiry import sweep, trust_clock
from services.registry.seasons import Planned, SeasonWrong, end_season, set_season
from services.registry.tables import Table
from shared.clock import stopped_at
from shared.contracts import CafeChanges, RematchFinished, RematchRequested
from shared.database import SpineTable, reading, transaction
from tests.unit.registry.conftest import OPERATOR, said

pytestmark = pytest.mark.integration

START = datetime(2027, 3, 1, 0, 0, tzinfo=UTC)
"""Nine in the morning in Korea."""
SPRING = Planned("2027 봄 공채", date(2027, 3, 1), date(2027, 5, 31), [date(2027, 3, 8), date(2027, 3, 3)], 3)


@pytest.fixture
def store(make_engine: Callable[..., Engine]) -> Engine:
    engine = make_engine(Table.metadata, SpineTable.metadata)
    with stopped_at(START), transaction(engine) as session:
        trust_clock(session)
        set_season(session, SPRING, "operator")
    return engine


def after(hours: float) -> Any:
    return stopped_at(START + timedelta(hours=hours))


def asked(session: Session) -> int:
    return len(said(session, RematchRequested.stream))


def swept(store: Engine, *hours: float) -> list[int]:
    """How often a rematch had been asked for after a sweep at each of these times."""
    counts = []
    for at in hours:
        with after(at):
            sweep(store)
        with reading(store) as session:
            counts.append(asked(session))
    return counts


def test_it_is_asked_for_when_its_day_and_hour_come_once(store: Engine) -> None:
    assert swept(store, 1, 41, 42.1, 42.2, 60, 161, 162.1, 162.2, 300) == [0, 0, 1, 1, 1, 1, 2, 2, 2]
    with reading(store) as session:
        line = said(session, RematchRequested.stream)[0]
        days = seasons.asked_days(session)[SPRING.name]
    assert '"season": "2027 봄 공채"' in line.fields or "2027 봄 공채" in line.fields
    assert "calendar" in line.fields
    assert list(days) == [date(2027, 3, 3), date(2027, 3, 8)]
    assert days[date(2027, 3, 3)].rematch_id != days[date(2027, 3, 8)].rematch_id


def test_of_days_that_were_missed_only_the_last_is_asked_for(store: Engine) -> None:
    assert swept(store, 167, 168) == [1, 1]
    with reading(store) as session:
        assert list(seasons.asked_days(session)[SPRING.name]) == [date(2027, 3, 8)]


def test_a_clock_that_leaps_asks_for_nothing_until_it_is_trusted(store: Engine) -> None:
    with after(24 * 30):
        assert sweep(store).refused
    with reading(store) as session:
        assert asked(session) == 0
    with after(24 * 30):
        with transaction(store) as session:
            trust_clock(session)
        assert sweep(store).rematches == 1


def test_what_lies_behind_when_it_is_set_is_not_asked_for(store: Engine) -> None:
    with after(50), transaction(store) as session:
        set_season(session, replace(SPRING, name="늦은 공채"), "operator")
    with after(51):
        sweep(store)
    with reading(store) as session:
        assert list(seasons.asked_days(session)) == [SPRING.name]


def test_what_is_due_stays_due_when_a_day_ahead_is_added(store: Engine) -> None:
    with after(50), transaction(store) as session:
        set_season(session, replace(SPRING, rematch_days=[*SPRING.rematch_days, date(2027, 4, 1)]), "operator")
    assert swept(store, 51, 52) == [1, 1]


def test_a_day_that_is_added_behind_is_not_asked_for(store: Engine) -> None:
    assert swept(store, 43) == [1]
    with after(70), transaction(store) as session:
        set_season(session, replace(SPRING, rematch_days=[*SPRING.rematch_days, date(2027, 3, 4)]), "operator")
    assert swept(store, 71) == [1]


def test_an_ended_season_asks_for_nothing_more(store: Engine) -> None:
    assert swept(store, 43) == [1]
    with after(44), transaction(store) as session:
        ended = end_season(session, SPRING.name)
        assert ended is not None
        assert (ended.ends_on, ended.rematch_days) == (date(2027, 3, 2) + timedelta(days=1), ["2027-03-03"])
    assert swept(store, 165, 200) == [1, 1]


def test_two_services_that_sweep_at_once_ask_once(store: Engine) -> None:
    with after(43):
        for _ in range(2):
            with transaction(store) as session:
                seasons.ask_what_is_due(session)
    with reading(store) as session:
        assert asked(session) == 1


@pytest.mark.parametrize(
    "wrong", [{"ends_on": date(2027, 2, 1)}, {"rematch_days": [date(2027, 6, 1)]}], ids=["ends before", "day outside"]
)
def test_a_season_that_cannot_be_is_refused(store: Engine, wrong: dict[str, Any]) -> None:
    with transaction(store) as session, pytest.raises(SeasonWrong, match=next(iter(wrong))):
        set_season(session, Planned(**(vars(SPRING) | wrong)), "operator")


def finished(store: Engine, shard: str, *, day: date = date(2027, 3, 3), **changes: int) -> None:
    """A shard says what the rematch of a day changed; of another rematch where none was asked for then."""
    with reading(store) as session:
        asked_for = seasons.asked_days(session)[SPRING.name].get(day)
    event = RematchFinished(
        rematch_id=asked_for.rematch_id if asked_for else uuid4(),
        shard=shard,
        epoch=2,
        previous_epoch=1,
        pairs=9,
        changes=tuple(CafeChanges(cafe_id=cafe, **changes) for cafe in (uuid4(), None)),
    )
    with transaction(store) as session:
        seasons.note_finished(event, session)


def did(store: Engine) -> seasons.Did | None:
    with reading(store) as session:
        return seasons.did(seasons.asked_days(session)[SPRING.name][date(2027, 3, 3)])


def test_what_a_day_changed_is_known_when_every_shard_has_said_it_however_often(store: Engine) -> None:
    swept(store, 43)
    assert did(store) is None
    finished(store, "1/2", seekers=3, new=5, risen=1, gone=2)
    assert did(store) is None, "the other shard still works"
    for _ in range(2):
        finished(store, "2/2", seekers=1, new=1, risen=0, gone=0)
    finished(store, "1/2", day=date(2027, 3, 8), seekers=100, new=100, risen=100, gone=100)
    told = did(store)
    assert told
    assert (told.seekers, told.new, told.risen, told.gone) == (8, 12, 2, 4)


def test_the_operator_sets_lists_and_ends_over_http(client: TestClient) -> None:
    body = {"name": "가을 공채", "begins_on": "2030-09-01", "ends_on": "2030-10-31", "rematch_days": ["2030-09-02"]}
    put = client.put("/api/v1/registry/seasons", json=body, headers=OPERATOR)
    assert put.status_code == 200, put.text
    assert put.json()["days"] == [{"day": "2030-09-02", "rematch_id": None, "asked_at": None, "did": None}]
    assert client.get("/api/v1/registry/seasons", headers=OPERATOR).json() == [put.json()]
    refused = client.put("/api/v1/registry/seasons", json=body | {"ends_on": "2030-08-01"}, headers=OPERATOR)
    assert (refused.status_code, refused.json()["code"], refused.json()["where"]) == (422, "SEASON_WRONG", "ends_on")
    ended = client.post("/api/v1/registry/seasons/end", json={"name": "가을 공채"}, headers=OPERATOR).json()
    assert ended["days"] == []
    unknown = client.post("/api/v1/registry/seasons/end", json={"name": "겨울"}, headers=OPERATOR)
    assert unknown.status_code == 404
