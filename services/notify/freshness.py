"""How old what the desk shows may be: as of when, whether news is late, and whether it has changed."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlmodel import Session, col, func, select

from services.notify.match_lists import PAGE_SIZE, Reach, within
from services.notify.tables import PairStanding, Review, SeekerCard
from shared import health
from shared.clock import now
from shared.spine import Seen


@dataclass(frozen=True)
class Freshness:
    """What the foot of every page says."""

    as_of: datetime | None
    """When matching last said a list that is kept."""
    late: bool
    late_since: datetime | None
    """None when nothing was heard since this service started."""


def freshness(as_of: datetime | None, seen: Seen) -> Freshness:
    """Told from what the spine saw last; asks nobody, so it answers while Redis is away."""
    if seen.redis_away:
        heard_at = now() - timedelta(seconds=time.monotonic() - seen.at) if seen.at else None
        return Freshness(as_of, late=True, late_since=heard_at)
    if health.problems_of(seen.streams):
        ages = [stream.read_age_seconds for stream in seen.streams if stream.read_age_seconds is not None]
        return Freshness(as_of, late=True, late_since=now() - timedelta(seconds=max(ages)) if ages else None)
    return Freshness(as_of, late=False, late_since=None)


def version(session: Session, reach: Reach) -> str:
    """The same for as long as the best pairs within reach, all decisions and all standings are."""
    best = select(SeekerCard.seeker_id, SeekerCard.best_posting_id, SeekerCard.best_score)
    top = best.where(col(SeekerCard.live), col(SeekerCard.best_score) >= 0, *within(reach))
    calls = session.exec(top.order_by(col(SeekerCard.best_score).desc(), col(SeekerCard.applied_at)).limit(PAGE_SIZE))
    decided = select(func.max(Review.number), func.max(Review.undone_at))
    moved = select(func.max(PairStanding.changed_at), func.count()).where(*within(reach, PairStanding.cafe_id))
    seen = [*calls.all(), session.exec(decided).one(), session.exec(moved).one()]
    return sha256(repr([tuple(row) for row in seen]).encode()).hexdigest()[:16]
