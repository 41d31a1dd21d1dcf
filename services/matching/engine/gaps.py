"""What is asked for and missing, and what would it add to the score?"""

from collections.abc import Callable, Mapping

from services.matching.engine.profiles import Traits, Written
from services.matching.engine.scorer import FULL, PARTS, Rules
from services.matching.engine.skills.likeness import SAME
from shared.contracts.matches import PartName

Likest = Callable[[frozenset[str], str], int]
"""The greatest likeness of any of some terms to one."""
Gain = tuple[str, int]
"""A term as the posting writes it, and points."""


def raises(  # noqa: PLR0913, PLR0917 - a pair, and what judges it
    seeker: Traits, posting: Traits, values: tuple[int, ...], divisor: int, rules: Rules, likest: Likest
) -> list[Gain]:
    """What each term that is asked for and not held would add to the score, the most first.

    The pair's other parts stay as they are, the text among them; a part that is unknown stays unknown.
    """
    asked = {part: terms for part, terms in _asked(posting).items() if values[PARTS.index(part)] >= 0}
    held = {term: likest(seeker.held, term) for terms in asked.values() for term, _ in terms}
    missing = {term: written for terms in asked.values() for term, written in terms if not held[term]}
    if not missing:
        return []
    weighed = {part: rules.weights[part] * max(value, 0) for part, value in zip(PARTS, values, strict=True)}
    gained = sum(weighed.values())
    told: list[Gain] = []
    for term, written in missing.items():
        alike = {other: max(like, likest(frozenset({term}), other)) for other, like in held.items()}
        more = sum(rules.weights[part] * _covered(terms, alike) - weighed[part] for part, terms in asked.items())
        told.append((written, _mean(gained + more, divisor) - _mean(gained, divisor)))
    return sorted((one for one in told if one[1] > 0), key=lambda one: (-one[1], one[0]))


def _asked(posting: Traits) -> dict[PartName, Written]:
    return {
        "required_skills": posting.required,
        "preferred_skills": posting.preferred,
        "certificate": posting.certificates,
    }


def _covered(asked: Written, alike: Mapping[str, int]) -> int:
    """The value of a part of so many terms, each covered so far."""
    covered, count = sum(alike[term] for term, _ in asked), len(asked)
    return (2 * covered * FULL + count * SAME) // (2 * count * SAME)


def _mean(gained: int, divisor: int) -> int:
    return (2 * gained + divisor) // (2 * divisor)
