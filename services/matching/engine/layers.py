"""How is a shelf laid out to be searched? In layers of blocks that are written once, and merged as they grow.

What came since the last search becomes a small layer of its own; a layer that is not larger than its follower is merged
with it, so a row is written anew a few times in its life and there are few layers at any time. A layer puts whom gates
let in together next to each other and cuts its documents into blocks, so that a query passes over whole blocks: who
wishes another occupation, and who would not go so far. Dead rows stay where they are: who is live is asked at search.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from services.matching.engine.directory import Directory
from services.matching.engine.kernels import Array, Block, SparseRows, Stretches, invert
from services.matching.engine.reaches import each_alone, order, stretches_of

LARGEST = 2**15
"""Documents of a block: their numbers within it take two bytes, and a block's sums stay in the fast cache."""
LAYER = 32
"""Blocks of a layer at most: to lay it out anew takes seconds, but comes once in as many arrivals as it holds."""
OFTEN = 16
"""A column that one document in so many has is not listed but bounded."""
SMALLEST = 256
"""Up to so many documents have no index: to look through their rows takes less time than to write one for each arrival.
"""

TermsOf = Callable[[Array], SparseRows]
"""The terms of the documents in these slots, as they count in a sum: a seeker's one each, a posting's by their share of
all that skills can bring."""


class Layer(NamedTuple):
    """The slots `first` to `last` in blocks; the stretches of all blocks together, and where each block's end."""

    first: int
    last: int
    blocks: list[Block]
    stretches: Stretches
    ends: Array


class Rows(NamedTuple):
    """What a layout is made of: what everyone says and asks for, by slot."""

    conditions: Array
    patterns: Array
    text: SparseRows
    text_width: int
    terms_of: TermsOf
    terms_width: int
    occupation_ranks: Callable[[], Array]
    """The place of each number of an occupation among all, like ones near each other."""


class Layers:
    """The layers of one shelf, in the order of its slots."""

    def __init__(self) -> None:
        self.all: list[Layer] = []

    @property
    def blocks(self) -> list[Block]:
        return [block for layer in self.all for block in layer.blocks]

    def covering(self, count: int, rows: Rows) -> list[Layer]:
        """Layers over the first `count` slots."""
        spans = [(layer.first, layer.last) for layer in self.all]
        done = spans[-1][1] if spans else 0
        for first in range(done, count, LAYER * LARGEST):
            spans.append((first, min(first + LAYER * LARGEST, count)))
            while len(spans) > 1 and _belong_together(*spans[-2:]):
                spans[-2:] = [(spans[-2][0], spans[-1][1])]
        known = {(layer.first, layer.last): layer for layer in self.all}
        self.all = [known.get(span) or _layer(*span, rows) for span in spans]
        return self.all


def _layer(first: int, last: int, rows: Rows) -> Layer:
    slots = np.arange(first, last, dtype=np.int32)
    blocks = [_unlisted(slots, rows)] if len(slots) <= SMALLEST else _listed_blocks(slots, rows)
    if len(blocks) == 1:
        return Layer(first, last, blocks, blocks[0].stretches, np.array([len(blocks[0].stretches.patterns)]))
    told = [np.concatenate(some) for some in zip(*(block.stretches[1:] for block in blocks), strict=True)]
    ends = np.cumsum([len(block.stretches.patterns) for block in blocks])
    starts = np.concatenate([block.stretches.starts[:-1] for block in blocks])
    return Layer(first, last, blocks, Stretches(starts, *told), ends)


def _unlisted(slots: Array, rows: Rows) -> Block:
    """As they came: to put them in order takes longer than to look at each."""
    conditions, patterns = rows.conditions[slots], rows.patterns[slots]
    return Block(slots, conditions, each_alone(conditions, patterns), *_without_lists(len(slots)))


def _listed_blocks(slots: Array, rows: Rows) -> list[Block]:
    wished = rows.conditions["occupations" if "areas" in (rows.conditions.dtype.names or ()) else "occupation"][slots]
    ranks = rows.occupation_ranks()[wished] if len(slots) > LARGEST else wished
    together = order(rows.conditions[slots], ranks, np.zeros(len(slots), dtype=np.uint16))
    return [_listed(slots[part], ranks[part], rows) for part in np.array_split(together, -(-len(slots) // LARGEST))]


def _listed(slots: Array, ranks: Array, rows: Rows) -> Block:
    members = slots[order(rows.conditions[slots], ranks, rows.patterns[slots])]
    conditions = rows.conditions[members]
    stretches = stretches_of(conditions, rows.patterns[members])
    width, often = rows.text_width + rows.terms_width, len(members) // OFTEN
    listed = invert(rows.text, rows.terms_of(members), members, rows.text_width, width, often)
    return Block(members, conditions, stretches, *listed)


def _without_lists(size: int) -> tuple[Any, ...]:
    nothing, no_entries = np.empty(0, np.int32), np.empty(0, np.uint32)
    no_lists = Directory(np.empty(0, np.uint64), nothing, nothing)
    return no_lists, no_entries, nothing, np.zeros(size, np.float32), np.zeros(size + 1, np.int32), no_entries


def _belong_together(one: tuple[int, int], follower: tuple[int, int]) -> bool:
    size, next_size = one[1] - one[0], follower[1] - follower[0]
    return size + next_size <= SMALLEST or (size <= next_size and size + next_size <= LAYER * LARGEST)
