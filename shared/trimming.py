"""Keeping streams short without ever cutting what somebody has still to hear.

MAXLEN cuts what is unread, and the group's lag hides it; so a stream is cut by MINID alone, behind its slowest group,
and only what is older than any outage we promise to survive.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from redis import Redis

from shared.clock import now
from shared.contracts import CATALOGUE, Event


def trim(redis: Redis, service: str, keep: timedelta) -> dict[str, int]:
    """Cut the streams this service says; how many entries went, by stream."""
    oldest_kept = f"{int((now() - keep).timestamp() * 1000)}-0"
    own = [event for event in CATALOGUE if service in event.said_by and not event.per_agency]
    return {event.stream: _trim(redis, event, oldest_kept) for event in own}


def trim_by_age(redis: Redis, stream: str, keep: timedelta) -> int:
    """Cut what an agency's stream says to it and is older than `keep`; how many entries went.

    The age is counted back from the stream's newest entry too: a clock that leaps ahead cuts nothing unread, and an
    agency that was away for long finds its last days.
    """
    if not redis.exists(stream):
        return 0
    keep_ms = int(keep.total_seconds() * 1000)
    look: Any = redis.xinfo_stream(stream)
    newest_ms = int(look["last-generated-id"].partition(b"-")[0])
    oldest = min(int(now().timestamp() * 1000), newest_ms) - keep_ms
    return int(redis.xtrim(stream, minid=max(0, oldest), approximate=False))


def last_entries(redis: Redis, streams: Sequence[str]) -> dict[str, str]:
    """The last entry that each of these streams was ever given."""
    looks = {stream: redis.xinfo_stream(stream) for stream in streams if redis.exists(stream)}
    return {stream: look["last-generated-id"].decode() for stream, look in looks.items()}


def is_behind(redis: Redis, entries: dict[str, str]) -> bool:
    """Whether every stream has let go of all entries up to these."""
    for stream, last in entries.items():
        first: Any = redis.xinfo_stream(stream)["first-entry"] if redis.exists(stream) else None
        if first is not None and _position(first[0].decode()) <= _position(last):
            return False
    return True


def _trim(redis: Redis, event: type[Event], oldest_kept: str) -> int:
    if not redis.exists(event.stream):
        return 0
    groups = redis.xinfo_groups(event.stream)
    heard = {service for service in event.heard_by if any(_belongs(group, service) for group in groups)}
    if heard != set(event.heard_by):
        return 0  # a hearer has not even made its group: everything is still unheard
    needed = [_first_needed(redis, event.stream, group) for group in groups]
    return int(redis.xtrim(event.stream, minid=min([oldest_kept, *needed], key=_position), approximate=False))


def _belongs(group: dict[str, Any], service: str) -> bool:
    return bool(group["name"].decode().partition("-")[0] == service)


def _first_needed(redis: Redis, stream: str, group: dict[str, Any]) -> str:
    """The first entry this group has not finished: its oldest pending one, else the one after its last delivered."""
    pending: Any = redis.xpending(stream, group["name"])
    if pending["pending"]:
        return str(pending["min"].decode())
    milliseconds, number = group["last-delivered-id"].decode().split("-")
    return f"{milliseconds}-{int(number) + 1}"


def _position(entry_id: str) -> tuple[int, int]:
    milliseconds, number = entry_id.split("-")
    return int(milliseconds), int(number)
