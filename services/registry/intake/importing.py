"""What the command does with a file: read, map, send in batches, count every row, write down what came back."""

import csv
import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import Any

from services.registry.intake.findings import Refused, finding
from services.registry.intake.formats import Table, open_rows
from services.registry.intake.mapping import Kind, Mapping, choose_mapping, shipped_mappings
from services.registry.intake.rows import BadRow, Given, Row
from shared.command import CommandError, ExitCode
from shared.contracts import Finding
from shared.web.spreadsheets import harmless
from shared.wire import DOCUMENT_LIMIT_BYTES

Send = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

ROWS_A_REQUEST = 200
LOOK_ROWS = 50
"""Rows looked at to find one whose fields can be known; the first may be broken."""
OWN_NAMES: dict[Kind, str] = {"postings": "sheet_en", "seekers": "seekers_en"}
"""Sheets under our own field names: a cell is a text, so it takes a mapping all the same."""
OUTCOMES = ("accepted", "merged", "unchanged", "held", "returned")
USAGE_CODES = frozenset(
    {
        "FILE_UNREADABLE",
        "MAPPING_UNKNOWN",
        "MAPPING_AMBIGUOUS",
        "MAPPING_INVALID",
        "SHEET_UNKNOWN",
        "SHEET_UNNAMED",
    }
)


@dataclass
class Tally:
    """Every row that was read, by what became of it."""

    mapping: str
    left_out: tuple[str, ...] = ()
    """Columns of a sheet of which nothing was read."""
    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    """Rows by what was said about them, refusals and remarks."""

    @property
    def read(self) -> int:
        return self.outcomes.total()

    def count(self, receipt: dict[str, Any]) -> None:
        self.outcomes[receipt["outcome"]] += 1
        self.codes.update({found["code"] for found in receipt["findings"]})


@dataclass(frozen=True)
class Opened:
    """A file that is being read: by which mapping, its rows as they are sent, and the share of it that was read."""

    mapping: Mapping | None
    rows: Iterator[dict[str, Any]]
    share: Callable[[], float]
    left_out: tuple[str, ...] = ()
    """Columns of a sheet of which nothing is read; other files hold much that nobody asks for."""


@dataclass(frozen=True)
class Source:
    """A file and how it is to be read."""

    file: Given
    kind: Kind
    mapping: str | None = None
    sheet: str | None = None
    own: Sequence[Mapping] = ()
    """The sender's saved mappings."""

    @property
    def table(self) -> Table:
        """The file's rows in the sender's own words."""
        places = [m.rows for m in (*self.own, *shipped_mappings(self.kind)) if m.rows]
        if self.mapping and (named := choose_mapping(self.kind, self.mapping, (), self.own)) and named.rows:
            places = [named.rows]
        return open_rows(self.file, places, self.sheet)

    def open(self) -> Opened:
        """Look at the first rows, choose a mapping, and read.

        Raises:
            Refused: the file as a whole cannot be read, or no mapping fits.
        """
        table = self.table
        head = list(islice(table.rows, LOOK_ROWS))
        names: Iterable[str] = next((row.values.keys() for row in head if isinstance(row, Row)), ())
        mapping = choose_mapping(self.kind, self.mapping, names, self.own)
        left_out: tuple[str, ...] = ()
        if table.kind in ("sheet", "workbook"):
            mapping = mapping or choose_mapping(self.kind, OWN_NAMES[self.kind], ())
            left_out = tuple(name for name, ours in mapping.uses(tuple(names)).items() if not ours) if mapping else ()
        return Opened(mapping, _sent(chain(head, table.rows), mapping, self.kind), table.share, left_out)

    def look(self) -> list[Row]:
        """The first rows that can be read, to show to a person who is asked what they mean."""
        return [row for row in islice(self.table.rows, LOOK_ROWS) if isinstance(row, Row)]


def bring_in(
    source: Source, send: Send, reject: Callable[[dict[str, Any]], None], step: Callable[[int, float], None]
) -> Tally:
    """Send every row and count every answer.

    Args:
        step: told after each batch how many rows it had, and the share of the file that was read.
    """
    opened = source.open()
    tally = Tally(opened.mapping.name if opened.mapping else "-", opened.left_out)
    while batch := list(islice(opened.rows, ROWS_A_REQUEST)):
        for receipt in send(batch):
            tally.count(receipt)
            if receipt["outcome"] == "returned":
                reject(receipt)
        step(len(batch), opened.share())
    return tally


class _Seen:
    """Which references stood in earlier rows, with what content: on disk, as digests, so that memory stays flat."""

    def __init__(self, store: sqlite3.Connection) -> None:
        self._store, self._key = store, secrets.token_bytes(16)
        store.execute("CREATE TABLE seen (reference BLOB PRIMARY KEY, content BLOB) WITHOUT ROWID")

    def otherwise(self, reference: str, content: bytes) -> bool:
        """Whether this reference was seen with other content."""
        name = blake2b(reference.encode("utf-8", "replace"), digest_size=16, key=self._key).digest()
        found = self._store.execute("SELECT content FROM seen WHERE reference = ?", (name,)).fetchone()
        if found is None:
            self._store.execute("INSERT INTO seen VALUES (?, ?)", (name, content))
        return found is not None and found[0] != content


def _sent(rows: Iterable[Row | BadRow], mapping: Mapping | None, kind: Kind) -> Iterator[dict[str, Any]]:
    with closing(sqlite3.connect("")) as store:  # no name: a file of its own that goes with it
        seen = _Seen(store)
        for row in rows:
            if isinstance(row, BadRow):
                yield _row(row.where, None, [row.finding])
                continue
            document, findings = mapping.document(row.values) if mapping else (row.values, [])
            words = json.dumps(document, sort_keys=True, ensure_ascii=False, default=str).encode("utf-8", "replace")
            if len(words) > DOCUMENT_LIMIT_BYTES:
                yield _row(row.where, None, [finding("TOO_LARGE", row.where, limit=DOCUMENT_LIMIT_BYTES)])
                continue
            content, reference = blake2b(words, digest_size=16), document.get("source_ref")
            if isinstance(reference, str) and reference:
                if seen.otherwise(reference, content.digest()):
                    findings = [*findings, finding("DUPLICATE_IN_FILE", "source_ref")]
            elif kind == "seekers" and document:
                # the same words are the same person: a file that is read again brings nobody twice
                document = document | {"source_ref": f"auto-{content.hexdigest()}"}
            yield _row(row.where, document, findings)


def _row(where: str, document: dict[str, Any] | None, findings: Iterable[Finding]) -> dict[str, Any]:
    return {"where": where, "document": document, "findings": [found.model_dump() for found in findings]}


@contextmanager
def rejections(path: Path) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A sheet of what came back: where, which field, why; never what stood there. Gone again if nothing did."""
    try:
        file = path.open("w", encoding="utf-8-sig", newline="")  # the mark lets Excel show Korean
    except OSError as error:
        raise CommandError(
            "REJECTED_UNWRITABLE",
            ExitCode.USAGE,
            ko="돌려받은 행을 적을 파일을 만들 수 없습니다.",
            en=f"The file for rejected rows cannot be written ({error.strerror}).",
            where=str(path),
            hint="Name another place with --rejected PATH.",
        ) from error
    with file:
        reject = Rejections(csv.writer(file))
        yield reject
    if not reject.lines:
        path.unlink()


class Rejections:
    """Writes down what came back: a line for each reason, never the row itself."""

    def __init__(self, writer: Any) -> None:
        self.lines, self._writer = 0, writer
        writer.writerow(["line", "field", "code", "message_ko", "message", "hint"])

    def __call__(self, receipt: dict[str, Any]) -> None:
        for found in receipt["findings"]:
            if found["severity"] == "refusal":
                self.lines += 1
                cells = (found["where"], found["code"], found["message_ko"], found["message"], found["hint"])
                self._writer.writerow([harmless(str(cell)) for cell in (receipt["where"], *cells)])


@contextmanager
def told_as_error(path: Path) -> Iterator[None]:
    """A file that is refused as a whole ends the command with its finding."""
    try:
        yield
    except Refused as refused:
        raise _as_error(refused.finding, path) from refused


def _as_error(found: Finding, path: Path) -> CommandError:
    return CommandError(
        found.code,
        ExitCode.USAGE if found.code in USAGE_CODES else ExitCode.SOME_REFUSED,
        ko=found.message_ko,
        en=found.message,
        where=f"{path}: {found.where}" if found.where and found.where != str(path) else str(path),
        hint=found.hint,
    )
