"""How is a shelf laid out to be searched? In blocks that are written once; new rows stand in small ones, merged later.

A block is an inverted index over neighbouring slots. What came since the last search becomes a small block of its own;
a block that is not larger than its follower is merged with it, so a row is written anew a few times in its life and
there are few blocks at any time. Dead rows stay where they are: who is live is asked at search.
"""

from collections.abc import Callable

import numpy as np

from services.matching.engine.kernels import Array, Block, SparseRows, invert, often, stretches_of

LARGEST = 2**15
"""Slots of a block: their numbers within it take two bytes, and a block's sums stay in the fast cache."""
OFTEN = 8
"""A column that one document in so many has is not listed but bounded."""
SMALLEST = 256
"""Up to so many slots have no index: to look through their rows takes less time than to write one for each arrival."""

TermsOf = Callable[[int, int], SparseRows]
"""The terms of the documents from one slot to another, as they count in a sum."""


class Blocks:
    """The blocks of one shelf, in the order of its slots."""

    def __init__(self, text_width: int, occupation: str, types: str) -> None:
        self._text_width, self._fields = text_width, (occupation, types)
        self.all: list[Block] = []

    def covering(  # noqa: PLR0913, PLR0917
        self, count: int, conditions: Array, patterns: Array, text: SparseRows, terms_of: TermsOf, terms_width: int
    ) -> list[Block]:
        """Blocks over the first `count` slots."""
        spans = [(block.first, block.last) for block in self.all]
        done = spans[-1][1] if spans else 0
        for first in range(done, count, LARGEST):
            spans.append((first, min(first + LARGEST, count)))
            while len(spans) > 1 and _belong_together(*spans[-2:]):
                spans[-2:] = [(spans[-2][0], spans[-1][1])]
        known = {(block.first, block.last): block for block in self.all}
        self.all = [
            known.get(span) or self._made(*span, conditions, patterns, text, terms_of, terms_width) for span in spans
        ]
        return self.all

    def _made(  # noqa: PLR0913, PLR0917
        self,
        first: int,
        last: int,
        conditions: Array,
        patterns: Array,
        text: SparseRows,
        terms_of: TermsOf,
        terms_width: int,
    ) -> Block:
        said = [*(conditions[name][first:last] for name in self._fields), patterns[first:last]]
        members = np.lexsort(said[::-1]).astype(np.uint16)
        said = [each[members] for each in said]
        stretches = stretches_of(*said)
        by_stretch = members, conditions[first:last][members], stretches, *(each[stretches[:-1]] for each in said)
        if last - first <= SMALLEST:
            return Block(first, last, *by_stretch, *_without_lists(last - first))
        head = often(text, first, last, self._text_width, (last - first) // OFTEN)
        width = self._text_width + terms_width
        listed = invert(text, terms_of(first, last), first, members, head, width, self._text_width)
        return Block(first, last, *by_stretch, *listed)


def _without_lists(size: int) -> tuple[Array, ...]:
    nothing, no_entries = np.empty(0, np.int32), np.empty(0, np.uint32)
    return nothing, no_entries, nothing, np.zeros(size, np.float32), np.zeros(size + 1, np.int32), no_entries


def _belong_together(one: tuple[int, int], follower: tuple[int, int]) -> bool:
    size, next_size = one[1] - one[0], follower[1] - follower[0]
    return size + next_size <= SMALLEST or (size <= next_size and size + next_size <= LARGEST)
