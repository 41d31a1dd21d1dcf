"""When is it tried again? After a time drawn from a range that doubles, so that many who failed at once come apart.

Exponential backoff with full jitter: the n-th wait is drawn from 0 to min(longest, first · 2ⁿ⁻¹).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

Draw = Callable[[float, float], float]
"""A number between two, such as `random.uniform`."""


@dataclass(frozen=True)
class Patience:
    """How long one way of sending is tried.

    Args:
        first, longest: the range of the first wait, and the largest of any.
        gives_up_after: since the message was due; then it has failed.
    """

    first: timedelta
    longest: timedelta
    gives_up_after: timedelta


MAIL = Patience(timedelta(minutes=5), timedelta(hours=4), timedelta(days=4))
"""RFC 5321 §4.5.4.1: give up after four to five days."""
HOOK = Patience(timedelta(seconds=10), timedelta(hours=10), timedelta(days=3))
"""Standard Webhooks' example ends after 75 hours."""
PATIENCE = {"email": MAIL, "webhook": HOOK, "apprise": MAIL}


def widest_wait(patience: Patience, attempts: int) -> timedelta:
    """The range from which the wait after so many attempts (at least 1) is drawn."""
    doubled: timedelta = patience.first * 2 ** min(attempts - 1, 30)
    return min(patience.longest, doubled)


def wait_after(patience: Patience, attempts: int, draw: Draw = random.SystemRandom().uniform) -> timedelta:
    """How long to wait now."""
    return timedelta(seconds=draw(0.0, widest_wait(patience, attempts).total_seconds()))
