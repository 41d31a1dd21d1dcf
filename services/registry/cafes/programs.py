"""Sessions of programs: planned, changed, called off, held, and told by a file once they are over."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID, uuid4

from sqlalchemy import func
from sqlmodel import Session, col, select

from services.registry.cafes.booking_law import check_open
from services.registry.cafes.bookings import one_at_a_time
from services.registry.cafes.hours import Span, day_of
from services.registry.cafes.life_cycle import RUNNING
from services.registry.cafes.places import hours_of
from services.registry.cafes.program_kinds import kinds
from services.registry.cafes.refusals import Refused
from services.registry.tables import Cafe, Enrolment, ProgramSession, SessionUse
from shared.clock import now
from shared.contracts import ProgramKind, ProgramScheduled
from shared.outbox import stage

SessionState = Literal["planned", "held", "called_off"]

YEAR = timedelta(days=366)
MOST_SEATS = 500


@dataclass(frozen=True)
class Told:
    """What a session is to be."""

    kind: str
    title: str
    span: Span
    seats: int
    skill: str = ""
    staff: tuple[str, ...] = ()


@dataclass
class Tally:
    """How many stand where with a session, whether they are known or only counted."""

    enrolled: int = 0
    waiting: int = 0
    cancelled: int = 0
    attended: int = 0
    absent: int = 0
    counted: bool = False
    """Whether it is known at all: a session told by a file without counts had people, nobody knows how many."""

    @property
    def seated(self) -> int:
        """Who has, or had, a seat."""
        return self.enrolled + self.attended + self.absent


def schedule(session: Session, cafe: Cafe, told: Told, by: str) -> ProgramSession:
    """Plan a session. Raises `Refused`."""
    one_at_a_time(session)
    _check(session, cafe, told)
    program = _row(cafe, told, by)
    session.add(program)
    session.flush()
    stage(session, scheduled(program))
    return program


def change(session: Session, program: ProgramSession, told: Told) -> None:
    """Let a planned session be as told, of the same kind. Raises `Refused`, and it stands as before."""
    one_at_a_time(session)
    check_planned(session, program)
    if told.kind != program.kind:
        raise Refused("KIND_WRONG")
    if told.seats < tallies(session, [program.session_id])[program.session_id].seated:
        raise Refused("SEATS_TAKEN")
    _check(session, session.get_one(Cafe, program.cafe_id), told, besides=program.session_id)
    program.title, program.skill, program.seats = told.title, told.skill, told.seats
    program.starts_at, program.ends_at, program.staff = told.span.starts_at, told.span.ends_at, list(told.staff)
    _touch(session, program)


def call_off(session: Session, program: ProgramSession, reason: str) -> None:
    """It does not take place; everyone enrolled is told. Raises `Refused`."""
    one_at_a_time(session)
    check_planned(session, program)
    if not reason.strip():
        raise Refused("REASON_MISSING")
    program.state, program.reason = "called_off", reason.strip()
    _touch(session, program)


def close(session: Session, program: ProgramSession) -> None:
    """It took place. Raises `Refused`."""
    one_at_a_time(session)
    session.refresh(program)
    if program.state != "planned":
        raise Refused("SESSION_NOT_PLANNED")
    if now() < program.starts_at:
        raise Refused("SESSION_AHEAD")
    program.state = "held"
    if not tallies(session, [program.session_id])[program.session_id].counted:
        session.add(SessionUse(session_id=program.session_id, state="attended", people=0))  # nobody came: that is known
    _touch(session, program)


def record(session: Session, cafe: Cafe, told: Told, counts: Mapping[str, int], by: str) -> ProgramSession:
    """Take in a session that was held before this system knew of it, with its counts. Raises `Refused`."""
    one_at_a_time(session)
    _check_kind(told)
    if not told.span.starts_at < told.span.ends_at <= now():
        raise Refused("SESSION_AHEAD")
    program = _row(cafe, told, by)
    program.state = "held"
    session.add(program)
    session.flush()
    for state, people in counts.items():
        session.add(SessionUse(session_id=program.session_id, state=state, people=people))
    session.flush()
    stage(session, scheduled(program))
    return program


def sessions(
    session: Session, since: datetime, until: datetime, cafe_id: UUID | None = None, kind: str = ""
) -> Sequence[ProgramSession]:
    """What begins within a time, in its order."""
    wanted = select(ProgramSession).where(
        col(ProgramSession.starts_at) >= since,
        col(ProgramSession.starts_at) < until,
        *([ProgramSession.cafe_id == cafe_id] if cafe_id else []),
        *([ProgramSession.kind == kind] if kind else []),
    )
    return session.exec(wanted.order_by(col(ProgramSession.starts_at), col(ProgramSession.session_id))).all()


def tallies(session: Session, session_ids: Collection[UUID]) -> dict[UUID, Tally]:
    """How many stand where, looked up at once."""
    found = {session_id: Tally() for session_id in session_ids}
    known = {field.name for field in fields(Tally)}
    held: Any = select(Enrolment.session_id, Enrolment.state, func.count()).where(
        col(Enrolment.session_id).in_(session_ids)
    )
    counted: Any = select(SessionUse.session_id, SessionUse.state, SessionUse.people).where(
        col(SessionUse.session_id).in_(session_ids)
    )
    rows: Iterable[tuple[UUID, str, int]] = [
        *session.exec(held.group_by(Enrolment.session_id, Enrolment.state)).all(),
        *session.exec(counted).all(),
    ]
    for session_id, state, people in rows:
        found[session_id].counted = True
        if state in known:
            setattr(found[session_id], state, getattr(found[session_id], state) + people)
    return found


def check_planned(session: Session, program: ProgramSession) -> None:
    """Whether it is still to come. Raises `Refused`."""
    session.refresh(program)
    if program.state != "planned":
        raise Refused("SESSION_NOT_PLANNED")
    if now() >= program.starts_at:
        raise Refused("SESSION_BEGUN")


def span_of(program: ProgramSession) -> Span:
    return Span(program.starts_at, program.ends_at)


def scheduled(program: ProgramSession) -> ProgramScheduled:
    """What is said of a session."""
    return ProgramScheduled(
        session_id=program.session_id,
        revision=program.revision,
        cafe_id=program.cafe_id,
        kind=cast(ProgramKind, program.kind),
        title=program.title,
        starts_at=program.starts_at,
        ends_at=program.ends_at,
        seats=program.seats,
        state=cast(SessionState, program.state),
    )


def _check(session: Session, cafe: Cafe, told: Told, besides: UUID | None = None) -> None:
    if cafe.state not in RUNNING:
        raise Refused("CAFE_NOT_RUNNING")
    _check_kind(told)
    if day_of(told.span.starts_at) > day_of(now() + YEAR):
        raise Refused("SESSION_TOO_FAR")
    check_open(told.span, hours_of(session, cafe), now())
    meeting = select(ProgramSession.staff).where(
        ProgramSession.state != "called_off",
        col(ProgramSession.starts_at) < told.span.ends_at,
        col(ProgramSession.ends_at) > told.span.starts_at,
        *([ProgramSession.session_id != besides] if besides else []),
    )
    if any(set(roster) & set(told.staff) for roster in session.exec(meeting)):
        raise Refused("STAFF_ELSEWHERE")


def _check_kind(told: Told) -> None:
    kind = kinds().get(told.kind)
    if kind is None:
        raise Refused("KIND_WRONG")
    if told.skill and not kind.teaches:
        raise Refused("SKILL_WRONG")


def _row(cafe: Cafe, told: Told, by: str) -> ProgramSession:
    return ProgramSession(
        session_id=uuid4(),
        cafe_id=cafe.cafe_id,
        kind=told.kind,
        title=told.title,
        skill=told.skill,
        starts_at=told.span.starts_at,
        ends_at=told.span.ends_at,
        seats=told.seats,
        staff=list(told.staff),
        made_by=by,
        made_at=now(),
        changed_at=now(),
    )


def _touch(session: Session, program: ProgramSession) -> None:
    program.revision += 1
    program.changed_at = now()
    session.add(program)
    session.flush()
    stage(session, scheduled(program))
