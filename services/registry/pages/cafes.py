"""People's pages under `/cafes`: to find a café, book a room in three taps, change, cancel, check in and wait."""

from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine
from starlette.responses import RedirectResponse, Response

from services.registry.access import not_found
from services.registry.api.custody import address_of
from services.registry.cafes import bookings, calendar_feed, enrolments, places
from services.registry.cafes.booking_law import Rules
from services.registry.cafes.bookings import Asked
from services.registry.cafes.ground import ground
from services.registry.cafes.hours import day_of
from services.registry.cafes.links import Links
from services.registry.cafes.picture import cafes_picture
from services.registry.cafes.refusals import Refused
from services.registry.cafes.standing import standing_cafes
from services.registry.cafes.use import use_by_month
from services.registry.pages.applying import Application
from services.registry.pages.cafes_shown import (
    MATCHING,
    booking_here,
    booking_page,
    cafe_page,
    own,
    own_page,
    running,
    shown_cafes,
)
from services.registry.pages.form_fields import number_of, point_of, span_of, told_beside, uuid_of
from services.registry.pages.me import HERSELF, SeekerAlone, admit, herself, look, problem_of
from services.registry.people import consents, passwords, rights
from services.registry.people.accounts import AccountExists, WrongAttempts, signed_in_as
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Booking, RoomWish
from shared.clock import now
from shared.database import reading, transaction
from shared.places import neighbours
from shared.web import sign_in as session_cookie
from shared.web.pages import Pages
from shared.web.sign_in import SignedIn, from_our_form, own_path, signed_in

DONE = ("booked", "changed", "cancelled", "waiting", "enrolled", "on_the_list", "rated")
Told = Annotated[str, Form(max_length=40)]


def cafe_pages(  # noqa: PLR0915 - the list of what she can do
    engine: Engine, vault: Vault, settings: RegistrySettings, pages: Pages, rules: Rules
) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    links = Links(settings.session_key.get_secret_value())
    joined = WrongAttempts()

    @router.get("/cafes")
    def find(request: Request, district: str = "", near: str = "", open: str = "") -> Response:
        """All cafés that run, the nearest first where she says where she is; nobody need sign in to look."""
        with reading(engine) as session:
            found = shown_cafes(session, point_of(near))
            picture = cafes_picture(ground(session), standing_cafes(session))
            districts = sorted({each.cafe.district for each in found})
        found = [each for each in found if district in ("", each.cafe.district) and (each.is_open or not open)]
        told: dict[str, Any] = {"district": district, "near": near, "only_open": bool(open), "picture": picture}
        told |= {"starts": neighbours(districts)}
        return pages.show(request, "cafes.html", cafes=found, districts=districts, **told)

    @router.get("/cafes/mine")
    def mine(request: Request, who: SeekerAlone) -> Response:
        return her_page(request, who)

    @router.get("/cafes/join")
    def show_join(request: Request, next: str = "/cafes") -> Response:
        return join_form(request, Application(), own_path(next, "/cafes"))

    @router.post("/cafes/join", dependencies=[Depends(from_our_form)])
    def join(request: Request, told: Annotated[Application, Form()], next: Told = "/cafes") -> Response:
        """An account for rooms alone: a contact and a password. Nothing is published, nobody is matched."""
        following, key = own_path(next, "/cafes"), f"address {address_of(request)}"
        if joined.too_many(key):
            return join_form(request, told, following, "too_many")
        joined.note(key)
        if problem := problem_of(told):
            return join_form(request, told, following, problem)
        plain = Application(phone=told.phone, email=told.email, password=told.password)
        try:
            with transaction(engine) as session:
                account, _ = admit(session, vault, plain)
        except AccountExists:
            return join_form(request, told, following, "known")
        if account is None:
            return join_form(request, told, following, "contact")
        response = RedirectResponse(following, 303)
        session_cookie.sign_in(response, settings, signed_in_as(account))
        return response

    @router.get("/cafes/check-in")
    def at_the_cafe(request: Request, who: SeekerAlone, at: str = "") -> Response:
        """She has scanned the code of a kiosk: her booking here and now, to be confirmed with one tap."""
        with reading(engine) as session:
            cafe = links.cafe_of(session, at, "check_in")
            booking = booking_here(session, herself(session, who).seeker_id, cafe) if cafe else None
        values = {"cafe": cafe, "booking": booking, "at": at, "problem": None}
        return pages.show(request, "check_in.html", status=200 if booking else 409, **values)

    @router.post("/cafes/check-in", dependencies=[Depends(from_our_form)])
    def check_in(request: Request, who: SeekerAlone, at: Annotated[str, Form(max_length=400)] = "") -> Response:
        with transaction(engine) as session:
            cafe = links.cafe_of(session, at, "check_in")
            booking = booking_here(session, herself(session, who).seeker_id, cafe) if cafe else None
            if booking is None:
                return pages.show(request, "check_in.html", status=409, cafe=cafe, booking=None, at=at, problem=None)
            bookings.check_in(session, booking)
        return RedirectResponse("/cafes/welcome", 303)

    @router.get("/cafes/welcome")
    def welcome(request: Request, who: SeekerAlone) -> Response:
        """She is in; whether she also wants to be matched is asked here, once, and may be let be."""
        with reading(engine) as session:
            agreed = consents.holds(session, herself(session, who).seeker_id, MATCHING)
        return pages.show(request, "welcome.html", agreed=agreed, text=consents.present_texts()["matching"])

    @router.post("/cafes/matching", dependencies=[Depends(from_our_form)])
    def agree_to_matching(request: Request, who: SeekerAlone) -> Response:
        """The one tap: she agrees to be matched, by the text above the button."""
        with transaction(engine) as session:
            rights.agree(session, vault, herself(session, who), MATCHING, HERSELF, look(who, request, "consent"))
        return RedirectResponse("/cafes/welcome", 303)

    @router.post("/cafes/calendar", dependencies=[Depends(from_our_form)])
    def change_calendar(who: SeekerAlone, wish: Annotated[Literal["renew", "revoke"], Form()]) -> Response:
        with transaction(engine) as session:
            {"renew": calendar_feed.renew, "revoke": calendar_feed.revoke}[wish](
                session, herself(session, who).seeker_id
            )
        return RedirectResponse("/cafes/mine#calendar", 303)

    @router.get("/cafes/calendar/{feed_id:uuid}.ics")
    def calendar(feed_id: UUID) -> Response:
        """Her calendar under its secret address."""
        with reading(engine) as session:
            owner = calendar_feed.owner_of(session, feed_id)
            if owner is None:
                raise not_found()
            since = now() - timedelta(days=31)
            recent = [each for each in bookings.bookings_of(session, owner) if each.ends_at > since]
            seats = [each for each in enrolments.enrolments_of(session, owner) if each[1].ends_at > since]
            told = calendar_feed.calendar(session, recent, seats)
        return Response(told, media_type="text/calendar; charset=utf-8")

    @router.get("/cafes/host/{token}")
    def host_page(request: Request, token: str) -> Response:
        """What a host gained from giving its space: visits and visitors by month, by a link that only it has."""
        today = day_of(now())
        with reading(engine) as session:
            cafe = links.cafe_of(session, token, "host")
            if cafe is None:
                raise not_found()
            months = use_by_month(session, cafe.cafe_id, today - timedelta(days=365), today)
            agreements = places.agreements(session, cafe.cafe_id)
        return pages.show(request, "host.html", cafe=cafe, months=months, agreements=agreements)

    @router.get("/cafes/{cafe_id:uuid}")
    def show(request: Request, cafe_id: UUID, day: date | None = None, change: UUID | None = None) -> Response:
        """A café: hours, rooms, and at each half hour of a day how many rooms are free."""
        with reading(engine) as session:
            cafe = running(session, cafe_id)
            values = cafe_page(session, cafe, day or day_of(now()))
        return pages.show(request, "cafe.html", **values, change=change)

    @router.get("/cafes/{cafe_id:uuid}/book")
    def confirm(request: Request, cafe_id: UUID, starts: str = "", change: str = "") -> Response:
        return book_form(request, cafe_id, {"starts": starts, "change": change})

    @router.post("/cafes/{cafe_id:uuid}/book", dependencies=[Depends(from_our_form)])
    def book(  # noqa: PLR0913, PLR0917 - the fields of the form
        request: Request,
        cafe_id: UUID,
        who: SeekerAlone,
        starts: Told = "",
        minutes: Told = "",
        room: Told = "",
        people: Told = "",
        change: Told = "",
    ) -> Response:
        told = {"starts": starts, "minutes": minutes, "room": room, "people": people, "change": change}
        try:
            with transaction(engine) as session:
                her = herself(session, who).seeker_id
                running(session, cafe_id)
                asked = Asked(uuid_of(room, "ROOM_CLOSED"), span_of(starts, minutes), number_of(people))
                if change:
                    bookings.change(session, own(session, Booking, uuid_of(change, "NOT_STANDING"), her), asked, rules)
                else:
                    bookings.book(session, her, asked, rules)
        except Refused as refused:
            return book_form(request, cafe_id, told, refused)
        return RedirectResponse("/cafes/mine?done=" + ("changed" if change else "booked"), 303)

    @router.post("/cafes/{cafe_id:uuid}/wait", dependencies=[Depends(from_our_form)])
    def wait(  # noqa: PLR0913, PLR0917 - the fields of the form
        request: Request,
        cafe_id: UUID,
        who: SeekerAlone,
        starts: Told = "",
        minutes: Told = "",
        people: Told = "",
    ) -> Response:
        try:
            with transaction(engine) as session:
                cafe, her = running(session, cafe_id), herself(session, who).seeker_id
                bookings.wait(session, her, cafe, span_of(starts, minutes), people=number_of(people), rules=rules)
        except Refused as refused:
            return book_form(request, cafe_id, {"starts": starts, "minutes": minutes, "people": people}, refused)
        return RedirectResponse("/cafes/mine?done=waiting", 303)

    @router.post("/cafes/bookings/{booking_id:uuid}/cancel", dependencies=[Depends(from_our_form)])
    def cancel(request: Request, booking_id: UUID, who: SeekerAlone) -> Response:
        try:
            with transaction(engine) as session:
                bookings.cancel(session, own(session, Booking, booking_id, herself(session, who).seeker_id), rules)
        except Refused as refused:
            return her_page(request, who, refused)
        return RedirectResponse("/cafes/mine?done=cancelled", 303)

    @router.post("/cafes/wishes/{wish_id:uuid}/cancel", dependencies=[Depends(from_our_form)])
    def stop_waiting(request: Request, wish_id: UUID, who: SeekerAlone) -> Response:
        try:
            with transaction(engine) as session:
                bookings.stop_waiting(session, own(session, RoomWish, wish_id, herself(session, who).seeker_id))
        except Refused as refused:
            return her_page(request, who, refused)
        return RedirectResponse("/cafes/mine?done=cancelled", 303)

    def her_page(request: Request, who: SignedIn, refused: Refused | None = None) -> Response:
        with reading(engine) as session:
            values = own_page(session, herself(session, who).seeker_id, rules)
        done = request.query_params.get("done")
        values |= {"problem": refused and refused.reason, "done": done if done in DONE else ""}
        status = refused.status if refused else 200
        return pages.show(request, "my_rooms.html", status=status, **values, public_url=settings.public_url)

    def book_form(request: Request, cafe_id: UUID, told: dict[str, str], refused: Refused | None = None) -> Response:
        who = signed_in(request)
        with reading(engine) as session:
            cafe = running(session, cafe_id)
            values = booking_page(session, cafe, told)
        values["problem"] = told_beside(refused) or values["problem"]
        may_book = who is not None and who.role == "seeker"
        return pages.show(request, "book.html", status=refused.status if refused else 200, **values, may_book=may_book)

    def join_form(request: Request, told: Application, following: str, problem: str = "") -> Response:
        values = {"told": told, "next": following, "problem": problem, "shortest": passwords.SHORTEST}
        return pages.show(request, "join.html", status=422 if problem else 200, **values)

    return router
