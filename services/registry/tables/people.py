"""Seekers: what they can do in clear, who they are sealed, what they agreed to, who looked."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, LargeBinary
from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


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
