"""When is a café open? Its hours by weekday, Korea's holidays, and its own closures, all in Korean time."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

import holidays

from services.registry.cafes.refusals import Refused
from shared.clock import KST

CLOCK_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
MINUTES_A_DAY = 1_440


@dataclass(frozen=True)
class Span:
    """From an instant up to, and without, another."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, other: "Span") -> bool:
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at

    def meets(self, other: "Span") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60


@dataclass(frozen=True)
class Hours:
    """What is known of a café's opening."""

    week: Sequence[Sequence[str] | None]
    closed_on_holidays: bool = True
    closures: Collection[date] = field(default_factory=frozenset)

    @property
    def known(self) -> bool:
        return len(self.week) == len("월화수목금토일")

    def on(self, day: date) -> Span | None:
        """From when until when it is open on a day; None where it is closed or nobody has told its hours."""
        if not self.known or day in self.closures or (self.closed_on_holidays and holiday(day)):
            return None
        told = self.week[day.weekday()]
        if told is None:
            return None
        opens, closes = map(minute_of, told)
        return Span(at_minute(day, opens), at_minute(day, closes))

    def open_at(self, instant: datetime) -> bool:
        today = self.on(instant.astimezone(KST).date())
        return today is not None and today.starts_at <= instant < today.ends_at


def holiday(day: date) -> str:
    """The name of a public holiday in Korea; empty on other days. Substitute holidays are holidays."""
    return str(_holidays(day.year).get(day, ""))


def minute_of(told: str) -> int:
    """Minutes since midnight of `HH:MM`; 24:00 is the end of the day."""
    hour, minute = told.split(":")
    return int(hour) * 60 + int(minute)


def at_minute(day: date, minute: int) -> datetime:
    """The instant so many minutes into a day in Korea, which never shifts its clocks."""
    return datetime.combine(day, time(), KST) + timedelta(minutes=minute)


def day_of(instant: datetime) -> date:
    return instant.astimezone(KST).date()


def checked_week(told: Sequence[Any]) -> list[list[str] | None]:
    """A week of hours as it is kept. Raises `Refused`."""
    if not told:
        return []
    if len(told) != 7:
        raise Refused("HOURS_WRONG")
    return [None if each is None else _checked_day(each) for each in told]


def _checked_day(told: Any) -> list[str]:
    right = isinstance(told, list | tuple) and len(told) == 2 and all(isinstance(each, str) for each in told)
    if not right or not all(CLOCK_TIME.fullmatch(each) for each in told) or minute_of(told[0]) >= minute_of(told[1]):
        raise Refused("HOURS_WRONG")
    return list(told)


@cache
def _holidays(year: int) -> Any:
    return holidays.country_holidays("KR", years=year, language="ko")
