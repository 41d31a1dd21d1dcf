"""How often may one sender ask? A dependency for any route: beyond its measure a 429 that says when to come back.

Counted in the memory of each process, so several replicas allow as many times more. Not in Redis: our users there may
neither script nor own keys, which is worth more than an exact count.
"""

import math
from collections.abc import Callable

from fastapi import Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from shared.clock import now
from shared.web.problems import Problem


def by_address(request: Request) -> str:
    """The address that asks, as the gateway tells it."""
    return request.client.host if request.client else ""


class RateLimit:
    """Lets a sender pass so often; each has a count of its own.

    Args:
        rule: such as `60/minute` or `1000/hour`.
        sender: by what senders are told apart.
    """

    def __init__(self, rule: str, sender: Callable[[Request], str] = by_address) -> None:
        self._rule, self._sender = parse(rule), sender
        self._counts = MovingWindowRateLimiter(MemoryStorage())

    def __call__(self, request: Request) -> None:
        sender = self._sender(request)
        if self._counts.hit(self._rule, sender):
            return
        opens_at = self._counts.get_window_stats(self._rule, sender).reset_time
        wait = max(1, math.ceil(opens_at - now().timestamp()))
        raise Problem(
            429,
            "RATE_LIMITED",
            "Too many requests; try again later.",
            "요청이 너무 많습니다. 잠시 후 다시 해 주세요.",
            hint="Wait as many seconds as Retry-After says.",
            headers={"Retry-After": str(min(wait, self._rule.get_expiry()))},
        )
