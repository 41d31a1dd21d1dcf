"""What weights would the house's own outcomes suggest? Shown to a person beside the present ones, never taken up alone.

A label says of a pair, whose parts were worth so much, whether somebody acted on it. The chance of that is modelled as
a rising function of the score itself, so what is learned is a weight a part, in the same weighted mean of known parts
that production scores with. Weights are never negative: more fit never lowers. They are held near the present ones by a
penalty, so a part that the labels say little about keeps its weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from services.matching.engine.scorer import FULL, PARTS, UNKNOWN
from shared.contracts.matches import PartName

Float = NDArray[np.float64]

LEAST_LABELS = 200
LEAST_OF_EACH = 40
"""Fewer positive or negative labels than this tell more of chance than of fit."""
LATER_SHARE = 0.3
"""The latest labels are kept for the evaluation: the future is not to be learned from."""
HOLD = 20.0
"""How strongly weights are held to the present ones: as so many labels would."""
DRAWS = 500
"""Resamplings for an interval."""


@dataclass(frozen=True)
class Labels:
    """Pairs with what became of them, earliest first.

    `values` has a row a part in the order of `PARTS` and a column a pair: ten-thousandths, `UNKNOWN` without data.
    `good` says of each pair whether somebody acted on it.
    """

    values: NDArray[np.int16]
    good: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.good)

    def part(self, which: slice) -> "Labels":
        return Labels(self.values[:, which], self.good[which])


@dataclass(frozen=True)
class TooFew:
    """Nothing was learned."""

    labels: int
    good: int
    least: int = LEAST_LABELS
    least_of_each: int = LEAST_OF_EACH


@dataclass(frozen=True)
class Judged:
    """How well weights tell good pairs from others, on labels they were not learned from."""

    auc: float
    """The chance that a good pair scores above another one."""
    low: float
    high: float
    """95 % of resamplings lie between."""


@dataclass(frozen=True)
class Suggestion:
    """Weights that the labels suggest, whole and of the same sum as the present ones."""

    weights: dict[PartName, int]
    learned_from: int
    judged_on: int
    suggested: Judged
    present: Judged
    better: float
    """The share of resamplings in which the suggested weights judge better than the present ones."""


def suggest(labels: Labels, present: dict[PartName, int]) -> Suggestion | TooFew:
    """Learn from the earlier labels, judge on the later ones.

    Args:
        labels: earliest first.
        present: the weights in force, whole numbers.
    """
    split = round(len(labels) * (1 - LATER_SHARE))
    early, late = labels.part(slice(split)), labels.part(slice(split, None))
    if len(labels) < LEAST_LABELS or not (_tells(labels.good, LEAST_OF_EACH) and _tells(late.good, 1)):
        return TooFew(len(labels), int(labels.good.sum()))
    now = np.array([present[part] for part in PARTS], dtype=float)
    weights = whole(_learn(early, now), sum(present.values()))
    learned = np.array([weights[part] for part in PARTS], dtype=float)
    return _judge(late, weights, scores(late.values, learned), scores(late.values, now), len(early))


def scores(values: NDArray[np.int16], weights: Float) -> Float:
    """The weighted mean of known parts, of 1: a column a pair. Where no weight is known, 0."""
    known = values != UNKNOWN
    gained = (np.where(known, values, 0) / FULL * weights[:, None]).sum(axis=0)
    return np.asarray(gained / np.maximum((known * weights[:, None]).sum(axis=0), 1e-9))


def whole(weights: Float, total: int) -> dict[PartName, int]:
    """Weights as whole numbers of this sum, by largest remainder."""
    exact = weights / weights.sum() * total
    rounded = np.floor(exact).astype(int)
    order = np.argsort(rounded - exact, kind="stable")
    rounded[order[: total - rounded.sum()]] += 1
    return {part: int(weight) for part, weight in zip(PARTS, rounded, strict=True)}


def _learn(labels: Labels, present: Float) -> Float:
    """Minimise the log loss of a logistic curve over the score, plus the pull to the present weights."""
    parts = len(PARTS)
    scale = present.sum()

    def loss(asked: Float) -> float:
        weights, slope, shift = asked[:parts], asked[parts], asked[parts + 1]
        margin = slope * (scores(labels.values, weights) - shift)
        wrong = np.logaddexp(0, np.where(labels.good, -margin, margin)).sum()
        return float(wrong + HOLD * np.square((weights - present) / scale * parts).sum())

    start = np.r_[present, 4.0, np.median(scores(labels.values, present))]
    bounds = [*[(0.0, None)] * parts, (0.0, 50.0), (-1.0, 2.0)]
    found: Any = minimize(loss, start, method="L-BFGS-B", bounds=bounds)
    learned: Float = found.x[:parts]
    return learned if learned.sum() > 0 else present


def _judge(late: Labels, weights: dict[PartName, int], ours: Float, theirs: Float, learned_from: int) -> Suggestion:
    drawn = np.random.default_rng(0)
    pairs: list[list[float]] = []
    while len(pairs) < DRAWS:
        some = drawn.integers(0, len(late), len(late))
        if _tells(late.good[some], 1):
            pairs.append([roc_auc_score(late.good[some], held[some]) for held in (ours, theirs)])
    ours_drawn, theirs_drawn = np.array(pairs).T
    return Suggestion(
        weights=weights,
        learned_from=learned_from,
        judged_on=len(late),
        suggested=_judged(late, ours, ours_drawn),
        present=_judged(late, theirs, theirs_drawn),
        better=float((ours_drawn > theirs_drawn).mean()),
    )


def _judged(late: Labels, held: Float, drawn: Float) -> Judged:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Judged(float(roc_auc_score(late.good, held)), float(low), float(high))


def _tells(good: Sequence[bool] | NDArray[np.bool_], least: int) -> bool:
    count = int(np.sum(good))
    return min(count, len(good) - count) >= least
