"""Who signs in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Column, String
from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


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
