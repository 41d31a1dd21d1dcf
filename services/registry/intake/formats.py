"""Which rows a file holds, whatever its format; each with the place where it stands, none lost, none loaded twice."""

import codecs
import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from services.registry.intake.findings import Refused, finding
from shared.contracts import Finding
from shared.wire import DOCUMENT_DEPTH, WireError, strict_document

FILE_LIMIT_BYTES = 4_000_000_000
WHOLE_JSON_LIMIT_BYTES = 256_000_000
LINE_LIMIT_BYTES = 1_000_000
LOOK_BYTES = 1_000_000
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xd0\xcf\x11\xe0")

Kind = Literal["json lines", "json", "sheet", "xml"]
SUFFIXES: dict[str, Kind] = {
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".json": "json",
    ".csv": "sheet",
    ".tsv": "sheet",
    ".txt": "sheet",
    ".xml": "xml",
}


@dataclass(frozen=True)
class Row:
    """One row in the sender's own words."""

    where: str
    values: dict[str, Any]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read, and why."""

    where: str
    finding: Finding


@dataclass(frozen=True)
class Table:
    """The rows of a file, and what is to be told of the file as a whole."""

    kind: Kind
    rows: Iterator[Row | BadRow]
    remarks: tuple[str, ...] = field(default=())


def open_rows(path: Path, rows_at: Iterable[str] = ()) -> Table:
    """The rows of a file.

    Args:
        path: JSON Lines, JSON, CSV or TSV, or XML; known by its name, else by how it begins.
        rows_at: where in a JSON document the rows may stand, such as `GetJobInfo.row`.

    Raises:
        Refused: the file as a whole cannot be read.
    """
    head = _first_look(path)
    kind = SUFFIXES.get(path.suffix.lower()) or _kind_of(head)
    if kind == "json lines":
        return Table(kind, _never_empty(_json_lines(path)))
    if kind == "json":
        return Table(kind, _never_empty(_whole_json(path, tuple(rows_at))))
    if kind == "xml":
        return Table(kind, _never_empty(_xml(path)))
    encoding = encoding_of(path)
    return Table(kind, _never_empty(_sheet(path, encoding)), () if encoding == "utf-8-sig" else (encoding,))


def _first_look(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        size = path.stat().st_size
    except OSError:
        raise Refused(finding("FILE_UNREADABLE", str(path))) from None
    if not head.strip():
        raise Refused(finding("FILE_EMPTY"))
    if size > FILE_LIMIT_BYTES:
        raise Refused(finding("FILE_TOO_LARGE", limit=FILE_LIMIT_BYTES))
    if head.startswith(ARCHIVES):
        raise Refused(finding("ARCHIVE_NOT_SUPPORTED"))
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Refused(finding("ENCODING_UNKNOWN", line=1, byte=1))
    if b"\0" in head:
        raise Refused(finding("NOT_TEXT"))
    return head


def _kind_of(head: bytes) -> Kind:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
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


def encoding_of(path: Path) -> str:
    """UTF-8 if every byte fits, else CP949 if every byte fits; read in pieces, never guessed.

    Raises:
        Refused: with line and byte of the first place that is not UTF-8.
    """
    fault = _first_fault(path, "utf-8")
    if fault is None:
        return "utf-8-sig"
    if _first_fault(path, "cp949") is None:
        return "cp949"
    line, byte = fault
    raise Refused(finding("ENCODING_UNKNOWN", f"line {line}", line=line, byte=byte))


def _first_fault(path: Path, encoding: str) -> tuple[int, int] | None:
    line, decoder = 1, codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
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


def _json_lines(path: Path) -> Iterator[Row | BadRow]:
    with path.open("rb") as file:
        for number, line in _lines(file):
            where = f"line {number}"
            if number == 1 and line.startswith(b"["):
                raise Refused(finding("JSONL_EXPECTED", where))
            if len(line) > LINE_LIMIT_BYTES:
                yield BadRow(where, finding("LINE_TOO_LONG", where, limit=LINE_LIMIT_BYTES))
            elif line:
                yield _json_row(where, line)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines by number; of a line that is too long only as much as shows it."""
    number = 0
    while line := file.readline(LINE_LIMIT_BYTES + 2):
        number += 1
        too_long = len(line) > LINE_LIMIT_BYTES
        while too_long and not line.endswith(b"\n") and (rest := file.readline(LINE_LIMIT_BYTES)):
            line = line[: LINE_LIMIT_BYTES + 1] + rest[-1:]
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        yield number, line.strip()


def _json_row(where: str, line: bytes) -> Row | BadRow:
    try:
        return Row(where, strict_document(line, LINE_LIMIT_BYTES))
    except WireError as error:
        code = "ENCODING_UNKNOWN" if error.code == "ENVELOPE_NOT_UTF8" else error.code
        return BadRow(where, finding(code, f"{where}, {error.where}", **_limits(where)))


def _limits(where: str) -> dict[str, object]:
    return {"limit": DOCUMENT_DEPTH, "line": where.removeprefix("line "), "byte": "?"}


def _whole_json(path: Path, rows_at: tuple[str, ...]) -> Iterator[Row | BadRow]:
    if path.stat().st_size > WHOLE_JSON_LIMIT_BYTES:
        raise Refused(finding("FILE_TOO_LARGE", limit=WHOLE_JSON_LIMIT_BYTES))
    try:
        document = json.loads(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    except UnicodeDecodeError:
        raise Refused(finding("ENCODING_UNKNOWN", line=1, byte="?")) from None
    except RecursionError:
        raise Refused(finding("JSON_TOO_DEEP", limit=DOCUMENT_DEPTH)) from None
    except json.JSONDecodeError as error:
        raise Refused(finding("JSON_INVALID", f"line {error.lineno}, column {error.colno}")) from None
    except ValueError:
        raise Refused(finding("NUMBER_TOO_LARGE", limit=40)) from None
    path_found, rows = _find_rows(document, rows_at)
    for number, row in enumerate(rows):
        where = f"{path_found}[{number}]"
        yield Row(where, row) if isinstance(row, dict) else BadRow(where, finding("ENVELOPE_NOT_OBJECT", where))


def _find_rows(document: Any, rows_at: tuple[str, ...]) -> tuple[str, list[Any]]:
    """The array itself, or what stands at a known path (one hit is an object there, not a list), or one object."""
    if isinstance(document, list):
        return "", document
    for path in rows_at:
        found = document
        for step in path.split("."):
            found = found.get(step) if isinstance(found, dict) else None
        if found is not None:
            return path, found if isinstance(found, list) else [found]
    roots = {path.partition(".")[0] for path in rows_at}
    return "", [] if isinstance(document, dict) and roots & document.keys() else [document]


def _sheet(path: Path, encoding: str) -> Iterator[Row | BadRow]:
    # newline="": a line end within quotes belongs to the cell
    with path.open("r", encoding=encoding, newline="") as file:
        delimiter = _delimiter_of(file)
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        names = _header(reader)
        while True:
            where = f"line {reader.line_num + 1}"
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                # an open quote swallows what follows, so this is the last row that can be told apart
                yield BadRow(where, _of_csv_error(error, where))
                return
            if any(cell.strip() for cell in cells):
                yield _sheet_row(where, names, cells)


def _of_csv_error(error: csv.Error, where: str) -> Finding:
    open_quote = "end of data" in str(error) or "field limit" in str(error) or "expected after" in str(error)
    return finding("QUOTE_UNCLOSED" if open_quote else "NOT_TEXT", where)


def _delimiter_of(file: TextIOWrapper) -> str:
    header = file.readline(LINE_LIMIT_BYTES)
    file.seek(0)
    counted = Counter(character for character in header if character in ",\t;|")
    best = max(",\t;|", key=lambda character: counted[character])
    if counted[best] and best not in ",\t":
        raise Refused(finding("DELIMITER_MISMATCH", "line 1", expected=best))
    return best if counted[best] else ","


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        names = [name.strip() for name in next(reader)]
    except (StopIteration, csv.Error):
        raise Refused(finding("HEADER_MISSING", "line 1", expected="-")) from None
    if "" in names:
        raise Refused(finding("HEADER_MISSING", "line 1", expected=f"column {names.index('') + 1}"))
    doubled = [name for name, times in Counter(names).items() if times > 1]
    if doubled:
        raise Refused(finding("HEADER_DUPLICATE", "line 1", expected=", ".join(doubled)[:200]))
    return names


def _sheet_row(where: str, names: list[str], cells: list[str]) -> Row | BadRow:
    if len(cells) != len(names):
        return BadRow(where, finding("ROW_WIDTH", where, found=len(cells), expected=len(names)))
    if any("\0" in cell for cell in cells):
        return BadRow(where, finding("TEXT_INVALID", where))
    return Row(where, dict(zip(names, cells, strict=True)))


def _xml(path: Path) -> Iterator[Row | BadRow]:
    """Rows are the children of the root that have children of their own; one or many makes no difference."""
    count = 0
    try:
        for element in _children_of_root(path):
            if len(element):
                count += 1
                where = f"{element.tag}[{count}]"
                yield Row(where, _flat(element))
    except DefusedXmlException:
        raise Refused(finding("XML_DTD_FORBIDDEN")) from None
    except (ParseError, UnicodeDecodeError, LookupError, ValueError) as error:
        fault = _of_xml_error(error)
        if not count:
            raise Refused(fault) from None
        yield BadRow(fault.where, fault)


def _of_xml_error(error: Exception) -> Finding:
    if not isinstance(error, ParseError) or "encoding" in str(error):
        return finding("ENCODING_MISMATCH")
    line, column = error.position
    return finding("XML_INVALID", f"line {line}", line=line, column=column)


def _children_of_root(path: Path) -> Iterator[Element]:
    """Each complete child of the root, dropped from memory when the next is read."""
    open_elements: list[Element] = []
    for event, element in iterparse(path, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            open_elements.append(element)
            if len(open_elements) > DOCUMENT_DEPTH:
                raise Refused(finding("XML_TOO_DEEP", limit=DOCUMENT_DEPTH))
            continue
        open_elements.pop()
        if len(open_elements) == 1:
            yield element
            open_elements[0].clear()


def _flat(element: Element, prefix: str = "") -> dict[str, Any]:
    """Leaves by name; nested ones as `corpInfo.corpNm`, repeated ones as a list."""
    values: dict[str, Any] = {}
    for child in element:
        name = prefix + child.tag.rpartition("}")[2]
        found = _flat(child, f"{name}.") if len(child) else {name: (child.text or "").strip()}
        for key, value in found.items():
            values[key] = _listed(values[key], value) if key in values else value
    return values


def _listed(held: Any, more: Any) -> list[Any]:
    return (held if isinstance(held, list) else [held]) + (more if isinstance(more, list) else [more])
