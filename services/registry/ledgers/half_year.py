"""What does the half-yearly report say (구인·구직 및 취업실적 보고)? Counts by occupation, from the ledgers' own lines.

The Rules of the Employment Security Act (article 27) have it sent by the 20th of the month after the half-year.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, Self

from sqlalchemy import Engine

from services.registry.ledgers.books import Book
from services.registry.ledgers.lines import OrderLine, PlacementLine, SeekerLine, all_lines
from services.registry.ledgers.reach import KEPT_MONTHS, Asked, Span, Whose
from services.registry.orders.life_cycle import months_after
from services.registry.orders.postings import today

HALF = re.compile(r"(20\d\d)-H([12])")
DUE_DAY = 20
Count = Literal["orders", "places", "applications", "referred", "hired"]
"""Orders and the people they ask for; applications; people referred, and hired, in these months."""
GROUP_DIGITS = 2
"""Of a KECO code: its group of occupations."""


@dataclass(frozen=True)
class HalfYear:
    """January to June, or July to December."""

    year: int
    half: int

    @classmethod
    def named(cls, name: str) -> Self | None:
        """`2026-H1`."""
        told = HALF.fullmatch(name)
        return cls(int(told[1]), int(told[2])) if told else None

    @classmethod
    def last(cls, day: date) -> Self:
        """The last that has ended by a day: the one that is reported."""
        return cls(day.year, 1) if day.month > 6 else cls(day.year - 1, 2)

    @property
    def name(self) -> str:
        return f"{self.year}-H{self.half}"

    @property
    def span(self) -> Span:
        first, end = (1, 6) if self.half == 1 else (7, 12)
        return Span(date(self.year, first, 1), date(self.year, end, 30 if end == 6 else 31))

    @property
    def due(self) -> date:
        return date(self.year, 7, DUE_DAY) if self.half == 1 else date(self.year + 1, 1, DUE_DAY)


@dataclass(frozen=True)
class Report:
    """Counts by group of occupations, the groups in the order of their codes; the empty one is unknown."""

    half: HalfYear
    groups: dict[str, Counter[Count]]

    @property
    def total(self) -> Counter[Count]:
        return sum(self.groups.values(), Counter())


def half_year_report(engine: Engine, whose: Whose, half: HalfYear) -> Report:
    """The report of an agency, or of all, as far as the ledgers still hold its lines."""
    groups: defaultdict[str, Counter[Count]] = defaultdict(Counter)
    for code, what, count in _counted(engine, whose, half.span):
        groups[code[:GROUP_DIGITS]][what] += count
    return Report(half, {code: groups[code] for code in sorted(groups, key=lambda code: (not code, code))})


def _counted(engine: Engine, whose: Whose, span: Span) -> Iterator[tuple[str, Count, int]]:
    kept = months_after(today(), -KEPT_MONTHS)
    within = replace(span, since=max(span.since, kept))
    # someone may have been referred before these months and hired in them
    asked: dict[Book, Span] = {"orders": within, "seekers": within, "placements": replace(span, since=kept)}
    for book, days in asked.items():
        for lines in all_lines(engine, Asked(book, whose, days)):
            for line in lines:
                yield from _of_line(line, span)


def _of_line(line: OrderLine | SeekerLine | PlacementLine, span: Span) -> Iterator[tuple[str, Count, int]]:
    match line:
        case OrderLine():
            yield line.occupation_code, "orders", 1
            yield line.occupation_code, "places", line.headcount
        case SeekerLine():
            yield next(iter(line.occupation_codes), ""), "applications", 1
        case PlacementLine():
            if span.since <= line.day <= span.until:
                yield line.occupation_code, "referred", 1
            if line.started_on and span.since <= line.started_on <= span.until:
                yield line.occupation_code, "hired", 1
