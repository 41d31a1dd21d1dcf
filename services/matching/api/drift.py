"""What operators and officials ask of the last epochs: what did each change, and why?"""

from collections.abc import Iterator
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy import Engine
from sqlmodel import Session

from services.matching import store
from services.matching.api.seasons import Planner
from services.matching.insight.drift import most_moved, steps, together
from services.matching.rematch.progress import shares_of, taken_up
from services.matching.tables import RematchRow
from shared.contracts import Fact
from shared.contracts.matches import PartName
from shared.database import reading

SHOWN = 5
"""Epochs, the newest first."""
MOST_MOVED = 10
Spread = tuple[tuple[int, int], ...]
"""From which score, in ten-thousandths, and how many pairs of the seekers' lists up to the next."""


class ShownMoved(Fact):
    """A word or a skill, and how many pairs that have it in common came and went."""

    term: str
    came: int
    went: int


class ShownDrift(Fact):
    """What the lists were and became as one epoch took the place of another."""

    epoch: int
    previous_epoch: int
    kind: str
    season: str
    finished_at: datetime | None
    before: Spread
    after: Spread
    weights: dict[PartName, tuple[int, int]]
    """Those that are others now: before and after."""
    words: tuple[ShownMoved, ...]
    skills: tuple[ShownMoved, ...]


def drift_api(engine: Engine) -> APIRouter:
    router = APIRouter(prefix="/api/v1/matching")

    @router.get("/drift")
    def show_drift(_who: Planner) -> tuple[ShownDrift, ...]:
        """What the last five epochs changed and why, the newest first."""
        with reading(engine) as session:
            return tuple(drifts(session))

    return router


def drifts(session: Session) -> Iterator[ShownDrift]:
    for row in taken_up(session, SHOWN):
        shares = shares_of(session, row)
        kept = [share.drift for share in shares if share.drift]
        if not kept:
            continue  # made before this was kept
        drift, previous = together(kept), min(share.previous_epoch for share in shares)
        yield ShownDrift(
            epoch=row.epoch,
            previous_epoch=previous,
            kind=row.kind,
            season=row.season,
            finished_at=row.finished_at,
            before=tuple(steps(drift.before)),
            after=tuple(steps(drift.after)),
            weights=_other_weights(session, row, previous),
            words=tuple(ShownMoved(**vars(one)) for one in most_moved(drift, "words", MOST_MOVED)),
            skills=tuple(ShownMoved(**vars(one)) for one in most_moved(drift, "skills", MOST_MOVED)),
        )


def _other_weights(session: Session, row: RematchRow, previous: int) -> dict[PartName, tuple[int, int]]:
    before, after = (store.epoch(session, number).rules.weights for number in (previous, row.epoch))
    return {part: (before[part], weight) for part, weight in after.items() if before[part] != weight}
