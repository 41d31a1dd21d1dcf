"""What do the pages about cafés and rooms show? Looked up from the rows, worked out for one day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.registry.access import not_found
from services.registry.api.cafes import the
from services.registry.cafes import bookings, calendar_feed, enrolments, places
from services.registry.cafes.booking_law import DAY_MINUTES, DAYS_AHEAD, Rules, check_times
from services.registry.cafes.hours import Span, day_of, holiday
from services.registry.cafes.life_cycle import RUNNING
from services.registry.cafes.refusals import Refused
from services.registry.cafes.rooms import STANDING, STEP, free_starts, next_free, rooms_of, taken, whole_day
from services.registry.pages.form_fields import span_of
from services.registry.people import consents
from services.registry.people.consents import Matter
from services.registry.tables import Booking, Cafe, Enrolment, ProgramSession, Room
from shared.clock import now

USUAL_MINUTES = 120
LENGTHS = (30, 60, 90, 120, 150, 180)
MATCHING = Matter("matching")
FIELDS = ("starts", "minutes", "room", "people", "change")


@dataclass(frozen=True)
class Shown:
    """A café in the list."""

    cafe: Cafe
    metres: float | None
    open_today: Span | None
    is_open: bool
    rooms: int
    first: tuple[Room, datetime] | None
    """The next room that is free for an hour today, and from when."""


def shown_cafes(session: Session, here: tuple[float, float] | None) -> list[Shown]:
    """What the list tells of each café, looked up at once."""
    instant = now()
    today = day_of(instant)
    cafes = places.running_cafes(session)
    hours = places.hours_of_all(session, cafes)
    all_rooms = rooms_of(session, *(cafe.cafe_id for cafe in cafes))
    busy = taken(session, [room.room_id for room in all_rooms], whole_day(today))
    found = []
    for cafe in cafes:
        own_rooms, place = [room for room in all_rooms if room.cafe_id == cafe.cafe_id], places.place_of(cafe)
        metres = places.metres_between(here, place) if here and place else None
        times = hours[cafe.cafe_id]
        first = next_free(own_rooms, busy, times, today)
        found.append(Shown(cafe, metres, times.on(today), times.open_at(instant), len(own_rooms), first))
    return sorted(
        found, key=lambda each: (here is not None and each.metres is None, each.metres or 0.0, each.cafe.name)
    )


def cafe_page(session: Session, cafe: Cafe, day: date) -> dict[str, Any]:
    """What a café's page tells of a day."""
    today, hours, own_rooms = day_of(now()), places.hours_of(session, cafe), rooms_of(session, cafe.cafe_id)
    open_span, closures = hours.on(day), {each.on: each.reason for each in places.closures(session, cafe.cafe_id)}
    busy = taken(session, [room.room_id for room in own_rooms], whole_day(day))
    return {
        "cafe": cafe,
        "hours": hours,
        "rooms": own_rooms,
        "on": day,
        "days": [today + timedelta(days=number) for number in range(DAYS_AHEAD + 1)],
        "open_span": open_span,
        "is_open": hours.open_at(now()),
        "why_closed": closures.get(day, ""),
        "on_holiday": hours.closed_on_holidays and bool(holiday(day)),
        "slots": list(slots(open_span, own_rooms, busy)) if open_span else [],
        "closures": closures,
    }


def slots(day: Span, own_rooms: Sequence[Room], busy: dict[UUID, list[Span]]) -> Iterator[tuple[datetime, int]]:
    """Each half hour still to come, and how many rooms are free then."""
    free = [set(free_starts(day, busy[room.room_id], int(STEP.total_seconds()) // 60)) for room in own_rooms]
    start = day.starts_at
    while start < day.ends_at:
        if start >= now():
            yield start, sum(start in each for each in free)
        start += STEP


def booking_page(session: Session, cafe: Cafe, told: dict[str, str]) -> dict[str, Any]:
    """What the form of a booking offers: which rooms are free then, and for how long."""
    told = dict.fromkeys(FIELDS, "") | told
    values: dict[str, Any] = {"cafe": cafe, "told": told, "problem": None, "free": {}, "starts_at": None}
    hours = places.hours_of(session, cafe)
    try:
        span = span_of(told["starts"], str(LENGTHS[0]))
        check_times(span, hours, now())
    except Refused as refused:
        return values | {"problem": refused.reason}
    day = whole_day(day_of(span.starts_at))
    own_rooms = rooms_of(session, cafe.cafe_id)
    busy = taken(session, [room.room_id for room in own_rooms], day)
    closes = hours.on(day_of(span.starts_at))
    ends = closes.ends_at if closes else span.starts_at
    free: dict[UUID, int] = {}
    for room in own_rooms:
        later = [each for each in busy[room.room_id] if each.ends_at > span.starts_at]
        until = min([each.starts_at for each in later] + [ends])
        minutes = min(int((until - span.starts_at).total_seconds()) // 60, DAY_MINUTES)
        if minutes >= LENGTHS[0]:
            free[room.room_id] = minutes
    best = sorted(
        (room for room in own_rooms if room.room_id in free),
        key=lambda room: (-min(free[room.room_id], USUAL_MINUTES), room.capacity, room.name),
    )
    longest = max(free.values(), default=DAY_MINUTES)
    return values | {
        "free": [(room, free[room.room_id]) for room in best],
        "lengths": [each for each in LENGTHS if each <= longest],
        "starts_at": span.starts_at,
        "usual": told["minutes"] or str(min(USUAL_MINUTES, longest)),
        "largest": max((room.capacity for room in own_rooms), default=2),
    }


def own_page(session: Session, seeker_id: UUID, rules: Rules) -> dict[str, Any]:
    """What her page of bookings shows."""
    all_hers = bookings.bookings_of(session, seeker_id)
    ahead = [each for each in reversed(all_hers) if each.state in STANDING and each.ends_at > now()]
    today = [Span(each.starts_at, each.ends_at) for each in all_hers if each.state in STANDING]
    is_in = any(each.state == "checked_in" for each in ahead)
    wishes, in_vain = bookings.wishes_of(session, seeker_id), bookings.ended_wishes_of(session, seeker_id)
    seats = own_seats(session, seeker_id)
    ids = {each.cafe_id for each in all_hers} | {each.cafe_id for each in (*wishes, *in_vain)}
    ids |= {program.cafe_id for _, program in seats}
    return {
        "ahead": ahead,
        "past": [each for each in all_hers if each not in ahead][:20],
        "wishes": wishes,
        "in_vain": in_vain,
        "may_be_matched": is_in and not consents.holds(session, seeker_id, MATCHING),
        "seats": seats,
        "cafes": {cafe.cafe_id: cafe for cafe in session.exec(select(Cafe).where(col(Cafe.cafe_id).in_(ids)))},
        "rooms": {
            room.room_id: room
            for room in session.exec(select(Room).where(col(Room.room_id).in_([each.room_id for each in all_hers])))
        },
        "used_today": sum(each.minutes for each in today if day_of(each.starts_at) == day_of(now())),
        "points": len(bookings.points_of(session, seeker_id, rules)),
        "points_limit": rules.points_limit,
        "blocked_until": bookings.blocked_until(session, seeker_id, rules),
        "feed_id": calendar_feed.feed_of(session, seeker_id),
        "may_change": lambda booking: booking.state == "booked" and booking.starts_at > now(),
    }


def own_seats(session: Session, seeker_id: UUID) -> list[tuple[Enrolment, ProgramSession]]:
    """Her seats and places in sessions that are still to end, and those of which she may say how they were."""
    hers = reversed(enrolments.enrolments_of(session, seeker_id))
    return [
        (seat, program)
        for seat, program in hers
        if (seat.state in enrolments.OPEN and program.ends_at > now() and program.state == "planned")
        or (seat.state == "attended" and not seat.has_rated)
    ]


def booking_here(session: Session, seeker_id: UUID, cafe: Cafe | None) -> Booking | None:
    """Her booking at this café that can be checked in to now."""
    if cafe is None:
        return None
    at_hand = select(Booking).where(
        Booking.seeker_id == seeker_id,
        Booking.cafe_id == cafe.cafe_id,
        Booking.state == "booked",
        col(Booking.starts_at) <= now() + bookings.CHECK_IN_EARLY,
        col(Booking.ends_at) > now(),
    )
    return session.exec(at_hand.order_by(col(Booking.starts_at))).first()


def running(session: Session, cafe_id: UUID) -> Cafe:
    """A café that people may come to; any other is not there for them."""
    cafe: Cafe = the(session, Cafe, cafe_id)
    if cafe.state not in RUNNING:
        raise not_found()
    return cafe


def own(session: Session, table: type[Any], key: UUID, seeker_id: UUID) -> Any:
    """Hers; another's is told as one that is not there."""
    found = session.get(table, key)
    if found is None or found.seeker_id != seeker_id:
        raise not_found()
    return found
