"""A clerk with an Excel sheet, in a real browser: she says once what its columns mean, and reads what came back."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Browser, Page, expect
from sqlmodel import Session

from services.registry.orders.agencies import add_agency
from services.registry.people.accounts import add_account
from tests.journey.registry_alone import registry_alone
from tests.journey.windows import LooksWell, windows

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PASSWORD = "봄날의 책 한 권"
SMALLEST, WIDE = 360, 1440


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry_alone(tmp_path_factory.mktemp("agency"), with_a_clerk) as (address, _settings):
        yield address


def with_a_clerk(session: Session) -> None:
    agency, _ = add_agency(session, "새빛 직업소개소", "무료")
    add_account(
        session,
        login="clerk",
        display_name="접수 담당",
        role="agency",
        password=PASSWORD,
        agency_id=agency.agency_id,
    )


@pytest.fixture(params=[SMALLEST, WIDE])
def page(request: pytest.FixtureRequest, browser: Browser, url: str) -> Iterator[Page]:
    with windows(browser, url, allowed="status of 422") as opened:
        page = opened(request.param)
        page.goto("/agency")
        page.get_by_label("아이디").fill("clerk")
        page.get_by_label("비밀번호").fill(PASSWORD)
        page.get_by_role("button", name="로그인", exact=True).click()
        expect(page.get_by_role("button", name="파일 올리기")).to_be_visible()
        yield page


@pytest.fixture
def sheet(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A sheet under headers that nobody has seen before, with a title above them and one row that lacks its title."""
    path = tmp_path / "우리 구인 목록.xlsx"
    with xlsxwriter.Workbook(path) as book:
        written = book.add_worksheet("구인")
        written.merge_range(0, 0, 0, 5, "2026년 구인 접수 목록")
        written.write_row(2, 0, ["관리코드", "가게", "뽑는 일", "업무내용", "근무지", "점장 전화"])
        number = request.node.callspec.params.get("page", "")
        for row in range(3, 9):
            title = "제빵사" if row != 6 else ""
            cells = [f"{number}-{row}", "망원베이커리", title, "반죽과 굽기", "서울 마포구", "010-1234-5678"]
            written.write_row(row, 0, cells)
    return path


def test_she_says_once_what_her_columns_mean(page: Page, sheet: Path, looks_well: LooksWell) -> None:
    looks_well(page, "empty")
    page.get_by_label("엑셀, CSV").set_input_files(sheet)
    page.get_by_role("button", name="파일 올리기").click()
    expect(page.get_by_role("button", name="이대로 접수하기")).to_be_visible()
    if page.get_by_text("처음 보는 표입니다").is_visible():  # the second window knows it already
        looks_well(page, "asked")
        page.get_by_label("관리코드").select_option(label="구인번호")
        page.get_by_label("가게").select_option(label="회사명")
        page.get_by_label("뽑는 일").select_option(label="모집 제목")
        expect(page.get_by_label("업무내용")).to_have_value("description")
    else:
        looks_well(page, "known")
    page.get_by_role("button", name="이대로 접수하기").click()
    expect(page.get_by_role("status")).to_contain_text("6행을 읽었습니다")
    looks_well(page, "taken")
    with page.expect_download() as got:
        page.get_by_role("link", name="반려된 행 내려받기").click()
    rejected = Path(got.value.path()).read_text("utf-8-sig")
    assert rejected.splitlines()[1].startswith("row 7,title,FIELD_MISSING,")
    assert "1234" not in rejected


@pytest.mark.parametrize("book", ["orders", "seekers", "placements"])
def test_her_ledger_is_printed_on_a4_across_and_on_no_other_sheet(page: Page, book: str) -> None:
    page.goto(f"/ledgers/{book}")
    sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True))
    assert {(round(float(width)), round(float(height))) for width, height in sheets} == {(842, 595)}


def test_one_posting_by_hand_with_what_is_wrong_beside_its_field(page: Page, looks_well: LooksWell) -> None:
    form = page.locator("form.posting-form")
    form.get_by_label("회사명").fill("연남카페")
    form.get_by_label("직무 내용").fill("용모단정한 분, 커피 제조")
    form.get_by_label("최소 (원)").fill("이백만원")
    page.get_by_role("button", name="접수하기", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("아직 접수되지 않았습니다. 표시된 항목을 고쳐 주세요.")
    expect(page.locator("#title-told")).to_contain_text("필수 항목이 없거나")
    expect(page.locator("#wage-told")).to_contain_text("숫자여야 합니다")
    looks_well(page, "wrong")
    form.get_by_label("모집 제목").fill("바리스타")
    form.get_by_label("직무 내용").fill("커피 제조")
    form.get_by_label("최소 (원)").fill("2,600,000")
    page.get_by_role("button", name="접수하기", exact=True).click()
    expect(page.get_by_role("status")).to_be_visible()
    looks_well(page, "sent")
