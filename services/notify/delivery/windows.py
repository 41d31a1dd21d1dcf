"""Which digest does an instant belong to? Windows lie side by side: every instant is in exactly one of each cadence."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal, get_args

from shared.clock import KST

Cadence = Literal["immediate", "daily", "weekly"]
CADENCES: tuple[Cadence, ...] = get_args(Cadence)

AT_ONCE = timedelta(minutes=1)
"""What happens together is told together, even to whoever wants to know at once."""
DIGEST_HOUR = time(8)
"""KST; Mondays for weekly ones. The end of the quiet hours."""


@dataclass(frozen=True)
class Window:
    """From `opens_at` to just before `closes_at`, when it is sent."""

    opens_at: datetime
    closes_at: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.opens_at <= instant < self.closes_at


def window_of(cadence: Cadence, instant: datetime) -> Window:
    """The window of this cadence that an aware instant lies in."""
    if cadence == "immediate":
        opens_at = instant.astimezone(UTC).replace(second=0, microsecond=0)
        return Window(opens_at, opens_at + AT_ONCE)
    local = instant.astimezone(KST)
    day = local.date() - timedelta(days=1 if local.time() < DIGEST_HOUR else 0)
    if cadence == "weekly":
        day -= timedelta(days=day.weekday())
    opens_at = datetime.combine(day, DIGEST_HOUR, KST).astimezone(UTC)  # KST has no summer time: days are 24 hours
    return Window(opens_at, opens_at + (timedelta(days=7) if cadence == "weekly" else timedelta(days=1)))
