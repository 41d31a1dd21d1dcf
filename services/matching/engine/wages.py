"""What is a wage worth an hour and a month? Whole won, as far as the hours are known."""

from dataclasses import dataclass

from shared.contracts import Money

UNKNOWN = -1
FULL_WEEK_HOURS = 40
WORKING_DAYS = 5
SHORTEST_WEEK_WITH_PAID_REST = 15


@dataclass(frozen=True)
class Basis:
    """The least and the most of a wage on both bases; `UNKNOWN` where the hours are."""

    hour_least: int = UNKNOWN
    hour_most: int = UNKNOWN
    month_least: int = UNKNOWN
    month_most: int = UNKNOWN


def on_common_basis(wage: Money | None, weekly_hours: float | None) -> Basis:
    """An hourly wage needs the week's hours to be told by the month, and the other way round."""
    if wage is None or (wage.minimum is None and wage.maximum is None):
        return Basis()
    most = wage.maximum if wage.maximum is not None else wage.minimum or 0
    least = wage.minimum or 0
    hour = _hours_in(wage.unit, weekly_hours)
    month = _months_in(wage.unit, weekly_hours)
    return Basis(_times(least, hour), _times(most, hour), _times(least, month), _times(most, month))


def monthly_hours(weekly_hours: float) -> float:
    """Paid hours a month, the weekly paid rest included: 40 hours a week are 208.6 a month (law rounds to 209)."""
    rests = weekly_hours >= SHORTEST_WEEK_WITH_PAID_REST
    rest = min(weekly_hours, FULL_WEEK_HOURS) / WORKING_DAYS if rests else 0.0
    return (weekly_hours + rest) * 365 / 84


def _hours_in(unit: str, weekly: float | None) -> float | None:
    """The factor that makes an hourly wage of one told by `unit`."""
    if unit == "hour":
        return 1.0
    if weekly is None:
        return None
    if unit == "day":
        return WORKING_DAYS / min(weekly, FULL_WEEK_HOURS)
    return 1 / monthly_hours(weekly) / (12 if unit == "year" else 1)


def _months_in(unit: str, weekly: float | None) -> float | None:
    if unit in ("month", "year"):
        return 1 / 12 if unit == "year" else 1.0
    hour = _hours_in(unit, weekly)
    return None if hour is None or weekly is None else hour * monthly_hours(weekly)


def _times(won: int, factor: float | None) -> int:
    return UNKNOWN if factor is None else round(won * factor)
