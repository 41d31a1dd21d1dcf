"""How much are the study rooms used? Figures of the bookings held and of the counts that outlive them."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select

from services.registry.cafes.hours import Span, at_minute, day_of
from services.registry.cafes.use import Use
from services.registry.tables import Booking, Room, RoomUse
from shared.figure import Figure, Row

USE = ("room_bookings", "room_visits", "room_visitors", "room_hours", "room_missed")
Counted = tuple[Row, Use]


class Used(NamedTuple):
    """What was booked in a café on a day: one booking, or a count of those no longer held."""

    cafe: UUID
    day: date
    counted: Counted


def room_use(session: Session, since: date, until: date, cafe: UUID | None = None) -> tuple[Figure, ...]:
    """Figures of the days from one to another, both included; over all cafés or of one."""
    return figures(each.counted for each in used(session, since, until, cafe))


def used(session: Session, since: date, until: date, cafe: UUID | None = None) -> list[Used]:
    """Each booking by its id, and each count of bookings that are no longer held by room, day and state."""
    start, end = at_minute(since, 0), at_minute(until + timedelta(days=1), 0)
    its = [] if cafe is None else [Room.cafe_id == cafe]
    held = (
        select(Room.cafe_id, Booking.booking_id, Booking.state, Booking.starts_at, Booking.ends_at, Booking.people)  # type: ignore[call-overload]
        .join(Booking, col(Booking.room_id) == Room.room_id)
        .where(col(Booking.starts_at) >= start, col(Booking.starts_at) < end, *its)
    )
    kept = (
        select(Room.cafe_id, RoomUse)
        .join(RoomUse, col(RoomUse.room_id) == Room.room_id)
        .where(RoomUse.on >= since, RoomUse.on <= until, *its)
    )
    found = [
        Used(at, day_of(begins), (Row(str(one), "booking"), _use(state, 1, Span(begins, ends).minutes, people)))
        for at, one, state, begins, ends, people in session.exec(held)
    ]
    for at, one in session.exec(kept):
        row = Row(f"{one.room_id} {one.on} {one.state}", "room_use")
        found.append(Used(at, one.on, (row, _use(one.state, one.bookings, one.minutes, one.people))))
    return sorted(found, key=lambda each: each.counted[0].id)


def figures(counted: Iterable[Counted]) -> tuple[Figure, ...]:
    """Bookings, visits, visitors, hours used, and the share of bookings that nobody came to."""
    rows = list(counted)
    whole = tuple(Row(row.id, row.label, use.booked) for row, use in rows)
    came = [(row, use) for row, use in rows if use.visits]
    ended = [(row, use) for row, use in rows if use.visits or use.missed]
    return (
        Figure("room_bookings", _sum(whole), rows=whole),
        _of("room_visits", rows, [(row, use.visits) for row, use in came]),
        _of("room_visitors", rows, [(row, use.visitors) for row, use in came]),
        _of("room_hours", rows, [(row, use.minutes / 60) for row, use in came]),
        Figure(
            "room_missed",
            sum(use.missed for _, use in ended) if ended else None,
            sum(use.visits + use.missed for _, use in ended) if ended else None,
            tuple(Row(row.id, row.label, use.missed) for row, use in ended),
            "share",
            divided=True,
        ),
    )


def _use(state: str, bookings: int, minutes: int, people: int) -> Use:
    use = Use()
    use.add(state, bookings, minutes, people)
    return use


def _of(name: str, rows: Sequence[Counted], adding: Sequence[tuple[Row, float]]) -> Figure:
    """A sum over what was booked: without a booking it is no data, with bookings that nobody came to it is zero."""
    added = tuple(Row(row.id, row.label, adds) for row, adds in adding)
    return Figure(name, (_sum(added) or 0) if rows else None, rows=added)


def _sum(rows: Sequence[Row]) -> float | None:
    return sum(row.adds or 0 for row in rows) if rows else None
