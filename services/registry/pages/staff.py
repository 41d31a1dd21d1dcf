"""Staff's pages of cafés and rooms under `/counter`: who has which room today, and the cafés with their life."""

from datetime import date
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from pydantic import StringConstraints
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from services.registry.api.cafes import the
from services.registry.cafes import bookings, closing, places, rooms
from services.registry.cafes.booking_law import Rules
from services.registry.cafes.bookings import Asked, Override
from services.registry.cafes.hours import day_of
from services.registry.cafes.life_cycle import FOLLOWS, RUNNING, CafeState
from services.registry.cafes.links import Links
from services.registry.cafes.refusals import Refused
from services.registry.cafes.rooms import whole_day
from services.registry.pages.form_fields import Told, capacity_told, day_told, name_told, number_of, span_of, uuid_of
from services.registry.people.rights import seeker_named
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Booking, Cafe, CafeClosure, Room
from shared.clock import now
from shared.database import reading, transaction
from shared.web.pages import Pages
from shared.web.sign_in import SignedIn, allow, from_our_form

Staff = Annotated[SignedIn, Depends(allow("counselor", "operator"))]
Operator = Annotated[SignedIn, Depends(allow("operator"))]
Overseer = Annotated[SignedIn, Depends(allow("operator", "official"))]
Count = Annotated[int | None, Query(ge=0, le=100_000)]
FIELDS = ("room", "starts", "minutes", "people", "reason", "closing_reason")
Week = Annotated[list[Annotated[str, StringConstraints(max_length=20)]], Form(min_length=7, max_length=7)]
Doing = Literal["check_in", "cancel", "excuse"]


def staff_pages(  # noqa: PLR0915 - the list of what staff can do
    engine: Engine, vault: Vault, settings: RegistrySettings, pages: Pages, rules: Rules
) -> APIRouter:
    router = APIRouter(prefix="/counter", include_in_schema=False)
    links = Links(settings.session_key.get_secret_value())

    @router.get("/rooms")
    def show_rooms(  # noqa: PLR0913, PLR0917 - what is looked at, and what has just been given back
        request: Request,
        who: Staff,
        cafe: UUID | None = None,
        day: date | None = None,
        bookings: Count = None,
        sessions: Count = None,
    ) -> Response:
        return rooms_page(request, who, cafe, day, given_back=(bookings, sessions))

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
        told = {"room": room, "starts": starts, "minutes": minutes, "people": people, "reason": reason}
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
        counts = f"bookings={given_back.bookings}&sessions={given_back.sessions}"
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

    @router.get("/cafes")
    def show_cafes(request: Request, who: Overseer) -> Response:
        return cafes_page(request, who)

    @router.post("/cafes/{cafe_id:uuid}/stage", dependencies=[Depends(from_our_form)])
    def move(
        request: Request, cafe_id: UUID, who: Operator, state: Annotated[CafeState, Form()], on: Told = ""
    ) -> Response:
        try:
            with transaction(engine) as session:
                cafe: Cafe = the(session, Cafe, cafe_id)
                places.move(session, cafe, state, day_told(on, "on"), who.label)
                closing.give_back(session, cafe, rules)
        except Refused as refused:
            return cafes_page(request, who, cafe_id, refused, {"state": state, "on": on})
        return RedirectResponse(f"/counter/cafes#cafe-{cafe_id}", 303)

    @router.post("/cafes/{cafe_id:uuid}/agreements", dependencies=[Depends(from_our_form)])
    def agree(  # noqa: PLR0913, PLR0917 - the fields of the form
        request: Request,
        cafe_id: UUID,
        who: Operator,
        space_by: Told = "",
        programs_by: Told = "",
        begins_on: Told = "",
        ends_on: Told = "",
    ) -> Response:
        """Who gives the space, who runs the programs, until when; without an end, until notice is given."""
        told = {"space_by": space_by, "programs_by": programs_by, "begins_on": begins_on, "ends_on": ends_on}
        try:
            parts = {name: name_told(told[name], name) for name in ("space_by", "programs_by")}
            days = day_told(begins_on, "begins_on"), day_told(ends_on, "ends_on") if ends_on else None
            with transaction(engine) as session:
                places.agree(session, the(session, Cafe, cafe_id), **parts, begins_on=days[0], ends_on=days[1])
        except Refused as refused:
            return cafes_page(request, who, cafe_id, refused, told)
        return RedirectResponse(f"/counter/cafes#cafe-{cafe_id}", 303)

    @router.post("/cafes/{cafe_id:uuid}/rooms", dependencies=[Depends(from_our_form)])
    def make_room(
        request: Request,
        cafe_id: UUID,
        who: Operator,
        name: Told = "",
        capacity: Told = "",
    ) -> Response:
        try:
            with transaction(engine) as session:
                rooms.add_room(session, the(session, Cafe, cafe_id), name_told(name, "name"), capacity_told(capacity))
        except Refused as refused:
            return cafes_page(request, who, cafe_id, refused, {"name": name, "capacity": capacity})
        return RedirectResponse(f"/counter/cafes#cafe-{cafe_id}", 303)

    @router.post("/cafes/{cafe_id:uuid}/hours", dependencies=[Depends(from_our_form)])
    def set_hours(
        request: Request, cafe_id: UUID, who: Operator, day: Week, holidays: Annotated[Literal["open", ""], Form()] = ""
    ) -> Response:
        """When it is open, by weekday, not known where nothing is told; what no longer lies within is given back."""
        try:
            told = [each.replace(" ", "") for each in day]
            week = [each.split("-") if each else None for each in told] if any(told) else []
            with transaction(engine) as session:
                cafe: Cafe = the(session, Cafe, cafe_id)
                places.revise_cafe(session, cafe, {"hours": week, "closed_on_holidays": holidays != "open"})
                closing.give_back(session, cafe, rules)
        except Refused as refused:
            return cafes_page(request, who, cafe_id, refused, {f"day{at}": each for at, each in enumerate(day)})
        return RedirectResponse(f"/counter/cafes#cafe-{cafe_id}", 303)

    @router.post("/cafes/{cafe_id:uuid}/rooms/{room_id:uuid}/close", dependencies=[Depends(from_our_form)])
    def close_room(cafe_id: UUID, room_id: UUID, _who: Operator) -> Response:
        """It can no longer be booked; what was ahead in it is released, and its people are told."""
        with transaction(engine) as session:
            bookings.close_room(session, the(session, Room, room_id), rules)
        return RedirectResponse(f"/counter/cafes#cafe-{cafe_id}", 303)

    @router.post("/cafes/{cafe_id:uuid}/links", dependencies=[Depends(from_our_form)])
    def void_links(cafe_id: UUID, _who: Operator) -> Response:
        """Every link and kiosk key of this café is void from now on."""
        with transaction(engine) as session:
            cafe: Cafe = the(session, Cafe, cafe_id)
            cafe.link_number += 1
            session.add(cafe)
        return RedirectResponse(f"/counter/cafes#cafe-{cafe_id}", 303)

    def rooms_page(  # noqa: PLR0913, PLR0917 - what was asked, and what came of it
        request: Request,
        who: SignedIn,
        cafe_id: UUID | None,
        day: date | None,
        refused: Refused | None = None,
        told: dict[str, str] | None = None,
        given_back: tuple[int | None, int | None] = (None, None),
    ) -> Response:
        with reading(engine) as session:
            values = day_at(session, cafe_id or who.cafe_id, day or day_of(now()))
        values |= {
            "given_back": given_back,
            "problem": refused and refused.reason,
            "told": dict.fromkeys(FIELDS, "") | (told or {}),
        }
        return pages.show(request, "counter_rooms.html", status=refused.status if refused else 200, **values)

    def cafes_page(
        request: Request,
        who: SignedIn,
        cafe_id: UUID | None = None,
        refused: Refused | None = None,
        told: dict[str, str] | None = None,
    ) -> Response:
        with reading(engine) as session:
            listed = [
                {
                    "cafe": cafe,
                    "life": places.life(session, cafe.cafe_id),
                    "agreements": places.agreements(session, cafe.cafe_id),
                    "rooms": rooms.rooms_of(session, cafe.cafe_id),
                    "next": FOLLOWS[cast(CafeState, cafe.state)],
                    "host": f"/cafes/host/{links.make(cafe, 'host')}",
                    "kiosk": f"/kiosk/{cafe.cafe_id}?key={links.make(cafe, 'kiosk')}",
                }
                for cafe in places.all_cafes(session)
            ]
        values: dict[str, Any] = {
            "listed": listed,
            "problem": refused and refused.reason,
            "problem_at": cafe_id,
            "told": told or {},
        }
        values |= {"today": day_of(now()), "may_change": who.role == "operator", "public_url": settings.public_url}
        return pages.show(request, "counter_cafes.html", status=refused.status if refused else 200, **values)

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
