"""How good is a ranking? Plain figures from where the relevant ones came out, all between 0 and 1.

The average precision of a query is the mean, over its relevant documents, of the share of relevant ones among those
down to it (Buckley & Voorhees 2000); the reciprocal rank is 1 / place of the first; nDCG@10 takes gain 2^grade - 1 and
discount 1 / log2(place + 1), over the ideal order's (Burges et al. 2005); P@1 is whether the first is relevant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DEPTH = 10
RESAMPLED = 1000
INTERVAL = (2.5, 97.5)
"""Percentiles of the means of resampled queries (Efron's bootstrap): where 95 of 100 such samples would lie."""


@dataclass(frozen=True)
class Figures:
    """What one ranking is worth, or the mean of many."""

    average_precision: float
    reciprocal_rank: float
    ndcg: float
    first: float


def figures(ranked: Sequence[str], grades: Mapping[str, float]) -> Figures:
    """Of one query: `ranked` best first; what is relevant has a grade above 0, and at least one document must be."""
    relevant = {document: grade for document, grade in grades.items() if grade > 0}
    if not relevant:
        raise ValueError("no document is relevant")
    places = [place for place, document in enumerate(ranked, 1) if document in relevant]
    precision = sum(found / place for found, place in enumerate(places, 1)) / len(relevant)
    gained = _discounted([relevant.get(document, 0.0) for document in ranked[:DEPTH]])
    ideal = _discounted(sorted(relevant.values(), reverse=True)[:DEPTH])
    first = places[0] if places else 0
    return Figures(precision, 1 / first if first else 0.0, gained / ideal, float(first == 1))


def mean(many: Sequence[Figures]) -> Figures:
    return Figures(*_table(many).mean(axis=0).tolist())


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Between which means 95 of 100 samples of as many queries would lie; the same for the same values and seed."""
    generator, held = np.random.default_rng(seed), np.asarray(values)
    means = [held[generator.integers(0, len(held), len(held))].mean() for _ in range(RESAMPLED)]
    low, high = np.percentile(means, INTERVAL).tolist()
    return low, high


def _discounted(grades: Sequence[float]) -> float:
    return float(sum((2**grade - 1) / np.log2(place + 1) for place, grade in enumerate(grades, 1)))


def _table(many: Sequence[Figures]) -> NDArray[np.float64]:
    return np.array([(one.average_precision, one.reciprocal_rank, one.ndcg, one.first) for one in many])
