"""What we tell a sender: every finding by its code, in both languages, without ever echoing a value."""

import csv
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from shared.contracts import Finding
from shared.wire import DOCUMENT_DEPTH, DOCUMENT_LIMIT_BYTES, LONGEST_NUMBER, WireError

FIELD_NAME = re.compile(r"[^\W\d]\w{0,59}|\d{1,4}")
"""What looks like a field's name or a position; anything else may be someone's data and is not repeated."""


class Refused(Exception):
    """Something cannot be taken at all; carries the finding that says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.code} at {finding.where or 'document'}")
        self.finding = finding


def finding(code: str, where: str = "", /, **facts: object) -> Finding:
    """The finding of this code; `facts` fill its sentence and are ours (limits, lines), never the sender's values."""
    row = catalogue()[code]
    return Finding.model_validate(
        {
            "code": code,
            "severity": row["severity"],
            "where": where[:200],
            "message": row["message"].format(**facts)[:500],
            "message_ko": row["message_ko"].format(**facts)[:500],
            "hint": row["hint"],
        }
    )


def of_wire(error: WireError) -> Finding:
    """What a document's strict reader found, in both languages; a place that may be someone's data is left out."""
    limits = {"TOO_LARGE": DOCUMENT_LIMIT_BYTES, "JSON_TOO_DEEP": DOCUMENT_DEPTH, "NUMBER_TOO_LARGE": LONGEST_NUMBER}
    where = error.where if error.code != "JSON_DUPLICATE_KEY" or FIELD_NAME.fullmatch(error.where) else "?"
    return finding(error.code, where, limit=limits.get(error.code, ""))


def refuses(findings: Iterable[Finding]) -> bool:
    """Whether any of these sends the row back."""
    return any(found.severity == "refusal" for found in findings)


@cache
def catalogue() -> dict[str, dict[str, str]]:
    text = (files(__package__) / "findings.csv").read_text("utf-8")
    return {row["code"]: row for row in csv.DictReader(text.splitlines())}
