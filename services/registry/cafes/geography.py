"""Where things lie and how far apart: points, outlines and areas on the ground, in metres and square metres.

Distances are haversine on a sphere. Outlines and areas are reckoned on a flat map around the middle of what is looked
at (equirectangular): within a city of 50 km its error is below one part in a thousand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use: a registry starts without them
from numpy.typing import NDArray

EARTH_METRES = 6_371_008.8
"""The mean radius of the Earth (IUGG)."""
CORNERS = 24
"""Of the polygon that stands for a circle; it is drawn around the circle, so that nothing within is lost."""

Degrees = NDArray[np.float64]
"""Rows of latitude and longitude."""
Metres = NDArray[np.float64]
Ring = Sequence[Sequence[float]]
"""The corners of an outline, latitude and longitude each, without the first once more."""


@dataclass(frozen=True, order=True)
class Point:
    """A place on the ground, in degrees (WGS 84)."""

    latitude: float
    longitude: float


def degrees(points: Sequence[Point]) -> Degrees:
    """Points as rows, also where there are none."""
    return np.array([(point.latitude, point.longitude) for point in points], dtype=float).reshape(-1, 2)


def distances(here: Degrees, there: Degrees) -> Metres:
    """Metres in a straight line from each row of one to each row of the other (haversine)."""
    a, b = np.radians(here)[:, None, :], np.radians(there)[None, :, :]
    half = np.sin((b - a) / 2) ** 2
    chord = half[..., 0] + np.cos(a[..., 0]) * np.cos(b[..., 0]) * half[..., 1]
    result: Metres = 2 * EARTH_METRES * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    return result


@dataclass(frozen=True)
class FlatMap:
    """A flat map around a middle: metres east and north of it."""

    middle: Point

    @classmethod
    def around(cls, points: Degrees) -> "FlatMap":
        """Around the middle of the box that holds the points, which does not depend on how many lie where."""
        return cls(Point(*((points.min(axis=0) + points.max(axis=0)) / 2)))

    def metres(self, points: Degrees) -> Metres:
        east = np.radians(points[:, 1] - self.middle.longitude) * np.cos(np.radians(self.middle.latitude))
        return EARTH_METRES * np.column_stack([east, np.radians(points[:, 0] - self.middle.latitude)])

    def degrees(self, metres: Metres) -> Degrees:
        across = np.cos(np.radians(self.middle.latitude))
        north = self.middle.latitude + np.degrees(metres[:, 1] / EARTH_METRES)
        return np.column_stack([north, self.middle.longitude + np.degrees(metres[:, 0] / (EARTH_METRES * across))])


def outline(points: Degrees, reach: float) -> list[list[float]]:
    """The convex hull of circles of so many metres around the points: never thinner than a circle."""
    flat = FlatMap.around(points)
    turns = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    circle = reach / np.cos(np.pi / CORNERS) * np.column_stack([np.cos(turns), np.sin(turns)])
    corners = (flat.metres(points)[:, None, :] + circle[None, :, :]).reshape(-1, 2)
    hull = scipy.spatial.ConvexHull(corners)
    return [[round(value, 6) for value in row] for row in flat.degrees(corners[hull.vertices]).tolist()]


def area(ring: Ring) -> float:
    """Square metres within an outline (Gauss's shoelace formula)."""
    corners = np.array(ring, dtype=float)
    x, y = FlatMap.around(corners).metres(corners).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def area_within(rings: Sequence[Ring]) -> float:
    """Square metres within outlines that do not cross; a ring within a ring is a hole (even-odd rule)."""
    total = 0.0
    for number, ring in enumerate(rings):
        others = [other for index, other in enumerate(rings) if index != number]
        in_a_hole = bool(inside(np.array(ring[:1], dtype=float), others)[0])
        total += -area(ring) if in_a_hole else area(ring)
    return total


def inside(points: Degrees, rings: Sequence[Ring]) -> NDArray[np.bool_]:
    """Which points lie within outlines; a ring within a ring is a hole (even-odd rule)."""
    within = np.zeros(len(points), dtype=bool)
    for ring in rings:
        within ^= _crossings(points, np.array(ring, dtype=float)) % 2 == 1
    return within


def raster(rings: Sequence[Ring], side: float) -> Degrees:
    """The middles of the square cells of so many metres that lie within outlines."""
    corners = np.concatenate([np.array(ring, dtype=float) for ring in rings])
    flat = FlatMap.around(corners)
    least, most = flat.metres(corners).min(axis=0), flat.metres(corners).max(axis=0)
    east, north = (np.arange(low + side / 2, high, side) for low, high in zip(least, most, strict=True))
    cells = flat.degrees(np.stack(np.meshgrid(east, north), axis=-1).reshape(-1, 2))
    return cells[inside(cells, rings)]


def _crossings(points: Degrees, corners: Degrees) -> NDArray[np.int64]:
    """How often a ray from each point to the east meets the sides of a ring."""
    count = np.zeros(len(points), dtype=np.int64)
    north, east = points[:, 0], points[:, 1]
    for (a_north, a_east), (b_north, b_east) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if a_north == b_north:
            continue
        between = (a_north > north) != (b_north > north)
        meets = a_east + (north - a_north) / (b_north - a_north) * (b_east - a_east)
        count += between & (east < meets)
    return count
