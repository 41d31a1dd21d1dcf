"""Which cells an ods workbook holds: a row at a time. All its sheets stand in one part, one after another."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zipfile import ZipFile

from services.registry.intake.findings import Refused, finding
from services.registry.intake.office_xml import LAST_COLUMN, LAST_ROW, LONGEST_BYTES, Attributes, Cell, Range, heard
from services.registry.intake.rows import Given

CONTENT, MANIFEST = "content.xml", "META-INF/manifest.xml"
MOST_REPEATED = 1_000_000
"""Cells that say something because another is told to stand there again: a short file must not swell without end."""
MOST_SPACES = 1_000
SPACE = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0}}"
OFFICE, STYLE, TABLE, TEXT = map(SPACE.format, ("office", "style", "table", "text"))
CELL, COVERED = f"{TABLE}table-cell", f"{TABLE}covered-table-cell"
BLANKS = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
ASIDE = frozenset({f"{OFFICE}annotation", f"{TEXT}ruby-text"})
"""What stands within a cell and is none of its words: remarks, and how a text is spoken."""
SPAN = re.compile(r"PT?(?:(\d{1,5})H)?(?:(\d{1,2})M)?(?:(\d{1,2})(?:[.,]\d*)?S)?")


class _Said(NamedTuple):
    """A cell that says something, and in how many columns from this one on."""

    column: int
    times: int
    value: Cell


class _Row(NamedTuple):
    """A row that says something, and in how many rows from this one on."""

    sheet: int
    number: int
    times: int
    cells: list[_Said]


class OdsBook:
    """A workbook's sheets; all of them are heard once to learn how far each reaches."""

    def __init__(self, given: Given) -> None:
        self._given = given
        ears = _Ears()
        with self.open() as packed:
            if MANIFEST in packed.namelist() and b"encryption-data" in packed.read(MANIFEST):
                raise Refused(finding("WORKBOOK_LOCKED"))
            extents: dict[int, _Extent] = {}
            for row in _rows(packed, ears):
                extents.setdefault(row.sheet, _Extent()).take_in(row)
        self.sheets = [
            OdsSheet(self, number, name, shown, ears.merged[number], extents.get(number, _Extent()))
            for number, (name, shown) in enumerate(ears.sheets)
        ]

    @contextmanager
    def open(self) -> Iterator[ZipFile]:
        with self._given.open() as file, ZipFile(file) as packed:
            yield packed


@dataclass
class _Extent:
    """How far a sheet's words reach; rows and columns are counted from 0."""

    first_row: int = LAST_ROW
    last_row: int = -1
    first_column: int = LAST_COLUMN
    last_column: int = -1

    @property
    def width(self) -> int:
        return self.last_column - self.first_column + 1

    def take_in(self, row: _Row) -> None:
        last = row.cells[-1]
        self.first_row, self.last_row = min(self.first_row, row.number), row.number + row.times - 1
        self.first_column = min(self.first_column, row.cells[0].column)
        self.last_column = max(self.last_column, last.column + last.times - 1)


class OdsSheet:
    """One sheet; its rows are read when they are asked for."""

    def __init__(  # noqa: PLR0913, PLR0917 - what was heard of it
        self, book: OdsBook, number: int, name: str, shown: bool, merged: list[Range], extent: _Extent
    ) -> None:
        self.name, self.shown, self.merged_cell_ranges = name, shown, merged
        self._book, self._number, self._extent = book, number, extent

    @property
    def height(self) -> int:
        return max(self._extent.last_row - self._extent.first_row + 1, 0)

    @property
    def start(self) -> tuple[int, int] | None:
        return (self._extent.first_row, self._extent.first_column) if self.height else None

    def iter_rows(self) -> Iterator[list[Cell]]:
        """All rows down to the last that says something, each from the first column that does to the last."""
        extent, expected = self._extent, 0
        with self._book.open() as packed:
            for row in _rows(packed, _Ears()):
                if row.sheet != self._number:
                    continue
                for _ in range(expected, row.number):
                    yield [""] * extent.width
                cells: list[Cell] = [""] * extent.width
                for said in row.cells:
                    start = said.column - extent.first_column
                    cells[start : start + said.times] = [said.value] * said.times
                for _ in range(row.times):
                    yield cells.copy()
                expected = row.number + row.times


def _rows(packed: ZipFile, ears: "_Ears") -> Iterator[_Row]:
    with packed.open(CONTENT) as file:
        for _ in heard(file, ears.start, ears):
            yield from ears.rows
            ears.rows.clear()


@dataclass
class _Ears:
    """Hears the content: sheets as they begin, and rows that were heard whole and say something."""

    sheets: list[tuple[str, bool]] = field(default_factory=list)
    """By name, and whether a person sees it."""
    merged: list[list[Range]] = field(default_factory=list)
    """Of each sheet."""
    rows: list[_Row] = field(default_factory=list)
    _style: str = ""
    _hidden: set[str] = field(default_factory=set)
    _row: int = 0
    _row_times: int = 1
    _column: int = 0
    _cells: list[_Said] = field(default_factory=list)
    _cell: Attributes = field(default_factory=dict)
    _said: list[str] = field(default_factory=list)
    _long: int = 0
    _paragraphs: int = 0
    _listens: bool = False
    _aside: int = 0
    _repeated: int = 0

    def start(self, name: str, told: Attributes) -> None:
        if name in (CELL, COVERED):
            self._cell, self._said, self._long, self._paragraphs = told, [], 0, 0
        elif name == f"{TEXT}p":
            if self._paragraphs and not self._aside:
                self.words("\n", aloud=True)
            self._paragraphs += not self._aside
            self._listens = True
        elif name == f"{TEXT}s":
            self.words(" " * min(int(told.get(f"{TEXT}c", 1)), MOST_SPACES))
        elif name in BLANKS:
            self.words(BLANKS[name])
        elif name in ASIDE:
            self._aside += 1
        elif name == f"{TABLE}table-row":
            self._row_times, self._column = _times(told, "rows"), 0
        else:
            self._of_sheet(name, told)

    def _of_sheet(self, name: str, told: Attributes) -> None:
        if name == f"{STYLE}style":
            self._style = told.get(f"{STYLE}name", "") if told.get(f"{STYLE}family") == "table" else ""
        elif name == f"{STYLE}table-properties" and self._style and told.get(f"{TABLE}display") == "false":
            self._hidden.add(self._style)
        elif name == f"{TABLE}table":
            self.sheets.append((told[f"{TABLE}name"], told.get(f"{TABLE}style-name", "") not in self._hidden))
            self.merged.append([])
            self._row = 0

    def words(self, words: str, *, aloud: bool = False) -> None:
        if (self._listens or aloud) and not self._aside:
            self._long += len(words)
            if self._long > LONGEST_BYTES:
                raise Refused(finding("LINE_TOO_LONG", limit=LONGEST_BYTES))
            self._said.append(words)

    def end(self, name: str) -> None:
        if name == f"{TEXT}p":
            self._listens = False
        elif name in (CELL, COVERED):
            self._end_of_cell(covered=name == COVERED)
        elif name == f"{TABLE}table-row":
            if self._cells:
                self._note_repeated()
                self.rows.append(_Row(len(self.sheets) - 1, self._row, self._row_times, self._cells))
                self._cells = []
            self._row += self._row_times
        elif name in ASIDE:
            self._aside -= 1

    def _end_of_cell(self, *, covered: bool) -> None:
        times = _times(self._cell, "columns")
        value = "" if covered else _value(self._cell, "".join(self._said))
        if value != "":
            self._cells.append(_Said(self._column, times, value))
        down, right = (int(self._cell.get(f"{TABLE}number-{way}-spanned", 1)) for way in ("rows", "columns"))
        if down > 1 or right > 1:
            corner = (self._row + down - 1, self._column + right - 1)
            self.merged[-1].append(((self._row, self._column), corner))
        self._column += times

    def _note_repeated(self) -> None:
        last = self._cells[-1]
        if self._row + self._row_times > LAST_ROW or last.column + last.times > LAST_COLUMN:
            raise ValueError("beyond what a sheet holds")
        self._repeated += self._row_times * sum(said.times for said in self._cells) - len(self._cells)
        if self._repeated > MOST_REPEATED:
            raise Refused(finding("WORKBOOK_UNREADABLE"))


def _times(told: Attributes, way: str) -> int:
    """How often a row or a cell stands there."""
    return max(int(told.get(f"{TABLE}number-{way}-repeated", 1)), 1)


def _span(written: str) -> Cell:
    """A time of the day, or as many hours as there are."""
    found = SPAN.fullmatch(written)
    if not found:
        raise ValueError(written)
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    if hours < 24:
        return time(hours, minutes, seconds)
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


MEASURED: dict[str, tuple[str, Callable[[str], Cell]]] = {
    **dict.fromkeys(("float", "percentage", "currency"), ("value", float)),
    "date": ("date-value", datetime.fromisoformat),
    "time": ("time-value", _span),
    "boolean": ("boolean-value", lambda written: written == "true"),
}
"""By the kind of value: where it is written, and how it is read."""


def _value(told: Attributes, text: str) -> Cell:
    """What a cell holds; the text that is shown, where that is no number, day or time as the standard writes them."""
    if any(name.endswith("}value-type") and kind == "error" for name, kind in told.items()):
        return ""
    with suppress(KeyError, ValueError):
        written, read = MEASURED[told[f"{OFFICE}value-type"]]
        return read(told[f"{OFFICE}{written}"])
    return text or told.get(f"{OFFICE}string-value", "")
