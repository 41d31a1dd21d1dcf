"""What do the fields of a form say: a day, a name, one of a few words? What is wrong is told beside its field."""

from datetime import date
from typing import Annotated, Any, get_args

from fastapi import Form
from pydantic import StringConstraints

from services.registry.cafes.refusals import Refused
from services.registry.cafes.rooms import LARGEST, SMALLEST

Told = Annotated[
    str, Form(), StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
]
LONGEST_NAME = 100


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


def choice_told(told: str, choices: Any, where: str) -> str:
    """One of the words of a `Literal`. Raises `Refused`."""
    if told not in get_args(choices):
        raise Refused("CHOICE_WRONG", where)
    return told
