"""How often may one sender ask? A dependency for any route: beyond its measure a 429 that says when to come back.

Counted in the memory of each process, so several replicas allow as many times more. Not in Redis: our users there may
neither script nor own keys, which is worth more than an exact count.
"""

import math
from collections.abc import Callable

from fastapi import Depends, FastAPI, Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from shared.clock import now
from shared.settings import ServiceSettings
from shared.web.problems import Problem
from shared.web.sign_in import SAFE_METHODS, bearer_token, signed_in


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


class WriteLimits:
    """A dependency of every route: whoever writes passes so often. The operator's and services' tokens are not counted.

    A token that we do not know yet, such as an agency's key, is counted by its address: else each made-up one would be
    somebody new.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._accounts = RateLimit(settings.write_limit, _account)
        self._programs = RateLimit(settings.write_limit)
        self._strangers = RateLimit(settings.stranger_write_limit)

    def __call__(self, request: Request) -> None:
        if request.method in SAFE_METHODS:
            return
        who = signed_in(request)
        if who is None:
            (self._programs if bearer_token(request) else self._strangers)(request)
        elif who.account_id is not None:
            self._accounts(request)


def limit_writes(app: FastAPI, settings: ServiceSettings) -> None:
    """Count whoever writes at any route of an application; before its routes are added."""
    app.router.dependencies.append(Depends(WriteLimits(settings)))


def _account(request: Request) -> str:
    who = signed_in(request)
    return str(who.account_id) if who else ""
