"""A counselor's day, from the first pair to the morning after, while registry and notify hear each other."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import insert
from sqlmodel import Session, select

from services.notify.match_lists import wake_postponed
from services.notify.referrals import today
from services.notify.tables import KeptPosting, MatchList, Message, SeekerCard, pack
from services.notify.telling import open_daily
from services.registry.cafes.places import add_cafe
from services.registry.intake.door import Arrival, receive
from services.registry.orders.agencies import add_agency
from services.registry.people.accounts import add_account
from services.registry.people.consents import present_texts
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.tables import AuditRow, Consent
from shared.clock import KST
from shared.database import reading, transaction
from tests.journey import town as towns
from tests.journey.city import wait_for
from tests.journey.town import HEARD_SECONDS, PASSWORD, come_in, open_town
from tests.journey.windows import LooksWell, Opened, windows
from tests.unit.notify.conftest import hear_all
from tests.unit.notify.examples import MONDAY, a_list, a_pair, a_posting
from tests.unit.registry.conftest import a_document

pytestmark = [pytest.mark.browser, pytest.mark.journey]

SMALLEST, WIDE = 360, 1280
NAMES = ("김하늘", "이바다", "박노을", "최새벽", "정이슬", "강나루", "조가람", "윤마루", "장한별", "임보라", "한아람")
LAST = len(NAMES) - 1
FIRM = "연남커피"
TEN_THOUSAND = 10_000
LAST_PAGE = 500


@dataclass
class Town(towns.Town):
    """Eleven seekers of one café, in the order of their best pairs, each with one posting."""

    cafe_id: UUID
    seekers: list[UUID]
    postings: list[UUID]

    def stand(self, state: str, *numbers: int) -> None:
        for number in numbers:
            self.wait_until(self.seekers[number], self.postings[number], state)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    seekers: list[UUID] = []
    cafes: list[UUID] = []

    def fill(session: Session, vault: Vault) -> None:
        cafe_id, ids = fill_registry(session, vault)
        cafes.append(cafe_id)
        seekers.extend(ids)

    with open_town(tmp_path_factory.mktemp("t"), fill) as opened:
        yield Town(**vars(opened), cafe_id=cafes[0], seekers=seekers, postings=fill_lists(opened, seekers))


def fill_registry(session: Session, vault: Vault) -> tuple[UUID, list[UUID]]:
    cafe = add_cafe(session, "홍대 일자리카페", "서울 마포구")
    who = {"login": "hongdae", "display_name": "홍대 상담사", "password": PASSWORD, "cafe_ids": [cafe.cafe_id]}
    add_account(session, role="counselor", shown=True, **who)  # type: ignore[arg-type]
    add_account(session, login="ops", display_name="운영자", role="operator", password=PASSWORD)
    agency, _ = add_agency(session, "새빛 직업소개소", "무료")
    sent = [a_document(source_ref=f"K-{n}", employer=FIRM, title=f"주말 바리스타 {n}") for n in range(len(NAMES))]
    receive(session, [Arrival("here", document, "http") for document in sent], agency, vault)
    rows = [SeekerRow(f"row {name}", {"name": name, "skills": ["에스프레소", "엑셀"]}) for name in NAMES]
    receipts = register(session, rows, "invented", vault, cafe.cafe_id)
    return cafe.cafe_id, [receipt.seeker_id for receipt in receipts if receipt.seeker_id]


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


@pytest.fixture
def open_page(browser: Browser, town: Town) -> Iterator[Opened]:
    with windows(browser, town.url) as opened:
        yield opened


def first(page: Page) -> Locator:
    """The pair on top of the list."""
    return page.locator("[data-pair]").first


def decide(page: Page, told: str) -> None:
    expect(page.get_by_role("status").filter(has_text=told)).to_be_visible()


def test_a_file_holds_the_names_and_registry_records_each_with_the_reason(
    open_page: Opened, town: Town, looks_well: LooksWell
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


def test_ten_pairs_three_referrals_and_what_the_next_morning_shows(
    open_page: Opened, town: Town, looks_well: LooksWell
) -> None:
    with transaction(town.notify) as session:  # what notify does every minute
        open_daily(session)
    page = open_page(WIDE)
    come_in(page, "/desk", "hongdae")
    expect(page.locator("[data-pair]")).to_have_count(len(NAMES))
    for number in range(4):
        expect(first(page)).to_contain_text(NAMES[number])
        first(page).get_by_role("button", name="알선하기").click()
        decide(page, "알선했습니다")
    page.get_by_role("button", name="되돌리기").click()
    decide(page, "되돌렸습니다")
    expect(first(page)).to_contain_text(NAMES[3])
    for number in (3, 4):
        expect(first(page)).to_contain_text(NAMES[number])
        first(page).get_by_text("제외…").click()
        first(page).get_by_label("제외하는 이유").select_option(label="너무 멂")
        first(page).get_by_role("button", name="제외하기").click()
        decide(page, "제외했습니다")
    tomorrow = today() + timedelta(days=1)
    for number, until in ((5, tomorrow), (6, tomorrow + timedelta(days=1))):
        expect(first(page)).to_contain_text(NAMES[number])
        first(page).get_by_text("미루기…").click()
        first(page).get_by_label("다시 볼 날").fill(until.isoformat())
        first(page).get_by_role("button", name="미루기", exact=True).click()
        decide(page, "미뤘습니다")
    for number in (7, 8, 9):
        page.locator("[data-pair]").filter(has_text=NAMES[number]).get_by_label("고르기").check()
    page.get_by_role("button", name="고른 짝 한꺼번에 알선").click()
    decide(page, "알선했습니다")
    expect(page.locator("[data-pair]")).to_have_count(1)
    looks_well(page, "decided")

    town.stand("proposed", 0, 1, 2, 7, 8, 9)
    for number in (0, 1, 2):
        page.goto("/desk/referrals?view=all")
        row = page.locator("[data-pair]").filter(has_text=NAMES[number])
        row.get_by_role("button", name="구직자가 동의함").click()
        decide(page, "답을 전했습니다")
        town.stand("agreed", number)
        page.goto("/desk/referrals?view=all")
        row.get_by_role("link", name="정보 제공에 동의함").click()
        page.get_by_role("button", name="읽어 드렸고, 동의하셨습니다").click()
        decide(page, "답을 전했습니다")
        town.stand("referred", number)

    firm = open_page(SMALLEST)
    for number, answer, state in ((0, "채용", "hired"), (1, "면접일 알리기", "interview")):
        firm.goto(town.link(town.postings[number]))
        expect(firm.get_by_role("heading", level=2)).to_have_text(NAMES[number])
        firm.get_by_label("면접일 또는 첫 출근일").fill(tomorrow.isoformat())
        firm.get_by_role("button", name=answer, exact=True).click()
        expect(firm.get_by_role("status")).to_contain_text("고맙습니다")
        town.stand(state, number)

    firm.close()
    page.close()
    with town.at(datetime.combine(tomorrow, time(8, 5), KST)):
        the_next_morning(open_page(WIDE), town, looks_well)


def the_next_morning(page: Page, town: Town, looks_well: LooksWell) -> None:
    """What became of them, who has come back, whom the day begins with."""
    with transaction(town.notify) as session:  # what notify does in the first minute of its day
        wake_postponed(session)
    come_in(page, "/desk", "hongdae")
    expect(page.locator("[data-pair]").filter(has_text=NAMES[5])).to_be_visible()
    expect(page.locator("[data-pair]").filter(has_text=NAMES[6])).to_have_count(0)
    page.goto("/desk/changes")
    for name, state in ((NAMES[0], "채용"), (NAMES[1], "면접 예정"), (NAMES[2], "알선함")):
        expect(page.locator(".card").filter(has_text=name).first).to_contain_text(state)
        expect(page.locator(".card").filter(has_text=name).first).to_contain_text("주말 바리스타")
    looks_well(page, "next-morning")
    page.goto("/desk/referrals")
    expect(page.locator("[data-pair]")).to_have_count(1)
    expect(page.locator("[data-pair]")).to_contain_text(NAMES[1])
    page.goto("/desk/referrals?view=all")
    expect(page.locator("[data-pair]")).to_have_count(6)
    wait_for(lambda: told_of_today(town), HEARD_SECONDS, "the day's digest")
    page.goto("/inbox")
    expect(page.get_by_text("오늘 전화할 만한 구직자").first).to_be_visible()
    expect(page.get_by_text("채용되었습니다").first).to_be_visible()


def told_of_today(town: Town) -> bool:
    with reading(town.notify) as session:
        return session.exec(select(Message).where(Message.code == "desk.today")).first() is not None


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_of_the_desk_fits_a_small_phone_and_is_accessible(
    open_page: Opened, town: Town, looks_well: LooksWell, language: str
) -> None:
    page = open_page(SMALLEST)
    come_in(page, "/desk", "hongdae")
    posting = f"/desk/postings/{town.postings[2]}"
    lists = ("/desk", "/desk/referrals?view=all", "/desk/changes", "/desk/seekers", "/desk/postings")
    for path in (*lists, f"/desk/seekers/{town.seekers[2]}", posting, f"{posting}/firm-link", "/inbox", "/preferences"):
        page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        looks_well(page, f"{language}{path.partition('?')[0].replace('/', '-')}"[:60])
    operator = open_page(SMALLEST)
    come_in(operator, "/deliveries", "ops")
    operator.goto(f"/deliveries?lang={language}")
    looks_well(operator, f"{language}-deliveries")


def test_the_text_is_read_aloud_and_the_consent_is_kept_with_its_version(
    open_page: Opened, town: Town, looks_well: LooksWell
) -> None:
    pair = town.seekers[LAST], town.postings[LAST]
    page = open_page(SMALLEST)
    come_in(page, "/desk", "hongdae")
    page.goto(f"/desk/seekers/{pair[0]}")
    page.get_by_role("button", name="알선하기", exact=True).click()
    decide(page, "알선했습니다")
    town.wait_until(*pair, "proposed")
    page.goto("/desk/referrals?view=all")
    page.locator("[data-pair]").filter(has_text=NAMES[LAST]).get_by_role("link", name="정보 제공에 동의함").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text(f"{NAMES[LAST]} → {FIRM}")
    looks_well(page, "consent")
    page.get_by_role("button", name="읽어 드렸고, 동의하셨습니다").click()
    expect(page.get_by_role("status", name="방금 한 일")).to_contain_text("답을 전했습니다")
    town.wait_until(*pair, "referred")
    with reading(town.registry) as session:
        noted = session.exec(select(Consent).where(Consent.seeker_id == pair[0], Consent.purpose == "provision")).one()
    assert (noted.recipient, noted.text) == (FIRM, present_texts()["provision"].version)


def fill_with_thousands(town: Town) -> None:
    """Straight into the store: what hearing ten thousand people comes to."""
    hear_all(town.notify, (a_posting(0),))
    seen = {"revision": 1, "live": True, "cafe_id": town.cafe_id, "applied_at": MONDAY, "confirmed_at": MONDAY}
    seen |= {"skills": [], "certificates": [], "wishes": {}}
    said = {"scope": "seeker", "shard": "0/1", "revision": 1, "epoch": 1, "said_at": MONDAY}
    pairs = [a_pair(number, 0, 8_000 - number // 2) for number in range(TEN_THOUSAND)]
    best = [{"seeker_id": p.seeker_id, "best_score": p.score, "best_posting_id": p.posting_id} for p in pairs]
    with transaction(town.notify) as session:
        session.execute(insert(SeekerCard), [seen | one for one in best])
        session.execute(insert(MatchList), [said | {"scope_id": p.seeker_id, "packed": pack((p,))} for p in pairs])


def test_ten_thousand_matches_are_paged_to_the_last(open_page: Opened, town: Town, looks_well: LooksWell) -> None:
    """Last of all: they stay on the list."""
    fill_with_thousands(town)
    page = open_page(SMALLEST)
    come_in(page, "/desk", "hongdae")
    expect(page.get_by_text("1,000명 이상")).to_be_visible()
    page.get_by_role("link", name="다음 →").click()
    expect(page.get_by_text("2쪽")).to_be_visible()
    looks_well(page, "page-2")
    page.goto(f"/desk?page={LAST_PAGE}")
    expect(page.locator("[data-pair]")).to_have_count(20)
    looks_well(page, "page-500")
