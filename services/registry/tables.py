"""What the registry keeps: the truth about agencies, postings, seekers and who signs in."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, ForeignKey, Index, LargeBinary, String, UniqueConstraint, Uuid
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.database import UtcDateTime

_registry = registry()


def _at_commit(column: str) -> ForeignKey:
    """A reference that is checked at the commit: rows of one transaction are written in no certain order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


class Table(SQLModel, registry=_registry):
    """Base of the registry's tables."""

    metadata = _registry.metadata


class Agency(Table, table=True):
    """Who sends postings."""

    __tablename__ = "agency"

    agency_id: UUID = Field(primary_key=True)
    name: str = Field(unique=True)
    licence: str
    registration_number: str | None = None
    """Of its licence, as the authority gave it: printed on what it sends out, so a text need not repeat it."""
    api_key_hash: str = Field(unique=True)
    """SHA-256 of a key of 256 random bits: nothing to guess, so nothing slow is needed."""
    made_at: datetime = Field(sa_type=UtcDateTime)


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
    posting_id: UUID | None = Field(default=None, sa_column=Column(Uuid, _at_commit("posting.posting_id"), index=True))
    """The posting that shows it, or showed it last; None until it was open once."""
    revision: int
    state: str
    decided_by: str
    """Who brought it into this state: `agency`, `operator` or `clock`."""
    reason: str = ""
    """Why, in the operator's words or by the codes of the law's findings."""
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    content_hash: str
    """Of the document as it was sent last."""
    fingerprint: str = Field(index=True)
    firm_key: str = Field(index=True)
    title_key: str = Field(index=True)
    """By these two the orders are found that may be the same: see `orders.same_order`."""
    alone: bool = False
    """The operator said that it is no other's: it is never merged."""
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

    order_id: UUID = Field(sa_column=Column(Uuid, _at_commit("job_order.order_id"), primary_key=True))
    revision: int = Field(primary_key=True)
    state: str
    decided_by: str
    reason: str = ""
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
    """Every document ever received, and the receipt for it."""

    __tablename__ = "submission"
    __table_args__ = (Index("ix_submission_agency", "agency_id", "received_at"),)

    submission_id: UUID = Field(primary_key=True)
    agency_id: UUID = Field(foreign_key="agency.agency_id")
    entry: str
    """By which way it came: `queue`, `http`, `file` or `form`."""
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


class SavedMapping(Table, table=True):
    """What the columns of an agency's own sheets mean: asked once."""

    __tablename__ = "saved_mapping"
    __table_args__ = (UniqueConstraint("agency_id", "kind", "name"),)

    mapping_id: UUID = Field(primary_key=True)
    agency_id: UUID = Field(foreign_key="agency.agency_id")
    kind: str
    """`postings` or `seekers`."""
    name: str
    words: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """As in a mapping file."""
    made_at: datetime = Field(sa_type=UtcDateTime)


class Upload(Table, table=True):
    """A file that a clerk sent with her browser, until she says what its columns mean; then what became of it."""

    __tablename__ = "upload"

    upload_id: UUID = Field(primary_key=True)
    agency_id: UUID = Field(foreign_key="agency.agency_id", index=True)
    file_name: str
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """The file, encrypted; gone once it is taken in, or after an hour."""
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    """Rows by outcome, and of each that came back where and why; never what stood there."""
    sent_at: datetime = Field(sa_type=UtcDateTime)


class Cafe(Table, table=True):
    """A job café."""

    __tablename__ = "cafe"

    cafe_id: UUID = Field(primary_key=True)
    name: str = Field(unique=True)
    district: str
    made_at: datetime = Field(sa_type=UtcDateTime)


class Seeker(Table, table=True):
    """What a seeker can do and wishes, by opaque id."""

    __tablename__ = "seeker"

    seeker_id: UUID = Field(primary_key=True)
    revision: int
    state: str = Field(index=True)
    """`active`, or why withdrawn."""
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    scrubbed: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """What was taken out of her texts: a code and a field each, to be shown to her."""
    human_only: bool = False
    """She wants people alone to look for her: nothing of her goes to matching."""
    cafe_id: UUID | None = Field(default=None, foreign_key="cafe.cafe_id", index=True)
    applied_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    valid_until: date
    """The last day of the application, KST."""


class VaultKey(Table, table=True):
    """A person's own key; once it is gone, what it sealed is noise wherever a copy lies."""

    __tablename__ = "vault_key"

    seeker_id: UUID = Field(primary_key=True, foreign_key="seeker.seeker_id")
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    wrapped_by: str = Field(index=True)
    """The name of the master key, which is never in the database."""


class VaultItem(Table, table=True):
    """One thing that says who a seeker is, under her own key. There are no other personal data in clear or sealed."""

    __tablename__ = "vault_item"

    seeker_id: UUID = Field(primary_key=True, foreign_key="seeker.seeker_id")
    item: str = Field(primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Consent(Table, table=True):
    """What someone agreed to: on what ground, after which text, and until when."""

    __tablename__ = "consent"

    number: int | None = Field(default=None, primary_key=True)
    seeker_id: UUID = Field(foreign_key="seeker.seeker_id", index=True)
    purpose: str
    """`matching`, `provision`, `messages` or `marketing`."""
    recipient: str = ""
    """To whom her data may be given, where the purpose is provision."""
    text: str
    """The version of the text that she was shown."""
    basis: str
    given_through: str
    """`herself`, `counter` or `file`."""
    brought_by: UUID | None = Field(default=None, foreign_key="agency.agency_id")
    """The agency that brought the data, where they do not come from the person: she may ask."""
    items: list[str] = Field(sa_column=Column(JSON, nullable=False))
    given_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class KeptByLaw(Table, table=True):
    """A line of a ledger that a law makes us keep of someone who was erased: sealed, and gone by itself at its end."""

    __tablename__ = "kept_by_law"

    line_id: UUID = Field(primary_key=True)
    seeker_id: UUID = Field(index=True)
    article: str
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    ends_at: datetime = Field(sa_type=UtcDateTime, index=True)


class AuditRow(Table, table=True):
    """Who did what with whose personal data. Rows are only ever added, each sealed together with the one before."""

    __tablename__ = "audit"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    seeker_id: UUID = Field(index=True)
    who: str
    action: str
    purpose: str
    items: list[str] = Field(sa_column=Column(JSON, nullable=False))
    place: str
    at: datetime = Field(sa_type=UtcDateTime)
    previous: str
    seal: str


class AuditHead(Table, table=True):
    """How far the audit log has come: one row, held by whoever adds to the log."""

    __tablename__ = "audit_head"

    id: int = Field(default=1, primary_key=True)
    number: int
    seal: str


class Account(Table, table=True):
    """Someone who signs in."""

    __tablename__ = "account"

    account_id: UUID = Field(primary_key=True)
    login: str = Field(sa_column=Column(String, nullable=False, unique=True))
    display_name: str
    """As staff is called on the pages; staff names stand on a notice board anyway and are not sealed."""
    role: str
    password_hash: str
    shown_password: str | None = None
    """Of a demo account, whose password the sign-in page shows to everyone; None for real ones."""
    cafe_ids: list[str] = Field(sa_column=Column(JSON, nullable=False))
    agency_id: UUID | None = Field(default=None, foreign_key="agency.agency_id")
    seeker_id: UUID | None = Field(default=None, foreign_key="seeker.seeker_id", index=True)
    """Of a seeker, whose login is a keyed digest of her e-mail address or phone number."""
    made_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
