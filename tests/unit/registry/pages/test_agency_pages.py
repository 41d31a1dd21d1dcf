"""A clerk sends postings with a browser: errors beside their fields, files shown before they are taken."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
import xlsxwriter
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine, text
from sqlmodel import select

from services.registry.app import create_app
from services.registry.decisions import decide
from services.registry.expiry import sweep, trust_clock
from services.registry.intake.door import Receipt
from services.registry.intake.uploads import HELD, LIMIT_BYTES, LIMIT_ROWS
from services.registry.orders.postings import order_id_of
from services.registry.people.accounts import add_account
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency, JobOrder, Posting, SavedMapping, Submission, Upload
from shared.clock import KST, now, stopped_at
from shared.database import reading, transaction
from tests.unit.registry.conftest import a_document

PASSWORD = "봄날의 책 한 권"
FORM = {
    "title": "제과제빵사 모집",
    "employer": "망원베이커리",
    "description": "식빵과 과자빵 반죽, 성형, 굽기",
    "place": "서울 마포구 망원로 10",
    "wage_unit": "hour",
    "wage_minimum": "12,000",
    "weekly_hours": "40",
    "required_skills": "제빵, 제과",
    "headcount": "2",
}
KNOWN = (
    "구인번호,회사명,모집제목,직무내용,근무지,임금형태,임금,담당자\nA-1,가,제빵사,굽기,서울 마포구,시급,12000,홍길동\n"
)
UNKNOWN = "코드,가게,일,설명\nU-1,가,제빵사,굽기\nU-2,나,,굽기\n"


@pytest.fixture
def clerk(engine: Engine, settings: RegistrySettings, agency: Agency) -> TestClient:
    """A browser in which the agency's clerk has signed in."""
    with transaction(engine) as session:
        add_account(
            session,
            login="clerk",
            display_name="접수 담당",
            role="agency",
            password=PASSWORD,
            agency_id=agency.agency_id,
        )
    browser = TestClient(create_app(settings), raise_server_exceptions=False, headers={"Accept": "text/html"})
    browser.get("/sign-in")
    answer = post(browser, "/sign-in", "/sign-in", login="clerk", password=PASSWORD)
    assert answer.url.path == "/agency", "a clerk's home is her agency's page"
    return browser


def token_of(page: str) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', page)
    assert found
    return found[1]


def post(browser: TestClient, shown: str, to: str, files: Any = None, **said: str) -> Response:
    page = browser.get(shown).text
    return browser.post(to, data={"form_token": token_of(page), **said}, files=files)


def upload(browser: TestClient, name: str, content: bytes | str) -> Response:
    raw = content.encode() if isinstance(content, str) else content
    return post(browser, "/agency", "/agency/file", files={"file": (name, raw)})


def take(browser: TestClient, shown: Response, **said: str) -> Response:
    path = shown.url.path
    return browser.post(path, data={"form_token": token_of(shown.text), **said})


def test_one_posting_is_taken_and_its_receipt_shown(clerk: TestClient, engine: Engine) -> None:
    answer = post(clerk, "/agency", "/agency/postings", **FORM, sending="s1")
    assert (answer.status_code, answer.url.path) == (200, "/agency")
    assert "접수" in answer.text
    with reading(engine) as session:
        posting = session.exec(select(Posting)).one()
        assert session.exec(select(Submission.entry)).one() == "form"
    assert posting.facts["wage"] == {"unit": "hour", "minimum": 12_000, "maximum": None}
    assert posting.facts["required_skills"] == ["제빵", "제과"]
    assert posting.facts["place"]["district"] == "서울 마포구"


def test_the_form_tells_what_became_of_an_order_and_the_firm_s_number(clerk: TestClient, engine: Engine) -> None:
    post(clerk, "/agency", "/agency/postings", **FORM, source_ref="F-1", employer_number="123-45-67890")
    post(clerk, "/agency", "/agency/postings", source_ref="F-1", status="filled")
    with reading(engine) as session:
        order = session.exec(select(JobOrder)).one()
    assert (order.state, order.employer_number) == ("filled", "123-45-67890")


def test_what_became_of_her_orders_is_told_and_one_press_renews_what_still_stands(
    clerk: TestClient, engine: Engine, agency: Agency, send: Callable[..., Receipt]
) -> None:
    with stopped_at(now() - timedelta(days=58)):
        for reference in ("N-1", "N-2"):
            send(a_document(source_ref=reference, employer=f"{reference} 빵집"))
    with transaction(engine) as session:
        trust_clock(session)
        decide(session, order_id_of(agency.agency_id, "N-2"), "suspend", "민원 확인 중, 연락 010-1234-5678")
    for _ in range(2):
        sweep(engine)
    told = re.search(r'id="notices".*?</ul>', clerk.get("/agency").text, re.DOTALL)
    assert told
    for words in ("<strong>N-1<", "까지 유효", "<strong>N-2<", "운영자가 구인을 중지", "민원 확인 중"):
        assert told[0].count(words) == 1
    assert "1234" not in told[0]
    assert told[0].count('name="status" value="renewed"') == 1, "what the operator has stopped is not hers to renew"
    assert clerk.post("/agency/postings", data=dict(re.findall(r'name="(\w+)" value="([^"]*)"', told[0]))).is_success
    assert 'name="status" value="renewed"' not in clerk.get("/agency").text, "it is answered"
    with reading(engine) as session:
        order = session.get_one(JobOrder, order_id_of(agency.agency_id, "N-1"))
    assert (order.state, order.valid_from) == ("open", now().astimezone(KST).date())


def test_a_double_click_is_one_sending(clerk: TestClient, engine: Engine) -> None:
    for _ in range(2):
        assert post(clerk, "/agency", "/agency/postings", **FORM, sending="s1").url.path == "/agency"
    with reading(engine) as session:
        assert len(session.exec(select(Submission)).all()) == 1


@pytest.mark.parametrize(
    ("but", "field", "says"),
    [
        ({"title": ""}, "title", "필수 항목이 없거나"),
        ({"description": ""}, "description", "직무내용과 자격요건이 모두 없습니다"),
        ({"wage_minimum": "이백만원"}, "wage", "숫자여야 합니다"),
        ({"wage_minimum": "15000", "wage_maximum": "12000"}, "wage", "최소값이 최대값보다"),
        ({"weekly_hours": "400"}, "weekly_hours", "허용 범위를 벗어났습니다"),
        ({"closes_on": "2020-01-01"}, "closes_on", "마감일이 이미 지났습니다"),
        ({"closes_on": "2026-02-30"}, "closes_on", "날짜 형식이"),
        ({"headcount": "0"}, "headcount", "허용 범위를 벗어났습니다"),
        ({"title": "가" * 301}, "title", "300자를 넘습니다"),
        ({"description": "주민번호 900101-1234567"}, "description", "주민등록번호가 들어 있어"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    clerk: TestClient, engine: Engine, but: dict[str, str], field: str, says: str
) -> None:
    answer = post(clerk, "/agency", "/agency/postings", **(FORM | but), sending="s1")
    assert answer.status_code == 422
    told = re.search(rf'id="{field}-told">(.*?)</div>', answer.text, re.DOTALL)
    assert told, answer.text
    assert says in told[1]
    assert f'aria-describedby="{field}-told"' in answer.text
    assert 'value="망원베이커리"' in answer.text, "what she wrote is still there"
    with reading(engine) as session:
        assert session.exec(select(Posting)).all() == []


def test_what_is_written_into_a_page_is_never_run(clerk: TestClient) -> None:
    answer = post(
        clerk, "/agency", "/agency/postings", **(FORM | {"title": '"><script>x()</script>', "description": ""})
    )
    assert "<script>" not in answer.text
    shown = upload(clerk, "<img src=x onerror=y>.csv", "<b>a</b>,나\n<script>,x\n")
    assert "<script>" not in shown.text
    assert "<img src=x" not in shown.text


def test_a_known_sheet_is_shown_and_then_taken(clerk: TestClient, engine: Engine) -> None:
    shown = upload(clerk, "구인.csv", KNOWN)
    assert shown.status_code == 200
    assert "첫 행(2줄)" in shown.text
    assert "이대로 접수하기" in shown.text
    assert "시급 12,000원" in shown.text
    with reading(engine) as session:
        held = session.exec(select(Upload)).one()
        assert session.exec(select(Posting)).all() == []
    assert held.sealed is not None
    assert "홍길동".encode() not in held.sealed
    taken = take(clerk, shown)
    assert taken.url.path == shown.url.path
    assert "1행을 읽었습니다" in taken.text
    with reading(engine) as session:
        assert session.exec(select(Posting)).one().source_ref == "A-1"
        settled = session.exec(select(Upload)).one()
    assert settled.sealed is None, "the file is let go of"
    assert "홍길동" not in str(settled.result)


def test_a_wage_that_is_none_is_shown_as_it_was_written(clerk: TestClient) -> None:
    shown = upload(clerk, "a.json", json.dumps([a_document(wage={"unit": "moon"}, closing_note="채용시까지")]))
    assert shown.status_code == 200
    assert "moon" in shown.text
    assert "마감일 표시" in shown.text


def test_the_sign_in_page_tells_a_seeker_what_her_account_name_is(client: TestClient) -> None:
    assert "휴대전화 번호나 전자우편 주소가 아이디입니다" in client.get("/sign-in").text


def test_an_unknown_sheet_is_asked_about_once(clerk: TestClient, engine: Engine) -> None:
    asked = upload(clerk, "우리 목록.csv", UNKNOWN)
    assert "처음 보는 표입니다" in asked.text
    lacking = take(clerk, asked, asked="1", name="우리 표", **{"column-0": "source_ref", "column-1": "employer"})
    assert (lacking.status_code, "꼭 필요한 항목이 빠졌습니다" in lacking.text) == (422, True)
    columns = {"column-0": "source_ref", "column-1": "employer", "column-2": "title", "column-3": "description"}
    taken = take(clerk, asked, asked="1", name="우리 표", **columns)
    assert "2행을 읽었습니다" in taken.text
    rejected = clerk.get(f"{taken.url.path}/rejected.csv")
    assert rejected.content.startswith(
        b"\xef\xbb\xbfline,field,code,message_ko,message,hint\r\nline 3,title,FIELD_MISSING"
    )
    again = upload(clerk, "다음 달.csv", UNKNOWN.replace("U-", "V-"))
    assert "이 파일을 이렇게 읽습니다" in again.text
    assert "우리 표" in clerk.get("/agency").text
    with reading(engine) as session:
        saved = session.exec(select(SavedMapping)).one()
    post(clerk, "/agency", f"/agency/mappings/{saved.mapping_id}/remove")
    assert "처음 보는 표입니다" in upload(clerk, "다음 달.csv", UNKNOWN).text


def test_a_held_row_tells_why_and_how_it_need_not_wait(clerk: TestClient) -> None:
    looks = KNOWN.replace("굽기", "용모단정한 분")
    for _ in range(2):  # the second file finds it held already
        taken = take(clerk, upload(clerk, "구인.csv", looks)).text
        held = taken[taken.index("보류된 행") :]
        assert "<strong>2줄</strong>" in held
        assert "직무 내용: “용모단정”: 용모를 조건으로 한 표현입니다" in held
        assert "고쳐 다시 보내면 기다리지 않습니다" in held
    assert "용모를 조건으로 한 표현입니다" in clerk.get("/agency").text
    mended = take(clerk, upload(clerk, "구인.csv", KNOWN)).text
    assert "보류된 행" not in mended


def test_a_sheet_with_a_guess_is_filled_in(clerk: TestClient) -> None:
    asked = upload(clerk, "a.csv", "업체명,비고,담당업무\n가,나,다\n")
    assert re.search(r'name="column-0".*?value="employer" selected', asked.text, re.DOTALL)
    assert re.search(r'name="column-2".*?value="description" selected', asked.text, re.DOTALL)


def test_of_a_workbook_with_several_sheets_one_is_chosen(clerk: TestClient, engine: Engine) -> None:
    raw = BytesIO()
    with xlsxwriter.Workbook(raw) as book:
        for name in ("삼월", "사월"):
            sheet = book.add_worksheet(name)
            for row, line in enumerate(KNOWN.replace("A-1", f"{name}-1").splitlines()):
                sheet.write_row(row, 0, line.split(","))
    shown = upload(clerk, "구인.xlsx", raw.getvalue())
    assert "시트가 여러 개입니다" in shown.text
    chosen = clerk.get(f"{shown.url.path}?sheet=사월")
    taken = take(clerk, chosen, sheet="사월")
    assert "1행을 읽었습니다" in taken.text
    with reading(engine) as session:
        assert session.exec(select(Posting)).one().source_ref == "사월-1"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0", "글자 파일이 아닙니다"),
        ("a.zip", b"PK\x03\x04....", "압축 파일은 읽지 않습니다"),
        ("a.csv", b"", "파일에 행이 없습니다"),
        ("a.csv", "가;나;다\n1;2;3\n".encode(), "열 구분 기호가 ;"),
        ("../../etc/passwd", b"", "파일에 행이 없습니다"),
        ("a\r\nb.csv", b"", "파일에 행이 없습니다"),
        ("가" * 300 + ".csv", b"", "파일에 행이 없습니다"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(clerk: TestClient, name: str, content: bytes, code: str) -> None:
    shown = upload(clerk, name, content)
    assert shown.status_code == 422
    assert code in shown.text
    assert "../" not in shown.text


def test_a_file_of_too_many_rows_or_bytes_is_refused(clerk: TestClient, engine: Engine) -> None:
    header, line = KNOWN.splitlines()
    many = header + "\n" + "".join(f"{line.replace('A-1', f'A-{n}')}\n" for n in range(LIMIT_ROWS + 1))
    assert "5000행을 넘습니다" in take(clerk, upload(clerk, "a.csv", many)).text
    assert upload(clerk, "a.csv", b"x" * (LIMIT_BYTES + 300_000)).status_code == 413
    with reading(engine) as session:
        assert session.exec(select(Posting)).all() == []


def test_another_agency_s_file_is_not_there(
    clerk: TestClient, engine: Engine, make_agency: Callable[[str], tuple[Agency, str]]
) -> None:
    other, _ = make_agency("다른 직업소개소")
    with transaction(engine) as session:
        session.add(Upload(upload_id=uuid4(), agency_id=other.agency_id, file_name="x", result={}, sent_at=now()))
    with reading(engine) as session:
        theirs = session.exec(select(Upload)).one()
    for path in ("/agency/file/{}", "/agency/file/{}/rejected.csv"):
        pages = [(one, clerk.get(path.format(one))) for one in (theirs.upload_id, uuid4())]
        assert [page.status_code for _, page in pages] == [404, 404]
        assert len({page.text.replace(str(one), "…") for one, page in pages}) == 1


@pytest.mark.parametrize("path", ["/agency/postings", "/agency/file", f"/agency/file/{UUID(int=1)}"])
def test_a_form_of_another_site_changes_nothing(clerk: TestClient, engine: Engine, path: str) -> None:
    answer = clerk.post(path, data=FORM | {"form_token": "0" * 64})
    assert (answer.status_code, "양식이 만료되었습니다" in answer.text) == (403, True)
    with reading(engine) as session:
        assert session.exec(select(Submission)).all() == []


def test_only_a_clerk_comes_in(client: TestClient, engine: Engine, settings: RegistrySettings) -> None:
    asks = {"Accept": "text/html"}
    assert client.get("/agency", headers=asks, follow_redirects=False).headers["location"] == "/sign-in?next=/agency"
    with transaction(engine) as session:
        add_account(session, login="desk", display_name="상담사", role="counselor", password=PASSWORD)
    client.get("/sign-in", headers=asks)
    post(client, "/sign-in", "/sign-in", login="desk", password=PASSWORD)
    assert client.get("/agency", headers=asks).status_code == 403


def test_a_file_that_nobody_came_back_for_is_gone_after_an_hour(clerk: TestClient, engine: Engine) -> None:
    shown = upload(clerk, "구인.csv", KNOWN)
    with transaction(engine) as session:
        session.connection().execute(
            text("UPDATE upload SET sent_at = :then"), {"then": (now() - HELD * 2).isoformat(" ")}
        )
    upload(clerk, "구인.csv", KNOWN)
    assert clerk.get(shown.url.path).status_code == 404


def test_the_page_in_english(clerk: TestClient) -> None:
    assert "Send postings" in clerk.get("/agency?lang=en").text
    with stopped_at(now()):
        assert "This sheet is new here" in upload(clerk, "a.csv", UNKNOWN).text
