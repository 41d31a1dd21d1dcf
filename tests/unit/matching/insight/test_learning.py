"""Weights from outcomes: a planted truth is found, chance is not mistaken for one, and few labels say so."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.engine.scorer import PARTS, UNKNOWN, Rules
from services.matching.insight.learning import Labels, Suggestion, TooFew, scores, suggest, whole

PRESENT = Rules().weights
COMMUTE = PARTS.index("commute")


def labels_of(count: int, seed: int = 0, *, told_by: int | None = COMMUTE) -> Labels:
    """Drawn pairs; who is acted upon depends on one part alone, or on nothing."""
    drawn = np.random.default_rng(seed)
    values = drawn.integers(0, 10_001, (len(PARTS), count)).astype(np.int16)
    values[drawn.random(values.shape) < 0.2] = UNKNOWN
    if told_by is None:
        return Labels(values, drawn.random(count) < 0.4)
    values[told_by] = drawn.integers(0, 10_001, count)
    return Labels(values, values[told_by] + drawn.normal(0, 1_500, count) > 5_500)


def test_a_part_that_decides_gets_the_weight() -> None:
    found = suggest(labels_of(1_500), PRESENT)
    assert isinstance(found, Suggestion)
    assert found.weights["commute"] > 3 * PRESENT["commute"]
    assert sum(found.weights.values()) == sum(PRESENT.values())
    assert found.suggested.low > found.present.auc
    assert found.better > 0.99
    assert (found.learned_from, found.judged_on) == (1_050, 450)


def test_chance_is_not_taken_for_a_truth() -> None:
    found = suggest(labels_of(1_500, told_by=None), PRESENT)
    assert isinstance(found, Suggestion)
    assert found.weights == PRESENT
    assert found.better == 0


@pytest.mark.parametrize(("count", "good"), [(199, None), (400, 39), (400, 400)])
def test_too_few_labels_say_so(count: int, good: int | None) -> None:
    labels = labels_of(count)
    if good is not None:
        labels = Labels(labels.values, np.arange(count) < good)
    found = suggest(labels, PRESENT)
    assert isinstance(found, TooFew)
    assert found.labels == count


@given(st.integers(0, 2**32 - 1), st.integers(0, len(PARTS) - 1))
@settings(max_examples=40, deadline=None)
def test_more_fit_never_lowers_whatever_was_learned(seed: int, part: int) -> None:
    drawn = np.random.default_rng(seed)
    weights = drawn.random(len(PARTS)) * (drawn.random(len(PARTS)) < 0.7) + 1e-6
    values = drawn.integers(0, 9_000, (len(PARTS), 5)).astype(np.int16)
    more = values.copy()
    more[part] += 1_000
    assert (scores(more, weights) >= scores(values, weights)).all()


@given(st.lists(st.floats(0, 1e3), min_size=len(PARTS), max_size=len(PARTS)).filter(lambda held: sum(held) > 1e-3))
def test_whole_weights_keep_their_sum(held: list[float]) -> None:
    weights = whole(np.array(held), 100)
    assert sum(weights.values()) == 100
    assert min(weights.values()) >= 0
