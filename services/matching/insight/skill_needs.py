"""What do many seekers lack most often in what they nearly get, and which lecture would help how many?

The same near misses as of one seeker (`near_misses`), summed: of all of them, in how many is a term missing.
"""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from services.matching.engine.near_misses import NearMisses
from services.matching.engine.skills.terms import canonical
from shared.contracts import Fact


class MissingIn(Fact):
    """A near miss in which the term is missing."""

    seeker_id: UUID
    posting_id: UUID


class SkillNeed(Fact):
    """A skill or certificate that near misses ask for and their seekers lack; a lecture on it would be for these."""

    term: str
    missing_in: int
    """Near misses: the numerator; `SkillNeeds.near_misses` is the denominator."""
    seekers: int
    brings_over: int
    """Near misses that it would bring onto their seeker's list by itself."""
    rows: tuple[MissingIn, ...] = ()


class SkillNeeds(Fact):
    """What is missing, what is missing most often first."""

    asked: int
    """Seekers whose near misses were looked at."""
    with_near_misses: int
    near_misses: int
    needs: tuple[SkillNeed, ...]


def skill_needs(told: Iterable[tuple[UUID, NearMisses]], most: int) -> SkillNeeds:
    """Sum the near misses of seekers.

    Args:
        most: so many terms are told.
    """
    missing: dict[str, list[MissingIn]] = defaultdict(list)
    enough: dict[str, int] = defaultdict(int)
    written: dict[str, str] = {}
    asked = with_any = near = 0
    for seeker_id, misses in told:
        asked, with_any, near = asked + 1, with_any + bool(misses.near), near + len(misses.near)
        for miss in misses.near:
            for one in miss.raises:
                term = canonical(one.term)
                written[term] = min(written.get(term, one.term), one.term)
                missing[term].append(MissingIn(seeker_id=seeker_id, posting_id=miss.posting_id))
                enough[term] += miss.gate is None and miss.score + one.score >= misses.bar
    ranked = sorted(missing, key=lambda term: (-len(missing[term]), -enough[term], term))[:most]
    return SkillNeeds(
        asked=asked,
        with_near_misses=with_any,
        near_misses=near,
        needs=tuple(
            SkillNeed(
                term=written[term],
                missing_in=len(missing[term]),
                seekers=len({one.seeker_id for one in missing[term]}),
                brings_over=enough[term],
                rows=tuple(missing[term]),
            )
            for term in ranked
        ),
    )
