"""A café closes for a day, keeps other hours or ends: what was to be there? Given back, and its people are told."""

from datetime import date
from typing import NamedTuple

from sqlmodel import Session, col, select

from services.registry.cafes import bookings, programs
from services.registry.cafes.booking_law import Rules
from services.registry.cafes.hours import Span, day_of
from services.registry.cafes.life_cycle import RUNNING
from services.registry.cafes.places import hours_of
from services.registry.cafes.refusals import Refused
from services.registry.tables import Booking, Cafe, CafeClosure, ProgramSession, RoomWish
from shared.clock import now

NOT_OPEN = "카페가 문을 열지 않습니다. The café is not open then."


class GivenBack(NamedTuple):
    """What could not stand."""

    bookings: int
    sessions: int
    wishes: int
    """Places on the waiting list."""


def close_on(session: Session, cafe: Cafe, day: date, reason: str, rules: Rules = Rules()) -> GivenBack:
    """It is closed on this day of its own accord. Raises `Refused`."""
    bookings.one_at_a_time(session)
    if day < day_of(now()):
        raise Refused("DAY_PAST", "on")
    session.merge(CafeClosure(cafe_id=cafe.cafe_id, on=day, reason=reason))
    return give_back(session, cafe, rules, reason)


def open_on(session: Session, cafe: Cafe, day: date) -> None:
    """It is open on this day after all; what was given back is gone."""
    if closure := session.get(CafeClosure, (cafe.cafe_id, day)):
        session.delete(closure)


def give_back(session: Session, cafe: Cafe, rules: Rules = Rules(), reason: str = "") -> GivenBack:
    """Release bookings, call off sessions and end wishes ahead where the café, as it is now told, is not open."""
    bookings.one_at_a_time(session)
    session.flush()
    hours = hours_of(session, cafe)

    def stands(one: Booking | ProgramSession | RoomWish) -> bool:
        if cafe.state not in RUNNING:
            return False
        if not hours.known:  # nobody can tell
            return True
        opening = hours.on(day_of(one.starts_at))
        return opening is not None and opening.holds(Span(one.starts_at, one.ends_at))

    rooms = select(Booking).where(
        Booking.cafe_id == cafe.cafe_id, Booking.state == "booked", col(Booking.starts_at) > now()
    )
    planned = select(ProgramSession).where(
        ProgramSession.cafe_id == cafe.cafe_id,
        ProgramSession.state == "planned",
        col(ProgramSession.starts_at) > now(),
    )
    released = [one for one in session.exec(rooms) if not stands(one)]
    called_off = [one for one in session.exec(planned) if not stands(one)]
    for booking in released:
        bookings.release(session, booking, "room_closed", rules)
    for program in called_off:
        programs.call_off(session, program, reason.strip() or NOT_OPEN)
    in_vain = bookings.end_waiting(session, cafe.cafe_id, lambda wish: not stands(wish))
    return GivenBack(len(released), len(called_off), in_vain)
