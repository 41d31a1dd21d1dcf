"""Answers to what agencies send: each submission accepted, merged, unchanged or returned with its reasons."""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import StringConstraints

from shared.contracts.envelope import Event, Fact, Revision, ServiceName

Outcome = Literal["accepted", "merged", "unchanged", "returned", "held", "noticed"]
"""`noticed` answers no document: something became of an order, or soon will."""
OrderState = Literal["open", "held", "suspended", "refused", "filled", "closed", "withdrawn", "expired"]


class Finding(Fact):
    """One thing to tell the sender. Never echoes a personal value."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,60}$")]
    severity: Literal["refusal", "hold", "warning", "remark"]
    where: Annotated[str, StringConstraints(max_length=200)]
    """Field, line or path."""
    message: Annotated[str, StringConstraints(max_length=500)]
    """What is wrong, in English."""
    message_ko: Annotated[str, StringConstraints(max_length=500)]
    hint: Annotated[str, StringConstraints(max_length=500)] = ""
    """What to do about it."""


class SubmissionAnswered(Event):
    """A receipt, given after registry's commit. Also said on the agency's own stream, where notices are said too."""

    stream: ClassVar[str] = "submission.answered.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("notify",)

    submission_id: UUID
    agency_id: UUID
    outcome: Outcome
    source_ref: Annotated[str, StringConstraints(max_length=100)] | None = None
    posting_id: UUID | None = None
    revision: Revision | None = None
    state: OrderState | None = None
    """Of the sender's own order."""
    valid_until: date | None = None
    """The last day, KST, on which the order stands."""
    findings: tuple[Finding, ...] = ()

    @property
    def subject(self) -> str:
        return f"submission/{self.submission_id}"


class AgencyAnswered(SubmissionAnswered):
    """The same receipt on the agency's own stream, which that agency alone may read."""

    heard_by: ClassVar[tuple[ServiceName, ...]] = ("agency",)
    per_agency: ClassVar[bool] = True
