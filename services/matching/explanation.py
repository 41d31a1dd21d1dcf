"""Why do these two fit? The points of each part, and reasons as codes with the words they are about."""

import json
from collections.abc import Callable, Sequence

import numpy as np

from services.matching.conditions import WITHIN_RANGE
from services.matching.profiles import Traits, Written
from services.matching.said_aloud import Telling, said_aloud
from services.matching.scorer import FULL, PARTS, VIEWS, Rules, combine, points, weights_of
from services.matching.skills.likeness import SAME
from shared.contracts.matches import PartName, ReasonCode

SHOWN_TERMS = 10
"""Most terms of a reason: what is told of a pair has a bound."""
NEAR = FULL // 2

Said = list[str]
"""A reason as it is written down: its code, then its terms."""
Covers = Callable[[frozenset[str], str], bool]
Likest = Callable[[frozenset[str], str], int]


def bodies(
    pairs: Sequence[tuple[Traits, Traits, tuple[int, ...]]], rules: Rules, covers: Covers, telling: Telling
) -> list[str]:
    """What is written down of each pair (seeker, posting, values): compact, and the same bytes for the same pair."""
    values = np.array([values for _, _, values in pairs], dtype=np.int16).reshape(-1, len(PARTS)).T
    shares, totals = zip(*(points(values, weights_of(rules, view)) for view in VIEWS), strict=True)
    figures = np.stack([values, *shares]).transpose(2, 1, 0).tolist()
    told = []
    for (seeker, posting, pair_values), sums, parts in zip(pairs, np.stack(totals).T.tolist(), figures, strict=True):
        known = [[at, *parts[at]] for at in range(len(PARTS)) if pair_values[at] >= 0]
        unknown = [at for at in range(len(PARTS)) if pair_values[at] < 0]
        told.append(_compact([*sums, known, unknown, reasons(seeker, posting, pair_values, covers, telling)]))
    return told


def reasons(seeker: Traits, posting: Traits, values: tuple[int, ...], covers: Covers, telling: Telling) -> list[Said]:
    """Only what is known is told, for or against."""
    part: dict[PartName, int] = dict(zip(PARTS, values, strict=True))
    said: list[Said] = []
    if part["text"] > 0 and (shared := said_aloud(seeker.words & posting.words, telling)):
        said.append(_say("text.shared", *shared))
    said += _skills(seeker, posting, part, covers)
    if part["certificate"] > 0 and (held := _covered(posting.certificates, seeker, covers)):
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


def raises(
    seeker: Traits, posting: Traits, values: tuple[int, ...], rules: Rules, likest: Likest
) -> list[tuple[str, int]]:
    """What each term that is asked for and not held would add to the score, the most first.

    The pair's other parts stay as they are, the text among them; a part that is unknown stays unknown.
    """
    known = {part: terms for part, terms in _asked(posting).items() if values[PARTS.index(part)] >= 0}
    missing = {term: written for terms in known.values() for term, written in terms if not likest(seeker.held, term)}
    told = np.array([values, *(_with_term(seeker, term, known, values, likest) for term in missing)], dtype=np.int16)
    now, *then = combine(told.T, rules).tolist()
    gained = [(written, score - now) for written, score in zip(missing.values(), then, strict=True)]
    return sorted(gained, key=lambda one: (-one[1], one[0]))


def _with_term(
    seeker: Traits, term: str, asked: dict[PartName, Written], values: tuple[int, ...], likest: Likest
) -> tuple[int, ...]:
    """The values of the parts if she held the term as well."""
    held = seeker.held | {term}
    raised = list(values)
    for part, terms in asked.items():
        covered, count = sum(likest(held, other) for other, _ in terms), len(terms)
        raised[PARTS.index(part)] = (2 * covered * FULL + count * SAME) // (2 * count * SAME)
    return tuple(raised)


def _asked(posting: Traits) -> dict[PartName, Written]:
    return {
        "required_skills": posting.required,
        "preferred_skills": posting.preferred,
        "certificate": posting.certificates,
    }


def _skills(seeker: Traits, posting: Traits, part: dict[PartName, int], covers: Covers) -> list[Said]:
    if part["required_skills"] < 0 and part["preferred_skills"] < 0:
        return []
    found = _covered(tuple(dict([*posting.preferred, *posting.required]).items()), seeker, covers)
    missing = [written for term, written in posting.required if not covers(seeker.held, term)]
    return [
        *([_say("skill.found", *found)] if found else []),
        *([_say("skill.missing", *missing)] if missing else []),
    ]


def _covered(asked: Written, seeker: Traits, covers: Covers) -> list[str]:
    return [written for term, written in asked if covers(seeker.held, term)]


def _say(code: ReasonCode, *terms: str) -> Said:
    return [code, *terms[:SHOWN_TERMS]]


def _compact(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
