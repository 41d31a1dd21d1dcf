"""What does the half-yearly report say (구인·구직 및 취업실적 보고)? Counts by occupation, from the ledgers' own lines.

The Rules of the Employment Security Act (article 27) have it sent by the 20th of the month after the half-year.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, Self, get_args
from uuid import UUID

from sqlalchemy import Engine

from services.registry.ledgers.books import Book
from services.registry.ledgers.lines import Line, OrderLine, PlacementLine, SeekerLine, all_lines
from services.registry.ledgers.reach import KEPT_MONTHS, Asked, Span, Whose
from services.registry.orders.life_cycle import months_after
from services.registry.orders.postings import today
from services.registry.people.vault import Person

HALF = re.compile(r"(20\d\d)-H([12])")
DUE_DAY = 20
Count = Literal["orders", "places", "applications", "referred", "hired"]
"""Orders and the people they ask for; applications; people referred, and hired, in these months."""
PEOPLE: tuple[Count, ...] = ("applications", "referred", "hired")
"""What is counted of people, not of orders."""
Age = Literal["under_30", "30s", "40s", "50s", "over_60", "not_held"]
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


def half_year_ages(
    engine: Engine, whose: Whose, half: HalfYear, read: Callable[[Sequence[UUID]], Mapping[UUID, Person]]
) -> dict[Age, Counter[Count]]:
    """The people of the report by their age on the day of each line; counted together, so that no group is small.

    Args:
        read: birth dates by person, through the vault's door; who is absent or tells none is `not_held`.
    """
    told = [
        (line.seeker_id, day, what)
        for lines in _lines_of(engine, whose, half.span)
        for line in lines
        if not isinstance(line, OrderLine)
        for day, what in _days_of(line, half.span)
    ]
    people = read(list(dict.fromkeys(seeker_id for seeker_id, _, _ in told)))
    ages: dict[Age, Counter[Count]] = {age: Counter() for age in get_args(Age)}
    for seeker_id, day, what in told:
        person = people.get(seeker_id)
        ages[age_on(day, person.birth_date if person else "")][what] += 1
    return ages


def age_on(day: date, birth_date: str) -> Age:
    """The ten years of life that someone is in on a day."""
    if not birth_date:
        return "not_held"
    born = date.fromisoformat(birth_date)
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    bands: tuple[Age, ...] = ("under_30", "30s", "40s", "50s", "over_60")
    return bands[min(max(years // 10 - 2, 0), 4)]


def _counted(engine: Engine, whose: Whose, span: Span) -> Iterator[tuple[str, Count, int]]:
    for lines in _lines_of(engine, whose, span):
        for line in lines:
            yield from _of_line(line, span)


def _lines_of(engine: Engine, whose: Whose, span: Span) -> Iterator[Sequence[Line]]:
    kept = months_after(today(), -KEPT_MONTHS)
    within = replace(span, since=max(span.since, kept))
    # someone may have been referred before these months and hired in them
    asked: dict[Book, Span] = {"orders": within, "seekers": within, "placements": replace(span, since=kept)}
    for book, days in asked.items():
        yield from all_lines(engine, Asked(book, whose, days))


def _of_line(line: Line, span: Span) -> Iterator[tuple[str, Count, int]]:
    match line:
        case OrderLine():
            yield line.occupation_code, "orders", 1
            yield line.occupation_code, "places", line.headcount
        case SeekerLine():
            yield from ((next(iter(line.occupation_codes), ""), what, 1) for _, what in _days_of(line, span))
        case PlacementLine():
            yield from ((line.occupation_code, what, 1) for _, what in _days_of(line, span))


def _days_of(line: SeekerLine | PlacementLine, span: Span) -> Iterator[tuple[date, Count]]:
    """On which days a person's line counts as what."""
    if isinstance(line, SeekerLine):
        yield line.day, "applications"
        return
    if span.since <= line.day <= span.until:
        yield line.day, "referred"
    if line.started_on and span.since <= line.started_on <= span.until:
        yield line.started_on, "hired"
