"""Why do these two fit? The points of each part, and reasons as codes with the words they are about."""

from collections.abc import Sequence

import numpy as np
from pydantic_core import to_json

from services.matching.engine.conditions import WITHIN_RANGE
from services.matching.engine.gaps import Asked, Held, raises
from services.matching.engine.profiles import Traits, Written
from services.matching.engine.said_aloud import Telling, said_aloud
from services.matching.engine.scorer import FULL, PARTS, VIEWS, Rules, divisor, known_share, points
from shared.contracts.matches import PartName, ReasonCode

SHOWN_TERMS = 10
"""Most terms of a reason: what is told of a pair has a bound."""
NEAR = FULL // 2

Said = list[str]
"""A reason as it is written down: its code, then its terms."""


def bodies(pairs: Sequence[tuple[Traits, Asked, tuple[int, ...]]], rules: Rules, telling: Telling) -> list[str]:
    """What is written down of each pair (seeker, posting, values): compact, and the same bytes for the same pair."""
    values = np.array([values for _, _, values in pairs], dtype=np.int16).reshape(-1, len(PARTS)).T
    shares, totals = zip(*(points(values, rules, view) for view in VIEWS), strict=True)
    figures = np.stack([values, *shares]).transpose(2, 1, 0).tolist()
    sums = np.stack([*totals, known_share(values, rules), divisor(values, rules)]).T.tolist()
    told = []
    for (seeker, asked, own), (*of_pair, divided_by), parts in zip(pairs, sums, figures, strict=True):
        held = asked.held_by(seeker)
        known = [[at, *parts[at]] for at in range(len(PARTS)) if own[at] >= 0]
        unknown = [at for at in range(len(PARTS)) if own[at] < 0]
        why = reasons(seeker, asked.posting, own, held, telling)
        would_raise = raises(asked, held, own, divided_by, rules)[:SHOWN_TERMS]
        told.append(to_json([*of_pair, known, unknown, why, would_raise]).decode())
    return told


def reasons(seeker: Traits, posting: Traits, values: tuple[int, ...], held: Held, telling: Telling) -> list[Said]:
    """Only what is known is told, for or against."""
    part: dict[PartName, int] = dict(zip(PARTS, values, strict=True))
    said: list[Said] = []
    if part["text"] > 0 and (shared := said_aloud(seeker.words & posting.words, telling)):
        said.append(_say("text.shared", *shared))
    said += _skills(posting, part, held)
    if part["certificate"] > 0 and (shown := _covered(posting.certificates, held)):
        said.append(_say("certificate.held", *shown))
    if part["occupation"] == FULL and posting.occupation:
        said.append(_say("occupation.wished", posting.occupation))
    if part["wage"] >= 0:
        said.append(_say("wage.meets" if part["wage"] >= WITHIN_RANGE else "wage.below"))
    if part["hours"] >= 0:
        said.append(_say("hours.fit" if part["hours"] == FULL else "hours.over"))
    if part["commute"] >= 0:
        place = [posting.district] if posting.district else []
        said.append(_say("commute.near" if part["commute"] >= NEAR else "commute.far", *place))
    if part["experience"] >= 0:
        said.append(_say("experience.enough" if part["experience"] == FULL else "experience.short"))
    return said


def _skills(posting: Traits, part: dict[PartName, int], held: Held) -> list[Said]:
    if part["required_skills"] < 0 and part["preferred_skills"] < 0:
        return []
    found = _covered(tuple(dict([*posting.preferred, *posting.required]).items()), held)
    missing = [written for term, written in posting.required if not held[term]]
    return [
        *([_say("skill.found", *found)] if found else []),
        *([_say("skill.missing", *missing)] if missing else []),
    ]


def _covered(asked: Written, held: Held) -> list[str]:
    return [written for term, written in asked if held[term]]


def _say(code: ReasonCode, *terms: str) -> Said:
    return [code, *terms[:SHOWN_TERMS]]
