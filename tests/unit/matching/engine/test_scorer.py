"""Parts add up exactly, in every view, and the unknown neither helps nor hurts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.matching.engine.scorer import PARTS, UNKNOWN, VIEWS, Rules, combine, points
from tests.unit.matching import naive

RULES = Rules()
pair_values = st.lists(st.sampled_from([UNKNOWN, 0, 1, 3333, 5000, 6667, 9999, 10_000]), min_size=9, max_size=9)
many_values = st.lists(pair_values, min_size=1, max_size=8)


@given(many_values)
def test_points_add_up_and_are_what_one_works_out_by_hand(pairs: list[list[int]]) -> None:
    values = np.array(pairs, dtype=np.int16).T
    for view in VIEWS:
        shares, totals = points(values, RULES, view)
        assert (shares.sum(axis=0) == totals).all()
        assert (shares >= 0).all()
        for at, pair in enumerate(pairs):
            known = {part: value for part, value in zip(PARTS, pair, strict=True) if value != UNKNOWN}
            expected = naive.shares(known, RULES, view)
            assert {part: int(shares[n, at]) for n, part in enumerate(PARTS) if part in expected} == expected
            assert totals[at] == (naive.total(known, RULES, view) or 0)


@given(many_values)
def test_the_score_of_a_block_is_the_sum_of_the_points(pairs: list[list[int]]) -> None:
    values = np.array(pairs, dtype=np.int16).T
    _, totals = points(values, RULES)
    scores = combine(values[:, None, :], RULES)[0]
    nothing_known = (values == UNKNOWN).all(axis=0)
    assert (scores[~nothing_known] == totals[~nothing_known]).all()
    assert (scores[nothing_known] == UNKNOWN).all()


@given(pair_values)
def test_a_better_part_never_lowers_the_score_among_the_same_known_parts(values: list[int]) -> None:
    better = [min(value + 500, 10_000) if value != UNKNOWN else value for value in values]
    block = np.array([values, better], dtype=np.int16).T[:, None, :]
    worse_score, better_score = combine(block, RULES)[0]
    assert better_score >= worse_score


def test_every_part_belongs_to_a_view_and_has_a_weight() -> None:
    assert VIEWS["seeker"] | VIEWS["posting"] == VIEWS["score"] == set(PARTS)
    assert sum(RULES.weights.values()) == 100
    assert all(RULES.weights[part] > 0 for part in PARTS)
