"""Lists as files: as the address narrows them, with a reason; registry is away, so numbers stand for names."""

import csv
import re
from io import BytesIO, StringIO

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from python_calamine import CalamineWorkbook

from services.notify.desk import taking_along
from services.notify.people import opaque_label
from services.notify.referrals import today
from services.notify.settings import NotifySettings
from tests.unit.notify.conftest import OFFICIAL, Hear, seat
from tests.unit.notify.desk.test_deciding import SHE
from tests.unit.notify.examples import SILLIM, a_list, a_pair, a_posting, a_referral, a_seeker, id_of

FORMULA = '=HYPERLINK("https://elsewhere.example","열기")'


@pytest.fixture
def at_desk(desk: TestClient, settings: NotifySettings, hear: Hear) -> TestClient:
    """Three seekers of hers and one of another café; one posting's title is a formula."""
    seat(desk, settings, SHE)
    hear(a_posting(0, title=FORMULA), a_posting(1), *(a_seeker(number) for number in range(3)))
    hear(a_seeker(3, cafe_id=SILLIM))
    hear(*(a_list("seeker", number, [a_pair(number, number % 2, 9_000 - number)]) for number in range(4)))
    return desk


def take(browser: TestClient, to: str, why: str = "주간 회의", **form: str) -> Response:
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', browser.get("/desk").text)
    assert token
    return browser.post(to, data={"form_token": token[1], "why": why, **form})


def table(answer: Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))


def label(number: int) -> str:
    return f"구직자 {opaque_label(id_of('seeker', number))}"


def test_todays_calls_as_csv_say_that_numbers_stand_for_names_and_run_no_formula(at_desk: TestClient) -> None:
    answer = take(at_desk, "/desk/export", form="csv")
    head, *rows = table(answer)
    assert head[0] == "구직자 (이름을 불러올 수 없어 번호로 적음)"
    assert [row[0] for row in rows] == [label(0), label(1), label(2)]
    assert rows[0][2] == f"'{FORMULA}"
    assert f'filename="calls-{today()}.csv"' in answer.headers["content-disposition"]


def test_the_file_holds_what_the_address_asks_for_over_all_its_pages(
    at_desk: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(table(take(at_desk, "/desk/export?page=9"))) == 4
    assert [row[0] for row in table(take(at_desk, "/desk/export?score=90"))[1:]] == [label(0)]
    assert take(at_desk, f"/desk/export?cafe={SILLIM}").status_code == 404
    monkeypatch.setattr(taking_along, "MOST_ROWS", 2)
    refused = take(at_desk, "/desk/export")
    assert (refused.status_code, "먼저 목록을 좁혀 주세요" in refused.text) == (422, True)


def test_a_workbook_holds_the_same_as_text(at_desk: TestClient) -> None:
    answer = take(at_desk, "/desk/export", form="xlsx")
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert rows[1:] == table(take(at_desk, "/desk/export"))[1:]


def test_referrals_as_a_file_say_where_each_stands(at_desk: TestClient, hear: Hear) -> None:
    hear(a_referral(0, 0, 1, "interview", interview_on=today()), a_referral(1, 1, 1, "not_hired", reason="skills"))
    rows = table(take(at_desk, "/desk/referrals/export?view=all&whose=all"))[1:]
    assert sorted((row[0], row[3]) for row in rows) == sorted([(label(0), "면접 예정"), (label(1), "미채용")])
    assert len(table(take(at_desk, "/desk/referrals/export?view=interviews&whose=all"))) == 2
    assert len(table(take(at_desk, "/desk/referrals/export?view=all"))) == 1  # none of them is her own


def test_without_a_reason_nothing_is_handed_out_and_an_official_gets_numbers(
    at_desk: TestClient, settings: NotifySettings
) -> None:
    for why in ("", "  ", "x" * 81, "one\ntwo"):
        assert take(at_desk, "/desk/export", why).status_code == 422
    assert at_desk.post("/desk/export", data={"why": "주간 회의"}).status_code == 403
    seat(at_desk, settings, OFFICIAL)
    head, *rows = table(take(at_desk, "/desk/export"))
    assert (head[0], len(rows)) == ("구직자 번호", 4)
