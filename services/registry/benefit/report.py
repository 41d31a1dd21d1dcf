"""The benefit report as a document and as flat rows: every figure with what it means, and where its rows are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from services.registry.benefit.figures import KEY, PARTIES, benefit, one_figure
from services.registry.benefit.pairs import Pair, Period, Quarter, by_days, within
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
    pairs: Sequence[Pair]
    parties: dict[str, tuple[Figure, ...]]
    lines: dict[str, list[Line]]


def reported(pairs: Sequence[Pair], scope: Scope, today: date, cafes: dict[UUID, str]) -> Report:
    """All figures of a scope, and the key ones by café, district and quarter."""
    held = within(pairs, scope.cafe, scope.district, scope.agency)

    def line(name: str, of: Sequence[Pair], **changes: object) -> Line:
        asked = scope.asked(**changes)
        period = Period(Quarter.named(asked["since"]), Quarter.named(asked["until"]))
        return Line(name, tuple(one_figure(figure, of, period, today) for figure in KEY), asked)

    def grouped(key: Callable[[Pair], Any]) -> dict[Any, list[Pair]]:
        groups: dict[Any, list[Pair]] = {}
        for pair in held:
            groups.setdefault(key(pair), []).append(pair)
        return groups

    by_cafe, by_district = grouped(lambda pair: pair.cafe_id), grouped(lambda pair: pair.district)
    by_quarter = by_days(held, Quarter.of)
    named = sorted((cafes.get(cafe, str(cafe)), cafe) for cafe in by_cafe if cafe)
    parties = benefit(held, scope.period, today)
    return Report(
        scope,
        today,
        held,
        {party: parties[party] for party in PARTIES},
        {
            "quarter": [line(str(one), by_quarter.get(one, []), since=one, until=one) for one in scope.period.quarters],
            "cafe": [line(name, by_cafe[cafe], cafe=cafe) for name, cafe in named],
            "district": [line(one, by_district[one], district=one) for one in sorted(by_district) if one],
        },
    )


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
