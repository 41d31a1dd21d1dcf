"""What do the fields of a form say: a day, a time, a name, a number? What is wrong is told beside its field."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import Form
from pydantic import StringConstraints

from services.registry.cafes.hours import Span
from services.registry.cafes.refusals import Reason, Refused
from services.registry.cafes.rooms import LARGEST, SMALLEST
from shared.clock import KST
from shared.places import centre, latitude_and_longitude, usual_name

Told = Annotated[
    str, Form(), StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
]
LONGEST_NAME = 100
ON_FORMS = {"starts_at": "starts", "ends_at": "minutes", "room_id": "room"}
"""What a form asks for that the law calls otherwise."""
MOST_WORDS = 20


def told_beside(refused: Refused | None) -> Reason | None:
    """Why something was refused, with the field of a form that it is about."""
    if refused is None:
        return None
    where = refused.reason.where
    return refused.reason._replace(where=ON_FORMS.get(where, where))


def day_told(told: str, where: str) -> date:
    """`2026-03-01`. Raises `Refused`."""
    try:
        return date.fromisoformat(told)
    except ValueError:
        raise Refused("DAY_WRONG", where) from None


def name_told(told: str, where: str) -> str:
    """Raises `Refused`."""
    if not 1 <= len(told) <= LONGEST_NAME:
        raise Refused("NAME_WRONG", where)
    return told


def capacity_told(told: str) -> int:
    """How many a room holds. Raises `Refused`."""
    if not (told.isascii() and told.isdigit() and len(told) <= 3 and SMALLEST <= int(told) <= LARGEST):
        raise Refused("CAPACITY_WRONG")
    return int(told)


def degrees_told(told: str, where: str) -> float | None:
    """Degrees, or None where nothing is told. Raises `Refused`."""
    try:
        return float(told) if told else None
    except ValueError:
        raise Refused("PLACE_WRONG", where) from None


def words_told(told: str, where: str) -> list[str]:
    """What is divided by commas. Raises `Refused`."""
    words = [word for each in told.split(",") if (word := each.strip())]
    if len(words) > MOST_WORDS or any(len(word) > LONGEST_NAME for word in words):
        raise Refused("WORDS_WRONG", where)
    return words


def choice_told(told: str, choices: Any, where: str) -> str:
    """One of the words of a `Literal`. Raises `Refused`."""
    if told not in get_args(choices):
        raise Refused("CHOICE_WRONG", where)
    return told


def span_of(starts: str, minutes: str) -> Span:
    """`2026-12-02T09:00` in Korea, and so many minutes. Raises `Refused`."""
    try:
        start = datetime.strptime(starts, "%Y-%m-%dT%H:%M").replace(tzinfo=KST)
        length = int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) <= 4 else 0
        span = Span(start, start + timedelta(minutes=length))
    except (ValueError, OverflowError):
        raise Refused("TIME_WRONG") from None
    if not length:
        raise Refused("TIME_WRONG", "ends_at")
    return span


def number_of(people: str) -> int:
    """Raises `Refused`."""
    if not (people.isascii() and people.isdigit() and len(people) <= 3):
        raise Refused("TOO_MANY_PEOPLE")
    return int(people)


def uuid_of(told: str, otherwise: str) -> UUID:
    """Raises `Refused`."""
    try:
        return UUID(told)
    except ValueError:
        raise Refused(otherwise) from None


def point_of(near: str) -> tuple[float, float] | None:
    """`37.55,126.92`, or the middle of a district; None for whatever else was told."""
    try:
        latitude, longitude = map(float, near.split(","))
    except ValueError:
        middle = centre(usual_name(near))
        return latitude_and_longitude(middle) if middle else None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None
