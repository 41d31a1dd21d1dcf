"""Cafés: who gives the space and runs them, how they came about, when they are open, and their rooms."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column
from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


class Cafe(Table, table=True):
    """A job café, from the plan to its end. What nobody has told is None or empty, never a guess."""

    __tablename__ = "cafe"

    cafe_id: UUID = Field(primary_key=True)
    name: str = Field(unique=True)
    district: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    address: str = ""
    latitude: float | None = None
    """Degrees north, WGS 84."""
    longitude: float | None = None
    venue_type: str | None = None
    """What kind of place it is; one of `life_cycle.VenueType`."""
    partnership: str | None = None
    """Who the city runs it with, on an axis of its own; one of `life_cycle.Partnership`."""
    is_anchor: bool = False
    state: str = Field(default="operating", index=True)
    """One of `life_cycle.CafeState`."""
    hours: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Seven entries, Monday first: `["09:00", "21:00"]`, or null where it is closed. Empty: not told."""
    closed_on_holidays: bool = True
    services: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """What it offers beside rooms, in its own words: kiosk, printer, …"""
    link_number: int = 0
    """Raised, it voids every link and key that was handed out for this café."""


class CafeStage(Table, table=True):
    """A step in the life of a café, with its day: openings are counted from these."""

    __tablename__ = "cafe_stage"

    number: int | None = Field(default=None, primary_key=True)
    cafe_id: UUID = Field(foreign_key="cafe.cafe_id", index=True)
    state: str
    on: date = Field(index=True)
    by: str
    noted_at: datetime = Field(sa_type=UtcDateTime)


class CafeAgreement(Table, table=True):
    """Who gives the space, who runs the programs, and until when."""

    __tablename__ = "cafe_agreement"

    agreement_id: UUID = Field(primary_key=True)
    cafe_id: UUID = Field(foreign_key="cafe.cafe_id", index=True)
    space_by: str
    programs_by: str
    begins_on: date
    ends_on: date | None = None
    """The last day; None where it runs until it is given notice."""


class CafeClosure(Table, table=True):
    """A day on which a café of its own accord is closed."""

    __tablename__ = "cafe_closure"

    cafe_id: UUID = Field(primary_key=True, foreign_key="cafe.cafe_id")
    on: date = Field(primary_key=True)
    reason: str = ""


class Room(Table, table=True):
    """A study room."""

    __tablename__ = "room"

    room_id: UUID = Field(primary_key=True)
    cafe_id: UUID = Field(foreign_key="cafe.cafe_id", index=True)
    name: str
    capacity: int
    """Persons, 2 to 10."""
    equipment: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when it can no longer be booked."""


class PartnerCall(Table, table=True):
    """A call for partners (공모)."""

    __tablename__ = "partner_call"

    call_id: UUID = Field(primary_key=True)
    title: str
    opens_on: date
    closes_on: date
    """The last day on which an application is taken."""


class PartnerApplication(Table, table=True):
    """What an organisation offers in answer to a call. It names no person."""

    __tablename__ = "partner_application"

    application_id: UUID = Field(primary_key=True)
    call_id: UUID = Field(foreign_key="partner_call.call_id", index=True)
    organisation: str
    venue_type: str
    partnership: str
    district: str
    address: str = ""
    offers: str = ""
    """The space it would give, in its own words."""
    state: str
    """One of `partners.ApplicationState`."""
    reason: str = ""
    """Why it was decided so."""
    cafe_id: UUID | None = Field(default=None, foreign_key="cafe.cafe_id")
    """The café that came of it."""
    received_on: date
    decided_on: date | None = None
