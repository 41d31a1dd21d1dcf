"""Which terms does nobody know, and what may they be? A queue for whoever keeps the alias table."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from services.matching.engine.skills.comparison import Relation, Rule, compare
from services.matching.engine.skills.nearness import Nearness
from services.matching.engine.skills.terms import aliases, canonical, normalise, spellings

AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class UnknownTerm:
    """A term outside the table, as first written; how many profiles use it, and the known term nearest to it."""

    term: str
    profiles: int
    nearest: str | None
    nearness: float
    relation: Relation
    rule: Rule


def unknown_terms(profiles: Iterable[Iterable[str]], limit: int | None = None) -> list[UnknownTerm]:
    """The unknown terms of these profiles, what most of them use first.

    Args:
        profiles: the terms of each profile, as written.
        limit: look closely at no more than these; nothing: at all.
    """
    used: Counter[str] = Counter()
    first_written: dict[str, str] = {}
    for terms in profiles:
        unknown = {canonical(term): term for term in sorted(terms, reverse=True) if is_unknown(term)}
        used.update(unknown.keys())
        for spelled, term in unknown.items():
            first_written[spelled] = min(term, first_written.get(spelled, term))
    ordered = sorted(used.items(), key=lambda counted: (-counted[1], counted[0]))[:limit]
    nearest = _nearest([first_written[spelled] for spelled, _ in ordered])
    return [
        _as_unknown(first_written[spelled], count, *near)
        for (spelled, count), near in zip(ordered, nearest, strict=True)
    ]


def is_unknown(written: str) -> bool:
    spelled = normalise(written)
    return bool(spelled) and spelled not in aliases() and canonical(written) not in aliases()


def _as_unknown(term: str, count: int, nearest: str, nearness: float) -> UnknownTerm:
    if not nearness:
        return UnknownTerm(term, count, None, 0.0, "different", "nothing in common")
    verdict = compare(term, nearest)
    return UnknownTerm(term, count, nearest, round(nearness, 4), verdict.relation, verdict.rule)


def _nearest(terms: Sequence[str]) -> Iterator[tuple[str, float]]:
    if not terms:
        return
    known = [way for ways in spellings().values() for way in ways]
    ranked = Nearness(known)
    for start in range(0, len(terms), AT_ONCE):
        near = ranked.of(terms[start : start + AT_ONCE])
        yield from (
            (aliases()[known[at]], float(row[at])) for row, at in zip(near, np.argmax(near, axis=1), strict=True)
        )
