"""Who is shown, and who never? How evenly the lists spread their places over postings and over seekers."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

G = TypeVar("G", bound=Hashable)

FEW = 10
"""The tenth of all that is shown most."""


@dataclass(frozen=True)
class Exposure:
    """How the places of lists fall to those who could be on them. Shares are of 1; None where nobody could be."""

    count: int
    """How many could be shown."""
    shown: int
    """How many places they take on lists, together."""
    never: int
    """How many are on no list."""
    most: int
    """The most lists that one of them is on."""
    gini: float | None
    """0 where all are shown as often, towards 1 where one takes it all (Gini 1912, mean difference form)."""
    share_of_top_tenth: float | None
    """What share of all places the tenth shown most takes."""

    @property
    def share_never(self) -> float | None:
        return self.never / self.count if self.count else None


def exposure(times_shown: Iterable[int]) -> Exposure:
    """From how many lists each one is on, 0 included."""
    times = np.sort(np.fromiter(times_shown, dtype=np.int64))
    shown = int(times.sum())
    return Exposure(
        count=len(times),
        shown=shown,
        never=int((times == 0).sum()),
        most=int(times.max(initial=0)),
        gini=gini(times) if shown else None,
        share_of_top_tenth=int(times[-max(1, len(times) // FEW) :].sum()) / shown if shown else None,
    )


def gini(rising: NDArray[np.int64]) -> float:
    """Of amounts in rising order that do not all vanish: 2 Σ i·x_i / (n Σ x_i) - (n + 1) / n, i from 1."""
    count = len(rising)
    weighted = int((np.arange(1, count + 1) * rising).sum())
    return 2 * weighted / (count * int(rising.sum())) - (count + 1) / count


def exposure_by(times_shown: Mapping[G, int], groups: Mapping[G, Sequence[str]]) -> dict[str, Exposure]:
    """The same within each group; who belongs to several counts in each, who belongs to none under the empty name."""
    members: dict[str, list[int]] = defaultdict(list)
    for one, times in times_shown.items():
        for group in groups.get(one) or ("",):
            members[group].append(times)
    return {group: exposure(times) for group, times in sorted(members.items())}


def spread(scores: Iterable[int], step: int = 500) -> list[tuple[int, int]]:
    """How many scores fall into each step of so many ten-thousandths: from where, how many; empty steps included."""
    held = np.fromiter(scores, dtype=np.int64)
    if not len(held):
        return []
    counts = np.bincount(held // step)
    return [(number * step, int(count)) for number, count in enumerate(counts)]
