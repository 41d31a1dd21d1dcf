"""Which profiles of the other side can be on a list with these? Exact, and without a close look at most of them."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import local

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from services.matching import kernels, pairing, text
from services.matching.index import HELD, SKILL_PARTS, Index, Shelf, Slots
from services.matching.kernels import Block, Documents, Postings, Queries, Seekers, SparseRows
from services.matching.profiles import Side, other_side
from services.matching.scorer import FULL, PARTS, weights_of
from services.matching.skills.likeness import SAME

Floors = NDArray[np.int32]

AT_ONCE = 64
"""Queries that go through the blocks together, so that a block's lists are read from the cache."""
_kept = local()
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Reached:
    """Pairs of `mine` and `others` (slots), best first for each of mine; `rank` is the place among its own."""

    mine: Slots
    others: Slots
    scores: Slots
    rank: Slots

    def where(self, chosen: NDArray[np.bool_]) -> "Reached":
        return Reached(self.mine[chosen], self.others[chosen], self.scores[chosen], self.rank[chosen])


def reached(index: Index, side: Side, slots: Slots, floors: Floors) -> Iterator[Reached]:
    """The best of the other side for each of these profiles, and everyone there whose floor the pair reaches.

    Args:
        floors: the least score that matters to each slot of the other side.
    """
    ask = _Search(index, side, floors)
    at_once = min(AT_ONCE, max(1, -(-len(slots) // THREADS)))
    chunks = [slots[start : start + at_once] for start in range(0, len(slots), at_once)]
    if len(chunks) < 2:
        yield from map(ask, chunks)
        return
    with ThreadPoolExecutor(THREADS) as pool:
        yield from pool.map(ask, chunks)


def values_of(index: Index, seekers: Slots, postings: Slots) -> NDArray[np.int16]:
    """The values of the parts of each of these pairs, a row a pair."""
    order = np.argsort(postings, kind="stable")
    rows = seekers_of(index), postings_of(index), law_of(index)
    values = np.empty((len(order), len(PARTS)), dtype=np.int16)
    values[order] = pairing.values_of(seekers[order], postings[order], *rows, _empty_row())
    return values


class _Search:
    """One direction over everyone at hand, as compiled loops take it."""

    def __init__(self, index: Index, side: Side, floors: Floors) -> None:
        self._index, self._side = index, side
        self._mine, self._others = index.shelves[side], index.shelves[other_side(side)]
        self._rules = index.epoch.rules
        self._weights = weights_of(self._rules)
        self._rows = seekers_of(index), postings_of(index), law_of(index)
        self._bound = kernels.bound_of(self._weights, self._rules.least_evidence)
        self._documents = Documents(floors, self._others.patterns, self._others.is_live)
        self._blocks = self._laid_out()

    def __call__(self, slots: Slots) -> Reached:
        bars = np.zeros((len(slots), self._rules.size(self._side)), dtype=np.int64)
        queries = Queries(slots, self._mine.patterns[slots], self._asked_terms(slots), bars)
        found = [self._in_block(block, queries) for block in self._blocks]
        return self._ranked(slots, bars[:, 0], *(np.concatenate(some) for some in zip(_NOTHING, *found, strict=True)))

    def _in_block(self, block: Block, queries: Queries) -> kernels.Found:
        by_postings, threshold = self._side == "posting", self._rules.threshold
        return pairing.search(
            block, self._documents, queries, by_postings, *self._rows, self._bound, threshold, _empty_row()
        )

    def _ranked(self, asking: Slots, bars: Slots, queries: Slots, others: Slots, scores: Slots) -> Reached:
        matters = (scores >= bars[queries]) | (scores >= self._documents.floors[others])
        queries, others, scores = queries[matters], others[matters], scores[matters]
        kept = self._others.kept[others]
        order = np.lexsort((kept["id_low"], kept["id_high"], kept["since"], -scores, queries))
        queries, others, scores = queries[order], others[order], scores[order]
        return Reached(asking[queries], others, scores, np.arange(len(queries)) - np.searchsorted(queries, queries))

    def _laid_out(self) -> list[Block]:
        shelf = self._others
        return shelf.blocks.covering(
            len(shelf.profiles),
            shelf.columns,
            shelf.text.arrays(),
            self._terms_between,
            len(self._index.vocabulary),
        )

    def _terms_between(self, first: int, last: int) -> SparseRows:
        """Terms as stored: a seeker's count one each, a posting's by their share of all that skills can bring."""
        some = np.arange(first, last)
        if self._side == "posting":
            return _rows(self._others.skills[HELD].take(some, len(self._index.vocabulary)))
        return _rows(self._asked_shares(self._others, some) / max(self._skill_weight(), 1))

    def _asked_terms(self, slots: Slots) -> SparseRows:
        """Terms as asked: spread over all that look like them, so that together they are at least what they bring."""
        alike = self._index.vocabulary.matrix() / SAME
        if self._side == "posting":
            return _rows((self._asked_shares(self._mine, slots) @ alike) * FULL)
        held = self._mine.skills[HELD].take(slots, alike.shape[0])
        return _rows((held @ alike) * (FULL * self._skill_weight()))

    def _asked_shares(self, postings: Shelf, slots: Slots) -> sparse.csr_matrix:
        """The weight that each term a posting asks for adds to a gain, over all its parts."""
        asked = sparse.csr_matrix((len(slots), len(self._index.vocabulary)))
        for part in SKILL_PARTS:
            rows = postings.skills[part].take(slots, asked.shape[1])
            counts = np.diff(rows.indptr)
            shares = np.repeat(self._rules.weights[part] / np.maximum(counts, 1), counts)
            asked += sparse.csr_matrix((shares, rows.indices, rows.indptr), shape=asked.shape)
        return asked

    def _skill_weight(self) -> int:
        return sum(self._rules.weights[part] for part in SKILL_PARTS)


def _empty_row() -> NDArray[np.uint16]:
    """Zeros as wide as the text, one for each thread, to be left as zeros."""
    if not hasattr(_kept, "row"):
        _kept.row = np.zeros(text.COLUMNS, dtype=np.uint16)
    row: NDArray[np.uint16] = _kept.row
    return row


_NOTHING = (np.empty(0, np.int64),) * 3


def seekers_of(index: Index) -> Seekers:
    shelf = index.shelves["seeker"]
    held = shelf.skills[HELD].terms()
    return Seekers(shelf.columns, shelf.text.arrays(), held, shelf.kept["states_certificates"])


def postings_of(index: Index) -> Postings:
    shelf = index.shelves["posting"]
    return Postings(shelf.columns, shelf.text.arrays(), *(shelf.skills[part].terms() for part in SKILL_PARTS))


def law_of(index: Index) -> kernels.Law:
    alike = index.vocabulary.matrix()
    likeness = SparseRows(alike.indptr.astype(np.int64), alike.indices, alike.data.astype(np.int64))
    return kernels.Law(*index.tables(), likeness, weights_of(index.epoch.rules))


def _rows(matrix: sparse.csr_matrix) -> SparseRows:
    return SparseRows(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float64))
