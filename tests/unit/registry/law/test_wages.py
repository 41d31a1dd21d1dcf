"""Is a wage judged by the year of the work, its hours, and nothing that is not known?"""

import pytest

from services.registry.law.rules import shipped_rules
from services.registry.law.wages import Hours, Verdict, judge_wage
from shared.contracts import Money

BELOW: Verdict = "below"
FINE: Verdict = "not below"
UNKNOWN: Verdict = "cannot judge"

CASES = [
    ("hour", 10_029, Hours(), 2025, BELOW),
    ("hour", 10_030, Hours(), 2025, FINE),
    ("hour", 10_030, Hours(), 2026, BELOW),
    ("hour", 10_320, Hours(), 2026, FINE),
    ("hour", 9_860, Hours(), 2024, FINE),
    ("hour", 4_859, Hours(), 2013, BELOW),
    ("hour", 10_700, Hours(), 2027, FINE),
    ("month", 2_096_269, Hours(40), 2025, BELOW),
    ("month", 2_096_270, Hours(40), 2025, FINE),
    ("month", 2_156_880, Hours(40), 2026, FINE),
    ("month", 2_156_879, Hours(40), 2026, BELOW),
    ("month", 2_096_270, Hours(), 2025, UNKNOWN),
    ("month", 3_000_000, Hours(), 2025, UNKNOWN),
    ("year", 25_155_240, Hours(40), 2025, FINE),
    ("year", 25_155_239, Hours(40), 2025, BELOW),
    ("year", 25_155_239, Hours(), 2025, UNKNOWN),
    ("month", 1_568_978, Hours(30), 2025, BELOW),  # (30 + 6) × 365 / 84 = 156.43 hours
    ("month", 1_568_979, Hours(30), 2025, FINE),
    ("month", 610_158, Hours(14), 2025, BELOW),  # no paid rest below 15 hours: 60.83 hours
    ("month", 610_159, Hours(14), 2025, FINE),
    ("month", 784_489, Hours(15), 2025, BELOW),  # with it: (15 + 3) × 365 / 84 = 78.21 hours
    ("month", 784_490, Hours(15), 2025, FINE),
    ("day", 80_240, Hours(40), 2025, FINE),
    ("day", 80_239, Hours(40), 2025, BELOW),
    ("day", 80_240, Hours(), 2025, UNKNOWN),
    ("day", 60_180, Hours(daily=6), 2025, FINE),
    ("day", 60_179, Hours(daily=6), 2025, BELOW),
    ("day", 60_180, Hours(36, days_a_week=6), 2025, FINE),
    ("month", 2_096_270, Hours(daily=8, days_a_week=5), 2025, FINE),
    ("hour", 10_030, Hours(), 2099, UNKNOWN),
]


@pytest.mark.parametrize(("unit", "amount", "hours", "year", "verdict"), CASES)
def test_a_wage(unit: str, amount: int, hours: Hours, year: int, verdict: Verdict):
    wage = Money.model_validate({"unit": unit, "minimum": amount, "maximum": amount})

    assert judge_wage(wage, hours, year, shipped_rules()).verdict == verdict


def test_every_year_has_its_minimum():
    wages = shipped_rules().wages

    assert sorted(wages) == list(range(2013, 2028))
    assert [wages[year].hourly for year in (2013, 2018, 2025)] == [4_860, 7_530, 10_030]
    assert [year for year in wages if wages[year].source.to_verify] == [2027]


def test_the_lowest_wage_offered_counts():
    wage = Money(unit="hour", minimum=9_000, maximum=15_000)

    assert judge_wage(wage, Hours(), 2025, shipped_rules()).verdict == BELOW


def test_an_upper_bound_alone_is_never_enough():
    rules = shipped_rules()

    assert judge_wage(Money(unit="hour", maximum=15_000), Hours(), 2025, rules).verdict == UNKNOWN
    assert judge_wage(Money(unit="hour", minimum=0, maximum=15_000), Hours(), 2025, rules).verdict == UNKNOWN
    assert judge_wage(Money(unit="hour", maximum=9_000), Hours(), 2025, rules).verdict == BELOW


def test_a_wage_of_nothing_is_no_wage():
    assert judge_wage(Money(unit="hour", minimum=0), Hours(), 2025, shipped_rules()).why == "wage"


@pytest.mark.parametrize(("amount", "within"), [(9_027, True), (9_026, False), (10_030, False)])
def test_probation_may_pay_nine_tenths(amount: int, within: bool):
    judged = judge_wage(Money(unit="hour", minimum=amount), Hours(), 2025, shipped_rules())

    assert judged.within_probation is within
