"""Can a seeker do everything by herself: apply, sign in, see, correct, agree, revoke, take, and be erased?"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.app import create_app
from services.registry.cafes.places import add_cafe
from services.registry.intake.documents import check_seeker, seeker_facts
from services.registry.pages.applying import as_filled_in
from services.registry.people.accounts import add_account
from services.registry.people.vault import Person, Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Account, AuditRow, KeptByLaw, Seeker, VaultKey
from shared.clock import KST, stopped_at
from shared.database import reading, transaction

PASSWORD = "long enough to keep"
Browse = Callable[[], TestClient]


@pytest.fixture
def browse(engine: Engine, settings: RegistrySettings) -> Browse:
    """A browser of its own each time."""
    app = create_app(settings)
    return lambda: TestClient(app, headers={"accept": "text/html"}, raise_server_exceptions=False)


def send(browser: TestClient, page: str, to: str, **fields: Any) -> Any:
    """Fill in a form of this page and send it."""
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', browser.get(page).text)
    assert token, page
    return browser.post(to, data={"form_token": token[1], **fields})


def apply(browser: TestClient, **but: Any) -> Any:
    told = {
        "name": "홍길동", "phone": "010-2222-3333", "home": "서울 마포구 망원로 12", "skills": "제빵, 제과",
        "summary": "저 홍길동은 빵을 구웠습니다. 연락 010-2222-3333", "districts": "서울 마포구", "password": PASSWORD,
        "agree": ["matching", "messages"],
    }  # fmt: skip
    return send(browser, "/me/register", "/me/register", **(told | but))


def the_seeker(engine: Engine) -> Seeker:
    with reading(engine) as session:
        return session.exec(select(Seeker)).one()


def test_she_applies_and_sees_what_is_held_and_what_was_taken_out(browse: Browse, engine: Engine) -> None:
    shown = apply(browse())
    assert (shown.status_code, shown.url.path) == (200, "/me")
    for told in ("홍길동", "010-2222-3333", "망원로 12", "제빵, 제과", "전화번호", "저 [비공개]은 빵을 구웠습니다"):
        assert told in shown.text
    assert the_seeker(engine).state == "active"
    with reading(engine) as session:
        account = session.exec(select(Account)).one()
        assert (account.role, account.display_name) == ("seeker", "구직자")
        assert "2222" not in account.login


def test_of_whom_nothing_is_held_her_page_says_so(browse: Browse, engine: Engine) -> None:
    browser = browse()
    apply(browser)
    with transaction(engine) as session:
        session.exec(select(Seeker)).one().facts = {}
    shown = browser.get("/me")
    assert (shown.status_code, "제빵" in shown.text) == (200, False)
    assert browser.get("/me/correct").status_code == 200


def test_who_chooses_no_cafe_is_looked_after_by_the_nearest(browse: Browse, engine: Engine) -> None:
    with transaction(engine) as session:
        add_cafe(session, "강남 카페", "서울 강남구")
        near = add_cafe(session, "서대문 카페", "서울 서대문구").cafe_id
        add_cafe(session, "끝난 카페", "서울 마포구", state="ended")
    apply(browse())
    assert the_seeker(engine).cafe_id == near


def test_where_nobody_knows_her_home_no_cafe_is_guessed(browse: Browse, engine: Engine) -> None:
    with transaction(engine) as session:
        add_cafe(session, "강남 카페", "서울 강남구")
    apply(browse(), home="")
    assert the_seeker(engine).cafe_id is None


def test_she_chooses_her_cafe_and_another_later(browse: Browse, engine: Engine) -> None:
    with transaction(engine) as session:
        far = add_cafe(session, "강남 카페", "서울 강남구").cafe_id
        near = add_cafe(session, "마포 카페", "서울 마포구").cafe_id
    browser = browse()
    assert "골라 주세요" in apply(browser, cafe=str(uuid4())).text
    apply(browser, cafe=str(far))
    assert the_seeker(engine).cafe_id == far
    form = browser.get("/me/correct").text
    assert re.search(f'value="{far}" selected', form)
    refused = send(browser, "/me/correct", "/me/correct", name="홍길동", phone="010-2222-3333", cafe="nowhere")
    assert (refused.status_code, the_seeker(engine).cafe_id) == (422, far)
    send(browser, "/me/correct", "/me/correct", name="홍길동", phone="010-2222-3333", skills="제빵", cafe=str(near))
    assert the_seeker(engine).cafe_id == near


def test_she_signs_in_with_her_number_however_she_writes_it(browse: Browse) -> None:
    apply(browse())
    browser = browse()
    page = send(browser, "/sign-in", "/sign-in", login="010 2222 3333", password=PASSWORD)
    assert page.url.path == "/mine"  # notify's
    assert "홍길동" in browser.get("/me").text
    assert "홍길동" not in send(browse(), "/sign-in", "/sign-in", login="01022223333", password="wrong word").text


def test_without_the_consent_to_matching_she_is_kept_and_not_published(browse: Browse, engine: Engine) -> None:
    browser = browse()
    assert "지금은 매칭하지 않습니다" in apply(browser, agree=[]).text
    assert the_seeker(engine).state == "unseen"
    send(browser, "/me", "/me/consents", purpose="matching", agrees="yes")
    assert the_seeker(engine).state == "active"
    send(browser, "/me", "/me/consents", purpose="matching", agrees="no")
    assert the_seeker(engine).state == "withdrawn"


@pytest.mark.parametrize(
    ("but", "told"),
    [
        ({"phone": "", "email": ""}, "하나는 적어"),
        ({"password": "short"}, "비밀번호가 너무 짧습니다"),
        ({"password": "password123"}, "누구나 먼저 넣어 볼 비밀번호입니다"),
        ({"password": "가나다 " * 60}, "비밀번호가 너무 깁니다"),
        ({"summary": "900101-1234567"}, "주민등록번호가 들어 있어"),
        ({"name": "홍길동 900101-1234567"}, "주민등록번호가 들어 있어"),
        ({"birth_date": "나중에"}, "birth_date"),
    ],
)
def test_what_cannot_be_taken_is_told_beside_the_form(
    browse: Browse, engine: Engine, but: dict[str, str], told: str
) -> None:
    shown = apply(browse(), **but)
    assert shown.status_code == 422
    assert told in shown.text
    assert PASSWORD not in shown.text
    with reading(engine) as session:
        assert session.exec(select(Seeker)).all() == []


def test_a_contact_registers_once(browse: Browse) -> None:
    apply(browse())
    assert "이미 등록된 연락처" in apply(browse(), name="가나다").text


def test_she_corrects_and_takes_everything_with_her(browse: Browse, engine: Engine) -> None:
    browser = browse()
    apply(browser)
    assert 'value="홍길동"' in browser.get("/me/correct").text
    send(browser, "/me/correct", "/me/correct", name="홍길순", phone="010-2222-3333", skills="제과", home="서울 은평구")
    assert the_seeker(engine).facts["skills"] == ["제과"]
    file = browser.get("/me/data.json")
    assert "attachment" in file.headers["content-disposition"]
    told = file.json()
    assert told["person"]["name"] == "홍길순"
    assert [row["action"] for row in told["looked_at"]].count("correct") == 1


def test_what_is_kept_longer_than_a_year_is_told_with_its_year(browse: Browse) -> None:
    with stopped_at(datetime.fromisoformat("2026-03-02T09:30:00+09:00")):
        shown = apply(browse()).text
    assert '<strong>동의하셨습니다.</strong> <span class="small">2026-03-02 09:30</span>' in shown
    assert '<span class="small">2026-03-02 09:30</span> <strong>열람</strong>' in shown


WISHED = {
    "occupations": ["02", "5112"], "widened": "yes", "employment_types": ["regular", "part_time"], "wage_unit": "hour",
    "least_wage": "12,000", "weekly_hours": "35.5", "commute_km": "7", "experience_months": "18",
}  # fmt: skip


def test_her_wishes_are_kept_and_a_correction_of_something_else_loses_none(browse: Browse, engine: Engine) -> None:
    browser = browse()
    apply(browser, **WISHED)
    facts = the_seeker(engine).facts
    wishes = facts["wishes"]
    assert (wishes["occupation_codes"], wishes["widened"], wishes["commute_km"]) == (["02", "5112"], True, 7)
    assert (wishes["wage"]["unit"], wishes["wage"]["minimum"], wishes["weekly_hours"]) == ("hour", 12_000, 35.5)
    shown = dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", browser.get("/me").text))
    assert {name: shown[name] for name in ("경력 (개월)", "희망 직종", "희망 고용형태", "희망 임금")} == {
        "경력 (개월)": "18",
        "희망 직종": "경영·행정·사무직, 미용·예식 서비스직 (희망 직종이 아니어도 괜찮아요)",
        "희망 고용형태": "정규직, 시간제",
        "희망 임금": "시급 12,000원 이상",
    }
    page = browser.get("/me/correct").text
    again = {name: re.findall(rf'name="{name}" value="([^"]*)"( checked)?', page) for name in WISHED}
    assert [code for code, checked in again["occupations"] if checked] == ["02", "5112"]
    with reading(engine) as session:
        seeker = session.exec(select(Seeker)).one()
        written = as_filled_in(seeker, Person())
    assert seeker_facts(check_seeker(written.document()).seeker).model_dump(mode="json")["wishes"] == wishes  # type: ignore[arg-type]
    assert facts["experience_months"] == 18


@pytest.mark.parametrize("wrong", [{"least_wage": "많이"}, {"weekly_hours": "200"}, {"commute_km": "-1"}])
def test_a_wish_that_makes_no_sense_comes_back_with_everything_else(browse: Browse, wrong: dict[str, str]) -> None:
    answer = apply(browse(), **wrong)
    assert answer.status_code == 422
    assert 'value="홍길동"' in answer.text
    assert next(iter(wrong.values())) in answer.text


def test_she_leaves_it_to_people_and_back(browse: Browse, engine: Engine) -> None:
    browser = browse()
    apply(browser)
    assert "상담사가 직접" in send(browser, "/me", "/me/people-only", asked="yes").text
    assert the_seeker(engine).state == "withdrawn"
    send(browser, "/me", "/me/people-only", asked="no")
    assert the_seeker(engine).state == "active"


def test_she_erases_herself_and_her_session_ends(browse: Browse, engine: Engine) -> None:
    browser, elsewhere = browse(), browse()
    apply(browser)
    send(elsewhere, "/sign-in", "/sign-in", login="01022223333", password=PASSWORD)
    done = send(browser, "/me/erase", "/me/erase")
    assert "모두 지웠습니다" in done.text
    assert "제26조" in done.text
    for one in (browser, elsewhere):
        assert one.get("/me").url.path == "/sign-in"
    assert the_seeker(engine).state == "erased"
    with reading(engine) as session:
        assert session.exec(select(Account)).all() == []
        assert session.exec(select(VaultKey)).all() == []
        line = session.exec(select(KeptByLaw)).one()
    assert f"{line.ends_at.astimezone(KST).date()}에 지웁니다" in done.text, "two years from now, so the year is told"


def test_nobody_else_comes_to_her_pages(browse: Browse, engine: Engine) -> None:
    stranger = browse()
    assert stranger.get("/me").url.path == "/sign-in"
    with transaction(engine) as session:
        add_account(session, login="mapo", display_name="마포 상담사", role="counselor", password=PASSWORD)
    counselor = browse()
    send(counselor, "/sign-in", "/sign-in", login="mapo", password=PASSWORD)
    assert counselor.get("/me").status_code == 403
    apply(stranger)
    assert stranger.get("/counter").status_code == 403
    assert stranger.post("/me/erase", data={}).status_code == 403


def test_a_counselor_registers_at_the_counter_and_sees_who_wants_people_alone(
    browse: Browse, engine: Engine, vault: Vault
) -> None:
    with transaction(engine) as session:
        add_account(session, login="mapo", display_name="마포 상담사", role="counselor", password=PASSWORD)
    counselor = browse()
    send(counselor, "/sign-in", "/sign-in", login="mapo", password=PASSWORD)
    told = {"name": "가나다", "summary": "청소를 했습니다", "agree": ["matching"]}
    shown = send(counselor, "/counter/register", "/counter/register", **told)
    assert "등록했습니다" in shown.text
    assert the_seeker(engine).state == "active"
    herself = browse()
    apply(herself)
    send(herself, "/me", "/me/people-only", asked="yes")
    assert "홍길동" in counselor.get("/counter").text
    with reading(engine) as session:
        assert vault.audit.check(session).breaks == ()
        last = session.exec(select(AuditRow).order_by(AuditRow.number.desc())).first()  # type: ignore[attr-defined]
        assert last is not None
        assert last.purpose == "접수 창구 counter, people only"
