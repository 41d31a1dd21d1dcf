"""What the command does with a file: read, map, send in batches, count every row, write down what came back."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, TextIO

from services.registry.intake.findings import Refused, finding
from services.registry.intake.formats import BadRow, Row, open_rows
from services.registry.intake.mapping import Mapping, choose_mapping, shipped_mappings
from shared.command import CommandError, ExitCode
from shared.contracts import Finding

Kind = Literal["postings", "seekers"]
Send = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

ROWS_A_REQUEST = 200
LOOK_ROWS = 50
"""Rows looked at to find one whose fields can be known; the first may be broken."""
OWN_NAMES: dict[Kind, str] = {"postings": "sheet_en", "seekers": "seekers_en"}
"""Sheets under our own field names: a cell is a text, so it takes a mapping all the same."""
OUTCOMES = ("accepted", "merged", "unchanged", "returned")
USAGE_CODES = frozenset({"FILE_UNREADABLE", "MAPPING_UNKNOWN", "MAPPING_AMBIGUOUS", "MAPPING_INVALID"})


@dataclass
class Tally:
    """Every row that was read, by what became of it."""

    mapping: str
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
class Source:
    """A file and how it is to be read."""

    path: Path
    kind: Kind
    mapping: str | None = None

    def rows(self) -> tuple[Mapping | None, Iterator[dict[str, Any]]]:
        """The mapping that was chosen, and the rows as they are sent.

        Raises:
            CommandError: the file as a whole cannot be read, or no mapping fits.
        """
        try:
            places = [m.rows for m in shipped_mappings(self.kind) if m.rows]
            if self.mapping and (named := choose_mapping(self.kind, self.mapping, ())) and named.rows:
                places = [named.rows]
            table = open_rows(self.path, places)
            head = list(islice(table.rows, LOOK_ROWS))
            names: Iterable[str] = next((row.values.keys() for row in head if isinstance(row, Row)), ())
            mapping = choose_mapping(self.kind, self.mapping, names)
            if mapping is None and table.kind == "sheet":
                mapping = choose_mapping(self.kind, OWN_NAMES[self.kind], ())
        except Refused as refused:
            raise _as_error(refused.finding, self.path) from refused
        return mapping, _sent(chain(head, table.rows), mapping)

    def chosen_mapping(self) -> Mapping | None:
        """The mapping by which it will be read."""
        mapping, _ = self.rows()
        return mapping


def bring_in(
    source: Source, send: Send, reject: Callable[[dict[str, Any]], None], step: Callable[[int], None]
) -> Tally:
    """Send every row and count every answer."""
    mapping, rows = source.rows()
    tally = Tally(mapping.name if mapping else "-")
    while batch := list(islice(rows, ROWS_A_REQUEST)):
        for receipt in send(batch):
            tally.count(receipt)
            if receipt["outcome"] == "returned":
                reject(receipt)
        step(len(batch))
    return tally


def _sent(rows: Iterable[Row | BadRow], mapping: Mapping | None) -> Iterator[dict[str, Any]]:
    seen: dict[str, bytes] = {}
    for row in rows:
        if isinstance(row, BadRow):
            yield _row(row.where, None, [row.finding])
            continue
        document, findings = mapping.document(row.values) if mapping else (row.values, [])
        reference = document.get("source_ref")
        if isinstance(reference, str) and reference:
            words = json.dumps(document, sort_keys=True, default=str).encode("utf-8", "replace")
            content = hashlib.blake2b(words, digest_size=8).digest()
            if seen.setdefault(reference, content) != content:
                findings = [*findings, finding("DUPLICATE_IN_FILE", "source_ref")]
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
        reject = _Sheet(file)
        yield reject
    if not reject.lines:
        path.unlink()


class _Sheet:
    def __init__(self, file: TextIO) -> None:
        self.lines = 0
        self._writer = csv.writer(file)
        self._writer.writerow(["line", "field", "code", "message_ko", "message", "hint"])

    def __call__(self, receipt: dict[str, Any]) -> None:
        for found in receipt["findings"]:
            if found["severity"] == "refusal":
                self.lines += 1
                cells = (found["where"], found["code"], found["message_ko"], found["message"], found["hint"])
                self._writer.writerow([_harmless(str(cell)) for cell in (receipt["where"], *cells)])


def _harmless(cell: str) -> str:
    """A spreadsheet runs what begins like a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _as_error(found: Finding, path: Path) -> CommandError:
    return CommandError(
        found.code,
        ExitCode.USAGE if found.code in USAGE_CODES else ExitCode.SOME_REFUSED,
        ko=found.message_ko,
        en=found.message,
        where=f"{path}: {found.where}" if found.where and found.where != str(path) else str(path),
        hint=found.hint,
    )
