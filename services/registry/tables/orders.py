"""Orders, the postings that show them, and every submission received."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index, LargeBinary, Uuid, false
from sqlmodel import Field

from services.registry.tables.base import Table, at_commit
from shared.database import UtcDateTime


class Posting(Table, table=True):
    """What seekers are shown of an order: the words of one sender who is credited with it."""

    __tablename__ = "posting"
    __table_args__ = (Index("ix_posting_state", "state", "posting_id"),)

    posting_id: UUID = Field(primary_key=True)
    agency_id: UUID = Field(foreign_key="agency.agency_id", index=True)
    source_ref: str
    """Whose words they are, with the agency."""
    revision: int
    state: str
    """`open`, or why it was withdrawn."""
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    accepted_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class PostingRevision(Table, table=True):
    """What a posting was before: a seeker was shown these words, so they are kept."""

    __tablename__ = "posting_revision"

    posting_id: UUID = Field(primary_key=True, foreign_key="posting.posting_id")
    revision: int = Field(primary_key=True)
    state: str
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    until: datetime = Field(sa_type=UtcDateTime)


class JobOrder(Table, table=True):
    """What an agency ordered under a reference of its own. Open, one posting shows it and all that are the same."""

    __tablename__ = "job_order"
    __table_args__ = (Index("ix_job_order_state", "state", "valid_until"),)

    order_id: UUID = Field(primary_key=True)
    """Made of agency and reference; also the id of the posting that is this order's own."""
    agency_id: UUID = Field(foreign_key="agency.agency_id", index=True)
    source_ref: str
    posting_id: UUID | None = Field(default=None, sa_column=Column(Uuid, at_commit("posting.posting_id"), index=True))
    """The posting that shows it, or showed it last; None until it was open once."""
    revision: int
    state: str
    decided_by: str
    """Who brought it into this state: `agency`, `operator` or `clock`."""
    reason: str = ""
    """Why, in the operator's words or by the codes of the law's findings."""
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    employer_number: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The firm's registration number (사업자등록번호) as it was sent last; it does not travel."""
    content_hash: str
    """Of the document as it was sent last."""
    fingerprint: str = Field(index=True)
    firm_key: str = Field(index=True)
    title_key: str = Field(index=True)
    """By these two the orders are found that may be the same: see `orders.same_order`."""
    alone: bool = False
    """The operator said that it is no other's: it is never merged."""
    merge_reason: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Why the operator split it off, or let it be merged again, in her words."""
    accepted_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    valid_from: date
    """The day of acceptance or of the last renewal."""
    valid_until: date
    """The last day, KST."""
    told_until: date | None = None
    """The last day of which the sender was told that it draws near."""


class JobOrderRevision(Table, table=True):
    """What an order was before: the intake ledger's lines."""

    __tablename__ = "job_order_revision"

    order_id: UUID = Field(sa_column=Column(Uuid, at_commit("job_order.order_id"), primary_key=True))
    revision: int = Field(primary_key=True)
    state: str
    decided_by: str
    reason: str = ""
    alone: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    merge_reason: str = Field(default="", sa_column_kwargs={"server_default": ""})
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    valid_until: date
    until: datetime = Field(sa_type=UtcDateTime)


class ClockMark(Table, table=True):
    """The newest time at which we looked for what has run out: a clock that leapt is known by it."""

    __tablename__ = "clock_mark"

    number: int = Field(default=1, primary_key=True)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class Defaulter(Table, table=True):
    """A firm on the published list of wage defaulters."""

    __tablename__ = "defaulter"

    number: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    """Without legal form and punctuation."""
    registration_number: str = ""
    """Ten digits, or empty where the list gives none."""


class Submission(Table, table=True):
    """Every document ever received, and the receipt for it; and every notice given without one."""

    __tablename__ = "submission"
    __table_args__ = (Index("ix_submission_agency", "agency_id", "received_at"),)

    submission_id: UUID = Field(primary_key=True)
    agency_id: UUID = Field(foreign_key="agency.agency_id")
    entry: str
    """By which way it came: `queue`, `http`, `file` or `form`; `notice` where nothing came."""
    place: str
    """Where it stood there: a line, an entry id."""
    content_hash: str
    outcome: str = Field(index=True)
    source_ref: str | None = None
    posting_id: UUID | None = None
    revision: int | None = None
    state: str | None = None
    valid_until: date | None = None
    findings: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    kept: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """A returned document, encrypted: it may hold a person's data in any field, which no pattern finds for certain."""
    received_at: datetime = Field(sa_type=UtcDateTime)
