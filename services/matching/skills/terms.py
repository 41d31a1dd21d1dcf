"""Which written forms are the same skill? Normalised spelling, then our own table of aliases, then the wording.

A term unknown to the table may be a known one with words around it (`엑셀 활용 가능`, `요양보호사 자격증`), or with its
grade written another way (`컴활1급`): where what remains is known, that is what is meant.
"""

import csv
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from services.matching.skills.levels import join_grade, split_grade

_SEPARATORS = re.compile(r"[^0-9a-z가-힣一-龥ぁ-ヿ+#]+")
_AROUND = re.compile(
    r"(?:능숙자?|숙련자?|가능자?|경험자?|경력자?|보유자?|우대|필수|활용능력|활용|사용능력|사용|업무|실무|스킬|능력|"
    r"experience|skills?|proficiency)$"
)
_LICENCE = re.compile(
    r"(?:소지자?|취득자?|자격증|자격|면허증|면허|보유자?|우대|필수|certificate|certification|licen[sc]e)$"
)
_LICENSED = re.compile(r"(?:사|장|급|원|능력|보통|대형|소형|특수)$")


class AliasesContradict(Exception):
    """One spelling is listed under two terms."""


@lru_cache(maxsize=2**16)
def normalise(written: str) -> str:
    """Compatible forms made one, case folded; spaces and punctuation gone except `+` and `#`."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", written).casefold())


def canonical(written: str) -> str:
    """The one spelling under which a term is compared; empty if nothing but punctuation was written."""
    return _meant(normalise(written))


@lru_cache(maxsize=2**16)
def _meant(spelled: str) -> str:
    known = aliases()
    if spelled in known:
        return known[spelled]
    for meant in (_grade_aside(spelled), _words_aside(spelled, _LICENCE), _words_aside(spelled, _AROUND)):
        if meant:
            return meant
    return spelled


def _grade_aside(spelled: str) -> str | None:
    """`1급사회복지사` and `컴활1급자격증` are their term with its grade at the end."""
    stem, grade = split_grade(spelled)
    if not grade or not stem:
        return None
    meant = aliases().get(stem) or _words_aside(stem, _LICENCE)
    return meant and join_grade(meant, grade)


def _words_aside(spelled: str, around: re.Pattern[str]) -> str | None:
    """What is known of a term after its last words are taken away; a licence is no word beside a trade's name."""
    rest = spelled
    while (shorter := around.sub("", rest)) != rest:
        rest = shorter
        meant = aliases().get(rest)
        if meant and (around is not _LICENCE or _LICENSED.search(meant)):
            return meant
    return None


@lru_cache(maxsize=1)
def aliases() -> Mapping[str, str]:
    """Every known spelling, normalised, and the term it stands for."""
    table: dict[str, str] = {}
    for row in csv.DictReader(_file("aliases.csv").decode().splitlines()):
        term = normalise(row["term"])
        for spelled in map(normalise, (row["term"], *filter(None, row["aliases"].split("|")))):
            if table.setdefault(spelled, term) != term:
                raise AliasesContradict(f"{spelled}: {table[spelled]} or {term}")
    return MappingProxyType(table)


@lru_cache(maxsize=1)
def spellings() -> Mapping[str, tuple[str, ...]]:
    """Each known term with all ways to write it, as the table lists them."""
    gathered: dict[str, list[str]] = {}
    for spelled, term in aliases().items():
        gathered.setdefault(term, []).append(spelled)
    return MappingProxyType({term: tuple(spelled) for term, spelled in gathered.items()})


@lru_cache(maxsize=1)
def words() -> Mapping[str, str]:
    """General words that compounds are made of, normalised, and the English word that each stands for."""
    table: dict[str, str] = {}
    for row in csv.DictReader(_file("words.csv").decode().splitlines()):
        english = normalise(row["english"])
        for spelled in map(normalise, (row["english"], *filter(None, row["others"].split("|")))):
            if table.setdefault(spelled, english) != english:
                raise AliasesContradict(f"{spelled}: {table[spelled]} or {english}")
    return MappingProxyType(table)


def aliases_digest() -> str:
    """Names these tables: others are for another epoch."""
    return hashlib.sha256(_file("aliases.csv") + _file("words.csv")).hexdigest()[:16]


def _file(name: str) -> bytes:
    return files("services.matching.skills").joinpath(name).read_bytes()
