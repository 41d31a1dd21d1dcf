"""What is left of bookings once their people are erased, or they are old? Counts by room and day, of nobody."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from operator import add
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.registry.cafes.booking_law import Rules
from services.registry.cafes.bookings import fill_waiting, one_at_a_time, released
from services.registry.cafes.hours import Span, day_of
from services.registry.cafes.rooms import STANDING
from services.registry.tables import Booking, CalendarFeed, RoomUse, RoomWish
from shared.clock import now
from shared.outbox import stage

KEPT = timedelta(days=365)
"""So long a booking is someone's; then it is a count."""
CHUNK = 500


def forget_bookings(session: Session, seeker_id: UUID, rules: Rules = Rules()) -> None:
    """Let go of all that someone booked, wished and subscribed to. What was ahead is free for others."""
    one_at_a_time(session)
    hers = session.exec(select(Booking).where(Booking.seeker_id == seeker_id)).all()
    past = [booking for booking in hers if booking.starts_at <= now()]
    count(session, past)
    for table in (RoomWish, CalendarFeed, Booking):
        session.connection().execute(delete(table).where(col(table.seeker_id) == seeker_id))
    for booking in hers:
        session.expunge(booking)
        if booking.state in STANDING and booking.ends_at > now():
            booking.revision += 1
            stage(session, released(booking, "erased"))
            fill_waiting(session, booking.cafe_id, Span(booking.starts_at, booking.ends_at), rules)


def fold_old(session: Session) -> int:
    """Turn bookings older than a year into counts, and drop wishes as old; how many bookings."""
    before = now() - KEPT
    old = session.exec(select(Booking).where(col(Booking.ends_at) < before).limit(CHUNK)).all()
    count(session, old)
    for booking in old:
        session.delete(booking)
    session.connection().execute(delete(RoomWish).where(col(RoomWish.ends_at) < before))
    return len(old)


def count(session: Session, bookings: Iterable[Booking]) -> None:
    """Add bookings to the counts of their rooms and days."""
    sums: defaultdict[tuple[UUID, date, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for booking in bookings:
        held = sums[booking.room_id, day_of(booking.starts_at), booking.state]
        told = (1, Span(booking.starts_at, booking.ends_at).minutes, booking.people)
        held[:] = map(add, held, told)
    for (room_id, on, state), (some, minutes, people) in sums.items():
        use = session.get(RoomUse, (room_id, on, state)) or RoomUse(room_id=room_id, on=on, state=state)
        use.bookings, use.minutes, use.people = use.bookings + some, use.minutes + minutes, use.people + people
        session.add(use)
    session.flush()
