"""What programs may ask about cafés, rooms and bookings, under `/api/v1/registry`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from services.registry.access import Operator, exists_already, not_found
from services.registry.api.bodies import Asked, PlainBody
from services.registry.api.custody import living
from services.registry.cafes import bookings, closing, partners, places, rooms
from services.registry.cafes.booking_law import Rules
from services.registry.cafes.bookings import Asked as RoomAsked
from services.registry.cafes.bookings import Override
from services.registry.cafes.hours import Span, day_of
from services.registry.cafes.life_cycle import CafeState, Partnership, VenueType
from services.registry.cafes.no_shows import free_unused
from services.registry.cafes.partners import ApplicationState
from services.registry.cafes.places import CafeExists
from services.registry.cafes.refusals import Refused
from services.registry.cafes.rooms import LARGEST, SMALLEST
from services.registry.cafes.use import use_by_month
from services.registry.tables import Booking, Cafe, PartnerApplication, PartnerCall, Room
from shared.clock import now
from shared.contracts.envelope import Instant
from shared.database import reading, transaction
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Words = Annotated[tuple[Line, ...], Field(max_length=20)]
Staff = Annotated[SignedIn, Depends(allow("operator", "counselor"))]
Looking = Annotated[SignedIn, Depends(allow("operator", "service", "counselor", "official"))]


class CafeTold(Asked):
    """What may be told of a café; what is left out stays as it is."""

    name: Line = ""
    district: Line = ""
    address: Text = ""
    latitude: Annotated[float, Field(allow_inf_nan=False)] | None = None
    longitude: Annotated[float, Field(allow_inf_nan=False)] | None = None
    venue_type: VenueType | None = None
    partnership: Partnership | None = None
    is_anchor: bool = False
    hours: list[Any] = Field([], max_length=7)
    """Seven entries, Monday first: `["09:00", "21:00"]` or null; empty where not known."""
    closed_on_holidays: bool = True
    services: Words = ()

    def told(self) -> dict[str, Any]:
        values = self.model_dump(exclude_unset=True, exclude={"cafe_id"})
        return values | ({"services": list(self.services)} if "services" in values else {})


class NewCafe(CafeTold):
    name: Line
    district: Line
    cafe_id: UUID | None = None
    state: CafeState | None = None
    on: date | None = None
    """The day since which it is in this state; today if not told."""


class StageTold(Asked):
    state: CafeState
    on: date


class AgreementTold(Asked):
    space_by: Line
    programs_by: Line
    begins_on: date
    ends_on: date | None = None


class ClosureTold(Asked):
    on: date
    reason: Text = ""


class RoomTold(Asked):
    name: Line
    capacity: Annotated[int, Field(ge=SMALLEST, le=LARGEST)]
    equipment: Words = ()


class BookingTold(Asked):
    """A booking by staff for someone; with a reason, also beyond her day or a pause."""

    seeker_id: UUID
    room_id: UUID
    starts_at: Instant
    ends_at: Instant
    people: Annotated[int, Field(ge=1, le=LARGEST)] = 1
    override_reason: Text = ""


class CallTold(Asked):
    title: Line
    opens_on: date
    closes_on: date


class ApplicationTold(Asked):
    """What an organisation offers. Names no person."""

    organisation: Line
    venue_type: VenueType
    partnership: Partnership
    district: Line
    address: Text = ""
    offers: Text = ""


class DecisionTold(Asked):
    state: ApplicationState
    reason: Text = ""


@contextmanager
def answering() -> Iterator[None]:
    """A refusal leaves as a problem, beside its field."""
    try:
        yield
    except Refused as refused:
        told = refused.reason
        raise Problem(refused.status, refused.code, told.en, told.ko, where=told.where) from None


def cafe_api(engine: Engine, rules: Rules) -> APIRouter:  # noqa: PLR0915 - the list of what can be asked
    router = APIRouter(prefix="/api/v1/registry")

    @router.post("/cafes", status_code=201)
    def make_cafe(who: Operator, told: Annotated[NewCafe, Depends(PlainBody(NewCafe))]) -> dict[str, Any]:
        """Take a café in, running unless another state is told."""
        try:
            with transaction(engine) as session, answering():
                cafe = places.add_cafe(session, cafe_id=told.cafe_id, by=who.label, **told.told())
                return shown_cafe(session, cafe)
        except CafeExists:
            raise exists_already("name") from None

    @router.get("/cafes")
    def list_cafes(_who: Looking) -> list[dict[str, Any]]:
        with reading(engine) as session:
            return [cafe.model_dump(mode="json", exclude={"link_number"}) for cafe in places.all_cafes(session)]

    @router.get("/cafes/{cafe_id}")
    def show_cafe(cafe_id: UUID, _who: Looking) -> dict[str, Any]:
        """A café with its life, its agreements, its own closed days and its rooms."""
        with reading(engine) as session:
            return shown_cafe(session, the(session, Cafe, cafe_id))

    @router.patch("/cafes/{cafe_id}")
    def revise_cafe(
        cafe_id: UUID, _who: Operator, told: Annotated[CafeTold, Depends(PlainBody(CafeTold))]
    ) -> dict[str, Any]:
        """Let a café be as told; what is left out stays."""
        with transaction(engine) as session, answering():
            cafe = the(session, Cafe, cafe_id)
            places.revise_cafe(session, cafe, told.told())
            closing.give_back(session, cafe, rules)
            return shown_cafe(session, cafe)

    @router.post("/cafes/{cafe_id}/stages", status_code=201)
    def move_cafe(
        cafe_id: UUID, who: Operator, told: Annotated[StageTold, Depends(PlainBody(StageTold))]
    ) -> dict[str, Any]:
        """The next step of its life: planned, called, agreed, opened, operating, ended."""
        with transaction(engine) as session, answering():
            cafe = the(session, Cafe, cafe_id)
            places.move(session, cafe, told.state, told.on, who.label)
            closing.give_back(session, cafe, rules)
            return shown_cafe(session, cafe)

    @router.post("/cafes/{cafe_id}/agreements", status_code=201)
    def note_agreement(
        cafe_id: UUID, _who: Operator, told: Annotated[AgreementTold, Depends(PlainBody(AgreementTold))]
    ) -> dict[str, Any]:
        """Who gives the space, who runs the programs, until when."""
        with transaction(engine) as session, answering():
            return places.agree(session, the(session, Cafe, cafe_id), **dict(told)).model_dump(mode="json")

    @router.post("/cafes/{cafe_id}/closures", status_code=201)
    def note_closure(
        cafe_id: UUID, _who: Staff, told: Annotated[ClosureTold, Depends(PlainBody(ClosureTold))]
    ) -> dict[str, Any]:
        """A day on which it is closed of its own accord; what was booked and planned then is given back."""
        with transaction(engine) as session, answering():
            given_back = closing.close_on(session, the(session, Cafe, cafe_id), told.on, told.reason, rules)
            return {"cafe_id": cafe_id, "on": told.on, "reason": told.reason, **given_back._asdict()}

    @router.delete("/cafes/{cafe_id}/closures/{day}", status_code=204)
    def drop_closure(cafe_id: UUID, day: date, _who: Staff) -> None:
        """It is open on this day after all; what was given back stays so."""
        with transaction(engine) as session:
            closing.open_on(session, the(session, Cafe, cafe_id), day)

    @router.get("/cafes/{cafe_id}/use")
    def show_use(cafe_id: UUID, _who: Looking, since: date | None = None, until: date | None = None) -> dict[str, Any]:
        """Bookings, visits, visitors and attendance of programs by month, of the last year if no days are told."""
        until = until or day_of(now())
        with reading(engine) as session:
            the(session, Cafe, cafe_id)
            months = use_by_month(session, cafe_id, since or until - timedelta(days=365), until)
            return {month: vars(use) for month, use in months.items()}

    @router.post("/cafes/{cafe_id}/rooms", status_code=201)
    def make_room(
        cafe_id: UUID, _who: Operator, told: Annotated[RoomTold, Depends(PlainBody(RoomTold))]
    ) -> dict[str, Any]:
        with transaction(engine) as session, answering():
            room = rooms.add_room(session, the(session, Cafe, cafe_id), told.name, told.capacity, told.equipment)
            return room.model_dump(mode="json")

    @router.delete("/rooms/{room_id}")
    def close_room(room_id: UUID, _who: Operator) -> dict[str, Any]:
        """It can no longer be booked; what was ahead in it is released, and its people are told."""
        with transaction(engine) as session, answering():
            return {"room_id": room_id, "released": bookings.close_room(session, the(session, Room, room_id), rules)}

    @router.post("/bookings", status_code=201)
    def book(who: Staff, told: Annotated[BookingTold, Depends(PlainBody(BookingTold))]) -> dict[str, Any]:
        """Give someone a room."""
        asked = RoomAsked(told.room_id, Span(told.starts_at, told.ends_at), told.people)
        override = Override(who.label, told.override_reason) if told.override_reason else None
        with transaction(engine) as session, answering():
            living(session, told.seeker_id)
            return bookings.book(session, told.seeker_id, asked, rules, override).model_dump(mode="json")

    @router.get("/bookings")
    def list_bookings(_who: Staff, cafe: UUID | None = None, day: date | None = None) -> list[dict[str, Any]]:
        """The bookings of a day, today's if none is told; of one café, or of all. Of people, ids alone."""
        whole = rooms.whole_day(day or day_of(now()))
        within = [col(Booking.starts_at) >= whole.starts_at, col(Booking.starts_at) < whole.ends_at]
        wanted = select(Booking).where(*within, *([Booking.cafe_id == cafe] if cafe else []))
        with reading(engine) as session:
            found = session.exec(wanted.order_by(col(Booking.starts_at), col(Booking.booking_id)))
            return [booking.model_dump(mode="json", exclude={"code"}) for booking in found]

    @router.post("/bookings/{booking_id}/cancel")
    def cancel(booking_id: UUID, _who: Staff) -> dict[str, Any]:
        with transaction(engine) as session, answering():
            booking: Booking = the(session, Booking, booking_id)
            bookings.cancel(session, booking, rules)
            return booking.model_dump(mode="json")

    @router.post("/bookings/{booking_id}/check-in")
    def check_in(booking_id: UUID, _who: Staff) -> dict[str, Any]:
        with transaction(engine) as session, answering():
            booking: Booking = the(session, Booking, booking_id)
            bookings.check_in(session, booking)
            return booking.model_dump(mode="json")

    @router.post("/bookings/{booking_id}/excuse")
    def excuse(booking_id: UUID, _who: Staff) -> dict[str, Any]:
        """A booking that was not used gives no point after all."""
        with transaction(engine) as session, answering():
            booking: Booking = the(session, Booking, booking_id)
            bookings.excuse(session, booking)
            return booking.model_dump(mode="json")

    @router.post("/bookings/sweep")
    def sweep(_who: Operator) -> dict[str, int]:
        """Free what nobody came for, now."""
        return {"freed": free_unused(engine, rules)}

    @router.post("/partner-calls", status_code=201)
    def make_call(_who: Operator, told: Annotated[CallTold, Depends(PlainBody(CallTold))]) -> dict[str, Any]:
        """A call for partners."""
        with transaction(engine) as session, answering():
            return partners.open_call(session, told.title, told.opens_on, told.closes_on).model_dump(mode="json")

    @router.get("/partner-calls")
    def list_calls(_who: Looking) -> list[dict[str, Any]]:
        """Each call with the applications it got."""
        with reading(engine) as session:
            return [
                call.model_dump(mode="json")
                | {"applications": [each.model_dump(mode="json") for each in partners.applications(session, call)]}
                for call in partners.calls(session)
            ]

    @router.post("/partner-calls/{call_id}/applications", status_code=201)
    def take_application(
        call_id: UUID, _who: Operator, told: Annotated[ApplicationTold, Depends(PlainBody(ApplicationTold))]
    ) -> dict[str, Any]:
        with transaction(engine) as session, answering():
            call = the(session, PartnerCall, call_id)
            return partners.apply(session, call, **dict(told)).model_dump(mode="json")

    @router.post("/partner-applications/{application_id}/decision")
    def decide(
        application_id: UUID, who: Operator, told: Annotated[DecisionTold, Depends(PlainBody(DecisionTold))]
    ) -> dict[str, Any]:
        """From received to review, then accepted or refused; what is accepted is a café in the state `agreed`."""
        with transaction(engine) as session, answering():
            application: PartnerApplication = the(session, PartnerApplication, application_id)
            partners.decide(session, application, told.state, told.reason, who.label)
            return application.model_dump(mode="json")

    return router


def the(session: Session, table: type[Any], key: UUID) -> Any:
    """What is under this id, or the one answer for what is not there."""
    found = session.get(table, key)
    if found is None:
        raise not_found()
    return found


def shown_cafe(session: Session, cafe: Cafe) -> dict[str, Any]:
    """All that is told of a café."""
    session.flush()
    parts: dict[str, Any] = {
        "stages": places.stages(session, cafe.cafe_id),
        "agreements": places.agreements(session, cafe.cafe_id),
        "closures": places.closures(session, cafe.cafe_id),
        "rooms": rooms.rooms_of(session, cafe.cafe_id),
    }
    told = cafe.model_dump(mode="json", exclude={"link_number"})
    own = {"cafe_id", "number", "closed_at"}
    return told | {name: [row.model_dump(mode="json", exclude=own) for row in rows] for name, rows in parts.items()}
