"""The plan's report: the tables, the rows behind each number, and what disagrees; as a document and as flat rows."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter

from services.registry.plan import derived
from services.registry.plan.contradictions import Contradiction, contradictions
from services.registry.plan.derived import BudgetLine, OpeningsLine, ParticipationLine, Sum, TargetLine, TypeLine
from services.registry.plan.entries import Event, Noted, Support, Work

_FOUND: TypeAdapter[list[Contradiction]] = TypeAdapter(list[Contradiction])

Document = dict[str, Any]


def report(noted: Sequence[Noted]) -> Document:
    """Every table as JSON. A sum is `{"value", "refs"}`; its value is null where there is no entry."""
    return {
        "entries": len(noted),
        "openings": [_openings(line) for line in derived.openings(noted)],
        "openings_by_year": [_year(noted, year) for year in _years(noted)],
        "openings_by_type": [_type(line) for line in derived.openings_by_type(noted)],
        "targets": [_target(line) for line in derived.targets(noted)],
        "budget": [_budget(line) for line in derived.budget(noted)],
        "budget_total": _budget_total(noted),
        "participation": [_participation(line) for line in derived.participation(noted)],
        "events": [_entry(each) for each in noted if isinstance(each.facts, Event)],
        "work": [_entry(each) for each in noted if isinstance(each.facts, Work)],
        "support": [_entry(each) for each in noted if isinstance(each.facts, Support)],
        "contradictions": _FOUND.dump_python(contradictions(noted), mode="json"),
    }


def flat(told: Document) -> Iterator[tuple[str, str, str, str, str]]:
    """The same for a sheet: table, line, column, value, entries. A value that is not there is an empty cell."""
    yield ("table", "line", "column", "value", "entries")
    for table in ("openings", "openings_by_year", "openings_by_type", "targets", "budget", "participation"):
        for line in told[table]:
            yield from _cells(table, _line_name(line), line)
    yield from _cells("budget_total", "", told["budget_total"])
    for each in told["contradictions"]:
        said = f"{each['one']['says']} ≠ {each['other']['says']}"
        yield (
            "contradictions",
            each["about"],
            each["rule"],
            said,
            _refs([*each["one"]["refs"], *each["other"]["refs"]]),
        )


def _cells(table: str, line: str, values: Document) -> Iterator[tuple[str, str, str, str, str]]:
    for column, value in values.items():
        if isinstance(value, dict):
            yield (table, line, column, _text(value["value"]), _refs(value["refs"]))
        elif column not in NAMES:
            yield (table, line, column, _text(value), "")


NAMES = ("year", "quarter", "until_month", "term", "fund", "type", "ref", "source", "stated_on")


def _line_name(line: Document) -> str:
    return " ".join(str(line[name]) for name in NAMES if line.get(name) not in {None, ""})


def _refs(refs: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(refs))


def _text(value: object) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


def _sum(told: Sum) -> Document:
    return {"value": told.value, "refs": list(told.refs)}


def _years(noted: Sequence[Noted]) -> list[int]:
    return sorted({line.year for line in derived.openings(noted)})


def _openings(line: OpeningsLine) -> Document:
    return {
        "year": line.year,
        "quarter": line.quarter,
        "planned": _sum(line.planned),
        "itemised": _sum(line.itemised),
        "not_itemised": _sum(line.not_itemised),
        "actual": _sum(line.actual),
        "variance": line.variance,
    }


def _year(noted: Sequence[Noted], year: int) -> Document:
    planned, actual = derived.planned_openings(noted, year), derived.opened(noted, year)
    return {"year": year, "planned": _sum(planned), "actual": _sum(actual)}


def _type(line: TypeLine) -> Document:
    return {"year": line.year, "type": line.type, "planned": _sum(line.planned), "actual": _sum(line.actual)}


def _target(line: TargetLine) -> Document:
    target = line.target
    return {
        "ref": line.ref,
        "year": target.year,
        "stated_on": target.stated_on.isoformat() if target.stated_on else None,
        "source": target.source,
        "target": {"value": target.count, "refs": [line.ref]},
        "actual": _sum(line.actual),
        "reached": derived.rate(line.actual, Sum(target.count)),
    }


def _budget(line: BudgetLine) -> Document:
    return {
        "term": line.term,
        "year": line.year,
        "until_month": line.until_month,
        "fund": line.fund,
        "planned": _sum(line.planned),
        "executed": _sum(line.executed),
        "rate": line.rate,
    }


def _budget_total(noted: Sequence[Noted]) -> Document:
    planned, executed = derived.money(noted, "planned"), derived.money(noted, "executed")
    return {
        "planned_in_term": _sum(planned),
        "executed_in_term": _sum(executed),
        "rate": derived.rate(executed, planned),
        "planned_after_term": _sum(derived.money(noted, "planned", "after")),
    }


def _participation(line: ParticipationLine) -> Document:
    return {
        "type": line.type,
        "is_stated": line.is_stated,
        "stated": line.stated,
        "logged": _sum(line.logged),
        "itemised": line.itemised,
        "asked": line.asked,
    }


def _entry(entry: Noted) -> Document:
    return {"ref": entry.ref, **entry.facts.model_dump(mode="json")}
