"""Study rooms of a café, and when they are free."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from services.registry.cafes.hours import Hours, Span, at_minute
from services.registry.cafes.refusals import Refused
from services.registry.tables import Booking, Cafe, Room
from shared.clock import now

SMALLEST, LARGEST = 2, 10
STANDING = ("booked", "checked_in")
"""States in which a booking has its room."""
STEP = timedelta(minutes=30)
"""Pages offer beginnings on every half hour; the law knows whole minutes."""
HOUR = 60


def add_room(session: Session, cafe: Cafe, name: str, capacity: int, equipment: Sequence[str] = ()) -> Room:
    """A room more. Raises `Refused`."""
    _check_name(session, cafe.cafe_id, name)
    room = Room(room_id=uuid4(), cafe_id=cafe.cafe_id, name=name, capacity=capacity, equipment=list(equipment))
    session.add(room)
    session.flush()
    return room


def revise_room(session: Session, room: Room, name: str, equipment: Sequence[str]) -> None:
    """It has another name, or other things in it. Raises `Refused`."""
    if name != room.name:
        _check_name(session, room.cafe_id, name)
    room.name, room.equipment = name, list(equipment)
    session.add(room)


def rooms_of(session: Session, *cafe_ids: UUID) -> Sequence[Room]:
    """The rooms that can be booked, by name."""
    of_them = select(Room).where(col(Room.cafe_id).in_(cafe_ids), col(Room.closed_at).is_(None))
    return session.exec(of_them.order_by(col(Room.name))).all()


def taken(session: Session, room_ids: Iterable[UUID], within: Span) -> dict[UUID, list[Span]]:
    """What stands in these rooms within a time, in its order."""
    ids = list(room_ids)
    standing = select(Booking).where(
        col(Booking.room_id).in_(ids),
        col(Booking.state).in_(STANDING),
        col(Booking.starts_at) < within.ends_at,
        col(Booking.ends_at) > within.starts_at,
    )
    found: dict[UUID, list[Span]] = {room_id: [] for room_id in ids}
    for booking in session.exec(standing.order_by(col(Booking.starts_at))):
        found[booking.room_id].append(Span(booking.starts_at, booking.ends_at))
    return found


def free_starts(day: Span, taken: Sequence[Span], minutes: int, instant: datetime | None = None) -> Iterator[datetime]:
    """On which half hours so many minutes could begin in a room, from now on."""
    instant, length, start = instant or now(), timedelta(minutes=minutes), day.starts_at
    while start + length <= day.ends_at:
        asked = Span(start, start + length)
        if start >= instant and not any(asked.meets(each) for each in taken):
            yield start
        start += STEP


def next_free(
    rooms: Sequence[Room], taken: dict[UUID, list[Span]], hours: Hours, day: date
) -> tuple[Room, datetime] | None:
    """The earliest half hour of a day from which some room is free for an hour; the smallest room of them."""
    open_span = hours.on(day)
    if open_span is None:
        return None
    best: tuple[datetime, int, str] | None = None
    found: tuple[Room, datetime] | None = None
    for room in rooms:
        start = next(free_starts(open_span, taken[room.room_id], HOUR), None)
        if start and (best is None or (start, room.capacity, room.name) < best):
            best, found = (start, room.capacity, room.name), (room, start)
    return found


def whole_day(day: date) -> Span:
    return Span(at_minute(day, 0), at_minute(day + timedelta(days=1), 0))


def _check_name(session: Session, cafe_id: UUID, name: str) -> None:
    if any(room.name == name for room in rooms_of(session, cafe_id)):
        raise Refused("ROOM_NAME_TAKEN")
