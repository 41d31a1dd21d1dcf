"""Other numbers of shards under live load: nothing lost, nothing doubled, and nothing left under a former name."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from services.matching import store
from services.matching.matcher import Heard, Matcher
from services.matching.rematch import resharding
from services.matching.rematch.rematching import Rematching
from shared.contracts import SeekerWithdrawn
from shared.database import reading, transaction
from tests.unit.matching.examples import (
    a_posting,
    a_referral,
    a_seeker,
    certified,
    hear,
    newest_said,
    no_posting,
    open_store,
    said,
    seeker_id,
    started,
)
from tests.unit.matching.rematch.test_rematching import TRADES, a_town, finish, rematching

ERASED = 5


def history(first: int, last: int) -> list[Heard]:
    """What happens to so many seekers and postings, in order; some go, some are referred."""
    events: list[Heard] = []
    for number in range(first, last):
        events.append(a_posting(number, minutes=number, title=TRADES[number % 4]))
        events.append(a_seeker(number, minutes=number, summary=TRADES[number % 3]))
        if number % 5 == 4:
            events.append(no_posting(number - 2))
            events.append(a_referral(number - 3, number - 3))
    return events


@dataclass
class Stream:
    """What was said so far, to be read from the beginning by whoever comes new, and on by whoever is there."""

    told: list[Heard] = field(default_factory=list)
    more: threading.Condition = field(default_factory=threading.Condition)
    over: bool = False

    def say(self, event: Heard) -> None:
        with self.more:
            self.told.append(event)
            self.more.notify_all()

    def read(self, at: int) -> Sequence[Heard]:
        """What stands from here on; waits for something, and is empty at the end."""
        with self.more:
            self.more.wait_for(lambda: len(self.told) > at or self.over)
            return self.told[at : at + 5]


class Shards:
    """So many services on one store, each in a thread of its own that hears the stream from its beginning."""

    def __init__(self, engine: Engine, stream: Stream, count: int) -> None:
        self.engine, self.stream, self.ending = engine, stream, threading.Event()
        self.heard = [0] * count
        self.matchers = [started(engine, shard=f"{number}/{count}") for number in range(count)]
        self.threads = [threading.Thread(target=self._hear, args=(number,)) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def _hear(self, number: int) -> None:
        matcher, work = self.matchers[number], rematching(self.engine, self.matchers[number])
        while not self.ending.is_set() and (batch := self.stream.read(self.heard[number])):
            hear(matcher, self.engine, batch)
            work.step()
            self.heard[number] += len(batch)

    def stop(self) -> None:
        """At once: whatever they had not heard, others hear."""
        self.ending.set()
        self.stream.say(a_seeker(0, minutes=0, summary=TRADES[0]))  # wakes who waits; a repeat
        for thread in self.threads:
            thread.join()

    def hear_out(self) -> None:
        for thread in self.threads:
            thread.join()
        for matcher in self.matchers:
            finish(rematching(self.engine, matcher))


def test_from_one_shard_to_four_to_three_under_live_load(engine: Engine) -> None:
    stream = Stream()
    events = [*history(0, 36), SeekerWithdrawn(seeker_id=seeker_id(ERASED), revision=2, reason="erased")]
    spoken = threading.Thread(target=lambda: [stream.say(event) for event in events])
    shards = Shards(engine, stream, 1)
    spoken.start()
    for count in (4, 3):
        shards.stream.read(10)
        shards.stop()
        shards = Shards(engine, stream, count)
    spoken.join()
    with stream.more:
        stream.over = True
        stream.more.notify_all()
    shards.hear_out()

    alone = open_store()
    hear(started(alone), alone, events)
    certificate = certified(engine, 3)
    assert (certificate.agrees, certificate.pending) == (True, 0)
    assert certificate.streamed_sha256 == certified(alone).streamed_sha256, "nothing is lost"
    alone.dispose()
    revisions = Counter((found.scope, found.scope_id, found.shard, found.revision) for found in said(engine))
    assert set(revisions.values()) == {1}, "nothing is said twice"
    left = {shard for (_, _, shard), found in newest_said(engine).items() if found.pairs}
    assert left == {"0/3", "1/3", "2/3"}, "a hearer holds lists of present shards alone"
    named = {pair.seeker_id for found in newest_said(engine).values() for pair in found.pairs}
    assert seeker_id(ERASED) not in named


def resharded(engine: Engine, count: int) -> list[Matcher]:
    return [started(engine, shard=f"{number}/{count}") for number in range(count)]


def work_of(engine: Engine, matchers: Sequence[Matcher]) -> list[Rematching]:
    return [rematching(engine, matcher) for matcher in matchers]


def test_lists_are_kept_until_every_present_shard_holds_everybody(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resharding, "TAKEN_BACK_AT_ONCE", 3)
    a_town(engine)
    before = newest_said(engine)
    (first, second) = work_of(engine, [started(engine, shard="0/2"), started(engine, shard="0/2")])
    assert not first.step()
    assert not second.step()
    assert {key: found for key, found in newest_said(engine).items() if key[2] == "0/1"} == before
    started(engine, shard="1/2")
    finish(first)
    assert not any(found.pairs for (_, _, shard), found in newest_said(engine).items() if shard == "0/1")
    with reading(engine) as session:
        assert store.shard_row(session, "0/1") is None


def test_looking_for_who_is_not_held_waits_for_no_writer_and_rests(engine: Engine) -> None:
    a_town(engine)
    first, second = resharded(engine, 2)
    late = [a_posting(30, title=TRADES[0])]
    work = rematching(engine, first)
    with transaction(engine) as session:
        first.remember(late, session)
    with transaction(engine):
        assert not work.step(), "the second shard has yet to hold the posting"
    for matcher in (first, second):
        hear(matcher, engine, late)
    assert not work.step(), "so soon it does not go over everybody again"
    finish(rematching(engine, first))
    assert not any(found.pairs for (_, _, shard), found in newest_said(engine).items() if shard == "0/1")


def test_what_a_former_shard_says_to_the_last_is_taken_back_too(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It speaks between the look whether anything is left and the forgetting."""
    former = a_town(engine)
    work = rematching(engine, resharded(engine, 2)[0])
    asked_for = resharding.Sweep.is_wanted
    late = iter(range(40, 43))

    def then_it_speaks(sweep: resharding.Sweep, session: Session) -> bool:
        wanted = asked_for(sweep, session)
        if (number := next(late, None)) is not None:
            hear(former, engine, [a_posting(number, title=TRADES[0])])
        return wanted

    monkeypatch.setattr(resharding.Sweep, "is_wanted", then_it_speaks)
    finish(work)
    assert not any(found.pairs for (_, _, shard), found in newest_said(engine).items() if shard == "0/1")
    with reading(engine) as session:
        assert store.shard_row(session, "0/1") is None


def test_a_shard_that_comes_back_goes_on_counting(engine: Engine) -> None:
    a_town(engine)
    for count in (2, 1, 2, 1):
        for work in work_of(engine, resharded(engine, count)):
            finish(work)
        assert certified(engine, count).agrees
        assert {shard for (_, _, shard), found in newest_said(engine).items() if found.pairs} == {
            f"{number}/{count}" for number in range(count)
        }
    revisions = [(found.scope, found.scope_id, found.shard, found.revision) for found in said(engine)]
    assert len(set(revisions)) == len(revisions)


def test_a_shard_that_is_rebuilt_from_nothing_converges(engine: Engine, make_engine: Callable[..., Engine]) -> None:
    """Its store is lost: it asks for everything again, and registry says it, in whatever order."""
    events = history(0, 20)
    whole = [started(engine, shard=f"{number}/2") for number in range(2)]
    for matcher in whole:
        hear(matcher, engine, events)
    anew = open_store()
    others = [started(anew, shard=f"{number}/2") for number in range(2)]
    with reading(anew) as session:
        asked = list(session.connection().exec_driver_sql("SELECT stream FROM outbox"))
    assert asked == [("restatement.requested.v1",)]
    for matcher in others:
        for start in range(0, len(events), 7):
            hear(matcher, anew, events[::-1][start : start + 7])
    assert certified(anew, 2).streamed_sha256 == certified(engine, 2).streamed_sha256
    assert certified(anew, 2).agrees
    anew.dispose()
