"""Bugs that the campaign must catch, each put into a forked child by replacing one function. None is ever shipped."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from redis import Redis
from redis.exceptions import ResponseError
from sqlmodel import Session

from shared import inbox, outbox, streams
from shared.clock import now
from shared.contracts import Event
from shared.database import transaction
from shared.outbox import OutboxLine, Relay
from shared.spine import Spine
from shared.streams import Delivery, Listener
from shared.wire import encode


def plant(bug: str | None, redis: Redis) -> None:
    """Put a bug into this process."""
    if bug:
        PLANTED[bug](redis)


def _replace(sound: Any, broken: Any) -> None:
    """Everywhere, also where it was imported by name."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").partition(".")[0] not in {"shared", "services", "tests"}:
            continue
        for name, value in list(vars(module).items()):
            if value is sound:
                setattr(module, name, broken)


def _acknowledge_before_commit(_redis: Redis) -> None:
    def take(self: Spine, listener: Listener[Any], position: str) -> bool:
        where: Any = {listener.stream: position}
        reply: Any = self.redis.xreadgroup(self.group, self.settings.consumer, where, count=self.settings.batch_size)
        entries = [entry for _, found in reply for entry in found]
        if entries:
            self.redis.xack(listener.stream, self.group, *(entry_id for entry_id, _ in entries))
            listener.take([Delivery(entry_id.decode(), fields) for entry_id, fields in entries])
        return bool(entries)

    Spine._read = take  # type: ignore[method-assign]


def _no_inbox(_redis: Redis) -> None:
    sound = inbox.first_time

    def first_time(session: Session, group: str, events: Sequence[Any]) -> list[Any]:
        sound(session, group, events)
        return list(events)

    _replace(sound, first_time)


def _inbox_in_a_transaction_of_its_own(_redis: Redis) -> None:
    sound = inbox.first_time

    def first_time(session: Session, group: str, events: Sequence[Any]) -> list[Any]:
        fresh = sound(session, group, events)
        session.connection().exec_driver_sql("COMMIT")
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        return fresh

    _replace(sound, first_time)


def _publish_beside_the_transaction(redis: Redis) -> None:
    def stage_all(_session: Session, events: Iterable[tuple[Event, str | None]], *, agency: UUID | None = None) -> None:
        for event, data in events:
            redis.xadd(outbox.stream_of(event, agency), encode(event, data=data))  # type: ignore[arg-type]

    _replace(outbox.stage_all, stage_all)


def _mark_as_said_before_saying(_redis: Redis) -> None:
    def say_some(self: Relay) -> int:
        with transaction(self.engine) as session:
            lines: list[OutboxLine] = [line for line in session.query(OutboxLine) if line.said_at is None]
            for line in lines:
                line.said_at = now()
        for line in lines:
            self.redis.xadd(line.stream, json.loads(line.fields))
        return len(lines)

    Relay.say_some = say_some  # type: ignore[method-assign]


def _group_at_the_end(_redis: Redis) -> None:
    def make_group(redis: Redis, stream: str, group: str) -> bool:
        try:
            redis.xgroup_create(stream, group, id="$", mkstream=True)
        except ResponseError:
            return False
        return True

    _replace(streams.make_group, make_group)


PLANTED: dict[str, Callable[[Redis], None]] = {
    "acknowledge before commit": _acknowledge_before_commit,
    "no inbox": _no_inbox,
    "inbox in a transaction of its own": _inbox_in_a_transaction_of_its_own,
    "publish beside the transaction": _publish_beside_the_transaction,
    "mark as said before saying": _mark_as_said_before_saying,
    "group made at the end of its stream": _group_at_the_end,
}

SEEN_WITHOUT_A_KILL = frozenset({"group made at the end of its stream"})
"""The others are invisible until somebody is killed: without a kill their story ends like the sound one."""
