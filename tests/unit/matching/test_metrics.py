"""Figures of a ranking against what one works out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.metrics import Figures, figures, interval, mean


def test_figures_of_a_ranking_worked_out_by_hand() -> None:
    told = figures(["x", "a", "y", "b"], {"a": 1, "b": 2, "c": 1, "y": 0})
    assert told.average_precision == pytest.approx((1 / 2 + 2 / 4 + 0) / 3)
    assert told.reciprocal_rank == 1 / 2
    gained = 1 / math.log2(3) + 3 / math.log2(5)
    ideal = 3 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert told.ndcg == pytest.approx(gained / ideal)
    assert told.first == 0.0


def test_the_best_ranking_is_worth_one_and_none_nothing() -> None:
    grades = {"a": 2.0, "b": 1.0}
    assert figures(["a", "b", "c"], grades) == Figures(1.0, 1.0, 1.0, 1.0)
    assert figures(["c", "d"], grades) == Figures(0.0, 0.0, 0.0, 0.0)


def test_only_ten_places_count_for_ndcg() -> None:
    others = [f"x{place}" for place in range(10)]
    assert figures([*others, "a"], {"a": 1}).ndcg == 0.0
    assert figures([*others[:9], "a"], {"a": 1}).ndcg == pytest.approx(1 / math.log2(11))


def test_a_query_without_a_relevant_document_has_no_figures() -> None:
    with pytest.raises(ValueError, match="relevant"):
        figures(["a"], {"a": 0})


def test_the_mean_is_taken_figure_by_figure() -> None:
    assert mean([Figures(1, 1, 1, 1), Figures(0, 0.5, 0.25, 0)]) == Figures(0.5, 0.75, 0.625, 0.5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_lies_within_the_values_and_does_not_change(values: list[float]) -> None:
    low, high = interval(values)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert interval(values) == (low, high)
