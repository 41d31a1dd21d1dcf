"""Do rows and events stand or fall together, on SQLite and on PostgreSQL, with writers at the same time?"""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.event import listen
from sqlmodel import col, select

from shared import inbox, outbox
from shared.clock import now, stopped_at
from shared.contracts import AgencyAnswered, RestatementRequested
from shared.database import SpineTable, reading, transaction
from shared.inbox import InboxLine
from shared.outbox import STAGED_AT_ONCE, OutboxLine, Relay, stage, stage_all
from tests.contracts.examples import examples
from tests.integration.small_service import SmallTable, a_withdrawal
from tests.servers import RedisServer

pytestmark = pytest.mark.integration

REQUEST = RestatementRequested.stream


@pytest.fixture
def engine(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine(SmallTable.metadata, SpineTable.metadata)


@pytest.fixture
def redis(redis_server: RedisServer) -> Redis:
    return Redis.from_url(redis_server.url)


def a_request() -> RestatementRequested:
    return RestatementRequested(asked_by="matching", reason="operator")


def test_nothing_is_said_of_what_was_rolled_back(engine: Engine, redis: Redis) -> None:
    with pytest.raises(KeyError), transaction(engine) as session:
        stage(session, a_request())
        raise KeyError
    assert Relay("matching", engine, redis).say_all() == 0
    assert redis.xlen(REQUEST) == 0


def test_what_was_committed_is_said_once_and_in_order(engine: Engine, redis: Redis) -> None:
    relay = Relay("matching", engine, redis)
    events = [a_request() for _ in range(1_200)]
    with transaction(engine) as session:
        for event in events:
            stage(session, event)
    assert relay.backlog().unsaid == 1_200
    assert relay.say_all() == 1_200
    assert relay.say_all() == 0
    assert [fields[b"id"].decode() for _, fields in redis.xrange(REQUEST)] == [str(e.event_id) for e in events]
    assert relay.backlog().unsaid == 0


def test_many_are_staged_with_few_statements_and_said_in_their_order(engine: Engine, redis: Redis) -> None:
    events, inserts = [a_request() for _ in range(2 * STAGED_AT_ONCE + 1)], []
    listen(engine, "before_cursor_execute", lambda *told: inserts.append(told[2]) if "outbox" in told[2] else None)
    with transaction(engine) as session:
        stage_all(session, ((event, f'{{"place":{place}}}') for place, event in enumerate(events)))
    assert len(inserts) == 3
    Relay("matching", engine, redis).say_all()
    said = [(fields[b"id"].decode(), fields[b"data"]) for _, fields in redis.xrange(REQUEST)]
    assert said == [(str(event.event_id), b'{"place":%d}' % place) for place, event in enumerate(events)]


def test_more_than_a_server_takes_in_one_transaction_is_said_in_several(
    engine: Engine, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is sent too much closes the connection, each time anew: nothing would ever be said again."""
    monkeypatch.setattr(outbox, "RELAY_BYTES", 500_000)
    limit = str(redis.config_get("client-query-buffer-limit")["client-query-buffer-limit"])
    redis.config_set("client-query-buffer-limit", 1_048_576)  # the least that a server can be set to
    fields = json.dumps({"data": "가" * 20_000}, ensure_ascii=False)
    with transaction(engine) as session:
        session.add_all(OutboxLine(stream=REQUEST, fields=fields, staged_at=now()) for _ in range(60))
    try:
        assert Relay("matching", engine, redis).say_all() == 60
    finally:
        redis.config_set("client-query-buffer-limit", limit)
    assert redis.xlen(REQUEST) == 60


def test_what_this_process_stages_is_said_without_waiting_for_the_next_look(engine: Engine, redis: Redis) -> None:
    relay = Relay("matching", engine, redis)
    with ThreadPoolExecutor(1) as beside:
        said = beside.submit(relay.say_soon, seconds=40)
        with transaction(engine) as session:
            stage(session, a_request())
        assert said.result(timeout=20) == 1
    assert redis.xlen(REQUEST) == 1


def test_whoever_waits_for_the_next_look_looks_at_once_when_woken(engine: Engine, redis: Redis) -> None:
    relay = Relay("matching", engine, redis)
    with transaction(engine) as session:
        session.add(OutboxLine(stream=REQUEST, fields=json.dumps({"data": "{}"}), staged_at=now()))
    with ThreadPoolExecutor(1) as beside:
        said = beside.submit(relay.say_soon, seconds=40)
        relay.wake()
        assert said.result(timeout=20) == 1


def test_an_agencys_answer_goes_to_its_own_stream_alone(engine: Engine, redis: Redis) -> None:
    agency, answer = uuid4(), examples()[AgencyAnswered]
    with transaction(engine) as session:
        stage(session, answer, agency=agency)
    Relay("registry", engine, redis).say_all()
    assert redis.keys() == [f"submission.answered.v1:{agency}".encode()]
    with transaction(engine) as session:
        with pytest.raises(ValueError, match="name the agency"):
            stage(session, answer)
        with pytest.raises(ValueError, match="name the agency"):
            stage(session, a_request(), agency=agency)


def test_said_lines_are_forgotten_only_when_old(engine: Engine, redis: Redis) -> None:
    relay = Relay("matching", engine, redis)
    with stopped_at(now() - timedelta(hours=5)):
        with transaction(engine) as session:
            stage(session, a_request())
        relay.say_all()
    with transaction(engine) as session:
        stage(session, a_request())
    relay.say_all()
    with transaction(engine) as session:
        stage(session, a_request())
    relay.forget(timedelta(hours=4))
    with reading(engine) as session:
        kept = session.exec(select(OutboxLine).order_by(col(OutboxLine.number))).all()
    assert [line.said_at is None for line in kept] == [False, True]


def test_two_hearers_of_one_event_at_once_have_one_effect(engine: Engine) -> None:
    event = a_withdrawal()
    barrier, effects = threading.Barrier(8), []

    def hear() -> None:
        barrier.wait()
        with transaction(engine) as session:
            effects.extend(inbox.first_time(session, "matching", [event]))

    threads = [threading.Thread(target=hear) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert effects == [event]


def test_groups_hear_independently_and_a_repeat_in_a_batch_counts_once(engine: Engine) -> None:
    events = [a_withdrawal() for _ in range(1_100)]
    with transaction(engine) as session:
        assert inbox.first_time(session, "matching", [*events, *events]) == events
    with transaction(engine) as session:
        assert inbox.first_time(session, "matching", events) == []
        assert inbox.first_time(session, "notify", events[:3]) == events[:3]


def test_an_instant_comes_back_as_it_went(engine: Engine) -> None:
    seoul = datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=9)))
    with transaction(engine) as session:
        session.add(InboxLine(group="g", event_id=uuid4(), heard_at=seoul))
    with reading(engine) as session:
        heard = session.exec(select(InboxLine)).one().heard_at
    assert heard == seoul
    assert heard.tzinfo == UTC
    with pytest.raises(Exception, match="needs its zone"), transaction(engine) as session:
        session.add(InboxLine(group="g", event_id=uuid4(), heard_at=datetime(2026, 3, 2)))  # noqa: DTZ001


def test_only_what_is_made_again_anyway_does_not_wait_for_the_disk(engine: Engine) -> None:
    asked, waits, goes_on = {
        "sqlite": ("PRAGMA synchronous", 2, 1),
        "postgresql": ("SHOW synchronous_commit", "on", "off"),
    }[engine.dialect.name]

    def told(*, lasting: bool) -> object:
        with transaction(engine, lasting=lasting) as session:
            return session.connection().exec_driver_sql(asked).scalar_one()

    assert [told(lasting=True), told(lasting=False), told(lasting=True)] == [waits, goes_on, waits]
