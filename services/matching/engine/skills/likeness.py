"""How alike are the terms of a vocabulary? Worked out once, when a term is first met, never for a pair of profiles.

A new term is not compared with all others: it is looked up by what two like terms must share (a spelling with one
letter missing, the consonants, the translated words, the stem), and only those found are compared. The keys of a pair
that `compare` likes always meet, so nothing is missed (a test holds this against all pairs).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from scipy import sparse

from services.matching.engine.skills.comparison import SAME, compare, is_one_script, sound_of, ways_to_write
from services.matching.engine.skills.compounds import known_within, word_for_word
from services.matching.engine.skills.levels import split_grade
from services.matching.engine.skills.terms import canonical, split_version

__all__ = ["SAME", "Vocabulary", "likeness"]

Key = tuple[object, ...]


def likeness(written: str, other: str) -> int:
    """0 for different skills, 10,000 for the same, between for related ones and for what looks like a slip."""
    return compare(written, other).likeness


class Vocabulary:
    """The terms met so far, numbered, and the likeness of each two."""

    def __init__(self) -> None:
        self.compared = 0
        """Pairs of terms that were compared: what a vocabulary costs."""
        self._number: dict[str, int] = {}
        self._terms: list[str] = []
        self._alike: list[dict[int, int]] = []
        self._filed = _Files()
        self._matrix: sparse.csr_matrix | None = None

    def __len__(self) -> int:
        return len(self._number)

    @property
    def terms(self) -> Sequence[str]:
        """Canonical terms in the order of their numbers."""
        return self._terms

    def numbers(self, written: Sequence[str]) -> list[int]:
        """The numbers of these terms, each once, rising."""
        return sorted({self.number(term) for term in map(canonical, written) if term})

    def number(self, term: str) -> int:
        """The number of a canonical term."""
        if (known := self._number.get(term)) is not None:
            return known
        return self._meet(term)

    def alike(self, number: int) -> Mapping[int, int]:
        """The likeness of each term that is like this one, itself among them, by number."""
        return self._alike[number]

    def likest(self, held: frozenset[str], asked: str) -> int:
        """The greatest likeness of any of the terms held to the term asked for."""
        if asked in held:
            return SAME
        greatest, terms = 0, self._terms
        for other, share in self._alike[self.number(asked)].items():  # asked of every pair that is told: no generator
            if share > greatest and terms[other] in held:
                greatest = share
        return greatest

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
        looking_alike = sorted(self._filed.found(looked_up_under(term)))
        self.compared += len(looking_alike)
        alike = {other: share for other in looking_alike if (share := likeness(term, self._terms[other]))}
        for other, share in alike.items():
            self._alike[other][number] = share
        self._number[term] = number
        self._terms.append(term)
        self._alike.append({**alike, number: SAME})
        self._filed.file(number, filed_under(term))
        self._matrix = None
        return number


def filed_under(term: str) -> Iterator[Key]:
    """Under which keys those who are like this canonical term will look for it."""
    yield from _shared(term)
    yield "term", term
    if within := known_within(term):
        yield "within", within
    for spelled in ways_to_write(term):
        if sound := sound_of(spelled):
            yield "sound", spelled.isascii(), sound


def looked_up_under(term: str) -> Iterator[Key]:
    """Under which keys this canonical term finds those who are like it."""
    yield from _shared(term)
    yield "within", term
    if within := known_within(term):
        yield "term", within
    for spelled in ways_to_write(term):
        if sound := sound_of(spelled):
            yield "sound", not spelled.isascii(), sound


def _shared(term: str) -> Iterator[Key]:
    yield "stem", split_grade(term)[0]
    yield "stem", split_version(term)[0]
    if words := word_for_word(term):
        yield "words", words
    for spelled in ways_to_write(term):
        if is_one_script(spelled):
            yield from (("slip", key) for key in _with_one_missing(spelled))


def _with_one_missing(spelled: str) -> Iterator[str]:
    """Two spellings that differ in one letter, or in the order of two, share one of these."""
    if not spelled.isascii():  # a Korean slip keeps the number of syllables
        yield from (f"{spelled[:at]}?{spelled[at + 1 :]}" for at in range(len(spelled)))
        return
    yield spelled
    yield from (spelled[:at] + spelled[at + 1 :] for at in range(len(spelled)))


class _Files:
    """Numbers by the hash of a key: a rare collision costs one comparison, and a key no memory."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}
        self._more: dict[int, list[int]] = {}

    def file(self, number: int, keys: Iterable[Key]) -> None:
        for place in set(map(hash, keys)):
            if self._first.setdefault(place, number) != number:
                self._more.setdefault(place, []).append(number)

    def found(self, keys: Iterable[Key]) -> set[int]:
        places = set(map(hash, keys))
        found = {self._first[place] for place in places if place in self._first}
        return found.union(*(self._more[place] for place in places if place in self._more))
