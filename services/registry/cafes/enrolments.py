"""Seats in sessions: taken, given back, filled from the waiting list, attended, and what people thought of it.

Under the same lock as rooms: no seat is given twice, and nobody is in two places at once.
"""

import secrets
from collections.abc import Sequence
from typing import Literal
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from services.registry.cafes import programs
from services.registry.cafes.bookings import CHECK_IN_EARLY, one_at_a_time
from services.registry.cafes.life_cycle import RUNNING
from services.registry.cafes.programs import Told, check_planned, span_of, tallies
from services.registry.cafes.refusals import Refused
from services.registry.cafes.whereabouts import check_here, in_room, sessions_then
from services.registry.tables import Cafe, Enrolment, ProgramSession, SessionOpinion
from shared.clock import now
from shared.contracts import ProgramEnrolled
from shared.outbox import stage

EnrolmentState = Literal["enrolled", "waiting", "cancelled", "attended", "absent"]
Standing = EnrolmentState | Literal["erased"]

OPEN: tuple[EnrolmentState, ...] = ("enrolled", "waiting")
SCORES = range(1, 6)
SHOWN_FROM = 3
"""So many opinions of a session are shown together, or none: one alone would say whose it is."""


def enrol(session: Session, seeker_id: UUID, program: ProgramSession, *, at_counter: bool = False) -> Enrolment:
    """Give someone a seat, or where there is none a place on the waiting list.

    Staff at the counter may let somebody in until the end. Raises `Refused`.
    """
    one_at_a_time(session)
    check_here(session, seeker_id)
    session.refresh(program)
    if program.state != "planned":
        raise Refused("SESSION_NOT_PLANNED")
    if now() >= (program.ends_at if at_counter else program.starts_at):
        raise Refused("SESSION_BEGUN")
    if session.get_one(Cafe, program.cafe_id).state not in RUNNING:
        raise Refused("CAFE_NOT_RUNNING")
    hers = (Enrolment.seeker_id == seeker_id, Enrolment.session_id == program.session_id)
    if session.exec(select(Enrolment).where(*hers, Enrolment.state != "cancelled")).first():
        raise Refused("ENROLLED_ALREADY")
    if _busy(session, seeker_id, program):
        raise Refused("BUSY_THEN")
    enrolment = Enrolment(
        enrolment_id=uuid4(),
        session_id=program.session_id,
        seeker_id=seeker_id,
        state="enrolled" if free_seats(session, program) > 0 else "waiting",
        code=f"{secrets.randbelow(1_000_000):06d}",
        made_at=now(),
        changed_at=now(),
    )
    session.add(enrolment)
    session.flush()
    stage(session, enrolled(enrolment))
    return enrolment


def cancel(session: Session, enrolment: Enrolment) -> None:
    """Give back a seat, or leave the waiting list, before it begins. Raises `Refused`."""
    one_at_a_time(session)
    session.refresh(enrolment)
    if enrolment.state not in OPEN:
        raise Refused("NOT_ENROLLED")
    program = session.get_one(ProgramSession, enrolment.session_id)
    check_planned(session, program)
    _become(session, enrolment, "cancelled")
    fill(session, program)


def change_session(session: Session, program: ProgramSession, told: Told) -> None:
    """Let a session be as told. Who is elsewhere at its new time loses her seat and is told. Raises `Refused`."""
    programs.change(session, program, told)
    for enrolment in of_session(session, program.session_id):
        if enrolment.state == "enrolled" and _busy(session, enrolment.seeker_id, program):
            _become(session, enrolment, "cancelled")
    fill(session, program)


def fill(session: Session, program: ProgramSession) -> None:
    """Who waits longest and is not elsewhere then, has what is free."""
    session.flush()
    free = free_seats(session, program)
    for enrolment in of_session(session, program.session_id):
        if free <= 0 or program.starts_at <= now():
            return
        if enrolment.state == "waiting" and not _busy(session, enrolment.seeker_id, program):
            enrolment.from_waiting_list = True
            _become(session, enrolment, "enrolled")
            free -= 1


def attend(session: Session, enrolment: Enrolment, *, came: bool) -> None:
    """Note whether someone was there; may be put right later. Raises `Refused`."""
    one_at_a_time(session)
    session.refresh(enrolment)
    program = session.get_one(ProgramSession, enrolment.session_id)
    if program.state == "called_off":
        raise Refused("SESSION_NOT_PLANNED")
    if enrolment.state not in ("enrolled", "attended", "absent"):
        raise Refused("NOT_ENROLLED")
    if now() < program.starts_at - CHECK_IN_EARLY:
        raise Refused("SESSION_AHEAD")
    state: EnrolmentState = "attended" if came else "absent"
    if enrolment.state != state:
        _become(session, enrolment, state)


def hold(session: Session, program: ProgramSession) -> None:
    """It took place: who was enrolled and not seen was absent. Raises `Refused`."""
    programs.close(session, program)
    for enrolment in of_session(session, program.session_id):
        if enrolment.state == "enrolled":
            _become(session, enrolment, "absent")


def rate(session: Session, enrolment: Enrolment, score: int) -> None:
    """Count how good she found it. That she said it is kept, what she said is not tied to her. Raises `Refused`."""
    one_at_a_time(session)
    session.refresh(enrolment)
    if enrolment.state != "attended":
        raise Refused("NOT_ATTENDED")
    if enrolment.has_rated:
        raise Refused("OPINION_GIVEN")
    if score not in SCORES:
        raise Refused("SCORE_WRONG")
    enrolment.has_rated = True
    session.add(enrolment)
    key = (enrolment.session_id, score)
    counted = session.get(SessionOpinion, key) or SessionOpinion(session_id=key[0], score=score)
    counted.people += 1
    session.add(counted)
    session.flush()


def opinions(session: Session, session_ids: Sequence[UUID]) -> dict[UUID, dict[int, int]]:
    """How many gave which score; none of a session with too few of them."""
    found: dict[UUID, dict[int, int]] = {session_id: {} for session_id in session_ids}
    for row in session.exec(select(SessionOpinion).where(col(SessionOpinion.session_id).in_(session_ids))):
        found[row.session_id][row.score] = row.people
    return {session_id: scores if sum(scores.values()) >= SHOWN_FROM else {} for session_id, scores in found.items()}


def of_session(session: Session, session_id: UUID) -> Sequence[Enrolment]:
    """In the order in which they came."""
    of_it = select(Enrolment).where(Enrolment.session_id == session_id)
    return session.exec(of_it.order_by(col(Enrolment.made_at), col(Enrolment.enrolment_id))).all()


def enrolments_of(session: Session, seeker_id: UUID) -> Sequence[tuple[Enrolment, ProgramSession]]:
    """All of someone's with their sessions, the latest first."""
    hers = (
        select(Enrolment, ProgramSession)
        .join(ProgramSession, col(ProgramSession.session_id) == Enrolment.session_id)
        .where(Enrolment.seeker_id == seeker_id)
    )
    return session.exec(hers.order_by(col(ProgramSession.starts_at).desc(), col(Enrolment.made_at).desc())).all()


def free_seats(session: Session, program: ProgramSession) -> int:
    return program.seats - tallies(session, [program.session_id])[program.session_id].seated


def enrolled(enrolment: Enrolment, state: Standing | None = None) -> ProgramEnrolled:
    """What is said of someone's seat."""
    return ProgramEnrolled(
        enrolment_id=enrolment.enrolment_id,
        revision=enrolment.revision,
        session_id=enrolment.session_id,
        seeker_id=enrolment.seeker_id,
        state=state or enrolment.state,
        from_waiting_list=enrolment.from_waiting_list,
    )


def _busy(session: Session, seeker_id: UUID, program: ProgramSession) -> bool:
    span = span_of(program)
    others = set(sessions_then(session, seeker_id, span)) - {program.session_id}
    return bool(others) or in_room(session, seeker_id, span)


def _become(session: Session, enrolment: Enrolment, state: EnrolmentState) -> None:
    enrolment.state = state
    enrolment.revision += 1
    enrolment.changed_at = now()
    session.add(enrolment)
    session.flush()
    stage(session, enrolled(enrolment))
