"""However facts stream in, the lists are what a recompute gives: none missed, none invented, none different."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import select

from services.matching import store
from services.matching.engine.text import neutral_frequencies
from services.matching.matcher import APART, Heard
from shared.contracts import MatchedPair, MatchesFound, PostingPublished, ReferralRecorded, SeekerPublished
from shared.database import reading, transaction
from shared.outbox import OutboxLine
from tests.unit.matching import naive
from tests.unit.matching.drawn import postings, seekers
from tests.unit.matching.examples import (
    SMALL,
    a_posting,
    a_seeker,
    certified,
    hear,
    hear_all,
    newest_said,
    no_posting,
    no_seeker,
    open_store,
    posting_id,
    said,
    seeker_id,
    started,
)

some = st.sampled_from


@st.composite
def histories(draw: st.DrawFn) -> list[Heard]:
    """What happened to a few seekers and postings: each revision once, in order."""
    events: list[Heard] = []
    counts = st.integers(1, 5)
    for number in range(draw(counts)):
        events += _life(draw, number, a_seeker, no_seeker, seekers())
    for number in range(draw(counts)):
        events += _life(draw, number, a_posting, no_posting, postings())
    return events


def _life(draw: Any, number: int, published: Any, withdrawn: Any, facts: Any) -> list[Heard]:
    life: list[Heard] = []
    for revision in range(1, draw(st.integers(1, 3)) + 1):
        if draw(some([True, True, False])):
            life.append(published(number, revision=revision, minutes=number % 2, **draw(facts)))
        else:
            life.append(withdrawn(number, revision=revision))
    return life


@st.composite
def streams(draw: Any, history: Sequence[Heard]) -> list[list[Heard]]:
    """The history in any order, some of it twice, in batches of any size."""
    events = draw(st.permutations([*history, *draw(st.lists(some(history), max_size=3))]))
    batches: list[list[Heard]] = [[]]
    for event in events:
        if batches[-1] and draw(st.booleans()):
            batches.append([])
        batches[-1].append(event)
    return batches


def apart(history: Sequence[Heard]) -> frozenset[tuple[UUID, UUID]]:
    """The pairs that the ledger keeps off the lists, by its newest word."""
    newest = {
        (event.seeker_id, event.posting_id): event.state
        for event in sorted(history, key=lambda event: event.revision)
        if isinstance(event, ReferralRecorded)
    }
    return frozenset(ends for ends, state in newest.items() if state in APART)


def live(history: Sequence[Heard]) -> tuple[dict[UUID, SeekerPublished], dict[UUID, PostingPublished]]:
    newest: dict[UUID, Heard] = {}
    for event in sorted(history, key=lambda event: event.revision):
        if isinstance(event, ReferralRecorded):
            continue
        newest[getattr(event, "seeker_id", None) or event.posting_id] = event  # type: ignore[union-attr]
    return (
        {one: event for one, event in newest.items() if isinstance(event, SeekerPublished)},
        {one: event for one, event in newest.items() if isinstance(event, PostingPublished)},
    )


def told(engine: Engine) -> dict[tuple[UUID, UUID], MatchedPair]:
    """The match set as a hearer of the stream holds it; the same pair must be the same from both sides."""
    pairs: dict[tuple[UUID, UUID], MatchedPair] = {}
    for found in newest_said(engine).values():
        for pair in found.pairs:
            assert pairs.setdefault((pair.seeker_id, pair.posting_id), pair) == pair
    return pairs


ANY_TIME = settings(
    deadline=None,
    max_examples=40,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)


@ANY_TIME
@given(data=st.data())
def test_any_order_ends_in_what_a_recompute_gives(data: st.DataObject) -> None:
    history = data.draw(histories())
    ends = []
    for stream in (data.draw(streams(history)), data.draw(streams(history)), [history]):
        engine = open_store()
        hear_all(started(engine), engine, stream)
        certificate = certified(engine)
        assert (certificate.missed, certificate.invented, certificate.different, certificate.pending) == (0, 0, 0, 0)
        assert certificate.agrees
        ends.append((certificate.streamed_sha256, told(engine)))
        engine.dispose()
    assert ends[0] == ends[1] == ends[2]

    by_hand = naive.match_set(*live(history), SMALL, neutral_frequencies())
    assert ends[0][1].keys() == by_hand.keys()
    for pair_ends, (score, values) in by_hand.items():
        pair = ends[0][1][pair_ends]
        assert pair.score == score
        assert {part.name: part.value for part in pair.parts} == values
        assert pair.fit_for_seeker == (naive.total(values, SMALL, "seeker") or 0)
        assert pair.fit_for_posting == (naive.total(values, SMALL, "posting") or 0)
        assert {part.name: part.score for part in pair.parts} == naive.shares(values, SMALL)


@ANY_TIME
@given(data=st.data())
def test_an_epoch_that_begins_in_between_changes_all_lists_at_once(data: st.DataObject) -> None:
    history = data.draw(histories())
    engine = open_store()
    matcher = started(engine, epoch_profiles=3)
    for batch in data.draw(streams(history)):
        hear(matcher, engine, batch)
        certificate = certified(engine)
        assert certificate.agrees
        assert {found.epoch for found in newest_said(engine).values() if found.pairs} <= {0, certificate.epoch}
    engine.dispose()


@ANY_TIME
@given(data=st.data(), count=st.integers(2, 3))
def test_shards_together_hold_what_one_holds(data: st.DataObject, count: int) -> None:
    history = data.draw(histories())
    alone, together = open_store(), open_store()
    hear(started(alone), alone, history)
    shards = [started(together, shard=f"{number}/{count}") for number in range(count)]
    for batch in data.draw(streams(history)):
        for shard in shards:
            hear(shard, together, batch)
    assert certified(together, count).agrees
    assert certified(together, count).streamed_sha256 == certified(alone).streamed_sha256
    alone.dispose()
    together.dispose()


@ANY_TIME
@given(data=st.data())
def test_failures_and_restarts_at_any_step_lose_nothing(data: st.DataObject) -> None:
    history = data.draw(histories())
    engine = open_store()
    matcher = started(engine)
    for batch in data.draw(streams(history)):
        trouble = data.draw(some(["none", "remember", "match", "restart between", "restart"]))
        if trouble == "remember":
            with pytest.raises(ZeroDivisionError), transaction(engine) as session:
                matcher.remember(batch, session)
                raise ZeroDivisionError
        with transaction(engine) as session:
            matcher.remember(batch, session)
        if trouble == "match":
            before = len(said(engine))
            with pytest.raises(ZeroDivisionError), transaction(engine) as session:
                matcher.match(batch, session)
                raise ZeroDivisionError
            assert len(said(engine)) == before
        if trouble == "restart between":
            matcher = started(engine)
        with transaction(engine) as session:
            matcher.match(batch, session)
        if trouble == "restart":
            before = len(said(engine))
            matcher = started(engine)
            assert len(said(engine)) == before, "a restart says nothing that was said"
        assert certified(engine).agrees
    revisions = [(found.scope, found.scope_id, found.revision) for found in said(engine)]
    assert len(set(revisions)) == len(revisions)
    engine.dispose()


def test_each_changed_list_is_said_once_a_batch(engine: Engine) -> None:
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(1), a_seeker(2), a_posting(1), a_posting(2)])
    scopes = [(found.scope, found.scope_id) for found in said(engine)]
    assert len(scopes) == len(set(scopes)) == 4
    assert {found.revision for found in said(engine)} == {1}


def test_a_list_is_said_in_the_very_bytes_of_its_contract(engine: Engine) -> None:
    seekers_heard = [a_seeker(number, skills=("제빵",)) for number in range(3)]
    postings_heard = [a_posting(1), a_posting(2, required_skills=("제빵", '"용접" \\ 한글'))]
    hear_all(started(engine), engine, [seekers_heard, postings_heard])
    with reading(engine) as session:
        lines = session.exec(select(OutboxLine.fields).where(OutboxLine.stream == MatchesFound.stream)).all()
    written = [json.loads(fields)["data"] for fields in lines]
    assert written == [found.model_dump_json(exclude={"event_id", "occurred_at"}) for found in said(engine)]
    assert any(pair.reasons and pair.raises for found in said(engine) for pair in found.pairs)


def test_postings_are_not_laid_out_until_a_seeker_asks(engine: Engine) -> None:
    """Who comes on one side is asked about on the other: to lay out their own would hold up each event for nothing."""
    matcher = started(engine)
    hear(matcher, engine, [a_posting(1)])
    assert not matcher.index.shelves["posting"].layers.all
    hear(matcher, engine, [a_seeker()])
    assert matcher.index.shelves["posting"].layers.all
    assert on_list(engine) == [posting_id(1)]


def test_a_repeat_says_nothing(engine: Engine) -> None:
    matcher = started(engine)
    for _ in range(2):
        hear(matcher, engine, [a_seeker(), a_posting()])
    assert len(said(engine)) == 2


def test_an_older_revision_changes_nothing(engine: Engine) -> None:
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(), a_posting(revision=2)])
    hear(matcher, engine, [a_posting(revision=1, title="용접공")])
    hear(matcher, engine, [no_posting(revision=1)])
    assert {found.revision for found in said(engine)} == {1}


def test_a_withdrawal_refills_the_lists_it_was_on(engine: Engine) -> None:
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(), *(a_posting(number, minutes=number) for number in range(1, 5))])
    assert on_list(engine) == [posting_id(1), posting_id(2)]
    hear(matcher, engine, [no_posting(1)])
    assert on_list(engine) == [posting_id(2), posting_id(3)]
    assert newest_said(engine)["posting", posting_id(1), "0/1"].pairs == ()


def test_equals_stand_in_the_order_in_which_they_applied(engine: Engine) -> None:
    matcher = started(engine)
    hear(matcher, engine, [a_posting(), a_seeker(1, minutes=9), a_seeker(2, minutes=3), a_seeker(3, minutes=6)])
    pairs = newest_said(engine)["posting", posting_id(1), "0/1"].pairs
    assert [pair.seeker_id for pair in pairs] == [seeker_id(2), seeker_id(3)]


def test_an_equal_that_came_first_enters_a_full_list_later(engine: Engine) -> None:
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(), a_posting(1, minutes=5), a_posting(2, minutes=6)])
    hear(matcher, engine, [a_posting(3, minutes=1)])
    assert on_list(engine) == [posting_id(3), posting_id(1)]


def test_a_pair_that_grew_weaker_makes_room_for_who_stood_behind_the_last(engine: Engine) -> None:
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(), *(a_posting(number, minutes=number) for number in (1, 2, 3))])
    hear(matcher, engine, [a_posting(1, revision=2, minutes=1, title="빵을 배송하는 운전원")])
    assert on_list(engine) == [posting_id(2), posting_id(3)]
    hear_all(matcher, engine, [[a_posting(4, minutes=4)], [a_posting(2, revision=2, minutes=9)]])
    assert on_list(engine) == [posting_id(3), posting_id(4)]
    assert certified(engine).agrees


def test_a_new_revision_is_said_although_all_else_is_the_same(engine: Engine) -> None:
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(), a_posting()])
    hear(matcher, engine, [a_posting(revision=2)])
    for found in newest_said(engine).values():
        assert [(pair.posting_revision, pair.seeker_revision) for pair in found.pairs] == [(2, 1)]


def test_an_erased_seeker_leaves_nothing_but_a_tombstone(engine: Engine) -> None:
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(summary="아무도 모르는 말"), a_posting()])
    hear(matcher, engine, [no_seeker(revision=2)])
    hear(matcher, engine, [a_seeker(revision=1, summary="아무도 모르는 말")])
    with reading(engine) as session:
        (row,) = store.profiles(session, "seeker")
        assert (row.live, row.facts, row.since) == (False, None, None)
        assert all(not held.pairs for held in store.own_lists(session, "0/1"))


def test_an_empty_profile_has_no_score(engine: Engine) -> None:
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(summary=""), a_posting()])
    assert certified(engine).pairs == 0
    assert said(engine) == []


def test_other_rules_at_the_next_start_open_an_epoch(engine: Engine) -> None:
    hear(started(engine), engine, [a_seeker(), *(a_posting(number) for number in range(1, 5))])
    longer = type(SMALL)(threshold=300, seeker_list=3, posting_list=2)
    started(engine, longer)
    assert len(on_list(engine)) == 3
    assert certified(engine).epoch == 1
    assert certified(engine).agrees


def test_a_new_store_asks_once_for_everything(engine: Engine) -> None:
    for _ in range(2):
        started(engine)
    with reading(engine) as session:
        asked = list(session.connection().exec_driver_sql("SELECT stream FROM outbox"))
    assert [stream for (stream,) in asked] == ["restatement.requested.v1"]


def test_profiles_enough_bring_the_first_epoch_by_themselves(engine: Engine) -> None:
    matcher = started(engine, epoch_profiles=4)
    hear(matcher, engine, [a_seeker(1), a_seeker(2), a_seeker(3), a_seeker(4)])
    assert matcher.index.epoch.number == 0, "seekers alone do not tell how postings speak"
    hear(matcher, engine, [a_posting(1)])
    assert matcher.index.epoch.number == 1
    assert certified(engine).agrees


def on_list(engine: Engine) -> list[UUID]:
    return [pair.posting_id for pair in newest_said(engine)["seeker", seeker_id(1), "0/1"].pairs]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_among_equals_who_applied_first_stands_first_from_both_sides(engine: Engine, order: tuple[int, ...]) -> None:
    """Whatever the order in which they are heard; the third is left out, since two are all that a list holds."""
    since = {1: 30, 2: 10, 3: 20}
    matcher = started(engine)
    for number in order:
        hear(matcher, engine, [a_seeker(number, minutes=since[number]), a_posting(number, minutes=since[number])])
    newest = newest_said(engine)
    for number in since:
        of_posting = newest["posting", posting_id(number), "0/1"].pairs
        of_seeker = newest["seeker", seeker_id(number), "0/1"].pairs
        assert len({pair.score for pair in (*of_posting, *of_seeker)}) == 1
        assert [pair.seeker_id for pair in of_posting] == [seeker_id(2), seeker_id(3)]
        assert [pair.posting_id for pair in of_seeker] == [posting_id(2), posting_id(3)]
