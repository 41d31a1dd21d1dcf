"""How long does one newcomer take, searched for among everyone of the other side?"""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from services.matching.bench.figures import Data, Figure
from services.matching.bench.made import World
from services.matching.bench.peers import (
    CHECKED,
    WHOLE,
    WRONG,
    Absent,
    Matrices,
    System,
    noted,
    plain,
    scipy_product,
    sparse_dot_topn,
    whole,
)
from services.matching.bench.timing import Seconds, each_in_turn, median, p99
from services.matching.engine.profiles import SIDES, Side
from services.matching.engine.shelf import Slots

ROUND_TRIP = "a round trip between two threads"


def figures(world: World, arrivals: int, systems: Sequence[System | Absent] | None = None) -> Iterator[Figure]:
    """The search alone, vectorising apart; every system in turn for each newcomer."""
    if systems is None:
        matrices = Matrices.of(world)
        systems = (whole(world), plain(world), sparse_dot_topn(matrices), scipy_product(matrices))
    for side in reversed(SIDES):
        yield from _of_side(
            world, side, world.evenly(side, arrivals), [one for one in systems if isinstance(one, System)]
        )
    for one in systems:
        if isinstance(one, Absent):
            yield Figure("arrival", world.data, one.name, None, "", one.why)


def _of_side(world: World, side: Side, asked: Slots, systems: Sequence[System]) -> Iterator[Figure]:
    notes = {one.name: _checked(one, side, asked[:CHECKED]) for one in systems}
    with _echo() as round_trip:
        works = {one.name: _asking(one, side) for one in systems}
        taken = each_in_turn(works | {ROUND_TRIP: round_trip}, asked.tolist())
    for name, seconds in taken.items():
        what, note = Told(f"arrival of one {side}", world.data, name), notes.get(name, "")
        if note.startswith(WRONG):
            yield Figure(*what, None, "µs", note)
        elif side == "posting" and name == WHOLE:
            yield from _by_place(world, asked, what, seconds, note)
        else:
            yield from _tails(what, seconds, note)


def _asking(system: System, side: Side) -> Callable[[int], object]:
    return lambda slot: system.ask(side, np.array([slot]))


def _checked(system: System, side: Side, asked: Slots) -> str:
    """What is to be noted of a system."""
    ones = np.split(asked, len(asked))
    return noted(system, sum(system.check(side, one, system.ask(side, one)) for one in ones), len(asked))


def _by_place(world: World, asked: Slots, what: "Told", seconds: Seconds, note: str) -> Iterator[Figure]:
    remote = world.whole.shelves["posting"].columns["remote"][asked]
    for where, chosen, goal in (("of one place", ~remote, "G5 region"), ("of any place", remote, "G5 all")):
        if chosen.any():
            yield from _tails(what._replace(question=f"{what.question} {where}"), seconds[chosen], note, goal)


class Told(NamedTuple):
    """What a figure is of."""

    question: str
    data: Data
    system: str


def _tails(what: Told, seconds: Seconds, note: str, goal: str = "") -> Iterator[Figure]:
    usual, worst = (what._replace(question=f"{what.question}, {tail}") for tail in ("p50", f"p99 of {len(seconds)}"))
    yield Figure(*usual, median(seconds) * 1e6, "µs", note)
    yield Figure(*worst, p99(seconds) * 1e6, "µs", note, goal)


@contextmanager
def _echo() -> Iterator[Callable[[int], object]]:
    """Somebody on this machine who answers every byte: what an answer from another process costs at least."""
    ours, theirs = socket.socketpair()

    def answer() -> None:
        while heard := theirs.recv(1):
            theirs.sendall(heard)

    def ask(_: int) -> object:
        ours.sendall(b".")
        return ours.recv(1)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield ask
    finally:
        ours.shutdown(socket.SHUT_RDWR)
        thread.join()
        ours.close()
        theirs.close()
