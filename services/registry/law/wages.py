"""Is a wage below the minimum wage of the year in which the work is done?"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Literal

from services.registry.law.rules import Rules
from shared.contracts import Money

Verdict = Literal["below", "not below", "cannot judge"]

FULL_WEEK = 40
FULL_DAY = 8
HOURS_A_MONTH_AT_FULL_WEEK = 209
"""As the yearly notice rounds 208.57; other weeks are not rounded."""
SHORTEST_WEEK_WITH_PAID_REST = 15
USUAL_DAYS_A_WEEK = 5
MONTHS_OF_A_WEEK = Fraction(365, 7 * 12)
PROBATION_SHARE = Fraction(9, 10)


@dataclass(frozen=True)
class Hours:
    """The hours of work, as far as they are told."""

    weekly: float | None = None
    daily: float | None = None
    days_a_week: float | None = None

    @property
    def a_week(self) -> Fraction | None:
        if self.weekly is not None:
            return _exact(self.weekly)
        if self.daily is not None and self.days_a_week is not None:
            return _exact(self.daily) * _exact(self.days_a_week)
        return None

    @property
    def a_day(self) -> Fraction | None:
        """Told, or the week's hours over the days told, or over the usual five; never more than the legal day."""
        if self.daily is not None:
            return min(_exact(self.daily), Fraction(FULL_DAY))
        if self.weekly is None:
            return None
        days = _exact(self.days_a_week) if self.days_a_week else Fraction(USUAL_DAYS_A_WEEK)
        return min(_exact(self.weekly) / days, Fraction(FULL_DAY))


@dataclass(frozen=True)
class WageJudgement:
    """A verdict with the numbers behind it."""

    verdict: Verdict
    least: int | None = None
    """The least wage for this unit and these hours."""
    offered: int | None = None
    hourly: int | None = None
    why: str = ""
    """Where it cannot be judged: `hours`, `year`, `lower bound` or `wage`."""

    @property
    def within_probation(self) -> bool:
        """Below the minimum, yet not below the nine tenths that a probation may pay."""
        if self.least is None or self.offered is None or self.verdict != "below":
            return False
        return self.offered >= self.least * PROBATION_SHARE


def judge_wage(wage: Money | None, hours: Hours, work_year: int, rules: Rules) -> WageJudgement:
    """The lowest wage offered against the least of its year; what is not known is never taken to be enough."""
    offered = _lowest(wage)
    if wage is None or not offered:
        return WageJudgement("cannot judge", why="wage")
    if work_year not in rules.wages:
        return WageJudgement("cannot judge", offered=offered, why="year")
    hourly = rules.wages[work_year].hourly
    paid = _paid_hours(wage.unit, hours)
    if paid is None:
        return WageJudgement("cannot judge", offered=offered, hourly=hourly, why="hours")
    least = ceil(hourly * paid)
    if offered < least:
        return WageJudgement("below", least, offered, hourly)
    if not wage.minimum:
        return WageJudgement("cannot judge", least, offered, hourly, why="lower bound")
    return WageJudgement("not below", least, offered, hourly)


def paid_hours_a_month(weekly: Fraction) -> Fraction:
    """Hours of work and the paid weekly rest, which begins at 15 hours a week."""
    if weekly == FULL_WEEK:
        return Fraction(HOURS_A_MONTH_AT_FULL_WEEK)
    rests = weekly >= SHORTEST_WEEK_WITH_PAID_REST
    rest = min(weekly, Fraction(FULL_WEEK)) / USUAL_DAYS_A_WEEK if rests else Fraction(0)
    return (weekly + rest) * MONTHS_OF_A_WEEK


def _paid_hours(unit: str, hours: Hours) -> Fraction | None:
    if unit == "hour":
        return Fraction(1)
    if unit == "day":
        return hours.a_day
    weekly = hours.a_week
    return None if weekly is None else paid_hours_a_month(weekly) * (12 if unit == "year" else 1)


def _lowest(wage: Money | None) -> int | None:
    bounds = [bound for bound in (wage.minimum, wage.maximum) if bound] if wage else []
    return min(bounds, default=None)


def _exact(number: float) -> Fraction:
    return Fraction(str(number))
