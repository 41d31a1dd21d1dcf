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
# Birth date, then the digit of century and sex, then six more (or masked): the month and day must be possible ones,
# else any order number of thirteen digits would be taken for a person.
RESIDENT_NUMBER = re.compile(
    r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s?[-–]?\s?[1-8](?:\d{6}|\d{0,5}[*xX●○]{1,6})(?![\d*])"
)
LONG_NUMBER = re.compile(r"\d{4}")
"""Every number above has four digits in a row: texts without them, the most, need no further look."""


@dataclass(frozen=True)
class Scrubbed:
    """A text that may travel, and the codes of what was taken out of it."""

    text: str
    codes: tuple[str, ...] = ()


def scrub(text: str, *, name: str = "") -> Scrubbed:
    """Take contacts (and this person's own name, where known) out of a text, and report a resident number."""
    found: list[str] = []

    def without(pattern: re.Pattern[str], code: str) -> str:
        rest, times = pattern.subn(REMOVED, text)
        found.extend([code] * bool(times))
        return rest

    if LONG_NUMBER.search(text):
        text = without(RESIDENT_NUMBER, "IDENTIFIER_NOT_ALLOWED")
        text = without(PHONE, "PHONE_REMOVED")
    if "@" in text:
        text = without(EMAIL, "EMAIL_REMOVED")
    if len(name) > 1 and name in text:
        text = without(re.compile(re.escape(name)), "NAME_REMOVED")
    return Scrubbed(text, tuple(found))
