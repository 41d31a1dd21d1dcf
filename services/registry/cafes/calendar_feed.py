"""What someone booked, as a calendar that other software subscribes to (iCalendar, RFC 5545). It names nobody."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from icalendar import Calendar, Event
from sqlmodel import Session, select

from services.registry.cafes.rooms import STANDING
from services.registry.cafes.whereabouts import SEATED
from services.registry.tables import Booking, Cafe, CalendarFeed, Enrolment, ProgramSession, Room
from shared.clock import now


def feed_of(session: Session, seeker_id: UUID) -> UUID | None:
    """The secret of her calendar's address, if she has one."""
    feed = session.get(CalendarFeed, seeker_id)
    return feed.feed_id if feed else None


def renew(session: Session, seeker_id: UUID) -> UUID:
    """A new address; the one before shows nothing any more."""
    feed = session.get(CalendarFeed, seeker_id) or CalendarFeed(seeker_id=seeker_id, feed_id=uuid4(), made_at=now())
    feed.feed_id, feed.made_at = uuid4(), now()
    session.add(feed)
    return feed.feed_id


def revoke(session: Session, seeker_id: UUID) -> None:
    if feed := session.get(CalendarFeed, seeker_id):
        session.delete(feed)


def owner_of(session: Session, feed_id: UUID) -> UUID | None:
    return session.exec(select(CalendarFeed.seeker_id).where(CalendarFeed.feed_id == feed_id)).first()


def calendar(
    session: Session, bookings: Sequence[Booking], seats: Sequence[tuple[Enrolment, ProgramSession]] = ()
) -> bytes:
    """What she booked; one that no longer stands is told as cancelled, so that it leaves her calendar."""
    told = Calendar()
    told.add("prodid", "-//Iljari//cafes//KO")
    told.add("version", "2.0")
    told.add("x-wr-calname", "일자리카페")
    for booking in bookings:
        told.add_component(_event(session, booking))
    for enrolment, program in seats:
        told.add_component(_seat(session, enrolment, program))
    written: bytes = told.to_ical()
    return written


def _event(session: Session, booking: Booking) -> Event:
    cafe, room = session.get_one(Cafe, booking.cafe_id), session.get_one(Room, booking.room_id)
    event = Event()
    event.add("uid", f"{booking.booking_id}@iljari")
    event.add("sequence", booking.revision)
    event.add("dtstamp", booking.changed_at)
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("summary", f"{cafe.name} {room.name}")
    event.add("location", cafe.address or cafe.district)
    event.add("status", "CONFIRMED" if booking.state in STANDING else "CANCELLED")
    return event


def _seat(session: Session, enrolment: Enrolment, program: ProgramSession) -> Event:
    cafe = session.get_one(Cafe, program.cafe_id)
    event = Event()
    event.add("uid", f"{enrolment.enrolment_id}@iljari")
    event.add("sequence", enrolment.revision + program.revision)
    event.add("dtstamp", max(enrolment.changed_at, program.changed_at))
    event.add("dtstart", program.starts_at)
    event.add("dtend", program.ends_at)
    event.add("summary", f"{program.title} ({cafe.name})")
    event.add("location", cafe.address or cafe.district)
    stands = enrolment.state in SEATED and program.state != "called_off"
    tentative = enrolment.state == "waiting" and program.state != "called_off"
    event.add("status", "CONFIRMED" if stands else "TENTATIVE" if tentative else "CANCELLED")
    return event
