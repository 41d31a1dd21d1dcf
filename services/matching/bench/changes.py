"""How soon is a change seen? One profile comes or goes, and the next search knows it; then many at once."""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np

from services.matching.bench.figures import Figure
from services.matching.bench.made import World, draw, read_drawn
from services.matching.bench.materials import Materials
from services.matching.bench.peers import WRONG
from services.matching.bench.timing import median, p99, seconds_of
from services.matching.engine.index import Index
from services.matching.engine.kernels import OUT_OF_REACH
from services.matching.engine.search import Floors, reached
from services.matching.engine.shelf import Read, Slots
from services.matching.engine.text import rows_of_counts

MANY = 1_000
"""Profiles of one batch of changes."""


class Look(NamedTuple):
    """A search by one posting: how long, and whether it shows the seeker in question."""

    seconds: float
    shows: bool


class Change(NamedTuple):
    """What a change took, the next search and the same search again; and whether the search showed what is true."""

    seconds: float
    following: float
    repeated: float
    is_true: bool

    @property
    def visible_after(self) -> float:
        """The change, and what it costs the next search."""
        return self.seconds + self.following - self.repeated


def figures(world: World, materials: Materials, count: int, seed: int) -> Iterator[Figure]:
    """Newcomers to the whole of the scorer, each of whom goes again; then a thousand at once."""
    index, chance = world.whole, np.random.default_rng((seed, MANY))
    newcomers = [_newcomers(index, materials, chance, 1) for _ in range(count)]
    _look(index, world.evenly("posting", 1), _floors(index), 0)
    changes = [_comes_and_goes(index, *each) for each in zip(newcomers, _asking(world, count), strict=True)]
    for at, what in enumerate(("added", "removed")):
        yield from _of_changes(world, what, [both[at] for both in changes])
    yield from _many(world, _newcomers(index, materials, chance, MANY))


def _newcomers(index: Index, materials: Materials, chance: np.random.Generator, count: int) -> Read:
    drawn = draw(materials, chance, "seeker", count)
    rows = rows_of_counts(drawn.titles, drawn.bodies, np.asarray(index.epoch.frequencies))
    return read_drawn(index, materials, drawn, drawn.conditions, rows)


def _asking(world: World, count: int) -> list[Slots]:
    some = world.evenly("posting", count)
    return [some[[at % len(some)]] for at in range(count)]


def _comes_and_goes(index: Index, read: Read, posting: Slots) -> tuple[Change, Change]:
    shelf, slot = index.shelves["seeker"], len(index.shelves["seeker"].profiles)
    came = seconds_of(lambda: index.put("seeker", read))
    belongs = bool(index.score(np.array([slot]), posting).scores[0, 0] >= index.epoch.rules.threshold)
    floors = _floors(index)
    floors[slot] = 0
    coming = _look(index, posting, floors, slot), _look(index, posting, floors, slot)
    went = seconds_of(lambda: index.remove("seeker", [UUID(int=shelf.profiles[slot][0].int)]))
    going = _look(index, posting, floors, slot), _look(index, posting, floors, slot)
    return _change(came, *coming, belongs), _change(went, *going, False)


def _change(seconds: float, following: Look, repeated: Look, belongs: bool) -> Change:
    return Change(seconds, following.seconds, repeated.seconds, following.shows == repeated.shows == belongs)


def _look(index: Index, posting: Slots, floors: Floors, slot: int) -> Look:
    started = time.perf_counter()
    found = list(reached(index, "posting", posting, floors))
    seconds = time.perf_counter() - started
    return Look(seconds, any((some.others == slot).any() for some in found))


def _floors(index: Index) -> Floors:
    return np.full(len(index.shelves["seeker"].floors), OUT_OF_REACH, dtype=np.int32)


def _of_changes(world: World, what: str, changes: Sequence[Change]) -> Iterator[Figure]:
    question, untrue = f"one seeker {what}", sum(not one.is_true for one in changes)
    note = f"{WRONG}: {untrue} of {len(changes)} not seen as they are" if untrue else f"{len(changes)} times, each seen"
    visible = np.array([one.visible_after for one in changes])
    for name, seconds in (("p50", median(visible)), ("p99", p99(visible))):
        value, goal = None if untrue else seconds * 1e6, "G9" if name == "p99" else ""
        yield Figure(f"{question}, visible to the next search, {name}", world.data, "ours", value, "µs", note, goal)
    alone = np.array([one.seconds for one in changes])
    yield Figure(f"{question}, the change alone, p99", world.data, "ours", p99(alone) * 1e6, "µs")


def _many(world: World, read: Read) -> Iterator[Figure]:
    index, posting = world.whole, world.evenly("posting", 1)
    came = seconds_of(lambda: index.put("seeker", read))
    floors = _floors(index)
    first = _look(index, posting, floors, 0).seconds
    went = seconds_of(lambda: index.remove("seeker", [one.id for one in read.profiles]))
    times = {"added": came, "removed": went, "laid out and searched once": first}
    for what, seconds in times.items():
        yield Figure(f"{MANY:,} seekers {what}", world.data, "ours", seconds * 1e3, "ms")
