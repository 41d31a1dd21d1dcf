"""How is a table handed out? As CSV that Excel reads, or as a workbook; no cell of it is run as a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO, StringIO
from itertools import chain

Cell = str | int
"""A number stays one, so that a spreadsheet can add it up."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA_STARTS) else cell


def as_written(cell: str) -> str:
    """A cell without the mark that keeps it from being run as a formula."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS) else cell


def safe_row(row: Iterable[object]) -> list[object]:
    """A row whose words are no formulas; numbers stay numbers."""
    return [harmless(cell) if isinstance(cell, str) else cell for cell in row]


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    yield "\ufeff".encode()  # the mark lets Excel show Korean
    for row in chain([head], rows):
        text = StringIO(newline="")
        csv.writer(text).writerow(safe_row(row))
        yield text.getvalue().encode()


def as_workbook(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    import xlsxwriter  # the command reads and writes cells, and starts without it

    held = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(held, options) as book:
        sheet, bold = book.add_worksheet(name), book.add_format({"bold": True})
        sheet.set_column(0, len(head) - 1, 18)
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(head):
            sheet.write_string(0, column, title, bold)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                else:
                    sheet.write_string(number, column, harmless(cell))
    yield held.getvalue()
