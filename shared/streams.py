"""Hearing facts: which stream leads to which effect, each event once, one transaction a batch.

Every stream is heard by a pair, a reader of new entries and a reclaimer of entries whose worker was lost, made here and
nowhere else. Neither FastStream nor Redis retries, limits or buries by itself: that is `Listener.take`.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from anyio import to_thread
from faststream import AckPolicy
from faststream.message import StreamMessage
from faststream.redis import RedisBroker, StreamSub
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import ResponseError
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session

from shared import inbox, telemetry
from shared.burial import BurialRule, BuriedMessage, bury, cause_of, dump_fields
from shared.clock import now
from shared.contracts import Event
from shared.database import transaction
from shared.forgetting import forget
from shared.wire import Fields, WireError, decode

E = TypeVar("E", bound=Event)

POLL_MS = 1_000
"""How long a read waits for something new; longer than redis-py's socket timeout of 5 s, a quiet read is an error."""
LONGEST_WAIT_SECONDS = 5.0
AT_ONCE = 500
"""Events whose rows one statement asks for; SQLite allows 32,766 parameters."""


@dataclass(frozen=True)
class Hearing(Generic[E]):
    """What a fact leads to.

    Args:
        event: the fact heard.
        effect: rows and staged events for events heard for the first time, all in one transaction with the inbox.
        prepare: an earlier transaction of its own, run for repeats too; it must be harmless when repeated. A power cut
            before the effect may undo it.
        guard: held from `prepare` to the last commit, for effects that read memory beside the database.
    """

    event: type[E]
    effect: Callable[[Sequence[E], Session], None]
    prepare: Callable[[Sequence[E], Session], None] | None = None
    guard: AbstractContextManager[Any] | None = None


def each(handle: Callable[[E, Session], None]) -> Callable[[Sequence[E], Session], None]:
    """The effect of a batch where every event is handled for itself."""

    def effect(events: Sequence[E], session: Session) -> None:
        for event in events:
            handle(event, session)

    return effect


def some(handle: Callable[[Sequence[E], Session], None]) -> Callable[[Sequence[E], Session], None]:
    """The effect of a batch where a few hundred events are handled together, so that their rows are asked for at once.

    Several may be about the same thing, the older first.
    """

    def effect(events: Sequence[E], session: Session) -> None:
        for start in range(0, len(events), AT_ONCE):
            handle(events[start : start + AT_ONCE], session)

    return effect


@dataclass(frozen=True)
class Delivery:
    """One entry handed to us, for the `count`-th time."""

    entry_id: str
    fields: Fields
    count: int = 1


@dataclass(frozen=True)
class Letter(Generic[E]):
    """A delivery that could be read."""

    delivery: Delivery
    event: E


class Listener(Generic[E]):
    """Takes deliveries of one stream to their effect, and says which of them are done with."""

    def __init__(self, hearing: Hearing[E], group: str, engine: Engine, burial: BurialRule) -> None:
        self.hearing, self.group, self.engine, self.burial = hearing, group, engine, burial
        self.service = group.partition("-")[0]
        self.stream = hearing.event.stream
        self.closing = threading.Event()
        # The reader and the reclaimer take turns: a slow batch must not run beside its own redelivery.
        self._turn = threading.Lock()

    def take(self, deliveries: Sequence[Delivery]) -> list[str]:
        """Hear the deliveries; the ids of those that may be acknowledged. The others stay pending."""
        with self._turn, self.hearing.guard or nullcontext():
            letters: list[Letter[E]] = []
            done: list[str] = []
            for delivery in deliveries:
                try:
                    letters.append(Letter(delivery, decode(self.hearing.event, delivery.fields)))
                except WireError as error:
                    done += self._undecodable(delivery, error)
            return done + (self._hear(letters) if letters else [])

    def replay(self, number: int, fields: Fields) -> None:
        """Hear a buried message again; raises what is still wrong with it."""
        with self._turn, self.hearing.guard or nullcontext():
            self._hear_together([Letter(Delivery(f"buried-{number}", fields), decode(self.hearing.event, fields))])

    def _hear(self, letters: Sequence[Letter[E]]) -> list[str]:
        """Together if possible; else by halves, so that one bad letter does not hold back the rest."""
        wait = 0.1
        while True:
            try:
                self._hear_together(letters)
            except (OperationalError, InterfaceError) as error:
                # The database is away: nothing is wrong with the letters. Ask again rather than counting to burial.
                structlog.get_logger().warning("database_away", stream=self.stream, error=type(error).__name__)
                if self.closing.wait(wait):
                    return []
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)
            except Exception as error:
                if len(letters) == 1:
                    return self._failed(letters[0], error)
                middle = len(letters) // 2
                return self._hear(letters[:middle]) + self._hear(letters[middle:])
            else:
                return [letter.delivery.entry_id for letter in letters]

    def _hear_together(self, letters: Sequence[Letter[E]]) -> None:
        started = time.perf_counter()
        events = [letter.event for letter in letters]
        headers = (letter.delivery.fields.get(b"traceparent", b"").decode("ascii", "replace") for letter in letters)
        causes = [cause for cause in map(telemetry.parse_traceparent, headers) if cause]
        with telemetry.span(f"hear {self.stream}", causes):
            if self.hearing.prepare:
                with transaction(self.engine, lasting=False) as session:  # the effect's commit keeps both
                    self.hearing.prepare(events, session)
            with transaction(self.engine) as session:
                fresh = inbox.first_time(session, self.group, events)
                if gone := [event.forgets for event in fresh if event.forgets]:
                    forget(session, gone)
                if fresh:
                    self.hearing.effect(fresh, session)
            seconds = time.perf_counter() - started
            self._tell(letters, {event.event_id for event in fresh}, seconds)
        self.burial.succeeded()

    def _tell(self, letters: Sequence[Letter[E]], fresh: set[Any], seconds: float) -> None:
        telemetry.HEAR_SECONDS.labels(self.service, self.stream).observe(seconds)
        for letter in letters:
            outcome: telemetry.Outcome = "heard" if letter.event.event_id in fresh else "duplicate"
            if outcome == "heard":
                passed = (now() - letter.event.occurred_at).total_seconds()
                telemetry.EFFECT_SECONDS.labels(self.service, self.stream).observe(max(passed, 0))
            self._line(letter.delivery, outcome, event_id=str(letter.event.event_id), ms=round(seconds * 1000, 1))

    def _line(self, delivery: Delivery, outcome: telemetry.Outcome, **more: Any) -> None:
        telemetry.HEARD.labels(self.service, self.stream, outcome).inc()
        structlog.get_logger().info(
            "event",
            stream=self.stream,
            entry_id=delivery.entry_id,
            outcome=outcome,
            deliveries=delivery.count,
            traceparent=telemetry.traceparent(),
            **more,
        )

    def _failed(self, letter: Letter[E], error: Exception) -> list[str]:
        code, cause = cause_of(error)
        if not self.burial.due(letter.delivery.count):
            self._line(letter.delivery, "postponed", code=code, cause=cause, event_id=str(letter.event.event_id))
            return []
        return self._bury(letter.delivery, error, "buried")

    def _undecodable(self, delivery: Delivery, error: WireError) -> list[str]:
        # A newer version may be said by a service that is deployed before us: wait for our own deployment.
        too_soon = error.code == "VERSION_TOO_NEW" and not self.burial.due(delivery.count)
        if too_soon or self.burial.blown:
            self._line(delivery, "postponed", code=error.code)
            return []
        return self._bury(delivery, error, "undecodable")

    def _bury(self, delivery: Delivery, error: Exception, outcome: telemetry.Outcome) -> list[str]:
        code, cause = cause_of(error)
        message = BuriedMessage(
            group=self.group,
            stream=self.stream,
            entry_id=delivery.entry_id,
            code=code,
            cause=cause,
            deliveries=delivery.count,
            fields=dump_fields(delivery.fields),
            buried_at=now(),
        )
        with transaction(self.engine) as session:
            bury(session, message)
        self.burial.buried()
        self._line(delivery, outcome, code=code, cause=cause)
        return [delivery.entry_id]


def make_group(redis: Redis, stream: str, group: str) -> bool:
    """Make the consumer group at the very beginning of the stream, if it is not there; whether it was made."""
    try:
        redis.xgroup_create(stream, group, id="0", mkstream=True)
    except ResponseError as error:
        if "BUSYGROUP" in str(error):
            return False
        raise
    return True


@dataclass(frozen=True)
class ReadingHabits:
    """How a service reads its streams."""

    consumer: str
    batch_size: int
    reclaim_after_ms: int


def subscribe(broker: RedisBroker, redis: AsyncRedis, listener: Listener[Any], reading: ReadingHabits) -> None:
    """Let FastStream read for a listener: new entries in batches, lost ones one by one."""

    async def hear(entries: list[tuple[str, Fields]]) -> None:
        await _take(redis, listener, [Delivery(entry_id, fields) for entry_id, fields in entries])

    async def hear_again(entries: list[tuple[str, Fields]]) -> None:
        counted = [Delivery(entry_id, f, await _deliveries(redis, listener, entry_id)) for entry_id, f in entries]
        await _take(redis, listener, counted)

    new = StreamSub(
        listener.stream,
        group=listener.group,
        consumer=reading.consumer,
        batch=True,
        max_records=reading.batch_size,
        polling_interval=POLL_MS,
    )
    lost = StreamSub(
        listener.stream,
        group=listener.group,
        consumer=f"{reading.consumer}-reclaim",
        batch=True,
        min_idle_time=reading.reclaim_after_ms,
        polling_interval=POLL_MS,
    )
    for source, handler in ((new, hear), (lost, hear_again)):
        broker.subscriber(stream=source, parser=_unparsed, decoder=_entries, ack_policy=AckPolicy.MANUAL)(handler)


async def _take(redis: AsyncRedis, listener: Listener[Any], deliveries: Sequence[Delivery]) -> None:
    done = await to_thread.run_sync(listener.take, deliveries)
    if done:
        await redis.xack(listener.stream, listener.group, *done)


async def _deliveries(redis: AsyncRedis, listener: Listener[Any], entry_id: str) -> int:
    pending = await redis.xpending_range(listener.stream, listener.group, entry_id, entry_id, 1)
    return int(pending[0]["times_delivered"]) if pending else 1


async def _unparsed(message: Any) -> StreamMessage[Any]:
    """Our own wire form: FastStream's parser would choke on foreign bytes and hide the entry ids."""
    return StreamMessage(raw_message=message, body=b"")


async def _entries(message: StreamMessage[Any]) -> list[tuple[str, Fields]]:
    raw = message.raw_message
    return [(entry_id.decode(), fields) for entry_id, fields in zip(raw["message_ids"], raw["data"], strict=True)]
