"""A counselor sends a list of seekers at the counter: who states her consent is taken in, all others come back."""

import re
from base64 import b64decode
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
import xlsxwriter
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.app import create_app
from services.registry.cafes.places import add_cafe
from services.registry.intake.uploads import LIMIT_BYTES, LIMIT_ROWS
from services.registry.people.accounts import add_account
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import AuditRow, SavedMapping, Seeker
from shared.database import reading, transaction

PASSWORD = "봄날의 책 한 권"
OURS, THEIRS = UUID(int=21), UUID(int=22)
HEAD = "구직번호,이름,연락처,자기소개,동의\n"
LIST = f"{HEAD}S-1,홍길동,010-2222-3333,빵을 구웠습니다,매칭\nS-2,김나비,010-2222-4444,청소를 했습니다,\n"


@pytest.fixture
def seat(engine: Engine, settings: RegistrySettings) -> Any:
    """A browser in which the counselor of a café has signed in."""
    with transaction(engine) as session:
        for cafe_id in (OURS, THEIRS):
            add_cafe(session, f"카페 {cafe_id.int}", "서울 마포구", cafe_id)

    def seat(login: str, cafe_id: UUID) -> TestClient:
        with transaction(engine) as session:
            add_account(session, login=login, display_name="상담사", role="counselor", password=PASSWORD,
                        cafe_ids=[cafe_id])  # fmt: skip
        browser = TestClient(create_app(settings), raise_server_exceptions=False, headers={"Accept": "text/html"})
        said = {"form_token": token_of(browser.get("/sign-in").text), "login": login, "password": PASSWORD}
        browser.post("/sign-in", data=said, follow_redirects=False)
        return browser

    return seat


@pytest.fixture
def counselor(seat: Any) -> TestClient:
    browser: TestClient = seat("mapo", OURS)
    return browser


def token_of(page: str) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', page)
    assert found
    return found[1]


def upload(browser: TestClient, content: str | bytes, name: str = "list.csv", **said: str) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    said = {"form_token": token_of(browser.get("/counter/upload").text)} | said
    return browser.post("/counter/upload", data=said, files={"file": (name, raw)})


def counts(page: str) -> list[int]:
    return [int(count) for count in re.findall(r"<dd>(\d+)</dd>", page)]


def seekers(engine: Engine) -> list[Seeker]:
    with reading(engine) as session:
        return list(session.exec(select(Seeker)))


def test_who_agreed_is_taken_in_and_who_states_nothing_comes_back(counselor: TestClient, engine: Engine) -> None:
    shown = upload(counselor, LIST)
    assert (shown.status_code, counts(shown.text)) == (200, [1, 0, 1])
    assert [(one.state, one.cafe_id) for one in seekers(engine)] == [("active", OURS)]
    assert "김나비" not in shown.text
    file = re.search(r"data:text/csv;charset=utf-8;base64,([^\"]+)", shown.text)
    assert file
    lines = b64decode(file[1]).decode("utf-8-sig").splitlines()
    assert [line.split(",")[2] for line in lines] == ["code", "CONSENT_MISSING"]
    assert "김나비" not in "".join(lines)


def test_the_same_file_again_changes_nothing(counselor: TestClient, engine: Engine) -> None:
    upload(counselor, LIST)
    assert counts(upload(counselor, LIST).text) == [0, 1, 1]
    assert len(seekers(engine)) == 1


def test_each_who_is_taken_in_is_in_the_audit_log(counselor: TestClient, engine: Engine, vault: Vault) -> None:
    upload(counselor, LIST)
    upload(counselor, LIST)
    with reading(engine) as session:
        rows = session.exec(select(AuditRow)).all()
        assert vault.audit.check(session).breaks == ()
    assert [(row.action, row.seeker_id) for row in rows] == [("consent", seekers(engine)[0].seeker_id)]
    assert "상담사" in rows[0].who


def test_a_counselor_revises_nobody_of_another_cafe(counselor: TestClient, seat: Any, engine: Engine) -> None:
    upload(counselor, LIST)
    shown = upload(seat("gwanak", THEIRS), LIST.replace("빵을", "떡을"))
    assert counts(shown.text) == [0, 0, 2]
    assert "담당하지 않는 카페" in shown.text
    seeker = seekers(engine)[0]
    assert (seeker.cafe_id, seeker.facts["summary"]) == (OURS, "빵을 구웠습니다")


def test_a_counselor_brings_nobody_to_another_cafe(counselor: TestClient, engine: Engine) -> None:
    person = f'{{"source_ref": "S-9", "summary": "빵", "consents": ["matching"], "cafe_id": "{THEIRS}"}}'
    assert counts(upload(counselor, f"[{person}]", "list.json").text) == [0, 0, 1]
    assert seekers(engine) == []


def test_of_several_sheets_one_is_chosen(counselor: TestClient, engine: Engine) -> None:
    held = BytesIO()
    book = xlsxwriter.Workbook(held)
    for name in ("안내", "구직자"):
        sheet = book.add_worksheet(name)
        for number, line in enumerate(LIST.splitlines()):
            sheet.write_row(number, 0, line.split(","))
    book.close()
    asked = upload(counselor, held.getvalue(), "list.xlsx")
    assert (asked.status_code, re.findall(r"<option>(.+?)</option>", asked.text)) == (422, ["안내", "구직자"])
    assert seekers(engine) == []
    assert counts(upload(counselor, held.getvalue(), "list.xlsx", sheet="구직자").text) == [1, 0, 1]


OWN = "고객,전화,한일,확인\n홍길동,010-2222-3333,빵을 구웠습니다,동의\n김나비,010-2222-4444,청소를 했습니다,\n"
MEANT = {"column-0": "name", "column-1": "phone", "column-2": "summary", "column-3": "consents"}


def asked_of(page: str) -> dict[str, str]:
    """What the page asks: the headers it sends back."""
    return dict(re.findall(r'name="(header-\d+)" value="([^"]*)"', page))


def test_a_sheet_that_is_new_at_her_cafe_is_asked_about_once(counselor: TestClient, seat: Any, engine: Engine) -> None:
    asked = upload(counselor, OWN)
    assert (asked.status_code, seekers(engine)) == (422, [])
    assert re.search(r'<option value="phone" selected>', asked.text), "a header that says it is guessed"
    headers = asked_of(asked.text)
    assert list(headers.values()) == ["고객", "전화", "한일", "확인"]
    lacking = upload(counselor, OWN, **headers, **{"column-0": "name"})
    assert (lacking.status_code, seekers(engine)) == (422, [])
    assert "꼭 필요한 항목이 빠졌습니다" in lacking.text
    assert counts(upload(counselor, OWN, **headers, **MEANT).text) == [1, 0, 1]
    assert [(one.cafe_id, one.facts["summary"]) for one in seekers(engine)] == [(OURS, "빵을 구웠습니다")]
    assert counts(upload(counselor, OWN).text) == [0, 1, 1], "nobody is asked again"
    assert upload(seat("gwanak", THEIRS), OWN).status_code == 422, "another café has sheets of its own"


def test_answers_about_one_sheet_do_not_read_another(counselor: TestClient, engine: Engine) -> None:
    headers = asked_of(upload(counselor, OWN).text)
    other = OWN.replace("고객,전화,한일,확인", "동네,나이,취미,별명")
    assert upload(counselor, other, **headers, **MEANT).status_code == 422
    assert seekers(engine) == []


def test_a_saved_reading_is_forgotten_by_its_own_cafe_alone(counselor: TestClient, seat: Any, engine: Engine) -> None:
    upload(counselor, OWN, **asked_of(upload(counselor, OWN).text), **MEANT)
    with reading(engine) as session:
        mapping_id = session.exec(select(SavedMapping)).one().mapping_id
    for browser, status in ((seat("gwanak", THEIRS), 404), (counselor, 200)):
        said = {"form_token": token_of(browser.get("/counter/upload").text)}
        assert browser.post(f"/counter/mappings/{mapping_id}/remove", data=said).status_code == status
    assert upload(counselor, OWN).status_code == 422


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("", ""),
        ("", "empty.csv"),
        (b"\x00\x01\x02", "list.xlsx"),
        (b"\xff\xfe\xfd", "list.csv"),
        ("가,나\n1,2\n", "unknown.csv"),
        (HEAD + "S,가,,나,매칭\n" * (LIMIT_ROWS + 1), "long.csv"),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole_and_never_a_fault(
    content: str | bytes, name: str, counselor: TestClient, engine: Engine
) -> None:
    assert upload(counselor, content, name).status_code in (200, 422)
    assert seekers(engine) == []


def test_too_great_a_file_and_another_sites_form_are_refused(counselor: TestClient, engine: Engine) -> None:
    assert upload(counselor, b"a" * (LIMIT_BYTES + 300_000)).status_code == 413
    assert upload(counselor, LIST, form_token="another").status_code == 403
    assert seekers(engine) == []
