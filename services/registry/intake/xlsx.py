"""Which cells an xlsx or xlsm workbook holds: a row at a time, so that a million rows need no more memory than ten."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from posixpath import dirname, join, normpath
from typing import IO, Literal, NamedTuple
from zipfile import ZipFile

from services.registry.intake.findings import Refused, finding
from services.registry.intake.office_xml import (
    LAST_COLUMN,
    LAST_ROW,
    LONGEST_BYTES,
    Attributes,
    Cell,
    Range,
    heard,
    local,
)
from services.registry.intake.rows import Given
from services.registry.intake.set_aside import SetAside

Shown = Literal["instant", "span"]


class XlsxBook:
    """A workbook's sheets and what they share."""

    def __init__(self, given: Given) -> None:
        self._given, self._dates_from_1904 = given, False
        self._texts_part: str | None = None
        self._styles: list[Shown | None] = []
        self.sheets: list[XlsxSheet] = []
        with given.open() as file, ZipFile(file) as packed:
            self._parts = {name.replace("\\", "/").casefold(): name for name in packed.namelist()}
            self._look_around(packed)

    def _look_around(self, packed: ZipFile) -> None:
        book = self._related(packed, "")["officeDocument"][0][1]
        related = self._related(packed, book)
        worksheets = dict(related.get("worksheet", ()))
        self._texts_part = next((part for _, part in related.get("sharedStrings", ())), None)
        for _, part in related.get("styles", ()):
            self._styles = _styles(self._elements(packed, part))
        for tag, attributes in self._elements(packed, book):
            if tag == "workbookPr":
                self._dates_from_1904 = attributes.get("date1904") in ("1", "true")
            if tag == "sheet" and (cells := worksheets.get(_of(attributes, "id"))):
                shown = attributes.get("state", "visible") == "visible"
                self.sheets.append(XlsxSheet(self, attributes["name"], cells, shown))

    def _related(self, packed: ZipFile, part: str) -> dict[str, list[tuple[str, str]]]:
        """What a part names as its own: by kind, each under its id."""
        folder, found = dirname(part), dict[str, list[tuple[str, str]]]()
        listed = join(folder, "_rels", f"{part.rpartition('/')[2]}.rels")
        for tag, told in self._elements(packed, listed):
            if tag == "Relationship" and told.get("TargetMode") != "External":
                target = normpath(join("/", folder, told["Target"])).lstrip("/")
                found.setdefault(told["Type"].rpartition("/")[2], []).append((told["Id"], target))
        return found

    def _elements(self, packed: ZipFile, part: str) -> Iterator[tuple[str, Attributes]]:
        told_so_far: list[tuple[str, Attributes]] = []
        with self.part(packed, part) as file:
            for _ in heard(file, lambda name, told: told_so_far.append((local(name), told))):
                yield from told_so_far
                told_so_far.clear()

    def part(self, packed: ZipFile, name: str) -> IO[bytes]:
        return packed.open(self._parts[name.replace("\\", "/").casefold()])

    @contextmanager
    def open(self) -> Iterator[ZipFile]:
        with self._given.open() as file, ZipFile(file) as packed:
            yield packed

    def set_texts_aside(self, packed: ZipFile, texts: SetAside) -> None:
        """The texts that cells name by number."""
        if self._texts_part:
            ears = _Ears(texts)
            with self.part(packed, self._texts_part) as file:
                for _ in heard(file, ears.start, ears):
                    pass

    def value(self, cell: "_Cell", texts: SetAside) -> Cell:
        if cell.kind == "s":
            return texts[int(cell.text)]
        if cell.kind in ("str", "inlineStr"):
            return _plain(cell.text)
        if cell.kind == "b":
            return cell.text == "1"
        if cell.kind == "e":
            return ""
        return self._measured(cell)

    def _measured(self, cell: "_Cell") -> Cell:
        """A number, or the moment that it stands for."""
        try:
            if cell.kind == "d":
                return datetime.fromisoformat(cell.text)
            number, shown = float(cell.text), self._styles[cell.style] if cell.style < len(self._styles) else None
            return _moment(number, shown, self._dates_from_1904) if shown else number
        except (ValueError, OverflowError):
            return cell.text


class XlsxSheet:
    """One sheet: how far it reaches is looked up first, its rows are read after that."""

    def __init__(self, book: XlsxBook, name: str, part: str, shown: bool) -> None:
        self.name, self.shown = name, shown
        self._book, self._part = book, part

    @property
    def height(self) -> int:
        return max(self._extent.last_row - self._extent.first_row + 1, 0)

    @property
    def start(self) -> tuple[int, int] | None:
        return (self._extent.first_row, self._extent.first_column) if self.height else None

    @property
    def merged_cell_ranges(self) -> list[Range]:
        return self._extent.merged

    @cached_property
    def _extent(self) -> "_Extent":
        extent = _Extent()
        with self._book.open() as packed:
            for number, cells in self._rows(packed, extent.merged):
                extent.take_in(number, cells)
        return extent

    def iter_rows(self) -> Iterator[list[Cell]]:
        """All rows down to the last that says something, each from the first column that does to the last."""
        extent, expected = self._extent, 0
        with self._book.open() as packed, closing(SetAside()) as texts:
            self._book.set_texts_aside(packed, texts)
            if extent.texts > len(texts):
                raise Refused(finding("WORKBOOK_UNREADABLE"))
            for number, cells in self._rows(packed, []):
                for _ in range(expected, number):
                    yield [""] * extent.width
                row: list[Cell] = [""] * extent.width
                for cell in cells:
                    row[cell.column - extent.first_column] = self._book.value(cell, texts)
                yield row
                expected = number + 1

    def _rows(self, packed: ZipFile, merged: list[Range]) -> Iterator[tuple[int, list["_Cell"]]]:
        ears = _Ears(merged=merged)
        with self._book.part(packed, self._part) as file:
            for _ in heard(file, ears.start, ears):
                yield from ears.rows
                ears.rows.clear()


class _Cell(NamedTuple):
    column: int
    kind: str
    style: int
    text: str


@dataclass
class _Extent:
    """How far a sheet's words reach; rows and columns are counted from 0."""

    first_row: int = LAST_ROW
    last_row: int = -1
    first_column: int = LAST_COLUMN
    last_column: int = -1
    texts: int = 0
    """How many shared texts there must at least be."""
    merged: list[Range] = field(default_factory=list)

    @property
    def width(self) -> int:
        return self.last_column - self.first_column + 1

    def take_in(self, number: int, cells: list[_Cell]) -> None:
        self.first_row, self.last_row = min(self.first_row, number), number
        self.first_column = min(self.first_column, cells[0].column)
        self.last_column = max(self.last_column, cells[-1].column)
        self.texts = max(self.texts, *(int(cell.text) + 1 for cell in cells if cell.kind == "s"), 0)


class _Ears:
    """Hears the parts that hold words: `rows` are those of a sheet that were heard whole and say something."""

    def __init__(self, texts: SetAside | None = None, merged: list[Range] | None = None) -> None:
        self.rows: list[tuple[int, list[_Cell]]] = []
        self._texts, self._merged = texts, merged
        self._cells: list[_Cell] = []
        self._row = self._column = -1
        self._kind, self._style = "n", 0
        self._said: list[str] = []
        self._long = 0
        self._listens = self._pronounced = False

    def start(self, name: str, attributes: Attributes) -> None:
        tag = local(name)
        if tag in ("v", "t"):
            self._listens = not self._pronounced
        elif tag == "c":
            reference = attributes.get("r")
            self._column = _next(self._column, _column(reference) if reference else None, LAST_COLUMN)
            self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s", 0))
        elif tag == "row":
            told = attributes.get("r")
            self._row, self._column = _next(self._row, int(told) - 1 if told else None, LAST_ROW), -1
        elif tag == "rPh":
            self._pronounced = True  # how a text is spoken stands beside it, in the same tags
        elif tag == "mergeCell" and self._merged is not None:
            first, _, last = attributes["ref"].partition(":")
            self._merged.append((_place(first), _place(last or first)))

    def words(self, words: str) -> None:
        if self._listens:
            self._long += len(words)
            if self._long > LONGEST_BYTES:
                raise Refused(finding("LINE_TOO_LONG", limit=LONGEST_BYTES))
            self._said.append(words)

    def end(self, name: str) -> None:
        tag = local(name)
        self._listens = False
        if tag == "c":
            if text := self._taken():
                self._cells.append(_Cell(self._column, self._kind, self._style, text))
        elif tag == "row" and self._cells:
            self.rows.append((self._row, self._cells))
            self._cells = []
        elif tag == "rPh":
            self._pronounced = False
        elif tag == "si" and self._texts is not None:
            self._texts.add(_plain(self._taken()))

    def _taken(self) -> str:
        text, self._said, self._long = "".join(self._said), [], 0
        return text


def _next(before: int, told: int | None, limit: int) -> int:
    number = before + 1 if told is None else told
    if not before < number < limit:
        raise ValueError(number)
    return number


REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")


def _place(reference: str) -> tuple[int, int]:
    found = REFERENCE.fullmatch(reference)
    if not found:
        raise ValueError(reference)
    return int(found[2]) - 1, _column(found[1])


def _column(reference: str) -> int:
    """The column of `C12`, counted from 0."""
    number = 0
    for letter in reference:
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    return number - 1


def _of(attributes: Attributes, name: str) -> str:
    return next((value for key, value in attributes.items() if local(key) == name), "")


ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _plain(text: str) -> str:
    """A text with its escaped characters: `_x000D_` is a line's end, `_x005F_` what would be taken for an escape."""
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


DATES = frozenset((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)))
"""Numbers of formats that everyone knows; from 27 on they are Korean, Japanese or Chinese days."""
SPAN = 46
UNSPOKEN = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
"""What is written as it stands in a format, and colours, languages and conditions."""


def _styles(elements: Iterator[tuple[str, Attributes]]) -> list[Shown | None]:
    """Which of the cells' styles show a number as a moment."""
    formats: dict[int, Shown | None] = {**dict.fromkeys(DATES, "instant"), SPAN: "span"}
    styles, listed = list[Shown | None](), ""
    for tag, attributes in elements:
        if tag == "numFmt":
            formats[int(attributes["numFmtId"])] = _shown(attributes.get("formatCode", ""))
        elif tag in ("cellXfs", "cellStyleXfs"):
            listed = tag
        elif tag == "xf" and listed == "cellXfs":
            styles.append(formats.get(int(attributes.get("numFmtId", 0))))
    return styles


def _shown(code: str) -> Shown | None:
    spoken = UNSPOKEN.sub("", code.partition(";")[0])
    if "[" in spoken:
        return "span"
    return "instant" if re.search(r"[dmyhs]", spoken, re.IGNORECASE) else None


def _moment(number: float, shown: Shown, from_1904: bool) -> Cell:
    """The moment a number stands for. The days of 1900 began with one too many, of a February 29th that never was."""
    passed = timedelta(milliseconds=round(number * 86_400_000))
    if shown == "span":
        return passed
    if number < 0:
        return number
    if number < 1:
        return (datetime.combine(date.min, time()) + passed).time()
    first = date(1904, 1, 1) if from_1904 else date(1899, 12, 31 if number < 60 else 30)
    return datetime.combine(first, time()) + passed
