"""What became of pairs, as labels: which words of registry's ledger tell of fit, and which of something else?

One label a pair: the last word that tells. Who was accepted or hired was a good pair. A pair that was dismissed, or
whose firm did not hire, was not, where the reason is about the two fitting each other: that somebody could not be
reached, or that the place was filled, says nothing of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import numpy as np
from pydantic import BaseModel, ConfigDict

from services.matching.engine.scorer import PARTS
from services.matching.insight.learning import Labels
from shared.contracts.referrals import ReasonGiven

GOOD = ("accepted", "hired")
ABOUT_FIT: frozenset[ReasonGiven] = frozenset(
    {"wage", "hours", "distance", "occupation", "skills", "experience", "certificate", "better_candidate"}
)

Ends = tuple[UUID, UUID]
"""A seeker and a posting."""


class Word(BaseModel):
    """A line of `GET /api/v1/registry/referrals/labels`; what else it tells is not needed here."""

    model_config = ConfigDict(frozen=True)

    seeker_id: UUID
    posting_id: UUID
    answer: Literal["accepted", "dismissed", "hired", "not_hired", "undone"]
    reason: ReasonGiven | None = None
    spoken_at: datetime


@dataclass(frozen=True)
class Outcomes:
    """The labels, and how many pairs had to be left out."""

    labels: Labels
    without_parts: int
    """Pairs of which nothing was noted when they were decided: they were decided before this was kept."""


def outcomes(words: Iterable[Word], parts: Mapping[Ends, list[int]]) -> Outcomes:
    """Labels in the order in which they were decided.

    Args:
        parts: what each part of a pair was worth when a word of it was first heard, in the order of `PARTS`.
    """
    told: dict[Ends, tuple[datetime, bool]] = {}
    for word in sorted(words, key=lambda word: word.spoken_at):
        ends = word.seeker_id, word.posting_id
        if word.answer == "undone":
            told.pop(ends, None)
        elif word.answer in GOOD or word.reason in ABOUT_FIT:
            told[ends] = word.spoken_at, word.answer in GOOD
    known = sorted((at, ends, good) for ends, (at, good) in told.items() if ends in parts)
    values = np.array([parts[ends] for _, ends, _ in known], dtype=np.int16).reshape(-1, len(PARTS)).T
    labels = Labels(values, np.array([good for _, _, good in known], dtype=bool))
    return Outcomes(labels, len(told) - len(known))
