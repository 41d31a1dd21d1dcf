"""Staff's pages of programs under `/counter`: sessions planned, changed and closed, who is enrolled and who came."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from pydantic import StringConstraints
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from services.registry.api.cafes import Staff, the
from services.registry.api.programs import Day
from services.registry.cafes import enrolments, places, programs
from services.registry.cafes.hours import at_minute, day_of
from services.registry.cafes.life_cycle import RUNNING
from services.registry.cafes.program_kinds import kinds
from services.registry.cafes.programs import MOST_SEATS
from services.registry.cafes.refusals import Refused
from services.registry.pages.form_fields import span_of, told_beside
from services.registry.people.rights import seeker_named
from services.registry.people.vault import Vault
from services.registry.tables import Cafe, Enrolment, ProgramSession
from shared.clock import KST, now
from shared.database import reading, transaction
from shared.web.pages import Pages
from shared.web.sign_in import SignedIn, from_our_form

Told = Annotated[
    str, Form(), StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
]
Doing = Literal["enrol", "call_off", "hold"]
Seat = Literal["came", "missed", "cancel"]
FIELDS = ("kind", "title", "starts", "minutes", "seats", "skill", "staff")
SHOWN = timedelta(days=31)


def filled_in(  # noqa: PLR0913, PLR0917 - the fields of the form
    title: Told = "", starts: Told = "", minutes: Told = "", seats: Told = "", skill: Told = "", staff: Told = ""
) -> dict[str, str]:
    """A dependency: what the form of a session says, but for its kind, as it was typed."""
    return dict(zip(FIELDS[1:], (title, starts, minutes, seats, skill, staff), strict=True))


FilledIn = Annotated[dict[str, str], Depends(filled_in)]


def program_counter(engine: Engine, vault: Vault, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/counter", include_in_schema=False)

    @router.get("/programs")
    def show_sessions(request: Request, who: Staff, cafe: UUID | None = None, since: Day | None = None) -> Response:
        return sessions_page(request, who, cafe, since)

    @router.post("/programs", dependencies=[Depends(from_our_form)])
    def schedule(
        request: Request, who: Staff, cafe: Annotated[UUID, Form()], filled: FilledIn, kind: Told = ""
    ) -> Response:
        told = filled | {"kind": kind}
        try:
            with transaction(engine) as session:
                program = programs.schedule(session, the(session, Cafe, cafe), read(told), who.label)
        except Refused as refused:
            return sessions_page(request, who, cafe, None, refused, told)
        return RedirectResponse(f"/counter/programs/{program.session_id}", 303)

    @router.get("/programs/{session_id:uuid}")
    def show_session(request: Request, session_id: UUID, _who: Staff) -> Response:
        return session_page(request, session_id)

    @router.post("/programs/{session_id:uuid}/change", dependencies=[Depends(from_our_form)])
    def change(request: Request, session_id: UUID, _who: Staff, filled: FilledIn) -> Response:
        def act(session: Session, program: ProgramSession) -> None:
            enrolments.change_session(session, program, read(filled | {"kind": program.kind}))

        return acted(request, session_id, act, filled)

    @router.post("/programs/{session_id:uuid}/{doing}", dependencies=[Depends(from_our_form)])
    def do(
        request: Request, session_id: UUID, doing: Doing, _who: Staff, reference: Told = "", reason: Told = ""
    ) -> Response:
        """Enrol someone who is at the counter, call the session off, or close it."""

        def act(session: Session, program: ProgramSession) -> None:
            if doing == "call_off":
                programs.call_off(session, program, reason)
            elif doing == "hold":
                enrolments.hold(session, program)
            else:
                seeker = seeker_named(session, vault, reference)
                if seeker is None:
                    raise Refused("PERSON_UNKNOWN")
                enrolments.enrol(session, seeker.seeker_id, program, at_counter=True)

        return acted(request, session_id, act)

    @router.post("/enrolments/{enrolment_id:uuid}/{doing}", dependencies=[Depends(from_our_form)])
    def note(request: Request, enrolment_id: UUID, doing: Seat, _who: Staff) -> Response:
        with reading(engine) as session:
            session_id = the(session, Enrolment, enrolment_id).session_id

        def act(session: Session, _program: ProgramSession) -> None:
            seat: Enrolment = the(session, Enrolment, enrolment_id)
            if doing == "cancel":
                enrolments.cancel(session, seat)
            else:
                enrolments.attend(session, seat, came=doing == "came")

        return acted(request, session_id, act)

    def acted(
        request: Request,
        session_id: UUID,
        act: Callable[[Session, ProgramSession], None],
        told: dict[str, str] | None = None,
    ) -> Response:
        """Do it, and show the session: with why it could not be, if it could not."""
        try:
            with transaction(engine) as session:
                act(session, the(session, ProgramSession, session_id))
        except Refused as refused:
            return session_page(request, session_id, refused, told)
        return RedirectResponse(f"/counter/programs/{session_id}", 303)

    def sessions_page(  # noqa: PLR0913, PLR0917 - what was asked, and what came of it
        request: Request,
        who: SignedIn,
        cafe_id: UUID | None,
        since: date | None,
        refused: Refused | None = None,
        told: dict[str, str] | None = None,
    ) -> Response:
        with reading(engine) as session:
            values = month_at(session, cafe_id or who.cafe_id, since or day_of(now()))
        values |= {"problem": told_beside(refused), "told": dict.fromkeys(FIELDS, "") | (told or {})}
        return pages.show(request, "counter_programs.html", status=refused.status if refused else 200, **values)

    def session_page(
        request: Request, session_id: UUID, refused: Refused | None = None, told: dict[str, str] | None = None
    ) -> Response:
        with reading(engine) as session:
            program: ProgramSession = the(session, ProgramSession, session_id)
            values: dict[str, Any] = {
                "program": program,
                "cafe": session.get_one(Cafe, program.cafe_id),
                "seats": enrolments.of_session(session, session_id),
                "tally": programs.tallies(session, [session_id])[session_id],
                "opinions": enrolments.opinions(session, [session_id])[session_id],
                "told": written(program) | (told or {}),
            }
        values |= {"kinds": kinds(), "problem": told_beside(refused), "begun": now() >= program.starts_at}
        status = refused.status if refused else 200
        return pages.show(request, "counter_program.html", status=status, **values)

    return router


def month_at(session: Session, cafe_id: UUID | None, since: date) -> dict[str, Any]:
    """The sessions of a month from a day on at a café; where none is told, at the first of them."""
    cafes = [cafe for cafe in places.all_cafes(session) if cafe.state in RUNNING]
    cafe = next((each for each in cafes if each.cafe_id == cafe_id), cafes[0] if cafes else None)
    start = at_minute(since, 0)
    found = programs.sessions(session, start, start + SHOWN, cafe.cafe_id) if cafe else []
    tallies = programs.tallies(session, [each.session_id for each in found])
    return {"cafe": cafe, "cafes": cafes, "since": since, "found": found, "tallies": tallies, "kinds": kinds()}


def read(told: dict[str, str]) -> programs.Told:
    """What the form says. Raises `Refused`."""
    seats = int(told["seats"]) if told["seats"].isascii() and told["seats"].isdigit() else 0
    if not 1 <= seats <= MOST_SEATS:
        raise Refused("SEATS_WRONG")
    kind = kinds().get(told["kind"])
    if kind is None:
        raise Refused("KIND_WRONG")
    staff = tuple(filter(None, map(str.strip, told["staff"].split(";"))))
    span = span_of(told["starts"], told["minutes"])
    return programs.Told(kind.code, told["title"] or kind.ko, span, seats, told["skill"], staff)


def written(program: ProgramSession) -> dict[str, str]:
    """The form as it would say what is."""
    starts = f"{program.starts_at.astimezone(KST):%Y-%m-%dT%H:%M}"
    cells = (program.kind, program.title, starts, programs.span_of(program).minutes, program.seats, program.skill)
    return dict(zip(FIELDS, map(str, (*cells, "; ".join(program.staff))), strict=True))
