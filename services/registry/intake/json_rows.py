"""Which rows a JSON file holds: one object a line, or a document with rows somewhere in it."""

import codecs
import json
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any, BinaryIO

from services.registry.intake import json_ld, json_resume
from services.registry.intake.findings import Refused, finding
from services.registry.intake.rows import BadRow, Row
from services.registry.intake.service_answers import no_rows_in
from shared.wire import DOCUMENT_DEPTH, LONGEST_NUMBER, WireError, strict_document

WHOLE_LIMIT_BYTES = 256_000_000
LINE_LIMIT_BYTES = 1_000_000


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
        yield from _rows_in(_document(_whole(file, size)), tuple(rows_at), "")


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
    found = [json_ld.job_postings(entry) or [entry] for entry in entries if _is_row(entry)]
    yield from _listed([row for rows in found for row in rows] or entries, where)


def _is_row(entry: Any) -> bool:
    """Whether an entry may be a posting: a page's organisation or trail of links, beside one, is none."""
    if not isinstance(entry, dict) or "@type" not in entry:
        return True
    return "hiringOrganization" in entry or bool(json_ld.job_postings(entry))


def _listed(rows: list[Any], path: str) -> Iterator[Row | BadRow]:
    for number, row in enumerate(rows):
        # said once more, so that each row is held to the same promises as one that comes alone
        yield _row(f"{path}[{number}]", json.dumps(row).encode())


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
