"""Whether a service does its work: the age of each subscription's last completed read, and what lies waiting.

A ping says nothing: a subscriber can be dead while Redis answers. The server remembers when each consumer last read.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import Field
from redis import Redis

from shared import telemetry
from shared.contracts import Fact
from shared.streams import Listener

LONGEST_SILENCE_SECONDS = 10.0


class StreamHealth(Fact):
    """One subscription as the server sees it."""

    stream: str
    group: str
    read_age_seconds: float | None
    """None: this consumer never read."""
    lag: int | None
    """Entries not yet delivered to the group; None where the server cannot tell."""
    pending: int


class ServiceStatus(Fact):
    """What `iljari status` shows of a service."""

    service: str
    ready: bool
    problems: tuple[str, ...] = ()
    streams: tuple[StreamHealth, ...] = ()
    unsaid: int = 0
    oldest_unsaid_seconds: float = 0.0
    buried: int = 0
    to_forget: int = 0
    """People who were erased and of whom a copy may still lie about."""
    facts: dict[str, Any] = Field(default_factory=dict)
    """What else the service tells of itself, such as its epoch."""


def look(redis: Redis, listeners: Iterable[Listener[Any]], consumer: str) -> tuple[StreamHealth, ...]:
    """Ask the server about each subscription. Raises redis errors."""
    return tuple(_look_at(redis, listener, consumer) for listener in listeners)


def _look_at(redis: Redis, listener: Listener[Any], consumer: str) -> StreamHealth:
    stream, group = listener.stream, listener.group
    own = next((g for g in redis.xinfo_groups(stream) if g["name"] == group.encode()), None)
    readers = redis.xinfo_consumers(stream, group) if own else []
    age = next((c["idle"] / 1000 for c in readers if c["name"] == consumer.encode()), None)
    lag = own.get("lag") if own else None
    pending = own["pending"] if own else 0
    telemetry.LAG.labels(listener.service, stream).set(lag or 0)
    telemetry.PENDING.labels(listener.service, stream).set(pending)
    if age is not None:
        telemetry.READ_AGE.labels(listener.service, stream, consumer).set(age)
    return StreamHealth(stream=stream, group=group, read_age_seconds=age, lag=lag, pending=pending)


def problems_of(streams: Iterable[StreamHealth]) -> tuple[str, ...]:
    """Which subscriptions do not read, in words."""
    return tuple(f"{stream.stream}: {silence}" for stream in streams if (silence := _silence(stream.read_age_seconds)))


def _silence(age: float | None) -> str | None:
    if age is None:
        return "never read"
    return f"last read {age:.0f} s ago" if age > LONGEST_SILENCE_SECONDS else None
