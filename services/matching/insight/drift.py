"""What changes with an epoch, and why? How scores lie, and what pairs that come or go have in common."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STEP = 500
"""Ten-thousandths of score that are counted together."""
KEPT = 200
"""Words of each kind that are kept: those that came or went most."""
FEW = 5
"""A word that fewer pairs share is told of nobody: it might be one person's own."""

KINDS = {"text.shared": "words", "skill.found": "skills"}
"""Reasons that name what a pair has in common, and what it is."""

Said = Sequence[Sequence[str]]
"""The reasons of a pair: each a code, then its terms."""


@dataclass
class Drift:
    """Counts that add up over lists, and over shards."""

    before: Counter[int] = field(default_factory=Counter)
    """Pairs on the seekers' lists by step of score, under the epoch before."""
    after: Counter[int] = field(default_factory=Counter)
    came: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS.values()})
    """By kind: how many pairs that are new have this word or skill in common."""
    went: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS.values()})

    def scored(self, before: Iterable[int], after: Iterable[int]) -> None:
        self.before.update(score // STEP for score in before)
        self.after.update(score // STEP for score in after)

    def add(self, counted: dict[str, Counter[str]], said: Said) -> None:
        """One more pair that came or went, with its reasons."""
        for code, *terms in said:
            if code in KINDS:
                counted[KINDS[code]].update(set(terms))

    def as_data(self) -> dict[str, Any]:
        """As it is kept: of words only those that moved most."""
        moved = {side: {kind: dict(_most(counts)) for kind, counts in counted.items()}
                 for side, counted in (("came", self.came), ("went", self.went))}  # fmt: skip
        return {"before": dict(self.before), "after": dict(self.after), **moved}


@dataclass(frozen=True)
class Moved:
    """A word or a skill, and how many pairs that have it in common came and went."""

    term: str
    came: int
    went: int


def together(kept: Iterable[Mapping[str, Any]]) -> Drift:
    """The drifts of all shards, as they were kept, as one."""
    whole = Drift()
    for one in kept:
        for name in ("before", "after"):
            getattr(whole, name).update({int(step): count for step, count in one[name].items()})
        for side, counted in (("came", whole.came), ("went", whole.went)):
            for kind, counts in one[side].items():
                counted[kind].update(counts)
    return whole


def most_moved(drift: Drift, kind: str, count: int) -> list[Moved]:
    """What came or went most, on balance."""
    came, went = drift.came[kind], drift.went[kind]
    moved = [Moved(term, came[term], went[term]) for term in came | went if came[term] + went[term] >= FEW]
    return sorted(moved, key=lambda one: (-abs(one.came - one.went), one.term))[:count]


def steps(counts: Mapping[int, int]) -> list[tuple[int, int]]:
    """From which score, how many up to the next; empty steps in between included."""
    return [(step * STEP, counts.get(step, 0)) for step in range(max(counts, default=-1) + 1)]


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:KEPT]
