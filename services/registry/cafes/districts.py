"""Where do job-related places cluster? Proposals for job-promotion districts (일자리진흥지구), each with its evidence.

A place is in a cluster when so many lie within so many metres of it, or it lies that near to such a one: DBSCAN (Ester,
Kriegel, Sander and Xu 1996) with haversine distances. The same places in any order give the same proposals: they are
looked at in the order of their coordinates, which also settles to which cluster a place between two belongs.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from services.registry.cafes.geography import EARTH_METRES, Degrees, Point, Ring, area, degrees, outline

PlaceKind = Literal["agency", "firm", "academy", "cafe", "centre"]
KINDS: tuple[PlaceKind, ...] = get_args(PlaceKind)
SQUARE_KILOMETRE = 1_000_000.0


@dataclass(frozen=True, order=True)
class JobPlace:
    """A place that has to do with work."""

    point: Point
    kind: PlaceKind
    name: str
    district: str = ""
    """The administrative district, where the sender says it."""


@dataclass(frozen=True)
class Density:
    """What counts as dense: at least so many places, the one in the middle included, within so many metres of it."""

    metres: float = 300.0
    least: int = 5


@dataclass(frozen=True)
class Proposal:
    """A cluster, and what speaks for it."""

    places: tuple[JobPlace, ...]
    outline: tuple[tuple[float, float], ...]
    """The convex hull of circles of half the density's reach around the places."""
    square_metres: float
    by_kind: dict[PlaceKind, int]
    per_square_kilometre: float
    """Places within the outline, by its area."""
    background: float
    """The same of all places within the outline of all, or the area that is given."""

    @property
    def times(self) -> float:
        """How many times as dense as the background."""
        return self.per_square_kilometre / self.background


def propose(places: Sequence[JobPlace], density: Density, square_metres: float | None = None) -> tuple[Proposal, ...]:
    """The clusters, the largest first, then from south to north.

    Args:
        square_metres: of the whole area the places were gathered from; by default that of their own outline.

    Raises:
        ValueError: a density that no place could have.
    """
    if density.least < 2 or not 0 < density.metres <= 5_000:
        raise ValueError("at least two places, within up to 5,000 metres")
    ordered = sorted(places)
    if len(ordered) < density.least:
        return ()
    where = degrees([place.point for place in ordered])
    whole = square_metres or area(outline(where, density.metres / 2))
    background = len(ordered) / whole * SQUARE_KILOMETRE
    labels = _labels(where, density)
    groups = [
        [ordered[index] for index in np.flatnonzero(labels == label)]
        for label in range(int(labels.max(initial=-1)) + 1)
    ]
    found = [_proposal(members, density, background) for members in groups]
    return tuple(sorted(found, key=lambda each: (-len(each.places), each.places)))


def _labels(where: Degrees, density: Density) -> NDArray[np.int64]:
    from sklearn.cluster import DBSCAN  # takes longer to import than all else of a registry that starts

    model = DBSCAN(
        eps=density.metres / EARTH_METRES, min_samples=density.least, metric="haversine", algorithm="ball_tree"
    )
    labels: NDArray[np.int64] = model.fit_predict(np.radians(where))
    return labels


def _proposal(members: Sequence[JobPlace], density: Density, background: float) -> Proposal:
    ring: Ring = outline(degrees([place.point for place in members]), density.metres / 2)
    square_metres = area(ring)
    counted = Counter(place.kind for place in members)
    return Proposal(
        places=tuple(members),
        outline=tuple((corner[0], corner[1]) for corner in ring),
        square_metres=square_metres,
        by_kind={kind: counted[kind] for kind in KINDS if counted[kind]},
        per_square_kilometre=len(members) / square_metres * SQUARE_KILOMETRE,
        background=background,
    )
