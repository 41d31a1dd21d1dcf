"""Which rows a workbook holds (xlsx, xlsm, xlsb, xls, ods): one sheet of it, its cells as a person reads them."""

import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from services.registry.intake.findings import Refused, finding
from services.registry.intake.rows import BadRow, Given, Row
from services.registry.intake.sheet import Line, table_rows
from shared.contracts import Finding

OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
"""How xls begins, and a workbook under a password."""
INFLATED_LIMIT_BYTES = 1_000_000_000
INFLATED_TIMES = 50
SMALL_BYTES = 10_000_000
"""Up to this size nobody asks how well a workbook was packed."""

Cell = int | float | str | bool | time | date | datetime | timedelta
Range = tuple[tuple[int, int], tuple[int, int]]


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
    with given.open() as file:
        _refuse_bombs(file, given.size)
        try:
            book = CalamineWorkbook.from_filelike(file)
            sheet = _sheet_of(book, named)
        except PasswordError:
            raise Refused(finding("WORKBOOK_LOCKED")) from None
        except (CalamineError, OSError):
            raise Refused(finding("WORKBOOK_UNREADABLE")) from None
    read = [0]
    return table_rows(_lines(sheet, read)), lambda: read[0] / max(sheet.height, 1)


def _refuse_bombs(file: BinaryIO, size: int) -> None:
    """A packed file may say that it is small and swell to gigabytes: each part is unpacked once, and dropped."""
    if not zipfile.is_zipfile(file):
        return
    limit = min(max(size * INFLATED_TIMES, SMALL_BYTES), INFLATED_LIMIT_BYTES)
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


def sheet_names(given: Given) -> list[str]:
    """The sheets of a workbook that a person sees and that hold something."""
    with given.open() as file:
        book = CalamineWorkbook.from_filelike(file)
        return [name for name in _shown(book) if book.get_sheet_by_name(name).height > 1]


def _shown(book: CalamineWorkbook) -> list[str]:
    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _sheet_of(book: CalamineWorkbook, named: str | None) -> CalamineSheet:
    told = _shown(book)
    if named is not None:
        if named not in book.sheet_names:
            raise Refused(_among("SHEET_UNKNOWN", told))
        return book.get_sheet_by_name(named)
    filled = [sheet for sheet in map(book.get_sheet_by_name, told) if sheet.height > 1]
    if len(filled) > 1:
        raise Refused(_among("SHEET_UNNAMED", [sheet.name for sheet in filled]))
    if not filled:
        raise Refused(finding("FILE_EMPTY"))
    return filled[0]


def _among(code: str, names: list[str]) -> Finding:
    return finding(code, expected=", ".join(names)[:300])


def _lines(sheet: CalamineSheet, read: list[int]) -> Iterator[Line]:
    """Each row as texts; what is merged over several rows is said in each of them."""
    first_row, first_column = sheet.start or (0, 0)
    merged: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        merged[top].append((left - first_column, bottom, right - first_column))
    below: dict[int, tuple[int, str]] = {}
    for number, cells in enumerate(sheet.iter_rows(), first_row):
        read[0] += 1
        texts = [_text(cell) for cell in cells]
        below = {column: (bottom, text) for column, (bottom, text) in below.items() if bottom >= number}
        for column, (_, text) in below.items():
            texts[column] = text
        headings = texts.copy()
        for left, bottom, right in merged.get(number, ()):
            headings[left : right + 1] = [texts[left]] * (right - left + 1)
            if bottom > number:
                below[left] = (bottom, texts[left])
        deep = max((bottom - number for _, bottom, _ in merged.get(number, ())), default=0)
        yield Line(f"row {number + 1}", texts, headings, deep)


def _text(cell: Cell) -> str:
    """A cell as it is read: a whole number without its `.0`, a day without its midnight."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    return cell.isoformat("minutes") if isinstance(cell, time) else str(cell)
