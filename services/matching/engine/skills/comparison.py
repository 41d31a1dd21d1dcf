"""Are two skill terms the same, related or different, and which rule says so? A function of the pair and the tables.

The first rule that applies decides. The tables go before all likeness: a known term is never corrected into another,
short words are taken as written, and a Korean word may differ in one jamo that people do confuse.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from rapidfuzz.distance import OSA, Indel

from services.matching.engine.skills.compounds import LONGEST_TERM, is_known_at, known_within, pieces, word_for_word
from services.matching.engine.skills.levels import split_grade, split_rank
from services.matching.engine.skills.terms import aliases, canonical, normalise, spellings, split_version
from services.matching.engine.skills.transliteration import is_read_aloud, is_sound, skeleton

Relation = Literal["same", "related", "different"]
Rule = Literal[
    "nothing written", "identical", "alias", "wording", "level differs", "level unstated", "version unstated",
    "known terms differ", "figures differ", "word for word", "known term within", "typo", "transliteration",
    "nothing in common",
]  # fmt: skip

SAME = 10_000
LEVEL_UNSTATED = 8_000
WORD_FOR_WORD = 9_500
SOUNDS_ALIKE = 9_000
WITHIN = 7_000
"""What a related or rewritten term is worth, in ten-thousandths."""

LEAST_RATIO = 0.8
SHORTEST_KOREAN = 3
LONG_KOREAN = 5
SHORTEST_LATIN = 8
SHORTEST_SWAPPED = 5
SHORTEST_SKELETON = 4

_KOREAN = re.compile(r"[가-힣]+")
_LATIN = re.compile(r"[a-z]+")
_FIGURES = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two terms are to each other; `likeness` in whole ten-thousandths."""

    relation: Relation
    rule: Rule
    likeness: int


def _pairs(confused: str, alphabet: str, first: int) -> frozenset[frozenset[str]]:
    letter = {shown: chr(first + at) for at, shown in enumerate(alphabet)}
    return frozenset(frozenset(letter[shown] for shown in pair) for pair in confused.split())


_VOWELS = _pairs(
    "ㅐㅔ ㅏㅓ ㅗㅜ ㅗㅛ ㅓㅗ ㅣㅔ ㅣㅢ ㅚㅙ ㅙㅞ ㅡㅜ ㅏㅐ ㅔㅖ ㅐㅖ ㅏㅑ ㅓㅕ ㅜㅠ",
    "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ",
    0x1161,
)
_CONSONANTS = _pairs(
    "ㅅㅆ ㄱㄲ ㄷㄸ ㅂㅃ ㅈㅉ ㄱㅋ ㄷㅌ ㅂㅍ ㅈㅊ ㅍㅎ", "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", 0x1100
)
_SOUND_ALIKE = _pairs("ㅐㅔ", "ㅏㅐㅑㅒㅓㅔ", 0x1161)


def compare(written: str, other: str) -> Verdict:
    """The same both ways round."""
    spelled, spelled_other = normalise(written), normalise(other)
    if not spelled or not spelled_other:
        return Verdict("different", "nothing written", 0)
    if spelled == spelled_other:
        return Verdict("same", "identical", SAME)
    a, b = canonical(written), canonical(other)
    if a == b:
        listed = spelled in aliases() and spelled_other in aliases()
        return Verdict("same", "alias" if listed else "wording", SAME)
    return _by_level(a, b) or _by_version(a, b) or _by_table(a, b) or _by_words(a, b) or _by_spelling(a, b)


def _by_level(a: str, b: str) -> Verdict | None:
    (trade, rank), (trade_of_b, rank_of_b) = split_rank(a), split_rank(b)
    if rank and rank_of_b and trade == trade_of_b:
        return Verdict("different", "level differs", 0)
    (stem, grade), (stem_of_b, grade_of_b) = split_grade(a), split_grade(b)
    if stem != stem_of_b or grade == grade_of_b:
        return None
    if grade and grade_of_b:
        return Verdict("different", "level differs", 0)
    return Verdict("related", "level unstated", LEVEL_UNSTATED)


def _by_version(a: str, b: str) -> Verdict | None:
    (known, version), (known_of_b, version_of_b) = split_version(a), split_version(b)
    if known == known_of_b and bool(version) is not bool(version_of_b):
        return Verdict("related", "version unstated", LEVEL_UNSTATED)
    return None


def _by_table(a: str, b: str) -> Verdict | None:
    if a in aliases() and b in aliases():
        return Verdict("different", "known terms differ", 0)
    if sorted(_FIGURES.findall(a)) != sorted(_FIGURES.findall(b)):
        return Verdict("different", "figures differ", 0)
    return None


def _by_words(a: str, b: str) -> Verdict | None:
    words = word_for_word(a)
    if words and words == word_for_word(b):
        return Verdict("same", "word for word", WORD_FOR_WORD)
    if known_within(a) == b or known_within(b) == a:
        return Verdict("related", "known term within", WITHIN)
    return None


def _by_spelling(a: str, b: str) -> Verdict:
    ways = [(one, two) for one in ways_to_write(a) for two in ways_to_write(b)]
    slip = max(_slip(one, two) for one, two in ways)
    if slip:
        return Verdict("same", "typo", slip)
    if any(_sounds_alike(one, two) for one, two in ways):
        return Verdict("same", "transliteration", SOUNDS_ALIKE)
    return Verdict("different", "nothing in common", 0)


def ways_to_write(term: str) -> tuple[str, ...]:
    """All known ways to write a term; an unknown term has its own alone."""
    return spellings().get(term, (term,))


def is_one_script(spelled: str) -> bool:
    """Whether a slip of the hand can be told in it: letters of one script, and no more of them than a term has."""
    return len(spelled) <= LONGEST_TERM and bool(_KOREAN.fullmatch(spelled) or _LATIN.fullmatch(spelled))


def jamo(spelled: str) -> str:
    return unicodedata.normalize("NFD", spelled)


def sound_of(spelled: str) -> str | None:
    """The consonants by which a term may be known in the other script; nothing where they are too few to tell.

    A Korean compound of known words is translated word for word, never read aloud.
    """
    if not is_sound(spelled) or (not spelled.isascii() and all(piece.english for piece in pieces(spelled))):
        return None
    sound = skeleton(spelled)
    return sound if len(sound) >= SHORTEST_SKELETON else None


def _sounds_alike(a: str, b: str) -> bool:
    if a.isascii() == b.isascii() or not (sound := sound_of(a)) or sound != sound_of(b):
        return False
    return is_read_aloud(a, b) if a.isascii() else is_read_aloud(b, a)


def _slip(a: str, b: str) -> int:
    if not _is_slip(a, b):
        return 0
    ratio = Indel.normalized_similarity(jamo(a), jamo(b), score_cutoff=LEAST_RATIO)
    return round(ratio * SAME)


def _is_slip(a: str, b: str) -> bool:
    if a.isascii() != b.isascii() or not (is_one_script(a) and is_one_script(b)):
        return False
    if not a.isascii():
        return _is_korean_slip(a, b)
    return a[0] == b[0] and OSA.distance(a, b) == 1 and _is_latin_slip(a, b)


def _is_latin_slip(a: str, b: str) -> bool:
    """Two letters swapped, or one wrong within a long word. `nestjs` is not `nextjs`, nor a last letter a slip.

    Of two terms all of known words none is a slip of the other: `CAD software` is not `CAM software`.
    """
    if word_for_word(a) and word_for_word(b):
        return False
    if sorted(a) == sorted(b):
        return len(a) >= SHORTEST_SWAPPED
    return min(len(a), len(b)) >= SHORTEST_LATIN and a[-1] == b[-1]


def _is_korean_slip(a: str, b: str) -> bool:
    """As many syllables, one of them differing in one jamo: one easily confused, or any in a long word that is known.

    One known word is no slip of another: `해외영업팀` is not `해외영어팀`. Nor, of two that nobody knows, is either the
    one that was meant: `성형외과전문의사` is not `정형외과전문의사`.
    """
    places = [at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y]
    if len(a) != len(b) or len(places) != 1 or (is_known_at(a, places[0]) and is_known_at(b, places[0])):
        return False
    x, y = jamo(a[places[0]]), jamo(b[places[0]])
    if len(a) >= LONG_KOREAN and (a in aliases() or b in aliases()):
        return OSA.distance(x, y) == 1
    letters = [frozenset(pair) for pair in zip_longest(x, y) if pair[0] != pair[1]]
    if len(letters) != 1:
        return False
    if len(a) < SHORTEST_KOREAN:
        return len(a) == SHORTEST_KOREAN - 1 and letters[0] in _SOUND_ALIKE
    return letters[0] in _VOWELS | _CONSONANTS
