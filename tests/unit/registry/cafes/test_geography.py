"""Distances, areas and outlines, beside the plainest reckoning there is."""

from math import asin, cos, pi, radians, sin, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.cafes.geography import (
    EARTH_METRES,
    FlatMap,
    Point,
    area,
    area_within,
    degrees,
    distances,
    inside,
    outline,
    raster,
)

CITY = st.builds(Point, st.floats(37.4, 37.7), st.floats(126.8, 127.2))
SQUARE = [[37.50, 127.00], [37.50, 127.01], [37.51, 127.01], [37.51, 127.00]]


def plain_distance(a: Point, b: Point) -> float:
    """Haversine, written out."""
    north, east = radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)
    half = sin(north / 2) ** 2 + cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(east / 2) ** 2
    return 2 * EARTH_METRES * asin(sqrt(half))


@given(CITY, CITY)
def test_a_distance_is_the_haversine_and_the_same_both_ways(a: Point, b: Point) -> None:
    there, back = distances(degrees([a]), degrees([b]))[0, 0], distances(degrees([b]), degrees([a]))[0, 0]
    assert there == pytest.approx(plain_distance(a, b), abs=1e-6)
    assert there == back


def test_a_degree_of_latitude_is_a_known_length() -> None:
    assert distances(degrees([Point(37, 127)]), degrees([Point(38, 127)]))[0, 0] == pytest.approx(111_195, abs=1)


@given(CITY, CITY)
def test_the_flat_map_is_true_within_a_thousandth(a: Point, b: Point) -> None:
    both = degrees([a, b])
    flat = FlatMap.around(both)
    east, north = (flat.metres(both)[1] - flat.metres(both)[0]).tolist()
    assert sqrt(east**2 + north**2) == pytest.approx(plain_distance(a, b), rel=1e-3, abs=0.01)
    assert np.allclose(flat.degrees(flat.metres(both)), both)


@given(st.lists(CITY, min_size=1, max_size=8))
def test_an_outline_holds_every_point_and_is_never_thinner_than_a_circle(points: list[Point]) -> None:
    ring = outline(degrees(points), 100.0)
    assert inside(degrees(points), [ring]).all()
    assert area(ring) >= pi * 100.0**2 * 0.99


def test_a_hole_is_outside_and_is_taken_from_the_area() -> None:
    hole = [[37.502, 127.002], [37.502, 127.008], [37.508, 127.008], [37.508, 127.002]]
    points = degrees([Point(37.505, 127.005), Point(37.501, 127.001), Point(37.6, 127.005)])
    assert inside(points, [SQUARE, hole]).tolist() == [False, True, False]
    assert area_within([SQUARE, hole]) == pytest.approx(area(SQUARE) - area(hole))
    assert area_within([SQUARE]) == pytest.approx(1112 * 882, rel=0.01)


def test_the_cells_of_an_outline_make_up_its_area() -> None:
    cells = raster([SQUARE], 50.0)
    assert len(cells) * 50.0**2 == pytest.approx(area(SQUARE), rel=0.05)
    assert inside(cells, [SQUARE]).all()
