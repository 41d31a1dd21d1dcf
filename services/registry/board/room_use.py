"""How much are the study rooms used? Figures of the bookings held and of the counts that outlive them."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from services.registry.cafes.hours import Span, at_minute
from services.registry.cafes.use import Use
from services.registry.tables import Booking, Room, RoomUse
from shared.figure import Figure, Row

USE = ("room_bookings", "room_visits", "room_visitors", "room_hours", "room_missed")
Counted = tuple[Row, Use]


def room_use(session: Session, since: date, until: date, cafe: UUID | None = None) -> tuple[Figure, ...]:
    """Figures of the days from one to another, both included; over all cafés or of one."""
    return figures(counted(session, since, until, cafe))


def counted(session: Session, since: date, until: date, cafe: UUID | None = None) -> list[Counted]:
    """Each booking by its id, and each count of bookings that are no longer held by room, day and state."""
    rooms = select(Room.room_id).where(cafe is None or Room.cafe_id == cafe)
    start, end = at_minute(since, 0), at_minute(until + timedelta(days=1), 0)
    held = select(Booking).where(
        col(Booking.room_id).in_(rooms), col(Booking.starts_at) >= start, col(Booking.starts_at) < end
    )
    kept = select(RoomUse).where(col(RoomUse.room_id).in_(rooms), RoomUse.on >= since, RoomUse.on <= until)
    rows = [
        (Row(str(one.booking_id), "booking"), _use(one.state, 1, Span(one.starts_at, one.ends_at).minutes, one.people))
        for one in session.exec(held)
    ]
    rows += [
        (
            Row(f"{one.room_id} {one.on} {one.state}", "room_use"),
            _use(one.state, one.bookings, one.minutes, one.people),
        )
        for one in session.exec(kept)
    ]
    return sorted(rows, key=lambda row: row[0].id)


def figures(rows: Sequence[Counted]) -> tuple[Figure, ...]:
    """Bookings, visits, visitors, hours used, and the share of bookings that nobody came to."""
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
