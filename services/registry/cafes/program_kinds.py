"""Which kinds of program are there, and how are they usually held?"""

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from shared.contracts import ProgramKind


class Kind(NamedTuple):
    """One kind, in both languages."""

    code: ProgramKind
    ko: str
    en: str
    minutes: int
    """Of a usual session."""
    seats: int
    leader_ko: str
    leader_en: str
    teaches: bool
    """Whether a session may teach a skill."""


@cache
def kinds() -> dict[str, Kind]:
    """Every kind, by its code."""
    told = csv.DictReader((files(__package__) / "program_kinds.csv").read_text("utf-8").splitlines())
    return {row["code"]: _kind(row) for row in told}


def _kind(row: dict[str, str]) -> Kind:
    code: ProgramKind = row["code"]  # type: ignore[assignment]  # a test holds the file to the contract
    leader = row["leader_ko"], row["leader_en"]
    return Kind(code, row["ko"], row["en"], int(row["minutes"]), int(row["seats"]), *leader, bool(row["teaches"]))
