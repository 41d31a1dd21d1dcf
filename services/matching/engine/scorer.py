"""What is a pair worth? Whole ten-thousandths: the weighted mean of the parts that are known.

Where hardly anything is known of what a seeker can do, what is lacking of `least_evidence` joins the divisor: wishes
that are met are no proof of ability (docs/decisions/0008).

Each part's value is made whole before it is weighed, and all that follows is integer arithmetic: the same on any
machine, in any batch, in either direction. Points go to parts by largest remainder, so they add up exactly.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from services.matching.engine.skills.terms import aliases_digest
from shared.contracts.matches import PartName

Whole = NDArray[np.int64]
Values = NDArray[np.int16]
"""Parts along the first axis, in the order of `PARTS`; `UNKNOWN` where there is no data."""

PARTS: tuple[PartName, ...] = get_args(PartName)
UNKNOWN = -1
FULL = 10_000
SCORER = 8
"""Names this arithmetic; another arithmetic is for another epoch."""

VIEWS: dict[str, frozenset[PartName]] = {
    "score": frozenset(PARTS),
    "seeker": frozenset({"occupation", "text", "wage", "hours", "commute"}),
    "posting": frozenset({"required_skills", "preferred_skills", "experience", "certificate", "text"}),
}

_WEIGHTS: dict[PartName, int] = {
    "occupation": 12,
    "text": 30,
    "wage": 8,
    "hours": 5,
    "commute": 8,
    "required_skills": 20,
    "preferred_skills": 5,
    "experience": 6,
    "certificate": 6,
}


@dataclass(frozen=True)
class Rules:
    """All that a score or a list depends on besides the profiles and what an epoch froze of them; part of an epoch."""

    least_evidence: int = 30
    """The least weight of known parts that a fit for the posting rests on; so much as is lacking counts as nothing."""
    threshold: int = 500
    """The least score that is a match, in ten-thousandths; at least 1, since nothing in common is no match."""
    seeker_list: int = 20
    posting_list: int = 50
    weights: dict[PartName, int] = field(default_factory=lambda: dict(_WEIGHTS))
    adopted: bool = False
    """A person put these weights in place of the shipped ones: a restart keeps them."""
    scorer: int = SCORER
    aliases: str = field(default_factory=aliases_digest)

    def size(self, scope: str) -> int:
        return self.seeker_list if scope == "seeker" else self.posting_list

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def weights_of(rules: Rules, view: str = "score") -> Whole:
    """The weight of each part in a view; nothing where the part does not belong to it."""
    return np.array([rules.weights[part] if part in VIEWS[view] else 0 for part in PARTS], dtype=np.int64)


def known_weight(values: Values, rules: Rules, view: str = "score") -> NDArray[np.int32]:
    """The weight of the parts of a view that are known."""
    known = np.zeros(values.shape[1:], dtype=np.int32)
    for value, weight in zip(values, weights_of(rules, view), strict=True):
        known += (value >= 0) * np.int32(weight)
    return known


def known_share(values: Values, rules: Rules) -> NDArray[np.int32]:
    """How much of all weight belongs to parts that are known, in ten-thousandths."""
    return FULL * known_weight(values, rules) // np.int32(weights_of(rules).sum())


def divisor(values: Values, rules: Rules, view: str = "score") -> NDArray[np.int32]:
    """What the gains of a view are divided by: the known weight, and what is lacking of the least evidence."""
    known = known_weight(values, rules, view)
    if view == "seeker":
        return known
    return known + np.maximum(rules.least_evidence - known_weight(values, rules, "posting"), 0)


def combine(values: Values, rules: Rules) -> NDArray[np.int32]:
    """Scores of many pairs at once; `UNKNOWN` where nothing is known of a pair."""
    gained = np.zeros(values.shape[1:], dtype=np.int32)
    for value, weight in zip(values, weights_of(rules), strict=True):
        gained += np.maximum(value, 0) * np.int32(weight)
    divided_by = divisor(values, rules)
    scores = (2 * gained + divided_by) // np.maximum(2 * divided_by, 1)
    return np.where((values >= 0).any(axis=0), scores, UNKNOWN).astype(np.int32)


def points(values: Values, rules: Rules, view: str = "score") -> tuple[Whole, Whole]:
    """The points each part brings to a view and their sum, for pairs along the second axis of `values`."""
    gained = np.maximum(values, 0).astype(np.int64) * weights_of(rules, view)[:, None]
    divided_by = np.maximum(divisor(values, rules, view), 1).astype(np.int64)
    total = (2 * gained.sum(axis=0) + divided_by) // (2 * divided_by)
    share, remainder = np.divmod(gained, divided_by)
    missing = total - share.sum(axis=0)
    order = np.argsort(-remainder, axis=0, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(PARTS))[:, None], axis=0)
    return share + (place < missing), total
