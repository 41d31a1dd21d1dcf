"""Rooms booked, changed, cancelled and checked in: always lawful, never twice, and each said to whoever hears.

Bookings move one transaction at a time: on SQLite there is one writer anyway, on PostgreSQL a lock is held until the
commit, and what is read after it is what stands. So no two can take one room, nor one person more than her day.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.registry.cafes import booking_law
from services.registry.cafes.booking_law import Rules
from services.registry.cafes.hours import Span, day_of
from services.registry.cafes.life_cycle import RUNNING
from services.registry.cafes.places import hours_of
from services.registry.cafes.refusals import Refused
from services.registry.cafes.rooms import STANDING, rooms_of, taken, whole_day
from services.registry.cafes.whereabouts import check_here, sessions_then
from services.registry.tables import Booking, Cafe, Room, RoomWish
from shared.clock import now
from shared.contracts import RoomBooked, RoomReleased, WishEnded
from shared.outbox import stage

BookingState = Literal["booked", "checked_in", "cancelled", "no_show", "excused", "room_closed"]
Why = Literal["cancelled", "no_show", "changed", "room_closed", "erased"]

ONE_AT_A_TIME = 0x726F6F
CHECK_IN_EARLY = timedelta(minutes=10)


@dataclass(frozen=True)
class Override:
    """Staff let a booking stand beyond the law of the day, for a reason that is kept."""

    by: str
    reason: str


@dataclass(frozen=True)
class Asked:
    """What someone wants."""

    room_id: UUID
    span: Span
    people: int = 1


def one_at_a_time(session: Session) -> None:
    """Wait until nobody else is changing a booking; held until the end of the transaction."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})


def book(
    session: Session, seeker_id: UUID, asked: Asked, rules: Rules = Rules(), override: Override | None = None
) -> Booking:
    """Give someone a room. Raises `Refused`."""
    one_at_a_time(session)
    room = _checked(session, seeker_id, asked, rules, override)
    return _given(session, room, seeker_id, asked, override)


def change(
    session: Session, booking: Booking, asked: Asked, rules: Rules = Rules(), override: Override | None = None
) -> None:
    """Let a booking that has not begun be at another time or room. Raises `Refused`, and it stands as before."""
    one_at_a_time(session)
    _not_begun(session, booking)
    room = _checked(session, booking.seeker_id, asked, rules, override, besides=booking)
    left = booking.cafe_id, Span(booking.starts_at, booking.ends_at)
    booking.cafe_id, booking.room_id, booking.people = room.cafe_id, room.room_id, asked.people
    booking.starts_at, booking.ends_at = asked.span.starts_at, asked.span.ends_at
    booking.override_reason, booking.override_by = (override.reason, override.by) if override else ("", "")
    _touch(session, booking)
    stage(session, booked(booking))
    fill_waiting(session, *left, rules)


def cancel(session: Session, booking: Booking, rules: Rules = Rules()) -> None:
    """Give back a room before it begins. Raises `Refused`."""
    one_at_a_time(session)
    _not_begun(session, booking)
    release(session, booking, "cancelled", rules)


def release(
    session: Session, booking: Booking, why: Literal["cancelled", "no_show", "room_closed"], rules: Rules
) -> None:
    """A booking no longer stands; whoever waits for its time may have it."""
    booking.state = why
    _touch(session, booking)
    stage(session, released(booking, why))
    fill_waiting(session, booking.cafe_id, Span(booking.starts_at, booking.ends_at), rules)


def check_in(session: Session, booking: Booking) -> None:
    """She is here: from ten minutes before until the room is freed. Once more changes nothing. Raises `Refused`."""
    one_at_a_time(session)
    session.refresh(booking)
    if booking.state == "checked_in":
        return
    if booking.state == "no_show":
        raise Refused("TOO_LATE")
    if booking.state != "booked" or now() >= booking.ends_at:
        raise Refused("NOT_STANDING")
    if now() < booking.starts_at - CHECK_IN_EARLY:
        raise Refused("TOO_EARLY")
    booking.state, booking.checked_in_at = "checked_in", now()
    _touch(session, booking)


def excuse(session: Session, booking: Booking) -> None:
    """A booking that was not used gives no point after all. Raises `Refused`."""
    one_at_a_time(session)
    session.refresh(booking)
    if booking.state != "no_show":
        raise Refused("NOT_STANDING")
    booking.state = "excused"
    _touch(session, booking)


def wait(  # noqa: PLR0913 - who waits for what
    session: Session, seeker_id: UUID, cafe: Cafe, span: Span, *, people: int = 1, rules: Rules = Rules()
) -> RoomWish:
    """Put someone on the waiting list of a café for a time at which no room is free. Raises `Refused`."""
    one_at_a_time(session)
    check_here(session, seeker_id)
    _check_cafe(cafe)
    booking_law.check_times(span, hours_of(session, cafe), now())
    _check_person(session, seeker_id, span, rules, None)
    if _free_room(session, cafe.cafe_id, span, people):
        raise Refused("ROOM_FREE")
    if not any(room.capacity >= people for room in rooms_of(session, cafe.cafe_id)):
        raise Refused("TOO_MANY_PEOPLE")
    if any(Span(wish.starts_at, wish.ends_at).meets(span) for wish in wishes_of(session, seeker_id)):
        raise Refused("WAITS_ALREADY")
    wish = RoomWish(
        wish_id=uuid4(),
        cafe_id=cafe.cafe_id,
        seeker_id=seeker_id,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        people=people,
        state="waiting",
        made_at=now(),
    )
    session.add(wish)
    session.flush()
    return wish


def stop_waiting(session: Session, wish: RoomWish) -> None:
    """Raises `Refused`."""
    one_at_a_time(session)
    session.refresh(wish)
    if wish.state != "waiting":
        raise Refused("NOT_WAITING")
    wish.state = "cancelled"
    session.add(wish)


def end_waiting(session: Session, cafe_id: UUID, in_vain: Callable[[RoomWish], bool]) -> int:
    """Who waits at a café for what can no longer come waits no longer, and is told; how many."""
    ahead = select(RoomWish).where(
        RoomWish.cafe_id == cafe_id, RoomWish.state == "waiting", col(RoomWish.starts_at) > now()
    )
    found = [wish for wish in session.exec(ahead) if in_vain(wish)]
    for wish in found:
        wish.state = "closed"
        session.add(wish)
        stage(
            session,
            WishEnded(
                wish_id=wish.wish_id,
                seeker_id=wish.seeker_id,
                cafe_id=cafe_id,
                starts_at=wish.starts_at,
                ends_at=wish.ends_at,
            ),
        )
    return len(found)


def fill_waiting(session: Session, cafe_id: UUID, freed: Span, rules: Rules) -> None:
    """Who waits longest and may lawfully have what is free now, has it."""
    session.flush()
    waiting = select(RoomWish).where(
        RoomWish.cafe_id == cafe_id,
        RoomWish.state == "waiting",
        col(RoomWish.starts_at) < freed.ends_at,
        col(RoomWish.ends_at) > freed.starts_at,
        col(RoomWish.starts_at) > now(),
    )
    for wish in session.exec(waiting.order_by(col(RoomWish.made_at), col(RoomWish.wish_id))).all():
        span = Span(wish.starts_at, wish.ends_at)
        room = _free_room(session, cafe_id, span, wish.people)
        if room is None:
            continue
        asked = Asked(room.room_id, span, wish.people)
        try:
            _checked(session, wish.seeker_id, asked, rules, None)
        except Refused:  # her day is full by now: the next may have it
            continue
        wish.state = "filled"
        wish.booking_id = _given(session, room, wish.seeker_id, asked, None, from_waiting_list=True).booking_id
        session.add(wish)


def close_room(session: Session, room: Room, rules: Rules = Rules()) -> int:
    """A room can no longer be booked; what was ahead in it is released, and who waits for one as large is told.

    How many bookings were released.
    """
    one_at_a_time(session)
    room.closed_at = now()
    session.add(room)
    session.flush()
    ahead = select(Booking).where(
        Booking.room_id == room.room_id, Booking.state == "booked", col(Booking.starts_at) > now()
    )
    found = session.exec(ahead).all()
    for booking in found:
        release(session, booking, "room_closed", rules)
    largest = max((each.capacity for each in rooms_of(session, room.cafe_id)), default=0)
    end_waiting(session, room.cafe_id, lambda wish: wish.people > largest)
    return len(found)


def bookings_of(session: Session, seeker_id: UUID) -> Sequence[Booking]:
    """All of someone's, the latest first."""
    hers = select(Booking).where(Booking.seeker_id == seeker_id)
    return session.exec(hers.order_by(col(Booking.starts_at).desc())).all()


def wishes_of(session: Session, seeker_id: UUID) -> Sequence[RoomWish]:
    """What she still waits for."""
    return _wishes(session, seeker_id, "waiting")


def ended_wishes_of(session: Session, seeker_id: UUID) -> Sequence[RoomWish]:
    """What she waited for in vain, as long as it would still be ahead."""
    return _wishes(session, seeker_id, "closed")


def blocked_until(session: Session, seeker_id: UUID, rules: Rules) -> datetime | None:
    """Until when someone may not book, having missed too many; None where she may."""
    missed = points_of(session, seeker_id, rules)
    if len(missed) < rules.points_limit:
        return None
    until = missed[0] + timedelta(days=rules.block_days)
    return until if until > now() else None


def points_of(session: Session, seeker_id: UUID, rules: Rules) -> Sequence[datetime]:
    """When she missed bookings that still count, the latest first: a point is one, and expires with age."""
    since = now() - timedelta(days=rules.points_days)
    missed = select(Booking.starts_at).where(
        Booking.seeker_id == seeker_id, Booking.state == "no_show", col(Booking.starts_at) > since
    )
    return session.exec(missed.order_by(col(Booking.starts_at).desc())).all()


def booked(booking: Booking) -> RoomBooked:
    """What is said of a booking that stands."""
    return RoomBooked(
        booking_id=booking.booking_id,
        revision=booking.revision,
        seeker_id=booking.seeker_id,
        cafe_id=booking.cafe_id,
        room_id=booking.room_id,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        from_waiting_list=booking.from_waiting_list,
    )


def released(booking: Booking, why: Why) -> RoomReleased:
    """What is said of one that no longer does."""
    return RoomReleased(
        booking_id=booking.booking_id,
        revision=booking.revision,
        seeker_id=booking.seeker_id,
        cafe_id=booking.cafe_id,
        room_id=booking.room_id,
        reason=why,
    )


def _checked(  # noqa: PLR0913, PLR0917 - who asks for what, and what stands against it
    session: Session,
    seeker_id: UUID,
    asked: Asked,
    rules: Rules,
    override: Override | None,
    besides: Booking | None = None,
) -> Room:
    """The room, if it may be hers then."""
    if override is not None and not override.reason.strip():
        raise Refused("REASON_MISSING")
    check_here(session, seeker_id)
    room = session.get(Room, asked.room_id)
    if room is None or room.closed_at is not None:
        raise Refused("ROOM_CLOSED")
    cafe = session.get_one(Cafe, room.cafe_id)
    _check_cafe(cafe)
    if not 1 <= asked.people <= room.capacity:
        raise Refused("TOO_MANY_PEOPLE")
    booking_law.check_times(asked.span, hours_of(session, cafe), now())
    session.flush()
    if _others_meet(session, Booking.room_id, asked.room_id, asked.span, besides):
        raise Refused("ROOM_TAKEN")
    if _others_meet(session, Booking.seeker_id, seeker_id, asked.span, besides):
        raise Refused("ELSEWHERE_THEN")
    if sessions_then(session, seeker_id, asked.span):
        raise Refused("PROGRAM_THEN")
    if override is None:
        _check_person(session, seeker_id, asked.span, rules, besides)
    return room


def _check_cafe(cafe: Cafe) -> None:
    if cafe.state not in RUNNING:
        raise Refused("CAFE_NOT_RUNNING")


def _check_person(session: Session, seeker_id: UUID, span: Span, rules: Rules, besides: Booking | None) -> None:
    if blocked_until(session, seeker_id, rules):
        raise Refused("BLOCKED")
    hers = _standing(session, Booking.seeker_id, seeker_id, whole_day(day_of(span.starts_at)), besides)
    booking_law.check_day(span, [Span(each.starts_at, each.ends_at) for each in hers])


def _wishes(session: Session, seeker_id: UUID, state: str) -> Sequence[RoomWish]:
    hers = select(RoomWish).where(
        RoomWish.seeker_id == seeker_id, RoomWish.state == state, col(RoomWish.starts_at) > now()
    )
    return session.exec(hers.order_by(col(RoomWish.starts_at))).all()


def _others_meet(session: Session, column: Any, value: UUID, span: Span, besides: Booking | None) -> bool:
    return bool(_standing(session, column, value, span, besides))


def _standing(session: Session, column: Any, value: UUID, span: Span, besides: Booking | None) -> Sequence[Booking]:
    own = [] if besides is None else [col(Booking.booking_id) != besides.booking_id]
    meeting = select(Booking).where(
        column == value,
        col(Booking.state).in_(STANDING),
        col(Booking.starts_at) < span.ends_at,
        col(Booking.ends_at) > span.starts_at,
        *own,
    )
    return session.exec(meeting).all()


def _free_room(session: Session, cafe_id: UUID, span: Span, people: int) -> Room | None:
    """The smallest that is free and large enough."""
    large = [room for room in rooms_of(session, cafe_id) if room.capacity >= people]
    busy = taken(session, [room.room_id for room in large], span)
    free = [room for room in large if not busy[room.room_id]]
    return min(free, key=lambda room: (room.capacity, room.name), default=None)


def _given(  # noqa: PLR0913 - the fields of a booking
    session: Session,
    room: Room,
    seeker_id: UUID,
    asked: Asked,
    override: Override | None,
    *,
    from_waiting_list: bool = False,
) -> Booking:
    instant = now()
    booking = Booking(
        booking_id=uuid4(),
        cafe_id=room.cafe_id,
        room_id=room.room_id,
        seeker_id=seeker_id,
        starts_at=asked.span.starts_at,
        ends_at=asked.span.ends_at,
        people=asked.people,
        state="booked",
        code=f"{secrets.randbelow(1_000_000):06d}",
        override_reason=override.reason if override else "",
        override_by=override.by if override else "",
        from_waiting_list=from_waiting_list,
        made_at=instant,
        changed_at=instant,
    )
    session.add(booking)
    session.flush()
    stage(session, booked(booking))
    return booking


def _not_begun(session: Session, booking: Booking) -> None:
    session.refresh(booking)
    if booking.state != "booked":
        raise Refused("NOT_STANDING")
    if now() >= booking.starts_at:
        raise Refused("STARTED")


def _touch(session: Session, booking: Booking) -> None:
    booking.revision += 1
    booking.changed_at = now()
    session.add(booking)
