"""How old what the desk shows may be: as of when, and whether news is late."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

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
