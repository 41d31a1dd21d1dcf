"""A worker, a firm and an agency, each in a browser of their own: from a yes on a phone to a hire all three see."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import Engine
from sqlmodel import Session, select

from services.notify import match_lists, reviews
from services.notify.referrals import today
from services.notify.reviews import Verdict
from services.notify.tables import KeptPosting, SeekerCard
from services.registry.intake.door import Arrival, receive
from services.registry.orders.agencies import add_agency
from services.registry.people.accounts import add_account, login_of
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from shared.database import reading, transaction
from shared.web.sign_in import SignedIn
from tests.journey import town as towns
from tests.journey.city import wait_for
from tests.journey.town import HEARD_SECONDS, PASSWORD, come_in, open_town
from tests.journey.windows import LooksWell, Opened, windows
from tests.unit.notify.conftest import hear_all
from tests.unit.notify.examples import a_list, a_pair
from tests.unit.registry.conftest import a_document

pytestmark = [pytest.mark.browser, pytest.mark.journey]

NAME, PHONE = "홍길순", "010-2345-6789"
FIRM = "연남커피"
SMALLEST, WIDE = 360, 1280
COUNSELOR = SignedIn(role="counselor", account_id=UUID(int=7), label="홍대 상담사")


@dataclass
class Town(towns.Town):
    """With one seeker, and two postings on her list."""

    seeker_id: UUID
    postings: list[UUID]

    def counselor_proposes(self, posting_id: UUID) -> None:
        with transaction(self.notify) as session:
            found = match_lists.find_pair(session, session.get_one(SeekerCard, self.seeker_id), posting_id)
            assert found
            reviews.decide(session, COUNSELOR, found, Verdict("accepted"))
        self.stands(posting_id, "proposed")

    def stands(self, posting_id: UUID, state: str) -> None:
        self.wait_until(self.seeker_id, posting_id, state)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    seeker_ids: list[UUID] = []

    def fill(session: Session, vault: Vault) -> None:
        seeker_ids.append(fill_registry(session, vault))

    with open_town(tmp_path_factory.mktemp("t"), fill) as opened:
        postings = fill_lists(opened.notify, seeker_ids[0])
        yield Town(**vars(opened), seeker_id=seeker_ids[0], postings=postings)


def fill_registry(session: Session, vault: Vault) -> UUID:
    agency, _ = add_agency(session, "새빛 직업소개소", "무료")
    add_account(
        session,
        login="clerk",
        display_name="접수 담당",
        role="agency",
        password=PASSWORD,
        agency_id=agency.agency_id,
    )
    sent = [a_document(source_ref=f"K-{n}", employer=FIRM, title=title) for n, title in enumerate(TITLES)]
    receive(session, [Arrival("here", document, "http") for document in sent], agency, vault)
    told = {"name": NAME, "phone": PHONE, "skills": ["에스프레소"], "consents": ["matching"]}
    seeker_id = register(session, [SeekerRow("form", told)], None, vault, through="herself")[0].seeker_id
    assert seeker_id
    login = login_of(vault, PHONE)
    add_account(session, login=login, display_name="구직자", role="seeker", password=PASSWORD, seeker_id=seeker_id)
    return seeker_id


TITLES = ("주말 바리스타", "제빵 보조" + "아주긴채용공고제목" * 12)


def fill_lists(store: Engine, seeker_id: UUID) -> list[UUID]:
    """What matching would have said, once notify has heard of both sides."""

    def heard() -> list[UUID]:
        with reading(store) as session:
            kept = session.exec(select(KeptPosting.posting_id).order_by(KeptPosting.source_ref)).all()
            return list(kept) if len(kept) == len(TITLES) and session.get(SeekerCard, seeker_id) else []

    postings: list[UUID] = wait_for(heard, HEARD_SECONDS, "what registry said")
    pairs = [
        a_pair(0, number, 9_000 - 2_000 * number, seeker_id=seeker_id, posting_id=posting_id)
        for number, posting_id in enumerate(postings)
    ]
    hear_all(store, (a_list("seeker", 0, pairs, scope_id=seeker_id),))
    for pair in pairs:
        hear_all(store, (a_list("posting", 0, [pair], scope_id=pair.posting_id),))
    return postings


@pytest.fixture
def open_page(browser: Browser, town: Town) -> Iterator[Opened]:
    with windows(browser, town.url, allowed="status of 4") as opened:
        yield opened


def test_from_a_yes_on_a_phone_to_a_hire_that_all_three_see(  # noqa: PLR0915 - one story, told to its end
    open_page: Opened, town: Town, looks_well: LooksWell
) -> None:
    posting, tomorrow = town.postings[0], (today() + timedelta(days=1)).isoformat()
    worker, firm = open_page(SMALLEST), open_page(SMALLEST)
    come_in(worker, "/sign-in", PHONE)
    expect(worker.get_by_role("heading", level=1)).to_have_text("내 일자리")
    expect(worker.get_by_role("heading", level=3).first).to_have_text(TITLES[0])
    looks_well(worker, "worker-found")

    firm.goto(town.link(posting))
    expect(firm.get_by_text("아직 알선된 분이 없습니다")).to_be_visible()
    looks_well(firm, "firm-empty")

    town.counselor_proposes(posting)
    worker.reload()
    expect(worker.get_by_role("heading", level=2).first).to_have_text("답을 기다리는 일자리 1건")
    worker.get_by_role("link", name=TITLES[0]).click()
    expect(worker.get_by_text("운전면허", exact=False).first).to_be_visible()
    looks_well(worker, "worker-proposed")
    firm.reload()
    expect(firm.get_by_role("heading", level=2)).to_contain_text("후보")
    expect(firm.get_by_role("button", name="채용", exact=True)).to_have_count(0)

    worker.get_by_role("button", name="관심 있어요").click()
    expect(worker.get_by_text("기록하는 중")).to_be_visible()
    town.stands(posting, "agreed")
    worker.reload()
    expect(worker.get_by_role("heading", name=f"{FIRM}에 내 정보를 주어도 될까요?")).to_be_visible()
    expect(worker.get_by_text("동의하지 않으셔도 됩니다", exact=False)).to_be_visible()
    looks_well(worker, "worker-consent")
    firm.reload()
    expect(firm.get_by_text(NAME)).to_have_count(0)
    worker.get_by_role("button", name="동의하고 알선 받기").click()
    expect(worker.get_by_role("status")).to_contain_text("답을 전했습니다")
    town.stands(posting, "referred")

    firm.reload()
    expect(firm.get_by_role("heading", level=2)).to_have_text(NAME)
    expect(firm.get_by_role("link", name=PHONE)).to_be_visible()
    looks_well(firm, "firm-named")
    firm.get_by_role("button", name="면접일 알리기").click()
    expect(firm.get_by_role("alert")).to_have_text("날짜를 골라 주세요.")
    looks_well(firm, "firm-wrong")
    firm.get_by_label("면접일 또는 첫 출근일").fill(tomorrow)
    firm.get_by_role("button", name="면접일 알리기").click()
    expect(firm.get_by_role("status")).to_contain_text("고맙습니다")
    town.stands(posting, "interview")
    firm.reload()
    firm.get_by_label("면접일 또는 첫 출근일").fill(tomorrow)
    firm.get_by_role("button", name="채용", exact=True).click()
    expect(firm.get_by_role("status")).to_contain_text("고맙습니다")
    town.stands(posting, "hired")

    worker.goto("/mine")
    expect(worker.get_by_text("채용되었습니다")).to_be_visible()
    looks_well(worker, "worker-hired")
    agency = open_page(WIDE)
    come_in(agency, "/agency-results", "clerk")
    expect(agency.get_by_text("제안 1명 · 알선 1명 · 채용 1명")).to_be_visible()
    looks_well(agency, "agency-results")
    agency.get_by_role("link", name=TITLES[0]).click()
    expect(agency.get_by_text(NAME)).to_have_count(0)
    expect(agency.get_by_role("heading", level=3)).to_contain_text("후보")
    looks_well(agency, "agency-result")


def test_not_for_me_without_scripts_and_a_link_that_was_changed(
    open_page: Opened, town: Town, looks_well: LooksWell
) -> None:
    worker = open_page(SMALLEST, java_script_enabled=False)
    come_in(worker, f"/mine/{town.postings[1]}", PHONE)
    if worker.get_by_text("나와 안 맞아요").is_visible():  # she may work elsewhere by now
        worker.get_by_text("나와 안 맞아요").click()
        worker.get_by_label("이유").select_option(label="너무 멂")
        worker.get_by_role("button", name="이유 보내기").click()
        expect(worker.get_by_role("status")).to_contain_text("답을 전했습니다")
    stranger, link = open_page(SMALLEST), town.link(town.postings[1])
    for path in (link[:-3] + "abc", "/firm/guess", f"/firm/{town.postings[1]}"):
        answer = stranger.goto(path)
        assert answer
        assert answer.status == 404
        expect(stranger.get_by_role("heading", level=1)).to_have_text("찾으시는 것이 없습니다.")
    looks_well(stranger, "firm-nothing")
    assert stranger.goto(link)
    expect(stranger.get_by_text(TITLES[0])).to_have_count(0)
