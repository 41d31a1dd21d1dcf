"""Who did not come? Ten minutes after its beginning a room that nobody checked in to is freed.

Only for a time that was watched without a gap: after a restart, or a clock that leapt, nobody is called late for when
we did not look. Such a booking keeps its room to its end, and staff may free it.
"""

from datetime import timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from services.registry.cafes.booking_law import Rules
from services.registry.cafes.bookings import one_at_a_time, release
from services.registry.tables import Booking, RoomWatch
from shared.clock import now
from shared.database import transaction

LONGEST_GAP = timedelta(minutes=3)
"""Between two looks at the clock, forward or back."""


def free_unused(engine: Engine, rules: Rules) -> int:
    """Free what nobody came for; how many."""
    with transaction(engine) as session:
        one_at_a_time(session)
        watch = watched(session)
        late = select(Booking).where(
            Booking.state == "booked",
            col(Booking.starts_at) >= watch.steady_since,
            col(Booking.starts_at) <= now() - rules.late,
        )
        found = session.exec(late.order_by(col(Booking.starts_at))).all()
        for booking in found:
            release(session, booking, "no_show", rules)
    return len(found)


def watched(session: Session) -> RoomWatch:
    """Note that we look now, and since when without a gap."""
    instant = now()
    watch = session.get(RoomWatch, 1) or RoomWatch(seen_at=instant, steady_since=instant)
    if abs(instant - watch.seen_at) > LONGEST_GAP or instant < watch.steady_since:
        watch.steady_since = instant
    watch.seen_at = instant
    session.add(watch)
    session.flush()
    return watch
