"""Staff's page of the cafés themselves, `/counter/cafes`: what and where each is, its life, hours and rooms."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, cast, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from pydantic import StringConstraints
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from services.registry.access import not_found
from services.registry.api.cafes import the
from services.registry.cafes import bookings, closing, places, rooms
from services.registry.cafes.booking_law import Rules
from services.registry.cafes.hours import day_of
from services.registry.cafes.life_cycle import FOLLOWS, RUNNING, CafeState, Partnership, VenueType
from services.registry.cafes.links import Links
from services.registry.cafes.refusals import Refused
from services.registry.pages.form_fields import (
    Told,
    capacity_told,
    choice_told,
    day_told,
    degrees_told,
    name_told,
    words_told,
)
from services.registry.settings import RegistrySettings
from services.registry.tables import Cafe, Room
from shared.clock import now
from shared.database import reading, transaction
from shared.web.pages import Pages
from shared.web.sign_in import SignedIn, allow, from_our_form

Keeper = Annotated[SignedIn, Depends(allow("counselor", "operator", "official"))]
"""A counselor tells the facts of her own cafés, an official of all; what binds people or partners is the operator's."""
Operator = Annotated[SignedIn, Depends(allow("operator"))]
Week = Annotated[list[Annotated[str, StringConstraints(max_length=20)]], Form(min_length=7, max_length=7)]
FACTS = ("name", "district", "address", "latitude", "longitude", "venue_type", "partnership", "services", "anchor")


def facts_form(  # noqa: PLR0913, PLR0917 - the fields of the form
    name: Told = "",
    district: Told = "",
    address: Told = "",
    latitude: Told = "",
    longitude: Told = "",
    venue_type: Told = "",
    partnership: Told = "",
    services: Told = "",
    anchor: Told = "",
) -> dict[str, str]:
    """A dependency: what a café is and where, as it was typed."""
    typed = (name, district, address, latitude, longitude, venue_type, partnership, services, anchor)
    return dict(zip(FACTS, typed, strict=True))


FactsTyped = Annotated[dict[str, str], Depends(facts_form)]


def keeping_pages(  # noqa: PLR0915 - the list of what can be changed
    engine: Engine, settings: RegistrySettings, pages: Pages, rules: Rules
) -> APIRouter:
    router = APIRouter(prefix="/counter/cafes", include_in_schema=False)
    links = Links(settings.session_key.get_secret_value())

    @router.get("")
    def show_cafes(request: Request, who: Keeper) -> Response:
        return cafes_page(request, who)

    @router.post("", dependencies=[Depends(from_our_form)])
    def add(request: Request, who: Operator, typed: FactsTyped) -> Response:
        """Take in a café that is planned; one that answers a call comes with its application."""
        try:
            with transaction(engine) as session:
                cafe = places.add_cafe(session, by=who.label, state="planned", **facts_told(typed))
        except places.CafeExists:
            return cafes_page(request, who, None, Refused("CAFE_NAME_TAKEN"), typed | {"form": "new"})
        except Refused as refused:
            return cafes_page(request, who, None, refused, typed | {"form": "new"})
        return RedirectResponse(f"/counter/cafes#cafe-{cafe.cafe_id}", 303)

    @router.post("/{cafe_id:uuid}/facts", dependencies=[Depends(from_our_form)])
    def tell_facts(request: Request, cafe_id: UUID, who: Keeper, typed: FactsTyped) -> Response:
        def act(session: Session, cafe: Cafe) -> None:
            if who.role == "counselor" and cafe_id not in who.cafes:
                raise not_found()
            places.revise_cafe(session, cafe, facts_told(typed))

        return acted(request, who, cafe_id, act, typed | {"form": "facts"})

    @router.post("/{cafe_id:uuid}/stage", dependencies=[Depends(from_our_form)])
    def move(
        request: Request, cafe_id: UUID, who: Operator, state: Annotated[CafeState, Form()], on: Told = ""
    ) -> Response:
        def act(session: Session, cafe: Cafe) -> None:
            places.move(session, cafe, state, day_told(on, "on"), who.label)
            closing.give_back(session, cafe, rules)

        return acted(request, who, cafe_id, act, {"form": "stage", "state": state, "on": on})

    @router.post("/{cafe_id:uuid}/agreements", dependencies=[Depends(from_our_form)])
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
        typed = {"space_by": space_by, "programs_by": programs_by, "begins_on": begins_on, "ends_on": ends_on}

        def act(session: Session, cafe: Cafe) -> None:
            parts = {name: name_told(typed[name], name) for name in ("space_by", "programs_by")}
            days = day_told(begins_on, "begins_on"), day_told(ends_on, "ends_on") if ends_on else None
            places.agree(session, cafe, **parts, begins_on=days[0], ends_on=days[1])

        return acted(request, who, cafe_id, act, typed | {"form": "agreement"})

    @router.post("/{cafe_id:uuid}/hours", dependencies=[Depends(from_our_form)])
    def set_hours(
        request: Request, cafe_id: UUID, who: Operator, day: Week, holidays: Annotated[Literal["open", ""], Form()] = ""
    ) -> Response:
        """When it is open, by weekday, not known where nothing is told; what no longer lies within is given back."""

        def act(session: Session, cafe: Cafe) -> None:
            told = [each.replace(" ", "") for each in day]
            week = [each.split("-") if each else None for each in told] if any(told) else []
            places.revise_cafe(session, cafe, {"hours": week, "closed_on_holidays": holidays != "open"})
            closing.give_back(session, cafe, rules)

        typed = {f"day{at}": each for at, each in enumerate(day)}
        return acted(request, who, cafe_id, act, typed | {"form": "hours"})

    @router.post("/{cafe_id:uuid}/rooms", dependencies=[Depends(from_our_form)])
    def make_room(  # noqa: PLR0913, PLR0917 - the fields of the form
        request: Request, cafe_id: UUID, who: Operator, name: Told = "", capacity: Told = "", equipment: Told = ""
    ) -> Response:
        def act(session: Session, cafe: Cafe) -> None:
            holds, things = capacity_told(capacity), words_told(equipment, "equipment")
            rooms.add_room(session, cafe, name_told(name, "name"), holds, things)

        typed = {"form": "rooms", "name": name, "capacity": capacity, "equipment": equipment}
        return acted(request, who, cafe_id, act, typed)

    @router.post("/{cafe_id:uuid}/rooms/{room_id:uuid}", dependencies=[Depends(from_our_form)])
    def revise_room(  # noqa: PLR0913, PLR0917 - the fields of the form
        request: Request, cafe_id: UUID, room_id: UUID, who: Operator, name: Told = "", equipment: Told = ""
    ) -> Response:
        """A room has another name or other things in it; of another size it is another room."""

        def act(session: Session, _cafe: Cafe) -> None:
            room: Room = the(session, Room, room_id)
            rooms.revise_room(session, room, name_told(name, "name"), words_told(equipment, "equipment"))

        return acted(request, who, cafe_id, act, {"form": str(room_id), "name": name, "equipment": equipment})

    @router.post("/{cafe_id:uuid}/rooms/{room_id:uuid}/close", dependencies=[Depends(from_our_form)])
    def close_room(request: Request, cafe_id: UUID, room_id: UUID, who: Operator) -> Response:
        """It can no longer be booked; what was ahead in it is released, and its people are told."""
        return acted(request, who, cafe_id, lambda session, _: close(session, room_id), {})

    @router.post("/{cafe_id:uuid}/links", dependencies=[Depends(from_our_form)])
    def void_links(request: Request, cafe_id: UUID, who: Operator) -> Response:
        """Every link and kiosk key of this café is void from now on."""

        def act(session: Session, cafe: Cafe) -> None:
            cafe.link_number += 1
            session.add(cafe)

        return acted(request, who, cafe_id, act, {})

    def close(session: Session, room_id: UUID) -> None:
        bookings.close_room(session, the(session, Room, room_id), rules)

    def acted(
        request: Request, who: SignedIn, cafe_id: UUID, act: Callable[[Session, Cafe], None], typed: dict[str, str]
    ) -> Response:
        """The page again after a change to a café, or with what stood against it."""
        try:
            with transaction(engine) as session:
                act(session, the(session, Cafe, cafe_id))
        except Refused as refused:
            return cafes_page(request, who, cafe_id, refused, typed)
        return RedirectResponse(f"/counter/cafes#cafe-{cafe_id}", 303)

    def cafes_page(
        request: Request,
        who: SignedIn,
        cafe_id: UUID | None = None,
        refused: Refused | None = None,
        typed: dict[str, str] | None = None,
    ) -> Response:
        with reading(engine) as session:
            kept = [each for each in places.all_cafes(session) if who.role != "counselor" or each.cafe_id in who.cafes]
            listed = [card(session, each) for each in kept]
        values: dict[str, Any] = {
            "listed": listed,
            "problem": refused and refused.reason,
            "problem_at": cafe_id,
            "told": typed or {},
            "today": day_of(now()),
            "may_change": who.role == "operator",
            "public_url": settings.public_url,
            "venue_types": get_args(VenueType),
            "partnerships": get_args(Partnership),
        }
        return pages.show(request, "counter_cafes.html", status=refused.status if refused else 200, **values)

    def card(session: Session, cafe: Cafe) -> dict[str, Any]:
        return {
            "cafe": cafe,
            "facts": typed_of(cafe),
            "life": places.life(session, cafe.cafe_id),
            "agreements": places.agreements(session, cafe.cafe_id),
            "rooms": rooms.rooms_of(session, cafe.cafe_id),
            "next": FOLLOWS[cast(CafeState, cafe.state)],
            "lacks_hours": cafe.state in RUNNING and not places.hours_of(session, cafe).known,
            "host": f"/cafes/host/{links.make(cafe, 'host')}",
            "kiosk": f"/kiosk/{cafe.cafe_id}?key={links.make(cafe, 'kiosk')}",
        }

    return router


def facts_told(typed: dict[str, str]) -> dict[str, Any]:
    """What a café is and where, read from its form. Raises `Refused`."""
    return {
        "name": name_told(typed["name"], "name"),
        "district": name_told(typed["district"], "district"),
        "address": typed["address"],
        "latitude": degrees_told(typed["latitude"], "latitude"),
        "longitude": degrees_told(typed["longitude"], "longitude"),
        "venue_type": choice_told(typed["venue_type"], VenueType, "venue_type") if typed["venue_type"] else None,
        "partnership": choice_told(typed["partnership"], Partnership, "partnership") if typed["partnership"] else None,
        "services": words_told(typed["services"], "services"),
        "is_anchor": typed["anchor"] == "yes",
    }


def typed_of(cafe: Cafe) -> dict[str, Any]:
    """What its form says before anybody types."""
    told = {name: getattr(cafe, name) for name in FACTS if name not in ("services", "anchor")}
    return told | {"services": ", ".join(cafe.services), "anchor": "yes" if cafe.is_anchor else ""}
