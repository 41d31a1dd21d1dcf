"""Every table of the plan, made of its entries alone: nothing here is typed in, and what has no entry is None."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from services.registry.plan.entries import (
    Budget,
    Event,
    EventType,
    Milestone,
    Noted,
    Opening,
    OpeningSummary,
    Stage,
    Statement,
    Target,
    Term,
)

EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)


@dataclass(frozen=True)
class Sum:
    """A total and the entries it is the total of; None where there is no entry."""

    value: int | None
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpeningsLine:
    """A quarter's openings: planned, itemised, and those only counted by their source."""

    year: int
    quarter: int | None
    planned: Sum
    itemised: Sum
    not_itemised: Sum

    @property
    def actual(self) -> Sum:
        return Sum(_add(self.itemised.value, self.not_itemised.value), self.itemised.refs + self.not_itemised.refs)

    @property
    def variance(self) -> int | None:
        if self.actual.value is None or self.planned.value is None:
            return None
        return self.actual.value - self.planned.value


@dataclass(frozen=True)
class TypeLine:
    """A year's openings of one type: by partnership, by type of venue, or in the source's own word; None if untold."""

    year: int
    type: str | None
    planned: Sum
    actual: Sum


@dataclass(frozen=True)
class TargetLine:
    """A target beside what was reached in its year."""

    ref: str
    target: Target
    actual: Sum


@dataclass(frozen=True)
class BudgetLine:
    """A year's money in the term, or all of it after the term, in million won."""

    year: int | None
    until_month: int | None
    term: Term
    fund: str
    planned: Sum
    executed: Sum

    @property
    def rate(self) -> float | None:
        return rate(self.executed, self.planned)


@dataclass(frozen=True)
class ParticipationLine:
    """What a source states of a kind of participation, beside what the log holds."""

    type: EventType
    is_stated: bool
    stated: int | None
    """None where it is a dash, or nothing is stated."""
    logged: Sum
    itemised: int
    asked: int | None
    """People asked in surveys."""


def openings(noted: Iterable[Noted]) -> list[OpeningsLine]:
    """By year and quarter, of every quarter that has an opening or a milestone."""
    held = list(noted)
    at = {(e.facts.year, e.facts.quarter) for e in held if isinstance(e.facts, Opening | OpeningSummary | Milestone)}
    return [
        OpeningsLine(
            year,
            quarter,
            total(
                (e.ref, f.count) for e in held if isinstance(f := e.facts, Milestone) and at_quarter(f, year, quarter)
            ),
            total((e.ref, 1) for e in held if isinstance(f := e.facts, Opening) and at_quarter(f, year, quarter)),
            total(
                (e.ref, f.count)
                for e in held
                if isinstance(f := e.facts, OpeningSummary) and at_quarter(f, year, quarter)
            ),
        )
        for year, quarter in sorted(at, key=lambda when: (when[0], when[1] or 5))
    ]


def openings_by_type(noted: Iterable[Noted]) -> list[TypeLine]:
    """By year and type, as far as milestones and openings tell it; what tells no type stands last in its year."""
    told = [
        (f.year, kind, isinstance(f, Milestone), (e.ref, count))
        for e in noted
        if isinstance(f := e.facts, Milestone | Opening | OpeningSummary)
        for kind, count in _by_type(f)
    ]
    at = sorted({(year, kind) for year, kind, *_ in told}, key=lambda it: (it[0], it[1] is None, it[1] or ""))

    def share(year: int, kind: str | None, *, planned: bool) -> Sum:
        return total(counted for *of, counted in told if of == [year, kind, planned])

    return [
        TypeLine(year, kind, share(year, kind, planned=True), share(year, kind, planned=False)) for year, kind in at
    ]


def opened(noted: Iterable[Noted], year: int | None = None, quarter: int | None = None) -> Sum:
    """Cafés opened, itemised and not, over all or in one year or quarter."""
    lines = [line for line in openings(noted) if year in (None, line.year) and quarter in (None, line.quarter)]
    return together(line.actual for line in lines)


def planned_openings(noted: Iterable[Noted], year: int | None = None) -> Sum:
    """Openings planned by the milestones."""
    return together(line.planned for line in openings(noted) if year in (None, line.year))


def targets(noted: Iterable[Noted]) -> list[TargetLine]:
    """Side by side, by year and then by the day they were stated."""
    held = list(noted)
    lines = [TargetLine(e.ref, e.facts, opened(held, e.facts.year)) for e in held if isinstance(e.facts, Target)]
    return sorted(lines, key=lambda it: (it.target.year, str(it.target.stated_on or ""), it.ref))


def budget(noted: Iterable[Noted]) -> list[BudgetLine]:
    """By term, year and fund."""
    held = [(e.ref, e.facts) for e in noted if isinstance(e.facts, Budget)]
    at = {(f.term, f.year, f.until_month, f.fund) for _, f in held}

    def share(place: tuple[Term, int | None, int | None, str], stage: Stage) -> Sum:
        return total(
            (ref, f.million_won)
            for ref, f in held
            if f.stage == stage and (f.term, f.year, f.until_month, f.fund) == place
        )

    ordered = sorted(at, key=lambda it: (it[0] == "after", it[1] or 0, it[2] or 12, it[3]))
    return [
        BudgetLine(year, until, term, fund, share((term, year, until, fund), "planned"),
                   share((term, year, until, fund), "executed"))
        for term, year, until, fund in ordered
    ]  # fmt: skip


def money(noted: Iterable[Noted], stage: Stage, term: Term = "in", year: int | None = None) -> Sum:
    """Million won planned or executed in the term, or in one of its years, or after it."""
    return total(
        (e.ref, e.facts.million_won)
        for e in noted
        if isinstance(e.facts, Budget)
        and e.facts.stage == stage
        and e.facts.term == term
        and year in (None, e.facts.year)
    )


def participation(noted: Iterable[Noted]) -> list[ParticipationLine]:
    """By kind, each beside what is stated of it."""
    held = list(noted)
    return [_participation(held, kind) for kind in EVENT_TYPES]


def logged(noted: Iterable[Noted], kind: EventType) -> Sum:
    return total((e.ref, e.facts.count) for e in noted if isinstance(e.facts, Event) and e.facts.type == kind)


def figure(noted: Sequence[Noted], name: str) -> Sum:
    """The figure that a statement names, made of the log."""
    about, _, of = name.partition(".")
    if about == "participation":
        return next(logged(noted, kind) for kind in EVENT_TYPES if kind == of)
    year = int(of[:4]) if of[:4].isdigit() else None
    if about == "openings":
        return opened(noted, year, int(of[-1]) if "-Q" in of else None)
    if about == "planned_openings":
        return planned_openings(noted, year)
    stage: Stage = "planned" if about == "budget_planned" else "executed"
    return money(noted, stage, "after" if of == "after" else "in", year)


def rate(part: Sum, whole: Sum) -> float | None:
    return part.value / whole.value if part.value is not None and whole.value else None


def total(parts: Iterable[tuple[str, int]]) -> Sum:
    held = sorted(parts)
    return Sum(sum(value for _, value in held) if held else None, tuple(ref for ref, _ in held))


def together(sums: Iterable[Sum]) -> Sum:
    held = [each for each in sums if each.value is not None]
    return Sum(
        sum(each.value or 0 for each in held) if held else None, tuple(ref for each in held for ref in each.refs)
    )


def _participation(held: Sequence[Noted], kind: EventType) -> ParticipationLine:
    events = [e.facts for e in held if isinstance(e.facts, Event) and e.facts.type == kind]
    said = [e.facts for e in held if isinstance(e.facts, Statement) and e.facts.figure == f"participation.{kind}"]
    asked = [each.asked for each in events if each.asked is not None]
    return ParticipationLine(
        type=kind,
        is_stated=bool(said),
        stated=said[-1].value if said else None,
        logged=logged(held, kind),
        itemised=sum(each.summary_count is None for each in events),
        asked=sum(asked) if asked else None,
    )


def at_quarter(facts: Opening | OpeningSummary | Milestone, year: int, quarter: int | None) -> bool:
    return (facts.year, facts.quarter) == (year, quarter)


def _by_type(facts: Milestone | Opening | OpeningSummary) -> list[tuple[str | None, int]]:
    """How many openings of which type an entry tells; None is for what its parts leave over."""
    if isinstance(facts, Opening):
        return [(facts.partnership or facts.venue_type, 1)]
    parts: list[tuple[str | None, int]] = [
        (part.partnership or part.venue_type or part.label or None, part.count) for part in facts.parts
    ]
    rest = facts.count - sum(count for _, count in parts)
    heading = facts.heading if isinstance(facts, OpeningSummary) and not parts else None
    return [*parts, (heading, rest)] if rest > 0 else parts


def _add(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other
