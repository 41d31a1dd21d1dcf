"""What programs may ask about sessions of programs and who is enrolled, under `/api/v1/registry`."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field, StringConstraints
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from services.registry.access import Operator
from services.registry.api.bodies import Asked, PlainBody
from services.registry.api.cafes import Looking, Staff, answering, the
from services.registry.api.custody import living
from services.registry.cafes import enrolments, program_rows, programs
from services.registry.cafes.bookings import one_at_a_time
from services.registry.cafes.hours import Span, at_minute, day_of
from services.registry.cafes.programs import MOST_SEATS
from services.registry.cafes.refusals import Refused
from services.registry.tables import Cafe, Enrolment, ProgramSession
from shared.clock import now
from shared.contracts import ProgramKind
from shared.contracts.envelope import Instant
from shared.database import reading, transaction
from shared.web.problems import Problem

Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
]
Roster = Annotated[tuple[Words, ...], Field(max_length=20)]
Day = Annotated[date, Query(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
Cell = Annotated[str, StringConstraints(max_length=1_000)]
Rows = Annotated[tuple[dict[Cell, Cell], ...], Field(max_length=1_000)]
FILE_LIMIT_BYTES = 4_000_000
USUAL_DAYS = 31
MOST_DAYS = timedelta(days=400)


class SessionTold(Asked):
    """What a session is to be."""

    kind: ProgramKind
    title: Words
    starts_at: Instant
    ends_at: Instant
    seats: Annotated[int, Field(ge=1, le=MOST_SEATS)]
    skill: Words | None = None
    """What it teaches, as postings call it; of mentoring and lectures alone."""
    staff: Roster = ()

    def told(self) -> programs.Told:
        span = Span(self.starts_at, self.ends_at)
        return programs.Told(self.kind, self.title, span, self.seats, self.skill or "", self.staff)


class NewSession(SessionTold):
    cafe_id: UUID


class CallOffTold(Asked):
    reason: Words


class EnrolTold(Asked):
    seeker_id: UUID


class AttendanceTold(Asked):
    attended: bool


class RowsTold(Asked):
    """Rows of a file, a text a cell; see `program_rows.COLUMNS`."""

    rows: Rows
    dry_run: bool = False


class _Undone(Exception):
    """A trial is over."""


def program_api(engine: Engine) -> APIRouter:  # noqa: PLR0915 - the list of what can be asked
    router = APIRouter(prefix="/api/v1/registry")

    @router.post("/programs", status_code=201)
    def schedule(who: Staff, told: Annotated[NewSession, Depends(PlainBody(NewSession))]) -> dict[str, Any]:
        """Plan a session at a café."""
        with transaction(engine) as session, answering():
            cafe: Cafe = the(session, Cafe, told.cafe_id)
            return shown(session, [programs.schedule(session, cafe, told.told(), who.label)])[0]

    @router.get("/programs")
    def list_sessions(
        _who: Looking,
        cafe: UUID | None = None,
        kind: ProgramKind | None = None,
        since: Day | None = None,
        until: Day | None = None,
    ) -> list[dict[str, Any]]:
        """The sessions of these days with their counts, of the next month if no days are told."""
        first = since or day_of(now())
        last = until or first + timedelta(days=USUAL_DAYS)
        if last - first > MOST_DAYS:
            raise Problem(
                422, "SPAN_TOO_LONG", f"{MOST_DAYS.days} days at most.", f"최대 {MOST_DAYS.days}일까지 볼 수 있습니다.",
                where="until",
            )  # fmt: skip
        with reading(engine) as session:
            found = programs.sessions(session, at_minute(first, 0), at_minute(last, 24 * 60), cafe, kind or "")
            return shown(session, found)

    @router.post("/programs/import")
    def take_rows(
        who: Operator, told: Annotated[RowsTold, Depends(PlainBody(RowsTold, FILE_LIMIT_BYTES))]
    ) -> dict[str, Any]:
        """Plan or record a session a row; what is here already stays as it is. A row that is wrong stops no other."""
        outcomes: list[dict[str, Any]] = []
        try:
            with transaction(engine) as session:
                one_at_a_time(session)
                outcomes += (taken(session, number, row, who.label) for number, row in enumerate(told.rows, 2))
                if told.dry_run:
                    raise _Undone
        except _Undone:
            pass
        return {"rows": outcomes}

    @router.get("/programs/{session_id}")
    def show(session_id: UUID, _who: Looking) -> dict[str, Any]:
        with reading(engine) as session:
            return shown(session, [the(session, ProgramSession, session_id)])[0]

    @router.put("/programs/{session_id}")
    def change(
        session_id: UUID, _who: Staff, told: Annotated[SessionTold, Depends(PlainBody(SessionTold))]
    ) -> dict[str, Any]:
        """Let a planned session be as told; who is elsewhere at a new time loses her seat and is told."""
        with transaction(engine) as session, answering():
            program: ProgramSession = the(session, ProgramSession, session_id)
            enrolments.change_session(session, program, told.told())
            return shown(session, [program])[0]

    @router.post("/programs/{session_id}/call-off")
    def call_off(
        session_id: UUID, _who: Staff, told: Annotated[CallOffTold, Depends(PlainBody(CallOffTold))]
    ) -> dict[str, Any]:
        with transaction(engine) as session, answering():
            program: ProgramSession = the(session, ProgramSession, session_id)
            programs.call_off(session, program, told.reason)
            return shown(session, [program])[0]

    @router.post("/programs/{session_id}/held")
    def hold(session_id: UUID, _who: Staff) -> dict[str, Any]:
        """It took place; who was enrolled and not noted as there was absent."""
        with transaction(engine) as session, answering():
            program: ProgramSession = the(session, ProgramSession, session_id)
            enrolments.hold(session, program)
            return shown(session, [program])[0]

    @router.get("/programs/{session_id}/enrolments")
    def list_enrolments(session_id: UUID, _who: Staff) -> list[dict[str, Any]]:
        """Who is enrolled and who waits, in the order in which they came. Of people, ids alone."""
        with reading(engine) as session:
            the(session, ProgramSession, session_id)
            return [seat(each) for each in enrolments.of_session(session, session_id)]

    @router.post("/programs/{session_id}/enrolments", status_code=201)
    def enrol(
        session_id: UUID, _who: Staff, told: Annotated[EnrolTold, Depends(PlainBody(EnrolTold))]
    ) -> dict[str, Any]:
        """Give someone a seat, or a place on the waiting list where there is none."""
        with transaction(engine) as session, answering():
            living(session, told.seeker_id)
            program: ProgramSession = the(session, ProgramSession, session_id)
            return seat(enrolments.enrol(session, told.seeker_id, program, at_counter=True))

    @router.post("/enrolments/{enrolment_id}/cancel")
    def cancel(enrolment_id: UUID, _who: Staff) -> dict[str, Any]:
        with transaction(engine) as session, answering():
            enrolment: Enrolment = the(session, Enrolment, enrolment_id)
            enrolments.cancel(session, enrolment)
            return seat(enrolment)

    @router.post("/enrolments/{enrolment_id}/attendance")
    def attend(
        enrolment_id: UUID, _who: Staff, told: Annotated[AttendanceTold, Depends(PlainBody(AttendanceTold))]
    ) -> dict[str, Any]:
        with transaction(engine) as session, answering():
            enrolment: Enrolment = the(session, Enrolment, enrolment_id)
            enrolments.attend(session, enrolment, came=told.attended)
            return seat(enrolment)

    return router


def shown(session: Session, found: Iterable[ProgramSession]) -> list[dict[str, Any]]:
    """All that is told of sessions: what they are, the counts, the opinions where there are enough."""
    found = list(found)
    ids = [program.session_id for program in found]
    tallies, opinions = programs.tallies(session, ids), enrolments.opinions(session, ids)
    wanted = select(Cafe).where(col(Cafe.cafe_id).in_({program.cafe_id for program in found}))
    cafes = {cafe.cafe_id: cafe for cafe in session.exec(wanted)}
    return [
        program.model_dump(mode="json", exclude={"made_by"})
        | {"cafe": cafes[program.cafe_id].name}
        | {"counts": vars(tallies[program.session_id])}
        | {"opinions": opinions[program.session_id]}
        | {"row": program_rows.written(program, cafes[program.cafe_id], tallies[program.session_id])}
        for program in found
    ]


def seat(enrolment: Enrolment) -> dict[str, Any]:
    return enrolment.model_dump(mode="json", exclude={"code"})


def taken(session: Session, line: int, row: dict[str, str], by: str) -> dict[str, Any]:
    """What became of a row, and why."""
    try:
        with session.begin_nested():
            return {"line": line, "outcome": program_rows.take(session, row, by)}
    except Refused as refused:
        reason = refused.reason
        fault = {"field": reason.where, "code": refused.code, "message": reason.en, "message_ko": reason.ko}
        return {"line": line, "outcome": "returned"} | fault
