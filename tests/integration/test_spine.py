"""Is every fact heard once, whatever happens to the service, to its database and to Redis? On real Redis and Valkey."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from redis import Redis
from sqlalchemy import Engine
from sqlmodel import Session

from shared import health
from shared.burial import load_fields, lying
from shared.clock import now
from shared.contracts import PostingWithdrawn, RestatementRequested
from shared.database import SpineTable, transaction
from shared.outbox import Relay, StreamMark, stage
from shared.spine import UnsafeRedis
from shared.trimming import trim
from shared.wire import encode
from tests.integration.small_service import (
    SmallTable,
    a_withdrawal,
    note,
    noted,
    running,
    small_spine,
    until,
)
from tests.servers import LocalRedis, RedisKind, RedisServer
from tests.stores import store_with

pytestmark = pytest.mark.integration

STREAM = PostingWithdrawn.stream
SAID = RestatementRequested.stream


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return opened(tmp_path / "small.sqlite")


def opened(path: Path) -> Engine:
    return store_with(f"sqlite:///{path}", SpineTable.metadata, SmallTable.metadata)


def raw(server: RedisServer | LocalRedis) -> Redis:
    """A client that shows bytes, as the services' own do."""
    return Redis.from_url(server.url)


def say(redis: Redis, event: PostingWithdrawn) -> bytes:
    return redis.xadd(STREAM, encode(event))


def pending(redis: Redis) -> int:
    return int(redis.xpending(STREAM, "matching")["pending"])


async def test_what_was_said_before_the_first_start_is_heard(redis_server: RedisServer, engine: Engine) -> None:
    redis = raw(redis_server)
    for _ in range(5):
        say(redis, a_withdrawal())
    async with running(small_spine(engine, redis_server.url)):
        await until(lambda: noted(engine) == 5)
        await until(lambda: pending(redis) == 0)
        say(redis, a_withdrawal())
        await until(lambda: noted(engine) == 6)
    say(redis, a_withdrawal())
    async with running(small_spine(engine, redis_server.url)):
        await until(lambda: noted(engine) == 7)
        await until(lambda: len({fields[b"id"] for _, fields in redis.xrange(SAID)}) == 7)


async def test_a_repeated_event_has_no_second_effect(redis_server: RedisServer, engine: Engine) -> None:
    redis = raw(redis_server)
    event = a_withdrawal()
    say(redis, event)
    say(redis, event)
    async with running(small_spine(engine, redis_server.url)):
        await until(lambda: noted(engine) == 1)
        say(redis, event)
        last = a_withdrawal()
        say(redis, last)
        await until(lambda: noted(engine) == 2)
        await until(lambda: pending(redis) == 0)
    assert noted(engine) == 2


async def test_a_message_that_keeps_failing_is_buried_and_replayed(redis_server: RedisServer, engine: Engine) -> None:
    redis = raw(redis_server)
    poison = a_withdrawal(revision=13)
    cured = False

    def fails_on_thirteen(event: PostingWithdrawn, session: Session) -> None:
        if event.revision == 13 and not cured:
            raise ValueError("a value that must not be told")
        note(event, session)

    say(redis, a_withdrawal())
    say(redis, poison)
    say(redis, a_withdrawal())
    async with running(small_spine(engine, redis_server.url, fails_on_thirteen)) as spine:
        await until(lambda: noted(engine) == 2)
        await until(lambda: len(lying(engine)) == 1)
        await until(lambda: pending(redis) == 0)
        buried = lying(engine)[0]
        assert (buried.code, buried.deliveries) == ("HANDLER_FAILED", 3)
        assert "ValueError in fails_on_thirteen" in buried.cause
        assert "must not be told" not in buried.cause
        cured = True
        spine.listeners[0].replay(buried.number or 0, load_fields(buried.fields))
        assert noted(engine) == 3


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"foo": "bar"}, "ENVELOPE_MISSING"),
        ({"data": b"\xff\xfe\x00"}, "ENVELOPE_NOT_UTF8"),
        ({"data": b"\x1f\x8b\x08\x00gzip"}, "ENVELOPE_NOT_UTF8"),
        ({b"\xff": b"x", "data": "{}"}, "ENVELOPE_MISSING"),
        ({"data": "[]"}, "ENVELOPE_NOT_OBJECT"),
        ({"data": "[1,"}, "JSON_INVALID"),
        ({"data": '{"a": NaN}'}, "JSON_INVALID"),
        ({"data": "[" * 100_000}, "JSON_INVALID"),
        ({"data": '{"a": ' + "9" * 5_000 + "}", "id": "x", "time": "2026-01-01T00:00:00Z"}, "JSON_INVALID"),
        ({"data": "{}", "id": "not a uuid", "time": "2026-01-01T00:00:00Z"}, "EVENT_ID_INVALID"),
        ({"data": "{}", "type": "posting.withdrawn.v2"}, "VERSION_TOO_NEW"),
        ({"data": "{}", "type": "posting.withdrawn.v0"}, "VERSION_TOO_OLD"),
        ({"data": "{}", "type": "something.else.v1"}, "EVENT_UNKNOWN"),
        ({"data": "x" * 2_000_000}, "TOO_LARGE"),
        ({"__data__": "{}"}, "ENVELOPE_MISSING"),
    ],
)
async def test_what_cannot_be_read_is_buried_with_its_cause(
    redis_server: RedisServer, engine: Engine, fields: dict[str, str], code: str
) -> None:
    redis = raw(redis_server)
    redis.xadd(STREAM, fields)  # type: ignore[arg-type]
    say(redis, a_withdrawal())
    async with running(small_spine(engine, redis_server.url)):
        await until(lambda: noted(engine) == 1)
        await until(lambda: pending(redis) == 0)
    assert [message.code for message in lying(engine)] == [code]


async def test_the_fuse_stops_burying_the_world(redis_server: RedisServer, engine: Engine) -> None:
    redis = raw(redis_server)
    for _ in range(5):
        redis.xadd(STREAM, {"foo": "bar"})
    async with running(small_spine(engine, redis_server.url, burial_fuse=3)) as spine:
        await until(lambda: len(lying(engine)) == 3)
        await until(lambda: not spine.status().ready)
        assert "buried" in spine.status().problems[-1]
    assert pending(redis) == 2


async def test_redis_emptied_under_load_is_filled_again(redis_server: RedisServer, engine: Engine) -> None:
    redis = raw(redis_server)
    async with running(small_spine(engine, redis_server.url)):
        for _ in range(20):
            say(redis, a_withdrawal())
        await until(lambda: redis.exists(SAID) and redis.xlen(SAID) == 20)
        redis.flushall()
        say(redis, a_withdrawal())
        await until(lambda: noted(engine) == 21)
        await until(lambda: redis.exists(SAID) and redis.xlen(SAID) >= 21)
        assert len({fields[b"id"] for _, fields in redis.xrange(SAID)}) == 21


async def test_an_older_copy_of_redis_is_filled_again(
    redis_kind: RedisKind, start_redis: Callable[..., LocalRedis], engine: Engine, tmp_path: Path
) -> None:
    server = start_redis(redis_kind, "--appendonly", "no")
    redis = raw(server)
    relay = Relay("matching", engine, redis)
    for _ in range(3):
        stage_one(engine)
    relay.say_all()
    copy = redis.dump(SAID)
    for _ in range(4):
        stage_one(engine)
    relay.say_all()
    redis.restore(SAID, 0, copy, replace=True)
    assert redis.xlen(SAID) == 3
    assert relay.mend() == 7
    relay.say_all()
    assert len({fields[b"id"] for _, fields in redis.xrange(SAID)}) == 7
    assert relay.mend() == 0


def stage_one(engine: Engine) -> None:
    with transaction(engine) as session:
        stage(session, RestatementRequested(asked_by="matching", reason="operator"))


async def test_a_destroyed_group_is_made_again_at_the_beginning(redis_server: RedisServer, engine: Engine) -> None:
    redis = raw(redis_server)
    async with running(small_spine(engine, redis_server.url)):
        say(redis, a_withdrawal())
        await until(lambda: noted(engine) == 1)
        with redis.pipeline(transaction=True) as at_once:
            at_once.xgroup_destroy(STREAM, "matching")
            at_once.xadd(STREAM, encode(a_withdrawal()))
            at_once.execute()
        await until(lambda: noted(engine) == 2)
        await until(lambda: pending(redis) == 0)
    assert noted(engine) == 2


async def test_a_service_starts_while_redis_is_away_and_works_when_it_comes(
    redis_kind: RedisKind, start_redis: Callable[..., LocalRedis], engine: Engine
) -> None:
    server = start_redis(redis_kind, "--appendonly", "yes")
    say(raw(server), a_withdrawal())
    server.kill()
    spine = small_spine(engine, server.url)
    async with spine.lifespan():
        await until(lambda: spine.seen.redis_away not in {None, "not reached yet"})
        assert not spine.status().ready
        stage_one(engine)
        server.restart()
        await until(lambda: noted(engine) == 1)
        await until(lambda: spine.status().ready)
        await until(lambda: raw(server).xlen(SAID) == 2)
        server.kill()
        await until(lambda: not spine.status().ready)
        server.restart()
        say(raw(server), a_withdrawal())
        await until(lambda: noted(engine) == 2)


async def test_trimming_never_cuts_what_is_still_to_hear(redis_server: RedisServer, engine: Engine) -> None:
    redis = raw(redis_server)
    redis.xgroup_create("matches.found.v1", "notify", id="0", mkstream=True)
    for number in range(10):
        redis.xadd("matches.found.v1", {"data": "{}"}, id=f"{number + 1}-0")
    read = redis.xreadgroup("notify", "one", {"matches.found.v1": ">"}, count=6)
    ids = [entry_id for entry_id, _ in read[0][1]]
    redis.xack("matches.found.v1", "notify", *ids[:2], *ids[3:])
    assert trim(redis, "matching", timedelta(hours=1)) == {"matches.found.v1": 2, SAID: 0, "rematch.finished.v1": 0}
    assert [entry_id for entry_id, _ in redis.xrange("matches.found.v1")] == [f"{n}-0".encode() for n in range(3, 11)]


async def test_readiness_is_the_age_of_the_last_read_not_a_ping(redis_server: RedisServer, engine: Engine) -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hangs(event: PostingWithdrawn, session: Session) -> None:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(60)
        note(event, session)

    async with running(small_spine(engine, redis_server.url, hangs)) as spine:
        assert spine.status().ready
        say(raw(redis_server), a_withdrawal())
        await until(lambda: spine.status().streams[0].pending == 1)
        await until(lambda: (spine.status().streams[0].read_age_seconds or 0) > 2.5)
        assert health.problems_of(spine.status().streams) == ()
        release.set()
        await until(lambda: noted(engine) == 1)


async def test_a_redis_that_keeps_no_log_is_refused(
    redis_kind: RedisKind, start_redis: Callable[..., LocalRedis], engine: Engine
) -> None:
    server = start_redis(redis_kind, "--appendonly", "no", "--maxmemory-policy", "allkeys-lru")
    with pytest.raises(UnsafeRedis, match=r"REDIS_UNSAFE.*keeps no log.*appendonly yes.*evict.*noeviction"):
        async with small_spine(engine, server.url, allow_unsafe_redis=False).lifespan():
            pass


def test_draining_hears_and_says_everything_once(redis_server: RedisServer, engine: Engine) -> None:
    redis = raw(redis_server)
    for _ in range(3):
        say(redis, a_withdrawal())
    spine = small_spine(engine, redis_server.url)
    spine.drain()
    spine.drain()
    assert (noted(engine), redis.xlen(SAID), pending(redis)) == (3, 3, 0)
    with Session(engine) as session:
        assert session.get_one(StreamMark, SAID).entries_added == 3


def test_how_long_a_fact_took_to_its_effect_is_counted_once(redis_server: RedisServer, engine: Engine) -> None:
    before = effects_counted()
    event = a_withdrawal(occurred_at=now() - timedelta(seconds=40))
    for _ in range(2):
        say(raw(redis_server), event)
        small_spine(engine, redis_server.url).drain()
    counted, seconds = (after - had for after, had in zip(effects_counted(), before, strict=True))
    assert counted == 1
    assert 40 <= seconds < 60


def effects_counted() -> tuple[float, float]:
    """Of this service and stream: how many, and their seconds together."""
    labels = {"service": "matching", "stream": PostingWithdrawn.stream}
    name = "iljari_effect_seconds"
    told = [REGISTRY.get_sample_value(f"{name}_{part}", labels) or 0.0 for part in ("count", "sum")]
    return told[0], told[1]
