"""An official reads how the city does, follows a number to its rows and prints it; the pages keep nobody out."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journey.official_town import PASSWORD, official_town
from tests.journey.windows import LooksWell, Opened, windows

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PHONE, WIDE = 360, 1280


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with official_town(tmp_path_factory.mktemp("official")) as (address, _settings):
        yield address


@pytest.fixture
def sign_in(browser: Browser, town: str) -> Iterator[Opened]:
    """A window of whoever signs in."""
    with windows(browser, town) as opened:

        def sign_in(login: str = "official", width: int = WIDE, at: str = "/benefit") -> Page:
            page = opened(width)
            page.goto(f"/sign-in?next={at}")
            page.locator("#login").fill(login)
            page.locator("#password").fill(PASSWORD)
            page.locator("main form button").first.click()
            page.wait_for_url(f"**{at}")
            return page

        yield sign_in


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_the_benefit_report_is_read_narrowed_and_followed_to_its_rows(
    sign_in: Opened, looks_well: LooksWell, width: int
) -> None:
    page = sign_in(width=width)
    expect(page.get_by_role("heading", level=1)).to_have_text("3주체 실익 보고서")
    looks_well(page, "benefit")
    page.get_by_label("카페별", exact=True).first.select_option(label="일자리카페 와우뜰")
    page.get_by_role("button", name="보기").click()
    expect(page.locator(".tag")).to_have_text("카페별: 일자리카페 와우뜰")
    row = page.get_by_role("row", name=re.compile("^성사된 채용"))
    hires = int(row.get_by_role("link").inner_text())
    row.get_by_role("link").click()
    expect(page.locator("tbody tr")).to_have_count(hires)
    looks_well(page, "rows")
    page.goto("/benefit?lang=en")
    expect(page.get_by_role("heading", level=1)).to_have_text("What each party gained")
    looks_well(page, "benefit-english")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_benefit_report_prints_on_one_page(sign_in: Opened, language: str) -> None:
    page = sign_in()
    page.goto(f"/benefit?lang={language}")
    edge = "10mm"
    printed = page.pdf(format="A4", margin={"top": edge, "bottom": edge, "left": edge, "right": edge})
    assert re.findall(rb"/Count (\d+)", printed) == [b"1"]


def test_a_counselor_is_shown_her_cafe_alone(sign_in: Opened) -> None:
    page = sign_in("counselor")
    expect(page.get_by_label("카페별", exact=True).first.locator("option")).to_have_text(["전체", "일자리카페 와우뜰"])
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["상담 창구", "3주체 실익 보고서"])


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_the_board_is_read_and_a_number_followed_to_the_plan_s_entries(
    sign_in: Opened, looks_well: LooksWell, width: int
) -> None:
    page = sign_in(width=width, at="/board")
    expect(page.get_by_role("heading", level=1)).to_have_text("현황판")
    looks_well(page, "board")
    page.get_by_role("row", name=re.compile("^임기 내 계")).get_by_role("link", name="5,365").click()
    expect(page.get_by_role("heading", level=2)).to_have_count(3)
    looks_well(page, "entries")
    page.goto("/board/plan")
    expect(page.get_by_role("row", name=re.compile("12 \\+ 12 \\+ 9 = 33"))).to_be_visible()
    looks_well(page, "plan")
    page.goto("/board?lang=en")
    page.get_by_role("link", name="₩10,292,683").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Per café")
    looks_well(page, "cost")
