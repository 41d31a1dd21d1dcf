"""Can someone find a café, join, book, change, cancel, check in and be forgotten? Is what is wrong told beside it?"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar
from sqlalchemy import Engine
from sqlmodel import col, select

from services.registry.app import create_app
from services.registry.cafes import enrolments
from services.registry.cafes.links import Links
from services.registry.people.accounts import add_account
from services.registry.settings import RegistrySettings
from services.registry.tables import (
    Booking,
    Cafe,
    CalendarFeed,
    Consent,
    Enrolment,
    KeptByLaw,
    ProgramSession,
    Room,
    RoomUse,
    RoomWish,
    Seeker,
)
from shared.clock import KST, stopped_at
from shared.database import reading, transaction
from tests.unit.registry.cafes.town import DAY, NIGHT_BEFORE, a_cafe, a_session, span
from tests.unit.registry.conftest import said

PASSWORD = "long enough to keep"
NINE = f"{DAY}T09:00"


@pytest.fixture(autouse=True)
def the_night_before() -> Iterator[None]:
    with stopped_at(NIGHT_BEFORE):
        yield


@pytest.fixture
def cafe(engine: Engine) -> tuple[Cafe, list[Room]]:
    with transaction(engine) as session:
        return a_cafe(session, latitude=37.55, longitude=126.92)


@pytest.fixture
def browse(engine: Engine, settings: RegistrySettings) -> Callable[[], TestClient]:
    app = create_app(settings)
    return lambda: TestClient(app, headers={"accept": "text/html"}, raise_server_exceptions=False)


def send(browser: TestClient, page: str, to: str, **fields: Any) -> Any:
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', browser.get(page).text)
    assert token, page
    return browser.post(to, data={"form_token": token[1], **fields})


def join(browser: TestClient, phone: str = "010-2222-3333", **but: Any) -> Any:
    return send(browser, "/cafes/join", "/cafes/join", **({"phone": phone, "password": PASSWORD} | but))


def book(browser: TestClient, cafe: tuple[Cafe, list[Room]], **but: Any) -> Any:
    at = f"/cafes/{cafe[0].cafe_id}/book"
    told = {"starts": NINE, "minutes": "120", "room": str(cafe[1][0].room_id), "people": "1"} | but
    return send(browser, f"{at}?starts={NINE}", at, **told)


def only(engine: Engine) -> Booking:
    with reading(engine) as session:
        return session.exec(select(Booking)).one()


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


def links(settings: RegistrySettings) -> Links:
    return Links(settings.session_key.get_secret_value())


def at(clock: str) -> datetime:
    return span(clock, "24:00").starts_at


def test_a_scanned_code_checks_in_and_matching_is_offered_with_one_tap(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]], settings: RegistrySettings
) -> None:
    browser = browse()
    join(browser)
    book(browser, cafe)
    with stopped_at(at("08:55")):
        token = links(settings).make(cafe[0], "check_in", timedelta(minutes=10))
        page = f"/cafes/check-in?at={token}"
        shown = send(browser, page, "/cafes/check-in", at=token)
        assert "동의하고 매칭 받기" in shown.text
        assert "거주 구" in shown.text  # the whole text of the consent
        assert only(engine).state == "checked_in"
        shown = send(browser, "/cafes/welcome", "/cafes/matching")
        assert "매칭도 받고 계십니다" in shown.text
    with reading(engine) as session:
        assert session.exec(select(Seeker)).one().state == "active"
        assert [row.purpose for row in session.exec(select(Consent))] == ["matching"]
    with stopped_at(at("09:06")):
        assert "만료된 코드" in browser.get(page).text


def test_a_kiosk_lets_in_by_six_digits_only_where_it_stands(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]], settings: RegistrySettings
) -> None:
    browser, kiosk, stranger = browse(), browse(), browse()
    join(browser)
    book(browser, cafe)
    where, code = f"/kiosk/{cafe[0].cafe_id}", only(engine).code
    with stopped_at(at("08:55")):
        assert "입실 번호" not in stranger.get(where).text
        assert stranger.get(f"{where}/code.svg").status_code == 404
        shown = kiosk.get(f"{where}?key={links(settings).make(cafe[0], 'kiosk')}")
        assert (shown.url.query, "입실 번호" in shown.text) == (b"", True)
        assert kiosk.get(f"{where}/code.svg").headers["content-type"] == "image/svg+xml"
        wrong = send(kiosk, where, f"{where}/check-in", code="xxxxxx")
        assert (wrong.status_code, "번호가 아닙니다" in wrong.text) == (409, True)
        shown = send(kiosk, where, f"{where}/check-in", code=code)
        assert "방 1" in shown.text
        assert shown.headers["refresh"] == f"15;url={where}"
        assert "refresh" not in stranger.get(where).headers
        assert "2222" not in shown.text
    assert only(engine).state == "checked_in"
    with transaction(engine) as session:
        session.get_one(Cafe, cafe[0].cafe_id).link_number += 1
    assert "입실 번호" not in kiosk.get(where).text


def test_a_kiosk_does_not_let_anyone_guess(
    browse: Callable[[], TestClient], cafe: tuple[Cafe, list[Room]], settings: RegistrySettings
) -> None:
    kiosk, where = browse(), f"/kiosk/{cafe[0].cafe_id}"
    kiosk.get(f"{where}?key={links(settings).make(cafe[0], 'kiosk')}")
    told = [send(kiosk, where, f"{where}/check-in", code=f"{number:06}").text for number in range(11)]
    assert "잘못된 번호가 많았습니다" in told[-1]


def test_a_host_sees_what_it_gained_by_its_own_link(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]], settings: RegistrySettings
) -> None:
    browser = browse()
    join(browser)
    book(browser, cafe, people="3")
    with transaction(engine) as session:
        session.exec(select(Booking)).one().state = "checked_in"
        her = session.exec(select(Seeker)).one().seeker_id
        program = a_session(session, cafe[0], seats=1)
        seat = enrolments.enrol(session, her, program)
        a_session(session, cafe[0], "17:00", "18:00")  # nobody comes to it, and nobody closes it
    with stopped_at(program.starts_at), transaction(engine) as session:
        enrolments.attend(session, session.get_one(Enrolment, seat.enrolment_id), came=True)
        enrolments.hold(session, session.get_one(ProgramSession, program.session_id))
    with stopped_at(at("12:00") + timedelta(days=40)):
        page = browse().get(f"/cafes/host/{links(settings).make(cafe[0], 'host')}")
    assert "2026-12" in page.text
    assert re.search(
        r'number">1</td><td class="number">1</td><td class="number">3</td><td class="number">2.0</td>'
        r'<td class="number">0</td><td class="number">1</td><td class="number">1</td>',
        page.text,
    )
    forged = links(settings).make(cafe[0], "kiosk")
    assert browse().get(f"/cafes/host/{forged}").status_code == 404


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


def test_a_cafes_life_goes_step_by_step(browse: Callable[[], TestClient], client: TestClient) -> None:
    client.headers |= {"Authorization": "Bearer operator-token"}
    made = client.post(
        "/api/v1/registry/cafes",
        json={"name": "새 카페", "district": "서울 중구", "state": "planned", "on": "2026-01-05"},
    )
    at_cafe = f"/api/v1/registry/cafes/{made.json()['cafe_id']}"

    def step(state: str, on: str) -> tuple[int, str]:
        answer = client.post(f"{at_cafe}/stages", json={"state": state, "on": on})
        return answer.status_code, answer.json().get("code", "")

    assert step("opened", "2026-02-01") == (409, "STATE_SKIPPED")
    assert step("called", "2025-12-01") == (409, "STATE_BACKDATED")
    assert step("called", "2026-12-24") == (409, "DAY_AHEAD")
    assert step("called", "2026-02-01") == (201, "")
    assert step("agreed", "2026-03-01") == (201, "")
    assert step("opened", "2026-04-01") == (409, "NO_AGREEMENT")
    agreement = {"space_by": "시험대학교", "programs_by": "서울시", "begins_on": "2026-03-01", "ends_on": "2026-02-01"}
    assert client.post(f"{at_cafe}/agreements", json=agreement).json()["code"] == "PERIOD_WRONG"
    assert client.post(f"{at_cafe}/agreements", json=agreement | {"ends_on": "2028-02-28"}).status_code == 201
    assert step("opened", "2026-04-01") == (201, "")
    assert step("operating", "2026-04-01") == (201, "")
    assert step("opened", "2026-05-01") == (409, "STATE_SKIPPED")
    assert step("ended", "2026-11-30") == (201, "")
    told = client.get(at_cafe).json()
    assert [(each["state"], each["on"]) for each in told["stages"]][-1] == ("ended", "2026-11-30")
    assert browse().get(f"/cafes/{told['cafe_id']}").status_code == 404


BAD_CAFES = [
    ({"latitude": 37.5}, "PLACE_WRONG"),
    ({"latitude": 126.9, "longitude": 37.5}, "PLACE_WRONG"),
    ({"hours": [["09:00", "18:00"]]}, "HOURS_WRONG"),
    ({"hours": [["18:00", "09:00"]] * 7}, "HOURS_WRONG"),
    ({"hours": [["9시", "18시"]] * 7}, "HOURS_WRONG"),
    ({"hours": [["09:00", "24:30"]] * 7}, "HOURS_WRONG"),
    ({"hours": [{"from": 9}] * 7}, "HOURS_WRONG"),
    ({"venue_type": "카페"}, "INVALID"),
    ({"partnership": "대학생"}, "INVALID"),
    ({"name": " "}, "INVALID"),
]


@pytest.mark.parametrize(("but", "code"), BAD_CAFES, ids=[f"{n} {next(iter(b[0]))}" for n, b in enumerate(BAD_CAFES)])
def test_a_cafe_that_cannot_be_is_refused_beside_its_field(client: TestClient, but: dict[str, Any], code: str) -> None:
    client.headers |= {"Authorization": "Bearer operator-token"}
    answer = client.post("/api/v1/registry/cafes", json={"name": "새 카페", "district": "서울 중구"} | but)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["where"].split(".")[0] in (*but, "latitude")
    assert client.get("/api/v1/registry/cafes").json() == []


def test_a_call_for_partners_ends_in_a_cafe(client: TestClient) -> None:
    client.headers |= {"Authorization": "Bearer operator-token"}
    asked = {"title": "2026 하반기 협력점 공모", "opens_on": "2026-11-01", "closes_on": "2026-12-31"}
    call = client.post("/api/v1/registry/partner-calls", json=asked).json()
    offer = {
        "organisation": "가상대학교 학생회관",
        "venue_type": "대학",
        "partnership": "대학",
        "district": "서울 성북구",
    }
    made = client.post(f"/api/v1/registry/partner-calls/{call['call_id']}/applications", json=offer).json()
    decide = f"/api/v1/registry/partner-applications/{made['application_id']}/decision"
    assert client.post(decide, json={"state": "accepted"}).json()["code"] == "DECISION_WRONG"
    assert client.post(decide, json={"state": "reviewed"}).status_code == 200
    assert client.post(decide, json={"state": "refused"}).json()["code"] == "REASON_MISSING"
    accepted = client.post(decide, json={"state": "accepted", "reason": "통학로"}).json()
    cafe = client.get(f"/api/v1/registry/cafes/{accepted['cafe_id']}").json()
    assert (cafe["state"], cafe["venue_type"]) == ("agreed", "대학")
    with stopped_at(at("09:00") + timedelta(days=60)):
        late = client.post(f"/api/v1/registry/partner-calls/{call['call_id']}/applications", json=offer)
        assert late.json()["code"] == "CALL_CLOSED"
