"""Which words of a text does a rule speak against, and where do they stand?"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from services.registry.law.rules import Rule
from shared import markup

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
LINE_ENDS = dict.fromkeys((0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029), 0x0A)
ONE_TILDE = {ord(tilde): "~" for tilde in "∼〜～"}
ONE_FORM = FULL_WIDTH | ONE_TILDE | LINE_ENDS
SPACED = re.compile(r"(?<![가-힣])[가-힣](?: [가-힣]){3,}(?![가-힣])")
"""`여 직 원 모 집`: four syllables or more that stand alone are one word drawn out."""
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
    """The text in one form of each character, without markup, invisible and spaced letters; what offsets refer to."""
    plain = unicodedata.normalize("NFC", INVISIBLE.sub("", markup.plain(text))).translate(ONE_FORM)
    return SPACED.sub(lambda found: found[0].replace(" ", ""), plain)


def places(rule: Rule, text: str, where: str, title: str = "") -> tuple[Found, ...]:
    """Where a rule's words stand in a readable text, its exceptions left out."""
    return tuple(islice(_places(rule, text, where, title), MOST_PLACES))


def _places(rule: Rule, text: str, where: str, title: str) -> Iterator[Found]:
    for start, end in _apart(_spans(rule, text)):
        if not _excepted(rule, text, start, end) and not _grounded(rule, text, start, end, title):
            yield Found(text[start:end].strip(), where, start, end)


def _spans(rule: Rule, text: str) -> Iterator[tuple[int, int]]:
    for sought in rule.sought:
        position = 0
        while hit := sought.body.search(text, position):
            fits = sought.lead.match(text, hit.start()) is not None
            position = max(hit.end(), hit.start() + 1) if fits else hit.start() + 1
            if fits:
                yield hit.span()


def _apart(spans: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Of spans that overlap, the one that begins first and is longest."""
    reached = -1
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= reached:
            yield start, end
            reached = end


def _excepted(rule: Rule, text: str, start: int, end: int) -> bool:
    left, right = _around(rule, text, start, end)
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


def _around(rule: Rule, text: str, start: int, end: int) -> tuple[int, int]:
    """What stands near the words, in their line or beyond it."""
    if rule.data.reach == "near":
        return max(0, start - BEFORE), min(end + AFTER, len(text))
    left = max(text.rfind("\n", max(0, start - BEFORE), start) + 1, start - BEFORE, 0)
    stop = text.find("\n", end, end + AFTER)
    return left, min(end + AFTER, len(text)) if stop < 0 else stop


def _grounded(rule: Rule, text: str, start: int, end: int, title: str) -> bool:
    """Whether a ground that the law knows is stated near the words or in the title."""
    if rule.grounds is None:
        return False
    left, right = _around(rule, text, start, end)
    return bool(rule.grounds.search(text, left, right) or rule.grounds.search(title))
