"""Which sessions ended: the same in whatever order and however often it is heard, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from services.matching.handlers import hearings
from shared import sessions
from shared.clock import now, stopped_at
from shared.contracts import SessionsEnded
from shared.database import SpineTable, reading, transaction
from shared.sessions import LONGEST_SESSION, EndedSessions
from tests.unit.matching.examples import open_store, started

START = now()
SUBJECT = UUID(int=5)


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine(SpineTable.metadata)


def ended(minutes: int, ended_id: UUID = SUBJECT) -> SessionsEnded:
    return SessionsEnded(ended_id=ended_id, begun_until=START + timedelta(minutes=minutes))


@pytest.mark.integration
def test_the_latest_end_stands_whatever_was_heard_before_it(engine: Engine) -> None:
    for order in permutations((1, 2, 2, 3)):
        subject = uuid4()
        for minutes in order:
            with transaction(engine) as session:
                sessions.note(ended(minutes, subject), session)
        with reading(engine) as session:
            began = [START + timedelta(minutes=minutes) for minutes in (3, 4)]
            assert [sessions.has_ended(session, at, uuid4(), subject) for at in began] == [True, False]


@pytest.mark.integration
def test_what_no_living_cookie_can_be_of_is_forgotten(engine: Engine) -> None:
    for later, left in ((timedelta(0), 1), (LONGEST_SESSION + timedelta(seconds=1), 0)):
        with stopped_at(START + later), transaction(engine) as session:
            sessions.note(ended(0), session)
            sessions.forget_outlived(session)
            assert len(session.exec(select(EndedSessions)).all()) == left


def test_matching_holds_what_registry_says() -> None:
    engine = open_store()
    effects = {hearing.event: hearing.effect for hearing in hearings(started(engine))}
    with transaction(engine) as session:
        effects[SessionsEnded]([ended(1)], session)
        assert sessions.has_ended(session, START, SUBJECT)
    engine.dispose()
