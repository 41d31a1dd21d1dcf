"""A counselor's day, from the first pair to the morning after, while registry and notify hear each other."""

import csv
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlmodel import Session, select

from services.notify.tables import KeptPosting, SeekerCard
from services.registry.cafes.places import add_cafe
from services.registry.intake.door import Arrival, receive
from services.registry.orders.agencies import add_agency
from services.registry.people.accounts import add_account
from services.registry.people.consents import present_texts
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.tables import AuditRow, Consent
from shared.database import reading
from tests.journey import town as towns
from tests.journey.city import wait_for
from tests.journey.serving import OPTIONS
from tests.journey.town import HEARD_SECONDS, PASSWORD, come_in, open_town
from tests.unit.notify.conftest import hear_all
from tests.unit.notify.examples import a_list, a_pair
from tests.unit.registry.conftest import a_document

pytestmark = [pytest.mark.browser, pytest.mark.journey]

SMALLEST, WIDE = 360, 1280
NAMES = ("김하늘", "이바다", "박노을", "최새벽", "정이슬", "강나루", "조가람", "윤마루", "장한별", "임보라")
FIRM = "연남커피"


@dataclass
class Town(towns.Town):
    """Ten seekers of one café, in the order of their best pairs, each with one posting."""

    seekers: list[UUID]
    postings: list[UUID]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    seekers: list[UUID] = []

    def fill(session: Session, vault: Vault) -> None:
        seekers.extend(fill_registry(session, vault))

    with open_town(tmp_path_factory.mktemp("t"), fill) as opened:
        yield Town(**vars(opened), seekers=seekers, postings=fill_lists(opened, seekers))


def fill_registry(session: Session, vault: Vault) -> list[UUID]:
    cafe = add_cafe(session, "홍대 일자리카페", "서울 마포구")
    who = {"login": "hongdae", "display_name": "홍대 상담사", "password": PASSWORD, "cafe_ids": [cafe.cafe_id]}
    add_account(session, role="counselor", shown=True, **who)  # type: ignore[arg-type]
    agency, _ = add_agency(session, "새빛 직업소개소", "무료")
    sent = [a_document(source_ref=f"K-{n}", employer=FIRM, title=f"주말 바리스타 {n}") for n in range(len(NAMES))]
    receive(session, [Arrival("here", document, "http") for document in sent], agency, vault)
    rows = [SeekerRow(f"row {name}", {"name": name, "skills": ["에스프레소", "엑셀"]}) for name in NAMES]
    receipts = register(session, rows, "invented", vault, cafe.cafe_id)
    return [receipt.seeker_id for receipt in receipts if receipt.seeker_id]


def fill_lists(town: towns.Town, seekers: list[UUID]) -> list[UUID]:
    """What matching would have said, once notify has heard of both sides."""

    def heard() -> list[UUID]:
        with reading(town.notify) as session:
            kept = session.exec(select(KeptPosting.posting_id).order_by(KeptPosting.source_ref)).all()
            live = session.exec(select(SeekerCard.seeker_id)).all()
            return list(kept) if len(kept) == len(live) == len(NAMES) else []

    postings: list[UUID] = wait_for(heard, HEARD_SECONDS, "what registry said")
    for number, (seeker_id, posting_id) in enumerate(zip(seekers, postings, strict=True)):
        pair = a_pair(0, 0, 9_500 - 100 * number, seeker_id=seeker_id, posting_id=posting_id)
        hear_all(town.notify, (a_list("seeker", number, [pair], scope_id=seeker_id),))
        hear_all(town.notify, (a_list("posting", number, [pair], scope_id=posting_id),))
    return postings


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(chromium), args=" ".join(OPTIONS).split())
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, town: Town) -> Iterator[Callable[..., Page]]:
    """A fresh browser window; whatever its console complains about fails the test."""
    complaints: list[str] = []
    with ExitStack() as stack:

        def opened(width: int, *, scripts: bool = True) -> Page:
            window = browser.new_context(
                base_url=town.url, viewport={"width": width, "height": 800}, java_script_enabled=scripts
            )
            stack.callback(window.close)
            page = window.new_page()
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
            return page

        yield opened
    assert not complaints


@pytest.fixture
def looks_well(tmp_path: Path) -> Callable[[Page, str], None]:
    return lambda page, name: towns.looks_well(page, tmp_path / f"{name}.png")


def test_the_text_is_read_aloud_and_the_consent_is_kept_with_its_version(
    open_page: Callable[..., Page], town: Town, looks_well: Callable[[Page, str], None]
) -> None:
    pair = town.seekers[9], town.postings[9]
    page = open_page(SMALLEST)
    come_in(page, "/desk", "hongdae")
    page.goto(f"/desk/seekers/{pair[0]}")
    page.get_by_role("button", name="알선하기", exact=True).click()
    town.wait_until(*pair, "proposed")
    page.goto("/desk/referrals?view=all")
    page.get_by_role("link", name="정보 제공에 동의함").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text(f"{NAMES[9]} → {FIRM}")
    looks_well(page, "consent")
    page.get_by_role("button", name="읽어 드렸고, 동의하셨습니다").click()
    expect(page.get_by_role("status")).to_contain_text("답을 전했습니다")
    town.wait_until(*pair, "referred")
    with reading(town.registry) as session:
        noted = session.exec(select(Consent).where(Consent.seeker_id == pair[0], Consent.purpose == "provision")).one()
    assert (noted.recipient, noted.text) == (FIRM, present_texts()["provision"].version)


def test_a_file_holds_the_names_and_registry_records_each_with_the_reason(
    open_page: Callable[..., Page], town: Town, looks_well: Callable[[Page, str], None]
) -> None:
    page = open_page(SMALLEST)
    come_in(page, "/desk", "hongdae")
    page.get_by_text("이 목록을 파일로 받기").click()
    page.get_by_label("사유").fill("주간 회의 자료")
    looks_well(page, "take-along")
    with page.expect_download() as taken:
        page.get_by_role("button", name="CSV").click()
    head, *rows = csv.reader(taken.value.path().read_text("utf-8-sig").splitlines())
    assert head[:2] == ["구직자", "점수"]
    assert NAMES[0] in [row[0] for row in rows]
    with reading(town.registry) as session:
        looks = session.exec(select(AuditRow).where(AuditRow.action == "export")).all()
    assert {look.purpose for look in looks} == {"desk export calls: 주간 회의 자료"}
    assert len(looks) == len(rows)
