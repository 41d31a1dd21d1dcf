"""How much is a café used? Counts of bookings and of programs, of those held and those that are only counts by now."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from services.registry.cafes import programs
from services.registry.cafes.hours import Span, at_minute, day_of
from services.registry.tables import Booking, Room, RoomUse


@dataclass
class Use:
    """What was booked, and what came of it; visits are bookings that someone checked in to."""

    booked: int = 0
    visits: int = 0
    visitors: int = 0
    """Persons of these visits, as told when they booked."""
    minutes: int = 0
    """Of these visits."""
    missed: int = 0
    sessions: int = 0
    """Sessions of programs that were held."""
    attended: int = 0
    """Seats in sessions whose people came."""

    def add(self, state: str, bookings: int, minutes: int, people: int) -> None:
        self.booked += bookings
        self.missed += bookings if state in ("no_show", "excused") else 0
        if state == "checked_in":
            self.visits, self.visitors, self.minutes = (
                self.visits + bookings,
                self.visitors + people,
                self.minutes + minutes,
            )


def use_by_month(session: Session, cafe_id: UUID, since: date, until: date) -> dict[str, Use]:
    """By month `2026-11`, of the days from one to another, both included; a month without any is not there."""
    months: dict[str, Use] = {}
    start, end = at_minute(since, 0), at_minute(until + timedelta(days=1), 0)
    held = select(Booking).where(
        Booking.cafe_id == cafe_id, col(Booking.starts_at) >= start, col(Booking.starts_at) < end
    )
    for booking in session.exec(held):
        minutes = Span(booking.starts_at, booking.ends_at).minutes
        month = f"{day_of(booking.starts_at):%Y-%m}"
        months.setdefault(month, Use()).add(booking.state, 1, minutes, booking.people)
    rooms = select(Room.room_id).where(Room.cafe_id == cafe_id)
    counted = select(RoomUse).where(col(RoomUse.room_id).in_(rooms), RoomUse.on >= since, RoomUse.on <= until)
    for row in session.exec(counted):
        months.setdefault(f"{row.on:%Y-%m}", Use()).add(row.state, row.bookings, row.minutes, row.people)
    found = programs.sessions(session, start, end, cafe_id)
    tallies = programs.tallies(session, [each.session_id for each in found])
    for each in found:
        came = tallies[each.session_id].attended
        if came or each.state == "held":
            use = months.setdefault(f"{day_of(each.starts_at):%Y-%m}", Use())
            use.sessions, use.attended = use.sessions + 1, use.attended + came
    return dict(sorted(months.items()))
