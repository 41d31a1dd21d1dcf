"""Of which things, doings and people does a word speak, however it names them? `수선원` and `repairer` share a sense.

The table of senses is our own: groups of words for the same, and glosses, which tell a name in plain words: a `cobbler`
speaks of all that `shoe repairer` does. A Korean compound speaks of all known words in it, the longest first from its
start; a Latin word, in any of its forms, of what its stem does.
"""

import csv
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from types import MappingProxyType

from services.matching.engine.skills.wording import stem

_SHORTEST = 2
"""Syllables: one alone means too much."""


@lru_cache(maxsize=2**17)
def senses(word: str) -> tuple[str, ...]:
    """The senses of a word in lower case, each by its first name; none where the table knows nothing of it."""
    return tuple(_of_stem(word) if word.isascii() else _of_compound(word))


def _of_stem(word: str) -> tuple[str, ...]:
    return _table().get(stem(word), ())


def _of_compound(word: str) -> Iterator[str]:
    start = 0
    while start + _SHORTEST <= len(word):
        ends = range(min(len(word), start + _longest()), start + _SHORTEST - 1, -1)
        end = next((end for end in ends if word[start:end] in _table()), None)
        if end:
            yield from _table()[word[start:end]]
        start = end or start + 1


@lru_cache(maxsize=1)
def _table() -> Mapping[str, tuple[str, ...]]:
    """Senses by stem; a plain word of a gloss that stands in no group is a sense of its own."""
    grouped = _grouped()
    table = dict(grouped)
    for row in _rows("glosses.csv"):
        plain = [_key(word) for word in row["plainly"].split()]
        told = {word: grouped.get(word, (f"word {word}",)) for word in plain}
        table.update({word: senses for word, senses in told.items() if word not in table})
        for name in map(_key, row["names"].split()):
            table[name] = tuple(dict.fromkeys((*table.get(name, ()), *chain.from_iterable(told.values()))))
    return MappingProxyType(table)


def _grouped() -> Mapping[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for row in _rows("senses.csv"):
        first, *others = row["words"].split("|")
        for word in dict.fromkeys(map(_key, (first, *others))):
            table[word] = (*table.get(word, ()), f"{row['kind']} {first}")
    return table


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("services.matching.engine.skills").joinpath(name).read_text("utf-8")
    yield from csv.DictReader(text.splitlines())


def _key(word: str) -> str:
    return stem(word) if word.isascii() else word


@lru_cache(maxsize=1)
def _longest() -> int:
    return max(map(len, _table()))
