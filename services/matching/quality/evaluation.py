"""How good is a ranking? The usual metrics, by their definitions, with an interval that says how sure we are.

A ranking is the ids of documents, best first. Judgements are grades by document; a document without one has grade 0,
and one with a grade above 0 is relevant. Means are over the queries that have at least one relevant document.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Grades = Mapping[str, float]

DEPTH = 10
RESAMPLES = 2_000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Measured:
    """Metrics of one ranking, or their means; each 0…1."""

    map: float
    """Average precision: the mean of precision at the rank of each relevant document, 0 for those not ranked."""
    mrr: float
    """One by the rank of the first relevant document."""
    ndcg: float
    """Discounted gain (2^grade - 1) / log2(rank + 1) of the first ten, by the greatest possible."""
    precision_at_1: float
    recall: float
    """The share of the relevant documents that are among the first ten."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the mean lies, with 95 % confidence."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Means over queries; `intervals` by metric, in the same order."""

    queries: int
    means: Measured
    intervals: dict[str, Interval]


def measure(ranking: Sequence[str], grades: Grades) -> Measured:
    """The metrics of one ranking.

    Raises:
        ValueError: a document is ranked twice, or none is relevant.
    """
    relevant = {document: grade for document, grade in grades.items() if grade > 0}
    if not relevant:
        raise ValueError("no document is relevant")
    if len(set(ranking)) != len(ranking):
        raise ValueError("a document is ranked twice")
    ranks = [rank for rank, document in enumerate(ranking, 1) if document in relevant]
    gained = [relevant.get(document, 0.0) for document in ranking[:DEPTH]]
    return Measured(
        map=sum(found / rank for found, rank in enumerate(ranks, 1)) / len(relevant),
        mrr=1 / ranks[0] if ranks else 0.0,
        ndcg=_discounted(gained) / _discounted(sorted(relevant.values(), reverse=True)[:DEPTH]),
        precision_at_1=float(ranks[:1] == [1]),
        recall=sum(rank <= DEPTH for rank in ranks) / len(relevant),
    )


def evaluate(rankings: Mapping[str, Sequence[str]], judged: Mapping[str, Grades]) -> Evaluation:
    """Means over all judged queries; one that was not ranked counts nothing found.

    Raises:
        ValueError: no query has a relevant document.
    """
    of_queries = [
        measure(rankings.get(query, ()), grades)
        for query, grades in sorted(judged.items())
        if any(grade > 0 for grade in grades.values())
    ]
    return summed_up(of_queries)


def summed_up(of_queries: Sequence[Measured]) -> Evaluation:
    """Means of what was measured of each query.

    Raises:
        ValueError: there is none.
    """
    if not of_queries:
        raise ValueError("no query has a relevant document")
    names = [field.name for field in fields(Measured)]
    table = np.array([[getattr(one, name) for name in names] for one in of_queries])
    intervals = dict(zip(names, bootstrap(table), strict=True))
    means = Measured(**dict(zip(names, table.mean(axis=0).tolist(), strict=True)))
    return Evaluation(len(of_queries), means, intervals)


def bootstrap(table: NDArray[np.float64], seed: int = 0) -> list[Interval]:
    """Percentile intervals of the mean of each column, by drawing rows with replacement; the same for a seed."""
    draws = np.random.default_rng(seed).multinomial(len(table), np.full(len(table), 1 / len(table)), size=RESAMPLES)
    means = draws @ table / len(table)
    outside = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(means, [outside, 100 - outside], axis=0)
    return [Interval(float(least), float(most)) for least, most in zip(low, high, strict=True)]


def best_first(scores: NDArray[np.float64], ids: Sequence[str]) -> list[str]:
    """Documents by falling score, ties by id: no order of the file shows through."""
    by_id = sorted(range(len(ids)), key=ids.__getitem__)
    order = np.argsort(-scores[by_id], kind="stable")
    return [ids[by_id[at]] for at in order]


def _discounted(grades: Sequence[float]) -> float:
    return math.fsum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))
