"""A city that goes on living: people and postings come, change and go, and each newcomer's list is waited for."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import Any
from uuid import UUID

import numpy as np
from redis import Redis

from services.matching.bench.season import said_by_people
from services.matching.engine.profiles import SIDES, Scope, Side
from services.matching.proof.certificate import LiveDigest, live_digest
from shared.clock import now
from shared.contracts import (
    Event,
    MatchesFound,
    PostingPublished,
    PostingWithdrawn,
    SeekerPublished,
    SeekerWithdrawn,
)
from shared.contracts.postings import PostingFacts
from shared.contracts.seekers import SeekerFacts
from shared.wire import encode
from tests.benchmarks.season_store import an_id, patterns

EACH_SECONDS = 2.0
"""From one event to the next: a day of them is as many as half a city."""
DRAWN = 500
"""Newcomers of either side who are made up; after them the same come again, as others."""
READ_AT_ONCE, KEPT_ENTRIES = 200, 2_000
REVISION = re.compile(rb'"revision":(\d+)')


@dataclass
class Arrival:
    """A newcomer whose list is waited for; times of the monotonic clock."""

    scope: Scope
    sent_at: float
    said_at: float | None = None


@dataclass
class Said:
    """What was heard of lists."""

    entries: int = 0
    twice: int = 0
    """Lists said again, by another event, with a revision that they had been said with."""
    by: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)
    """By list and revision: the event."""


class Arrivals:
    """Two threads: one sends, one hears; `live` is what registry would hold.

    Args:
        live: who is there before, with revisions.
    """

    def __init__(self, redis_url: str, live: dict[Side, dict[UUID, int]], seed: int) -> None:
        self._redis_url, self._chance, self.live = redis_url, np.random.default_rng((seed, 2)), live
        self.sent: list[Arrival] = []
        self.said = Said()
        self.events = 0
        self.resting, self._done = threading.Event(), threading.Event()
        self._waited_for: dict[bytes, Arrival] = {}
        self._threads = [threading.Thread(target=one) for one in (self._send, self._hear)]

    def __enter__(self) -> "Arrivals":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def digests(self) -> dict[str, LiveDigest]:
        """What registry would tell of who is live."""
        return {f"{side}s": live_digest(list(self.live[side].items())) for side in SIDES}

    def between(self, first: float, last: float) -> list[Arrival]:
        return [one for one in list(self.sent) if first <= one.sent_at < last]

    def _send(self) -> None:
        redis, coming = Redis.from_url(self._redis_url), self._events()
        while not self._done.wait(EACH_SECONDS):
            if self.resting.is_set():
                continue
            event, scope = next(coming)
            if scope:
                arrival = Arrival(scope, time.monotonic())
                self._waited_for[event.subject.encode()] = arrival
                self.sent.append(arrival)
            redis.xadd(event.stream, encode(event))  # type: ignore[arg-type]
            self.events += 1
        redis.close()

    def _events(self) -> Iterator[tuple[Event, Scope | None]]:
        """A seeker and a posting come, one of either changes, one of either goes, and so on."""
        facts = said_by_people(patterns(), DRAWN, DRAWN, self._chance)
        for at, of_seeker, of_posting in zip(count(), cycle(facts["seeker"]), cycle(facts["posting"]), strict=False):
            says = dict(zip(SIDES, (of_seeker, of_posting), strict=True))
            for side in SIDES:
                newcomer = an_id(self._chance)
                yield self._published(side, newcomer, says[side]), (side, newcomer)
            side = SIDES[at % 2]
            yield self._published(side, self._somebody(side), says[side]), None
            yield self._withdrawn(side, self._somebody(side)), None

    def _somebody(self, side: Side) -> UUID:
        return list(self.live[side])[int(self._chance.integers(len(self.live[side])))]

    def _published(self, side: Side, one: UUID, facts: object) -> Event:
        revision = self.live[side].get(one, 0) + 1
        self.live[side][one] = revision
        if side == "seeker":
            assert isinstance(facts, SeekerFacts)
            return SeekerPublished(seeker_id=one, revision=revision, applied_at=now(), facts=facts)
        assert isinstance(facts, PostingFacts)
        return PostingPublished(posting_id=one, revision=revision, agency_name="-", accepted_at=now(), facts=facts)

    def _withdrawn(self, side: Side, one: UUID) -> Event:
        revision = self.live[side].pop(one) + 1
        if side == "seeker":
            return SeekerWithdrawn(seeker_id=one, revision=revision, reason="placed")
        return PostingWithdrawn(posting_id=one, revision=revision, reason="closed")

    def _hear(self) -> None:
        """In notify's place; what was read is cut off, or the lists of a city would fill the memory twice."""
        redis, last = Redis.from_url(self._redis_url), b"0"
        while not self._done.is_set():
            reply: Any = redis.xread({MatchesFound.stream: last}, count=READ_AT_ONCE, block=200)
            for _, entries in reply:
                heard_at, last = time.monotonic(), entries[-1][0]
                for _, fields in entries:
                    self._note(fields, heard_at)
                redis.xtrim(MatchesFound.stream, minid=last, approximate=True, limit=KEPT_ENTRIES)
        redis.close()

    def _note(self, fields: dict[bytes, bytes], heard_at: float) -> None:
        subject, data = fields[b"subject"], fields[b"data"]
        arrival = self._waited_for.pop(subject, None)
        if arrival is not None:
            arrival.said_at = heard_at
        revision = REVISION.search(data)
        assert revision is not None
        self.said.entries += 1
        by = self.said.by.setdefault((subject, revision[1]), fields[b"id"])
        self.said.twice += by != fields[b"id"]
