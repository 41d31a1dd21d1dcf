"""Shares within a walk and the choice of sites, beside enumeration on small cases and the laws of both."""

import subprocess
import sys
from csv import DictReader
from itertools import combinations
from json import loads

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.cafes import siting
from services.registry.cafes.coverage import Network, Path, StraightLine, Walk, reached, share
from services.registry.cafes.geography import Point, degrees, distances, raster
from tests.labelled_data import labelled

CITY = st.builds(Point, st.floats(37.50, 37.53), st.floats(127.00, 127.03))
POINTS = st.lists(CITY, min_size=1, max_size=12)
STRAIGHT = StraightLine()
WALK = Walk()


def covered(cafes: list[Point], demand: list[Point], walk: Walk = WALK) -> list[bool]:
    return reached(cafes, degrees(demand), walk, STRAIGHT).tolist()


@given(POINTS, POINTS)
def test_covered_is_who_has_a_cafe_within_the_walk(cafes: list[Point], demand: list[Point]) -> None:
    plain = [
        any(distances(degrees([cafe]), degrees([one]))[0, 0] * WALK.detour <= WALK.metres for cafe in cafes)
        for one in demand
    ]
    assert covered(cafes, demand) == plain


@given(POINTS, CITY, POINTS)
def test_one_more_cafe_never_takes_from_anyone(cafes: list[Point], more: Point, demand: list[Point]) -> None:
    before, after = covered(cafes, demand), covered([*cafes, more], demand)
    assert all(now for was, now in zip(before, after, strict=True) if was)


@given(POINTS, POINTS)
def test_the_order_of_cafes_does_not_matter(cafes: list[Point], demand: list[Point]) -> None:
    assert covered(cafes, demand) == covered(cafes[::-1], demand)


@given(POINTS, POINTS)
def test_a_longer_way_reaches_nobody_more(cafes: list[Point], demand: list[Point]) -> None:
    straight, winding = covered(cafes, demand, Walk(detour=1.0)), covered(cafes, demand, Walk(detour=1.6))
    assert all(was for was, now in zip(straight, winding, strict=True) if now)


def test_without_a_whole_there_is_no_share() -> None:
    nobody = share(np.zeros(0, dtype=bool), np.zeros(0))
    assert (nobody.part, nobody.whole, nobody.value) == (0.0, 0.0, None)
    assert share(np.array([True, False]), np.array([1.0, 3.0])).value == 0.25
    assert covered([], [Point(37.5, 127.0)]) == [False]


@pytest.mark.parametrize("wrong", [{"minutes": 0}, {"metres_a_minute": 0}, {"detour": 0.9}, {"minutes": float("nan")}])
def test_a_walk_that_nobody_walks_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="detour 1 to 5"):
        Walk(**wrong)


A, B, C = Point(37.500, 127.0), Point(37.504, 127.0), Point(37.504, 127.005)
RIVER = [Path(A, B), Path(B, C, metres=2_000.0), Path(B, C, metres=900.0)]


def test_the_network_takes_the_way_around() -> None:
    """A to B is 445 m straight; from there C is 441 m off, but the path is 900 m."""
    ways = Network(RIVER)
    assert ways.within([A], degrees([A, B, C]), Walk(10, 67, 1.0)).tolist() == [[True, True, False]]
    assert ways.within([A], degrees([C]), Walk(20.2, 67, 1.0)).tolist() == [[True]]
    assert STRAIGHT.within([A], degrees([C]), Walk(10, 67, 1.0)).tolist() == [[True]]
    assert ways.within([], degrees([C]), WALK).shape == (0, 1)


def test_the_way_to_the_first_junction_counts() -> None:
    off = Point(37.498, 127.0)  # 222 m south of A
    assert Network(RIVER).within([off], degrees([B]), Walk(10, 67, 1.0)).tolist() == [[True]]
    assert Network(RIVER).within([off], degrees([B]), Walk(10, 66, 1.0)).tolist() == [[False]]


REACH = st.integers(1, 7).flatmap(
    lambda sites: st.integers(1, 9).flatmap(
        lambda points: st.tuples(
            st.lists(st.lists(st.booleans(), min_size=points, max_size=points), min_size=sites, max_size=sites),
            st.lists(st.integers(0, 9), min_size=points, max_size=points),
            st.integers(1, 4),
        )
    )
)


@settings(max_examples=60, deadline=None)
@given(REACH)
def test_the_solver_finds_what_trying_everything_finds(case: tuple[list[list[bool]], list[int], int]) -> None:
    reach, weights, count = np.array(case[0], dtype=bool), np.array(case[1], dtype=float), case[2]
    tried = [siting.gain(reach, weights, some) for some in combinations(range(len(reach)), min(count, len(reach)))]
    best, greedy = siting.best(reach, weights, count), siting.greedy(reach, weights, count)
    random = siting.at_random(reach, weights, count, 20)
    assert best.gained == pytest.approx(max(tried))
    assert best.gap == pytest.approx(0.0, abs=1e-6)
    assert siting.gain(reach, weights, best.sites) == best.gained == sum(best.adds)
    assert (1 - 1 / np.e) * best.gained - 1e-9 <= greedy.gained <= best.gained + 1e-9
    assert random.most <= best.gained + 1e-9
    assert list(best.adds) == sorted(best.adds, reverse=True)


def test_where_greedy_errs_the_solver_does_not() -> None:
    reach = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 1]], dtype=bool)
    weights = np.array([3.0, 2.0, 3.0, 2.0, 2.0, 2.0])
    assert (siting.greedy(reach, weights, 2).gained, siting.best(reach, weights, 2).gained) == (12.0, 14.0)


def test_nothing_to_gain_is_an_answer() -> None:
    nothing = siting.best(np.zeros((3, 4), dtype=bool), np.ones(4), 2)
    assert (nothing.sites, nothing.gained, nothing.gap) == ((), 0.0, 0.0)


@pytest.mark.parametrize(("metres", "percent"), [(500, 35.2), (670, 51.3), (800, 60.5)])
def test_on_real_ground_the_share_is_the_one_known(metres: int, percent: float) -> None:
    """The share of Seoul's area within so many metres of a station, as it was reckoned elsewhere."""
    folder = labelled("seoul_geo")
    rings = [
        [(corner[1], corner[0]) for corner in ring]
        for feature in loads((folder / "gu_2013_simple.geojson").read_text("utf-8"))["features"]
        for ring in feature["geometry"]["coordinates"]
    ]
    lines = (folder / "stations.tsv").read_text("utf-8").splitlines()
    stations = [Point(float(row["lat"]), float(row["lon"])) for row in DictReader(lines, delimiter="\t")]
    cells = raster(rings, 250.0)
    found = share(reached(stations, cells, Walk(10, metres / 10, 1.0), STRAIGHT), np.ones(len(cells)))
    assert found.value == pytest.approx(percent / 100, abs=0.006)


def test_nothing_heavy_is_loaded_before_something_is_reckoned() -> None:
    heavy = {"scipy.optimize", "scipy.sparse", "scipy.spatial"}
    look = f"import sys, services.registry.cafes.city_coverage; print(*({heavy} & sys.modules.keys()))"
    assert subprocess.check_output([sys.executable, "-P", "-c", look], text=True).split() == []
