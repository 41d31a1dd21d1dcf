"""Who has which room when: bookings, the waiting list, calendar addresses, and the counts that outlive them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


class Booking(Table, table=True):
    """A room that is, or was to be, someone's for a while."""

    __tablename__ = "booking"
    __table_args__ = (
        Index("ix_booking_room", "room_id", "starts_at"),
        Index("ix_booking_seeker", "seeker_id", "starts_at"),
        Index("ix_booking_due", "state", "starts_at"),
    )

    booking_id: UUID = Field(primary_key=True)
    revision: int = 1
    cafe_id: UUID = Field(foreign_key="cafe.cafe_id", index=True)
    room_id: UUID = Field(foreign_key="room.room_id")
    seeker_id: UUID = Field(foreign_key="seeker.seeker_id")
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    people: int
    state: str
    """One of `bookings.BookingState`."""
    code: str
    """Six digits by which a kiosk knows it."""
    override_reason: str = ""
    """Why staff let it stand beyond the law of the day; empty for every other."""
    override_by: str = ""
    from_waiting_list: bool = False
    checked_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    made_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class RoomWish(Table, table=True):
    """A place on the waiting list: a time at a café for which there was no room."""

    __tablename__ = "room_wish"
    __table_args__ = (Index("ix_room_wish_open", "cafe_id", "state", "starts_at"),)

    wish_id: UUID = Field(primary_key=True)
    cafe_id: UUID = Field(foreign_key="cafe.cafe_id")
    seeker_id: UUID = Field(foreign_key="seeker.seeker_id", index=True)
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    people: int
    state: str
    """`waiting`, `filled`, `cancelled` or `closed`: in vain; one whose time has come is over by itself."""
    booking_id: UUID | None = None
    made_at: datetime = Field(sa_type=UtcDateTime)


class CalendarFeed(Table, table=True):
    """The secret address of someone's calendar; another takes its place when it is renewed."""

    __tablename__ = "calendar_feed"

    seeker_id: UUID = Field(primary_key=True, foreign_key="seeker.seeker_id")
    feed_id: UUID = Field(unique=True)
    made_at: datetime = Field(sa_type=UtcDateTime)


class RoomUse(Table, table=True):
    """What is left of bookings whose people were erased, or which are old: counts, of nobody."""

    __tablename__ = "room_use"

    room_id: UUID = Field(primary_key=True, foreign_key="room.room_id")
    on: date = Field(primary_key=True)
    """The day in Korea."""
    state: str = Field(primary_key=True)
    bookings: int = 0
    minutes: int = 0
    people: int = 0


class RoomWatch(Table, table=True):
    """Since when the clock was seen to run without a gap: nobody is called late for a time that was not watched."""

    __tablename__ = "room_watch"

    number: int = Field(default=1, primary_key=True)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    steady_since: datetime = Field(sa_type=UtcDateTime)
