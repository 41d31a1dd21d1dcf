"""Of what kind is what a term names? Photoshop is image editing software: near it in a ranking, never the same skill.

The table of kinds is our own. Only rankings by nearness ask it: a score knows no kinds, since who has worked with one
product of a kind has not worked with another.
"""

import csv
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from services.matching.engine.skills.terms import normalise

_LONGEST_NAME = 4
"""Words of a name."""


def kinds(english: str) -> tuple[str, ...]:
    """The kinds of all that is named in a term of normalised words."""
    words = english.split()
    names = (
        "".join(words[at : at + length])
        for length in range(1, _LONGEST_NAME + 1)
        for at in range(len(words) - length + 1)
    )
    return tuple(dict.fromkeys(kind for name in names for kind in _table().get(name, ())))


@lru_cache(maxsize=1)
def _table() -> Mapping[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    lines = files("services.matching.engine.skills").joinpath("kinds.csv").read_text("utf-8").splitlines()
    for row in csv.DictReader(lines):
        for name in map(normalise, row["names"].split("|")):
            table[name] = (*table.get(name, ()), row["kind"])
    return MappingProxyType(table)
