"""Referrals: where each pair stands, and the ledger of every word about it, which only grows."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


class Referral(Table, table=True):
    """Where a pair of a seeker and a posting stands now: what its rows of the ledger, read in order, come to."""

    __tablename__ = "referral"
    __table_args__ = (Index("ix_referral_state", "state", "referral_id"),)

    referral_id: UUID = Field(primary_key=True)
    """Made of seeker and posting: a pair has one."""
    seeker_id: UUID = Field(index=True)
    posting_id: UUID = Field(index=True)
    cafe_id: UUID | None = Field(default=None, index=True)
    """The café that looks after the seeker, as of the last word."""
    agency_id: UUID | None = Field(default=None, index=True)
    """Whose words the posting shows, as of the last word."""
    revision: int
    """How many rows the ledger has of it."""
    state: str
    """Empty while no word about it counts yet."""
    path: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Every state it came into: `state`, `day` (KST), `by`. A figure of a report is counted here."""
    decided_by: str = "registry"
    reason: str | None = None
    cause: str | None = None
    confirmed: bool = False
    until: date | None = None
    referred_on: date | None = None
    interview_on: date | None = None
    due_on: date | None = None
    started_on: date | None = None
    """The first day at work."""
    hired_by: UUID | None = None
    """The event by which she was hired."""
    ended_on: date | None = None
    over_headcount: bool = False
    """Hired beyond the number that was ordered."""
    answer_days: int
    result_days: int
    """How long its answers are waited for: as the settings were when it began."""
    wakes_on: date | None = Field(default=None, index=True)
    """The first day on which time alone changes something."""
    changed_at: datetime = Field(sa_type=UtcDateTime, index=True)


class ReferralStep(Table, table=True):
    """A line of the ledger: what was said of a pair, by whom, and where it stood after. Written once."""

    __tablename__ = "referral_step"

    referral_id: UUID = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    event_id: UUID | None = Field(default=None, unique=True)
    """Of what was said; None where time passed or an earlier word had its effect late."""
    said_by: str
    """`counselor`, `seeker`, `firm`, `clock` or `registry`."""
    answer: str = ""
    """`accepted`, `hired`, …; empty where only the state moved on."""
    state: str
    """Where the pair stood after this line."""
    refusal: str | None = None
    """Why what was said changed nothing when it was heard."""
    strikes: UUID | None = None
    """The event of this pair that registry refuses for what it knows of others, with `refusal`."""
    reason: str | None = None
    cause: str | None = None
    on_day: date | None = None
    until: date | None = None
    consent_text: str | None = None
    account_id: UUID | None = None
    """Whoever was signed in."""
    cafe_id: UUID | None = None
    seeker_revision: int | None = None
    posting_revision: int | None = None
    score: int | None = None
    """What the counselor was shown, in ten-thousandths: with `epoch` and `rank` a label to learn from."""
    epoch: int | None = None
    rank: int | None = None
    spoken_at: datetime = Field(sa_type=UtcDateTime)
    heard_at: datetime = Field(sa_type=UtcDateTime, index=True)
