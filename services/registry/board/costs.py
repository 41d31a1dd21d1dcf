"""What did a café, a visit, a placement cost in a year? Money executed over what is kept of that year. Pure."""

from collections.abc import Sequence

from services.registry.plan.entries import Budget, Noted, Opening, OpeningSummary
from shared.figure import Figure, Row

MILLION = 1_000_000
COSTS = ("cost_per_cafe", "cost_per_visit", "cost_per_placement")


def spent(noted: Sequence[Noted], year: int) -> list[Row]:
    """What the plan's ledger says was executed in a year, in won."""
    return [
        Row(each.ref, "plan_entry", each.facts.million_won * MILLION)
        for each in noted
        if isinstance(each.facts, Budget) and each.facts.stage == "executed" and each.facts.year == year
    ]


def opened_until(noted: Sequence[Noted], year: int) -> list[Row]:
    """Cafés that the plan's log says were opened up to the end of a year; what a summary counts is one row."""
    return [
        Row(each.ref, "plan_entry", each.facts.count if isinstance(each.facts, OpeningSummary) else 1)
        for each in noted
        if isinstance(each.facts, Opening | OpeningSummary) and each.facts.year <= year
    ]


def costs(noted: Sequence[Noted], year: int, visits: Figure, placements: Figure) -> tuple[Figure, ...]:
    """Won for each café open by then, each visit and each placement of a year; no data while either side has none."""
    money, cafes = spent(noted, year), opened_until(noted, year)
    opened = Figure("cafes_opened", sum(int(row.adds or 0) for row in cafes) if cafes else None, rows=tuple(cafes))
    return tuple(_per(name, money, each) for name, each in zip(COSTS, (opened, visits, placements), strict=True))


def years_told(noted: Sequence[Noted], this_year: int) -> list[int]:
    """The years in which money was executed, and this one."""
    told = {each.facts.year for each in noted if isinstance(each.facts, Budget) and each.facts.stage == "executed"}
    return sorted({this_year, *(year for year in told if year)})


def _per(name: str, money: Sequence[Row], each: Figure) -> Figure:
    total = sum(int(row.adds or 0) for row in money) if money else None
    return Figure(name, total, each.value, (*money, *each.rows), "won", divided=True)
