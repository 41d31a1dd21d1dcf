"""Someone with a phone books a room in three taps; the pages keep nobody out and fit their screens."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from pydantic import SecretStr
from sqlmodel import Session

from services.registry.app import create_app
from services.registry.cafes.links import Links
from services.registry.cafes.places import add_cafe
from services.registry.cafes.rooms import add_room
from services.registry.people.accounts import add_account
from services.registry.settings import RegistrySettings
from services.registry.tables import Cafe, Table
from shared.clock import KST, now
from shared.database import SpineTable, open_engine, transaction
from tests.journey.serving import OPTIONS, serving

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PASSWORD = "봄날의 책 한 권을 읽다"
PHONE, WIDE = 360, 1280


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, UUID, str]]:
    """A registry that serves its pages, with two cafés: its address, a café, and the key of its kiosk."""
    folder = tmp_path_factory.mktemp("rooms")
    settings = RegistrySettings(
        redis_url=f"unix://{folder}/no-redis.sock",
        database_url=f"sqlite:///{folder}/registry.sqlite",
        session_key=SecretStr("session-key"),
        operator_token=SecretStr("operator-token"),
        service_token=SecretStr("service-token"),
        vault_key=SecretStr("a house key for tests"),
        pseudonym_key=SecretStr("a pseudonym key for tests"),
    )
    engine = open_engine(settings.database_url)
    for metadata in (Table.metadata, SpineTable.metadata):
        metadata.create_all(engine)
    with transaction(engine) as session:
        cafe = _town(session)
        add_account(session, login="mapo", display_name="마포 상담사", role="counselor", password=PASSWORD)
    key = Links("session-key").make(cafe, "kiosk")
    with ExitStack() as stack:
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        stack.enter_context(serving(create_app(settings), listener=door))
        yield f"http://127.0.0.1:{door.getsockname()[1]}", cafe.cafe_id, key
    engine.dispose()


def _town(session: Session) -> Cafe:
    always = {"hours": [["00:00", "24:00"]] * 7, "closed_on_holidays": False, "latitude": 37.55, "longitude": 126.92}
    add_cafe(session, "일자리카페 낙성마루", "서울 관악구")
    cafe = add_cafe(session, "일자리카페 와우뜰", "서울 마포구", address="서울 마포구 와우로 12", **always)
    for name, capacity in (("집중방", 2), ("모임방", 6)):
        add_room(session, cafe, name, capacity, ["모니터", "화이트보드"])
    return cafe


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(chromium), args=" ".join(OPTIONS).split())
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, town: tuple[str, UUID, str], tmp_path: Path) -> Iterator[Callable[[int], Page]]:
    """A window of its own; what happens in it is recorded, for `playwright show-trace recording.zip`."""
    with ExitStack() as stack:

        def open_page(width: int) -> Page:
            size = {"width": width, "height": 800}
            window = browser.new_context(base_url=town[0], viewport=size)  # type: ignore[arg-type]
            stack.callback(window.close)
            window.tracing.start(screenshots=True, snapshots=True)
            stack.callback(lambda: window.tracing.stop(path=tmp_path / "recording.zip"))
            return window.new_page()

        yield open_page


def looks_well(page: Page, tmp_path: Path, name: str) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    broken = Axe().run(page).response["violations"]
    assert not broken, (name, [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in broken])
    page.screenshot(path=tmp_path / f"{name}-{width}.png", full_page=True)


def join(page: Page, phone: str) -> None:
    page.goto("/cafes/join")
    page.get_by_label("휴대전화").fill(phone)
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="가입하기").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("카페 찾기")


def test_a_room_in_three_taps(open_page: Callable[[int], Page], tmp_path: Path) -> None:
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
    looks_well(page, tmp_path, "mine")


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_no_page_keeps_anyone_out(
    open_page: Callable[[int], Page], town: tuple[str, UUID, str], tmp_path: Path, width: int
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
        looks_well(page, tmp_path, name)


def test_a_counselor_sees_the_day(open_page: Callable[[int], Page], tmp_path: Path) -> None:
    page = open_page(WIDE)
    page.goto("/sign-in?next=/counter/rooms")
    page.get_by_label("아이디").fill("mapo")
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="로그인", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("스터디룸")
    looks_well(page, tmp_path, "counter")
