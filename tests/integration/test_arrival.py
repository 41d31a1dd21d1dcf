"""A posting and a seeker that arrive at the same moment: do they find each other?

Matched in the transaction that inserts them, neither sees the other, for neither is committed yet: 319 of 400 such
pairs were missed. Matching commits the profile first and matches in a second transaction.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine
from sqlmodel import Session

from services.matching.handlers import hearings
from services.matching.matcher import Matcher
from services.matching.shards import Shard
from services.matching.tables import Table
from shared.contracts import Event, PostingPublished, SeekerPublished
from shared.database import SpineTable
from shared.spine import Spine
from shared.streams import Hearing
from shared.wire import encode
from tests.integration.small_service import small_settings
from tests.servers import RedisServer, wait_until
from tests.unit.matching.examples import NEVER, SMALL, a_posting, a_seeker, certified

pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize("shared_redis_server", ["redis"], indirect=True),  # the race is the database's
]

SHARDS = 2
"""Two processes' worth of matching on one store: a posting is matched by both, a seeker by her own."""


@pytest.mark.parametrize("pairs", [50, pytest.param(400, marks=pytest.mark.campaign)])
async def test_of_pairs_that_arrive_together_none_is_missed(
    redis_server: RedisServer, make_engine: Callable[..., Engine], pairs: int
) -> None:
    engine = make_engine(Table.metadata, SpineTable.metadata)
    async with AsyncExitStack() as running:
        for number in range(SHARDS):
            await running.enter_async_context(matching(engine, redis_server.url, f"{number}/{SHARDS}").lifespan())
        await asyncio.to_thread(arrive, redis_server, SHARDS, pairs)
        certificate = certified(engine, SHARDS)
    assert certificate.seekers.count == certificate.postings.count == pairs
    assert certificate.pairs >= pairs
    assert (certificate.missed, certificate.invented, certificate.different, certificate.pending) == (0, 0, 0, 0)


async def test_matched_while_it_is_inserted_the_pair_is_missed(
    redis_server: RedisServer, make_engine: Callable[..., Engine]
) -> None:
    """The bug that the test above must be able to see, planted here and nowhere else."""
    engine = make_engine(Table.metadata, SpineTable.metadata)
    async with matching(engine, redis_server.url, "0/1", plant=in_one_transaction).lifespan():
        await asyncio.to_thread(arrive, redis_server, 1, 10)
        certificate = certified(engine)
    assert certificate.missed > 0


def in_one_transaction(sound: Hearing[Any]) -> Hearing[Any]:
    def effect(events: Sequence[Any], session: Session) -> None:
        assert sound.prepare is not None
        sound.prepare(events, session)
        sound.effect(events, session)

    return Hearing(sound.event, effect)


def matching(
    engine: Engine,
    redis_url: str,
    shard_name: str,
    plant: Callable[[Hearing[Any]], Hearing[Any]] = lambda sound: sound,
) -> Spine:
    shard = Shard.named(shard_name)
    matcher = Matcher(engine, SMALL, shard, NEVER)
    matcher.start()
    return Spine(
        service="matching",
        settings=small_settings(redis_url, consumer=shard.group, reclaim_after_ms=10_000),
        engine=engine,
        hearings=[plant(hearing) for hearing in hearings(matcher)],
        group=shard.group,
    )


def arrive(server: RedisServer, shards: int, pairs: int) -> None:
    """Each pair at one moment, from two clients, once the pair before it was heard."""
    together = threading.Barrier(2)
    redis = Redis.from_url(server.url)

    def say(event: Event) -> None:
        client = Redis.from_url(server.url)
        together.wait()
        client.xadd(event.stream, encode(event))  # type: ignore[arg-type]
        client.close()

    with ThreadPoolExecutor(2) as senders:
        for number in range(pairs):
            list(senders.map(say, (a_posting(number), a_seeker(number))))
            wait_until(lambda: heard_by_all(redis, shards), "a pair to be heard", "the pair is still pending".format)
    redis.close()


def heard_by_all(redis: Redis, shards: int) -> bool:
    for event in (PostingPublished, SeekerPublished):
        groups: Any = redis.xinfo_groups(event.stream)
        if len(groups) < shards or any(group["lag"] or group["pending"] for group in groups):
            return False
    return True
