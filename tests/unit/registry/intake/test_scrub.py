"""Contacts leave the texts, other numbers stay, and no value is ever told."""

import pytest

from services.registry.intake.scrub import REMOVED, scrub


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("문의 010-1234-5678", "PHONE_REMOVED"),
        ("문의 01012345678 김", "PHONE_REMOVED"),
        ("문의 010.1234.5678", "PHONE_REMOVED"),
        ("문의 010 1234 5678", "PHONE_REMOVED"),
        ("문의 +82 10-1234-5678", "PHONE_REMOVED"),
        ("전화 02-123-4567", "PHONE_REMOVED"),
        ("전화 (02) 123-4567", "PHONE_REMOVED"),
        ("전화 031)123-4567", "PHONE_REMOVED"),
        ("대표 1588-1234", "PHONE_REMOVED"),
        ("메일 kim.boss+job@example.co.kr 로", "EMAIL_REMOVED"),
        ("메일 kim @ example.com", "EMAIL_REMOVED"),
        ("주민번호 900101-1234567", "IDENTIFIER_NOT_ALLOWED"),
        ("9001011234567", "IDENTIFIER_NOT_ALLOWED"),
        ("900101-1******", "IDENTIFIER_NOT_ALLOWED"),
        ("900101 / 1234568", "IDENTIFIER_NOT_ALLOWED"),
        ("900101_1234568", "IDENTIFIER_NOT_ALLOWED"),
        ("외국인등록번호 900101-5234561", "IDENTIFIER_NOT_ALLOWED"),
    ],
)
def test_a_contact_is_taken_out_and_told_by_its_code(text: str, code: str) -> None:
    result = scrub(text)
    assert result.codes == (code,)
    assert REMOVED in result.text
    assert not any(digits in result.text for digits in ("1234", "900101"))
    assert "example" not in result.text


@pytest.mark.parametrize(
    "text",
    [
        "월급 2,156,880원, 시급 10320원",
        "근무 09:00-18:00, 주 40시간",
        "2026-03-02부터 2026-12-31까지",
        "월 1800-2500만원",
        "접수번호 20260301001",
        "서울 마포구 양화로11길 12, 0203호",
        "사업자 123-45-67890",
        "경력 2년 이상 5년 이하",
        "골뱅이 무침 @ 망원",
        "9913991234567",  # no such month and day
        "900101 / 1234567",  # no right check digit, and not the usual form
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert scrub(text) == scrub(scrub(text).text)
    assert scrub(text).text == text


def test_the_persons_own_name_goes_too() -> None:
    assert scrub("저 홍길동은 제빵사입니다", name="홍길동").text == f"저 {REMOVED}은 제빵사입니다"
    assert scrub("이 일은 이렇게", name="이").text == "이 일은 이렇게"
