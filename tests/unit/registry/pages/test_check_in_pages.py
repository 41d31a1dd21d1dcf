"""Can someone check in by a code or at a kiosk, and nobody else; and does a host see what came of its space?"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.cafes import bookings, enrolments
from services.registry.settings import RegistrySettings
from services.registry.tables import Booking, Cafe, Consent, Enrolment, ProgramSession, Room, Seeker
from shared.clock import stopped_at
from shared.database import reading, transaction
from tests.unit.registry.cafes.town import a_session
from tests.unit.registry.pages.visitor import at, book, come_back, join, links, only, send

pytestmark = pytest.mark.usefixtures("the_night_before")


def test_a_scanned_code_checks_in_and_matching_is_offered_with_one_tap(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]], settings: RegistrySettings
) -> None:
    browser = browse()
    join(browser)
    book(browser, cafe)
    with stopped_at(at("08:55")):
        token = links(settings).make(cafe[0], "check_in", timedelta(minutes=10))
        page = f"/cafes/check-in?at={token}"
        come_back(browser)
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


def test_who_came_in_by_her_digits_is_offered_matching_on_her_page(
    browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    browser = browse()
    join(browser)
    book(browser, cafe)
    offer = '<a href="/cafes/welcome">일자리 매칭도 받아 보시겠어요?</a>'
    assert offer not in browser.get("/cafes/mine").text
    with stopped_at(at("09:00")):
        come_back(browser)
        with transaction(engine) as session:
            bookings.check_in(session, session.exec(select(Booking)).one())
        assert offer in browser.get("/cafes/mine").text
        send(browser, "/cafes/welcome", "/cafes/matching")
        assert offer not in browser.get("/cafes/mine").text


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
