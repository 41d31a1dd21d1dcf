"""Why do these two fit? The points of each part, and reasons as codes with the words they are about."""

import json
from collections.abc import Sequence

import numpy as np

from services.matching.engine.conditions import WITHIN_RANGE
from services.matching.engine.gaps import Likest, raises
from services.matching.engine.profiles import Traits, Written
from services.matching.engine.said_aloud import Telling, said_aloud
from services.matching.engine.scorer import FULL, PARTS, VIEWS, Rules, divisor, known_share, points
from shared.contracts.matches import PartName, ReasonCode

SHOWN_TERMS = 10
"""Most terms of a reason: what is told of a pair has a bound."""
NEAR = FULL // 2

Said = list[str]
"""A reason as it is written down: its code, then its terms."""


def bodies(
    pairs: Sequence[tuple[Traits, Traits, tuple[int, ...]]], rules: Rules, likest: Likest, telling: Telling
) -> list[str]:
    """What is written down of each pair (seeker, posting, values): compact, and the same bytes for the same pair."""
    values = np.array([values for _, _, values in pairs], dtype=np.int16).reshape(-1, len(PARTS)).T
    shares, totals = zip(*(points(values, rules, view) for view in VIEWS), strict=True)
    figures = np.stack([values, *shares]).transpose(2, 1, 0).tolist()
    sums = np.stack([*totals, known_share(values, rules), divisor(values, rules)]).T.tolist()
    told = []
    for (seeker, posting, own), (*of_pair, divided_by), parts in zip(pairs, sums, figures, strict=True):
        known = [[at, *parts[at]] for at in range(len(PARTS)) if own[at] >= 0]
        unknown = [at for at in range(len(PARTS)) if own[at] < 0]
        why = reasons(seeker, posting, own, likest, telling)
        would_raise = raises(seeker, posting, own, divided_by, rules, likest)[:SHOWN_TERMS]
        told.append(_compact([*of_pair, known, unknown, why, would_raise]))
    return told


def reasons(seeker: Traits, posting: Traits, values: tuple[int, ...], likest: Likest, telling: Telling) -> list[Said]:
    """Only what is known is told, for or against."""
    part: dict[PartName, int] = dict(zip(PARTS, values, strict=True))
    said: list[Said] = []
    if part["text"] > 0 and (shared := said_aloud(seeker.words & posting.words, telling)):
        said.append(_say("text.shared", *shared))
    said += _skills(seeker, posting, part, likest)
    if part["certificate"] > 0 and (held := _covered(posting.certificates, seeker, likest)):
        said.append(_say("certificate.held", *held))
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


def _skills(seeker: Traits, posting: Traits, part: dict[PartName, int], likest: Likest) -> list[Said]:
    if part["required_skills"] < 0 and part["preferred_skills"] < 0:
        return []
    found = _covered(tuple(dict([*posting.preferred, *posting.required]).items()), seeker, likest)
    missing = [written for term, written in posting.required if not likest(seeker.held, term)]
    return [
        *([_say("skill.found", *found)] if found else []),
        *([_say("skill.missing", *missing)] if missing else []),
    ]


def _covered(asked: Written, seeker: Traits, likest: Likest) -> list[str]:
    return [written for term, written in asked if likest(seeker.held, term)]


def _say(code: ReasonCode, *terms: str) -> Said:
    return [code, *terms[:SHOWN_TERMS]]


def _compact(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
