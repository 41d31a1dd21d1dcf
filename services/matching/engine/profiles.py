"""What is a live profile to the scorer, and what of it do we keep at hand for the explanation?"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from services.matching.engine.skills.terms import canonical
from services.matching.engine.text import Document, words
from shared.contracts import PostingFacts, SeekerFacts
from shared.places import usual_name

Side = Literal["seeker", "posting"]
Facts = SeekerFacts | PostingFacts

SIDES: tuple[Side, Side] = ("seeker", "posting")


Scope = tuple[Side, UUID]
"""Whose list: a seeker's or a posting's."""


def other_side(side: Side) -> Side:
    return "posting" if side == "seeker" else "seeker"


def as_side(written: str) -> Side:
    return "seeker" if written == "seeker" else "posting"


LONGEST_TERM = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Profile:
    """A seeker or a posting as of a revision; `since` breaks ties: who came first goes first."""

    side: Side
    id: UUID
    revision: int
    since: datetime
    facts: Facts

    @property
    def since_microseconds(self) -> int:
        return (self.since - _EPOCH) // timedelta(microseconds=1)


Written = tuple[tuple[str, str], ...]
"""Terms as canonical spelling and as written."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What an explanation may name of a profile."""

    words: frozenset[str]
    held: frozenset[str] = frozenset()
    required: Written = ()
    preferred: Written = ()
    certificates: Written = ()
    district: str | None = None
    occupation: str | None = None


def traits(facts: Facts, document: Document) -> Traits:
    said = frozenset(words(document.whole))
    if isinstance(facts, SeekerFacts):
        return Traits(words=said, held=frozenset(map(canonical, held_terms(facts))) - {""})
    return Traits(
        words=said,
        required=written(facts.required_skills),
        preferred=written(facts.preferred_skills),
        certificates=written(facts.certificates),
        district=usual_name(facts.place.district)[:LONGEST_TERM] or None if facts.place.district else None,
        occupation=facts.occupation_code,
    )


def written(terms: tuple[str, ...]) -> Written:
    """Each skill once, as it was first written."""
    first: dict[str, str] = {}
    for term in terms:
        first.setdefault(canonical(term), term)
    first.pop("", None)
    return tuple(first.items())


def held_terms(facts: SeekerFacts) -> tuple[str, ...]:
    """Skills and certificates: people write the one where the other is asked."""
    return (*facts.skills, *facts.certificates)


def named_terms(facts: Facts) -> tuple[str, ...]:
    """Every skill and certificate that a profile names, as written."""
    if isinstance(facts, SeekerFacts):
        return held_terms(facts)
    return (*facts.required_skills, *facts.preferred_skills, *facts.certificates)
