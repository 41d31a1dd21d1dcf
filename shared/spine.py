"""What every service runs beside its own work: hearing, saying, mending, trimming, and telling how it is.

The web side never depends on it: with Redis away, pages and intake go on, and what is said waits in the outbox.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from anyio import to_thread
from faststream.redis import RedisBroker
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlmodel import Session

from shared import health, inbox, sessions, telemetry
from shared.burial import BurialRule, count_lying
from shared.database import transaction
from shared.forgetting import Forgetter
from shared.health import ServiceStatus
from shared.outbox import Relay
from shared.redis_safety import unsafe_settings
from shared.settings import ServiceSettings
from shared.streams import Delivery, Hearing, Listener, ReadingHabits, make_group, subscribe
from shared.trimming import trim

RELAY_SECONDS = 0.5
"""Between two looks for what other processes left unsaid, such as a shard that was killed; what this one stages is said
at once. Ten times as often cost more than all else that an idle service does."""
MEND_SECONDS = 1.0
WATCH_SECONDS = 1.0
HOUSEKEEPING_SECONDS = 60.0
REDIS_AWAY_SECONDS = 1.0
GRACE_SECONDS = 15.0

GIVEN_BEFORE, NEW = "0", ">"
"""Positions of XREADGROUP: what this consumer was given before a crash, and what nobody was given yet."""


class UnsafeRedis(Exception):
    """REDIS_UNSAFE: this server may lose or evict what it holds."""


@dataclass
class Seen:
    """What the watch saw last."""

    streams: tuple[health.StreamHealth, ...] = ()
    redis_away: str | None = "not reached yet"
    at: float = 0.0


class Spine:
    """The part of a service that hears and says.

    Args:
        service: its name.
        hearings: which fact leads to what.
        group: consumer group; a shard has one of its own.
        facts: what the service wants `iljari status` to show of itself.
        chores: what is to be done in its store every minute, each in a transaction of its own.
    """

    def __init__(  # noqa: PLR0913 - the parts of a service, no more
        self,
        *,
        service: str,
        settings: ServiceSettings,
        engine: Engine,
        hearings: Sequence[Hearing[Any]],
        group: str | None = None,
        facts: Callable[[], dict[str, Any]] = dict,
        chores: Sequence[Callable[[Session], object]] = (),
    ) -> None:
        self.service, self.settings, self.engine, self.facts = service, settings, engine, facts
        self.chores = chores
        self.group = group or service
        self.redis = Redis.from_url(settings.redis_url)
        self.burial = BurialRule(settings.burial_limit, settings.burial_fuse)
        self.listeners = [Listener(hearing, self.group, engine, self.burial) for hearing in hearings]
        self.relay = Relay(service, engine, self.redis)
        self.forgetter = Forgetter(service, engine, self.redis, self.relay)
        self.seen = Seen()

    @asynccontextmanager
    async def lifespan(self, _app: object = None) -> AsyncIterator[None]:
        """Hear and say for as long as the service serves; end what is in flight before it stops."""
        with suppress(RedisError, OSError):  # away is no reason not to serve; unsafe is
            await to_thread.run_sync(self._refuse_unsafe_redis)
        tasks = [asyncio.create_task(loop) for loop in (self._hear(), self._relay(), self._keep_house())]
        try:
            yield
        finally:
            for listener in self.listeners:
                listener.closing.set()
            for task in tasks:
                task.cancel()
            self.relay.wake()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(RedisError, OSError):
                await to_thread.run_sync(self.relay.say_all)
            self.redis.close()

    def drain(self) -> None:
        """Hear and say everything there is, once, and return: for operators' repairs and for counting crash points."""
        for listener in self.listeners:
            make_group(self.redis, listener.stream, self.group)
        busy = True
        while busy:
            heard = [self._read(listener, at) for listener in self.listeners for at in (GIVEN_BEFORE, NEW)]
            busy = any(heard) or self.relay.say_all() > 0

    def _read(self, listener: Listener[Any], position: str) -> bool:
        """Take a batch that stands at `position`; whether any of it is done with."""
        reply: Any = self.redis.xreadgroup(
            self.group, self.settings.consumer, {listener.stream: position}, count=self.settings.batch_size
        )
        entries = [entry for _, found in reply for entry in found]
        done = [entry_id for entry_id, fields in entries if fields is None]  # deleted while it was pending
        deliveries = [Delivery(entry_id.decode(), fields) for entry_id, fields in entries if fields is not None]
        done += listener.take(deliveries) if deliveries else []
        if done:
            self.redis.xack(listener.stream, self.group, *done)
        return bool(done)

    async def _hear(self) -> None:
        """Subscribe, and subscribe again whatever happens to Redis."""
        while True:
            broker = self._broker()
            client = AsyncRedis.from_url(self.settings.redis_url)
            try:
                await to_thread.run_sync(self._refuse_unsafe_redis)
                await to_thread.run_sync(self._recover)
                habits = ReadingHabits(self.settings.consumer, self.settings.batch_size, self.settings.reclaim_after_ms)
                for listener in self.listeners:
                    subscribe(broker, client, listener, habits)
                await broker.start()
                await self._watch(broker)
            except (RedisError, OSError, TimeoutError, UnsafeRedis) as error:
                self._redis_away(error)
                await asyncio.sleep(REDIS_AWAY_SECONDS)
            finally:
                await broker.stop()
                await client.aclose()

    def _broker(self) -> RedisBroker:
        quiet = logging.getLogger("faststream")  # its line an event would stand beside ours and call failures processed
        quiet.setLevel(logging.CRITICAL)
        return RedisBroker(self.settings.redis_url, logger=quiet, apply_types=False, graceful_timeout=GRACE_SECONDS)

    def _refuse_unsafe_redis(self) -> None:
        findings = [] if self.settings.allow_unsafe_redis else unsafe_settings(self.redis)
        if findings:
            told = "; ".join(f"{finding.message}: {finding.hint}" for finding in findings)
            raise UnsafeRedis(f"REDIS_UNSAFE: {told}")

    def _recover(self) -> None:
        """Make the groups, and take at once what this consumer was given before it crashed."""
        for listener in self.listeners:
            make_group(self.redis, listener.stream, self.group)
            while self._read(listener, GIVEN_BEFORE):
                pass

    async def _watch(self, broker: RedisBroker) -> None:
        """Keep groups and subscribers alive. FastStream stops a subscriber for good when its group is gone."""
        while True:
            await to_thread.run_sync(self._look)
            for subscriber in broker.subscribers:
                if not subscriber.running:
                    structlog.get_logger().warning("subscriber_started_again")
                    await subscriber.start()
            await asyncio.sleep(WATCH_SECONDS)

    def _look(self) -> None:
        for listener in self.listeners:
            make_group(self.redis, listener.stream, self.group)
        streams = health.look(self.redis, self.listeners, self.settings.consumer)
        self.seen = Seen(streams=streams, redis_away=None, at=time.monotonic())

    async def _relay(self) -> None:
        mended_at = 0.0
        self.relay.wake()  # for what was left when this service last ended
        while True:
            try:
                if time.monotonic() - mended_at > MEND_SECONDS:
                    await to_thread.run_sync(self.relay.mend)
                    await to_thread.run_sync(self.forgetter.finish)
                    mended_at = time.monotonic()
                await to_thread.run_sync(self.relay.say_soon, RELAY_SECONDS)
            except (RedisError, OSError) as error:
                self._redis_away(error)
                await asyncio.sleep(REDIS_AWAY_SECONDS)
            except Exception as error:
                structlog.get_logger().error("relay_failed", error=type(error).__name__)
                await asyncio.sleep(REDIS_AWAY_SECONDS)

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            with suppress(RedisError, OSError):
                await to_thread.run_sync(self.keep_house)

    def keep_house(self) -> None:
        """Trim our streams behind their slowest hearer; forget what no replay can reach any more."""
        keep = timedelta(hours=self.settings.keep_hours)
        trim(self.redis, self.service, keep)
        self.relay.forget(keep)
        with transaction(self.engine) as session:
            inbox.forget(session, keep * 2)
            sessions.forget_outlived(session)
        for chore in self.chores:
            with transaction(self.engine) as session:
                chore(session)

    def _redis_away(self, error: Exception) -> None:
        if self.seen.redis_away is None:
            structlog.get_logger().warning("redis_away", error=type(error).__name__)
        self.seen = Seen(streams=self.seen.streams, redis_away=type(error).__name__, at=self.seen.at)

    def status(self) -> ServiceStatus:
        """How this service is, as of the last look."""
        problems = [f"Redis cannot be reached: {self.seen.redis_away}"] if self.seen.redis_away else []
        problems += health.problems_of(self.seen.streams)
        if self.burial.blown:
            problems.append(f"{self.burial.in_a_row} messages in a row were buried: see `iljari buried list`")
        backlog, buried = self.relay.backlog(), count_lying(self.engine)
        telemetry.UNSAID.labels(self.service).set(backlog.unsaid)
        telemetry.UNSAID_AGE.labels(self.service).set(backlog.oldest_seconds)
        telemetry.BURIED.labels(self.service).set(buried)
        return ServiceStatus(
            service=self.service,
            ready=not problems,
            problems=tuple(problems),
            streams=self.seen.streams,
            unsaid=backlog.unsaid,
            oldest_unsaid_seconds=round(backlog.oldest_seconds, 1),
            buried=buried,
            to_forget=self.forgetter.count_due(),
            facts=self.facts(),
        )
