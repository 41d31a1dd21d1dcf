"""Where is someone at a time? The rooms she has and the sessions she is enrolled in; an erased person is nowhere."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from services.registry.cafes.hours import Span
from services.registry.cafes.refusals import Refused
from services.registry.cafes.rooms import STANDING
from services.registry.tables import Booking, Enrolment, ProgramSession, Seeker

SEATED = ("enrolled", "attended", "absent")
"""States in which an enrolment has its seat."""


def check_here(session: Session, seeker_id: UUID) -> None:
    """No room and no seat is for someone who was erased, though staff may still know her id. Raises `Refused`."""
    if session.get_one(Seeker, seeker_id).state == "erased":
        raise Refused("PERSON_UNKNOWN")


def in_room(session: Session, seeker_id: UUID, span: Span) -> bool:
    """Whether she has a room at that time."""
    hers = select(Booking.booking_id).where(
        Booking.seeker_id == seeker_id,
        col(Booking.state).in_(STANDING),
        col(Booking.starts_at) < span.ends_at,
        col(Booking.ends_at) > span.starts_at,
    )
    return session.exec(hers).first() is not None


def sessions_then(session: Session, seeker_id: UUID, span: Span) -> Sequence[UUID]:
    """The sessions at that time in which she has a seat."""
    hers = (
        select(ProgramSession.session_id)
        .join(Enrolment, col(Enrolment.session_id) == ProgramSession.session_id)
        .where(
            Enrolment.seeker_id == seeker_id,
            col(Enrolment.state).in_(SEATED),
            ProgramSession.state != "called_off",
            col(ProgramSession.starts_at) < span.ends_at,
            col(ProgramSession.ends_at) > span.starts_at,
        )
    )
    return session.exec(hers).all()
