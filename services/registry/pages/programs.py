"""People's pages of programs under `/cafes`: to find a session, enrol, wait, cancel and say how it was."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from services.registry.access import not_found
from services.registry.api.cafes import the
from services.registry.cafes import enrolments, places, programs
from services.registry.cafes.hours import at_minute, day_of
from services.registry.cafes.life_cycle import RUNNING
from services.registry.cafes.program_kinds import kinds
from services.registry.cafes.refusals import Refused
from services.registry.pages.cafes_shown import own
from services.registry.pages.me import SeekerAlone, herself
from services.registry.tables import Cafe, Enrolment, ProgramSession
from shared.clock import now
from shared.database import reading, transaction
from shared.web.pages import Pages
from shared.web.sign_in import from_our_form, signed_in

SHOWN_AHEAD = timedelta(days=60)


def program_pages(engine: Engine, pages: Pages) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/cafes/programs")
    def find(request: Request, cafe: str = "", kind: str = "") -> Response:
        """What is coming, at all cafés or one; nobody need sign in to look."""
        with reading(engine) as session:
            values = coming(session, cafe, kind)
        return pages.show(request, "programs.html", **values)

    @router.get("/cafes/programs/{session_id:uuid}")
    def show(request: Request, session_id: UUID) -> Response:
        return session_page(request, session_id)

    @router.post("/cafes/programs/{session_id:uuid}/enrol", dependencies=[Depends(from_our_form)])
    def enrol(request: Request, session_id: UUID, who: SeekerAlone) -> Response:
        try:
            with transaction(engine) as session:
                program = at_a_running_cafe(session, session_id)
                seat = enrolments.enrol(session, herself(session, who).seeker_id, program)
        except Refused as refused:
            return session_page(request, session_id, refused)
        done = "enrolled" if seat.state == "enrolled" else "on_the_list"
        return RedirectResponse(f"/cafes/mine?done={done}", 303)

    @router.post("/cafes/enrolments/{enrolment_id:uuid}/cancel", dependencies=[Depends(from_our_form)])
    def cancel(request: Request, enrolment_id: UUID, who: SeekerAlone) -> Response:
        try:
            with transaction(engine) as session:
                seat: Enrolment = own(session, Enrolment, enrolment_id, herself(session, who).seeker_id)
                session_id = seat.session_id
                enrolments.cancel(session, seat)
        except Refused as refused:
            return session_page(request, session_id, refused)
        return RedirectResponse("/cafes/mine?done=cancelled", 303)

    @router.post("/cafes/enrolments/{enrolment_id:uuid}/opinion", dependencies=[Depends(from_our_form)])
    def rate(
        request: Request, enrolment_id: UUID, who: SeekerAlone, score: Annotated[str, Form(max_length=4)] = ""
    ) -> Response:
        """How it was, 1 to 5: counted, and tied to nobody."""
        try:
            with transaction(engine) as session:
                seat: Enrolment = own(session, Enrolment, enrolment_id, herself(session, who).seeker_id)
                session_id = seat.session_id
                enrolments.rate(session, seat, int(score) if score.isascii() and score.isdigit() else 0)
        except Refused as refused:
            return session_page(request, session_id, refused)
        return RedirectResponse("/cafes/mine?done=rated", 303)

    def session_page(request: Request, session_id: UUID, refused: Refused | None = None) -> Response:
        who = signed_in(request)
        is_seeker = who is not None and who.role == "seeker"
        with reading(engine) as session:
            program = at_a_running_cafe(session, session_id)
            cafe = session.get_one(Cafe, program.cafe_id)
            tally = programs.tallies(session, [session_id])[session_id]
            seat = seat_of(session, herself(session, who).seeker_id, session_id) if who and is_seeker else None
        values: dict[str, Any] = {"program": program, "cafe": cafe, "tally": tally, "seat": seat, "kinds": kinds()}
        values |= {"is_seeker": is_seeker, "is_open": program.state == "planned" and program.starts_at > now()}
        status = refused.status if refused else 200
        return pages.show(request, "program.html", status=status, **values, problem=refused and refused.reason)

    return router


def coming(session: Session, cafe: str, kind: str) -> dict[str, Any]:
    """The planned sessions that have not begun, with the seats left of each."""
    cafes = {each.cafe_id: each for each in places.running_cafes(session)}
    until = at_minute(day_of(now()), 0) + SHOWN_AHEAD
    found = [
        each
        for each in programs.sessions(session, now(), until, kind=kind if kind in kinds() else "")
        if each.state == "planned" and each.cafe_id in cafes and cafe in ("", str(each.cafe_id))
    ]
    tallies = programs.tallies(session, [each.session_id for each in found])
    free = {each.session_id: max(0, each.seats - tallies[each.session_id].seated) for each in found}
    return {"found": found, "free": free, "cafes": cafes, "cafe": cafe, "kind": kind, "kinds": kinds()}


def at_a_running_cafe(session: Session, session_id: UUID) -> ProgramSession:
    """A session at a café that people may come to; any other is not there for them."""
    program: ProgramSession = the(session, ProgramSession, session_id)
    if session.get_one(Cafe, program.cafe_id).state not in RUNNING:
        raise not_found()
    return program


def seat_of(session: Session, seeker_id: UUID, session_id: UUID) -> Enrolment | None:
    """Her seat or place that was not cancelled."""
    hers = enrolments.enrolments_of(session, seeker_id)
    return next((seat for seat, _ in hers if seat.session_id == session_id and seat.state != "cancelled"), None)
