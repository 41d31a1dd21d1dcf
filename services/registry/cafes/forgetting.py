"""What is left of bookings and enrolments once their people are erased, or they are old? Counts, of nobody."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from operator import add
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.registry.cafes import enrolments
from services.registry.cafes.booking_law import Rules
from services.registry.cafes.bookings import fill_waiting, one_at_a_time, released
from services.registry.cafes.hours import Span, day_of
from services.registry.cafes.rooms import STANDING
from services.registry.tables import Booking, CalendarFeed, Enrolment, ProgramSession, RoomUse, RoomWish, SessionUse
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


def forget_enrolments(session: Session, seeker_id: UUID) -> None:
    """Let go of all her seats. What was ahead is for who waits."""
    one_at_a_time(session)
    hers = enrolments.enrolments_of(session, seeker_id)
    count_enrolments(session, (enrolment for enrolment, program in hers if program.starts_at <= now()))
    session.connection().execute(delete(Enrolment).where(col(Enrolment.seeker_id) == seeker_id))
    for enrolment, program in hers:
        session.expunge(enrolment)
        if enrolment.state in enrolments.OPEN and program.starts_at > now() and program.state == "planned":
            enrolment.revision += 1
            stage(session, enrolments.enrolled(enrolment, "erased"))
            enrolments.fill(session, program)


def fold_old(session: Session) -> int:
    """Turn bookings and enrolments older than a year into counts, and drop wishes as old; how many."""
    one_at_a_time(session)
    before = now() - KEPT
    old = session.exec(select(Booking).where(col(Booking.ends_at) < before).limit(CHUNK)).all()
    count(session, old)
    for booking in old:
        session.delete(booking)
    session.connection().execute(delete(RoomWish).where(col(RoomWish.ends_at) < before))
    ended = select(ProgramSession.session_id).where(col(ProgramSession.ends_at) < before)
    seats = session.exec(select(Enrolment).where(col(Enrolment.session_id).in_(ended)).limit(CHUNK)).all()
    count_enrolments(session, seats)
    for enrolment in seats:
        session.delete(enrolment)
    return len(old) + len(seats)


def count_enrolments(session: Session, seats: Iterable[Enrolment]) -> None:
    """Add enrolments to the counts of their sessions."""
    for (session_id, state), people in Counter((seat.session_id, seat.state) for seat in seats).items():
        use = session.get(SessionUse, (session_id, state)) or SessionUse(session_id=session_id, state=state)
        use.people += people
        session.add(use)
    session.flush()


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
