"""What may someone book? At most 180 minutes a day over all cafés and rooms (exactly 180 is lawful), by days in Korea.

Pure: it is told what already stands. A booking over midnight is refused, so each belongs to one day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.registry.cafes.hours import Hours, Span, at_minute, day_of
from services.registry.cafes.refusals import Refused

DAY_MINUTES = 180
DAYS_AHEAD = 14


@dataclass(frozen=True)
class Rules:
    """What a city may set for itself."""

    late_minutes: int = 10
    """So long after its beginning a room is kept for who has not come."""
    points_limit: int = 3
    """So many bookings not used block someone …"""
    points_days: int = 30
    """… as long as they are no older than this …"""
    block_days: int = 7
    """… for so long after the last of them."""

    @property
    def late(self) -> timedelta:
        return timedelta(minutes=self.late_minutes)


def check_times(asked: Span, hours: Hours, instant: datetime) -> None:
    """Whether a room could be had then by anyone. Raises `Refused`."""
    if day_of(asked.starts_at) > day_of(instant) + timedelta(days=DAYS_AHEAD):
        raise Refused("TOO_FAR_AHEAD")
    check_open(asked, hours, instant)


def check_open(asked: Span, hours: Hours, instant: datetime) -> None:
    """Whether anything could take place then at a café. Raises `Refused`."""
    if asked.starts_at >= asked.ends_at or any(
        each.second or each.microsecond for each in (asked.starts_at, asked.ends_at)
    ):
        raise Refused("TIME_WRONG")
    day = day_of(asked.starts_at)
    if asked.ends_at > at_minute(day + timedelta(days=1), 0):
        raise Refused("OVER_MIDNIGHT")
    if asked.starts_at < instant - timedelta(minutes=1):
        raise Refused("TIME_PAST")
    if not hours.known:
        raise Refused("HOURS_UNKNOWN")
    whole_day = hours.on(day)
    if whole_day is None or not whole_day.holds(asked):
        raise Refused("CAFE_CLOSED")


def check_day(asked: Span, hers: Iterable[Span]) -> None:
    """Whether it leaves her day lawful, given her other bookings that stand. Raises `Refused`."""
    day = day_of(asked.starts_at)
    if asked.minutes + sum(each.minutes for each in hers if day_of(each.starts_at) == day) > DAY_MINUTES:
        raise Refused("DAY_IS_FULL")
