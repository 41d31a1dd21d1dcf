"""Which profiles of the other side can be on a list with these? Exact, and without a close look at most of them."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import local

import numpy as np
from numpy.typing import NDArray

from services.matching.engine import asked_terms, exact_pair, kernels, layers, pairing, reaches, text
from services.matching.engine.index import Index
from services.matching.engine.kernels import Block, Documents, Postings, Queries, Seekers, SparseRows
from services.matching.engine.profiles import Side, other_side
from services.matching.engine.scorer import FULL, PARTS, weights_of
from services.matching.engine.shelf import HELD, SKILL_PARTS, Slots
from services.matching.engine.skills.likeness import SAME

Floors = NDArray[np.int32]

AT_ONCE = 64
"""Queries that go through the blocks together, so that a block's lists are read from the cache."""
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_BESIDE = ThreadPoolExecutor(THREADS, thread_name_prefix="search")
"""For one who asks: to start threads would take as long as a search. A batch has threads of its own, so that nobody
waits in its queue."""
_kept = local()


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

    Many profiles are spread over all cores; the blocks that one alone has to go through as well.

    Args:
        floors: the least score that matters to each slot of the other side, 0 to 10,000 or `OUT_OF_REACH`.
    """
    if not len(slots):  # nobody asks: to lay the shelf out for nobody takes longer than all else that a batch does
        return
    ask = _Search(index, side, floors)
    rounds = -(-len(slots) // (AT_ONCE * THREADS))
    chunks = np.array_split(slots, min(len(slots), rounds * THREADS))
    if len(chunks) == 1:
        yield ask.beside(chunks[0])
    else:
        with ThreadPoolExecutor(THREADS) as pool:
            yield from pool.map(ask, chunks)


def values_of(index: Index, seekers: Slots, postings: Slots) -> NDArray[np.int16]:
    """The values of the parts of each of these pairs, a row a pair."""
    order = np.argsort(postings, kind="stable")
    rows = seekers_of(index), postings_of(index), law_of(index)
    values = np.empty((len(order), len(PARTS)), dtype=np.int16)
    values[order] = exact_pair.values_of(seekers[order], postings[order], *rows, _empty_row())
    return values


class _Search:
    """One direction over everyone at hand, as compiled loops take it."""

    def __init__(self, index: Index, side: Side, floors: Floors) -> None:
        self._index, self._side = index, side
        self._mine, self._others = index.shelves[side], index.shelves[other_side(side)]
        self._rules = index.epoch.rules
        self._weights = weights_of(self._rules)
        self._rows = seekers_of(index), postings_of(index), law_of(index)
        self._bound = _bound_of(tuple(self._weights.tolist()), self._rules.least_evidence)
        self._documents = Documents(floors, self._others.is_live)
        self._layers = self._laid_out()

    def __call__(self, slots: Slots) -> Reached:
        """All blocks, one after the other."""
        apart = self._index.pairs_apart(self._side, slots)
        queries = self._queries(slots, self._places(apart))
        return self._ranked(slots, apart, [self._in_blocks(queries, self._open_to(slots))])

    def beside(self, slots: Slots) -> Reached:
        """Shares of the blocks at the same time, if there are enough to be worth it."""
        opened = self._open_to(slots)
        if len(opened) < THREADS or len(self._others.profiles) <= layers.LARGEST:
            return self(slots)
        shares = [opened[start::THREADS] for start in range(THREADS)]
        apart = self._index.pairs_apart(self._side, slots)
        queries = self._queries(slots, self._places(apart))
        asked = [queries._replace(bars=queries.bars.copy()) for _ in shares]
        return self._ranked(slots, apart, list(_BESIDE.map(self._in_blocks, asked, shares)))

    def _places(self, apart: Slots) -> int:
        """So many of the best are looked for that enough are left without those who are kept apart."""
        return self._rules.size(self._side) + int(np.bincount(apart[:, 0]).max(initial=0))

    def _queries(self, slots: Slots, places: int) -> Queries:
        bars = np.zeros((len(slots), places), dtype=np.int64)
        return Queries(slots, self._mine.patterns[slots], self._asked_terms(slots), bars)

    def _open_to(self, slots: Slots) -> list[Block]:
        """The blocks that gates do not shut as a whole."""
        seekers, postings, law = self._rows
        asks = slots, self._side == "posting", seekers.conditions, postings.conditions, law.occupations, law.districts
        return [
            block
            for layer in self._layers
            for block, is_open in zip(
                layer.blocks, reaches.open_blocks(layer.stretches, layer.ends, *asks).tolist(), strict=True
            )
            if is_open
        ]

    def _in_blocks(self, queries: Queries, share: Sequence[Block]) -> tuple[Slots, list[kernels.Found]]:
        """The scores of each one's best within these blocks, and whoever may be among them."""
        by_postings, threshold = self._side == "posting", self._rules.threshold
        found = [
            pairing.search(
                block,
                self._documents,
                queries,
                by_postings,
                *self._rows_of(block),
                self._bound,
                threshold,
                _empty_row(),
            )
            for block in share
        ]
        return queries.bars, found

    def _rows_of(self, block: Block) -> tuple[Seekers, Postings, kernels.Law]:
        seekers, postings, law = self._rows
        if self._side == "posting":
            return seekers._replace(conditions=block.conditions), postings, law
        return seekers, postings._replace(conditions=block.conditions), law

    def _ranked(self, asking: Slots, apart: Slots, results: Sequence[tuple[Slots, list[kernels.Found]]]) -> Reached:
        bars = np.sort(np.concatenate([best for best, _ in results], axis=1), axis=1)[:, -self._places(apart)]
        found = [some for _, of_share in results for some in of_share]
        queries, others, scores = (np.concatenate(some) for some in zip(_NOTHING, *found, strict=True))
        matters = (scores >= bars[queries]) | (scores >= self._documents.floors[others])
        if len(apart):
            width = len(self._others.profiles)
            matters &= ~np.isin(queries * width + others, apart[:, 0] * width + apart[:, 1])
        queries, others, scores = queries[matters], others[matters], scores[matters]
        kept = self._others.kept[others]
        order = np.lexsort((kept["id_low"], kept["id_high"], kept["since"], -scores, queries))
        queries, others, scores = queries[order], others[order], scores[order]
        return Reached(asking[queries], others, scores, np.arange(len(queries)) - np.searchsorted(queries, queries))

    def _laid_out(self) -> list[layers.Layer]:
        shelf, side = self._others, other_side(self._side)
        rows = layers.Rows(
            shelf.columns,
            shelf.patterns,
            shelf.text.arrays(),
            text.COLUMNS,
            lambda slots: self._terms(side, slots, 1 / max(self._skill_weight(), 1)),
            len(self._index.vocabulary),
            lambda: self._index.occupation_ranks(side),
        )
        return shelf.layers.covering(len(shelf.profiles), rows)

    def _asked_terms(self, slots: Slots) -> SparseRows:
        """Terms as asked: spread over all that look like them, so that together they are at least what they bring."""
        alike = self._rows[2].alike
        if self._side == "posting":
            return asked_terms.spread_over(self._terms("posting", slots, FULL / SAME), alike)
        terms = self._terms("seeker", slots, 1.0)
        return asked_terms.spread_over(
            terms._replace(values=terms.values * (FULL / SAME * self._skill_weight())), alike
        )

    def _terms(self, side: Side, slots: Slots, share: float) -> SparseRows:
        """A seeker's at one each, a posting's at their share of the weight of their part, times `share`."""
        seekers, postings, law = self._rows
        if side == "seeker":
            return asked_terms.terms_held(slots, seekers.held)
        return asked_terms.terms_asked(slots, postings, law.weights * share)

    def _skill_weight(self) -> int:
        return sum(self._rules.weights[part] for part in SKILL_PARTS)


@lru_cache(maxsize=8)
def _bound_of(weights: tuple[int, ...], least_evidence: int) -> kernels.Bound:
    return kernels.bound_of(np.array(weights), least_evidence)


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
    return kernels.Law(*index.tables(), index.likeness(), weights_of(index.epoch.rules))
