"""Which words of a text does a rule speak against, and where do they stand?"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from services.registry.law.rules import Rule

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
ONE_TILDE = {ord(tilde): "~" for tilde in "∼〜～"}
BEFORE = 40
AFTER = 60
MOST_PLACES = 50
"""Of one rule in one text: who needs more to be told has enough to do."""


@dataclass(frozen=True)
class Found:
    """Words in a text, and the characters between which they stand in `readable` form of the field."""

    words: str
    where: str
    start: int
    end: int


def readable(text: str) -> str:
    """The text in one form of each character, without invisible ones; what offsets refer to."""
    plain = unicodedata.normalize("NFC", INVISIBLE.sub("", text))
    return plain.translate(FULL_WIDTH).translate(ONE_TILDE)


def places(rule: Rule, text: str, where: str, title: str = "") -> tuple[Found, ...]:
    """Where a rule's words stand in a readable text, its exceptions left out."""
    return tuple(islice(_places(rule, text, where, title), MOST_PLACES))


def _places(rule: Rule, text: str, where: str, title: str) -> Iterator[Found]:
    if rule.pattern is None:
        return
    for hit in rule.pattern.finditer(text):
        if not _excepted(rule, text, hit.start(), hit.end()) and not _grounded(rule, text, hit, title):
            yield Found(hit.group().strip(), where, hit.start(), hit.end())


def _excepted(rule: Rule, text: str, start: int, end: int) -> bool:
    left, right = _around(text, start, end)
    for exception in rule.unless:
        if exception.covering is not None:
            spans = exception.covering.finditer(text, left, right)
            if any(span.start() <= start and span.end() >= end for span in spans):
                return True
            continue
        before = exception.before is None or exception.before.search(text[left:start]) is not None
        if before and (exception.after is None or exception.after.match(text, end, right)):
            return True
    return False


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """The near part of the line in which the words stand."""
    left = max(text.rfind("\n", max(0, start - BEFORE), start) + 1, start - BEFORE, 0)
    stop = text.find("\n", end, end + AFTER)
    return left, min(end + AFTER, len(text)) if stop < 0 else stop


def _grounded(rule: Rule, text: str, hit: re.Match[str], title: str) -> bool:
    """Whether a ground that the law knows is stated near the words or in the title."""
    if rule.grounds is None:
        return False
    left, right = _around(text, hit.start(), hit.end())
    return bool(rule.grounds.search(text, left, right) or rule.grounds.search(title))
