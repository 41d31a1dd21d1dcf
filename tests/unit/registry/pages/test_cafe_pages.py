"""Can someone find a café, join, book, change, cancel, wait and be forgotten? Is what is wrong told beside it?"""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar
from sqlalchemy import Engine
from sqlmodel import col, select

from services.registry.cafes import bookings
from services.registry.cafes.closing import close_on
from services.registry.people.accounts import add_account
from services.registry.tables import Booking, Cafe, CalendarFeed, Consent, KeptByLaw, Room, RoomUse, RoomWish, Seeker
from shared.clock import KST, stopped_at
from shared.database import reading, transaction
from tests.unit.registry.cafes.town import DAY, a_cafe, asked, someone, span
from tests.unit.registry.conftest import said
from tests.unit.registry.pages.visitor import NINE, PASSWORD, at, book, come_back, join, only, send

pytestmark = pytest.mark.usefixtures("the_night_before")


def test_who_joins_for_rooms_alone_is_published_nowhere(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    assert join(browse(), next="/cafes/mine").url.path == "/cafes/mine"
    with reading(engine) as session:
        assert session.exec(select(Seeker)).one().state == "unseen"
        assert session.exec(select(Consent)).all() == []
        assert said(session, "seeker.published.v1") == []


def test_nobody_needs_an_account_to_look(browse: Callable[[], TestClient], cafe: tuple[Cafe, list[Room]]) -> None:
    stranger = browse()
    assert "일자리카페 시험" in stranger.get("/cafes?near=37.5,126.9&district=서울 마포구").text
    assert "6.6 km" in stranger.get("/cafes?near=37.5,126.88").text
    assert "빈 방 2" in stranger.get(f"/cafes/{cafe[0].cafe_id}?day={DAY}").text
    assert "로그인하고 예약하기" in stranger.get(f"/cafes/{cafe[0].cafe_id}/book?starts={NINE}").text
    assert stranger.get("/cafes/mine").url.path == "/sign-in"


def test_she_books_changes_and_cancels(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    browser = browse()
    join(browser)
    shown = book(browser, cafe)
    assert "예약했습니다" in shown.text
    held = only(engine)
    assert (held.starts_at.astimezone(KST).hour, held.code in shown.text) == (9, True)
    assert "옮겼습니다" in book(browser, cafe, starts=f"{DAY}T09:30", minutes="180", change=str(held.booking_id)).text
    assert only(engine).revision == 2
    assert "취소했습니다" in send(browser, "/cafes/mine", f"/cafes/bookings/{held.booking_id}/cancel").text
    assert only(engine).state == "cancelled"
    again = send(browser, "/cafes/mine", f"/cafes/bookings/{held.booking_id}/cancel")
    assert (again.status_code, "이미 끝났거나 취소된" in again.text) == (409, True)


WRONG = [
    ({"starts": ""}, 422, "시각은 분 단위"),
    ({"starts": "내일"}, 422, "시각은 분 단위"),
    ({"starts": "9999-12-31T23:59"}, 422, "시각은 분 단위"),
    ({"starts": "2027-02-29T09:00"}, 422, "시각은 분 단위"),
    ({"minutes": "-30"}, 422, "시각은 분 단위"),
    ({"minutes": "９０"}, 422, "시각은 분 단위"),
    ({"minutes": "99999"}, 422, "시각은 분 단위"),
    ({"minutes": "181"}, 409, "하루 180분까지"),
    ({"minutes": "901"}, 409, "자정을 넘길 수 없습니다"),
    ({"starts": f"{DAY}T07:00"}, 409, "문을 열지 않는"),
    ({"starts": "2026-11-01T09:00"}, 409, "이미 지난"),
    ({"starts": "2027-06-01T09:00"}, 409, "14일 뒤까지"),
    ({"people": "0"}, 409, "정원을 넘습니다"),
    ({"people": "99"}, 409, "정원을 넘습니다"),
    ({"people": "한 명"}, 409, "정원을 넘습니다"),
    ({"room": "none"}, 409, "예약할 수 없는 방"),
    ({"room": "00000000-0000-4000-8000-000000000000"}, 409, "예약할 수 없는 방"),
    ({"change": "00000000-0000-4000-8000-000000000000"}, 404, "찾으시는 것이 없습니다"),
]


@pytest.mark.parametrize(("but", "status", "told"), WRONG, ids=[f"{n} {next(iter(w[0]))}" for n, w in enumerate(WRONG)])
def test_what_is_wrong_is_told_on_the_form(
    browse: Callable[[], TestClient],
    engine: Engine,
    cafe: tuple[Cafe, list[Room]],
    but: dict[str, str],
    status: int,
    told: str,
) -> None:
    browser = browse()
    join(browser)
    shown = book(browser, cafe, **but)
    assert (shown.status_code, told in shown.text) == (status, True)
    for field in {"minutes", "people", "room"} & but.keys():
        assert re.search(rf'role="alert" id="{field}-told">[^<]*{told}', shown.text)
    with reading(engine) as session:
        assert session.exec(select(Booking)).all() == []


def test_anothers_booking_is_not_there_for_her(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    hers, his = browse(), browse()
    join(hers)
    book(hers, cafe)
    join(his, "010-4444-5555")
    assert send(his, "/cafes/mine", f"/cafes/bookings/{only(engine).booking_id}/cancel").status_code == 404
    assert only(engine).state == "booked"


def test_who_waits_is_told_on_her_page(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    for number, room in enumerate(cafe[1]):
        holder = browse()
        join(holder, f"010-0000-000{number}")
        book(holder, cafe, room=str(room.room_id))
    browser, at = browse(), f"/cafes/{cafe[0].cafe_id}"
    join(browser)
    page = f"{at}/book?starts={NINE}"
    assert "대기하시면" in browser.get(page).text
    assert "대기 명단" in send(browser, page, f"{at}/wait", starts=NINE, minutes="60", people="1").text
    with reading(engine) as session:
        wish = session.exec(select(RoomWish)).one()
    assert "취소했습니다" in send(browser, "/cafes/mine", f"/cafes/wishes/{wish.wish_id}/cancel").text


def test_her_page_tells_that_she_waits_no_longer(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    browser = browse()
    join(browser)
    with transaction(engine) as session:
        seeker_id = session.exec(select(Seeker.seeker_id)).one()
        for room in cafe[1]:
            bookings.book(session, someone(session), asked(room, "09:00", "10:00"))
        bookings.wait(session, seeker_id, cafe[0], span("09:00", "10:00"))
        close_on(session, session.get_one(Cafe, cafe[0].cafe_id), DAY, "대청소")
    page = browser.get("/cafes/mine").text
    assert ("대기가 끝났습니다" in page, "대기 취소" in page) == (True, False)


def test_her_calendar_has_a_secret_address_that_she_can_void(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    browser = browse()
    join(browser)
    book(browser, cafe)
    send(browser, "/cafes/mine", "/cafes/calendar", wish="renew")
    address = re.search(r"/cafes/calendar/[0-9a-f-]+\.ics", browser.get("/cafes/mine").text)
    assert address
    told = browse().get(address[0])
    event = Calendar.from_ical(told.content).walk("VEVENT")[0]
    assert (event["status"], event.decoded("dtstart"), "2222" in told.text) == (
        "CONFIRMED",
        span("09:00", "11:00").starts_at,
        False,
    )
    send(browser, "/cafes/mine", f"/cafes/bookings/{only(engine).booking_id}/cancel")
    assert Calendar.from_ical(browse().get(address[0]).content).walk("VEVENT")[0]["status"] == "CANCELLED"
    send(browser, "/cafes/mine", "/cafes/calendar", wish="renew")
    assert browse().get(address[0]).status_code == 404
    send(browser, "/cafes/mine", "/cafes/calendar", wish="revoke")
    assert ".ics" not in browser.get("/cafes/mine").text


def test_erased_her_bookings_are_counts_and_what_was_ahead_is_free(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    browser = browse()
    join(browser)
    book(browser, cafe, minutes="60")
    send(browser, "/cafes/mine", "/cafes/calendar", wish="renew")
    with transaction(engine) as session:
        session.exec(select(Booking)).one().state = "checked_in"
    with stopped_at(at("10:30")):
        come_back(browser)
        book(browser, cafe, starts=f"{DAY}T14:00", minutes="60")
        assert "모두 지웠습니다" in send(browser, "/me/erase", "/me/erase").text
    with reading(engine) as session:
        for table in (Booking, RoomWish, CalendarFeed):
            assert session.exec(select(table)).all() == []  # type: ignore[var-annotated]
        use = session.exec(select(RoomUse)).one()
        assert (use.state, use.bookings, use.minutes) == ("checked_in", 1, 60)
        assert session.exec(select(KeptByLaw)).all() == []  # she never applied for work
        assert '"erased"' in said(session, "room.released.v1")[0].fields.replace("\\", "")
        assert said(session, "room.booked.v1") == []


def test_a_counselor_books_beyond_the_day_for_a_reason_and_excuses(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    browser, counselor = browse(), browse()
    join(browser)
    book(browser, cafe, minutes="180")
    with transaction(engine) as session:
        add_account(session, login="mapo", display_name="마포 상담사", role="counselor", password=PASSWORD)
    send(counselor, "/sign-in", "/sign-in", login="mapo", password=PASSWORD)
    told = {
        "reference": "010 2222 3333", "room": str(cafe[1][0].room_id), "starts": f"{DAY}T13:00", "minutes": "60",
        "people": "1",
    }  # fmt: skip
    refused = send(counselor, "/counter/rooms", "/counter/rooms/book", **told)
    assert (refused.status_code, "하루 180분까지" in refused.text) == (409, True)
    unknown = send(counselor, "/counter/rooms", "/counter/rooms/book", **(told | {"reference": "010-9999-9999"}))
    assert "등록된 분이 없습니다" in unknown.text
    shown = send(counselor, "/counter/rooms", "/counter/rooms/book", **told, reason="면접 직전")
    assert "면접 직전" in shown.text
    with transaction(engine) as session:
        missed = session.exec(select(Booking).order_by(col(Booking.starts_at))).first()
        assert missed
        missed.state = "no_show"
        number: UUID = missed.booking_id
    page = f"/counter/rooms?cafe={cafe[0].cafe_id}&day={DAY}"
    assert "사정 인정" in send(counselor, page, f"/counter/rooms/{number}/excuse").text


def test_who_says_from_where_she_comes_sees_the_nearest_first(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    with transaction(engine) as session:
        a_cafe(session, "일자리카페 노원", latitude=37.654, longitude=127.056)
    browser = browse()
    plain = browser.get("/cafes").text
    assert (">서울 노원구</option>" in plain, ">부산 해운대구</option>" in plain) == (True, False)
    for start, nearest in (("서울 노원구", ["노원", "시험"]), ("서울 마포구", ["시험", "노원"])):
        assert re.findall(r"일자리카페 (\S+)</a></h2>", browser.get(f"/cafes?near={start}").text) == nearest
    page = browser.get("/cafes?near=서울 노원구").text
    assert ("<option selected>서울 노원구</option>" in page, "직선거리" in page) == (True, True)


def test_every_cafe_on_the_map_leads_to_its_page(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    with transaction(engine) as session:
        other, _ = a_cafe(session, "일자리카페 노원", latitude=37.654, longitude=127.056)
    drawn = browse().get("/cafes").text.partition("<svg")[2]
    for each, label in ((cafe[0], "시험"), (other, "노원")):
        assert f'<a href="/cafes/{each.cafe_id}" aria-label="{each.name}">' in drawn
        assert f">{label}</text>" in drawn
