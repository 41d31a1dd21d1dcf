"""The season's plan: as good as any choice within the limits, and beside it what plain lists would do."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.season.plan import (
    Limits,
    Outcome,
    Pairs,
    best_plan,
    outcome,
    reasons,
    top_of_lists,
)


def pairs_of(rows: list[tuple[int, int, int]]) -> Pairs:
    """From seeker, posting, score; in the order of lists."""
    ordered = sorted(rows, key=lambda row: (row[0], -row[2], row[1]))
    seeker, posting, score = (np.array(column, dtype=np.int64) for column in zip(*ordered, strict=True))
    return Pairs(seeker, posting, score)


@st.composite
def seasons(draw: st.DrawFn) -> tuple[Pairs, Limits]:
    cells = st.tuples(st.integers(0, 3), st.integers(0, 3))
    chosen = draw(st.lists(cells, min_size=1, max_size=9, unique=True))
    rows = [(seeker, posting, draw(st.integers(1, 20))) for seeker, posting in chosen]
    few = st.integers(0, 3)
    limits = Limits(
        of_seeker=draw(st.integers(1, 2)),
        of_posting=np.array([draw(few) for _ in range(4)]),
        cafe=np.array([draw(st.integers(-1, 1)) for _ in range(4)]),
        of_cafe=np.array([draw(few) for _ in range(2)]),
    )
    return pairs_of(rows), limits


def is_within(pairs: Pairs, chosen: np.ndarray, limits: Limits) -> bool:
    seeker, posting = pairs.seeker[chosen], pairs.posting[chosen]
    cafe = limits.cafe[seeker]
    return bool(
        (np.bincount(seeker, minlength=4) <= limits.of_seeker).all()
        and (np.bincount(posting, minlength=4) <= limits.of_posting).all()
        and (np.bincount(cafe[cafe >= 0], minlength=2) <= limits.of_cafe).all()
    )


@given(seasons())
@settings(max_examples=60, deadline=None)
def test_no_choice_within_the_limits_is_better(season: tuple[Pairs, Limits]) -> None:
    pairs, limits = season
    chosen = best_plan(pairs, limits)
    choices = (np.array(choice) for choice in product([False, True], repeat=len(pairs)))
    best = max(int(pairs.score[choice].sum()) for choice in choices if is_within(pairs, choice, limits))
    assert is_within(pairs, chosen, limits)
    assert int(pairs.score[chosen].sum()) == best


def crowd(seekers: int = 40) -> tuple[Pairs, Limits, np.ndarray]:
    """Everyone's first is posting 0, which has one place; each has a lesser posting of her own."""
    rows = [row for one in range(seekers) for row in ((one, 0, 9_000), (one, one + 1, 5_000))]
    places = np.ones(seekers + 1, dtype=np.int64)
    limits = Limits(1, 2 * places, np.zeros(seekers, dtype=np.int64), np.array([1_000]))
    return pairs_of(rows), limits, places


def test_a_plan_spreads_the_crowd_that_lists_make() -> None:
    pairs, limits, places = crowd()
    plain = outcome(pairs, top_of_lists(pairs, limits.of_seeker), limits, places)
    planned = outcome(pairs, best_plan(pairs, limits), limits, places)
    assert (plain.largest_crowd, plain.postings_with_a_candidate, plain.beyond_capacity) == (40, 1, 38)
    assert (planned.largest_crowd, planned.postings_with_a_candidate, planned.beyond_capacity) == (2, 39, 0)
    assert planned.seekers_with_an_offer == plain.seekers_with_an_offer == 40
    assert plain.mean_fit == 9_000
    assert planned.mean_fit == pytest.approx((2 * 9_000 + 38 * 5_000) / 40)


def test_a_later_choice_is_explained_by_what_stands_before_it() -> None:
    pairs, limits, places = crowd()
    chosen = best_plan(pairs, limits)
    why = reasons(pairs, chosen, places)
    second = [one for one in why.values() if one.choice == 2]
    assert len(second) == 38
    (passed,) = second[0].passed_over
    assert (passed.posting, passed.place_on_list, passed.listed_by, passed.places) == (0, 1, 40, 1)
    assert sorted(why) == np.flatnonzero(chosen).tolist()


def test_a_season_without_pairs_says_nothing_rather_than_nought() -> None:
    none = np.zeros(0, dtype=np.int64)
    pairs = Pairs(none, none, none)
    limits = Limits(3, np.array([2]), np.array([-1, -1]), none)
    told = outcome(pairs, best_plan(pairs, limits), limits, np.array([1]))
    assert told == Outcome(0, 0, None, 0, 2, 0, 0, 1, 0, 0, 1, 0, 0)
