"""Clusters of places, beside a naive density clustering, in any order."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.cafes.districts import KINDS, Density, JobPlace, propose
from services.registry.cafes.geography import Point, degrees, distances, inside

METRES = 1 / 111_195.0
"""A metre in degrees of latitude."""
PLACES = st.lists(
    st.builds(
        lambda north, east, kind, number: JobPlace(
            Point(37.5 + north * METRES, 127.0 + east * METRES), kind, f"{number}"
        ),
        st.integers(0, 2_000), st.integers(0, 2_000), st.sampled_from(KINDS), st.integers(0, 9),
    ),
    max_size=60, unique=True,
)  # fmt: skip
DENSITY = Density(150.0, 4)


def naive(places: list[JobPlace], density: Density) -> set[frozenset[JobPlace]]:
    """The cores of each cluster: dense places that are joined by steps from one dense place to the next."""
    where = degrees([place.point for place in places])
    near = [[j for j in range(len(places)) if distances(where[i : i + 1], where[j : j + 1])[0, 0] <= density.metres]
            for i in range(len(places))]  # fmt: skip
    dense = {i for i, others in enumerate(near) if len(others) >= density.least}
    clusters, left = set(), set(dense)
    while left:
        reached, edge = set(), {left.pop()}
        while edge:
            reached |= edge
            edge = {j for i in edge for j in near[i] if j in dense} - reached
        left -= reached
        clusters.add(frozenset(places[i] for i in reached))
    return clusters


@settings(max_examples=60, deadline=None)
@given(PLACES)
def test_each_cluster_has_the_cores_of_the_naive_one_and_only_what_is_near_them(places: list[JobPlace]) -> None:
    found, expected = propose(places, DENSITY), naive(places, DENSITY)
    assert len(found) == len(expected)
    for cores in expected:
        [cluster] = [each for each in found if cores <= set(each.places)]
        for place in set(cluster.places) - cores:
            apart = distances(degrees([place.point]), degrees([core.point for core in cores]))
            assert apart.min() <= DENSITY.metres + 1e-6


@settings(max_examples=40, deadline=None)
@given(PLACES, st.integers(0, 99))
def test_the_order_in_which_places_come_does_not_matter(places: list[JobPlace], seed: int) -> None:
    shuffled = random.Random(seed).sample(places, len(places))
    assert propose(shuffled, DENSITY) == propose(places, DENSITY)


def a_street(number: int, latitude: float = 37.55) -> list[JobPlace]:
    return [JobPlace(Point(latitude + 40 * i * METRES, 126.92), KINDS[i % 5], f"{latitude} {i}") for i in range(number)]


def test_a_proposal_tells_what_speaks_for_it() -> None:
    far = [JobPlace(Point(37.45 + i * 0.03, 127.1), "firm", f"alone {i}") for i in range(5)]
    [found] = propose([*a_street(10), *far], Density(100.0, 3))
    assert found.by_kind == dict.fromkeys(KINDS, 2)
    assert len(found.places) == 10
    assert inside(degrees([place.point for place in found.places]), [found.outline]).all()
    assert found.per_square_kilometre == pytest.approx(10 / found.square_metres * 1e6)
    assert found.times == pytest.approx(found.per_square_kilometre / found.background)
    assert found.times > 50


def test_the_background_is_of_the_area_that_is_given() -> None:
    [found] = propose(a_street(10), Density(100.0, 3), square_metres=10_000_000.0)
    assert found.background == pytest.approx(1.0)


def test_the_largest_comes_first_and_too_few_are_nothing() -> None:
    assert [len(each.places) for each in propose([*a_street(5), *a_street(8, 37.6)], Density(100.0, 3))] == [8, 5]
    assert propose(a_street(2), Density(100.0, 3)) == ()
    assert propose([], Density()) == ()


@pytest.mark.parametrize("wrong", [Density(0.0, 3), Density(6_000.0, 3), Density(100.0, 1)])
def test_a_density_that_no_place_could_have_is_refused(wrong: Density) -> None:
    with pytest.raises(ValueError, match="at least two"):
        propose(a_street(5), wrong)
