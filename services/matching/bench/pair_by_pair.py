"""What does it cost to look at each pair by itself? scikit-learn for the text, rapidfuzz for the skills, a few pairs.

Each pair once serves both directions, and a perfect split over all threads is granted. Likeness is rapidfuzz's ratio,
not ours, so these are held against each other and not against our scores.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from sklearn.metrics.pairwise import linear_kernel

from services.matching.bench.made import World
from services.matching.bench.timing import Work
from services.matching.engine.profiles import Side
from services.matching.engine.shelf import HELD, Slots
from services.matching.engine.text import COLUMNS

CUTOFF = 80
LOOPED, FLATTENED, WHOLE_TEXTS = 20, 3, 32
"""Postings whose pairs are looked at, by each way."""
LOOPED_SEEKERS, FLATTENED_SEEKERS = 15, 20_000


class PairByPair:
    """Some postings and seekers, as words and as rows."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._postings = self._named("posting", world.evenly("posting", LOOPED))
        self._seekers = self._named("seeker", world.evenly("seeker", FLATTENED_SEEKERS))
        index = world.plain
        self._rows = index.shelves["posting"].text.take(world.evenly("posting", WHOLE_TEXTS), COLUMNS)
        self._others = index.shelves["seeker"].text.take(index.shelves["seeker"].live(), COLUMNS)

    def works(self) -> dict[str, tuple[Work, int]]:
        """Each way, and how many pairs it looks at."""
        seekers = len(self._seekers)
        return {
            "scikit-learn, text alone": (self.text, self._rows.shape[0] * self._others.shape[0]),
            "rapidfuzz, a loop over pairs": (self.looped, len(self._postings) * min(LOOPED_SEEKERS, seekers)),
            "rapidfuzz, cdist over flattened skills": (self.flattened, FLATTENED * seekers),
        }

    def text(self) -> object:
        return linear_kernel(self._rows, self._others, dense_output=True)

    def looped(self) -> NDArray[np.float64]:
        """Coverage by a loop over pairs, as one would write it."""
        return np.array(
            [[_coverage(asked, held) for held in self._seekers[:LOOPED_SEEKERS]] for asked in self._postings]
        )

    def flattened(self) -> NDArray[np.float64]:
        """Coverage of many seekers at once: their skills in one row, the best of each seeker taken afterwards."""
        starts = np.cumsum([0, *map(len, self._seekers[:-1])])
        flat = [skill for some in self._seekers for skill in some]
        tables = (
            process.cdist(some, flat, scorer=fuzz.ratio, score_cutoff=CUTOFF) for some in self._postings[:FLATTENED]
        )
        return np.array([np.maximum.reduceat(table, starts, axis=1).mean(axis=0) / 100 for table in tables])

    def agree(self) -> bool:
        """Whether both ways find the same coverage."""
        size = min(LOOPED_SEEKERS, len(self._seekers))
        return bool(np.allclose(self.looped()[:FLATTENED], self.flattened()[:, :size], atol=1e-6))

    def _named(self, side: Side, slots: Slots) -> list[list[str]]:
        return [some for some in self._terms(side, slots) if some]

    def _terms(self, side: Side, slots: Slots) -> Iterator[list[str]]:
        index = self._world.plain
        rows = index.shelves[side].skills[HELD].take(slots, len(index.vocabulary))
        for first, last in zip(rows.indptr, rows.indptr[1:], strict=False):
            yield [index.vocabulary.terms[at] for at in rows.indices[first:last]]


def _coverage(asked: list[str], held: list[str]) -> float:
    best = (max(fuzz.ratio(one, other, score_cutoff=CUTOFF) for other in held) for one in asked)
    return sum(best) / len(asked) / 100
