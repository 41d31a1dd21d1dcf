"""What is a pair worth? Whole ten-thousandths: the weighted mean of the parts that are known.

Each part's value is made whole before it is weighed, and all that follows is integer arithmetic: the same on any
machine, in any batch, in either direction. Points go to parts by largest remainder, so they add up exactly.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from services.matching.skills.terms import aliases_digest
from shared.contracts.matches import PartName

Whole = NDArray[np.int64]
Values = NDArray[np.int16]
"""Parts along the first axis, in the order of `PARTS`; `UNKNOWN` where there is no data."""

PARTS: tuple[PartName, ...] = get_args(PartName)
UNKNOWN = -1
FULL = 10_000
SCORER = 3
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
    """All that a score or a list depends on besides the profiles and the frozen frequencies; part of an epoch."""

    threshold: int = 500
    """The least score that is a match, in ten-thousandths; at least 1, since nothing in common is no match."""
    seeker_list: int = 20
    posting_list: int = 50
    weights: dict[PartName, int] = field(default_factory=lambda: dict(_WEIGHTS))
    scorer: int = SCORER
    aliases: str = field(default_factory=aliases_digest)

    def size(self, scope: str) -> int:
        return self.seeker_list if scope == "seeker" else self.posting_list

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def weights_of(rules: Rules, view: str = "score") -> Whole:
    """The weight of each part in a view; nothing where the part does not belong to it."""
    return np.array([rules.weights[part] if part in VIEWS[view] else 0 for part in PARTS], dtype=np.int64)


def known_share(values: tuple[int, ...], rules: Rules, view: str = "score") -> int:
    """How much of a view's weight belongs to parts that are known."""
    weights: list[int] = weights_of(rules, view).tolist()
    known = sum(weight for value, weight in zip(values, weights, strict=True) if value >= 0)
    return FULL * known // sum(weights)


def combine(values: Values, rules: Rules) -> NDArray[np.int32]:
    """Scores of many pairs at once; `UNKNOWN` where nothing is known of a pair."""
    gained = np.zeros(values.shape[1:], dtype=np.int32)
    known = np.zeros(values.shape[1:], dtype=np.int32)
    for value, weight in zip(values, weights_of(rules), strict=True):
        is_known = value >= 0
        gained += np.where(is_known, value, 0) * np.int32(weight)
        known += is_known * np.int32(weight)
    scores = (2 * gained + known) // np.maximum(2 * known, 1)
    return np.where(known > 0, scores, UNKNOWN).astype(np.int32)


def points(values: Values, weights: Whole) -> tuple[Whole, Whole]:
    """The points each part brings to a view and their sum, for pairs along the second axis of `values`."""
    is_known = values >= 0
    known = (is_known * weights[:, None]).sum(axis=0)
    gained = np.where(is_known, values, 0).astype(np.int64) * weights[:, None]
    divisor = np.maximum(known, 1)
    total = (2 * gained.sum(axis=0) + known) // (2 * divisor)
    share, remainder = np.divmod(gained, divisor)
    missing = total - share.sum(axis=0)
    order = np.argsort(-remainder, axis=0, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(PARTS))[:, None], axis=0)
    return share + (place < missing), total
