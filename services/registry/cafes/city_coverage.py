"""How much of this city has a café within a short walk, and where the next ones should go: figures out of the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
from sqlmodel import Session

from services.registry.cafes import siting
from services.registry.cafes.coverage import Method, Network, Share, StraightLine, Walk, Ways, Weights, reached, share
from services.registry.cafes.geography import Point, degrees, raster
from services.registry.cafes.ground import Ground, ground, seekers_by_district
from services.registry.cafes.standing import Standing, standing_cafes

Of = Literal["area", "residents", "seekers"]
Among = Literal["cells", "places"]
RASTER_METRES = 200.0
"""Side of the cells in which area is counted: the smaller the truer, and the slower."""
MOST_CANDIDATES = 3_000
HOSTS = ("academy", "centre", "firm")
"""Kinds of places that could give a room."""


class TooManyCandidates(Exception):
    """More sites than the solver is asked to weigh."""


class NothingToPlace(Exception):
    """There are no residents, or no sites, to reckon with."""


@dataclass(frozen=True)
class Figure:
    """One share: a numerator, its denominator, what could not be reckoned, and where it is from."""

    of: Of
    part: float
    whole: float
    unknown: float
    """Seekers whose district is not told or has no residents on record: in neither part nor whole."""
    source: str

    @property
    def share(self) -> float | None:
        return Share(self.part, self.whole).value


@dataclass(frozen=True)
class Coverage:
    """All shares by one way of walking."""

    walk: Walk
    method: Method
    figures: tuple[Figure, ...]
    cafes: tuple[Standing, ...]
    without_place: int
    """Open cafés whose coordinates are not known: they cover nothing here."""


@dataclass(frozen=True)
class Site:
    """Where a café would go, and what it adds."""

    point: Point
    name: str
    district: str
    adds: float


@dataclass(frozen=True)
class NextSites:
    """The sites that bring most residents into reach, beside what plainer ways bring."""

    sites: tuple[Site, ...]
    candidates: int
    residents: float
    """All, reached and not."""
    before: float
    gained: float
    bound: float | None
    gap: float | None
    seconds: float
    greedy_gained: float
    greedy_seconds: float
    random: siting.RandomChoices


def coverage_now(session: Session, walk: Walk, method: Method = "straight line") -> Coverage:
    """The shares of area, residents and seekers. Without a layer its share has no whole: no data, not 0.

    Raises:
        NothingToPlace: the network was asked for and no paths were brought.
    """
    held, cafes = ground(session), standing_cafes(session)
    placed = [each.point for each in cafes if each.point]
    ways = _ways(held, method)
    return Coverage(
        walk, method,
        (
            _area(held, placed, walk, ways),
            _residents(held, placed, walk, ways),
            _seekers(held, placed, walk, ways, seekers_by_district(session, "active")),
        ),
        tuple(cafes), len(cafes) - len(placed),
    )  # fmt: skip


def next_sites(session: Session, walk: Walk, method: Method, count: int, among: Among = "cells") -> NextSites:
    """Where `count` more cafés bring most residents into reach.

    Args:
        among: the middles of lived-in cells, or the job-related places that could give a room.

    Raises:
        NothingToPlace, TooManyCandidates, siting.NoSolution.
    """
    held = ground(session)
    sites = _candidates(held, among)
    if not held.residents or not sites:
        raise NothingToPlace
    if len(sites) > MOST_CANDIDATES:
        raise TooManyCandidates(f"{len(sites)} of at most {MOST_CANDIDATES}")
    ways = _ways(held, method)
    demand, weights = degrees([each.point for each in held.residents]), _weights(held)
    now_reached = reached([each.point for each in standing_cafes(session) if each.point], demand, walk, ways)
    left = np.where(now_reached, 0.0, weights)
    reach = ways.within([each.point for each in sites], demand, walk)
    best, greedy = siting.best(reach, left, count), siting.greedy(reach, left, count)
    chosen = [
        Site(sites[at].point, sites[at].name, sites[at].district, adds)
        for at, adds in zip(best.sites, best.adds, strict=True)
    ]
    return NextSites(
        tuple(chosen), len(sites), float(weights.sum()), float(weights[now_reached].sum()), best.gained, best.bound,
        best.gap, best.seconds, greedy.gained, greedy.seconds, siting.at_random(reach, left, count),
    )  # fmt: skip


def _candidates(held: Ground, among: Among) -> list[Site]:
    if among == "places":
        return [Site(it.point, it.name, it.district, 0.0) for it in sorted(held.places) if it.kind in HOSTS]
    return [Site(it.point, it.name, it.district, 0.0) for it in held.residents if it.residents]


def _ways(held: Ground, method: Method) -> Ways:
    if method == "straight line":
        return StraightLine()
    if not held.paths:
        raise NothingToPlace
    return Network(held.paths)


def _weights(held: Ground) -> Weights:
    return np.array([each.residents for each in held.residents], dtype=float)


def _area(held: Ground, cafes: Sequence[Point], walk: Walk, ways: Ways) -> Figure:
    """In square kilometres, counted in cells."""
    rings = [ring for each in held.boundaries for ring in each.rings]
    cells = raster(rings, RASTER_METRES) if rings else np.zeros((0, 2))
    found = share(reached(cafes, cells, walk, ways), np.full(len(cells), RASTER_METRES**2 / 1e6))
    return Figure("area", found.part, found.whole, 0.0, held.sources.get("boundaries", ""))


def _residents(held: Ground, cafes: Sequence[Point], walk: Walk, ways: Ways) -> Figure:
    demand = degrees([each.point for each in held.residents])
    found = share(reached(cafes, demand, walk, ways), _weights(held))
    return Figure("residents", found.part, found.whole, 0.0, held.sources.get("residents", ""))


def _seekers(held: Ground, cafes: Sequence[Point], walk: Walk, ways: Ways, seekers: Mapping[str, int]) -> Figure:
    """Seekers of a district are taken to live as its residents do: an estimate, since no address leaves the vault."""
    covered = reached(cafes, degrees([each.point for each in held.residents]), walk, ways)
    living = sorted(zip(held.residents, covered, strict=True), key=lambda pair: pair[0].district)
    shares: dict[str, float] = {}
    for district, group in groupby(living, key=lambda pair: pair[0].district):
        pairs = [(each.residents, bool(near)) for each, near in group]
        if whole := sum(residents for residents, _ in pairs):
            shares[district] = sum(residents for residents, near in pairs if near) / whole
    shares.pop("", None)
    known = {district: count for district, count in seekers.items() if district in shares}
    part = sum(count * shares[district] for district, count in known.items())
    whole = sum(known.values())
    return Figure("seekers", part, whole, sum(seekers.values()) - whole, held.sources.get("residents", ""))
