"""What we tell a sender: every finding by its code, in both languages, without ever echoing a value."""

import csv
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from shared.contracts import Finding


class Refused(Exception):  # noqa: N818 - named for what it is, as the house does
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


def refuses(findings: Iterable[Finding]) -> bool:
    """Whether any of these sends the row back."""
    return any(found.severity == "refusal" for found in findings)


@cache
def catalogue() -> dict[str, dict[str, str]]:
    text = (files(__package__) / "findings.csv").read_text("utf-8")
    return {row["code"]: row for row in csv.DictReader(text.splitlines())}
