"""Days, times and wages as people here say them."""

from datetime import UTC, date, datetime

import pytest

from shared.contracts import Money
from shared.web import figures


def test_a_time_is_told_in_korea() -> None:
    late_in_utc = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
    assert figures.moment(late_in_utc, "ko") == "3월 2일(월) 00:30"
    assert figures.moment(late_in_utc, "en") == "Mon 2 Mar 00:30"
    assert figures.day(date(2026, 3, 1), "ko") == "3월 1일(일)"


@pytest.mark.parametrize(
    ("money", "korean", "english"),
    [
        (Money(unit="hour", minimum=10_320), "시급 10,320원 이상", "from ₩10,320 an hour"),
        (Money(unit="hour", minimum=10_320, maximum=10_320), "시급 10,320원", "₩10,320 an hour"),
        (Money(unit="month", minimum=2_500_000), "월급 250만 원 이상", "from ₩2,500,000 a month"),
        (Money(unit="month", minimum=2_512_345), "월급 2,512,345원 이상", "from ₩2,512,345 a month"),
        (Money(unit="year", maximum=136_000_000), "연봉 1억 3,600만 원 이하", "up to ₩136,000,000 a year"),
        (
            Money(unit="year", minimum=100_000_000, maximum=200_000_000),
            "연봉 1억 원~2억 원",
            "₩100,000,000–₩200,000,000 a year",
        ),
        (Money(unit="day", minimum=0), "일급 0원 이상", "from ₩0 a day"),
        (Money(unit="day"), "", ""),
        (None, "", ""),
    ],
)
def test_a_wage_has_its_unit_and_its_bounds(money: Money | None, korean: str, english: str) -> None:
    assert figures.wage(money, "ko") == korean
    assert figures.wage(money, "en") == english
