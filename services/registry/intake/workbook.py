"""Which rows a workbook holds (xlsx, xlsm, xlsb, xls, ods): one sheet of it, its cells as a person reads them."""

import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from typing import BinaryIO, Protocol

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from services.registry.intake.findings import Refused, finding
from services.registry.intake.ods import OdsBook
from services.registry.intake.office_xml import Cell, Range
from services.registry.intake.rows import BadRow, Given, Row
from services.registry.intake.sheet import Line, table_rows
from services.registry.intake.xlsx import XlsxBook
from shared.contracts import Finding

OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
"""How xls begins, and a workbook under a password."""
INFLATED_LIMIT_BYTES = 1_000_000_000
HELD_LIMIT_BYTES = 256_000_000
"""Of the kinds that are in memory as a whole while they are read: xlsb and xls."""
INFLATED_TIMES, ODS_INFLATED_TIMES = 50, 200
"""An ods says of every cell in words what it is, and shrinks more."""
SMALL_BYTES = 10_000_000
"""Up to this size nobody asks how well a workbook was packed."""


class Sheet(Protocol):
    """What is read of a sheet: its rows from the top, its columns from the first that is filled, counted from 0."""

    @property
    def height(self) -> int: ...
    @property
    def start(self) -> tuple[int, int] | None: ...
    @property
    def merged_cell_ranges(self) -> list[Range] | None: ...
    def iter_rows(self) -> Iterator[list[Cell]]: ...


@dataclass(frozen=True)
class Named:
    """A sheet that is opened when it is asked for."""

    name: str
    shown: bool
    open: Callable[[], Sheet]


def is_workbook(given: Given) -> bool:
    """Whether its content, whatever its name, is that of a workbook."""
    if given.head(4) == OLD_WORKBOOK:
        return True
    try:
        with given.open() as file, zipfile.ZipFile(file) as packed:
            names = packed.namelist()
    except zipfile.BadZipFile:
        return False
    return any(name.startswith("xl/") or name == "content.xml" for name in names)


def open_sheet(given: Given, named: str | None) -> tuple[Iterator[Row | BadRow], Callable[[], float]]:
    """The rows of a sheet, and how much of it has been read.

    Raises:
        Refused: it cannot be read, or it has several sheets and none is named.
    """
    with _refused_if_broken():
        sheet = _sheet_of(_sheets(given), named)
        last_row = (sheet.start or (0, 0))[0] + max(sheet.height, 1)
    read = [0]
    return table_rows(_lines(sheet, read)), lambda: read[0] / last_row


def sheet_names(given: Given) -> list[str]:
    """The sheets of a workbook that a person sees and that hold something."""
    with _refused_if_broken():
        return [sheet.name for sheet in _filled(_sheets(given))]


@contextmanager
def _refused_if_broken() -> Iterator[None]:
    try:
        yield
    except PasswordError:
        raise Refused(finding("WORKBOOK_LOCKED")) from None
    except (CalamineError, OSError, LookupError, ValueError, zipfile.BadZipFile):
        raise Refused(finding("WORKBOOK_UNREADABLE")) from None


def _sheets(given: Given) -> list[Named]:
    """All sheets: those of an xlsx or ods are read a row at a time, those of other kinds with the whole workbook."""
    streamed = _streamed(given)
    with given.open() as file:
        times = ODS_INFLATED_TIMES if streamed is OdsBook else INFLATED_TIMES
        _refuse_bombs(file, given.size, times, INFLATED_LIMIT_BYTES if streamed else HELD_LIMIT_BYTES)
        if streamed:
            return [Named(sheet.name, sheet.shown, partial(_itself, sheet)) for sheet in streamed(given).sheets]
        book = CalamineWorkbook.from_filelike(file)
        return [
            Named(each.name, _is_shown(each), partial(book.get_sheet_by_name, each.name))
            for each in book.sheets_metadata
        ]


def _streamed(given: Given) -> type[XlsxBook] | type[OdsBook] | None:
    """Who reads it a row at a time, if anybody does."""
    with given.open() as file:
        if not zipfile.is_zipfile(file):
            return None
        with zipfile.ZipFile(file) as packed:
            names = [name.replace("\\", "/").casefold() for name in packed.namelist()]
    if "content.xml" in names:
        return OdsBook
    return None if "xl/workbook.bin" in names else XlsxBook


def _is_shown(sheet: SheetMetadata) -> bool:
    return sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet


def _itself(sheet: Sheet) -> Sheet:
    return sheet


def _refuse_bombs(file: BinaryIO, size: int, times: int, most: int) -> None:
    """A packed file may say that it is small and swell to gigabytes: each part is unpacked once, and dropped."""
    if not zipfile.is_zipfile(file):
        if size > most:
            raise Refused(finding("FILE_TOO_LARGE", limit=most))
        return
    limit = min(max(size * times, SMALL_BYTES), most)
    with zipfile.ZipFile(file) as packed:
        if sum(part.file_size for part in packed.infolist()) > limit:
            raise Refused(finding("FILE_TOO_LARGE", limit=limit))
        try:
            broken = packed.testzip()  # a part that is larger than it says fails here
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
            broken = "?"
    file.seek(0)
    if broken:
        raise Refused(finding("WORKBOOK_UNREADABLE"))


def _sheet_of(sheets: list[Named], named: str | None) -> Sheet:
    if named is not None:
        found = next((sheet for sheet in sheets if sheet.name == named), None)
        if found is None:
            raise Refused(_among("SHEET_UNKNOWN", [sheet.name for sheet in sheets if sheet.shown]))
        return found.open()
    filled = _filled(sheets)
    if len(filled) > 1:
        raise Refused(_among("SHEET_UNNAMED", [sheet.name for sheet in filled]))
    if not filled:
        raise Refused(finding("FILE_EMPTY"))
    return filled[0].open()


def _filled(sheets: list[Named]) -> list[Named]:
    return [sheet for sheet in sheets if sheet.shown and sheet.open().height > 1]


def _among(code: str, names: list[str]) -> Finding:
    return finding(code, expected=", ".join(names)[:300])


def _lines(sheet: Sheet, read: list[int]) -> Iterator[Line]:
    """Each row as texts; what is merged over several rows is said in each of them."""
    _, first_column = sheet.start or (0, 0)
    merged: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if left >= first_column:
            merged[top].append((left - first_column, bottom, right - first_column))
    below: dict[int, tuple[int, str]] = {}
    for number, cells in enumerate(sheet.iter_rows()):
        read[0] += 1
        texts = [_text(cell) for cell in cells]
        below = {column: (bottom, text) for column, (bottom, text) in below.items() if bottom >= number}
        for column, (_, text) in below.items():
            texts[column] = text
        headings, begins = texts.copy(), [each for each in merged.pop(number, ()) if each[0] < len(texts)]
        for left, bottom, right in begins:
            headings[left : right + 1] = [texts[left]] * (min(right + 1, len(texts)) - left)
            if bottom > number:
                below[left] = (bottom, texts[left])
        deep = max((bottom - number for _, bottom, _ in begins), default=0)
        yield Line(f"row {number + 1}", texts, headings, deep)


def _text(cell: Cell) -> str:
    """A cell as it is read: a whole number without its `.0`, a day without its midnight."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    return cell.isoformat("minutes") if isinstance(cell, time) else str(cell)
