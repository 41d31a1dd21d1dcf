"""The desk as a browser meets it, while Redis and registry are away."""

import re
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from services.notify.settings import NotifySettings
from shared.clock import now
from shared.contracts import Part, Raise, Reason, SessionsEnded
from shared.web.guard import HEADERS
from shared.web.sign_in import SESSION_COOKIE, SignedIn
from tests.unit.notify.conftest import COUNSELOR, OFFICIAL, OPERATOR, Hear, seat
from tests.unit.notify.examples import SILLIM, a_list, a_pair, a_posting, a_posting_withdrawn, a_seeker, id_of

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
SEEKER, POSTING = id_of("seeker", 0), id_of("posting", 0)
PATHS = ("/desk", "/desk/seekers", f"/desk/seekers/{SEEKER}", "/desk/postings", f"/desk/postings/{POSTING}")
PATHS += ("/desk/referrals", "/desk/changes")


@pytest.fixture
def a_city(hear: Hear) -> None:
    hear(a_posting(0), a_posting(1), a_seeker(0), a_seeker(1, cafe_id=SILLIM))
    hear(a_list("seeker", 0, [a_pair(0, 0, 8_731), a_pair(0, 1, 5_000)]), a_list("seeker", 1, [a_pair(1, 1, 9_000)]))
    hear(a_list("posting", 0, [a_pair(0, 0, 8_731)]), a_list("posting", 1, [a_pair(1, 1, 9_000), a_pair(0, 1, 5_000)]))


def headings(page: str) -> list[str]:
    return re.findall(r"<h[123][^>]*>\s*<a href=\"([^\"]+)\"", page)


@pytest.mark.usefixtures("a_city")
@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("path", PATHS)
def test_every_page_opens_in_both_languages_and_is_guarded(desk: TestClient, path: str, language: str) -> None:
    answer = desk.get(path, params={"lang": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert " style=" not in answer.text
    assert re.findall(r"<script[^>]*>(?!</script>)", answer.text) == []


@pytest.mark.parametrize("path", ["/desk", "/desk/seekers", "/desk/postings"])
def test_an_empty_desk_says_why_it_is_empty(desk: TestClient, path: str) -> None:
    assert 'class="empty"' in desk.get(path).text


@pytest.mark.usefixtures("a_city")
def test_a_call_has_its_number_its_reason_its_place_and_what_is_not_known(desk: TestClient) -> None:
    page = desk.get("/desk").text
    assert headings(page) == [f"/desk/seekers/{SEEKER}"]
    assert f'href="/desk/postings/{POSTING}"' in page
    assert "<strong>87</strong>" in page
    assert "희망하신 직종이고 에스프레소와 라테아트를 갖추었고 임금이 희망에 맞지만" in page
    assert "운전면허는 아직 확인되지 않았습니다." in page
    for told in ("서울 마포구", "시급 11,000원 이상", "공고 확인 3월 1일(일)", "미확인:", "경력, 근무 시간"):
        assert told in page


@pytest.mark.usefixtures("a_city")
def test_the_parts_add_up_to_the_score_on_the_page_too(desk: TestClient) -> None:
    page = desk.get("/desk").text
    *parts, total = (float(cell) for cell in re.findall(r'<td class="number">([\d.]+)</td>', page))
    assert round(sum(parts), 2) == total == 87.31
    widths = [int(width) for width in re.findall(r'<rect class="part-\w+" x="\d+" width="(\d+)"', page)]
    assert sum(widths) == 8_731


@pytest.mark.usefixtures("a_city")
def test_names_that_cannot_be_reached_are_numbers_and_the_page_says_so(desk: TestClient) -> None:
    page = desk.get("/desk").text
    assert f"구직자 {SEEKER.hex[:4].upper()}" in page
    assert "이름을 지금 불러올 수 없어" in page


@pytest.mark.usefixtures("a_city")
def test_the_page_says_how_old_it_is_and_that_news_is_late(desk: TestClient) -> None:
    page = desk.get("/desk").text
    assert "3월 2일(월) 09:30 기준" in page
    assert "새 소식이 늦어지고 있습니다" in page


@pytest.mark.usefixtures("a_city")
def test_a_counselor_sees_the_seekers_of_her_cafe_alone(desk: TestClient) -> None:
    other = id_of("seeker", 1)
    for path in ("/desk", "/desk/seekers", f"/desk/postings/{id_of('posting', 1)}"):
        page = desk.get(path).text
        assert str(SEEKER) in page
        assert str(other) not in page
    assert desk.get(f"/desk/seekers/{other}").status_code == 404
    assert str(other) not in desk.get("/desk", params={"cafe": str(SILLIM)}).text


@pytest.mark.usefixtures("a_city")
@pytest.mark.parametrize("who", [OPERATOR, OFFICIAL])
def test_others_see_every_cafe_or_the_one_they_ask_for(
    desk: TestClient, settings: NotifySettings, who: SignedIn
) -> None:
    seat(desk, settings, who)
    assert len(headings(desk.get("/desk").text)) == 2
    assert headings(desk.get("/desk", params={"cafe": str(SILLIM)}).text) == [f"/desk/seekers/{id_of('seeker', 1)}"]
    assert desk.get("/desk", params={"cafe": "nonsense"}).status_code == 404


@pytest.mark.usefixtures("a_city")
def test_an_official_is_told_no_names_and_misses_none(desk: TestClient, settings: NotifySettings) -> None:
    seat(desk, settings, OFFICIAL)
    assert "이름을 지금 불러올 수 없어" not in desk.get("/desk").text


@pytest.mark.usefixtures("a_city")
def test_an_agency_and_a_stranger_see_nothing(desk: TestClient, settings: NotifySettings) -> None:
    seat(desk, settings, SignedIn(role="agency", agency_id=uuid4(), label="마포직업소개소"))
    assert [desk.get(path).status_code for path in PATHS] == [403] * len(PATHS)
    desk.cookies.delete(SESSION_COOKIE)
    led = [desk.get(path).headers["location"] for path in PATHS]
    assert led == [f"/sign-in?next={path}" for path in PATHS]


def test_whoever_signed_out_in_registry_is_a_stranger_at_the_desk_too(
    desk: TestClient, settings: NotifySettings, hear: Hear
) -> None:
    seat(desk, settings, COUNSELOR.model_copy(update={"account_id": UUID(int=9)}))
    assert desk.get("/desk").status_code == 200
    hear(SessionsEnded(ended_id=UUID(int=9), begun_until=now()))
    assert desk.get("/desk").headers["location"] == "/sign-in?next=/desk"


def test_the_front_door_leads_a_counselor_to_the_desk_and_a_stranger_to_sign_in(desk: TestClient) -> None:
    assert desk.get("/").headers["location"] == "/desk"
    desk.cookies.delete(SESSION_COOKIE)
    assert desk.get("/").headers["location"] == "/sign-in"


@pytest.mark.parametrize("path", ["/desk/seekers", "/desk/postings"])
@pytest.mark.parametrize("number", [str(UUID(int=5)), "5", "%3Cscript%3E"])
def test_a_guessed_number_finds_nothing_and_is_noted_without_it(
    desk: TestClient, settings: NotifySettings, path: str, number: str
) -> None:
    seat(desk, settings, COUNSELOR.model_copy(update={"account_id": UUID(int=9)}))
    with capture_logs() as told:
        assert desk.get(f"{path}/{number}").status_code == 404
    (line,) = told
    assert (line["event"], line["status"], line["account"]) == ("turned_away", 404, str(UUID(int=9)))
    assert re.fullmatch(rf"{path}/{{\w+}}", line["route"])  # not the number: an address may hold the word of a link


def test_a_withdrawn_posting_is_not_found(desk: TestClient, hear: Hear) -> None:
    hear(a_posting(0), a_posting_withdrawn(0))
    assert desk.get(f"/desk/postings/{POSTING}").status_code == 404


def test_whatever_a_posting_says_is_text(desk: TestClient, hear: Hear) -> None:
    hear(a_posting(0, title=HOSTILE, employer=HOSTILE, required_skills=(HOSTILE,), source_url="javascript:alert(1)"))
    hear(a_seeker(0, skills=(HOSTILE,)))
    pair = a_pair(0, 0, reasons=(Reason(code="skill.found", terms=(HOSTILE,)),))
    hear(a_list("seeker", 0, [pair]), a_list("posting", 0, [pair]))
    for path in PATHS:
        page = desk.get(path, params={"words": HOSTILE}).text + desk.get(path).text
        assert "<script>" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page


@pytest.mark.parametrize("text", ["ㅋ" * 300, "x" * 300, "🙂" * 150, "\u202e거꾸로"])
def test_odd_text_is_shown_as_it_is(desk: TestClient, hear: Hear, text: str) -> None:
    hear(a_posting(0, title=text))
    assert text in desk.get(f"/desk/postings/{POSTING}").text


def test_every_part_and_every_reason_has_its_words(desk: TestClient, hear: Hear) -> None:
    parts = ("occupation", "text", "wage", "hours", "commute", "required_skills", "preferred_skills", "experience")
    told = tuple(Part(name=name, value=9_000, score=1_000) for name in parts)  # type: ignore[arg-type]
    hear(a_posting(0), a_seeker(0), a_list("seeker", 0, [a_pair(0, 0, 8_000, parts=told, unknown=("certificate",))]))
    page = desk.get("/desk?lang=en").text
    for word in ("Wished occupation", "Kind of work", "Preferred skills", "Experience", "Certificate"):
        assert word in page


@pytest.mark.usefixtures("a_city")
def test_words_stand_in_the_address_and_survive_paging(desk: TestClient, hear: Hear) -> None:
    hear(*(a_seeker(number) for number in range(2, 40)))
    hear(*(a_list("seeker", number, [a_pair(number, 0)]) for number in range(2, 40)))
    page = desk.get("/desk", params={"words": "바리스타"}).text
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    second = desk.get(following.group(1).replace("&amp;", "&")).text
    assert 'value="바리스타"' in second
    assert len(headings(second)) == 19


def test_a_page_number_out_of_reason_is_refused(desk: TestClient) -> None:
    for page in ("0", "-1", "x", "100000"):
        assert desk.get("/desk", params={"page": page}).status_code == 422


def test_the_counselor_s_name_is_on_the_page(desk: TestClient) -> None:
    assert COUNSELOR.label in desk.get("/desk").text


def test_a_seeker_s_page_sums_up_what_her_list_lacks(desk: TestClient, hear: Hear) -> None:
    excel, sql = Raise(term="엑셀", score=620), Raise(term="SQL", score=100)
    lacking = [
        a_pair(0, 0, 8_000).model_copy(update={"raises": (excel, sql), "known": 7_400}),
        a_pair(0, 1, 5_000).model_copy(update={"raises": (Raise(term="엑셀", score=400),)}),
    ]
    hear(a_posting(0), a_posting(1), a_seeker(0), a_list("seeker", 0, lacking))
    page = desk.get(f"/desk/seekers/{SEEKER}").text
    assert "엑셀은 공고 2건이 찾고, 확인되면 많게는 6.2점 오릅니다." in page
    assert page.index("엑셀은 공고 2건") < page.index("SQL은 공고 1건이 찾고")
    assert "엑셀 +6.20" in page
    assert "아는 비중 74%" in page


def test_more_of_one_employer_than_a_list_shows_are_folded(desk: TestClient, hear: Hear) -> None:
    names = ("한빛 소프트", "(주)한빛소프트", "㈜한빛소프트", "한빛소프트 주식회사", "다른회사")
    hear(*(a_posting(number, employer=name) for number, name in enumerate(names)), a_seeker(0))
    hear(a_list("seeker", 0, [a_pair(0, number, 9_000 - number) for number in range(5)]))
    page = desk.get(f"/desk/seekers/{SEEKER}").text
    shown = [f"/desk/postings/{id_of('posting', number)}" for number in (0, 1, 2, 4)]
    assert headings(page) == shown
    assert "같은 회사 공고 1건을 접었습니다" in page
    assert f'<li><a href="/desk/postings/{id_of("posting", 3)}">' in page


def test_a_posting_that_heads_many_lists_says_so(desk: TestClient, hear: Hear) -> None:
    hear(a_posting(0), a_posting(1))
    for number in range(10):
        hear(a_seeker(number), a_list("seeker", number, [a_pair(number, 0, 9_000), a_pair(number, 1, 800)]))
    told = "구직자 10명의 목록 맨 위에 있는 공고입니다."
    for path in ("/desk", f"/desk/seekers/{SEEKER}", f"/desk/postings/{POSTING}"):
        assert told in desk.get(path).text
    assert "맨 위에 있는" not in desk.get(f"/desk/postings/{id_of('posting', 1)}").text


def test_a_seeker_of_whom_nothing_is_known_is_told_as_such(desk: TestClient, hear: Hear) -> None:
    hear(a_seeker(0, skills=(), certificates=(), experience_months=None))
    assert "자료가 부족합니다." in desk.get(f"/desk/seekers/{SEEKER}").text
