"""What a counselor decides: kept, said, shown at once, and overruled by what registry records."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, select

from services.notify import match_lists, referrals, reviews
from services.notify.reviews import Verdict
from services.notify.tables import PairStanding, Review, SeekerCard
from shared.clock import stopped_at
from shared.contracts import MatchReviewed, ReferralRecorded
from shared.database import reading, transaction
from shared.forgetting import forget
from shared.outbox import OutboxLine
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn
from shared.wire import decode
from tests.unit.notify.conftest import Hear
from tests.unit.notify.examples import (
    HONGDAE,
    MONDAY,
    a_list,
    a_pair,
    a_posting,
    a_referral,
    a_seeker,
    a_seeker_withdrawn,
    id_of,
)
from tests.unit.notify.test_handlers import a_store, calls

ACCOUNT = UUID(int=0xACC0)
SHE = SignedIn(role="counselor", account_id=ACCOUNT, cafe_id=HONGDAE, label="홍대카페 상담사")
SEEKER, FIRST, SECOND = id_of("seeker", 0), id_of("posting", 0), id_of("posting", 1)
PAIR = (SEEKER, FIRST)
ACCEPT, TOO_FAR = Verdict("accepted"), Verdict("dismissed", reason="distance")


@pytest.fixture
def a_call(hear: Hear) -> None:
    """One seeker with two pairs."""
    hear(a_posting(0), a_posting(1), a_seeker(0), a_list("seeker", 0, [a_pair(0, 0, 9_000), a_pair(0, 1, 7_000)]))


def decide(engine: Engine, verdict: Verdict, posting: UUID = FIRST) -> None:
    with transaction(engine) as session:
        found = match_lists.find_pair(session, session.get_one(SeekerCard, SEEKER), posting)
        assert found
        reviews.decide(session, SHE, found, verdict)


def undo(engine: Engine) -> None:
    with transaction(engine) as session:
        reviews.undo(session, SHE, PAIR)


def standing(engine: Engine) -> tuple[str, bool] | None:
    with reading(engine) as session:
        found = referrals.standing_of(session, PAIR)
        return (found.state, found.recorded) if found else None


def said(engine: Engine) -> list[MatchReviewed]:
    import json

    with reading(engine) as session:
        lines = session.exec(select(OutboxLine).order_by(OutboxLine.number)).all()  # type: ignore[arg-type]
        fields = [json.loads(line.fields) for line in lines if line.stream == MatchReviewed.stream]
        return [decode(MatchReviewed, {k.encode(): v.encode() for k, v in line.items()}) for line in fields]


def worth_a_call(engine: Engine) -> list[UUID]:
    return [posting for _, posting, _ in calls(engine)]


@pytest.mark.usefixtures("a_call")
def test_a_decision_is_kept_said_and_shown_as_being_recorded(engine: Engine, hear: Hear) -> None:
    decide(engine, ACCEPT)
    told = said(engine)[0]
    assert (told.seeker_id, told.posting_id, told.decision, told.reviewed_by) == (*PAIR, "accepted", ACCOUNT)
    assert (told.score, told.rank, told.epoch, told.cafe_id) == (9_000, 1, 1, HONGDAE)
    assert standing(engine) == ("proposed", False)
    hear(a_referral(0, 0))
    assert standing(engine) == ("proposed", True)


@pytest.mark.usefixtures("a_call")
@pytest.mark.parametrize("verdict", [ACCEPT, TOO_FAR])
def test_a_decided_pair_leaves_the_calls_and_her_next_best_comes(engine: Engine, verdict: Verdict) -> None:
    decide(engine, verdict)
    assert worth_a_call(engine) == [SECOND]
    undo(engine)
    assert worth_a_call(engine) == [FIRST]
    assert [told.decision for told in said(engine)] == [verdict.decision, "undone"]
    assert said(engine)[1].reason is None


def test_a_postponed_pair_comes_back_on_its_day(engine: Engine, hear: Hear) -> None:
    with stopped_at(MONDAY):
        hear(a_posting(0), a_seeker(0), a_list("seeker", 0, [a_pair(0, 0)]))
        decide(engine, Verdict("postponed", until=date(2026, 3, 4)))
        assert worth_a_call(engine) == []
    for days, expected in ((1, []), (2, [FIRST])):
        with stopped_at(MONDAY + timedelta(days=days)), transaction(engine) as session:
            match_lists.wake_postponed(session)
        assert worth_a_call(engine) == expected
    with transaction(engine) as session, stopped_at(MONDAY + timedelta(days=2)):
        assert match_lists.wake_postponed(session) == 0


@pytest.mark.usefixtures("a_call")
def test_an_undone_decision_stays_undone_while_the_first_answer_is_still_on_its_way(engine: Engine, hear: Hear) -> None:
    decide(engine, ACCEPT)
    undo(engine)
    assert standing(engine) == ("reopened", False)
    hear(a_referral(0, 0, revision=1))
    assert standing(engine) == ("reopened", False)
    hear(a_referral(0, 0, revision=2, state="reopened"))
    assert standing(engine) == ("reopened", True)
    assert worth_a_call(engine) == [FIRST]


@pytest.mark.usefixtures("a_call")
def test_who_comes_second_is_told_so(engine: Engine) -> None:
    decide(engine, ACCEPT)
    with pytest.raises(Problem, match="ALREADY_DECIDED"):
        decide(engine, TOO_FAR)
    assert len(said(engine)) == 1


@pytest.mark.usefixtures("a_call")
def test_a_pair_the_worker_wants_is_a_call_until_a_counselor_accepts_it(engine: Engine, hear: Hear) -> None:
    hear(a_referral(0, 0, state="agreed", decided_by="seeker"))
    assert worth_a_call(engine) == [FIRST]
    decide(engine, ACCEPT)
    assert worth_a_call(engine) == [SECOND]
    hear(a_referral(0, 0, revision=2, state="agreed", confirmed=True))
    assert worth_a_call(engine) == [SECOND]


@pytest.mark.usefixtures("a_call")
def test_what_somebody_acted_on_is_not_undone(engine: Engine, hear: Hear) -> None:
    decide(engine, ACCEPT)
    hear(a_referral(0, 0, revision=2, state="agreed", decided_by="seeker"))
    with pytest.raises(Problem, match="NOT_UNDONE"):
        undo(engine)


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict("dismissed"), "REASON_NEEDED"),
        (Verdict("accepted", reason="wage"), "REASON_NEEDED"),
        (Verdict("postponed"), "DAY_NEEDED"),
        (Verdict("accepted", until=date(2026, 3, 3)), "DAY_NEEDED"),
        (Verdict("postponed", until=date(2026, 3, 2)), "DAY_OUT_OF_RANGE"),
        (Verdict("postponed", until=date(2026, 9, 2)), "DAY_OUT_OF_RANGE"),
    ],
)
def test_a_decision_says_neither_too_little_nor_too_much(verdict: Verdict, code: str) -> None:
    with pytest.raises(Problem, match=code):
        reviews.check(verdict, date(2026, 3, 2))


@pytest.mark.usefixtures("a_call")
def test_of_someone_erased_no_decision_is_kept_and_none_comes_back(engine: Engine, hear: Hear) -> None:
    hear(a_referral(0, 0))
    decide(engine, TOO_FAR, SECOND)
    with transaction(engine) as session:
        forget(session, [SEEKER])
    hear(a_seeker_withdrawn(0), a_referral(0, 0, revision=2, state="withdrawn"))
    with reading(engine) as session:
        assert rows(session, PairStanding) == rows(session, Review) == []


def rows(session: Session, table: type[Any]) -> list[Any]:
    return list(session.exec(select(table)))


STATES = st.sampled_from(["proposed", "dismissed", "postponed", "reopened", "agreed", "referred"])


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_where_a_pair_stands_does_not_depend_on_the_order_of_what_is_heard(data: st.DataObject) -> None:
    states = data.draw(st.lists(STATES, min_size=1, max_size=5))
    until = date(2026, 3, 5)
    events: list[Any] = [
        a_referral(0, 0, number, state, until=until if state == "postponed" else None)
        for number, state in enumerate(states, 1)
    ]
    city = [a_posting(0), a_seeker(0), a_list("seeker", 0, [a_pair(0, 0)])]
    with stopped_at(MONDAY):
        one = a_store([*city, *events])
        other = a_store(data.draw(st.permutations([*city, *events, *events])))
    try:
        for engine in (one, other):
            last: ReferralRecorded = events[-1]
            assert standing(engine) == (last.state, True)
            assert worth_a_call(engine) == ([FIRST] if last.state in ("reopened", "agreed") else [])
    finally:
        one.dispose()
        other.dispose()
