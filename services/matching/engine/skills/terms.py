"""Which written forms are the same skill? Normalised spelling, then our own table of aliases, then the wording.

A term unknown to the table may be a known one with words around it (`엑셀 활용 가능`, `요양보호사 자격증`), or with its
grade or version written another way (`컴활1급`, `Java 17`): where what remains is known, that is what is meant.
"""

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from services.matching.engine.skills.levels import split_grade

_AROUND = re.compile(
    r"(?:능숙자?|능통자?|숙련자?|가능자?|경험자?|경력자?|보유자?|이상|우대|필수|활용능력|활용|사용능력|사용|업무|실무|스킬|능력|"
    r"experience|skills?|proficiency)$"
)
_TWICE = re.compile(r"([^(/·]+)[(/·]([^()/·]+)\)?")
_MOST_SAID = 100
_LICENCE = re.compile(
    r"(?:소지자?|취득자?|자격증|자격|면허증|면허|보유자?|우대|필수|certificate|certification|licen[sc]e)$"
)
_LICENSED = re.compile(r"(?:사|장|급|원|능력|면허|보통|대형|소형|특수)$")
_VERSION = re.compile(r"^([가-힣][^0-9]*?|[^0-9]{3,}?|.[+#]+)v?([0-9][0-9x]{0,4})\+?(?:이상|버전)?$")


class AliasRefused(Exception):
    """A line of a table cannot be taken; says which, and why."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table of aliases: where it stands, a term, and other ways to write it."""

    where: str
    term: str
    others: tuple[str, ...]


own_lines: list[Line] = []
"""What an operator's file adds to our table; see `own_aliases`."""


@lru_cache(maxsize=2**16)
def normalise(written: str) -> str:
    """Compatible forms made one, case folded; letters, marks and figures of any script, and `+` and `#`, remain."""
    return "".join(filter(_is_written, unicodedata.normalize("NFKC", written).casefold()))


@lru_cache(maxsize=2**14)
def _is_written(sign: str) -> bool:
    category = unicodedata.category(sign)
    is_mark = category in {"Mn", "Mc"} and not "\ufe00" <= sign <= "\ufe0f"  # those choose an emoji's looks
    return category[0] in "LN" or is_mark or sign in "+#"


def canonical(written: str) -> str:
    """The one spelling under which a term is compared; empty if nothing but punctuation was written."""
    return _said_twice(written) or _meant(normalise(written))


def _said_twice(written: str) -> str | None:
    """`NLP(자연어처리)` is one known term in two spellings, and `GCP (Google Cloud Platform)` tells its initials."""
    found = _TWICE.fullmatch(written) if len(written) <= _MOST_SAID else None
    if not found:
        return None
    one, other = (_meant(normalise(half)) for half in found.groups())
    initials = normalise("".join(word[0] for word in found[2].split()))
    is_one = one == other or (len(initials) > 1 and normalise(found[1]) == initials)
    return other if is_one and other in aliases() else None


@lru_cache(maxsize=2**16)
def _meant(spelled: str) -> str:
    known = aliases()
    if spelled in known:
        return known[spelled]
    for meant in (
        _grade_aside(spelled), _words_aside(spelled, _LICENCE), _words_aside(spelled, _AROUND), _version_named(spelled),
    ):  # fmt: skip
        if meant:
            return meant
    return spelled


def _grade_aside(spelled: str) -> str | None:
    """`1급사회복지사` and `컴활1급자격증` are their term with its grade at the end."""
    stem, grade = split_grade(spelled)
    if not grade or not stem:
        return None
    meant = aliases().get(stem) or _words_aside(stem, _LICENCE) or _words_aside(stem, _AROUND)
    return meant and meant + grade


def split_version(spelled: str) -> tuple[str, str | None]:
    """The known term of which a version is meant, and that: 17 of `java17`; a term as it is where it names none."""
    found = _VERSION.search(spelled) if spelled not in aliases() else None
    known = found and aliases().get(found[1])
    return (known, found[2]) if found and known else (spelled, None)


def _version_named(spelled: str) -> str | None:
    known, version = split_version(spelled)
    return version and known + version


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
    return with_own(own_lines)


def with_own(own: Iterable[Line]) -> Mapping[str, str]:
    """Our table and these lines in one; a line that writes a known term another way adds to it.

    Raises:
        AliasRefused: a line makes one of two known terms.
    """
    table: dict[str, str] = {}
    for line in (*read_lines("aliases.csv", _file("aliases.csv").decode()), *own):
        ways = [normalise(way) for way in (line.term, *line.others)]
        term = next((table[way] for way in ways if way in table), ways[0])
        for way in ways:
            if (known := table.setdefault(way, term)) != term:
                raise AliasRefused(f"{line.where}: {way} is already {known}, and cannot be {term}")
    return MappingProxyType(table)


def read_lines(name: str, text: str) -> Iterator[Line]:
    """The lines of a table with the columns `term` and `aliases`, these with `|` between."""
    for number, row in enumerate(csv.DictReader(text.splitlines()), 2):
        yield Line(f"{name}:{number}", row["term"] or "", tuple(filter(None, (row["aliases"] or "").split("|"))))


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
                raise AliasRefused(f"words.csv: {spelled} is {table[spelled]}, and cannot be {english}")
    return MappingProxyType(table)


def aliases_digest() -> str:
    """Names these tables: others are for another epoch."""
    own = "\n".join("|".join((line.term, *line.others)) for line in own_lines)
    tables = map(_file, ("aliases.csv", "words.csv", "senses.csv", "glosses.csv"))
    return hashlib.sha256(b"".join((*tables, own.encode()))).hexdigest()[:16]


def _file(name: str) -> bytes:
    return files("services.matching.engine.skills").joinpath(name).read_bytes()
