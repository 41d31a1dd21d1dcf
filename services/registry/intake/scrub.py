"""Which words in a free text point to a person, and the text without them."""

import re
from dataclasses import dataclass

REMOVED = "[비공개]"

EMAIL = re.compile(r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+", re.ASCII)
PHONE = re.compile(
    r"""(?<![\d-])(?:
        \+82[-.\s)]{0,2}\(?0?\d{1,2}\)?[-.\s]{0,2}\d{3,4}[-.\s]{0,2}\d{4}   # +82 10 1234 5678
      | 01[016789][-.\s)]{0,2}\d{3,4}[-.\s]{0,2}\d{4}                       # mobile, with or without separators
      | 0(?:2|[3-6]\d|70|80|50\d?)\s?[-.)]\s?\d{3,4}\s?[-.]\s?\d{4}         # land line: separators required
      | 1[568]\d{2}-\d{4}(?!\s?[만원년시])                                  # nation-wide number, not a range
    )(?![\d-])""",
    re.VERBOSE,
)
# Numbers given since October 2020 have no check digit, so a possible date must do where the form is the usual one.
# Birth date, then the digit of century and sex, then six more (or masked): the month and day must be possible ones,
# else any order number of thirteen digits would be taken for a person.
RESIDENT_NUMBER = re.compile(
    r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s?[-–]?\s?[1-8](?:\d{6}|\d{0,5}[*xX●○]{1,6})(?![\d*])"
)
LOOSE_NUMBER = re.compile(r"(?<!\d)(\d{6})[\W_]{0,3}([1-8]\d{6})(?!\d)")
"""The same written apart in any way: taken for one only where its check digit is right."""
CHECK_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
LONG_NUMBER = re.compile(r"\d{4}")
"""Every number above has four digits in a row: texts without them, the most, need no further look."""


@dataclass(frozen=True)
class Scrubbed:
    """A text that may travel, and the codes of what was taken out of it."""

    text: str
    codes: tuple[str, ...] = ()


def holds_resident_number(text: str) -> bool:
    """Whether a resident registration number stands in a text, in its usual form or in any other."""
    return bool(LONG_NUMBER.search(text)) and (bool(RESIDENT_NUMBER.search(text)) or holds_checked_number(text))


def holds_checked_number(text: str) -> bool:
    """Whether one with a right check digit does: for addresses and references, which are full of other numbers."""
    return any(_has_check_digit(birth + rest) for birth, rest in LOOSE_NUMBER.findall(text))


def _without_number(found: re.Match[str]) -> str:
    return REMOVED if _has_check_digit(found[1] + found[2]) else found[0]


def _has_check_digit(digits: str) -> bool:
    month, day = int(digits[2:4]), int(digits[4:6])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return False
    weighed = sum(weight * int(digit) for weight, digit in zip(CHECK_WEIGHTS, digits, strict=False))
    remainder = weighed % 11
    of_citizen = int(digits[6]) in (1, 2, 3, 4)
    return ((11 if of_citizen else 13) - remainder) % 10 == int(digits[12])


def scrub(text: str, *, name: str = "") -> Scrubbed:
    """Take contacts (and this person's own name, where known) and resident numbers out of a text."""
    found: list[str] = []

    def without(pattern: re.Pattern[str], code: str) -> str:
        rest, times = pattern.subn(REMOVED, text)
        found.extend([code] * bool(times))
        return rest

    if LONG_NUMBER.search(text):
        numbered, text = text, LOOSE_NUMBER.sub(_without_number, RESIDENT_NUMBER.sub(REMOVED, text))
        found.extend(["IDENTIFIER_NOT_ALLOWED"] * (text != numbered))
        text = without(PHONE, "PHONE_REMOVED")
    if "@" in text:
        text = without(EMAIL, "EMAIL_REMOVED")
    if len(name) > 1 and name in text:
        text = without(re.compile(re.escape(name)), "NAME_REMOVED")
    return Scrubbed(text, tuple(found))
