"""Whatever happens to whom, told in whatever order to however many shards on whichever database: one answer.

Each world is a store with its shards. All worlds are told the same facts, each in an order of its own, some twice, some
only after a failed attempt, with restarts between. Once each has heard everything, their lists are the same bytes.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import Engine

from services.matching import store
from services.matching.engine.text import neutral_frequencies
from services.matching.matcher import Heard, Matcher
from services.matching.proof.certificate import Certificate
from services.matching.rematch.rematches import Kind, NothingBefore, RunningAlready
from services.matching.rematch.rematching import Rematching
from shared.contracts import MatchedPair, SeekerWithdrawn
from shared.contracts.referrals import ReferralState
from shared.database import reading, transaction
from tests import servers
from tests.unit.matching import naive
from tests.unit.matching.drawn import postings, seekers
from tests.unit.matching.examples import (
    SMALL,
    a_posting,
    a_referral,
    a_seeker,
    certified,
    hear,
    newest_said,
    no_posting,
    open_store,
    seeker_id,
    started,
)
from tests.unit.matching.rematch.test_rematching import ask, finish, rematching
from tests.unit.matching.test_stream import apart, live

SHARDS = (1, 2, 3, 5)
NUMBERS = st.integers(0, 3)
WHAT_HAPPENS = [
    "seeker published",
    "seeker published",
    "posting published",
    "posting withdrawn",
    "seeker erased",
    "referred",
    "referred",
    "let back",
]


@dataclass
class World:
    """One store and the shards that work on it."""

    engine: Engine
    count: int
    shards: list[Matcher]
    unheard: list[list[Heard]]
    """What each shard has not heard yet."""

    def work(self, number: int) -> Rematching:
        """What does a shard's share of a rematch; it keeps nothing in memory between two steps."""
        return rematching(self.engine, self.shards[number])

    def happened(self, event: Heard) -> None:
        for waiting in self.unheard:
            waiting.append(event)


class FactsInAnyOrder(RuleBasedStateMachine):
    """Facts happen once, in order; they are heard late, twice, in any order, by shards that fail and restart."""

    postgres_server: str

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Heard] = []
        self.revisions: dict[tuple[str, int], int] = {}
        self.erased: set[int] = set()
        self.opened = ExitStack()
        self.worlds: list[World] = []

    @initialize(
        count=st.sampled_from(SHARDS), of_seekers=st.tuples(*[seekers()] * 4), of_postings=st.tuples(*[postings()] * 4)
    )
    def begin(self, count: int, of_seekers: Sequence[dict[str, Any]], of_postings: Sequence[dict[str, Any]]) -> None:
        """Two worlds at a time: one shard on PostgreSQL, and some shards on SQLite."""
        url = self.opened.enter_context(servers.fresh_database(self.postgres_server, f"iljari_{uuid4().hex}"))
        self.worlds = [self._world(open_store(url), 1), self._world(open_store(), count)]
        for number, (seeker, posting) in enumerate(zip(of_seekers, of_postings, strict=True)):
            self._seeker_published(number, seeker)
            self._posting_published(number, posting)

    def _world(self, engine: Engine, count: int) -> World:
        self.opened.callback(engine.dispose)
        shards = [started(engine, shard=f"{number}/{count}") for number in range(count)]
        return World(engine, count, shards, [[] for _ in range(count)])

    @rule(number=NUMBERS, other=NUMBERS, seeker=seekers(), posting=postings(), what=st.sampled_from(WHAT_HAPPENS))
    def happens(self, number: int, other: int, seeker: dict[str, Any], posting: dict[str, Any], what: str) -> None:
        """One rule for all of it: Hypothesis leaves whole rules out of a run, and without both sides nobody matches."""
        if what == "posting published":
            self._posting_published(number, posting)
        elif what == "posting withdrawn":
            self._happened(no_posting(number, revision=self._next("posting", number)))
        elif what in {"referred", "let back"}:
            revision = self._next("pair", 4 * number + other)
            state: ReferralState = "referred" if what == "referred" else "reopened"
            self._happened(a_referral(number, other, revision=revision, state=state))
        elif number in self.erased:
            return
        elif what == "seeker published":
            self._seeker_published(number, seeker)
        else:
            self.erased.add(number)
            revision = self._next("seeker", number)
            self._happened(SeekerWithdrawn(seeker_id=seeker_id(number), revision=revision, reason="erased"))

    @rule(data=st.data())
    def heard(self, data: st.DataObject) -> None:
        """Some shard hears some of what it has not heard, in any order, perhaps with something it heard before."""
        world, number = self._some_shard(data)
        batch = data.draw(st.permutations(world.unheard[number]))[: data.draw(st.integers(1, 4))]
        again = data.draw(st.lists(st.sampled_from(self.history), max_size=2)) if self.history else []
        hear(world.shards[number], world.engine, [*again, *batch])
        world.unheard[number] = [event for event in world.unheard[number] if event not in batch]

    @rule(data=st.data(), between=st.booleans())
    def crashed(self, data: st.DataObject, between: bool) -> None:
        """A shard dies before its first commit or between its two; what it heard is told again."""
        world, number = self._some_shard(data)
        batch = data.draw(st.permutations(world.unheard[number]))[: data.draw(st.integers(1, 4))]
        shard = world.shards[number]
        if between:
            with transaction(world.engine) as session:
                shard.remember(batch, session)
        with pytest.raises(ZeroDivisionError), transaction(world.engine) as session:
            (shard.match if between else shard.remember)(batch, session)
            raise ZeroDivisionError
        world.shards[number] = started(world.engine, shard=f"{number}/{world.count}")

    @rule(data=st.data())
    def restarted(self, data: st.DataObject) -> None:
        world, number = self._some_shard(data)
        world.shards[number] = started(world.engine, shard=f"{number}/{world.count}")

    @rule(data=st.data(), kind=st.sampled_from(["rematch", "rematch", "back", "dry_run", "epoch_only"]))
    def matched_anew(self, data: st.DataObject, kind: Kind) -> None:
        """Somebody asks for a rematch, or for the epoch before; one that runs already goes on."""
        world, _ = self._some_shard(data)
        with suppress(RunningAlready, NothingBefore):
            ask(world.engine, kind, world.count)
        self._goes_on(data, world)

    @rule(data=st.data())
    def goes_on(self, data: st.DataObject) -> None:
        self._goes_on(data, self._some_shard(data)[0])

    def _goes_on(self, data: st.DataObject, world: World) -> None:
        """Some steps of a rematch, now of this shard and now of that."""
        for _ in range(data.draw(st.integers(1, 8))):
            world.work(data.draw(st.integers(0, world.count - 1))).step()

    @rule(data=st.data(), count=st.sampled_from(SHARDS))
    def resharded(self, data: st.DataObject, count: int) -> None:
        """Others take over, as many as there are now: they hear everything from the beginning."""
        world, _ = self._some_shard(data)
        if world.count == count:
            return
        world.count, world.unheard = count, [list(self.history) for _ in range(count)]
        world.shards = [started(world.engine, shard=f"{number}/{count}") for number in range(count)]
        for number in range(count):
            world.work(number).resume()

    def teardown(self) -> None:
        with self.opened:
            if self.worlds:
                self._hear_the_rest()
                self._agree()

    def _hear_the_rest(self) -> None:
        for world in self.worlds:
            for shard, waiting in zip(world.shards, world.unheard, strict=True):
                hear(shard, world.engine, waiting[::-1])
            for number in range(world.count):
                finish(world.work(number))

    def _agree(self) -> None:
        certificates = [certified(world.engine, world.count) for world in self.worlds]
        for certificate in certificates:
            assert _faults(certificate) == (0, 0, 0, 0)
        if {certificate.epoch for certificate in certificates} == {0}:
            assert len({certificate.streamed_sha256 for certificate in certificates}) == 1
        for world, certificate in zip(self.worlds, certificates, strict=True):
            with reading(world.engine) as session:
                frequencies = store.epoch(session, certificate.epoch).frequencies
            frozen = neutral_frequencies() if frequencies is None else frequencies
            by_hand = naive.match_set(*live(self.history), SMALL, frozen, apart(self.history))
            assert {ends: pair.score for ends, pair in told_by(world).items()} == {
                ends: score for ends, (score, _) in by_hand.items()
            }
            self._nothing_is_left_of_the_erased(world.engine)

    def _nothing_is_left_of_the_erased(self, engine: Engine) -> None:
        gone = {seeker_id(number) for number in self.erased}
        with reading(engine) as session:
            assert all(row.facts is None for row in store.profiles(session, "seeker", gone))
        assert not gone & {pair.seeker_id for found in newest_said(engine).values() for pair in found.pairs}

    def _happened(self, event: Heard) -> None:
        self.history.append(event)
        for world in self.worlds:
            world.happened(event)

    def _seeker_published(self, number: int, facts: dict[str, Any]) -> None:
        self._happened(a_seeker(number, revision=self._next("seeker", number), minutes=number % 2, **facts))

    def _posting_published(self, number: int, facts: dict[str, Any]) -> None:
        self._happened(a_posting(number, revision=self._next("posting", number), minutes=number % 2, **facts))

    def _next(self, side: str, number: int) -> int:
        self.revisions[side, number] = self.revisions.get((side, number), 0) + 1
        return self.revisions[side, number]

    def _some_shard(self, data: st.DataObject) -> tuple[World, int]:
        world = data.draw(st.sampled_from(self.worlds))
        return world, data.draw(st.integers(0, world.count - 1))


def told_by(world: World) -> dict[tuple[UUID, UUID], MatchedPair]:
    """The match set as whoever heard every shard that there is now puts it together."""
    pairs: dict[tuple[UUID, UUID], MatchedPair] = {}
    of_postings: dict[UUID, list[MatchedPair]] = defaultdict(list)
    for (scope, one, shard), found in newest_said(world.engine).items():
        if shard.endswith(f"/{world.count}"):
            if scope == "posting":
                of_postings[one] += found.pairs
            else:
                pairs.update({(pair.seeker_id, pair.posting_id): pair for pair in found.pairs})
    with reading(world.engine) as session:
        since = {row.id: row.since for row in store.profiles(session, "seeker") if row.since}
    for found_pairs in of_postings.values():
        best = sorted(found_pairs, key=lambda pair: (-pair.score, since[pair.seeker_id], pair.seeker_id))
        pairs.update({(pair.seeker_id, pair.posting_id): pair for pair in best[: SMALL.posting_list]})
    return pairs


def _faults(certificate: Certificate) -> tuple[int, int, int, int]:
    return certificate.missed, certificate.invented, certificate.different, certificate.pending


@pytest.fixture
def machine(postgres_server_url: str) -> type[FactsInAnyOrder]:
    FactsInAnyOrder.postgres_server = postgres_server_url
    return FactsInAnyOrder


BRIEFLY = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_one_answer_however_it_was_heard(machine: type[FactsInAnyOrder]) -> None:
    run_state_machine_as_test(machine, settings=BRIEFLY)


@pytest.mark.campaign
def test_one_answer_however_it_was_heard_many_times(machine: type[FactsInAnyOrder]) -> None:
    run_state_machine_as_test(machine, settings=settings(BRIEFLY, max_examples=200))
