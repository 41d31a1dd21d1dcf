"""People's pages under `/cafes`: to find a café, book a room in three taps, change, cancel, check in and wait."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from services.registry.access import not_found
from services.registry.api.cafes import the
from services.registry.api.custody import address_of
from services.registry.cafes import bookings, calendar_feed, enrolments, places
from services.registry.cafes.booking_law import DAY_MINUTES, DAYS_AHEAD, Rules
from services.registry.cafes.bookings import Asked
from services.registry.cafes.ground import ground
from services.registry.cafes.hours import Span, day_of
from services.registry.cafes.life_cycle import RUNNING
from services.registry.cafes.links import Links
from services.registry.cafes.picture import cafes_picture
from services.registry.cafes.refusals import Refused
from services.registry.cafes.rooms import STANDING, STEP, free_starts, next_free, rooms_of, taken, whole_day
from services.registry.cafes.standing import standing_cafes
from services.registry.cafes.use import use_by_month
from services.registry.pages.applying import Application
from services.registry.pages.me import HERSELF, admit, herself, look, problem_of
from services.registry.people import consents, rights
from services.registry.people.accounts import SHORTEST_PASSWORD, AccountExists, WrongAttempts, signed_in_as
from services.registry.people.consents import Matter
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Booking, Cafe, Enrolment, ProgramSession, Room, RoomWish
from shared.clock import KST, now
from shared.database import reading, transaction
from shared.web import sign_in as session_cookie
from shared.web.pages import Pages
from shared.web.sign_in import SignedIn, allow, from_our_form, own_path, signed_in

USUAL_MINUTES = 120
LENGTHS = (30, 60, 90, 120, 150, 180)
FIELDS = ("starts", "minutes", "room", "people", "change")
DONE = ("booked", "changed", "cancelled", "waiting", "enrolled", "on_the_list", "rated")
MATCHING = Matter("matching")

SeekerAlone = Annotated[SignedIn, Depends(allow("seeker"))]
Told = Annotated[str, Form(max_length=40)]


@dataclass(frozen=True)
class Shown:
    """A café in the list."""

    cafe: Cafe
    metres: float | None
    open_today: Span | None
    is_open: bool
    rooms: int
    first: tuple[Room, datetime] | None
    """The next room that is free for an hour today, and from when."""


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
        values["problem"] = refused.reason if refused else values["problem"]
        may_book = who is not None and who.role == "seeker"
        return pages.show(request, "book.html", status=refused.status if refused else 200, **values, may_book=may_book)

    def join_form(request: Request, told: Application, following: str, problem: str = "") -> Response:
        values = {"told": told, "next": following, "problem": problem, "shortest": SHORTEST_PASSWORD}
        return pages.show(request, "join.html", status=422 if problem else 200, **values)

    return router


def shown_cafes(session: Session, here: tuple[float, float] | None) -> list[Shown]:
    """What the list tells of each café, looked up at once."""
    instant = now()
    today = day_of(instant)
    cafes = places.running_cafes(session)
    hours = places.hours_of_all(session, cafes)
    all_rooms = rooms_of(session, *(cafe.cafe_id for cafe in cafes))
    busy = taken(session, [room.room_id for room in all_rooms], whole_day(today))
    found = []
    for cafe in cafes:
        own_rooms, place = [room for room in all_rooms if room.cafe_id == cafe.cafe_id], places.place_of(cafe)
        metres = places.metres_between(here, place) if here and place else None
        times = hours[cafe.cafe_id]
        first = next_free(own_rooms, busy, times, today)
        found.append(Shown(cafe, metres, times.on(today), times.open_at(instant), len(own_rooms), first))
    return sorted(
        found, key=lambda each: (here is not None and each.metres is None, each.metres or 0.0, each.cafe.name)
    )


def cafe_page(session: Session, cafe: Cafe, day: date) -> dict[str, Any]:
    """What a café's page tells of a day."""
    today, hours, own_rooms = day_of(now()), places.hours_of(session, cafe), rooms_of(session, cafe.cafe_id)
    open_span = hours.on(day)
    busy = taken(session, [room.room_id for room in own_rooms], whole_day(day))
    return {
        "cafe": cafe,
        "hours": hours,
        "rooms": own_rooms,
        "on": day,
        "days": [today + timedelta(days=number) for number in range(DAYS_AHEAD + 1)],
        "open_span": open_span,
        "is_open": hours.open_at(now()),
        "slots": list(slots(open_span, own_rooms, busy)) if open_span else [],
        "closures": places.closures(session, cafe.cafe_id),
    }


def slots(day: Span, own_rooms: Sequence[Room], busy: dict[UUID, list[Span]]) -> Iterator[tuple[datetime, int]]:
    """Each half hour still to come, and how many rooms are free then."""
    free = [set(free_starts(day, busy[room.room_id], int(STEP.total_seconds()) // 60)) for room in own_rooms]
    start = day.starts_at
    while start < day.ends_at:
        if start >= now():
            yield start, sum(start in each for each in free)
        start += STEP


def booking_page(session: Session, cafe: Cafe, told: dict[str, str]) -> dict[str, Any]:
    """What the form of a booking offers: which rooms are free then, and for how long."""
    told = dict.fromkeys(FIELDS, "") | told
    values: dict[str, Any] = {"cafe": cafe, "told": told, "problem": None, "free": {}, "starts_at": None}
    try:
        span = span_of(told["starts"], "30")
    except Refused as refused:
        return values | {"problem": refused.reason}
    day = whole_day(day_of(span.starts_at))
    own_rooms = rooms_of(session, cafe.cafe_id)
    busy = taken(session, [room.room_id for room in own_rooms], day)
    closes = places.hours_of(session, cafe).on(day_of(span.starts_at))
    ends = closes.ends_at if closes else span.starts_at
    free: dict[UUID, int] = {}
    for room in own_rooms:
        later = [each for each in busy[room.room_id] if each.ends_at > span.starts_at]
        until = min([each.starts_at for each in later] + [ends])
        minutes = min(int((until - span.starts_at).total_seconds()) // 60, DAY_MINUTES)
        if minutes >= LENGTHS[0]:
            free[room.room_id] = minutes
    best = sorted(
        (room for room in own_rooms if room.room_id in free),
        key=lambda room: (-min(free[room.room_id], USUAL_MINUTES), room.capacity, room.name),
    )
    longest = max(free.values(), default=DAY_MINUTES)
    return values | {
        "free": [(room, free[room.room_id]) for room in best],
        "lengths": [each for each in LENGTHS if each <= longest],
        "starts_at": span.starts_at,
        "usual": told["minutes"] or str(min(USUAL_MINUTES, longest)),
        "largest": max((room.capacity for room in own_rooms), default=2),
    }


def own_page(session: Session, seeker_id: UUID, rules: Rules) -> dict[str, Any]:
    """What her page of bookings shows."""
    all_hers = bookings.bookings_of(session, seeker_id)
    ahead = [each for each in reversed(all_hers) if each.state in STANDING and each.ends_at > now()]
    today = [Span(each.starts_at, each.ends_at) for each in all_hers if each.state in STANDING]
    wishes = bookings.wishes_of(session, seeker_id)
    seats = own_seats(session, seeker_id)
    ids = {each.cafe_id for each in all_hers} | {each.cafe_id for each in wishes}
    ids |= {program.cafe_id for _, program in seats}
    return {
        "ahead": ahead,
        "past": [each for each in all_hers if each not in ahead][:20],
        "wishes": wishes,
        "seats": seats,
        "cafes": {cafe.cafe_id: cafe for cafe in session.exec(select(Cafe).where(col(Cafe.cafe_id).in_(ids)))},
        "rooms": {
            room.room_id: room
            for room in session.exec(select(Room).where(col(Room.room_id).in_([each.room_id for each in all_hers])))
        },
        "used_today": sum(each.minutes for each in today if day_of(each.starts_at) == day_of(now())),
        "points": len(bookings.points_of(session, seeker_id, rules)),
        "points_limit": rules.points_limit,
        "blocked_until": bookings.blocked_until(session, seeker_id, rules),
        "feed_id": calendar_feed.feed_of(session, seeker_id),
        "may_change": lambda booking: booking.state == "booked" and booking.starts_at > now(),
    }


def own_seats(session: Session, seeker_id: UUID) -> list[tuple[Enrolment, ProgramSession]]:
    """Her seats and places in sessions that are still to end, and those of which she may say how they were."""
    hers = reversed(enrolments.enrolments_of(session, seeker_id))
    return [
        (seat, program)
        for seat, program in hers
        if (seat.state in enrolments.OPEN and program.ends_at > now() and program.state == "planned")
        or (seat.state == "attended" and not seat.has_rated)
    ]


def booking_here(session: Session, seeker_id: UUID, cafe: Cafe | None) -> Booking | None:
    """Her booking at this café that can be checked in to now."""
    if cafe is None:
        return None
    at_hand = select(Booking).where(
        Booking.seeker_id == seeker_id,
        Booking.cafe_id == cafe.cafe_id,
        Booking.state == "booked",
        col(Booking.starts_at) <= now() + bookings.CHECK_IN_EARLY,
        col(Booking.ends_at) > now(),
    )
    return session.exec(at_hand.order_by(col(Booking.starts_at))).first()


def running(session: Session, cafe_id: UUID) -> Cafe:
    """A café that people may come to; any other is not there for them."""
    cafe: Cafe = the(session, Cafe, cafe_id)
    if cafe.state not in RUNNING:
        raise not_found()
    return cafe


def own(session: Session, table: type[Any], key: UUID, seeker_id: UUID) -> Any:
    """Hers; another's is told as one that is not there."""
    found = session.get(table, key)
    if found is None or found.seeker_id != seeker_id:
        raise not_found()
    return found


def span_of(starts: str, minutes: str) -> Span:
    """`2026-12-02T09:00` in Korea, and so many minutes. Raises `Refused`."""
    try:
        start = datetime.strptime(starts, "%Y-%m-%dT%H:%M").replace(tzinfo=KST)
        length = int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) <= 4 else 0
        span = Span(start, start + timedelta(minutes=length))
    except (ValueError, OverflowError):
        raise Refused("TIME_WRONG") from None
    if not length:
        raise Refused("TIME_WRONG")
    return span


def number_of(people: str) -> int:
    """Raises `Refused`."""
    if not (people.isascii() and people.isdigit() and len(people) <= 3):
        raise Refused("TOO_MANY_PEOPLE")
    return int(people)


def uuid_of(told: str, otherwise: str) -> UUID:
    """Raises `Refused`."""
    try:
        return UUID(told)
    except ValueError:
        raise Refused(otherwise) from None


def point_of(near: str) -> tuple[float, float] | None:
    """`37.55,126.92`, or None for whatever else was told."""
    try:
        latitude, longitude = map(float, near.split(","))
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
