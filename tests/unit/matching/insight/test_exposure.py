"""Exposure: the figures of the fairness page against their definitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.insight.exposure import exposure, exposure_by, spread

times = st.lists(st.integers(0, 50), min_size=1, max_size=30).filter(any)


@given(times)
def test_gini_is_half_the_mean_difference_over_the_mean(shown: list[int]) -> None:
    count, mean = len(shown), sum(shown) / len(shown)
    difference = sum(abs(one - other) for one in shown for other in shown) / count**2
    assert exposure(shown).gini == pytest.approx(difference / (2 * mean))


@given(times, st.integers(1, 9))
def test_showing_all_more_often_alike_is_no_less_even(shown: list[int], factor: int) -> None:
    assert exposure(shown).gini == pytest.approx(exposure([factor * one for one in shown]).gini)


def test_one_takes_it_all() -> None:
    told = exposure([0] * 19 + [40])
    assert (told.never, told.most, told.shown) == (19, 40, 40)
    assert told.share_never == 0.95
    assert told.share_of_top_tenth == 1.0
    assert told.gini == pytest.approx(0.95)


def test_nobody_shown_is_unknown_not_even() -> None:
    assert exposure([0, 0]).gini is None
    assert exposure([]).share_never is None


def test_groups_are_judged_apart_and_the_unassigned_are_not_lost() -> None:
    told = exposure_by({"a": 3, "b": 0, "c": 1}, {"a": ["mapo"], "b": ["mapo", "jongno"]})
    assert {group: one.count for group, one in told.items()} == {"": 1, "jongno": 1, "mapo": 2}
    assert told["jongno"].never == 1


def test_a_spread_keeps_its_empty_steps() -> None:
    assert spread([499, 500, 1_700]) == [(0, 1), (500, 1), (1_000, 0), (1_500, 1)]
    assert spread([]) == []
