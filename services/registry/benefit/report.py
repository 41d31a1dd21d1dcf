"""The benefit report as a document and as flat rows: every figure with what it means, and where its rows are."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from services.registry.benefit.figures import BY_NAME, KEY, MEASURES, PARTIES, Entered
from services.registry.benefit.pairs import Pair, Period, Quarter
from shared.figure import Figure
from shared.web.catalogue import say

ROWS_AT = "/benefit/rows"
HEAD = ("part", "line", "figure", "name_ko", "name_en", "value", "numerator", "denominator", "unknown", "unit",
        "rows_at", "definition_ko", "definition_en")  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """Whose pairs of which quarters; without café, district or agency all that one may see."""

    period: Period
    cafe: UUID | None = None
    district: str = ""
    agency: UUID | None = None

    def asked(self, **changes: object) -> dict[str, str]:
        """As the query of an address."""
        asked = {"since": str(self.period.since), "until": str(self.period.until), "cafe": self.cafe,
                 "district": self.district, "agency": self.agency} | changes  # fmt: skip
        return {name: str(value) for name, value in asked.items() if value}


@dataclass(frozen=True)
class Line:
    """A café, a district or a quarter, with its key figures and the query that narrows to it."""

    name: str
    figures: tuple[Figure, ...]
    asked: dict[str, str]


@dataclass(frozen=True)
class Report:
    """What a page shows of a scope."""

    scope: Scope
    today: date
    parties: dict[str, tuple[Figure, ...]]
    lines: dict[str, list[Line]]


def reported(pairs: Sequence[Pair], scope: Scope, today: date, cafes: dict[UUID, str]) -> Report:
    """All figures of a scope, and the key ones by café, district and quarter. No pair is asked twice for a figure."""
    entered = {name: measure.entered(pairs, scope.period, today) for name, measure in BY_NAME.items()}
    noted = [(day, pair) for pair in pairs for _, day in pair.path if scope.period.holds(day)]

    quarter_of = cache(Quarter.of)

    def lines(key: Callable[[date, Pair], Any], asked: Mapping[Any, tuple[str, dict[str, object]]]) -> list[Line]:
        """A line for each key that is asked for: its name and what its address narrows to."""
        told = {key(day, pair) for day, pair in noted}
        by_key = {name: _grouped(entered[name], key) for name in KEY}
        return [
            Line(
                name,
                tuple(BY_NAME[each].figure(by_key[each].get(one, ()), noted=one in told) for each in KEY),
                scope.asked(**changes),
            )
            for one, (name, changes) in asked.items()
        ]

    named = sorted((cafes.get(cafe, str(cafe)), cafe) for cafe in {pair.cafe_id for pair in pairs} if cafe)
    districts = sorted({pair.district for pair in pairs if pair.district})
    return Report(
        scope,
        today,
        {
            party: tuple(one.figure(entered[one.name], noted=bool(noted)) for one in MEASURES[party])
            for party in PARTIES
        },
        {
            "quarter": lines(
                lambda day, _: quarter_of(day),
                {one: (str(one), {"since": one, "until": one}) for one in scope.period.quarters},
            ),
            "cafe": lines(lambda _, pair: pair.cafe_id, {cafe: (name, {"cafe": cafe}) for name, cafe in named}),
            "district": lines(lambda _, pair: pair.district, {one: (one, {"district": one}) for one in districts}),
        },
    )


def _grouped(entered: Iterable[Entered], key: Callable[[date, Pair], Any]) -> dict[Any, list[Entered]]:
    groups: dict[Any, list[Entered]] = defaultdict(list)
    for day, pair in entered:
        groups[key(day, pair)].append((day, pair))
    return groups


def document(report: Report) -> dict[str, Any]:
    """As JSON. A value that is null was not measured."""
    scope = report.scope
    return {
        "as_of": report.today.isoformat(),
        **{name: scope.asked().get(name) for name in ("since", "until", "cafe", "district", "agency")},
        "parties": {party: [told(each, scope.asked()) for each in report.parties[party]] for party in PARTIES},
        "lines": {
            by: [{"name": line.name, "figures": [told(each, line.asked) for each in line.figures]} for line in lines]
            for by, lines in report.lines.items()
        },
    }


def told(figure: Figure, asked: dict[str, str]) -> dict[str, Any]:
    """One figure, what it means in both languages, and where its rows are."""
    names = {language: say(language, f"figure.{figure.name}") for language in ("ko", "en")}
    means = {language: say(language, f"figure.{figure.name}.told") for language in ("ko", "en")}
    return {
        "figure": figure.name,
        "name": names,
        "definition": means,
        "value": figure.value,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "unknown": figure.unknown,
        "unit": figure.unit,
        "rows": len(figure.rows),
        "rows_at": rows_at(figure.name, asked),
    }


def rows_at(name: str, asked: dict[str, str]) -> str:
    return f"{ROWS_AT}?{urlencode({'figure': name, **asked})}"


def flat(told_all: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    """The document for a sheet. What was not measured is an empty cell."""
    yield HEAD
    for party, figures in told_all["parties"].items():
        yield from (_cells(party, "", each) for each in figures)
    for by, lines in told_all["lines"].items():
        yield from (_cells(by, line["name"], each) for line in lines for each in line["figures"])


def _cells(part: str, line: str, told: dict[str, Any]) -> tuple[object, ...]:
    numbers = (told[name] for name in ("value", "numerator", "denominator"))
    return (part, line, told["figure"], told["name"]["ko"], told["name"]["en"],
            *("" if each is None else each for each in numbers), told["unknown"], told["unit"], told["rows_at"],
            told["definition"]["ko"], told["definition"]["en"])  # fmt: skip
