"""What a clerk's form asks of one posting, the document that her answers make, and where each finding is shown."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from shared.contracts import Finding

LIST_SEPARATORS = re.compile(r"[,;\n]")


@dataclass(frozen=True)
class FormField:
    """One question of the form; its label is the sentence `field.NAME`."""

    name: str
    kind: Literal["text", "long", "number", "date", "list", "wage", "employment", "status"] = "text"
    needed: bool = False
    broad: bool = False
    """It has a line of its own on a wide screen."""
    about: bool = False
    """The sentence `agency.about.NAME` says more of it."""


FIELDS = (
    FormField("title", needed=True, broad=True),
    FormField("employer", needed=True),
    FormField("employer_number", about=True),
    FormField("place", about=True),
    FormField("description", "long", needed=True, broad=True, about=True),
    FormField("wage", "wage", broad=True),
    FormField("employment_type", "employment"),
    FormField("weekly_hours", "number"),
    FormField("work_hours", broad=True, about=True),
    FormField("experience_months", "number", about=True),
    FormField("headcount", "number"),
    FormField("required_skills", "list", about=True),
    FormField("certificates", "list", about=True),
    FormField("qualification", "long", broad=True),
    FormField("preferred", "long", broad=True),
    FormField("occupation_code"),
    FormField("closes_on", "date", about=True),
    FormField("source_ref", about=True),
    FormField("status", "status", about=True),
)
WAGE = {"wage_unit": "unit", "wage_minimum": "minimum", "wage_maximum": "maximum"}


def document_of(said: dict[str, str]) -> dict[str, Any]:
    """The document of a form; what was left empty is absent, and what makes no sense is left for the check to tell."""
    lists = {field.name for field in FIELDS if field.kind == "list"}
    document: dict[str, Any] = {}
    for field in FIELDS:
        if text := said.get(field.name, ""):
            terms = (term.strip() for term in LIST_SEPARATORS.split(text))
            document[field.name] = list(filter(None, terms)) if field.name in lists else text
    wage = {ours: said[name].replace(",", "") for name, ours in WAGE.items() if said.get(name)}
    if wage.keys() - {"unit"}:
        document["wage"] = wage
    return document


def placed(findings: Iterable[Finding]) -> tuple[dict[str, list[Finding]], list[Finding]]:
    """Findings by the field that they stand beside, and those that are about the whole."""
    names = {field.name for field in FIELDS}
    beside: dict[str, list[Finding]] = {}
    above: list[Finding] = []
    for found in findings:
        first = found.where.partition(",")[0].partition(".")[0].strip()
        (beside.setdefault(first, []) if first in names else above).append(found)
    return beside, above
