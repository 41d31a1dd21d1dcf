"""Senders' words as they really come: wages, days, months of experience, kinds of employment, districts."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.intake.districts import district_of
from services.registry.intake.readings import READINGS, Closing, Unread
from shared.won import won


@pytest.mark.parametrize(
    ("words", "wage"),
    [
        ("시급 / 10320원", {"unit": "hour", "minimum": 10_320, "maximum": 10_320}),
        ("５,000만원 이상", {"unit": "year", "minimum": 50_000_000}),
        ("3000만원", {"unit": "year", "minimum": 30_000_000, "maximum": 30_000_000}),
        ("월급 250~300만원", {"unit": "month", "minimum": 2_500_000, "maximum": 3_000_000}),
        ("월급 2,156,880원", {"unit": "month", "minimum": 2_156_880, "maximum": 2_156_880}),
        ("연봉 1억 2천만원", {"unit": "year", "minimum": 120_000_000, "maximum": 120_000_000}),
        ("연봉 3,200만원 ~ 1억원", {"unit": "year", "minimum": 32_000_000, "maximum": 100_000_000}),
        ("연봉 3,000~4,000만원\n(면접 후 결정)", {"unit": "year", "minimum": 30_000_000, "maximum": 40_000_000}),
        ("일급 100,000원 이상", {"unit": "day", "minimum": 100_000}),
        ("월급 300만원 이하", {"unit": "month", "maximum": 3_000_000}),
        ("정보 없음", None),
        ("", None),
    ],
)
def test_a_wage_in_prose(words: str, wage: dict[str, Any] | None) -> None:
    assert READINGS["wage"](words) == wage


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("회사 내규에 따름", "WAGE_UNSTATED"),
        ("이백만원", "WAGE_UNREADABLE"),
        ("250만원~300만원", "WAGE_UNIT_UNKNOWN"),
        ("월 22일 근무, 25만원", "WAGE_UNIT_UNKNOWN"),
    ],
)
def test_a_wage_that_is_no_figure_is_told_not_guessed(words: str, code: str) -> None:
    with pytest.raises(Unread, match=code):
        READINGS["wage"](words)


@pytest.mark.parametrize(
    ("words", "unit", "minimum", "maximum"),
    [
        ("시급 1만2천원", "hour", 12_000, 12_000),
        ("시급 9천5백원", "hour", 9_500, 9_500),
        ("시급 1만500원", "hour", 10_500, 10_500),
        ("시급 만원", "hour", 10_000, 10_000),
        ("시급 9500~1만원", "hour", 9_500, 10_000),
        ("시급 9천~1만원", "hour", 9_000, 10_000),
        ("연봉 3천5백만원", "year", 35_000_000, 35_000_000),
        ("연봉 3천~4천만원", "year", 30_000_000, 40_000_000),
        ("월급 250만~300", "month", 2_500_000, 3_000_000),
        ("연봉 2,400~2,800", "year", 24_000_000, 28_000_000),
        ("연봉 3천만대", "year", 30_000_000, 30_000_000),
        ("월 250", "month", 2_500_000, 2_500_000),
        ("월250만원", "month", 2_500_000, 2_500_000),
        ("월급 2,500천원", "month", 2_500_000, 2_500_000),
        ("12,000원/시간", "hour", 12_000, 12_000),
        ("250~300만원/월", "month", 2_500_000, 3_000_000),
        ("일 15만원", "day", 150_000, 150_000),
    ],
)
def test_a_wage_as_people_write_it(words: str, unit: str, minimum: int, maximum: int) -> None:
    assert READINGS["wage"](words) == {"unit": unit, "minimum": minimum, "maximum": maximum}


@pytest.mark.parametrize(
    ("words", "unit", "amount"),
    [
        ("월급여 2,156,880원 (209시간)", "month", 2_156_880),
        ("시급 12,000원 / 주 20시간", "hour", 12_000),
        ("일 8시간 월급 250만원", "month", 2_500_000),
        ("3월 시급 12000원", "hour", 12_000),
        ("연봉 3000만원 (13분할)", "year", 30_000_000),
        ("월급 240만원 + 인센티브 50만원", "month", 2_400_000),
        ("월 220만원 (세전), 식대 10만원", "month", 2_200_000),
        ("인센티브 포함 월 300만원", "month", 3_000_000),
        ("시급 12,000원 (월 2,508,000원)", "hour", 12_000),
        ("월 2,508,000원 (시급 12,000원)", "month", 2_508_000),
        ("연 상여 별도, 월급 250만원", "month", 2_500_000),
        ("연 600만원 상여, 월급 250만원", "month", 2_500_000),
        ("상여금 연 400%, 시급 11,000원", "hour", 11_000),
        ("성과급 연 1,000만원 별도, 연봉 4,000만원", "year", 40_000_000),
        ("명절상여 연 100만원 / 월급 230만원", "month", 2_300_000),
        ("(상여 연 600만원) 월급 250만원", "month", 2_500_000),
        ("월급 250만원 및 상여 연 300만원", "month", 2_500_000),
        ("월 20만원 식대 지원, 시급 10,320원", "hour", 10_320),
        ("교통비 월 10만원 지급, 일당 150,000원", "day", 150_000),
        ("퇴직금 별도, 월 250만원", "month", 2_500_000),
        ("월 22일 근무, 일급 15만원", "day", 150_000),
        ("월 209시간 기준 시급 12,000원", "hour", 12_000),
        ("2교대 월급 280만원", "month", 2_800_000),
        ("3 교대, 월급 280 교대근무", "month", 2_800_000),
        ("월급 280 - 5일 근무", "month", 2_800_000),
        ("월: 280만원", "month", 2_800_000),
        ("20대 환영 월급 280만원", "month", 2_800_000),
        ("4대보험 가입, 연 3,000만원", "year", 30_000_000),
        ("월 평균 250만원", "month", 2_500_000),
        ("하루 8~10시간 시급 12,000원", "hour", 12_000),
    ],
)
def test_of_a_wage_with_other_numbers_beside_it_the_wage_alone_is_read(words: str, unit: str, amount: int) -> None:
    assert READINGS["wage"](words) == {"unit": unit, "minimum": amount, "maximum": amount}


@given(st.integers(min_value=1, max_value=10**12 - 1))
def test_a_sum_is_what_its_korean_words_say(amount: int) -> None:
    assert won(f"{amount:,}") == amount
    parts = [(amount // 10**8, "억"), (amount // 10**4 % 10**4, "만"), (amount % 10**4, "")]
    assert won(" ".join(f"{_in_thousands(number)}{sign}" for number, sign in parts if number)) == amount


def _in_thousands(number: int) -> str:
    return f"{number // 1000}천{number % 1000 or ''}" if number >= 1000 else str(number)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("20260820", date(2026, 8, 20)),
        ("26-10-31", date(2026, 10, 31)),
        ("2025-12-31", date(2025, 12, 31)),
        ("2024/12/31", date(2024, 12, 31)),
        ("2025. 1. 3.", date(2025, 1, 3)),
        ("26. 1. 5.", date(2026, 1, 5)),
        ("26년 12월 31일", date(2026, 12, 31)),
        ("26-12-31(채용시 조기마감)", date(2026, 12, 31)),
        ("마감일 (2025-07-08)", date(2025, 7, 8)),
        ("채용시까지 26-10-31", date(2026, 10, 31)),
        ("2026. 12. 5. 18시까지", date(2026, 12, 5)),
        ("2026. 12. 5. 18:00", date(2026, 12, 5)),
        ("26. 12. 5. 18시까지", date(2026, 12, 5)),
        ("2026-12-05 시작", date(2026, 12, 5)),
        ("2026. 11. 1. 00:00 ~ 2026. 11. 30. 18:00", date(2026, 11, 30)),
        ("26-12-31 (방문 09:00~18:00)", date(2026, 12, 31)),
        ("2026-05-12T15:00:00.000+00:00", date(2026, 5, 13)),  # midnight in Seoul
        ("99991231", None),
        ("9999-12-31", None),
        ("채용시까지", None),
        ("상시채용", None),
        ("모집 시까지", None),
        ("충원될 때까지", None),
        ("채용완료시까지", None),
    ],
)
def test_a_closing_date_in_every_form(words: str, day: date | None) -> None:
    assert READINGS["closing"](words) == Closing(day, words)


@pytest.mark.parametrize(
    "words",
    [
        "45231",
        "2026-02-30",
        "내일",
        "10/31(금)",
        "20261331",
        "31/12/2026",
        "채용완료",
        "10. 5. 18:00",
        "10. 5. 18시까지",
    ],
)
def test_what_is_no_day_is_refused(words: str) -> None:
    with pytest.raises(Unread, match="DATE_INVALID"):
        READINGS["closing"](words)


@pytest.mark.parametrize(
    ("words", "months"),
    [
        ("3년 이상", 36),
        ("경력 10년 이상", 120),
        ("경력 3~10년", 36),
        ("경력3년↑", 36),
        ("6개월 이상", 6),
        ("3년 6개월", 42),
        ("3", 36),
        ("0", 0),
        ("신입", 0),
        ("신입·경력", 0),
        ("경력무관", 0),
        ("관계없음", 0),
        ("", None),
    ],
)
def test_experience_in_months(words: str, months: int | None) -> None:
    assert READINGS["experience"](words) == months


def test_experience_without_an_amount_is_unknown() -> None:
    with pytest.raises(Unread, match="EXPERIENCE_UNSTATED"):
        READINGS["experience"]("경력")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("정규직", "regular"),
        ("정규직(수습 3개월)", "regular"),
        ("무기계약직", "regular"),
        ("기간의 정함이 없는 근로계약", "regular"),
        ("계약직(근무기간 1년)", "contract"),
        ("계약직(시간제)", "part_time"),
        ("아르바이트", "part_time"),
        ("파견직 (정규직 전환가능)", "dispatch"),
        ("인턴직", "intern"),
        ("프리랜서", "freelance"),
    ],
)
def test_kinds_of_employment(words: str, kind: str) -> None:
    assert READINGS["employment"](words) == kind


def test_several_kinds_are_none() -> None:
    with pytest.raises(Unread, match="EMPLOYMENT_SEVERAL"):
        READINGS["employment"]("정규직·계약직")


@pytest.mark.parametrize(
    ("address", "district"),
    [
        ("서울특별시 마포구 양화로 45", "서울 마포구"),
        ("서울시 마포구 양화로", "서울 마포구"),
        ("서울강남구", "서울 강남구"),
        ("강남구 테헤란로 1", "서울 강남구"),
        ("서울 동작구 서울시 동작구 상도로", "서울 동작구"),
        ("서울특별시 서울특별시 중구 세종대로", "서울 중구"),
        ("경기도 성남시 분당구 판교로", "경기 성남시 분당구"),
        ("수원시 영통구 광교로", "경기 수원시 영통구"),
        ("경기 광주시 경안로", "경기 광주시"),
        ("광주 동구 제봉로", "광주 동구"),
        ("제주시 첨단로", "제주 제주시"),
        ("서울전체", "서울"),
        ("중구 청계천로 100", None),  # six cities have one
        ("테헤란로 424", None),
    ],
)
def test_the_district_of_an_address(address: str, district: str | None) -> None:
    assert district_of(address) == district


@pytest.mark.parametrize(("words", "number"), [("1.0", 1), ("3명", 3), ("00명", None), ("1,200", 1200), ("", None)])
def test_whole_numbers(words: str, number: int | None) -> None:
    assert READINGS["whole"](words) == number


@pytest.mark.parametrize(
    ("snippet", "text"),
    [
        ("&lt;b&gt;제빵사&lt;/b&gt; &amp;amp; 제과사<br/>모집", "제빵사 & 제과사\n모집"),
        ("<P class='a' id=b>포장</P>\n<o:p></o:p><td nowrap>조리</td>", "포장\n\n조리"),
        ("<CS 상담원>\n<MD>와 <b 가산점 우대>", "<CS 상담원>\n<MD>와 <b 가산점 우대>"),
    ],
)
def test_entities_and_tags_become_text_and_other_words_in_angle_brackets_stay(snippet: str, text: str) -> None:
    assert READINGS["html"](snippet) == text


@given(st.sampled_from(sorted(READINGS)), st.text(max_size=60))
def test_no_text_breaks_a_reading(reading: str, text: str) -> None:
    try:
        READINGS[reading](text)
    except Unread as unread:
        assert unread.code
