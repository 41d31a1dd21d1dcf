"""When are two documents the same order? Equal terms, and a title, a firm and a place that differ by no more than form.

A wrong merge hides a job from everyone, a missed one shows it twice: where it is doubtful, two orders stay two.
Likeness is between two orders; the same order is whoever is linked by likenesses, so that the order of arrival makes no
difference. Only orders that share a key are compared.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeVar

from services.registry.law.conditions import hours_in
from services.registry.law.licences import LEGAL_FORM, firm_name
from services.registry.law.wording import readable
from shared.contracts import PostingFacts

NOT_PART_OF_THE_ORDER = {"agency_id", "source_ref", "source_url", "opened_on", "closing_note"}
DECORATION = re.compile(r"[\s!·•ㆍ※★☆▶■□◆◇…\"'“”‘’]+")
"""What changes nothing when left out. Not `+`, `#`, `.` or `-`: C++ is not C, and 3.5 is not 35."""

PUNCTUATION = re.compile(r"[^\w+#.~-]|_|(?<!\d)[.~-]|[.~-](?!\d)")
"""Of a title: all but what makes another word of it, or another number."""
BRACKETED = re.compile(r"[\[(【<〈《「]([^\[\](){}【】<>〈〉《》「」]{0,40})[\])】>〉》」]")
EMPTY_WORDS_BEFORE = re.compile(r"^(?:급구|긴급|상시|수시|신규|모집|채용|구인)+")
EMPTY_WORDS_AFTER = re.compile(
    r"(?:(?:직원|사원)?(?:을|를)?(?:급구|긴급|상시|수시|모집|채용|구인|구함|모십니다|구합니다|뽑습니다)"
    r"(?:합니다|중|공고|안내|해요)?|하실분)+$"
)
NUMBER = r"\s*(\d{1,5}(?:-\d{1,4})?)?"
ROAD = re.compile(r"([가-힣]{1,12}로(?:\s?\d{1,4}[가-힣]?번?길)?|[가-힣]{1,12}\d{0,4}길)(?![가-힣])" + NUMBER)
LOT = re.compile(r"([가-힣]{1,8}\d?(?:동|리|가))(?![가-힣])" + NUMBER)
CLOCK = re.compile(r"\d{1,2}(?::\d{2}|시)")
JAMO = re.compile(r"[\u1100-\u11ff]?")

LEAST_ALIKE = 0.35
"""Share of three-letter pieces that two texts about the same duties have in common, at least."""
TEXT_READ = 1_500
SHORT_TEXT = 60
"""Too little to tell two jobs apart by."""
SLIP_FROM = 5
"""A slip of one letter is forgiven in names of so many syllables."""

Node = TypeVar("Node", bound=Hashable)


def fingerprint_of(facts: PostingFacts) -> str:
    """Equal for two documents that are the same order but for spacing, case, decoration and reference."""
    order = facts.model_dump(mode="json", exclude=NOT_PART_OF_THE_ORDER)
    return _digest(_plain(order))


@dataclass(frozen=True)
class Traits:
    """What an order is known by."""

    facts: PostingFacts

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint_of(self.facts)

    @cached_property
    def keys(self) -> tuple[str, str]:
        """By firm and by title, each with the terms: who shares neither is not compared."""
        return _digest(["firm", self.firm, *self.terms]), _digest(["title", self.title, *self.terms])

    @cached_property
    def terms(self) -> list[Any]:
        """What must be equal; not stated is equal to not stated alone."""
        facts = self.facts
        wage = facts.wage.model_dump() if facts.wage else None
        hours = hours_in(readable(facts.work_hours), facts.weekly_hours)
        place = facts.place.district or ("remote" if facts.place.remote else None)
        return [place, wage, hours.weekly]

    @cached_property
    def firm(self) -> str:
        """The firm's name without legal form and by-names."""
        plain = LEGAL_FORM.sub("", unicodedata.normalize("NFKC", self.facts.employer))
        return firm_name(BRACKETED.sub("", plain)) or firm_name(self.facts.employer)

    @cached_property
    def title(self) -> str:
        """The title without what every advertisement says, the firm's name and the district."""
        district = (self.facts.place.district or "").split()
        known = {self.firm, *district, "".join(district)}
        text = BRACKETED.sub(lambda found: _unless(found, known), unicodedata.normalize("NFKC", self.facts.title))
        plain = bare = PUNCTUATION.sub("", text).casefold()
        bare = bare.removeprefix(self.firm) or bare
        while (shorter := EMPTY_WORDS_AFTER.sub("", EMPTY_WORDS_BEFORE.sub("", bare))) != bare:
            bare = shorter
        return bare if len(bare) > 1 else plain

    @cached_property
    def place(self) -> dict[str, set[tuple[str, str]]]:
        """Roads and lots with their numbers, as far as an address names them."""
        address = unicodedata.normalize("NFKC", self.facts.place.address or "")
        kinds = {"road": ROAD, "lot": LOT}
        return {kind: {(re.sub(r"\s", "", n), at) for n, at in named.findall(address)} for kind, named in kinds.items()}

    @cached_property
    def clock(self) -> frozenset[str]:
        return frozenset(CLOCK.findall(readable(self.facts.work_hours).replace(" ", "")))

    @cached_property
    def pieces(self) -> frozenset[str]:
        """Three-letter pieces of what the work is; empty where too little is said."""
        words = DECORATION.sub("", f"{self.facts.description}{self.facts.qualification}").casefold()[:TEXT_READ]
        return frozenset(words[i : i + 3] for i in range(len(words) - 2)) if len(words) >= SHORT_TEXT else frozenset()


def alike(one: Traits, other: Traits) -> bool:
    """Whether two orders are the same but for form."""
    if one.fingerprint == other.fingerprint:
        return True
    if one.terms != other.terms or not set(one.keys) & set(other.keys):
        return False
    return (
        _same_name(one.title, other.title)
        and _same_name(one.firm, other.firm)
        and _same_place(one, other)
        and _no_contradiction(one, other)
        and _same_duties(one, other)
    )


def linked(nodes: Iterable[Node], link: Callable[[Node, Node], bool]) -> list[list[Node]]:
    """The groups that likenesses form, each in the order of `nodes`."""
    groups: list[list[Node]] = []
    for node in nodes:
        touched = [group for group in groups if any(link(node, member) for member in group)]
        groups = [group for group in groups if group not in touched]
        groups.append([member for group in touched for member in group] + [node])
    return groups


def _same_name(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= SLIP_FROM and _one_slip(one, other))


def _one_slip(one: str, other: str) -> bool:
    """One Korean letter put, lost or exchanged. Never a digit or a Latin letter: those tell things apart."""
    shorter, longer = sorted((unicodedata.normalize("NFD", one), unicodedata.normalize("NFD", other)), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    exchanged = len(shorter) == len(longer)
    return shorter[at + exchanged :] == longer[at + 1 :] and bool(
        JAMO.fullmatch(shorter[at : at + exchanged]) and JAMO.fullmatch(longer[at : at + 1])
    )


def _same_place(one: Traits, other: Traits) -> bool:
    """Roads, else lots, that both name: one of them in common."""
    for kind in ("road", "lot"):
        here, there = one.place[kind], other.place[kind]
        if here and there:
            return any(a[0] == b[0] and (a[1] == b[1] or "" in (a[1], b[1])) for a in here for b in there)
    return True


def _no_contradiction(one: Traits, other: Traits) -> bool:
    """Nothing that both state is stated differently."""
    stated = (
        (one.clock, other.clock),
        (one.facts.employment_type, other.facts.employment_type),
        (one.facts.experience_months, other.facts.experience_months),
        (frozenset(one.facts.certificates), frozenset(other.facts.certificates)),
        (one.facts.occupation_code, other.facts.occupation_code),
    )
    return all(a == b or a in (None, frozenset()) or b in (None, frozenset()) for a, b in stated)


def _same_duties(one: Traits, other: Traits) -> bool:
    if not one.pieces or not other.pieces:
        return True
    return len(one.pieces & other.pieces) >= LEAST_ALIKE * min(len(one.pieces), len(other.pieces))


def _unless(found: re.Match[str], known: set[str]) -> str:
    inner = DECORATION.sub("", found[1]).casefold()
    return "" if firm_name(inner) in known or inner in known or not EMPTY_WORDS_BEFORE.sub("", inner) else found[0]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return DECORATION.sub("", unicodedata.normalize("NFKC", value).casefold())
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list) else value


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
