"""How is a shelf laid out to be searched? In blocks that are written once; new rows stand in small ones, merged later.

A block is an inverted index over neighbouring slots. What came since the last search becomes a small block of its own;
a block that is not larger than its follower is merged with it, so a row is written anew a few times in its life and
there are few blocks at any time. Dead rows stay where they are: who is live is asked at search.
"""

from collections.abc import Callable

import numpy as np

from services.matching.kernels import Block, SparseRows, invert, often

LARGEST = 2**15
"""Slots of a block: their numbers within it take two bytes, and a block's sums stay in the fast cache."""
OFTEN = 8
"""A column that one document in so many has is not listed but bounded."""
SMALLEST = 1024
"""Up to so many slots a block is written anew for whoever comes, and has no head."""

TermsOf = Callable[[int, int], SparseRows]
"""The terms of the documents from one slot to another, as they count in a sum."""


class Blocks:
    """The blocks of one shelf, in the order of its slots."""

    def __init__(self, text_width: int) -> None:
        self._text_width = text_width
        self.all: list[Block] = []

    def covering(self, count: int, text: SparseRows, terms_of: TermsOf, terms_width: int) -> list[Block]:
        """Blocks over the first `count` slots."""
        spans = [(block.first, block.last) for block in self.all]
        done = spans[-1][1] if spans else 0
        for first in range(done, count, LARGEST):
            spans.append((first, min(first + LARGEST, count)))
            while len(spans) > 1 and _belong_together(*spans[-2:]):
                spans[-2:] = [(spans[-2][0], spans[-1][1])]
        known = {(block.first, block.last): block for block in self.all}
        self.all = [known.get(span) or self._inverted(*span, text, terms_of(*span), terms_width) for span in spans]
        return self.all

    def _inverted(self, first: int, last: int, text: SparseRows, terms: SparseRows, terms_width: int) -> Block:
        least = (last - first) // OFTEN
        head = np.empty(0, np.int32)
        if last - first > SMALLEST:
            head = often(text, first, last, self._text_width, least)
        width = self._text_width + terms_width
        lists, documents, steps, *of_head = invert(text, terms, first, last, head, width, self._text_width)
        return Block(first, last, lists, documents, steps, head, *of_head)


def _belong_together(one: tuple[int, int], follower: tuple[int, int]) -> bool:
    size, next_size = one[1] - one[0], follower[1] - follower[0]
    return size + next_size <= SMALLEST or (size <= next_size and size + next_size <= LARGEST)
