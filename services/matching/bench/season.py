"""How does a whole season go? Everyone's lists made anew beside, on all cores, while newcomers are searched for.

The batch is the very one of a rematch: its blocks, its processes, its priority, reasons included; no store takes part.
Reasons name words, so people are made of the patterns' own: each says what one says and can what another can.
"""

import os
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.matching.bench.figures import Figure
from services.matching.bench.made import FITTED, World
from services.matching.bench.materials import Patterns
from services.matching.bench.peers import whole
from services.matching.bench.timing import median, p99
from services.matching.engine.batch import Block, blocks_of
from services.matching.engine.index import Epoch, Index, document
from services.matching.engine.profiles import SIDES, Facts, Profile, Side
from services.matching.engine.scorer import Rules
from services.matching.engine.text import count as text_count
from services.matching.engine.text import fit_frequencies
from services.matching.own_process import LOWEST_PRIORITY
from services.matching.rematch.beside import on_all_cores

OURS = "ours, all cores, lowest priority"
KIB_A_MIB = 1024
TERMS = ("required_skills", "preferred_skills")
READ_AT_ONCE = 2_000
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Season:
    """One world's season."""

    world: World
    seconds: float
    lists: int
    mebibytes: float
    """Of the largest process of the batch."""
    quiet: NDArray[np.float64]
    during: NDArray[np.float64]
    """Seconds of each newcomer, before the batch and while it went on."""


def said_by_people(
    patterns: Patterns, seekers: int, postings: int, chance: np.random.Generator
) -> dict[Side, list[Facts]]:
    """What so many say: each says what one pattern says and can what another can."""
    return {
        "seeker": [_mixed(patterns.seekers, ("skills", "certificates"), chance) for _ in range(seekers)],
        "posting": [_mixed(patterns.postings, TERMS, chance) for _ in range(postings)],
    }


def people(patterns: Patterns, seekers: int, postings: int, seed: int) -> World:
    """A city of so many, with all that they say at hand."""
    chance = np.random.default_rng(seed)
    drawn = said_by_people(patterns, seekers, postings, chance)
    some = [document(Profile(side, UUID(int=1), 1, START, one)).whole for side in SIDES for one in drawn[side][:FITTED]]
    index = Index(Epoch(1, Rules(), fit_frequencies(text_count(some))))
    for side in SIDES:
        minutes = chance.integers(0, 100_000, len(drawn[side])).tolist()
        for first in range(0, len(drawn[side]), READ_AT_ONCE):
            told = zip(drawn[side][first : first + READ_AT_ONCE], minutes[first:], strict=False)
            some_profiles = [
                Profile(side, UUID(int=first + at + 1), 1, START + timedelta(minutes=since), one)
                for at, (one, since) in enumerate(told)
            ]
            index.put(side, index.read(side, some_profiles))
    return World("people", index, index)


def _mixed(patterns: Sequence[Facts], taken: Sequence[str], chance: np.random.Generator) -> Facts:
    """What one says, with these fields of another."""
    one, other = (patterns[at] for at in chance.integers(0, len(patterns), 2).tolist())
    mixed: Facts = one.model_copy(update={name: getattr(other, name) for name in taken})
    return mixed


def run(world: World, arrivals: int, priority: int = LOWEST_PRIORITY) -> Season:
    """Time newcomers alone, then time them again while everything is matched anew at this priority."""
    index = world.whole
    blocks = blocks_of([(side, one) for side in SIDES for one in index.shelves[side].slot])
    ours, theirs = get_context("fork").Pipe()
    # before any thread is started here: a fork has none of its parent's threads
    beside = get_context("fork").Process(target=_whole_batch, args=(index, blocks, priority, theirs))
    beside.start()
    theirs.close()  # so that its end is heard
    try:
        _searched(world, arrivals, None)
        quiet = _searched(world, arrivals, None)
        ours.send("begin")
        during = _searched(world, arrivals, ours)
        seconds, lists, mebibytes = ours.recv()
    finally:
        ours.close()
        beside.join()
    return Season(world, seconds, lists, mebibytes, quiet, during)


def _whole_batch(index: Index, blocks: Sequence[Block], priority: int, to: Connection) -> None:
    to.recv()
    os.nice(priority)
    started, lists = time.perf_counter(), 0
    for made in on_all_cores(index, blocks):
        lists += len(made)
    seconds = time.perf_counter() - started
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    to.send((seconds, lists, max(peaks) / KIB_A_MIB))


def _searched(world: World, arrivals: int, until: Connection | None) -> NDArray[np.float64]:
    """Seconds of so many newcomers, of either side in turn; or of as many as come until somebody is done."""
    ask = whole(world).ask
    each = {side: world.evenly(side, arrivals) for side in SIDES}
    taken = []
    for number in count():
        if until.poll() if until else number == arrivals:
            break
        side = SIDES[number % 2]
        slot = each[side][number // 2 % len(each[side])]
        started = time.perf_counter()
        ask(side, np.array([slot]))
        taken.append(time.perf_counter() - started)
    return np.array(taken)


def figures(season: Season) -> Iterator[Figure]:
    """What one season is told by."""
    world, note = season.world, f"{season.lists:,} lists, reasons included"
    yield Figure("season, whole", world.data, OURS, season.seconds, "s", note)
    yield Figure("season, pairs a second", world.data, OURS, world.pairs / season.seconds, "/s")
    yield Figure("season, memory of a process", world.data, OURS, season.mebibytes, "MiB")
    for name, seconds in (("quiet", season.quiet), ("during the batch", season.during)):
        if len(seconds):
            told = f"p50 {median(seconds) * 1e6:,.0f} µs"
            what = f"season, a newcomer {name}, p99 of {len(seconds)}"
            yield Figure(what, world.data, "ours", p99(seconds) * 1e6, "µs", told)
    if len(season.during):
        ratio = p99(season.during) / p99(season.quiet)
        yield Figure("season, p99 during the batch / quiet", world.data, "ours", ratio, "×")


def growth(seasons: Sequence[Season]) -> Iterator[Figure]:
    """How the whole grows beside its pairs."""
    first = seasons[0]
    for one in seasons[1:]:
        pairs = one.world.pairs / first.world.pairs
        note = f"{pairs:,.0f}× the pairs, {one.lists / first.lists:,.0f}× the lists"
        yield Figure("season, growth", one.world.data, OURS, one.seconds / first.seconds, "×", note)
