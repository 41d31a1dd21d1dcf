"""Which rows a JSON file holds: one object a line, or a document with rows somewhere in it.

A short document is read as a whole, of a long one the list of rows alone, a row at a time.
"""

import codecs
import json
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any, BinaryIO

from services.registry.intake import json_ld, json_resume
from services.registry.intake.findings import Refused, finding
from services.registry.intake.json_stream import LongDocument
from services.registry.intake.rows import BadRow, Row
from services.registry.intake.service_answers import no_rows_in
from shared.contracts import Finding
from shared.wire import DOCUMENT_DEPTH, LONGEST_NUMBER, WireError, strict_document

WHOLE_LIMIT_BYTES = 32_000_000
"""Up to here a document is held in memory; a page never is longer."""
LINE_LIMIT_BYTES = 1_000_000
LINKED_LISTS = ("@graph", "itemListElement")
"""Where linked data of one object keeps many."""


def line_rows(file: BinaryIO) -> Iterator[Row | BadRow]:
    """One object a line."""
    with file:
        for number, line in _lines(file):
            where = f"line {number}"
            if number == 1 and line.startswith(b"["):
                raise Refused(finding("JSONL_EXPECTED", where))
            if len(line) > LINE_LIMIT_BYTES:
                yield BadRow(where, finding("LINE_TOO_LONG", where, limit=LINE_LIMIT_BYTES))
            elif line:
                yield _row(where, line)


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


def document_rows(file: BinaryIO, size: int, rows_at: Iterable[str]) -> Iterator[Row | BadRow]:
    """The rows in one document: at a known path, every JobPosting of it, the entries of its list, or itself."""
    with file:
        if size <= WHOLE_LIMIT_BYTES:
            yield from _rows_in(_document(_whole(file, size)), tuple(rows_at), "")
        else:
            yield from _rows_in_long(file, tuple(rows_at))


def _rows_in_long(file: BinaryIO, rows_at: tuple[str, ...]) -> Iterator[Row | BadRow]:
    """The rows of its one list, as they come; where it turns out to be no JSON in its midst, that is said last."""
    document, number = LongDocument(file), 0
    try:
        path = document.enter_list({"", *rows_at, *LINKED_LISTS})
        if path is None:
            raise Refused(finding("FILE_TOO_LARGE", limit=WHOLE_LIMIT_BYTES))
        known = path if path in rows_at else ""
        rows = (row for entry in document.entries() for row in ([entry] if known else _rows_of(entry)))
        for row in rows:
            yield _said_again(row, f"{known}[{number}]")
            number += 1
    except (ValueError, RecursionError, Refused) as error:
        fault = _of_json_error(error, document.line)
        if not number:
            raise Refused(fault) from None
        yield BadRow(fault.where, fault)


def _of_json_error(error: Exception, line: int) -> Finding:
    where = f"line {line}"
    if isinstance(error, Refused):
        return error.finding
    if isinstance(error, UnicodeDecodeError):
        return finding("ENCODING_UNKNOWN", where, line=line, byte="?")
    if isinstance(error, RecursionError):
        return finding("JSON_TOO_DEEP", where, limit=DOCUMENT_DEPTH)
    if isinstance(error, json.JSONDecodeError):
        return finding("JSON_INVALID", where)
    return finding("NUMBER_TOO_LARGE", where, limit=LONGEST_NUMBER)


def page_rows(file: BinaryIO, size: int, encoding: str) -> Iterator[Row | BadRow]:
    """The JobPostings in a web page's `<script type="application/ld+json">`.

    Raises:
        Refused: the page holds none.
    """
    with file:
        scripts = _Scripts()
        scripts.feed(_whole(file, size).decode(encoding))
    none = True
    for number, script in enumerate(scripts.found, 1):
        try:
            postings = json_ld.job_postings(_document(script.encode()))
        except Refused as refused:
            yield BadRow(f"script {number}", refused.finding)
            continue
        none = none and not postings
        yield from _listed(postings, f"script {number}")
    if none:
        raise Refused(finding("JOB_POSTING_MISSING"))


class _Scripts(HTMLParser):
    """Collects the linked data of a page; nothing else of it is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._within = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = (dict(attrs).get("type") or "").partition(";")[0].strip().casefold()
        self._within = tag == "script" and kind == "application/ld+json"
        if self._within:
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        self._within = self._within and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._within:
            self.found[-1] += data


def _whole(file: BinaryIO, size: int) -> bytes:
    if size > WHOLE_LIMIT_BYTES:
        raise Refused(finding("FILE_TOO_LARGE", limit=WHOLE_LIMIT_BYTES))
    return file.read().removeprefix(codecs.BOM_UTF8)


def _document(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except UnicodeDecodeError:
        raise Refused(finding("ENCODING_UNKNOWN", line=1, byte="?")) from None
    except RecursionError:
        raise Refused(finding("JSON_TOO_DEEP", limit=DOCUMENT_DEPTH)) from None
    except json.JSONDecodeError as error:
        raise Refused(finding("JSON_INVALID", f"line {error.lineno}, column {error.colno}")) from None
    except ValueError:
        raise Refused(finding("NUMBER_TOO_LARGE", limit=LONGEST_NUMBER)) from None


def _rows_in(document: Any, rows_at: tuple[str, ...], where: str) -> Iterator[Row | BadRow]:
    for path in rows_at:
        found = document
        for step in path.split("."):
            found = found.get(step) if isinstance(found, dict) else None
        if found is not None:  # one hit is an object there, not a list
            yield from _listed(found if isinstance(found, list) else [found], path)
            return
    if isinstance(document, dict) and (told := no_rows_in(document)):
        raise Refused(told)
    if isinstance(document, dict) and document.keys() & {path.partition(".")[0] for path in rows_at}:
        return
    entries = document if isinstance(document, list) else [document]
    yield from _listed([row for entry in entries for row in _rows_of(entry)] or entries, where)


def _rows_of(entry: Any) -> list[Any]:
    """The postings within an entry, or the entry if it may be one itself."""
    return (json_ld.job_postings(entry) or [entry]) if _is_row(entry) else []


def _is_row(entry: Any) -> bool:
    """Whether an entry may be a posting: a page's organisation or trail of links, beside one, is none."""
    if not isinstance(entry, dict) or "@type" not in entry:
        return True
    return "hiringOrganization" in entry or bool(json_ld.job_postings(entry))


def _listed(rows: list[Any], path: str) -> Iterator[Row | BadRow]:
    for number, row in enumerate(rows):
        yield _said_again(row, f"{path}[{number}]")


def _said_again(row: Any, where: str) -> Row | BadRow:
    """A row of a document, held to the same promises as one that comes alone."""
    return _row(where, json.dumps(row).encode())


def _row(where: str, raw: bytes) -> Row | BadRow:
    try:
        return Row(where, _plain(strict_document(raw, LINE_LIMIT_BYTES)))
    except WireError as error:
        code = "ENCODING_UNKNOWN" if error.code == "ENVELOPE_NOT_UTF8" else error.code
        limit = {"TOO_LARGE": LINE_LIMIT_BYTES, "NUMBER_TOO_LARGE": LONGEST_NUMBER}.get(code, DOCUMENT_DEPTH)
        told = finding(code, f"{where}, {error.where}", limit=limit, line=where.removeprefix("line "), byte="?")
        return BadRow(where, told)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """A row of a known vocabulary without its nesting."""
    if json_ld.is_job_posting(values):
        return json_ld.plain(values)
    return json_resume.plain(values) if json_resume.is_resume(values) else values
