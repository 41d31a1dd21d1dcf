"""A counselor at her desk, with a real browser: gateway, registry and notify serve; Redis and matching are away."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from deploy.local.gateway import Gateway
from services.notify.app import create_app as create_notify
from services.notify.settings import NotifySettings
from services.notify.tables import Review
from services.notify.tables import Table as NotifyTable
from services.registry.app import create_app as create_registry
from services.registry.cafes.places import add_cafe
from services.registry.people.accounts import add_account
from services.registry.people.master_keys import MasterKeys
from services.registry.people.seekers import SeekerRow, published, register
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import AuditRow, Seeker
from services.registry.tables import Table as RegistryTable
from shared.contracts import Reason, SeekerPublished
from shared.database import SpineTable, reading, transaction
from tests.journey.serving import serving
from tests.journey.windows import Opened, windows
from tests.stores import store_with
from tests.unit.notify.conftest import hear_all
from tests.unit.notify.examples import a_list, a_pair, a_posting, id_of

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PASSWORD = "봄날의 책 한 권"
NAMES = ("김하늘", "이바다", "박노을")
LONG_TITLE = "초장문채용공고제목" * 8 + "w" * 80 + "ㅋ" * 80 + "🙂" * 20 + "\u202eמימין לשמאל"
"""Nowhere a place to break a line, pictures, and text from right to left."""
PHONE, WIDE = 390, 1440


@dataclass
class Town:
    """The services as they stand behind one address."""

    url: str
    sockets: Path
    registry: Engine
    seeker_ids: list[UUID]
    stop_registry: Callable[[], None] = field(default=lambda: None)
    notify: Engine | None = None

    def reviews(self, *, undone: bool = False) -> int:
        """How many decisions notify holds, or how many of them were taken back."""
        assert self.notify
        asked = select(func.count()).select_from(Review)
        with reading(self.notify) as session:
            return session.exec(asked.where(col(Review.undone_at).is_not(None)) if undone else asked).one()


def a_registry(session: Session, vault: Vault) -> list[SeekerPublished]:
    cafe = add_cafe(session, "홍대 일자리카페", "서울 마포구")
    add_account(
        session,
        login="hongdae",
        display_name="홍대 상담사",
        role="counselor",
        password=PASSWORD,
        cafe_ids=[cafe.cafe_id],
        shown=True,
    )
    rows = [SeekerRow(f"row {name}", {"name": name, "skills": ["에스프레소", "엑셀"]}) for name in NAMES]
    receipts = register(session, rows, "invented", vault, cafe.cafe_id)
    return [published(session.get_one(Seeker, receipt.seeker_id)) for receipt in receipts]


def fill_desk(engine: Engine, seekers: list[SeekerPublished]) -> None:
    hear_all(engine, (a_posting(0), a_posting(1, title=LONG_TITLE), *seekers))
    for number, seeker in enumerate(seekers):
        pairs = [
            a_pair(0, number % 2, 9_400 - 1_000 * number, seeker_id=seeker.seeker_id),
            a_pair(0, 1 - number % 2, 4_000, seeker_id=seeker.seeker_id, reasons=(Reason(code="text.shared"),)),
        ]
        hear_all(engine, (a_list("seeker", number, pairs, scope_id=seeker.seeker_id),))
    for posting in (0, 1):
        hers = [a_pair(0, posting, 5_000, seeker_id=seeker.seeker_id) for seeker in seekers]
        hear_all(engine, (a_list("posting", posting, hers),))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("t")
    secrets = {
        "redis_url": f"unix://{folder}/no-redis.sock",
        "session_key": SecretStr("session-key"),
        "operator_token": SecretStr("operator-token"),
        "service_token": SecretStr("service-token"),
    }
    registry = RegistrySettings(
        database_url=f"sqlite:///{folder}/registry.sqlite",
        vault_key=SecretStr("a master key for tests"),
        pseudonym_key=SecretStr("a pseudonym key for tests"),
        **secrets,
    )
    notify = NotifySettings(
        database_url=f"sqlite:///{folder}/notify.sqlite", registry_url=str(folder / "registry.sock"), **secrets
    )
    stores = {
        settings.database_url: store_with(settings.database_url, tables.metadata, SpineTable.metadata)
        for settings, tables in ((registry, RegistryTable), (notify, NotifyTable))
    }
    with transaction(stores[registry.database_url]) as session:
        seekers = a_registry(session, Vault(MasterKeys(registry.vault_key), registry.pseudonym_key))
    fill_desk(stores[notify.database_url], seekers)
    with ExitStack() as stack:
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        stop_registry = stack.enter_context(serving(create_registry(registry), uds=str(folder / "registry.sock")))
        stack.enter_context(serving(create_notify(notify), uds=str(folder / "notify.sock")))
        stack.enter_context(serving(Gateway(folder).app(), listener=door))  # type: ignore[arg-type]
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        ids = [seeker.seeker_id for seeker in seekers]
        yield Town(url, folder, stores[registry.database_url], ids, stop_registry, stores[notify.database_url])
    for store in stores.values():
        store.dispose()


@pytest.fixture
def open_page(browser: Browser, town: Town) -> Iterator[Opened]:
    with windows(browser, town.url, allowed="status of 40") as opened:
        yield opened


def come_in(page: Page, path: str = "/desk") -> None:
    page.goto(path)
    page.get_by_label("아이디").fill("hongdae")
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="로그인", exact=True).click()


def test_she_signs_in_sees_whom_to_call_and_why_and_leaves(open_page: Opened, town: Town) -> None:
    page = open_page(WIDE)
    page.goto("/")
    page.get_by_label("아이디").fill("hongdae")
    page.get_by_label("비밀번호").fill("틀린 비밀번호")
    page.get_by_role("button", name="로그인", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("아이디 또는 비밀번호가 맞지 않습니다.")
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="로그인", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("오늘 전화할 만한 분")
    best = page.get_by_role("listitem").filter(has=page.get_by_role("heading", level=2)).first
    expect(best).to_contain_text("김하늘")
    expect(best).to_contain_text("94")
    expect(best).to_contain_text("에스프레소와 라테아트를 갖추었고")
    best.get_by_role("link", name="김하늘").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("김하늘")
    expect(page.get_by_role("meter").first).to_be_visible()
    page.get_by_role("button", name="로그아웃").click()
    page.goto("/desk")
    expect(page.get_by_role("heading", level=1)).to_have_text("로그인")


def test_each_name_she_sees_is_recorded_in_registry(open_page: Opened, town: Town) -> None:
    page = open_page(WIDE)
    come_in(page, f"/desk/seekers/{town.seeker_ids[2]}")
    expect(page.get_by_role("heading", level=1)).to_have_text("박노을")
    with reading(town.registry) as session:
        looks = session.exec(select(AuditRow).where(AuditRow.seeker_id == town.seeker_ids[2])).all()
    assert "desk seeker" in {look.purpose for look in looks}
    assert all("홍대 상담사" in look.who for look in looks)


def test_a_demo_account_is_one_click(open_page: Opened) -> None:
    page = open_page(PHONE)
    page.goto("/desk/postings")
    page.get_by_role("button", name="이 계정으로 보기").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("채용공고")


def test_the_reckoning_opens_by_keyboard_and_adds_up(open_page: Opened) -> None:
    page = open_page(WIDE)
    come_in(page)
    summary = page.get_by_text("점수 풀이").first
    summary.focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("table").first
    expect(table).to_be_visible()
    *parts, total = (float(cell) for cell in table.locator("td.number").all_inner_texts())
    assert round(sum(parts), 2) == total == 94.0


def test_the_first_stop_of_the_keyboard_skips_to_the_content(open_page: Opened) -> None:
    page = open_page(WIDE)
    come_in(page)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="본문으로 건너뛰기")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_words_find_and_another_language_keeps_them(open_page: Opened) -> None:
    page = open_page(WIDE)
    come_in(page)
    page.get_by_label("낱말로 찾기").fill("바리스타")
    page.get_by_role("button", name="찾기").click()
    expect(page.get_by_role("heading", level=2)).to_have_count(2)
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Worth a call today")
    expect(page.get_by_label("Words")).to_have_value("바리스타")


@pytest.mark.parametrize("width", [320, PHONE, WIDE])
def test_no_page_is_wider_than_its_screen(open_page: Opened, town: Town, width: int) -> None:
    page = open_page(width)
    come_in(page)
    for path in paths(town):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("dark", [False, True])
def test_no_page_keeps_anyone_out(open_page: Opened, town: Town, dark: bool) -> None:
    """axe's rules, which know contrast, names, roles and order."""
    page = open_page(PHONE, color_scheme="dark" if dark else "light")
    page.goto("/sign-in")
    assert complaints_of_axe(page) == []
    come_in(page)
    for path in (*paths(town), "/desk/seekers/nobody"):
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
        assert complaints_of_axe(page) == [], path


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_slow_line_a_press_is_seen_and_a_second_changes_nothing(
    open_page: Opened, town: Town, scripts: bool
) -> None:
    page = open_page(PHONE, java_script_enabled=scripts)
    come_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("오늘 전화할 만한 분")
    before, sent = town.reviews(), []
    slow_down(page)
    page.evaluate(NOTE_WHAT_IS_TOLD)
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    press_twice(page, page.get_by_role("button", name="알선하기", exact=True).last)
    expect(page.get_by_role("status").filter(has_text="알선했습니다")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("이미 처리되었거나")).to_have_count(0)
    assert (town.reviews() - before, len(sent)) == (1, 1 if scripts else 2)
    assert not scripts or page.evaluate("sessionStorage.told") == "보내는 중…"
    page.get_by_role("button", name="되돌리기").click()
    expect(page.get_by_role("status").filter(has_text="되돌렸습니다")).to_be_visible(timeout=60_000)
    assert town.reviews(undone=True) > 0


def press_twice(page: Page, button: Locator) -> None:
    """The second time while the first is under way: with the mouse, for Playwright's own click waits for the answer."""
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    with page.expect_request(lambda request: request.method == "POST"):
        page.mouse.click(*middle)
    page.mouse.click(*middle)


NOTE_WHAT_IS_TOLD = """() => {
  const told = document.querySelector("[data-sending]");
  new MutationObserver(() => { sessionStorage.told = told.textContent; }).observe(told, { childList: true });
}"""


def slow_down(page: Page) -> None:
    """A bad mobile line: two seconds until anything comes back."""
    line = page.context.new_cdp_session(page)
    told = {"offline": False, "latency": 2_000, "downloadThroughput": 50_000, "uploadThroughput": 20_000}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", told)


def test_on_paper_there_is_the_list_and_nothing_to_click(open_page: Opened) -> None:
    page = open_page(WIDE)
    come_in(page)
    page.emulate_media(media="print")
    expect(page.get_by_text("김하늘")).to_be_visible()
    expect(page.get_by_role("button", name="찾기")).to_be_hidden()
    expect(page.get_by_role("button", name="로그아웃")).to_be_hidden()


def test_with_registry_away_she_still_sees_her_calls(open_page: Opened, town: Town) -> None:
    """The last test of this file: registry does not come back."""
    page = open_page(WIDE)
    come_in(page)
    expect(page.get_by_text("김하늘")).to_be_visible()
    town.stop_registry()
    page.goto("/desk")
    expect(page.get_by_role("link", name=f"구직자 {town.seeker_ids[0].hex[:4].upper()}")).to_be_visible()
    expect(page.get_by_text("이름을 지금 불러올 수 없어")).to_be_visible()


def paths(town: Town) -> tuple[str, ...]:
    one = f"/desk/seekers/{town.seeker_ids[1]}"
    return "/desk", "/desk/seekers", one, "/desk/postings", f"/desk/postings/{id_of('posting', 1)}"


def complaints_of_axe(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{it['id']}: {node['html']} {node['failureSummary']}" for it in found for node in it["nodes"]]
