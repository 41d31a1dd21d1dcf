"""An official reads how the city does, follows a number to its rows and prints it; the pages keep nobody out."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journey.official_town import PASSWORD, official_town
from tests.journey.serving import OPTIONS

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PHONE, WIDE = 360, 1280


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with official_town(tmp_path_factory.mktemp("official")) as (address, _settings):
        yield address


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(chromium), args=" ".join(OPTIONS).split())
        yield browser
        browser.close()


@pytest.fixture
def sign_in(browser: Browser, town: str) -> Iterator[Callable[..., Page]]:
    """A window of whoever signs in; an error on its console fails the test."""
    with ExitStack() as stack:
        errors: list[str] = []

        def sign_in(login: str = "official", width: int = WIDE, at: str = "/benefit") -> Page:
            window = browser.new_context(base_url=town, viewport={"width": width, "height": 900})
            stack.callback(window.close)
            page = window.new_page()
            page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
            page.goto(f"/sign-in?next={at}")
            page.locator("#login").fill(login)
            page.locator("#password").fill(PASSWORD)
            page.locator("main form button").first.click()
            page.wait_for_url(f"**{at}")
            return page

        yield sign_in
    assert errors == []


def looks_well(page: Page, tmp_path: Path, name: str) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    broken = Axe().run(page).response["violations"]
    assert not broken, (name, [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in broken])
    page.screenshot(path=tmp_path / f"{name}-{width}.png", full_page=True)


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_the_benefit_report_is_read_narrowed_and_followed_to_its_rows(
    sign_in: Callable[..., Page], tmp_path: Path, width: int
) -> None:
    page = sign_in(width=width)
    expect(page.get_by_role("heading", level=1)).to_have_text("3주체 실익 보고서")
    looks_well(page, tmp_path, "benefit")
    page.get_by_label("카페별", exact=True).first.select_option(label="일자리카페 와우뜰")
    page.get_by_role("button", name="보기").click()
    expect(page.locator(".tag")).to_have_text("카페별: 일자리카페 와우뜰")
    row = page.get_by_role("row", name=re.compile("^성사된 채용"))
    hires = int(row.get_by_role("link").inner_text())
    row.get_by_role("link").click()
    expect(page.locator("tbody tr")).to_have_count(hires)
    looks_well(page, tmp_path, "rows")
    page.goto("/benefit?lang=en")
    expect(page.get_by_role("heading", level=1)).to_have_text("What each party gained")
    looks_well(page, tmp_path, "benefit-english")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_benefit_report_prints_on_one_page(sign_in: Callable[..., Page], language: str) -> None:
    page = sign_in()
    page.goto(f"/benefit?lang={language}")
    edge = "10mm"
    printed = page.pdf(format="A4", margin={"top": edge, "bottom": edge, "left": edge, "right": edge})
    assert re.findall(rb"/Count (\d+)", printed) == [b"1"]


def test_a_counselor_is_shown_her_cafe_alone(sign_in: Callable[..., Page]) -> None:
    page = sign_in("counselor")
    expect(page.get_by_label("카페별", exact=True).first.locator("option")).to_have_text(["전체", "일자리카페 와우뜰"])
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["상담 창구", "3주체 실익 보고서"])


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_the_board_is_read_and_a_number_followed_to_the_plan_s_entries(
    sign_in: Callable[..., Page], tmp_path: Path, width: int
) -> None:
    page = sign_in(width=width, at="/board")
    expect(page.get_by_role("heading", level=1)).to_have_text("현황판")
    looks_well(page, tmp_path, "board")
    page.get_by_role("row", name=re.compile("^임기 내 계")).get_by_role("link", name="5,365").click()
    expect(page.get_by_role("heading", level=2)).to_have_count(3)
    looks_well(page, tmp_path, "entries")
    page.goto("/board/plan")
    expect(page.get_by_role("row", name=re.compile("12 \\+ 12 \\+ 9 = 33"))).to_be_visible()
    looks_well(page, tmp_path, "plan")
    page.goto("/board?lang=en")
    page.get_by_role("link", name="₩10,292,683").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Per café")
    looks_well(page, tmp_path, "cost")
