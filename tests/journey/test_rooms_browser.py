"""A phone books a room in three taps and enrols in a program; the pages keep nobody out and fit their screens."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import Session

from services.registry.cafes import programs
from services.registry.cafes.hours import Span, at_minute, day_of
from services.registry.cafes.links import Links
from services.registry.cafes.places import add_cafe
from services.registry.cafes.rooms import add_room
from services.registry.people.accounts import add_account
from services.registry.tables import Cafe
from shared.clock import KST, now
from tests.journey.registry_alone import registry_alone
from tests.journey.windows import LooksWell, Opened, windows

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PASSWORD = "봄날의 책 한 권을 읽다"
PHONE, WIDE = 360, 1280
CLINIC, LECTURE = "이력서 클리닉", "엑셀 특강"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, UUID, str]]:
    """A registry that serves its pages, with two cafés: its address, a café, and the key of its kiosk."""
    cafes: list[Cafe] = []

    def fill(session: Session) -> None:
        cafes.append(_town(session))
        for login, role in (("mapo", "counselor"), ("city", "operator"), ("seoul", "official")):
            add_account(session, login=login, display_name=login, role=role, password=PASSWORD)

    with registry_alone(tmp_path_factory.mktemp("rooms"), fill) as (address, _settings):
        yield address, cafes[0].cafe_id, Links("session-key").make(cafes[0], "kiosk")


def _town(session: Session) -> Cafe:
    always = {"hours": [["00:00", "24:00"]] * 7, "closed_on_holidays": False, "latitude": 37.55, "longitude": 126.92}
    add_cafe(session, "일자리카페 낙성마루", "서울 관악구")
    cafe = add_cafe(session, "일자리카페 와우뜰", "서울 마포구", address="서울 마포구 와우로 12", **always)
    for name, capacity in (("집중방", 2), ("모임방", 6)):
        add_room(session, cafe, name, capacity, ["모니터", "화이트보드"])
    tomorrow = day_of(now()) + timedelta(days=1)
    for kind, title, hour, seats in (("resume_clinic", CLINIC, 14, 4), ("lecture", LECTURE, 17, 1)):
        span = Span(at_minute(tomorrow, hour * 60), at_minute(tomorrow, hour * 60 + 90))
        programs.schedule(session, cafe, programs.Told(kind, title, span, seats), "마포 상담사")
    return cafe


@pytest.fixture
def open_page(browser: Browser, town: tuple[str, UUID, str], tmp_path: Path) -> Iterator[Opened]:
    """What happens is recorded, for `playwright show-trace recording-1.zip`; a form may be refused with its reasons."""
    numbers = count(1)
    with windows(browser, town[0], allowed="status of 422") as opened, ExitStack() as stack:

        def open_page(width: int) -> Page:
            page = opened(width)
            page.context.tracing.start(screenshots=True, snapshots=True)
            stack.callback(page.context.tracing.stop, path=tmp_path / f"recording-{next(numbers)}.zip")
            return page

        yield open_page


def join(page: Page, phone: str) -> None:
    page.goto("/cafes/join")
    page.get_by_label("휴대전화").fill(phone)
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="가입하기").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("카페 찾기")


def test_a_room_in_three_taps(open_page: Opened, looks_well: LooksWell) -> None:
    page = open_page(PHONE)
    join(page, "010-1111-2222")
    taps = 0

    def tap(what: Locator) -> None:
        nonlocal taps
        taps += 1
        what.click()

    page.goto("/cafes")
    tap(page.get_by_role("link", name="일자리카페 와우뜰"))
    if now().astimezone(KST).hour >= 22:  # too late for a room today
        page.goto(f"{page.url}?day={now().astimezone(KST).date() + timedelta(days=1)}")
    tap(page.locator("a.slot").first)
    tap(page.get_by_role("button", name="예약하기"))
    expect(page.get_by_role("status")).to_have_text("예약했습니다.")
    assert taps == 3
    expect(page.get_by_text("입실 번호")).to_be_visible()
    looks_well(page, "mine")


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_no_page_keeps_anyone_out(
    open_page: Opened, town: tuple[str, UUID, str], looks_well: LooksWell, width: int
) -> None:
    page, at = open_page(width), f"/cafes/{town[1]}"
    day = now().astimezone(KST).date() + timedelta(days=1)
    for name, path in {
        "list": "/cafes?near=37.5,126.9",
        "english": "/cafes?lang=en",
        "cafe": f"{at}?day={day}&lang=ko",
        "book": f"{at}/book?starts={day}T13:00",
        "join": "/cafes/join",
        "kiosk": f"/kiosk/{town[1]}?key={town[2]}",
    }.items():
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        looks_well(page, name)


def sign_in(page: Page, login: str, following: str) -> None:
    page.goto(f"/sign-in?next={following}")
    page.get_by_label("아이디").fill(login)
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="로그인", exact=True).click()


def test_a_counselor_sees_the_day(open_page: Opened, looks_well: LooksWell) -> None:
    page = open_page(WIDE)
    sign_in(page, "mapo", "/counter/rooms")
    expect(page.get_by_role("heading", level=1)).to_have_text("스터디룸")
    looks_well(page, "counter")


def test_she_enrols_waits_for_a_full_session_and_cancels(open_page: Opened, looks_well: LooksWell) -> None:
    her, other = open_page(PHONE), open_page(PHONE)
    done = her.get_by_role("status")

    def ask(page: Page, title: str, button: str) -> None:
        page.goto("/cafes/programs")
        page.get_by_role("link", name=title).click()
        page.get_by_role("button", name=button, exact=True).click()

    join(other, "010-3333-4444")
    ask(other, LECTURE, "신청하기")
    join(her, "010-5555-6666")
    her.goto("/cafes/programs")
    looks_well(her, "programs")
    her.get_by_role("link", name=CLINIC).click()
    looks_well(her, "program")
    ask(her, CLINIC, "신청하기")
    expect(done).to_have_text("신청했습니다.")
    her.goto("/cafes/programs")
    her.get_by_role("link", name=LECTURE).click()
    looks_well(her, "full")
    ask(her, LECTURE, "대기 신청하기")
    expect(done).to_contain_text("대기 명단")
    looks_well(her, "enrolled")

    ask(her, CLINIC, "신청 취소")
    expect(done).to_have_text("취소했습니다.")
    expect(her.get_by_role("link", name=CLINIC)).to_have_count(0)
    ask(other, LECTURE, "신청 취소")
    expect(other.get_by_role("status")).to_have_text("취소했습니다.")
    her.reload()
    seat = her.locator(".paper", has=her.get_by_role("link", name=LECTURE))
    expect(seat).to_contain_text("신청")
    expect(seat.locator(".code")).to_have_text(re.compile(r"^\d{6}$"))


def test_a_call_leads_to_an_opening(open_page: Opened, looks_well: LooksWell) -> None:
    page, today = open_page(PHONE), day_of(now())
    sign_in(page, "city", "/counter/partners")
    page.get_by_label("공모 이름").fill("하반기 협력점 공모")
    page.get_by_label("접수 마지막 날").fill(str(today + timedelta(days=30)))
    page.get_by_role("button", name="공모 열기").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("하반기 협력점 공모")
    page.get_by_label("기관 이름").fill("가상대학교 학생회관")
    page.get_by_label("지역").fill("서울 성북구")
    page.get_by_label("공간 유형").select_option("대학")
    page.get_by_label("협력 형태").select_option("대학")
    page.get_by_label("내놓는 공간").fill("1층 라운지와 방 두 개")
    looks_well(page, "call")
    page.get_by_role("button", name="신청 접수하기").click()
    page.get_by_role("button", name="심사 시작").click()
    expect(page.get_by_label("사유")).to_be_visible()
    looks_well(page, "review")
    page.get_by_label("사유").fill("지하철역에서 가깝고 방이 조용합니다")
    page.get_by_role("button", name="선정하기").click()
    expect(page.locator(".life [aria-current]")).to_have_text(f"협약 {today}")
    looks_well(page, "accepted")

    page.get_by_role("link", name="카페 단계·협약 보기").click()
    cafe = page.locator(".card", has_text="가상대학교 학생회관")
    cafe.get_by_text("단계·협약·주소").click()
    cafe.get_by_role("button", name="협약 등록").click()
    expect(cafe.get_by_role("alert")).to_have_text("1자에서 100자까지 적어 주세요.")
    cafe.get_by_label("공간 제공").fill("가상대학교")
    cafe.get_by_label("프로그램 운영").fill("서울시 일자리카페")
    cafe.get_by_label("협약 시작").fill(str(today))
    looks_well(page, "agreement")
    cafe.get_by_role("button", name="협약 등록").click()
    expect(cafe.get_by_role("alert")).to_have_count(0)
    cafe.get_by_text("단계·협약·주소").click()
    cafe.get_by_role("button", name="옮기기").click()
    expect(cafe.locator(".life [aria-current]")).to_have_text(f"개소 {today}")
    looks_well(page, "opened")


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_an_official_looks_and_changes_nothing_but_what_a_cafe_is(
    open_page: Opened, looks_well: LooksWell, width: int
) -> None:
    page = open_page(width)
    sign_in(page, "seoul", "/counter/cafes")
    for name, path in {"cafes": "/counter/cafes?lang=en", "calls": "/counter/partners?lang=en"}.items():
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("main form:not([action*='/facts'])")).to_have_count(0)
        looks_well(page, name)
