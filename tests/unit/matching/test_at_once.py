"""Shards that share a store and hear the same at the same moment; and one that hears a real stream."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from pydantic import SecretStr

from services.matching.handlers import hearings
from services.matching.matcher import Heard, Matcher
from services.matching.settings import MatchingSettings
from shared.contracts import Event, MatchesFound, RestatementRequested
from shared.spine import Spine
from shared.wire import decode, encode
from tests.servers import RedisServer
from tests.unit.matching.examples import (
    a_posting,
    a_seeker,
    certified,
    hear,
    no_posting,
    open_store,
    posting_id,
    seeker_id,
    started,
)

pytestmark = pytest.mark.integration


def test_shards_may_write_the_same_profiles_and_begin_an_epoch_at_the_same_moment(postgres_url: str) -> None:
    engine = open_store(postgres_url)
    shards = [started(engine, shard=f"{number}/3", epoch_profiles=30) for number in range(3)]
    seekers: list[Heard] = [a_seeker(number, summary=f"빵을 {number}개 굽는다") for number in range(40)]
    postings: list[Heard] = [a_posting(number, title=f"빵 {number}") for number in range(40)]
    together = Barrier(3)

    def hear_everything(shard: Matcher) -> None:
        for start in range(0, 40, 8):
            together.wait()
            hear(shard, engine, [*seekers[start : start + 8], *reversed(postings[start : start + 8])])

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(hear_everything, shards))
    for shard in shards:
        hear(shard, engine, [no_posting(1)])
    certificate = certified(engine, 3)
    assert certificate.epoch == 1
    assert certificate.pending == 0
    assert certificate.agrees
    assert certificate.pairs > 0
    engine.dispose()


def test_facts_on_the_streams_become_matches_on_a_stream(redis_server: RedisServer, sqlite_url: str) -> None:
    engine = open_store(sqlite_url)
    matcher = started(engine)
    spine = Spine(
        service="matching",
        settings=a_settings(redis_server.url, sqlite_url),
        engine=engine,
        hearings=hearings(matcher),
        group=matcher.shard.group,
    )

    def say(*events: Event) -> list[MatchesFound]:
        before = spine.redis.xlen(MatchesFound.stream)
        for event in events:
            spine.redis.xadd(event.stream, encode(event))  # type: ignore[arg-type]
        spine.drain()
        entries: Any = spine.redis.xrange(MatchesFound.stream)
        return [decode(MatchesFound, fields) for _, fields in entries[before:]]

    found = {one.scope: one for one in say(a_seeker(), a_posting())}
    assert [pair.posting_id for pair in found["seeker"].pairs] == [posting_id(1)]
    assert [pair.seeker_id for pair in found["posting"].pairs] == [seeker_id(1)]
    assert say(a_posting()) == [], "the same revision under another event id changes nothing"
    assert [one.pairs for one in say(no_posting())] == [(), ()]
    assert certified(engine).agrees
    spine.redis.close()
    engine.dispose()


def a_settings(redis_url: str, database_url: str) -> MatchingSettings:
    secret = SecretStr("for tests only")
    return MatchingSettings(
        redis_url=redis_url,
        database_url=database_url,
        session_key=secret,
        operator_token=secret,
        service_token=secret,
        allow_unsafe_redis=True,
        consumer="one",
    )


def test_who_lost_the_lists_is_told_them_again(redis_server: RedisServer, sqlite_url: str) -> None:
    engine = open_store(sqlite_url)
    matcher = started(engine)
    spine = Spine(
        service="matching",
        settings=a_settings(redis_server.url, sqlite_url),
        engine=engine,
        hearings=hearings(matcher),
        group=matcher.shard.group,
    )
    nobodys_posting = a_posting(2, title="xyzzy")
    for event in (a_seeker(), a_posting(), nobodys_posting):
        spine.redis.xadd(event.stream, encode(event))  # type: ignore[arg-type]
    spine.drain()
    said = lists_said(spine)
    for asked_by, told in (("matching", 0), ("notify", 2)):
        request = RestatementRequested.model_validate({"asked_by": asked_by, "reason": "new_store"})
        spine.redis.xadd(request.stream, encode(request))  # type: ignore[arg-type]
        spine.drain()
        again = lists_said(spine)[len(said) :]
        assert len(again) == told
    kept = {one.scope: (one.revision, one.pairs) for one in said}
    assert {one.scope: (one.revision, one.pairs) for one in again} == kept, "as they stand, under the same revision"


def lists_said(spine: Spine) -> list[MatchesFound]:
    entries: Any = spine.redis.xrange(MatchesFound.stream)
    return [decode(MatchesFound, fields) for _, fields in entries]
