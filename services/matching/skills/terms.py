"""Which written forms are the same skill? Normalised spelling, then our own table of aliases."""

import csv
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

_SEPARATORS = re.compile(r"[^0-9a-z가-힣一-龥ぁ-ヿ+#]+")


class AliasesContradict(Exception):
    """One spelling is listed under two terms."""


@lru_cache(maxsize=2**16)
def normalise(written: str) -> str:
    """Compatible forms made one, case folded; spaces and punctuation gone except `+` and `#`."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", written).casefold())


def canonical(written: str) -> str:
    """The one spelling under which a term is compared; empty if nothing but punctuation was written."""
    spelled = normalise(written)
    return aliases().get(spelled, spelled)


@lru_cache(maxsize=1)
def aliases() -> Mapping[str, str]:
    """Every known spelling, normalised, and the term it stands for."""
    table: dict[str, str] = {}
    for row in csv.DictReader(_table().decode().splitlines()):
        term = normalise(row["term"])
        for spelled in map(normalise, (row["term"], *filter(None, row["aliases"].split("|")))):
            if table.setdefault(spelled, term) != term:
                raise AliasesContradict(f"{spelled}: {table[spelled]} or {term}")
    return MappingProxyType(table)


def aliases_digest() -> str:
    """Names this table: another table is for another epoch."""
    return hashlib.sha256(_table()).hexdigest()[:16]


def _table() -> bytes:
    return files("services.matching.skills").joinpath("aliases.csv").read_bytes()
