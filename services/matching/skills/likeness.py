"""How alike are two skill terms? A pure function of the pair and the alias table; typing slips only.

Jamo (NFD) distance by rapidfuzz proposes, guards decide: a known term is never corrected into another known term,
short words are taken as written, and a Korean word may differ in one jamo that people do confuse. A likeness is in
whole ten-thousandths. A vocabulary computes it once for each pair of terms, never for a pair of profiles.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel
from scipy import sparse

from services.matching.skills.terms import aliases, canonical

SAME = 10_000
LEAST_RATIO = 0.8
SHORTEST_KOREAN = 3
SHORTEST_LATIN = 8
SHORTEST_SWAPPED = 5

_KOREAN = re.compile(r"[가-힣]+")
_LATIN = re.compile(r"[a-z]+")


def _pairs(confused: str, alphabet: str, first: int) -> frozenset[frozenset[str]]:
    letter = {shown: chr(first + at) for at, shown in enumerate(alphabet)}
    return frozenset(frozenset(letter[shown] for shown in pair) for pair in confused.split())


_VOWELS = _pairs(
    "ㅐㅔ ㅏㅓ ㅗㅜ ㅗㅛ ㅓㅗ ㅣㅔ ㅣㅢ ㅚㅙ ㅙㅞ ㅡㅜ ㅏㅐ", "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ", 0x1161
)
_CONSONANTS = _pairs(
    "ㅅㅆ ㄱㄲ ㄷㄸ ㅂㅃ ㅈㅉ ㄱㅋ ㄷㅌ ㅂㅍ ㅈㅊ ㅍㅎ", "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", 0x1100
)
_SOUND_ALIKE = _pairs("ㅐㅔ", "ㅏㅐㅑㅒㅓㅔ", 0x1161)


def likeness(written: str, other: str) -> int:
    """0 for different skills, 10,000 for the same, between for what looks like a slip of the hand."""
    a, b = canonical(written), canonical(other)
    if not a or not b:
        return 0
    if a == b:
        return SAME
    known = aliases()
    if a in known and b in known:
        return 0
    return max((_slip(one, two) for one in spellings(a) for two in spellings(b)), default=0)


def spellings(term: str) -> tuple[str, ...]:
    """All known ways to write a term; an unknown term has its own alone."""
    return _spellings().get(term, (term,))


@lru_cache(maxsize=1)
def _spellings() -> dict[str, tuple[str, ...]]:
    gathered: dict[str, list[str]] = {}
    for spelled, term in aliases().items():
        gathered.setdefault(term, []).append(spelled)
    return {term: tuple(spelled) for term, spelled in gathered.items()}


def jamo(spelled: str) -> str:
    return unicodedata.normalize("NFD", spelled)


def _slip(a: str, b: str) -> int:
    ratio = Indel.normalized_similarity(jamo(a), jamo(b))
    return round(ratio * SAME) if ratio >= LEAST_RATIO and _is_slip(a, b) else 0


def _is_slip(a: str, b: str) -> bool:
    if _KOREAN.fullmatch(a) and _KOREAN.fullmatch(b):
        return _is_korean_slip(a, b)
    if _LATIN.fullmatch(a) and _LATIN.fullmatch(b):
        return a[0] == b[0] and OSA.distance(a, b) == 1 and _is_latin_slip(a, b)
    return False


def _is_latin_slip(a: str, b: str) -> bool:
    """Two letters swapped, or one wrong within a long word. `nestjs` is not `nextjs`, nor a last letter a slip."""
    if sorted(a) == sorted(b):
        return len(a) >= SHORTEST_SWAPPED
    return min(len(a), len(b)) >= SHORTEST_LATIN and a[-1] == b[-1]


def _is_korean_slip(a: str, b: str) -> bool:
    """As many syllables, one of them differing in one jamo that is easily confused."""
    differing = [(jamo(x), jamo(y)) for x, y in zip(a, b, strict=False) if x != y]
    if len(a) != len(b) or len(differing) != 1 or len(differing[0][0]) != len(differing[0][1]):
        return False
    letters = [frozenset(pair) for pair in zip(*differing[0], strict=True) if pair[0] != pair[1]]
    if len(letters) != 1:
        return False
    if len(a) < SHORTEST_KOREAN:
        return len(a) == SHORTEST_KOREAN - 1 and letters[0] in _SOUND_ALIKE
    return letters[0] in _VOWELS | _CONSONANTS


class Vocabulary:
    """The terms met so far, numbered, and the likeness of each two: worked out once, when a term is first met."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._terms: list[str] = []
        self._alike: list[dict[int, int]] = []
        self._spelled: list[str] = []
        self._spelled_by: list[int] = []
        self._matrix: sparse.csr_matrix | None = None

    def __len__(self) -> int:
        return len(self._number)

    def numbers(self, written: Sequence[str]) -> list[int]:
        """The numbers of these terms, each once, rising."""
        return sorted({self.number(term) for term in map(canonical, written) if term})

    def number(self, term: str) -> int:
        """The number of a canonical term."""
        if (known := self._number.get(term)) is not None:
            return known
        return self._meet(term)

    def covers(self, held: frozenset[str], asked: str) -> bool:
        """Whether one of the terms held is, or looks like, the term asked for."""
        return asked in held or any(self._terms[other] in held for other in self._alike[self.number(asked)])

    def matrix(self) -> sparse.csr_matrix:
        """Likeness of all terms to all terms."""
        if self._matrix is None:
            starts = np.cumsum([0, *map(len, self._alike)])
            others = np.fromiter((at for row in self._alike for at in row), dtype=np.int32, count=starts[-1])
            shares = np.fromiter((share for row in self._alike for share in row.values()), np.int64, count=starts[-1])
            self._matrix = sparse.csr_matrix((shares, others, starts), shape=(len(self), len(self)))
        return self._matrix

    def _meet(self, term: str) -> int:
        number = len(self._number)
        looking_alike = sorted(self._looking_alike(term))
        alike = {other: share for other in looking_alike if (share := likeness(term, self._terms[other]))}
        for other, share in alike.items():
            self._alike[other][number] = share
        self._number[term] = number
        self._terms.append(term)
        self._alike.append({**alike, number: SAME})
        for spelled in spellings(term):
            self._spelled.append(jamo(spelled))
            self._spelled_by.append(number)
        self._matrix = None
        return number

    def _looking_alike(self, term: str) -> set[int]:
        """Numbers of terms near enough for the guards to look at."""
        near: set[int] = set()
        for spelled in map(jamo, spellings(term)):
            found = process.extract(
                spelled, self._spelled, scorer=Indel.normalized_similarity, score_cutoff=LEAST_RATIO, limit=None
            )
            near.update(self._spelled_by[at] for _, _, at in found)
        return near
