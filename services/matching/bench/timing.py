"""How long does it take? All that is compared takes its turn in each round, so that a disturbance meets all alike."""

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]
"""One duration a round, or one an event."""
Work = Callable[[], object]
Name = TypeVar("Name", bound=Hashable)


def seconds_of(work: Work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@dataclass(frozen=True)
class Taken:
    """What a work took, round by round: by the clock, and of all processors together."""

    clock: Seconds
    processor: Seconds

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.clock + other.clock, self.processor + other.processor)

    def times(self, factor: float) -> "Taken":
        return Taken(self.clock * factor, self.processor * factor)


def interleaved(works: Mapping[Name, Work], rounds: int) -> dict[Name, Taken]:
    """Each work once in every round, another one first each time; all were done once before anything is measured."""
    names = list(works)
    taken: dict[Name, list[tuple[float, float]]] = {name: [] for name in names}
    for work in works.values():
        work()
    for turn in range(rounds):
        at = turn % len(names)
        for name in names[at:] + names[:at]:
            spent = time.process_time()
            seconds = seconds_of(works[name])
            taken[name].append((seconds, time.process_time() - spent))
    return {name: Taken(*np.array(some).T) for name, some in taken.items()}


def each_in_turn(works: Mapping[Name, Callable[[int], object]], numbers: Iterable[int]) -> dict[Name, Seconds]:
    """How long each work takes for each of these, all of them one after another for every one."""
    taken: dict[Name, list[float]] = {name: [] for name in works}
    for number in numbers:
        for name, work in works.items():
            started = time.perf_counter()
            work(number)
            taken[name].append(time.perf_counter() - started)
    return {name: np.array(some) for name, some in taken.items()}


def median(seconds: Seconds) -> float:
    return float(np.median(seconds))


def p99(seconds: Seconds) -> float:
    return float(np.percentile(seconds, 99))


def ratio(longer: Seconds, shorter: Seconds) -> float:
    """How many times as long, round by round: the median, which a disturbed round does not move."""
    return float(np.median(longer / shorter))
