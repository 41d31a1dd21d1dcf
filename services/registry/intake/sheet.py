"""Which rows a table of cells holds: where its header stands, what its columns are called, and what each row says."""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import chain, islice
from statistics import median
from typing import BinaryIO

from services.registry.intake.findings import Refused, finding
from services.registry.intake.rows import BadRow, Row
from shared.contracts import Finding
from shared.web.spreadsheets import as_written

LINE_LIMIT_BYTES = 1_000_000
HEADER_WITHIN = 20
"""A title and a few empty lines may stand above the header, no more."""


@dataclass(frozen=True)
class Line:
    """A row of cells; if it is the header, also its merged headings, and how many rows below it are its own."""

    where: str
    cells: list[str]
    headings: list[str] = field(default_factory=list)
    deep: int = 0

    @property
    def filled(self) -> int:
        """Different things that are said: one cell merged over the whole width is one."""
        return len({cell for cell in self.cells if cell.strip()})


def table_rows(lines: Iterator[Line | BadRow]) -> Iterator[Row | BadRow]:
    """The rows below the header.

    Raises:
        Refused: the header is missing, has a gap or says the same name twice.
    """
    head = list(islice((line for line in lines if isinstance(line, BadRow) or line.filled), HEADER_WITHIN))
    if not head:
        return
    header, rest = _header_and_rest(head)
    names = _names(header)
    for line in chain(rest, lines):
        if isinstance(line, BadRow):
            yield line
        elif line.filled:
            yield _row(line, names)


def _header_and_rest(head: list[Line | BadRow]) -> tuple[list[Line], list[Line | BadRow]]:
    """The header is the first line that fills more than half of what lines usually fill: a title above it says less."""
    usual = median(line.filled for line in head if isinstance(line, Line)) if isinstance(head[0], Line) else 0
    for number, line in enumerate(head):
        if isinstance(line, BadRow):
            raise Refused(line.finding)
        if line.filled > usual / 2:
            below = [more for more in head[number + 1 :] if isinstance(more, Line)]
            deep = _depth(line, below)
            return [line, *below[:deep]], head[number + 1 + deep :]
    raise Refused(finding("HEADER_MISSING", expected="-"))


def _depth(top: Line, below: list[Line]) -> int:
    """How many lines below are its own: those its cells are merged over, or one that speaks under wide cells alone."""
    if top.deep or top.headings in ([], top.cells) or not below:
        return min(top.deep, len(below))
    counted = Counter(top.headings)
    alone = (cell for cell, heading in zip(below[0].cells, top.headings, strict=True) if counted[heading] == 1)
    return 0 if any(cell.strip() for cell in alone) else 1


def _names(header: list[Line]) -> list[str]:
    """A column's name; under a merged heading its own name follows that of the heading."""
    where, deep = header[0].where, len(header) > 1
    said = (line.headings if deep else line.cells for line in header)
    columns = [[cell.strip() for cell in column if cell.strip()] for column in zip(*said, strict=True)]
    while columns and not columns[-1]:
        columns.pop()
    names = [" ".join(" ".join(dict.fromkeys(column)).split()) for column in columns]
    if "" in names:
        raise Refused(finding("HEADER_MISSING", where, expected=f"column {names.index('') + 1}"))
    doubled = [name for name, times in Counter(names).items() if times > 1]
    if doubled:
        raise Refused(finding("HEADER_DUPLICATE", where, expected=", ".join(doubled)[:200]))
    return names


def _row(line: Line, names: list[str]) -> Row | BadRow:
    cells, beyond = line.cells[: len(names)], line.cells[len(names) :]
    if len(cells) < len(names) or any(cell.strip() for cell in beyond):
        return BadRow(line.where, finding("ROW_WIDTH", line.where, found=len(line.cells), expected=len(names)))
    if any("\0" in cell for cell in cells):
        return BadRow(line.where, finding("TEXT_INVALID", line.where))
    return Row(line.where, dict(zip(names, map(as_written, cells), strict=True)))


def csv_rows(file: BinaryIO, encoding: str) -> Iterator[Row | BadRow]:
    """The rows of a text whose cells are separated by commas or tabs."""
    # newline="": a line end within quotes belongs to the cell
    with TextIOWrapper(file, encoding=encoding, newline="") as text:
        yield from table_rows(_csv_lines(text))


def _csv_lines(text: TextIOWrapper) -> Iterator[Line | BadRow]:
    delimiter = _delimiter_of(text)
    csv.field_size_limit(min(LINE_LIMIT_BYTES, sys.maxsize))
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        where = f"line {reader.line_num + 1}"
        try:
            yield Line(where, next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            # an open quote swallows what follows, so this is the last row that can be told apart
            yield BadRow(where, _of_csv_error(error, where))
            return


def _delimiter_of(text: TextIOWrapper) -> str:
    """Known from the first line that has any: a title may stand above."""
    counted: Counter[str] = Counter()
    for line in islice(iter(lambda: text.readline(LINE_LIMIT_BYTES), ""), HEADER_WITHIN):
        counted = Counter(character for character in line if character in ",\t;|")
        if counted:
            break
    text.seek(0)
    best = max(",\t;|", key=lambda character: counted[character])
    if counted[best] and best not in ",\t":
        raise Refused(finding("DELIMITER_MISMATCH", "line 1", expected=best))
    return best if counted[best] else ","


def _of_csv_error(error: csv.Error, where: str) -> Finding:
    open_quote = "end of data" in str(error) or "field limit" in str(error) or "expected after" in str(error)
    return finding("QUOTE_UNCLOSED" if open_quote else "NOT_TEXT", where)
