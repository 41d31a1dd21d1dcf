"""What became of one pair, as far as figures count it, and the quarters that they are counted by. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple, Self, TypeVar
from uuid import UUID

from services.registry.orders.life_cycle import months_after
from services.registry.orders.referral_states import AWAITING_RESULT, State
from shared.contracts import Money

T = TypeVar("T")
TAKEN_UP: tuple[State, ...] = ("proposed", "agreed", "consented")
"""A counselor proposed it, or the seeker asked for it herself."""
RESULT: tuple[State, ...] = ("hired", "not_hired")
RETAINED_MONTHS = {"retained_1_month": 1, "retained_3_months": 3, "retained_6_months": 6}


class Quarter(NamedTuple):
    """A quarter of a year, in KST days."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.year, (day.month + 2) // 3)

    @classmethod
    def named(cls, name: str) -> Self:
        """Of `2026-Q4`."""
        return cls(int(name[:4]), int(name[-1]))

    @property
    def first_day(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    def __str__(self) -> str:
        return f"{self.year:04}-Q{self.number}"

    def back(self, quarters: int) -> "Quarter":
        year, number = divmod(self.year * 4 + self.number - 1 - quarters, 4)
        return Quarter(year, number + 1)


@dataclass(frozen=True)
class Period:
    """Quarters from one to another, both counted."""

    since: Quarter
    until: Quarter

    @cached_property
    def days(self) -> tuple[date, date]:
        """The first day, and the first that is past it."""
        return self.since.first_day, self.until.back(-1).first_day

    def holds(self, day: date | None) -> bool:
        if day is None:
            return False
        first, past = self.days
        return first <= day < past

    @property
    def quarters(self) -> list[Quarter]:
        found = [self.since]
        while found[-1] < self.until:
            found.append(found[-1].back(-1))
        return found


@dataclass(frozen=True)
class Pair:
    """A seeker and a posting, and every state they came into together."""

    referral_id: UUID
    seeker_id: UUID
    posting_id: UUID
    state: State
    path: tuple[tuple[State, date], ...]
    cafe_id: UUID | None = None
    district: str = ""
    """Of the café; empty where there is none."""
    agency_id: UUID | None = None
    started_on: date | None = None
    ended_on: date | None = None
    wage_fits: bool | None = None
    """Whether the posted wage is at least what she wished; None where it cannot be told."""

    @cached_property
    def days(self) -> dict[State, date]:
        """The first day of each state: asked some hundred times for one report."""
        return dict(reversed(self.path))

    @cached_property
    def ids(self) -> Mapping[str, str]:
        """As rows tell them: texts are compared and hashed many times faster than UUIDs, in the same order."""
        agency = {"agency_id": str(self.agency_id)} if self.agency_id else {}
        return {"referral_id": str(self.referral_id), "seeker_id": str(self.seeker_id),
                "posting_id": str(self.posting_id)} | agency  # fmt: skip

    def first(self, *states: State) -> date | None:
        """The day on which it first came into any of these states."""
        found = [self.days[state] for state in states if state in self.days]
        return min(found) if found else None

    def has(self, *states: State) -> bool:
        return not self.days.keys().isdisjoint(states)

    @property
    def is_awaited(self) -> bool:
        """Whether the firm may yet answer; after `unanswered` nobody expects it to, and nothing is known."""
        return self.state in AWAITING_RESULT

    def stayed(self, months: int) -> bool | None:
        """Whether she was at work for so many months; None where nobody has said."""
        if any(RETAINED_MONTHS.get(state, 0) >= months for state, _ in self.path):
            return True
        if self.started_on and self.ended_on:
            return self.ended_on >= months_after(self.started_on, months)
        return None


def wage_fits(offered: Money | None, wished: Money | None) -> bool | None:
    """Whether a posted wage is at least the wished one; None where one is not told, or told in another unit."""
    if offered is None or wished is None or offered.unit != wished.unit:
        return None
    if offered.minimum is None or wished.minimum is None:
        return None
    if offered.minimum >= wished.minimum:
        return True
    return False if (offered.maximum or offered.minimum) < wished.minimum else None


def by_days(pairs: Iterable[Pair], of: Callable[[date], T]) -> dict[T, list[Pair]]:
    """Each pair under the quarter, or the year, of every day on which it came into a state: no figure counts others."""
    groups: dict[T, list[Pair]] = {}
    for pair in pairs:
        for one in {of(day) for _, day in pair.path}:
            groups.setdefault(one, []).append(pair)
    return groups
