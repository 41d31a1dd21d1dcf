"""Metrics against values worked out by hand."""

import math

import numpy as np
import pytest

from services.matching.quality.evaluation import best_first, bootstrap, evaluate, measure


def test_one_ranking_by_hand() -> None:
    measured = measure(["a", "b", "c", "d"], {"b": 2, "d": 1, "e": 1, "c": 0})
    assert measured.map == pytest.approx((1 / 2 + 2 / 4 + 0) / 3)
    assert measured.mrr == 1 / 2
    assert measured.precision_at_1 == 0
    assert measured.recall == pytest.approx(2 / 3)
    gained = 3 / math.log2(3) + 1 / math.log2(5)
    assert measured.ndcg == pytest.approx(gained / (3 + 1 / math.log2(3) + 1 / 2))


def test_a_perfect_ranking_is_one_in_everything() -> None:
    measured = measure(["b", "d", "x"], {"b": 2, "d": 1})
    assert (measured.map, measured.mrr, measured.ndcg, measured.precision_at_1, measured.recall) == (1, 1, 1, 1, 1)


def test_only_the_first_ten_gain() -> None:
    ranking = [f"x{rank}" for rank in range(10)] + ["a"]
    measured = measure(ranking, {"a": 1})
    assert (measured.ndcg, measured.recall, measured.map) == (0, 0, pytest.approx(1 / 11))


@pytest.mark.parametrize(("ranking", "grades"), [(["a", "a"], {"a": 1}), (["a"], {"a": 0}), ([], {})])
def test_what_cannot_be_measured_is_an_error(ranking: list[str], grades: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"relevant|twice"):
        measure(ranking, grades)


def test_queries_without_a_ranking_count_as_nothing_found() -> None:
    judged = {"q1": {"a": 1.0}, "q2": {"b": 1.0}, "q3": {"c": 0.0}}
    found = evaluate({"q1": ["a"]}, judged)
    assert (found.queries, found.means.map, found.means.precision_at_1) == (2, 0.5, 0.5)
    with pytest.raises(ValueError, match="no query"):
        evaluate({}, {"q3": {"c": 0.0}})


def test_an_interval_holds_the_mean_narrows_with_more_queries_and_is_the_same_each_time() -> None:
    few, many = np.array([[0.0], [1.0]] * 10), np.array([[0.0], [1.0]] * 1_000)
    (wide,), (narrow,) = bootstrap(few), bootstrap(many)
    assert wide.low < narrow.low < 0.5 < narrow.high < wide.high
    assert bootstrap(few) == bootstrap(few)
    # the mean of n fair coins has a deviation of 1 / (2 √n): 1.96 of them on either side
    assert narrow.high - narrow.low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(2_000), rel=0.1)
    assert bootstrap(np.ones((5, 1)))[0].low == 1


def test_ties_go_by_id_not_by_the_order_of_a_file() -> None:
    assert best_first(np.array([1.0, 2.0, 1.0]), ["c", "b", "a"]) == ["b", "a", "c"]
