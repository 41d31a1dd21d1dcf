"""Which rows a file holds, whatever its format; each with the place where it stands, none lost, none loaded twice."""

import codecs
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from services.registry.intake.findings import Refused, finding
from services.registry.intake.json_rows import document_rows, line_rows, page_rows
from services.registry.intake.rows import BadRow, Given, Row
from services.registry.intake.sheet import csv_rows
from services.registry.intake.workbook import OLD_WORKBOOK, is_workbook, open_sheet
from services.registry.intake.xml_rows import xml_rows

FILE_LIMIT_BYTES = 4_000_000_000
LOOK_BYTES = 1_000_000
ZIP = b"PK\x03\x04"
ARCHIVES = (ZIP, b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")

Kind = Literal["json lines", "json", "page", "sheet", "workbook", "xml"]
SUFFIXES: dict[str, Kind] = {
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".json": "json",
    ".jsonld": "json",
    ".html": "page",
    ".htm": "page",
    ".csv": "sheet",
    ".tsv": "sheet",
    ".txt": "sheet",
    ".xml": "xml",
    ".xlsx": "workbook",
    ".xlsm": "workbook",
    ".xlsb": "workbook",
    ".xls": "workbook",
    ".ods": "workbook",
}


@dataclass(frozen=True)
class Table:
    """The rows of a file, and how much of it has been read: a share between 0 and 1."""

    kind: Kind
    rows: Iterator[Row | BadRow]
    share: Callable[[], float]


def open_rows(file: Path | Given, rows_at: Iterable[str] = (), sheet: str | None = None) -> Table:
    """The rows of a file.

    Args:
        file: JSON Lines, JSON, CSV or TSV, XML, a workbook or a web page; known by its name and by how it begins.
        rows_at: where in a JSON or XML document the rows may stand, such as `GetJobInfo.row`.
        sheet: which sheet of a workbook, where it has several.

    Raises:
        Refused: the file as a whole cannot be read.
    """
    given = file if isinstance(file, Given) else Given.on_disk(file)
    kind = _kind_of(given)
    if kind == "workbook":
        rows, share = open_sheet(given, sheet)
        return Table(kind, _never_empty(rows), share)
    encoding = encoding_of(given) if kind in ("sheet", "page") else "utf-8"
    opened = given.open()
    rows = _reader(kind, opened, given.size, encoding, tuple(rows_at))
    return Table(kind, _never_empty(rows), lambda: 1.0 if opened.closed else opened.tell() / given.size)


def _reader(kind: Kind, file: BinaryIO, size: int, encoding: str, rows_at: tuple[str, ...]) -> Iterator[Row | BadRow]:
    if kind == "json lines":
        return line_rows(file)
    if kind == "json":
        return document_rows(file, size, rows_at)
    if kind == "page":
        return page_rows(file, size, encoding)
    return xml_rows(file, rows_at) if kind == "xml" else csv_rows(file, encoding)


def _kind_of(given: Given) -> Kind:
    """By its name, unless it begins like something else; what is no text and no workbook is refused."""
    head = given.head(4096)
    told = SUFFIXES.get(given.suffix)
    if not head.strip():
        raise Refused(finding("FILE_EMPTY"))
    if given.size > FILE_LIMIT_BYTES:
        raise Refused(finding("FILE_TOO_LARGE", limit=FILE_LIMIT_BYTES))
    if head.startswith((ZIP, OLD_WORKBOOK)) and is_workbook(given):
        return "workbook"
    if head.startswith(ARCHIVES) and told != "workbook":
        raise Refused(finding("ARCHIVE_NOT_SUPPORTED"))
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Refused(finding("ENCODING_UNKNOWN", line=1, byte=1))
    if b"\0" in head or head.startswith(ARCHIVES):
        raise Refused(finding("WORKBOOK_UNREADABLE" if told == "workbook" else "NOT_TEXT"))
    return told if told and told != "workbook" else _kind_of_text(head)


def _kind_of_text(head: bytes) -> Kind:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if start[:100].lower().startswith((b"<!doctype html", b"<html")):
        return "page"
    if start.startswith(b"<"):
        return "xml"
    if start.startswith(b"["):
        return "json"
    if not start.startswith(b"{"):
        return "sheet"
    first_line, more, _ = start.partition(b"\n")
    try:
        json.loads(first_line)
    except ValueError:
        return "json"
    return "json lines" if more else "json"


def _never_empty(rows: Iterator[Row | BadRow]) -> Iterator[Row | BadRow]:
    """The same rows, the first of them read at once: a file that is wrong as a whole is refused before any row."""
    try:
        first = next(rows)
    except StopIteration:
        raise Refused(finding("FILE_EMPTY")) from None

    def all_rows() -> Iterator[Row | BadRow]:
        yield first
        yield from rows

    return all_rows()


def encoding_of(given: Given) -> str:
    """UTF-8 if every byte fits, else CP949 if every byte fits; read in pieces, never guessed.

    Raises:
        Refused: with line and byte of the first place that is not UTF-8.
    """
    fault = _first_fault(given, "utf-8")
    if fault is None:
        return "utf-8-sig"
    if _first_fault(given, "cp949") is None:
        return "cp949"
    line, byte = fault
    raise Refused(finding("ENCODING_UNKNOWN", f"line {line}", line=line, byte=byte))


def _first_fault(given: Given, encoding: str) -> tuple[int, int] | None:
    line, decoder = 1, codecs.getincrementaldecoder(encoding)()
    with given.open() as file:
        while True:
            piece = file.read(LOOK_BYTES)
            held = decoder.getstate()[0]
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                before = (held + piece)[: error.start]
                return line + before.count(b"\n"), error.start - (before.rfind(b"\n") + 1) + 1
            if not piece:
                return None
            line += piece.count(b"\n")
