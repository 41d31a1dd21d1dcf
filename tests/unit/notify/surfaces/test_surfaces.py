"""The pages of worker, firm and agency as a browser meets them, while Redis and registry are away."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session, select

from services.notify.pseudonyms import candidate_id
from services.notify.referrals import today
from services.notify.settings import NotifySettings
from services.notify.surfaces import worker_pages
from services.notify.tables import PairAnswer, SeekerCard
from shared.contracts import ReferralAnswered
from shared.outbox import OutboxLine
from shared.web import firm_links
from shared.web.sign_in import FORM_FIELD, SESSION_COOKIE, SignedIn
from shared.wire import decode
from tests.unit.notify.conftest import COUNSELOR, Hear, seat
from tests.unit.notify.examples import (
    a_list,
    a_pair,
    a_posting,
    a_posting_withdrawn,
    a_referral,
    a_seeker,
    a_seeker_withdrawn,
    id_of,
)

SHE, OTHER = id_of("seeker", 0), id_of("seeker", 1)
FIRST, SECOND = id_of("posting", 0), id_of("posting", 1)
WORKER = SignedIn(role="seeker", account_id=uuid4(), seeker_id=SHE, label="구직자")
CLERK = SignedIn(role="agency", account_id=uuid4(), agency_id=UUID(int=900), label="접수 담당")


@pytest.fixture
def a_city(hear: Hear) -> None:
    hear(a_posting(0), a_posting(1), a_seeker(0), a_seeker(1))
    hear(a_list("seeker", 0, [a_pair(0, 0, 9_000), a_pair(0, 1, 7_000)]), a_list("seeker", 1, [a_pair(1, 1, 8_000)]))
    hear(a_list("posting", 0, [a_pair(0, 0, 9_000)]), a_list("posting", 1, [a_pair(0, 1, 7_000), a_pair(1, 1, 8_000)]))


@pytest.fixture
def worker(desk: TestClient, settings: NotifySettings) -> TestClient:
    seat(desk, settings, WORKER)
    return desk


@dataclass
class Firm:
    """A browser without any account, and the link it was given."""

    browser: TestClient
    link: str

    def page(self) -> Any:
        return self.browser.get(self.link)


@pytest.fixture
def firm(desk: TestClient, settings: NotifySettings, hear: Hear) -> Firm:
    """At the link of the first posting."""
    hear(a_posting(0))
    desk.cookies.delete(SESSION_COOKIE)
    return Firm(desk, firm_links.path(settings.session_key, FIRST))


def send(browser: TestClient, path: str, **form: str) -> Any:
    """Send a form, with what the page above it gave to bring back."""
    page = browser.get(path.partition("/candidates/")[0] if "/candidates/" in path else path.rpartition("/")[0])
    return browser.post(path, data={FORM_FIELD: token_on(page.text), **form})


def token_on(page: str) -> str:
    return (re.findall(rf'name="{FORM_FIELD}" value="([^"]+)"', page) or [""])[-1]


def alike(first: Any, second: Any) -> bool:
    """Two answers that differ in the address that was asked for and in nothing else."""
    pages = [re.sub(r'href="[^"]*lang=en"', "", answer.text) for answer in (first, second)]
    return first.status_code == second.status_code == 404 and pages[0] == pages[1]


def answers(engine: Engine) -> list[ReferralAnswered]:
    with Session(engine) as session:
        lines = session.exec(select(OutboxLine).where(OutboxLine.stream == ReferralAnswered.stream)).all()
        return [_decoded(line.fields) for line in lines]


def _decoded(fields: str) -> ReferralAnswered:
    return decode(ReferralAnswered, {k.encode(): v.encode() for k, v in json.loads(fields).items()})


@pytest.mark.usefixtures("a_city")
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_worker_reads_why_each_job_fits_what_is_unknown_and_what_would_help(
    worker: TestClient, language: str
) -> None:
    page = worker.get("/mine", params={"lang": language}).text
    assert page.index(f"/mine/{FIRST}") < page.index(f"/mine/{SECOND}")
    job = worker.get(f"/mine/{FIRST}").text
    assert "에스프레소" in job
    assert ("아직 알 수 없어" if language == "ko" else "not known yet") in job
    assert "/me#rights" in page
    assert "/me#consents" in page


@pytest.mark.usefixtures("a_city")
def test_who_is_not_matched_is_not_told_to_widen_her_wishes(worker: TestClient, engine: Engine) -> None:
    with Session(engine) as session:
        card = session.get_one(SeekerCard, SHE)
        card.live = False
        session.commit()
    page = worker.get("/mine").text
    assert "지금은 자동 매칭을 하지 않습니다" in page
    assert "희망 조건을 넓히" not in page
    assert "매칭 그만 받기" not in page


@pytest.mark.usefixtures("a_city")
def test_yes_leads_to_the_consent_and_tells_nobody_who_she_is(worker: TestClient, engine: Engine) -> None:
    answer = send(worker, f"/mine/{FIRST}/word", answer="agreed")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/mine/{FIRST}")
    said = answers(engine)
    assert [(one.seeker_id, one.posting_id, one.answered_by, one.answer) for one in said] == [
        (SHE, FIRST, "seeker", "agreed")
    ]
    page = worker.get(f"/mine/{FIRST}").text
    assert "기록하는 중" in page
    assert "지금은 동의 안내문을 보여 드릴 수 없습니다" in page  # registry is away
    refused = send(worker, f"/mine/{FIRST}/consent", text="2026-11")
    assert (refused.status_code, len(answers(engine))) == (409, 1)
    assert "아직 동의되지 않았습니다" in refused.text


@pytest.mark.usefixtures("a_city")
def test_no_needs_a_reason_and_is_said_once(worker: TestClient, engine: Engine) -> None:
    without = send(worker, f"/mine/{FIRST}/word", answer="declined")
    assert without.status_code == 422
    assert "이유를 골라 주세요" in without.text
    assert send(worker, f"/mine/{FIRST}/word", answer="declined", reason="wage").status_code == 303
    again = send(worker, f"/mine/{FIRST}/word", answer="declined", reason="wage")
    assert again.status_code == 303  # pressed twice on a slow line
    assert send(worker, f"/mine/{FIRST}/word", answer="declined", reason="hours").status_code == 409
    assert [(one.answer, one.reason) for one in answers(engine)] == [("declined", "wage")]


@pytest.mark.usefixtures("a_city")
def test_she_tells_that_the_work_is_not_as_it_was_posted(worker: TestClient, engine: Engine, hear: Hear) -> None:
    hear(a_referral(0, 0, 1, "interview"))
    assert "공고와 조건이 달라요" in worker.get(f"/mine/{FIRST}").text
    assert send(worker, f"/mine/{FIRST}/word", answer="declined", reason="conditions_differ").status_code == 303
    assert answers(engine)[0].reason == "conditions_differ"


@pytest.mark.usefixtures("a_city")
def test_she_tells_that_she_still_works_there(worker: TestClient, engine: Engine, hear: Hear) -> None:
    hear(a_referral(0, 0, 1, "hired"))
    assert "계속 일하고 있습니다" in worker.get(f"/mine/{FIRST}").text
    assert send(worker, f"/mine/{FIRST}/word", answer="still_employed").status_code == 303
    assert [(told.answered_by, told.answer) for told in answers(engine)] == [("seeker", "still_employed")]


@pytest.mark.usefixtures("a_city")
@pytest.mark.parametrize("answer", ["hired", "interview_set", "still_employed", "consented"])
def test_she_cannot_answer_for_the_firm_nor_consent_without_the_text(
    worker: TestClient, engine: Engine, hear: Hear, answer: str
) -> None:
    hear(a_referral(0, 0, 1, "referred"))
    assert send(worker, f"/mine/{FIRST}/word", answer=answer).status_code in (409, 422)
    assert answers(engine) == []


@pytest.mark.usefixtures("a_city")
def test_a_seeker_sees_nothing_of_another_s(worker: TestClient, engine: Engine, hear: Hear) -> None:
    hear(a_posting(2), a_list("seeker", 1, [a_pair(1, 2)], revision=2), a_referral(1, 2, 1, "proposed"))
    foreign, unknown = worker.get(f"/mine/{id_of('posting', 2)}"), worker.get(f"/mine/{uuid4()}")
    assert alike(foreign, unknown)
    assert send(worker, f"/mine/{id_of('posting', 2)}/word", answer="agreed").status_code in (403, 404)
    assert str(OTHER) not in worker.get("/mine").text
    assert answers(engine) == []


@pytest.mark.usefixtures("a_city")
def test_a_closed_posting_keeps_its_name_and_says_that_it_is_closed(worker: TestClient, hear: Hear) -> None:
    hear(a_referral(0, 0, 1, "referred"), a_posting_withdrawn(0))
    page = worker.get(f"/mine/{FIRST}").text
    assert "주말 바리스타" in page
    assert "이 공고는 마감되었습니다" in page


def test_a_session_from_before_begins_anew(desk: TestClient, settings: NotifySettings) -> None:
    seat(desk, settings, SignedIn(role="seeker", account_id=uuid4(), label="구직자"))
    assert desk.get("/mine").headers["location"] == "/sign-in?next=/mine"
    assert worker_pages.OFFERED


def test_a_firm_without_anyone_is_told_so(firm: Firm) -> None:
    page = firm.page()
    assert page.status_code == 200
    assert 'class="empty"' in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("a_city")
def test_a_firm_sees_candidates_without_names_and_answers(
    firm: Firm, settings: NotifySettings, engine: Engine, hear: Hear
) -> None:
    hear(a_referral(0, 0, 1, "referred", names_shown=True), a_referral(1, 0, 1, "agreed"))
    one = candidate_id(settings.session_key, SHE, FIRST)
    page = firm.page().text
    assert f"후보 {one.hex[:4].upper()}" in page
    assert "에스프레소와 라테아트를 갖추었지만" in page
    assert "희망" not in page  # her wishes are her own affair
    assert page.count("<h2>") == 1  # whom no counselor has confirmed is nobody's business yet
    assert str(SHE) not in page
    assert str(OTHER) not in page
    assert "이름을 지금 불러올 수 없어" in page
    path = f"{firm.link}/candidates/{one}"
    without = send(firm.browser, path, answer="interview_set")
    assert (without.status_code, "날짜를 골라 주세요" in without.text) == (422, True)
    assert send(firm.browser, path, answer="not_hired").status_code == 422
    assert send(firm.browser, path, answer="hired", on_day="1999-01-01").status_code == 422
    hired = send(firm.browser, path, answer="hired", on_day=_tomorrow())
    assert hired.status_code == 303
    assert send(firm.browser, path, answer="hired", on_day=_tomorrow()).status_code == 303  # pressed twice
    assert [(a.answered_by, a.answer, a.account_id) for a in answers(engine)] == [("firm", "hired", None)]
    again = send(firm.browser, path, answer="no_show", reason="other")
    assert (again.status_code, "지금 단계에서는" in again.text) == (409, True)


def _tomorrow() -> str:
    return (today() + timedelta(days=1)).isoformat()


@pytest.mark.usefixtures("a_city")
def test_a_firm_answers_for_its_own_posting_alone(
    firm: Firm, settings: NotifySettings, engine: Engine, hear: Hear
) -> None:
    hear(a_referral(1, 1, 1, "referred"), a_referral(0, 0, 1, "referred"))
    foreign = candidate_id(settings.session_key, OTHER, SECOND)
    answer = send(firm.browser, f"{firm.link}/candidates/{foreign}", answer="hired", on_day=_tomorrow())
    assert answer.status_code == 404
    assert answers(engine) == []
    assert "전산회계" not in firm.page().text


@pytest.mark.usefixtures("a_city")
def test_a_firm_cannot_answer_before_the_referral(firm: Firm, settings: NotifySettings, hear: Hear) -> None:
    hear(a_referral(0, 0, 1, "proposed", confirmed=True), a_referral(1, 0, 1, "referred"))
    path = f"{firm.link}/candidates/{candidate_id(settings.session_key, SHE, FIRST)}"
    assert send(firm.browser, path, answer="hired", on_day=_tomorrow()).status_code == 409


def test_who_knocks_too_often_waits(firm: Firm) -> None:
    statuses = [firm.browser.get("/firm/guess").status_code for _ in range(61)]
    assert statuses == [404] * 60 + [429]
    assert int(firm.browser.get("/firm/guess").headers["retry-after"]) > 0


def test_a_counselor_hands_over_the_link_and_ends_all_that_were_handed_over(
    desk: TestClient, settings: NotifySettings, hear: Hear
) -> None:
    hear(a_posting(0))
    seat(desk, settings, COUNSELOR)
    path = f"/desk/postings/{FIRST}/firm-link"
    page = desk.get(path).text
    link = re.findall(r"/firm/[^<\"]+", page)[0]
    assert desk.get(link).status_code == 200
    assert desk.post(f"{path}/end", data={FORM_FIELD: token_on(page)}).status_code == 303
    assert alike(desk.get(link), desk.get("/firm/guess"))
    assert COUNSELOR.label in desk.get(path).text


@pytest.mark.usefixtures("a_city")
def test_an_agency_sees_what_its_postings_brought_and_no_other_s(
    desk: TestClient, settings: NotifySettings, hear: Hear
) -> None:
    seat(desk, settings, CLERK)
    hear(a_referral(0, 0, 1, "hired"), a_referral(1, 0, 1, "interview"), a_posting_withdrawn(0))
    page = desk.get("/agency-results").text
    assert "제안 2명 · 알선 2명 · 채용 1명" in page
    assert "마감" in page
    assert str(SECOND) not in page
    one = desk.get(f"/agency-results/{FIRST}").text
    assert str(SHE) not in one
    assert "면접 예정" in one
    foreign, unknown = desk.get(f"/agency-results/{SECOND}"), desk.get(f"/agency-results/{uuid4()}")
    assert alike(foreign, unknown)


@pytest.mark.usefixtures("a_city")
def test_nothing_that_was_answered_stays_of_someone_erased(worker: TestClient, engine: Engine, hear: Hear) -> None:
    send(worker, f"/mine/{FIRST}/word", answer="declined", reason="wage")
    hear(a_seeker_withdrawn(0))
    with Session(engine) as session:
        assert session.exec(select(PairAnswer)).all() == []
