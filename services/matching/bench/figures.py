"""What was measured, and which goal does it speak to?"""

from dataclasses import dataclass
from typing import NamedTuple


class Data(NamedTuple):
    """On what it was measured."""

    name: str
    seekers: int = 0
    postings: int = 0

    def __str__(self) -> str:
        return f"{self.name} {self.seekers:,} × {self.postings:,}" if self.seekers else self.name


class Figure(NamedTuple):
    """One number, of one system, on some data."""

    question: str
    data: Data
    system: str
    value: float | None
    """None where nothing was measured, or where what was measured does not count."""
    unit: str
    note: str = ""
    goal: str = ""
    """Which goal it is to be held against."""

    @property
    def written(self) -> str:
        return "-" if self.value is None else f"{short(self.value)} {self.unit}".strip()


@dataclass(frozen=True)
class Goal:
    """What is to be reached: at least `reach`, or at most where less is better."""

    name: str
    what: str
    reach: float
    moonshot: float
    unit: str
    at_most: bool
    seekers: int = 0
    """For so many seekers it was set."""

    def verdict(self, figure: Figure) -> str:
        if figure.value is None:
            return "does not count"
        verdict = next((name for name, bound in self._bounds() if self._is_within(figure.value, bound)), "missed")
        return f"{verdict}, but asked for {self.seekers:,} seekers" if figure.data.seekers < self.seekers else verdict

    def _bounds(self) -> tuple[tuple[str, float], ...]:
        return ("moonshot", self.moonshot), ("reached", self.reach)

    def _is_within(self, value: float, bound: float) -> bool:
        return value <= bound if self.at_most else value >= bound

    @property
    def written(self) -> tuple[str, str]:
        sign = "≤" if self.at_most else "≥"
        return f"{sign} {short(self.reach)} {self.unit}", f"{sign} {short(self.moonshot)} {self.unit}"


GOALS = (
    Goal("G1", "two-way batch: sparse_dot_topn ÷ ours, same matrices", 5, 10, "×", False, 100_000),
    Goal("G2 loop", "two-way batch: scikit-learn + rapidfuzz pair by pair ÷ ours", 4_000, 4_000, "×", False, 100_000),
    Goal("G2 cdist", "two-way batch: scikit-learn + flattened cdist ÷ ours", 150, 150, "×", False, 100_000),
    Goal("G3", "growth: ns a pair at 16 times the size ÷ at once", 0.5, 0.3, "", True, 400_000),
    Goal("G4", "processor time ÷ scatter-and-scan floor, posting → seekers", 3, 2, "×", True, 100_000),
    Goal("G5 region", "one posting of one place against all seekers, p99", 1_000, 500, "µs", True, 1_000_000),
    Goal("G5 all", "one posting of any place against all seekers, p99", 4_000, 2_000, "µs", True, 1_000_000),
    Goal("G8", "vectorise one posting ÷ TfidfVectorizer.transform, equal numbers", 0.25, 0.1, "", True),
    Goal("G9", "add or remove one profile, visible to the next search, p99", 100, 50, "µs", True, 100_000),
    Goal("G10", "bytes a seeker, index and rows", 1_000, 600, "B", True, 100_000),
)


def short(value: float) -> str:
    """Three figures that tell something."""
    if value and abs(value) < 100:
        return f"{value:.3g}"
    return f"{value:,.0f}"
