"""Which words of a term tell something, and what does each stand for? For ranking by nearness, never for a score."""

import csv
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from services.matching.engine.skills.terms import aliases

_OF_ANY_TERM = (
    "a an and as at by for from in of on or the to with into through within across be is are being will such any all "
    "i my we our you your they their he his she her it its this that these those other various etc "
    "use using utilise utilize employ existing different new strong good excellent great high highly well very proven "
    "solid able ability skill skills experience experienced knowledge understanding working"
)
_LITTLE = frozenset(_OF_ANY_TERM.split())
_LONG_ENDINGS = re.compile(r"(?:ings?|ed|e?s|e|ations?|ments?|[eo]rs?|ly|ies|y|al|ions?)$")
_SHORTEST_STEM = 4
_RUNS = (2, 3, 4, 5)
"""Words whose initials may stand for them."""
_LONGEST_PHRASE = 4
ANYTHING = "whatever words"
"""Fitted beside terms, of which none may have a word."""


def telling(english: str) -> list[str]:
    """The words of a term without those that any term may have; all of them if nothing else is there."""
    words = english.split()
    return [word for word in words if word not in _LITTLE] or words


@lru_cache(maxsize=2**15)
def stem(word: str) -> str:
    while len(shorter := _LONG_ENDINGS.sub("", word)) >= _SHORTEST_STEM and shorter != word:
        word = shorter
    return word


def stems(english: str) -> list[str]:
    return [stem(word) for word in telling(english)]


@lru_cache(maxsize=2**15)
def meaning(word: str) -> str:
    """One stem for all words of about the same meaning: `oversee` and `supervising` are `manag`."""
    return _synonyms().get(stem(word), stem(word))


def meanings(english: str) -> list[str]:
    """What the words mean, and the known terms among runs of them: `computer-aided design` is CAD."""
    words = telling(english)
    return [*map(meaning, words), *_known(words)]


def _known(words: list[str]) -> Iterator[str]:
    for length in range(1, _LONGEST_PHRASE + 1):
        for at in range(len(words) - length + 1):
            if term := aliases().get("".join(words[at : at + length])):
                yield f"={term}"


def initials(english: str) -> list[str]:
    """Initials of runs of words, and the words that may be such initials."""
    words = telling(english)
    runs = ("".join(word[0] for word in words[at : at + run]) for run in _RUNS for at in range(len(words) - run + 1))
    return [*runs, *(word for word in words if len(word) in _RUNS)]


@lru_cache(maxsize=1)
def _synonyms() -> Mapping[str, str]:
    rows = csv.DictReader(
        files("services.matching.engine.skills").joinpath("synonyms.csv").read_text("utf-8").splitlines()
    )
    groups = ((stem(row["word"]), (row["word"], *row["others"].split("|"))) for row in rows)
    table: dict[str, str] = {}
    for meant, words in groups:
        for word in words:
            table.setdefault(stem(word), meant)
    return MappingProxyType(table)
