"""The kiosk of a café under `/kiosk`: large, without names, back to its first screen by itself."""

from io import BytesIO
from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from services.registry.access import not_found
from services.registry.cafes import bookings
from services.registry.cafes.hours import day_of
from services.registry.cafes.links import CHECK_IN_GOOD_FOR, Links
from services.registry.cafes.refusals import Reason, Refused
from services.registry.pages.cafes_shown import cafe_page, running
from services.registry.people.accounts import WrongAttempts
from services.registry.settings import RegistrySettings
from services.registry.tables import Booking, Cafe, Room
from shared.clock import now
from shared.database import reading, transaction
from shared.web.pages import Pages
from shared.web.sign_in import from_our_form

COOKIE = "iljari_kiosk"
TEN_YEARS_SECONDS = 315_360_000
SCREEN_SECONDS, PROBLEM_SECONDS, WELCOME_SECONDS = 60, 20, 15
UNKNOWN_CODE = Reason(
    "code", "No booking here and now has this code.", "지금 이곳에서 입실할 수 있는 예약의 번호가 아닙니다."
)
TOO_MANY_CODES = Reason(
    "code", "Too many wrong codes; wait a while.", "잘못된 번호가 많았습니다. 잠시 뒤에 다시 해 주세요."
)


def kiosk_pages(engine: Engine, settings: RegistrySettings, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/kiosk", include_in_schema=False)
    links = Links(settings.session_key.get_secret_value())
    wrong = WrongAttempts()

    def is_kiosk(session: Session, request: Request, cafe: Cafe) -> bool:
        holder = links.cafe_of(session, request.cookies.get(COOKIE, ""), "kiosk")
        return holder is not None and holder.cafe_id == cafe.cafe_id

    def screen(request: Request, cafe_id: UUID, problem: Reason | None = None) -> Response:
        with reading(engine) as session:
            cafe = running(session, cafe_id)
            values = cafe_page(session, cafe, day_of(now())) | {"trusted": is_kiosk(session, request, cafe)}
        response = pages.show(request, "kiosk.html", status=409 if problem else 200, **values, problem=problem)
        seconds = PROBLEM_SECONDS if problem else SCREEN_SECONDS
        return back_by_itself(response, cafe_id, seconds) if values["trusted"] else response

    @router.get("/{cafe_id:uuid}")
    def show(request: Request, cafe_id: UUID, key: str = "") -> Response:
        """What is free now; on the café's own device also the way in. Its key is kept by the device, out of sight."""
        if not key:
            return screen(request, cafe_id)
        response = RedirectResponse(f"/kiosk/{cafe_id}", 303)
        secure = settings.public_url.startswith("https:")
        response.set_cookie(
            COOKIE,
            key,
            max_age=TEN_YEARS_SECONDS,
            path=f"/kiosk/{cafe_id}",
            httponly=True,
            samesite="lax",
            secure=secure,
        )
        return response

    @router.get("/{cafe_id:uuid}/code.svg")
    def code(request: Request, cafe_id: UUID) -> Response:
        """The QR code by which a phone shows that it is here, good for ten minutes."""
        with reading(engine) as session:
            cafe = running(session, cafe_id)
            if not is_kiosk(session, request, cafe):
                raise not_found()
            token = links.make(cafe, "check_in", CHECK_IN_GOOD_FOR)
        drawn = BytesIO()
        address = f"{settings.public_url}/cafes/check-in?at={token}"
        segno.make(address, error="m").save(drawn, kind="svg", scale=6, border=2)
        return Response(drawn.getvalue(), media_type="image/svg+xml")

    @router.post("/{cafe_id:uuid}/check-in", dependencies=[Depends(from_our_form)])
    def check_in(request: Request, cafe_id: UUID, code: Annotated[str, Form(max_length=12)] = "") -> Response:
        """In by the six digits that her phone shows, where a code cannot be scanned."""
        key = f"kiosk {cafe_id}"
        if wrong.too_many(key):
            return screen(request, cafe_id, TOO_MANY_CODES)
        try:
            with transaction(engine) as session:
                cafe = running(session, cafe_id)
                if not is_kiosk(session, request, cafe):
                    raise not_found()
                booking = booking_of_code(session, cafe, code)
                if booking is None:
                    wrong.note(key)
                    return screen(request, cafe_id, UNKNOWN_CODE)
                bookings.check_in(session, booking)
                room = session.get_one(Room, booking.room_id)
        except Refused as refused:
            return screen(request, cafe_id, refused.reason)
        response = pages.show(request, "kiosk_in.html", cafe=cafe, room=room, ends_at=booking.ends_at)
        return back_by_itself(response, cafe_id, WELCOME_SECONDS)

    return router


def back_by_itself(response: Response, cafe_id: UUID, seconds: int) -> Response:
    """Only the café's own device shows its first screen again: the next in line must not meet the one before."""
    response.headers["Refresh"] = f"{seconds};url=/kiosk/{cafe_id}"
    return response


def booking_of_code(session: Session, cafe: Cafe, code: str) -> Booking | None:
    """The booking of this café that these digits stand for around now."""
    around = select(Booking).where(
        Booking.cafe_id == cafe.cafe_id,
        Booking.code == code.strip(),
        col(Booking.state).in_(("booked", "no_show", "checked_in")),
        col(Booking.starts_at) <= now() + bookings.CHECK_IN_EARLY,
        col(Booking.ends_at) > now(),
    )
    return session.exec(around).first()
