"""Staff's page of rooms, `/counter/rooms`: who has which room on a day, and a day on which a café is closed."""

from datetime import date
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from services.registry.api.cafes import the
from services.registry.cafes import bookings, closing, places, rooms
from services.registry.cafes.booking_law import Rules
from services.registry.cafes.bookings import Asked, Override
from services.registry.cafes.hours import day_of
from services.registry.cafes.life_cycle import RUNNING
from services.registry.cafes.refusals import Refused
from services.registry.cafes.rooms import whole_day
from services.registry.pages.form_fields import Told, day_told, number_of, span_of, told_beside, uuid_of
from services.registry.people.rights import seeker_named
from services.registry.people.vault import Vault
from services.registry.tables import Booking, Cafe, CafeClosure, Room
from shared.clock import now
from shared.database import reading, transaction
from shared.web.pages import Pages
from shared.web.sign_in import SignedIn, allow, from_our_form

Staff = Annotated[SignedIn, Depends(allow("counselor", "operator"))]
Count = Annotated[int | None, Query(ge=0, le=100_000)]
FIELDS = ("reference", "room", "starts", "minutes", "people", "reason", "closing_reason")
Doing = Literal["check_in", "cancel", "excuse"]


def staff_pages(engine: Engine, vault: Vault, pages: Pages, rules: Rules) -> APIRouter:
    router = APIRouter(prefix="/counter", include_in_schema=False)

    @router.get("/rooms")
    def show_rooms(  # noqa: PLR0913, PLR0917 - what is looked at, and what has just been given back
        request: Request,
        who: Staff,
        cafe: UUID | None = None,
        day: date | None = None,
        bookings: Count = None,
        sessions: Count = None,
        wishes: Count = None,
    ) -> Response:
        return rooms_page(request, who, cafe, day, given_back=(bookings, sessions, wishes))

    @router.post("/rooms/{booking_id:uuid}/{doing}", dependencies=[Depends(from_our_form)])
    def act(request: Request, booking_id: UUID, doing: Doing, who: Staff) -> Response:
        """Check someone in by hand, give a room back, or excuse who did not come."""
        try:
            with transaction(engine) as session:
                booking: Booking = the(session, Booking, booking_id)
                if doing == "cancel":
                    bookings.cancel(session, booking, rules)
                else:
                    {"check_in": bookings.check_in, "excuse": bookings.excuse}[doing](session, booking)
        except Refused as refused:
            return rooms_page(request, who, booking.cafe_id, None, refused)
        return RedirectResponse(f"/counter/rooms?cafe={booking.cafe_id}&day={day_of(booking.starts_at)}", 303)

    @router.post("/rooms/book", dependencies=[Depends(from_our_form)])
    def book(  # noqa: PLR0913, PLR0917 - the fields of the form
        request: Request,
        who: Staff,
        reference: Told = "",
        room: Told = "",
        starts: Told = "",
        minutes: Told = "",
        people: Told = "1",
        reason: Told = "",
    ) -> Response:
        """A room for someone at the counter, beyond her day for a reason."""
        told = {
            "reference": reference,
            "room": room,
            "starts": starts,
            "minutes": minutes,
            "people": people,
            "reason": reason,
        }
        cafe_id: UUID | None = None
        try:
            with transaction(engine) as session:
                asked = Asked(uuid_of(room, "ROOM_CLOSED"), span_of(starts, minutes), number_of(people))
                cafe_id = cast(Room, the(session, Room, asked.room_id)).cafe_id
                seeker = seeker_named(session, vault, reference.strip())
                if seeker is None:
                    raise Refused("PERSON_UNKNOWN")
                override = Override(who.label, reason.strip()) if reason.strip() else None
                bookings.book(session, seeker.seeker_id, asked, rules, override)
        except Refused as refused:
            return rooms_page(request, who, cafe_id, None, refused, told)
        return RedirectResponse(f"/counter/rooms?cafe={cafe_id}&day={starts[:10]}", 303)

    @router.post("/rooms/close", dependencies=[Depends(from_our_form)])
    def close_day(
        request: Request, who: Staff, cafe: Annotated[UUID, Form()], day: Told = "", closing_reason: Told = ""
    ) -> Response:
        """The café is closed on a day: what was booked and planned is given back, and its people are told."""
        told = {"closing_reason": closing_reason}
        on: date | None = None
        try:
            on = day_told(day, "day")
            if not closing_reason:
                raise Refused("REASON_MISSING", "closing_reason")
            with transaction(engine) as session:
                given_back = closing.close_on(session, the(session, Cafe, cafe), on, closing_reason, rules)
        except Refused as refused:
            return rooms_page(request, who, cafe, on, refused, told)
        counts = urlencode(given_back._asdict())
        return RedirectResponse(f"/counter/rooms?cafe={cafe}&day={on}&{counts}", 303)

    @router.post("/rooms/open", dependencies=[Depends(from_our_form)])
    def open_day(request: Request, who: Staff, cafe: Annotated[UUID, Form()], day: Told = "") -> Response:
        """It is open on that day after all."""
        try:
            on = day_told(day, "day")
        except Refused as refused:
            return rooms_page(request, who, cafe, None, refused)
        with transaction(engine) as session:
            closing.open_on(session, the(session, Cafe, cafe), on)
        return RedirectResponse(f"/counter/rooms?cafe={cafe}&day={on}", 303)

    def rooms_page(  # noqa: PLR0913, PLR0917 - what was asked, and what came of it
        request: Request,
        who: SignedIn,
        cafe_id: UUID | None,
        day: date | None,
        refused: Refused | None = None,
        told: dict[str, str] | None = None,
        given_back: tuple[int | None, ...] = (None,),
    ) -> Response:
        with reading(engine) as session:
            values = day_at(session, cafe_id or who.cafe_id, day or day_of(now()))
        values |= {
            "given_back": given_back,
            "problem": told_beside(refused),
            "told": dict.fromkeys(FIELDS, "") | (told or {}),
        }
        return pages.show(request, "counter_rooms.html", status=refused.status if refused else 200, **values)

    return router


def day_at(session: Session, cafe_id: UUID | None, day: date) -> dict[str, Any]:
    """The bookings of a day at a café; where none is told, at the first of them."""
    cafes = [cafe for cafe in places.all_cafes(session) if cafe.state in RUNNING]
    cafe = next((each for each in cafes if each.cafe_id == cafe_id), cafes[0] if cafes else None)
    whole = whole_day(day)
    own_rooms = rooms.rooms_of(session, cafe.cafe_id) if cafe else []
    within = (col(Booking.starts_at) >= whole.starts_at, col(Booking.starts_at) < whole.ends_at)
    found = select(Booking).where(Booking.cafe_id == (cafe.cafe_id if cafe else None), *within)
    return {
        "cafe": cafe,
        "cafes": cafes,
        "on": day,
        "closure": session.get(CafeClosure, (cafe.cafe_id, day)) if cafe else None,
        "rooms": own_rooms,
        "names": {room.room_id: room.name for room in session.exec(select(Room))},
        "bookings": session.exec(found.order_by(col(Booking.starts_at), col(Booking.code))).all(),
        "instant": now(),
    }
