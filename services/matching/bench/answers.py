"""Who are the best, and did a system find exactly them? By looking at everyone, without any index."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from services.matching.bench.made import TOP
from services.matching.engine.index import MOST_CELLS, Index
from services.matching.engine.profiles import Side, other_side
from services.matching.engine.search import Reached
from services.matching.engine.shelf import Slots

NOBODY = -1


class Best(NamedTuple):
    """The best of the other side for each that asked, best first; `NOBODY` where there are no more."""

    ids: Slots
    scores: NDArray[np.float64]


def found_by_us(found: list[Reached], asked: Slots) -> Best:
    """What the search told of these; it may tell more than the best, and of more than these."""
    best = _nothing(len(asked))
    place = {slot: row for row, slot in enumerate(asked.tolist())}
    for some in found:
        for mine, other, score, rank in zip(some.mine, some.others, some.scores, some.rank, strict=True):
            if rank < TOP and int(mine) in place:
                best.ids[place[int(mine)], rank], best.scores[place[int(mine)], rank] = other, score
    return best


def found_in_rows(found: sparse.csr_matrix, count: int) -> Best:
    """The first rows of a matrix that holds the best alone, in any order within a row."""
    best = _nothing(count)
    for row in range(count):
        own = slice(found.indptr[row], found.indptr[row + 1])
        order = np.lexsort((found.indices[own], -found.data[own]))[:TOP]
        best.ids[row, : len(order)] = found.indices[own][order]
        best.scores[row, : len(order)] = found.data[own][order]
    return best


def by_scorer(index: Index, side: Side, asked: Slots) -> Best:
    """Everyone scored as the scorer does; ties by who came first, then by id."""
    shelf, threshold = index.shelves[other_side(side)], index.epoch.rules.threshold
    everyone = shelf.live()
    order = shelf.order(everyone)
    best = _nothing(len(asked))
    for row, slot in enumerate(asked):
        scores = np.concatenate([_scores(index, side, slot, some) for some in _portions(everyone)])
        first = np.lexsort((order, -scores))[:TOP]
        first = first[scores[first] >= threshold]
        best.ids[row, : len(first)], best.scores[row, : len(first)] = everyone[first], scores[first]
    return best


def _scores(index: Index, side: Side, slot: int, others: Slots) -> NDArray[np.int32]:
    one = np.array([slot])
    return index.score(one, others).scores[0] if side == "seeker" else index.score(others, one).scores[:, 0]


def _portions(everyone: Slots) -> list[Slots]:
    return np.array_split(everyone, max(1, len(everyone) * 9 // MOST_CELLS))


def by_sums(rows: sparse.csr_matrix, others: sparse.csr_matrix) -> Best:
    """Every product of two rows, in double precision; ties by place."""
    best = _nothing(rows.shape[0])
    for row in range(rows.shape[0]):
        scores = (others @ rows[row].T).toarray().ravel()
        first = np.lexsort((np.arange(len(scores)), -scores))[:TOP]
        first = first[scores[first] > 0]
        best.ids[row, : len(first)], best.scores[row, : len(first)] = first, scores[first]
    return best


def wrong(told: Best, exact: Best, tolerance: float = 0.0) -> int:
    """Of how many the ids, their order or the scores differ; ids may trade places where scores are within tolerance."""
    if told.ids.shape != exact.ids.shape:
        return len(exact.ids)
    scores = (np.abs(told.scores - exact.scores) <= tolerance).all(axis=1)
    ids = np.array(
        [_same_but_for_ties(*each, tolerance) for each in zip(told.ids, exact.ids, exact.scores, strict=True)]
    )
    return int((~(scores & ids)).sum())


def _same_but_for_ties(told: Slots, exact: Slots, scores: NDArray[np.float64], tolerance: float) -> bool:
    """The same ids in the same order, but those of equal scores in any; which of the equal are last may differ too."""
    told, exact, scores = (some[exact != NOBODY] for some in (told, exact, scores))
    if tolerance == 0.0 or (told == exact).all():
        return bool((told == exact).all())
    apart = np.flatnonzero(-np.diff(scores) > 2 * tolerance) + 1
    runs = list(zip([0, *apart], [*apart, len(scores)], strict=True))
    to_compare = runs[:-1] if len(exact) == TOP else runs
    same = all(set(told[low:high]) == set(exact[low:high]) for low, high in to_compare)
    return same and len(set(told)) == len(told)


def _nothing(count: int) -> Best:
    return Best(np.full((count, TOP), NOBODY, dtype=np.int64), np.zeros((count, TOP)))
