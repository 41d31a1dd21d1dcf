"""How long does it take to find the best for everyone, both ways, and how does that grow?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.matching.bench.figures import Figure
from services.matching.bench.made import World
from services.matching.bench.pair_by_pair import PairByPair
from services.matching.bench.peers import (
    CHECKED,
    WRONG,
    Absent,
    Matrices,
    System,
    noted,
    plain,
    same_sums,
    scipy_product,
    sparse_dot_topn,
    whole,
)
from services.matching.bench.timing import Taken, Work, interleaved, median, ratio
from services.matching.engine.profiles import SIDES, Side, other_side
from services.matching.engine.search import THREADS
from services.matching.engine.shelf import Slots

WAYS: tuple[Side, Side] = ("posting", "seeker")
ByWay = dict[tuple[str, Side], Taken]


@dataclass(frozen=True)
class Batch:
    """One world's run: nanoseconds a pair of every system either way, one a round."""

    world: World
    asked: dict[Side, Slots]
    systems: Sequence[System]
    absent: Sequence[Absent]
    wrong: dict[str, int]
    """Answers that differ from a look at everyone, over both ways; whose system does not count."""
    by_way: ByWay
    by_pair: dict[str, Taken]
    ways_agree: bool
    one_definition: bool
    """Whether the first system, ours, adds up what the rows of the matrices add up."""

    def counts(self, system: str) -> bool:
        return self.wrong[system] == 0

    def both_ways(self, system: str) -> Taken | None:
        """Nanoseconds a pair, both ways together; None where it does not count."""
        if not self.counts(system):
            return None
        return self.by_way[system, WAYS[0]] + self.by_way[system, WAYS[1]]


def run(world: World, rounds: int, queries: int, systems: Sequence[System | Absent] | None = None) -> Batch:
    """Check everybody, then time everybody, round by round."""
    matrices = Matrices.of(world)
    if systems is None:
        systems = (plain(world), whole(world), sparse_dot_topn(matrices), scipy_product(matrices))
    present = [one for one in systems if isinstance(one, System)]
    asked = {side: world.evenly(side, queries) for side in SIDES}
    each = PairByPair(world)
    wrong = {one.name: sum(_wrong(one, side, asked[side]) for side in WAYS) for one in present}
    by_way, by_pair = _timed(world, present, asked, each, rounds)
    return Batch(
        world=world,
        asked=asked,
        systems=present,
        absent=[one for one in systems if isinstance(one, Absent)],
        wrong=wrong,
        one_definition=all(same_sums(matrices, world.plain, side, asked[side][:CHECKED]) for side in WAYS),
        ways_agree=each.agree(),
        by_way=by_way,
        by_pair=by_pair,
    )


def _wrong(system: System, side: Side, asked: Slots) -> int:
    some = asked[:CHECKED]
    return system.check(side, some, system.ask(side, some))


def _timed(
    world: World, systems: Sequence[System], asked: dict[Side, Slots], each: PairByPair, rounds: int
) -> tuple[ByWay, dict[str, Taken]]:
    pairs = each.works()
    works: dict[tuple[str, Side | None], Work] = {(name, None): work for name, (work, _) in pairs.items()}
    works |= {(one.name, side): _asking(one, side, asked[side]) for one in systems for side in WAYS}
    taken = interleaved(works, rounds)
    looked_at = {side: len(asked[side]) * world.sizes[other_side(side)] for side in SIDES}
    by_way = {(name, side): some.times(1e9 / looked_at[side]) for (name, side), some in taken.items() if side}
    return by_way, {name: taken[name, None].times(1e9 / pairs[name][1]) for name in pairs}


def _asking(system: System, side: Side, asked: Slots) -> Work:
    return lambda: system.ask(side, asked)


def figures(batch: Batch) -> Iterator[Figure]:
    """Every system's time a pair, and how many times ours it is."""
    data, us = batch.world.data, batch.systems[0].name
    for one in batch.systems:
        note = _note(batch, one)
        for side in WAYS:
            value = median(batch.by_way[one.name, side].clock) if batch.counts(one.name) else None
            yield Figure(f"batch, {side} → {other_side(side)}s", data, one.name, value, "ns/pair", note)
        taken = batch.both_ways(one.name)
        whole_batch = None if taken is None else median(taken.clock) * batch.world.pairs * 1e-9
        yield Figure("batch, both ways", data, one.name, whole_batch, "s", f"{note}; {_sampled(batch)}")
        if one.name != us:
            yield from _times(batch, taken, one.name, "G1" if one.name == "sparse_dot_topn" else "")
    for absent in batch.absent:
        yield Figure("batch, both ways", data, absent.name, None, "", absent.why)
    yield from _pair_by_pair(batch)


def _times(batch: Batch, taken: Taken | None, name: str, goal: str, note: str = "") -> Iterator[Figure]:
    """How many times ours: by the clock, and of the processors' time, which others on this machine move less."""
    ours = batch.both_ways(batch.systems[0].name)
    if not batch.one_definition:
        note = f"{WRONG}: the sums are not the same; {note}"
    by_clock = by_processor = None
    if batch.one_definition and taken and ours:
        by_clock, by_processor = ratio(taken.clock, ours.clock), ratio(taken.processor, ours.processor)
    what = f"{name} ÷ {batch.systems[0].name}"
    yield Figure("batch, both ways", batch.world.data, what, by_clock, "×", note, goal)
    yield Figure("batch, both ways, processor time", batch.world.data, what, by_processor, "×", note)


def _pair_by_pair(batch: Batch) -> Iterator[Figure]:
    data, (text, looped, flattened) = batch.world.data, batch.by_pair
    note = "1 thread; a sample" + ("" if batch.ways_agree else "; DOES NOT COUNT: loop and cdist differ")
    for name, taken in batch.by_pair.items():
        yield Figure(
            "batch, pair by pair", data, name, median(taken.clock) if batch.ways_agree else None, "ns/pair", note
        )
    granted = f"each pair once, a perfect split over {THREADS} threads granted"
    for name, goal in ((looped, "G2 loop"), (flattened, "G2 cdist")):
        split = (batch.by_pair[text] + batch.by_pair[name]).times(1 / THREADS) if batch.ways_agree else None
        yield from _times(batch, split, f"{name} + text", goal, granted)


def _note(batch: Batch, system: System) -> str:
    return noted(system, batch.wrong[system.name], sum(min(CHECKED, len(batch.asked[side])) for side in WAYS))


def _sampled(batch: Batch) -> str:
    asked = (f"{len(batch.asked[side]):,} of {batch.world.sizes[side]:,} {side}s" for side in WAYS)
    return "extrapolated from " + " and ".join(asked)


def growth(batches: Sequence[Batch]) -> Iterator[Figure]:
    """How much a pair costs in the largest world, of what it costs in the smallest."""
    smallest, largest = batches[0], batches[-1]
    times = largest.world.sizes["seeker"] // smallest.world.sizes["seeker"]
    for one in smallest.systems:
        for side in WAYS:
            key, counts = (one.name, side), smallest.counts(one.name) and largest.counts(one.name)
            value = median(largest.by_way[key].clock) / median(smallest.by_way[key].clock) if counts else None
            goal = "G3" if one is smallest.systems[0] and times >= 16 else ""
            question = f"growth of ns/pair, {side} → {other_side(side)}s, from {smallest.world.data}"
            yield Figure(question, largest.world.data, one.name, value, "", "", goal)
