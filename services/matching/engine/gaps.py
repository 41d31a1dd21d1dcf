"""What is asked for and missing, and what would it add to the score?"""

from collections.abc import Callable, Mapping

from services.matching.engine.profiles import Traits, Written
from services.matching.engine.scorer import FULL, PARTS, Rules
from services.matching.engine.skills.likeness import SAME
from shared.contracts.matches import PartName

Likest = Callable[[frozenset[str], str], int]
"""The greatest likeness of any of some terms to one."""
Held = Mapping[str, int]
"""Of each term that a posting asks for: the greatest likeness of anything the seeker holds."""
Gain = tuple[str, int]
"""A term as the posting writes it, and points."""


class Asked:
    """What a posting asks for, and how alike its own terms are: the same for everyone who is held against it."""

    def __init__(self, posting: Traits, likest: Likest) -> None:
        self.posting = posting
        self.parts: dict[PartName, Written] = {
            "required_skills": posting.required,
            "preferred_skills": posting.preferred,
            "certificate": posting.certificates,
        }
        self.terms = tuple(dict.fromkeys(term for written in self.parts.values() for term, _ in written))
        self._likest = likest
        self._reach: dict[str, dict[str, int]] = {}

    def held_by(self, seeker: Traits) -> Held:
        return {term: self._likest(seeker.held, term) for term in self.terms}

    def reach(self, term: str) -> Mapping[str, int]:
        """Which of the terms asked for one who held this term would hold, and how nearly."""
        if term not in self._reach:
            alone = frozenset({term})
            self._reach[term] = {other: like for other in self.terms if (like := self._likest(alone, other))}
        return self._reach[term]


def raises(asked_for: Asked, held: Held, values: tuple[int, ...], divisor: int, rules: Rules) -> list[Gain]:
    """What each term that is asked for and not held would add to the score, the most first.

    The pair's other parts stay as they are, the text among them; a part that is unknown stays unknown.
    """
    asked = {part: terms for part, terms in asked_for.parts.items() if values[PARTS.index(part)] >= 0}
    missing = {term: written for terms in asked.values() for term, written in terms if not held[term]}
    if not missing:
        return []
    weighed = {part: rules.weights[part] * max(value, 0) for part, value in zip(PARTS, values, strict=True)}
    gained = sum(weighed.values())
    told: list[Gain] = []
    for term, written in missing.items():
        alike = {**held, **{other: max(like, held[other]) for other, like in asked_for.reach(term).items()}}
        more = sum(rules.weights[part] * _covered(terms, alike) - weighed[part] for part, terms in asked.items())
        told.append((written, _mean(gained + more, divisor) - _mean(gained, divisor)))
    return sorted((one for one in told if one[1] > 0), key=lambda one: (-one[1], one[0]))


def _covered(asked: Written, alike: Mapping[str, int]) -> int:
    """The value of a part of so many terms, each covered so far."""
    covered, count = sum(alike[term] for term, _ in asked), len(asked)
    return (2 * covered * FULL + count * SAME) // (2 * count * SAME)


def _mean(gained: int, divisor: int) -> int:
    return (2 * gained + divisor) // (2 * divisor)
