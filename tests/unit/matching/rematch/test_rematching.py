"""Everything matched anew beside the live flow: the same lists as from nothing, whatever happens in between."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from services.matching import store
from services.matching.engine.batch import Block, Listed, blocks_of, lists_of
from services.matching.engine.index import Index
from services.matching.engine.lists import HeldLists
from services.matching.engine.scorer import Rules
from services.matching.matcher import EpochBehind, Matcher
from services.matching.rematch import rematches
from services.matching.rematch.beside import Job, here, score_share
from services.matching.rematch.differences import difference
from services.matching.rematch.progress import how_far
from services.matching.rematch.rematches import Asked, Kind
from services.matching.rematch.rematching import Rematching
from services.matching.tables import NextList, RematchRow
from shared.contracts import RematchFinished
from shared.database import reading, transaction
from shared.outbox import OutboxLine
from tests.unit.matching.examples import (
    SMALL,
    a_posting,
    a_seeker,
    certified,
    hear,
    newest_said,
    no_posting,
    no_seeker,
    open_store,
    posting_id,
    said,
    seeker_id,
    started,
)

TRADES = ["빵을 굽는 제빵사", "용접을 하는 용접공", "빵을 배송하는 운전원", "매장을 청소하는 직원"]


def a_town(engine: Engine, shard: str = "0/1", size: int = 8) -> Matcher:
    matcher = started(engine, shard=shard)
    people = [a_seeker(number, minutes=number, summary=TRADES[number % 4]) for number in range(size)]
    orders = [a_posting(number, minutes=number, title=TRADES[number % 4]) for number in range(size)]
    hear(matcher, engine, [*people, *orders])
    return matcher


def ask(engine: Engine, kind: Kind = "rematch", shards: int = 1, season: str = "") -> RematchRow:
    with transaction(engine) as session:
        return rematches.ask(session, Asked(uuid4(), kind, "operator", season), shards)


def rematching(engine: Engine, matcher: Matcher, run: Callable[[Job], None] | None = None) -> Rematching:
    def job(row: RematchRow) -> Job:
        return Job(database_url="", shard=str(matcher.shard), rematch_id=row.rematch_id)

    return Rematching(engine, matcher, job, (lambda one, _closing: run(one) if run else score_share(engine, one, here)))


def finish(work: Rematching) -> None:
    while work.step():
        pass


def lists(engine: Engine, shard: str = "0/1") -> dict[tuple[str, UUID], tuple[int, int, str]]:
    with reading(engine) as session:
        return {(row.scope, row.scope_id): (row.profile_revision, row.epoch, row.pairs)
                for row in store.own_lists(session, shard)}  # fmt: skip


def outcome(engine: Engine, row: RematchRow) -> str | None:
    with reading(engine) as session:
        return session.get_one(RematchRow, row.rematch_id).outcome


def left_over(engine: Engine) -> int:
    with reading(engine) as session:
        return len(session.exec(select(NextList)).all())


def finished(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.exec(select(OutboxLine.fields).where(OutboxLine.stream == RematchFinished.stream)))


def test_a_rematch_takes_up_the_next_epoch_and_says_what_differs(engine: Engine) -> None:
    matcher = a_town(engine)
    row = ask(engine, season="봄 공채")
    finish(rematching(engine, matcher))
    certificate = certified(engine)
    assert certificate.agrees
    assert (certificate.epoch, matcher.index.epoch.number) == (row.epoch, row.epoch)
    assert {found.epoch for found in newest_said(engine).values()} == {row.epoch}
    assert len(finished(engine)) == 1
    assert left_over(engine) == 0


def test_a_block_is_what_the_live_flow_has(engine: Engine) -> None:
    matcher = a_town(engine)
    scopes = sorted(lists(engine))
    for block in blocks_of([(("seeker" if side == "seeker" else "posting"), one) for side, one in scopes]):
        for made in lists_of(matcher.index, block):
            assert (made.profile_revision, 0, made.pairs) == lists(engine)[made.scope]


def test_whoever_changes_meanwhile_is_carried_over(engine: Engine) -> None:
    matcher = a_town(engine)

    def scoring(index: Index, blocks: Sequence[Block]) -> Iterator[list[Listed]]:
        made = list(here(index, blocks))
        hear(matcher, engine, [a_seeker(0, revision=2, summary=TRADES[1]), no_posting(1, revision=2), no_seeker(2)])
        hear(matcher, engine, [a_seeker(20, summary=TRADES[3]), a_posting(20, title=TRADES[3])])
        return iter(made)

    ask(engine)
    finish(rematching(engine, matcher, lambda job: score_share(engine, job, scoring)))
    assert certified(engine).agrees
    told = newest_said(engine)
    assert seeker_id(20) in {pair.seeker_id for pair in told["posting", posting_id(20), "0/1"].pairs}


def test_an_arrival_while_the_lists_are_being_said_is_told_at_once(engine: Engine) -> None:
    matcher = a_town(engine)
    ask(engine)
    work = rematching(engine, matcher)
    while matcher.index.epoch.number == 0:
        work.step()
    hear(matcher, engine, [a_posting(30, title=TRADES[0]), no_posting(0)])
    assert certified(engine).agrees, "the switch is at once, whatever is still to be said"
    finish(work)
    assert certified(engine).agrees
    revisions = [(found.scope, found.scope_id, found.revision) for found in said(engine)]
    assert len(set(revisions)) == len(revisions)


def test_a_restart_at_any_step_changes_nothing(engine: Engine) -> None:
    undisturbed = open_store()
    other = a_town(undisturbed)
    ask(undisturbed)
    finish(rematching(undisturbed, other))
    matcher = a_town(engine)
    ask(engine)
    work = rematching(engine, matcher)
    while work.step():
        work = rematching(engine, started(engine))
        work.resume()
    assert lists(engine) == lists(undisturbed)
    assert len(finished(engine)) == 1
    undisturbed.dispose()


@pytest.mark.parametrize(
    ("rules", "steps"),
    [
        (replace(SMALL, scorer=SMALL.scorer + 1), 0),
        (replace(SMALL, aliases="another table"), 1),
        (replace(SMALL, threshold=400), 2),
        (replace(SMALL, posting_list=3), 2),
    ],
)
def test_begun_under_other_rules_it_is_given_up_at_the_start(engine: Engine, rules: Rules, steps: int) -> None:
    work = rematching(engine, a_town(engine))
    row = ask(engine)
    for _ in range(steps):
        work.step()
    matcher = started(engine, rules)
    present = matcher.index.epoch.number
    again = rematching(engine, matcher)
    again.resume()
    finish(again)
    assert (outcome(engine, row), matcher.index.epoch.number) == ("other_rules", present)
    assert matcher.index.epoch.rules == rules
    assert left_over(engine) == 0


def test_a_way_back_to_another_threshold_is_given_up_at_the_start(engine: Engine) -> None:
    a_town(engine)
    longer = replace(SMALL, threshold=400)
    work = rematching(engine, started(engine, longer))
    row = ask(engine, "back")
    work.step()
    work.step()
    matcher = started(engine, longer)
    again = rematching(engine, matcher)
    again.resume()
    finish(again)
    assert (outcome(engine, row), matcher.index.epoch.rules) == ("other_rules", longer)


def test_one_that_a_shard_has_switched_to_is_carried_on(engine: Engine) -> None:
    shards = [a_town(engine, f"{number}/2") for number in range(2)]
    row = ask(engine, shards=2)
    finish(rematching(engine, shards[0]))
    last = started(engine, shard="1/2")
    again = rematching(engine, last)
    again.resume()
    finish(again)
    assert (outcome(engine, row), last.index.epoch.number) == ("done", row.epoch)


def test_a_shard_that_other_rules_took_further_does_not_go_back(engine: Engine) -> None:
    shards = [a_town(engine, f"{number}/2") for number in range(2)]
    row = ask(engine, shards=2)
    finish(rematching(engine, shards[0]))
    work = rematching(engine, shards[1])
    work.step()
    work.step()
    longer = replace(SMALL, threshold=400)
    last = started(engine, longer, shard="1/2")
    again = rematching(engine, last)
    again.resume()
    finish(again)
    assert outcome(engine, row) == "other_rules"
    assert last.index.epoch.number > row.epoch
    assert started(engine, longer, shard="0/2").index.epoch.number == last.index.epoch.number
    assert certified(engine, 2).agrees


def test_an_epoch_that_came_before_is_refused(engine: Engine) -> None:
    matcher = a_town(engine)
    ask(engine)
    finish(rematching(engine, matcher))
    with reading(engine) as session:
        behind = Index(store.epoch(session, 0))
    with pytest.raises(EpochBehind, match="epoch 1: 0 is behind it"), transaction(engine) as session:
        matcher.succeed(session, behind, HeldLists(), {})
    assert matcher.index.epoch.number == 1


class Killed(Exception):
    pass


def test_killed_at_each_block_and_begun_again_it_is_the_same(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.matching.engine.batch.LARGEST", 2)
    undisturbed = open_store()
    other = a_town(undisturbed)
    ask(undisturbed)
    finish(rematching(undisturbed, other))

    def one_more(index: Index, blocks: Sequence[Block]) -> Iterator[list[Listed]]:
        yield from here(index, blocks[:1])
        raise Killed

    def scoring(job: Job) -> None:
        score_share(engine, job, one_more)

    matcher = a_town(engine)
    ask(engine)
    kills = 0
    while True:
        try:
            if not rematching(engine, matcher, scoring).step():
                break
        except (Killed, RuntimeError):
            kills += 1
            matcher = started(engine)
    assert kills >= 7
    assert lists(engine) == lists(undisturbed)
    undisturbed.dispose()


def test_a_dry_run_tells_what_would_be_and_changes_nothing(engine: Engine) -> None:
    matcher = a_town(engine)
    before, told = lists(engine), len(said(engine))
    row = ask(engine, "dry_run")
    finish(rematching(engine, matcher))
    with reading(engine) as session:
        (progress,) = how_far(session, session.get_one(RematchRow, row.rematch_id))
    assert (progress.state, progress.made, progress.total) == ("done", 16, 16)
    assert progress.pairs > 0
    assert (lists(engine), len(said(engine)), finished(engine)) == (before, told, [])
    assert left_over(engine) == 0
    assert certified(engine).epoch == 0
    again = ask(engine)
    finish(rematching(engine, matcher))
    with reading(engine) as session:
        (real,) = how_far(session, session.get_one(RematchRow, again.rematch_id))
    assert (real.changes, real.pairs) == (progress.changes, progress.pairs)


def test_back_brings_the_very_lists_of_before(engine: Engine) -> None:
    matcher = a_town(engine)
    ask(engine)
    finish(rematching(engine, matcher))
    before, frequencies = lists_without_epochs(engine), matcher.index.epoch.frequencies
    hear(matcher, engine, [a_seeker(number, summary=TRADES[0]) for number in range(20, 30)])
    ask(engine)
    finish(rematching(engine, matcher))
    assert not np.array_equal(matcher.index.epoch.frequencies, frequencies)
    hear(matcher, engine, [no_seeker(number) for number in range(20, 30)])
    ask(engine, "back")
    finish(rematching(engine, matcher))
    after = lists_without_epochs(engine)
    assert {scope: after[scope] for scope in before} == before
    assert certified(engine).agrees


def lists_without_epochs(engine: Engine) -> dict[tuple[str, UUID], tuple[int, str]]:
    return {scope: (revision, pairs) for scope, (revision, _, pairs) in lists(engine).items()}


def test_no_way_leads_back_to_before_frequencies_were_fitted(engine: Engine) -> None:
    matcher = a_town(engine)
    ask(engine)
    finish(rematching(engine, matcher))
    with pytest.raises(rematches.NothingBefore):
        ask(engine, "back")


def test_no_way_leads_back_to_the_neutral_epoch_between_two_scorers(engine: Engine) -> None:
    with transaction(engine) as session:
        store.open_epoch(session, 0, replace(SMALL, scorer=SMALL.scorer - 1), np.ones(3), 2)
    hear(started(engine, epoch_profiles=2), engine, [a_seeker(), a_posting()])
    with pytest.raises(rematches.NothingBefore):
        ask(engine, "back")


def test_without_an_epoch_before_there_is_no_way_back(engine: Engine) -> None:
    a_town(engine)
    with pytest.raises(rematches.NothingBefore):
        ask(engine, "back")


def test_an_epoch_fitted_ahead_is_taken_up_by_the_next_rematch(engine: Engine) -> None:
    matcher = a_town(engine)
    ahead = ask(engine, "epoch_only")
    finish(rematching(engine, matcher))
    assert certified(engine).epoch == 0
    with reading(engine) as session:
        fitted = store.epoch(session, ahead.epoch).frequencies
    hear(matcher, engine, [a_seeker(40), a_posting(40)])
    ask(engine)
    finish(rematching(engine, matcher))
    assert matcher.index.epoch.frequencies is not None
    assert fitted is not None
    assert (matcher.index.epoch.frequencies == fitted).all()


def test_the_second_is_told_who_runs_since_when(engine: Engine) -> None:
    a_town(engine)
    first = ask(engine)
    with pytest.raises(rematches.RunningAlready) as refused:
        ask(engine)
    assert refused.value.running.rematch_id == first.rematch_id
    with transaction(engine) as session:
        again = rematches.ask(session, Asked(first.rematch_id, "rematch", "operator"), 1)
    assert again.epoch == first.epoch, "the same one asked for twice is asked for once"


@pytest.mark.parametrize("count", [2, 3])
def test_shards_switch_one_after_the_other_and_end_with_what_one_has(count: int) -> None:
    alone, together = open_store(), open_store()
    one = a_town(alone)
    ask(alone)
    finish(rematching(alone, one))
    shards = [a_town(together, f"{number}/{count}") for number in range(count)]
    ask(together, shards=count)
    for shard in shards:
        finish(rematching(together, shard))
    assert certified(together, count).agrees
    assert certified(together, count).streamed_sha256 == certified(alone).streamed_sha256
    with reading(together) as session:
        assert session.exec(select(RematchRow).where(col(RematchRow.outcome) == "done")).one()
    alone.dispose()
    together.dispose()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", "", (0, 0, 0)),
        ("abc", "abc", (0, 0, 0)),
        ("abc", "acb", (0, 1, 0)),
        ("abc", "cab", (0, 1, 0)),
        ("abc", "bcd", (1, 0, 1)),
        ("ab", "ba", (0, 1, 0)),
        ("", "ab", (2, 0, 0)),
    ],
)
def test_new_risen_and_gone(before: str, after: str, told: tuple[int, int, int]) -> None:
    ids = {letter: uuid4() for letter in "abcd"}
    assert difference([ids[one] for one in before], [ids[one] for one in after]) == told
