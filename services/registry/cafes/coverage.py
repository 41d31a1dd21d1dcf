"""What share of a city lies within a short walk of a café?

Two ways to reckon the walk. *Straight line*: the distance as the crow flies times a detour factor, an estimate and
labelled so. *Network*: the shortest way along a graph of paths that was given (Dijkstra), with the straight line times
the detour factor only from a point to its nearest junction. Speed and detour are settings, never hidden in a radius.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import scipy  # its parts load at their first use: a registry starts without them
from numpy.typing import NDArray

from services.registry.cafes.geography import Degrees, FlatMap, Metres, Point, degrees, distances

Method = Literal["straight line", "network"]
Weights = NDArray[np.float64]
ROWS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Walk:
    """How far people walk: `detour` is the length of a way on foot over the straight line, 1 or more.

    The defaults are assumptions to be replaced by the city's own: 4 km/h, and ways 1.3 times the straight line.
    """

    minutes: float = 10.0
    metres_a_minute: float = 67.0
    detour: float = 1.3

    def __post_init__(self) -> None:
        if not (0 < self.minutes <= 120 and 0 < self.metres_a_minute <= 500 and 1 <= self.detour <= 5):
            raise ValueError("minutes above 0 to 120, metres a minute above 0 to 500, detour 1 to 5")

    @property
    def metres(self) -> float:
        """On foot."""
        return self.minutes * self.metres_a_minute


class Ways(Protocol):
    """How far it is on foot."""

    @property
    def method(self) -> Method: ...

    def within(self, cafes: Sequence[Point], demand: Degrees, walk: Walk) -> NDArray[np.bool_]:
        """Which demand points (columns) each café (rows) can be reached from in time."""
        ...


class StraightLine:
    """As the crow flies, times the detour."""

    method: Method = "straight line"

    def within(self, cafes: Sequence[Point], demand: Degrees, walk: Walk) -> NDArray[np.bool_]:
        here = degrees(cafes)
        parts = [
            distances(here[start : start + ROWS_AT_ONCE], demand) * walk.detour <= walk.metres
            for start in range(0, len(here), ROWS_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(demand)), dtype=bool)


@dataclass(frozen=True)
class Path:
    """A stretch that can be walked both ways; without a length it is taken as straight."""

    start: Point
    end: Point
    metres: float | None = None


class Network:
    """Along given paths."""

    method: Method = "network"

    def __init__(self, paths: Sequence[Path]) -> None:
        if not paths:
            raise ValueError("a network has at least one path")
        self._junctions = sorted({end for path in paths for end in (path.start, path.end)})
        number = {junction: index for index, junction in enumerate(self._junctions)}
        self._where = degrees(self._junctions)
        self._flat = FlatMap.around(self._where)
        self._tree = scipy.spatial.cKDTree(self._flat.metres(self._where))
        shortest: dict[tuple[int, int], float] = {}
        for path in paths:  # of two paths between the same junctions the shorter counts
            ends = number[path.start], number[path.end]
            key = (min(ends), max(ends))
            shortest[key] = min(_length(path), shortest.get(key, np.inf))
        rows, columns = np.array(list(shortest), dtype=np.int64).T
        size = (len(self._junctions), len(self._junctions))
        self._graph = scipy.sparse.coo_array((list(shortest.values()), (rows, columns)), shape=size).tocsr()

    def within(self, cafes: Sequence[Point], demand: Degrees, walk: Walk) -> NDArray[np.bool_]:
        if not cafes:
            return np.zeros((0, len(demand)), dtype=bool)
        start, to_start = self._nearest(degrees(cafes), walk)
        end, to_end = self._nearest(demand, walk)
        ways = scipy.sparse.csgraph.dijkstra(self._graph, directed=False, indices=start, limit=walk.metres)
        reached: NDArray[np.bool_] = to_start[:, None] + ways[:, end] + to_end[None, :] <= walk.metres
        return reached

    def _nearest(self, points: Degrees, walk: Walk) -> tuple[NDArray[np.int64], Metres]:
        _, nearest = self._tree.query(self._flat.metres(points))
        apart = distances_row_by_row(points, self._where[nearest])
        return nearest, apart * walk.detour


def distances_row_by_row(here: Degrees, there: Degrees) -> Metres:
    return np.array([distances(a[None], b[None])[0, 0] for a, b in zip(here, there, strict=True)])


def _length(path: Path) -> float:
    if path.metres is not None:
        return path.metres
    return float(distances(degrees([path.start]), degrees([path.end]))[0, 0])


@dataclass(frozen=True)
class Share:
    """A part of a whole; without a whole there is no share, which is not the share 0."""

    part: float
    whole: float

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None


def reached(cafes: Sequence[Point], demand: Degrees, walk: Walk, ways: Ways) -> NDArray[np.bool_]:
    """Which points of demand have a café in reach."""
    if not cafes or not len(demand):
        return np.zeros(len(demand), dtype=bool)
    return np.asarray(ways.within(cafes, demand, walk).any(axis=0), dtype=bool)


def share(covered: NDArray[np.bool_], weights: Weights) -> Share:
    """The weight of what is covered, of the weight of all."""
    return Share(float(weights[covered].sum()), float(weights.sum()))
