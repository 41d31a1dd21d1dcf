"""docs/producing.md names what the contracts name, and its limits are those of the code."""

import json
import re
from pathlib import Path
from typing import get_args
from uuid import UUID

from services.registry.api.intake import MOST_ROWS
from services.registry.intake.documents import NOT_IN_FACTS, PostingDocument, check_posting
from services.registry.intake.queue import KNOWN_FIELDS, LONGEST_ID
from services.registry.law.licence_kinds import LICENCES
from shared.contracts import AgencyAnswered, Finding, PostingFacts
from shared.contracts.envelope import EmploymentType, Money, Place
from shared.contracts.submissions import Outcome
from shared.wire import DOCUMENT_DEPTH, DOCUMENT_LIMIT_BYTES
from tests.unit.registry.conftest import a_document

PAGE = (Path(__file__).parents[4] / "docs" / "producing.md").read_text("utf-8")
AGENCY = UUID(int=1)
EVERYTHING = json.loads(PAGE.split("<!-- example: everything.json -->\n```json\n")[1].split("```")[0])


def section(heading: str) -> str:
    return PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def named_in(text: str) -> set[str]:
    """What the first column of a table names."""
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_every_field_of_a_posting_is_told_and_no_other() -> None:
    assert (
        named_in(section("The fields"))
        == set(PostingDocument.model_fields)
        == set(PostingFacts.model_fields) | NOT_IN_FACTS
    )


def test_the_posting_with_everything_has_every_field_that_a_sender_needs() -> None:
    assert {*EVERYTHING, "agency_id", "status"} == set(PostingDocument.model_fields)
    assert set(EVERYTHING["wage"]) == set(Money.model_fields)
    assert set(EVERYTHING["place"]) == set(Place.model_fields)


def test_every_choice_is_told() -> None:
    for choice in (
        *get_args(EmploymentType),
        *get_args(Outcome),
        *get_args(Finding.model_fields["severity"].annotation),
    ):
        assert f"`{choice}`" in PAGE
    assert all(word in PAGE for word in LICENCES)


def test_every_field_of_an_entry_and_of_a_receipt_is_told_and_no_other() -> None:
    assert {"traceparent", *named_in(section("One posting, one entry"))} == {name.decode() for name in KNOWN_FIELDS}
    receipt = set(AgencyAnswered.model_fields) - {"event_id", "occurred_at"}
    assert named_in(section("The receipt")) == receipt
    assert all(f"`{name}`" in section("The receipt") for name in Finding.model_fields)


def test_the_limits_are_those_of_the_code() -> None:
    for limit in (f"{DOCUMENT_LIMIT_BYTES:,} bytes", f"{DOCUMENT_DEPTH} levels", f"1 to {LONGEST_ID} bytes"):
        assert limit in section("Limits")
    assert f"at most {MOST_ROWS:,} rows" in PAGE


def test_what_is_told_as_needed_is_what_is_needed() -> None:
    needed = set(re.findall(r"^\| `(\w+)` \|[^|]*\| \*\*needed\*\*", PAGE, re.MULTILINE))
    assert needed == {name for name, field in PostingDocument.model_fields.items() if field.is_required()}
    for name in needed:
        assert check_posting(a_document(**{name: None}), AGENCY).refused
    assert check_posting(a_document(description=None), AGENCY).refused
    assert not check_posting(a_document(description=None, qualification="친절하신 분"), AGENCY).refused
