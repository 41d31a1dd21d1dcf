"""Agencies, and how their sheets are read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, LargeBinary, UniqueConstraint
from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


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


class StreamLoss(Table, table=True):
    """Entries that an agency's writer took away before we read them: only she has them."""

    __tablename__ = "stream_loss"

    notice_id: UUID = Field(primary_key=True)
    """The notice by which she was told; nothing is found twice under it."""
    agency_id: UUID = Field(foreign_key="agency.agency_id", index=True)
    lost: int
    """How many entries."""
    found_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the operator said what became of them; until then she is shown them."""
    settled_why: str = ""


class SavedMapping(Table, table=True):
    """What the columns of an agency's or a café's own sheets mean: asked once."""

    __tablename__ = "saved_mapping"
    __table_args__ = (UniqueConstraint("agency_id", "kind", "name"),)

    mapping_id: UUID = Field(primary_key=True)
    agency_id: UUID | None = Field(default=None, foreign_key="agency.agency_id")
    """Whose sheets they are; without it the counter's, of the café or, where there is none, of all."""
    cafe_id: UUID | None = Field(default=None, foreign_key="cafe.cafe_id")
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
    """Rows by outcome, and of each that came back or is held where and why; never what stood there."""
    sent_at: datetime = Field(sa_type=UtcDateTime)
