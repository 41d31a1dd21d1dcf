"""What is kept of what is heard, in whatever order and however often it is said."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlmodel import select

from services.notify.app import ask_if_empty
from services.notify.following import lists_changed_since
from services.notify.handlers import HEARINGS
from services.notify.match_lists import (
    CallFilter,
    EveryCafe,
    OneCafe,
    Reach,
    count_calls,
    for_posting,
    for_seeker,
    headed_by,
    worth_a_call,
)
from services.notify.tables import MatchList, Message, PostingCard, SeekerCard, SubmissionNote, Table
from shared.clock import stopped_at
from shared.contracts import Event, MatchesFound, SubmissionAnswered, WishEnded
from shared.contracts.referrals import ReferralState
from shared.database import SpineTable, reading, transaction
from shared.forgetting import forget
from shared.outbox import OutboxLine
from tests.stores import store_with
from tests.unit.notify.conftest import Hear, hear_all
from tests.unit.notify.examples import (
    HONGDAE,
    MONDAY,
    SILLIM,
    a_list,
    a_pair,
    a_posting,
    a_posting_withdrawn,
    a_referral,
    a_seeker,
    a_seeker_withdrawn,
    id_of,
)

EVERYWHERE = CallFilter(EveryCafe())


def calls(engine: Engine, narrowed: CallFilter = EVERYWHERE, page: int = 1) -> list[tuple[UUID, UUID, int]]:
    """Who is to be called about what, as the desk shows it."""
    with reading(engine) as session:
        found = worth_a_call(session, narrowed, page)
        return [(it.seeker.seeker_id, it.posting.posting_id, it.pair.score) for it in found.pairs]


def her_list(engine: Engine, number: int = 0) -> list[UUID]:
    with reading(engine) as session:
        return [
            it.posting.posting_id for it in for_seeker(session, session.get_one(SeekerCard, id_of("seeker", number)))
        ]


def its_list(engine: Engine, number: int = 0) -> list[UUID]:
    with reading(engine) as session:
        card = session.get_one(PostingCard, id_of("posting", number))
        return [it.seeker.seeker_id for it in for_posting(session, card, EveryCafe())]


SHOWN: tuple[type[Table], ...] = (PostingCard, SeekerCard, MatchList)


def everything(engine: Engine, *tables: type[Table]) -> list[dict[str, Any]]:
    """All rows of these tables, or of those that pages show, in a fixed order."""
    with reading(engine) as session:
        rows = [row for table in tables or SHOWN for row in session.exec(select(table)).all()]
        return sorted((row.model_dump() for row in rows), key=lambda row: str(sorted(map(str, row.values()))))


def test_a_pair_is_shown_once_list_and_cards_are_there(engine: Engine, hear: Hear) -> None:
    hear(a_list("seeker", 0, [a_pair(0, 0)]))
    assert calls(engine) == []
    hear(a_posting(0))
    assert calls(engine) == []
    hear(a_seeker(0))
    assert calls(engine) == [(id_of("seeker", 0), id_of("posting", 0), 8_000)]


def test_an_older_or_equal_revision_changes_nothing(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0, revision=3, title="새벽 제빵"), a_seeker(0, revision=3), a_list("seeker", 0, [], revision=3))
    held = everything(engine)
    for revision in (1, 2, 3):
        hear(a_posting(0, revision), a_seeker(0, revision, skills=()), a_list("seeker", 0, [a_pair(0, 0)], revision))
    assert everything(engine) == held


def test_hearing_twice_is_hearing_once(engine: Engine, hear: Hear) -> None:
    events = (a_posting(0), a_seeker(0), a_list("seeker", 0, [a_pair(0, 0)]), a_posting_withdrawn(0))
    hear(*events)
    held = everything(engine)
    hear(*events)
    assert everything(engine) == held


def test_a_withdrawn_posting_leaves_every_list_and_the_next_best_is_shown(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0), a_posting(1), a_seeker(0))
    hear(a_list("seeker", 0, [a_pair(0, 0, 9_000), a_pair(0, 1, 7_000)]))
    hear(a_posting_withdrawn(0))
    assert her_list(engine) == [id_of("posting", 1)]
    assert calls(engine) == [(id_of("seeker", 0), id_of("posting", 1), 7_000)]


def test_an_erased_seeker_leaves_nothing_of_herself(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0), a_seeker(0), a_list("seeker", 0, [a_pair(0, 0)]), a_list("posting", 0, [a_pair(0, 0)]))
    hear(a_seeker_withdrawn(0))
    with reading(engine) as session:
        card = session.get_one(SeekerCard, id_of("seeker", 0))
        kept = session.get_one(MatchList, ("seeker", id_of("seeker", 0), "0/1"))
    assert (card.live, card.skills, card.words, card.cafe_id, kept.pairs) == (False, [], "", None, ())
    assert its_list(engine) == []
    assert calls(engine) == []


def test_a_posting_that_comes_back_waits_for_a_new_list(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0), a_seeker(0), a_list("seeker", 0, [a_pair(0, 0)]))
    hear(a_posting_withdrawn(0, revision=2), a_posting(0, revision=3))
    assert her_list(engine) == []
    hear(a_list("seeker", 0, [a_pair(0, 0, posting_revision=3)], revision=2))
    assert her_list(engine) == [id_of("posting", 0)]


def test_a_posting_s_list_is_the_union_of_all_shards_in_the_law_s_order(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0), *(a_seeker(number) for number in range(5)))  # a higher number applied earlier
    hear(a_list("posting", 0, [a_pair(0, 0, 9_000), a_pair(2, 0, 6_000)], shard="0/2"))
    hear(a_list("posting", 0, [a_pair(1, 0, 8_000), a_pair(4, 0, 6_000), a_pair(3, 0, 6_000)], shard="1/2"))
    assert its_list(engine) == [id_of("seeker", number) for number in (0, 1, 4, 3, 2)]


def test_calls_are_ranked_by_score_then_by_who_applied_first(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0), *(a_seeker(number) for number in range(4)))
    hear(*(a_list("seeker", n, [a_pair(n, 0, score)]) for n, score in enumerate((7_000, 9_000, 7_000, 5_000))))
    assert [seeker for seeker, _, _ in calls(engine)] == [id_of("seeker", number) for number in (1, 2, 0, 3)]


def test_a_cafe_sees_its_own_seekers_and_one_who_moved_is_seen_there(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0), a_seeker(0, cafe_id=HONGDAE), a_seeker(1, cafe_id=SILLIM), a_seeker(2, cafe_id=None))
    hear(*(a_list("seeker", number, [a_pair(number, 0)]) for number in range(3)))

    def seen_from(cafe: UUID | None) -> list[UUID]:
        return [seeker for seeker, _, _ in calls(engine, CallFilter(OneCafe(cafe)))]

    assert [seen_from(cafe) for cafe in (HONGDAE, SILLIM, None)] == [[id_of("seeker", number)] for number in range(3)]
    hear(a_seeker(0, revision=2, cafe_id=SILLIM))
    assert seen_from(HONGDAE) == []
    assert set(seen_from(SILLIM)) == {id_of("seeker", 0), id_of("seeker", 1)}


def test_words_narrow_the_calls_and_wildcards_are_words(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0), a_posting(1), a_seeker(0), a_seeker(1))
    hear(a_list("seeker", 0, [a_pair(0, 0)]), a_list("seeker", 1, [a_pair(1, 1)]))

    def found(words: str) -> list[UUID]:
        return [seeker for seeker, _, _ in calls(engine, CallFilter(EveryCafe(), words))]

    assert found("바리스타 마포") == [id_of("seeker", 0)]
    assert found("ＰＹＴＨＯＮ") == [id_of("seeker", 1)]
    assert found("%") == []
    assert found("바리스타 Docker") == []


def test_twenty_calls_a_page_and_every_seeker_on_one_of_them(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0), *(a_seeker(number) for number in range(45)))
    hear(*(a_list("seeker", number, [a_pair(number, 0, 9_000 - number)]) for number in range(45)))
    pages = [[seeker for seeker, _, _ in calls(engine, page=page)] for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [20, 20, 5, 0]
    assert [seeker for page in pages for seeker in page] == [id_of("seeker", number) for number in range(45)]


@pytest.mark.parametrize("reach", [EveryCafe(), OneCafe(HONGDAE)])
def test_the_first_view_reads_an_index_and_never_all_seekers(engine: Engine, reach: Reach) -> None:
    asked = questions_to(engine)
    with reading(engine) as session:
        worth_a_call(session, CallFilter(reach), 1)
        count_calls(session, CallFilter(reach))
    questions = [each for each in asked if "seeker_card" in each[0]]
    assert len(questions) == 2
    with reading(engine) as session:
        plans = [session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values) for sql, values in questions]
        steps = [str(step[3]) for plan in plans for step in plan]
    reads = [step for step in steps if "seeker_card " in step]
    assert len(reads) == 2
    assert all("SEARCH" in step and "best_score>?" in step for step in reads), steps


@pytest.mark.parametrize("reach", [EveryCafe(), OneCafe(HONGDAE)])
def test_no_page_walks_over_everyone_who_looks_for_work(engine: Engine, hear: Hear, reach: Reach) -> None:
    hear(a_posting(0), a_seeker(0), a_list("seeker", 0, [a_pair(0, 0)]), a_list("posting", 0, [a_pair(0, 0)]))
    asked = questions_to(engine)
    with reading(engine) as session:
        assert headed_by(session, [id_of("posting", 0)])
        assert for_posting(session, session.get_one(PostingCard, id_of("posting", 0)), reach)
        assert for_seeker(session, session.get_one(SeekerCard, id_of("seeker", 0)))
    with reading(engine) as session:
        plans = [session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values) for sql, values in asked]
        steps = [str(step[3]) for plan in plans for step in plan]
    reads = [step for step in steps if "_card" in step]
    assert len(reads) >= 3
    assert not [step for step in reads if step.startswith("SCAN") or "(live=?)" in step]


def test_what_changed_is_found_by_its_day_and_not_by_walking_over_all_lists(engine: Engine) -> None:
    asked = questions_to(engine)
    with reading(engine) as session:
        lists_changed_since(session, EveryCafe(), MONDAY.date(), 1)
        sql, values = next(each for each in asked if "changed_on" in each[0] and "seeker_card" in each[0])
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        steps = [str(step[3]) for step in plan if "match_list" in str(step[3])]
    assert steps == ["SEARCH match_list USING INDEX ix_match_list_changed_on (changed_on>?)"]


def questions_to(engine: Engine) -> list[tuple[str, Any]]:
    """What is asked of the store from now on, with its values."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    return asked


def test_many_calls_are_counted_no_further_than_helps(
    engine: Engine, hear: Hear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notify.match_lists.MOST_COUNTED", 2)
    hear(a_posting(0), *(a_seeker(number) for number in range(5)))
    hear(*(a_list("seeker", number, [a_pair(number, 0)]) for number in range(5)))
    with reading(engine) as session:
        assert count_calls(session, EVERYWHERE) == 3


def test_answers_to_agencies_are_counted(engine: Engine, hear: Hear) -> None:
    agency = uuid4()
    for outcome in ("accepted", "accepted", "returned"):
        hear(SubmissionAnswered(submission_id=uuid4(), agency_id=agency, outcome=outcome))
    with reading(engine) as session:
        counts = {note.outcome: note.count for note in session.exec(select(SubmissionNote))}
    assert counts == {"accepted": 2, "returned": 1}


def test_an_empty_store_asks_for_everything_and_a_full_one_does_not(engine: Engine, hear: Hear) -> None:
    with transaction(engine) as session:
        ask_if_empty(session)
    hear(a_seeker(0))
    with transaction(engine) as session:
        ask_if_empty(session)
    with reading(engine) as session:
        asked = [line.stream for line in session.exec(select(OutboxLine))]
    assert asked == ["restatement.requested.v1"]


REVISIONS = st.integers(1, 6)
SMALL = st.integers(0, 2)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Facts as registry and matching may have said them: an entity's revision is published or withdrawn, never both."""
    said: dict[tuple[object, ...], Event] = {}
    for kind, number, revision, lives in draw(
        st.lists(st.tuples(st.sampled_from(["posting", "seeker"]), SMALL, REVISIONS, st.booleans()), max_size=12)
    ):
        publish, withdraw = (a_posting, a_posting_withdrawn) if kind == "posting" else (a_seeker, a_seeker_withdrawn)
        said_event: Event = publish(number, revision) if lives else withdraw(number, revision)  # type: ignore[operator]
        said.setdefault((kind, number, revision), said_event)
    for _ in range(draw(st.integers(0, 6))):
        found = draw(a_list_said())
        said.setdefault(("list", found.scope, found.scope_id, found.shard, found.revision), found)
    return list(said.values())


@st.composite
def a_list_said(draw: st.DrawFn) -> MatchesFound:
    scope, number = draw(st.sampled_from(["seeker", "posting"])), draw(SMALL)
    others = draw(st.lists(SMALL, max_size=3, unique=True))
    pairs = [
        a_pair(
            *((number, other) if scope == "seeker" else (other, number)),
            score=draw(st.integers(1, 3)) * 1_000,
            seeker_revision=draw(REVISIONS),
            posting_revision=draw(REVISIONS),
        )
        for other in others
    ]
    pairs.sort(key=lambda pair: -pair.score)
    return a_list(scope, number, pairs, draw(REVISIONS), draw(st.sampled_from(["0/2", "1/2"])))


def a_store(events: Sequence[Event]) -> Engine:
    engine = store_with("sqlite://", Table.metadata, SpineTable.metadata)
    hear_all(engine, tuple(events))
    return engine


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_order_and_repetition_of_facts_never_matter(data: st.DataObject) -> None:
    events = data.draw(histories())
    shuffled = data.draw(st.permutations(events))
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=4)) if events else []
    one, other = a_store(events), a_store([*shuffled, *repeated])
    try:
        assert everything(one) == everything(other)
        assert calls(one) == calls(other)
    finally:
        one.dispose()
        other.dispose()


@st.composite
def standings(draw: st.DrawFn) -> list[Event]:
    pairs = draw(st.lists(st.tuples(SMALL, SMALL, REVISIONS), max_size=6, unique=True))
    states = st.sampled_from(get_args(ReferralState))
    return [a_referral(*pair, draw(states), agency_id=UUID(int=900), due_on=date(2026, 2, 1)) for pair in pairs]


@settings(max_examples=30, deadline=None)
@given(said=histories(), stand=standings(), last_first=st.booleans())
def test_what_is_heard_together_leaves_what_it_leaves_one_by_one(
    said: list[Event], stand: list[Event], last_first: bool
) -> None:
    by_stream = sorted([*said, *stand], key=lambda event: event.stream, reverse=last_first)
    with stopped_at(MONDAY):
        one, other = a_store(by_stream), a_store([])
        hear_together(other, by_stream)
    try:
        assert everything(one, *Table.__subclasses__()) == everything(other, *Table.__subclasses__())
    finally:
        one.dispose()
        other.dispose()


@pytest.mark.parametrize("told", ["new", "again"])
def test_a_hundred_lists_ask_the_database_no_more_often_than_two(engine: Engine, told: str) -> None:
    hear_together(engine, [a_posting(0), *(a_seeker(number) for number in range(102))])
    lists = [a_list("seeker", number, [a_pair(number, 0)]) for number in range(102)]
    if told == "again":
        hear_together(engine, lists)
        lists = [each.model_copy(update={"revision": 2}) for each in lists]
    asked = questions_to(engine)
    hear_together(engine, lists[:2])
    of_two = len(asked)
    hear_together(engine, lists[2:])
    assert len(asked) <= 2 * of_two


def hear_together(engine: Engine, events: Sequence[Event]) -> None:
    effects = {hearing.event: hearing.effect for hearing in HEARINGS}
    for kind, batch in groupby(events, key=type):
        with transaction(engine) as session:
            effects[kind](list(batch), session)


def test_status_tells_what_notify_holds(desk: TestClient, hear: Hear) -> None:
    hear(a_posting(0), a_seeker(0), a_seeker(1), a_list("seeker", 0, [a_pair(0, 0)]))
    status = desk.get("/api/v1/notify/status", headers={"authorization": "Bearer operator-token"}).json()
    told = {"postings": 1, "seekers": 2, "lists": 1, "most_lists_headed_by_one_posting": 1}
    assert status["facts"] == told | {"deliveries": {"unknown": 0}}


def test_who_waited_in_vain_for_a_room_is_told_once_and_an_erased_person_never(engine: Engine, hear: Hear) -> None:
    she, starts = id_of("seeker", 0), datetime(2026, 12, 2, 0, 0, tzinfo=UTC)
    ended = WishEnded(
        wish_id=uuid4(),
        seeker_id=she,
        cafe_id=HONGDAE,
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
    )
    hear(a_seeker(), ended, ended)
    with reading(engine) as session:
        (message,) = session.exec(select(Message)).all()
        assert (message.code, message.recipient_id) == ("room.wish_ended", she)
    with transaction(engine) as session:
        forget(session, [she])
    hear(a_seeker_withdrawn(), ended.model_copy(update={"wish_id": uuid4()}))
    with reading(engine) as session:
        assert session.exec(select(Message)).all() == []
