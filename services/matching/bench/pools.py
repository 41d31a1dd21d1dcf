"""What may be drawn, and how often? Skewed as words and skills are: few everywhere, most hardly anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Numbers = NDArray[np.int64]

EVEN = 1e9
"""An offset so large that all ranks come equally often."""


def ranks(chance: np.random.Generator, sizes: Numbers | int, offset: float, count: int) -> Numbers:
    """Ranks below `sizes`, as often as Zipf and Mandelbrot say: rank r comes as 1 / (r + offset)."""
    grown = np.expm1(chance.random(count) * np.log1p(np.asarray(sizes) / offset))
    rank: Numbers = np.minimum((offset * grown).astype(np.int64), np.asarray(sizes) - 1)
    return rank


@dataclass(frozen=True)
class Pool:
    """Things to draw from: some by what is usual in a trade, the others by what is usual everywhere."""

    size: int
    own: Numbers
    """What each trade uses, one trade after another, most usual first."""
    starts: Numbers
    own_share: float
    own_offset: float
    offset: float

    @classmethod
    def of(cls, size: int, by_trade: Sequence[Sequence[int] | Numbers], own_share: float = 1.0) -> "Pool":
        """All of a trade's own equally often."""
        starts = np.cumsum([0, *map(len, by_trade)])
        return cls(size, np.concatenate(by_trade).astype(np.int64), starts, own_share, EVEN, EVEN)

    def draw(
        self, chance: np.random.Generator, trades: Numbers, least: int, most: int, *, once: bool = False
    ) -> sparse.csr_matrix:
        """How often each thing was drawn (columns) for somebody of each of these trades (rows)."""
        lengths = chance.integers(least, most + 1, len(trades))
        rows = np.repeat(np.arange(len(trades)), lengths)
        first, last = self.starts[trades[rows]], self.starts[trades[rows] + 1]
        own = self.own[first + ranks(chance, last - first, self.own_offset, len(rows))]
        any_one = ranks(chance, self.size, self.offset, len(rows))
        drawn = np.where(chance.random(len(rows)) < self.own_share, own, any_one)
        shape = (len(trades), self.size)
        counts = sparse.coo_matrix((np.ones(len(rows)), (rows, drawn)), shape=shape).tocsr()
        if once:
            counts.data[:] = 1.0
        return counts
