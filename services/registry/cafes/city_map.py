"""A map of the city as a picture of our own: what to draw and where, without any tile or script from outside.

The same flat projection as for areas, north up. A template draws the shapes; a table beside it says the same in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from services.registry.cafes.geography import Degrees, FlatMap, Point, Ring, degrees

WIDTH = 1_000.0
MARGIN = 30.0
SMALLEST_METRES = 2_000.0
"""Nothing is shown larger than if it were so wide: two places at one corner are no map."""


@dataclass(frozen=True)
class Dot:
    """A point with what it is, for its style, and its name."""

    x: float
    y: float
    kind: str
    name: str
    label: str = ""
    """What is written beside it; empty where names would cover each other."""
    address: str = ""
    """The page that it leads to."""


@dataclass(frozen=True)
class Shape:
    """An outline: the corners as SVG writes them."""

    corners: str
    kind: str
    name: str


@dataclass
class Picture:
    """What is drawn, in the units of its view box."""

    height: float
    metre: float
    """Units a metre."""
    shapes: list[Shape] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)

    @property
    def scale_metres(self) -> int:
        """The round length whose bar is at most a quarter of the picture."""
        most = WIDTH / 4 / self.metre
        return int(
            max(step for step in (100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000) if step <= max(most, 100))
        )


class Drawing:
    """Puts things on a picture that holds all of `extent`."""

    def __init__(self, extent: Degrees) -> None:
        self._flat = FlatMap.around(extent)
        corners = self._flat.metres(extent)
        self._west, south = corners.min(axis=0)
        east, self._north = corners.max(axis=0)
        widest = max(east - self._west, SMALLEST_METRES)
        self._unit = (WIDTH - 2 * MARGIN) / widest
        self.picture = Picture(round((self._north - south) * self._unit + 2 * MARGIN, 1), self._unit)

    def dot(self, point: Point, kind: str, name: str, *, label: str = "", address: str = "") -> None:
        x, y = self._places(degrees([point]))[0]
        self.picture.dots.append(Dot(x, y, kind, name, label, address))

    def shape(self, ring: Ring, kind: str, name: str) -> None:
        corners = " ".join(f"{x:g},{y:g}" for x, y in self._places(np.array(ring, dtype=float)))
        self.picture.shapes.append(Shape(corners, kind, name))

    def _places(self, points: Degrees) -> list[tuple[float, float]]:
        metres = self._flat.metres(points)
        across = (metres[:, 0] - self._west) * self._unit + MARGIN
        down = (self._north - metres[:, 1]) * self._unit + MARGIN
        return [(round(float(x), 1), round(float(y), 1)) for x, y in zip(across, down, strict=True)]


def extent_of(points: Sequence[Point], rings: Sequence[Ring]) -> Degrees:
    """The corners of a map that holds all of these; empty where there are none."""
    every = [(point.latitude, point.longitude) for point in points] + [
        tuple(corner) for ring in rings for corner in ring
    ]
    return np.array(every, dtype=float).reshape(-1, 2)
