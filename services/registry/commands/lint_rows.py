"""Which offers does a file hold? Any intake format, or a table whose headers are our field names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.registry.intake.findings import Refused, finding
from services.registry.intake.formats import open_rows
from services.registry.intake.mapping import Mapping as FieldMapping
from services.registry.intake.mapping import choose_mapping, shipped_mappings
from services.registry.intake.readings import READINGS, Closing, Unread
from services.registry.intake.rows import BadRow, Row
from services.registry.law.conditions import ALL_ASKED, TEXT_FIELDS, Offer, hours_in
from services.registry.law.wording import readable
from shared.contracts import Finding, Money

TEXTS = (*TEXT_FIELDS, "text")
HEAD = 50
COLUMNS_OF = {"wage": ("wage",), "hours": ("weekly_hours", "work_hours"), "place": ("place",)}


@dataclass(frozen=True)
class ReadOffer:
    """A row, as far as it could be read."""

    id: str
    where: str
    offer: Offer | None
    unread: tuple[Finding, ...] = ()
    work_on: date | None = None


def offers_in(path: Path, named: str | None = None) -> Iterator[ReadOffer]:
    """Every row of a file, in its order.

    Raises:
        Refused: the file as a whole cannot be read, or no mapping fits and no header is a field of ours.
    """
    places = [mapping.rows for mapping in shipped_mappings("postings") if mapping.rows]
    rows = open_rows(path, places).rows
    head = list(islice(rows, HEAD))
    names = {_plain(name) for row in head if isinstance(row, Row) for name in row.values}
    first = next((row.values.keys() for row in head if isinstance(row, Row)), ())
    mapping = _mapping_for(named, first, names)
    asked = ALL_ASKED if mapping else frozenset(what for what, columns in COLUMNS_OF.items() if names & set(columns))
    return (_read(row, mapping, asked) for row in chain(head, rows))


def _mapping_for(named: str | None, first: Iterable[str], names: set[str]) -> FieldMapping | None:
    try:
        return choose_mapping("postings", named, first)
    except Refused as refused:
        if refused.finding.code == "MAPPING_UNKNOWN" and names & {*TEXTS, "wage"}:
            return None  # fields of ours among others, which are left aside
        raise


def _read(row: Row | BadRow, mapping: FieldMapping | None, asked: frozenset[str]) -> ReadOffer:
    if isinstance(row, BadRow):
        return ReadOffer(row.where, row.where, None, (row.finding,))
    document, told = mapping.document(row.values) if mapping else (_nested(row.values), [])
    reader = _Reader(document, list(told))
    offer = reader.offer(asked)
    reference = document.get("source_ref") or document.get("id") or row.where
    return ReadOffer(str(reference), row.where, offer, tuple(reader.unread), reader.work_on())


@dataclass
class _Reader:
    """Reads a document field by field: what cannot be read is told, and the rest is linted all the same."""

    document: Mapping[str, Any]
    unread: list[Finding]

    def offer(self, asked: frozenset[str]) -> Offer:
        work_hours = self._text("work_hours")
        weekly, daily = self._read("weekly_hours", "number"), self._read("daily_hours", "number")
        hours = hours_in(work_hours, weekly)
        texts = {name: self._text(name) for name in TEXTS}
        return Offer(
            texts={name: text for name, text in texts.items() if text},
            employer=self._text("employer"),
            registration_number=self._text("registration_number") or None,
            wage=self._wage(),
            hours=replace(hours, daily=daily) if daily else hours,
            hours_told=bool(weekly or daily or work_hours),
            place_told=bool(self.document.get("place")),
            opened_on=self._read("opened_on", "date"),
            closes_on=self._closing(),
            asked=asked,
        )

    def work_on(self) -> date | None:
        """The day or the year in which the work is done, where a table tells it."""
        year = self._read("work_year", "whole")
        return date(year, 1, 1) if year and 1900 < year < 2200 else self._read("work_on", "date")

    def _text(self, name: str) -> str:
        value = self.document.get(name)
        lines = value if isinstance(value, list | tuple) else [value]
        return readable("\n".join(str(line) for line in lines if line is not None))

    def _closing(self) -> date | None:
        closing = self._read("closes_on", "closing")
        return closing.closes_on if isinstance(closing, Closing) else None

    def _wage(self) -> Money | None:
        said = self.document.get("wage")
        try:
            if isinstance(said, dict):
                return Money.model_validate({name: value for name, value in said.items() if value not in (None, "")})
        except ValidationError:
            self.unread.append(finding("WAGE_UNREADABLE", "wage"))
            return None
        unit = self._text("wage_unit") or self._text("unit")
        read = self._read("wage", "wage", before=f"{unit} ") if said not in (None, "") else None
        return Money.model_validate(read) if read else None

    def _read(self, name: str, reading: str, before: str = "") -> Any:
        value = self.document.get(name)
        if value is None or str(value).strip() == "":
            return None
        try:
            return READINGS[reading](before + str(value))
        except Unread as unread:
            self.unread.append(finding(unread.code, name))
            return None


def _plain(name: str) -> str:
    return name.strip().partition(".")[0]


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """`wage.minimum` in a flat table is `minimum` within `wage`."""
    document: dict[str, Any] = {}
    for name, value in values.items():
        outer, dot, inner = name.strip().partition(".")
        if dot:
            held = document.setdefault(outer, {})
            if isinstance(held, dict):
                held[inner] = value
        else:
            document[outer] = value
    return document
