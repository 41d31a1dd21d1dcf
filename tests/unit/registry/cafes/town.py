"""A café with rooms, people to book them, and a Wednesday to do it on."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import Session

from services.registry.cafes.bookings import Asked
from services.registry.cafes.hours import Span, at_minute, minute_of
from services.registry.cafes.places import add_cafe
from services.registry.cafes.programs import Told, schedule
from services.registry.cafes.rooms import add_room
from services.registry.tables import Cafe, ProgramSession, Room, Seeker

DAY = date(2026, 12, 2)
NIGHT_BEFORE = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
"""Eleven at night in Korea."""
ALL_WEEK = [["08:00", "24:00"]] * 7


def a_cafe(session: Session, name: str = "일자리카페 시험", rooms: int = 2, **but: object) -> tuple[Cafe, list[Room]]:
    told: dict[str, object] = {"hours": ALL_WEEK} | but
    cafe = add_cafe(session, name, "서울 마포구", **told)  # type: ignore[arg-type]
    return cafe, [add_room(session, cafe, f"방 {number + 1}", 4 + number) for number in range(rooms)]


def someone(session: Session) -> UUID:
    """Who registered to use rooms and agreed to nothing else."""
    seeker = Seeker(
        seeker_id=uuid4(),
        revision=0,
        state="unseen",
        facts={},
        applied_at=NIGHT_BEFORE,
        changed_at=NIGHT_BEFORE,
        valid_until=DAY + timedelta(days=90),
    )
    session.add(seeker)
    session.flush()
    return seeker.seeker_id


def span(starts: str, ends: str, day: date = DAY) -> Span:
    """`09:00` to `10:30` of a day in Korea."""
    return Span(at_minute(day, minute_of(starts)), at_minute(day, minute_of(ends)))


def asked(room: Room, starts: str, ends: str, day: date = DAY, people: int = 1) -> Asked:
    return Asked(room.room_id, span(starts, ends, day), people)


def session_told(starts: str = "14:00", ends: str = "16:00", day: date = DAY, **but: object) -> Told:
    told: dict[str, object] = {"kind": "resume_clinic", "title": "이력서 클리닉", "seats": 2} | but
    return Told(span=span(starts, ends, day), **told)  # type: ignore[arg-type]


def a_session(
    session: Session, cafe: Cafe, starts: str = "14:00", ends: str = "16:00", **but: object
) -> ProgramSession:
    return schedule(session, cafe, session_told(starts, ends, **but), "상담사")  # type: ignore[arg-type]
