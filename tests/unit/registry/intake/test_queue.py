"""Agencies' own streams on a real server: all read by one reader, everything answered, nothing stops it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from redis import Redis
from redis.exceptions import ResponseError
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.intake import queue as queue_module
from services.registry.intake.losses import settle, unsettled
from services.registry.intake.queue import GROUP, IntakeQueue
from services.registry.intake.trimmed import gap_in, recount
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency, Posting, Submission
from shared.clock import now, stopped_at
from shared.contracts import AgencyAnswered, PostingReceived
from shared.database import reading, transaction
from shared.outbox import stream_of
from tests.servers import RedisServer
from tests.unit.registry.conftest import a_document, said

pytestmark = pytest.mark.integration

MakeAgency = Callable[[str], tuple[Agency, str]]


@pytest.fixture
def queue(redis_server: RedisServer, settings: RegistrySettings, engine: Engine, vault: Vault) -> Iterator[IntakeQueue]:
    queue = IntakeQueue(settings.model_copy(update={"redis_url": redis_server.url}), engine, vault)
    yield queue
    queue.redis.close()


@pytest.fixture
def redis(redis_server: RedisServer) -> Redis:
    return redis_server.client()


def key_of(agency: Agency) -> str:
    return stream_of(PostingReceived, agency.agency_id)


def write(redis: Redis, agency: Agency, document: Any = None, **fields: Any) -> Any:
    data = {} if document is None else {"data": json.dumps(document, ensure_ascii=False)}
    return redis.xadd(key_of(agency), data | fields)


def answers(engine: Engine) -> list[tuple[str, list[str]]]:
    """Outcome and refusals of every submission, in their order."""
    with reading(engine) as session:
        rows = session.exec(select(Submission).order_by(Submission.received_at)).all()  # type: ignore[arg-type]
    return [(row.outcome, [f["code"] for f in row.findings if f["severity"] == "refusal"]) for row in rows]


def pending(redis: Redis, agency: Agency) -> int:
    summary: Any = redis.xpending(key_of(agency), GROUP)
    return int(summary["pending"])


def test_what_was_written_before_the_first_start_is_read_answered_and_removed(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine
) -> None:
    write(redis, agency, a_document(source_ref="1"))
    write(redis, agency, a_document(source_ref="2", title="바리스타"), id="mine-2", time="2026-03-02T09:00:00+09:00")
    assert queue.drain_once() == 2
    assert answers(engine) == [("accepted", []), ("accepted", [])]
    assert (redis.xlen(key_of(agency)), pending(redis, agency)) == (0, 0)
    with reading(engine) as session:
        assert len(said(session, f"submission.answered.v1:{agency.agency_id}")) == 2


def test_one_reader_reads_all_agencies_and_new_ones(
    queue: IntakeQueue, redis: Redis, make_agency: MakeAgency, engine: Engine
) -> None:
    for number in range(12):
        agency, _ = make_agency(f"기관 {number}")
        write(redis, agency, a_document(title=f"제빵사 {number}"))
        if number == 5:
            assert queue.drain_once() == 6
    assert queue.drain_once() == 6
    with reading(engine) as session:
        assert len({posting.agency_id for posting in session.exec(select(Posting))}) == 12


DEEP = '{"a":' * 10_000 + "1" + "}" * 10_000


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"foo": "bar"}, "ENVELOPE_MISSING"),
        ({"__data__": b"\x89BIN\x00\x01"}, "ENVELOPE_MISSING"),
        ({b"\xff\xfe": "x"}, "ENVELOPE_NOT_UTF8"),
        ({"data": b"\xff\xfe\x00{"}, "ENVELOPE_NOT_UTF8"),
        ({"data": b"\x1f\x8b\x08\x00\xff"}, "ENVELOPE_NOT_UTF8"),
        ({"data": "[]"}, "ENVELOPE_NOT_OBJECT"),
        ({"data": '"x"'}, "ENVELOPE_NOT_OBJECT"),
        ({"data": "null"}, "ENVELOPE_NOT_OBJECT"),
        ({"data": "7"}, "ENVELOPE_NOT_OBJECT"),
        ({"data": '{"a": '}, "JSON_INVALID"),
        ({"data": '{"a": 1, "a": 2}'}, "JSON_DUPLICATE_KEY"),
        ({"data": '{"a": NaN}'}, "NUMBER_NOT_FINITE"),
        ({"data": '{"a": 1e400}'}, "NUMBER_NOT_FINITE"),
        ({"data": '{"a": ' + "9" * 5_000 + "}"}, "NUMBER_TOO_LARGE"),
        ({"data": DEEP[: 60_000]}, "JSON_TOO_DEEP"),
        ({"data": '{"a": "' + "x" * 5_000_000 + '"}'}, "TOO_LARGE"),
        ({"data": '{"a": "\\ud800"}'}, "TEXT_INVALID"),
        ({"data": json.dumps(a_document(agency_id=str(UUID(int=7))))}, "TENANT_MISMATCH"),
        ({"data": json.dumps(a_document(constructor=1))}, "FIELD_UNKNOWN"),
        ({"data": json.dumps(a_document()), "time": "2026-03-02T25:61:00Z"}, "TIME_INVALID"),
        ({"data": json.dumps(a_document()), "time": "2026-03-02T09:00:00"}, "TIME_INVALID"),
        ({"data": json.dumps(a_document()), "time": "9999-01-01T00:00:00Z"}, "TIME_OUT_OF_RANGE"),
        ({"data": json.dumps(a_document()), "time": "1900-01-01T00:00:00Z"}, "TIME_OUT_OF_RANGE"),
        ({"data": json.dumps(a_document()), "id": "x" * 300}, "EVENT_ID_INVALID"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_answered_and_kept_and_the_next_is_taken(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine, fields: dict[Any, Any], code: str
) -> None:
    redis.xadd(key_of(agency), fields)
    write(redis, agency, a_document(source_ref="good"))
    assert queue.drain_once() == 2
    assert answers(engine) == [("returned", [code]), ("accepted", [])]
    assert (redis.xlen(key_of(agency)), pending(redis, agency)) == (0, 0)
    with reading(engine) as session:
        kept = session.exec(select(Submission.kept).where(Submission.outcome == "returned")).one()
    assert kept


def test_the_same_id_again_has_no_effect_and_with_other_content_is_a_conflict(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine
) -> None:
    write(redis, agency, a_document(source_ref="1"), id="monday")
    write(redis, agency, a_document(source_ref="1"), id="monday")
    write(redis, agency, a_document(source_ref="2"), id="monday")
    assert queue.drain_once() == 3
    assert answers(engine) == [("accepted", []), ("returned", ["IDEMPOTENCY_CONFLICT"])]


def test_killed_between_commit_and_removal_it_is_answered_once(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(redis, agency, a_document(source_ref="1"))
    with monkeypatch.context() as patch:
        patch.setattr(queue, "_remove", _killed)
        with pytest.raises(KeyboardInterrupt):
            queue.drain_once()
    assert pending(redis, agency) == 1
    queue.drain_once()
    assert answers(engine) == [("accepted", [])]
    assert (redis.xlen(key_of(agency)), pending(redis, agency)) == (0, 0)
    with reading(engine) as session:
        assert len(said(session, "posting.published.v1")) == 1


def test_killed_before_the_commit_nothing_is_lost(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(redis, agency, a_document(source_ref="1"))
    with monkeypatch.context() as patch:
        patch.setattr(queue_module, "receive", _killed)
        with pytest.raises(KeyboardInterrupt):
            queue.drain_once()
    assert answers(engine) == []
    queue.drain_once()
    assert answers(engine) == [("accepted", [])]


@pytest.mark.parametrize("consumer", ["the same name", "a new name"])
def test_after_a_crash_nothing_newer_overtakes_what_was_not_answered(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine, monkeypatch: pytest.MonkeyPatch, consumer: str
) -> None:
    queue.settings = queue.settings.model_copy(update={"consumer": "the same name"})
    write(redis, agency, a_document(source_ref="1", title="먼저"))
    with monkeypatch.context() as patch:
        patch.setattr(queue_module, "receive", _killed)
        with pytest.raises(KeyboardInterrupt):
            queue.drain_once()
    write(redis, agency, a_document(source_ref="1", title="나중"))
    queue.settings = queue.settings.model_copy(update={"consumer": consumer})
    queue._look()
    queue._take_older()  # as the running reader does: entries of another consumer only once they are old enough
    queue._take_new(None)
    queue.drain_once()
    with reading(engine) as session:
        posting = session.exec(select(Posting)).one()
    assert (posting.revision, posting.facts["title"]) == (2, "나중")


def test_a_stream_that_waits_for_an_older_entry_keeps_no_other_waiting(
    queue: IntakeQueue, redis: Redis, make_agency: MakeAgency, engine: Engine
) -> None:
    (waiting, _), (other, _) = make_agency("기다리는"), make_agency("다른")
    queue._look()
    write(redis, waiting, a_document(source_ref="1", title="먼저"))
    redis.xreadgroup(GROUP, "another reader", {key_of(waiting): ">"})
    write(redis, waiting, a_document(source_ref="1", title="나중"))
    write(redis, other, a_document(title="바리스타"))
    queue._take_older()
    assert queue._take_new(None) == 1
    assert [outcome for outcome, _ in answers(engine)] == ["accepted"]
    assert queue.drain_once() == 2


HOUR_MS = 3_600_000


@pytest.mark.parametrize(("clock_ahead_hours", "kept"), [(0, 2), (24 * 365, 2)])
def test_answers_are_trimmed_by_age_and_a_leaping_clock_cuts_nothing_young(
    queue: IntakeQueue, redis: Redis, agency: Agency, clock_ahead_hours: int, kept: int
) -> None:
    queue._look()
    key = stream_of(AgencyAnswered, agency.agency_id)
    present = int(now().timestamp() * 1000)
    for hours_ago in (100, 73, 71, 0):
        redis.xadd(key, {"data": "{}"}, id=f"{present - hours_ago * HOUR_MS}-0")
    with stopped_at(now() + timedelta(hours=clock_ahead_hours)):
        queue.trim_answers()
    assert redis.xlen(key) == kept


def _killed(*_: object, **_named: object) -> None:
    raise KeyboardInterrupt


def test_a_fault_of_ours_is_one_entrys_alone(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = queue_module.receive

    def faulty(session: Any, arrivals: Any, *rest: Any, **named: Any) -> Any:
        if any(arrival.document and arrival.document.get("source_ref") == "2" for arrival in arrivals):
            raise ZeroDivisionError
        return sound(session, arrivals, *rest, **named)

    monkeypatch.setattr(queue_module, "receive", faulty)
    for reference in "123":
        write(redis, agency, a_document(source_ref=reference, title=f"제빵사 {reference}"))
    assert queue.drain_once() == 3
    assert sorted(answers(engine)) == [("accepted", []), ("accepted", []), ("returned", ["INTAKE_FAULT"])]
    assert pending(redis, agency) == 0


def test_a_key_that_is_no_stream_stops_only_its_own_agency(
    queue: IntakeQueue, redis: Redis, make_agency: MakeAgency, engine: Engine
) -> None:
    (broken, _), (sound, _) = make_agency("부서진"), make_agency("멀쩡한")
    queue.drain_once()
    redis.delete(key_of(broken))
    redis.set(key_of(broken), "x")
    write(redis, sound, a_document())
    queue.drain_once()
    queue.drain_once()
    assert answers(engine) == [("accepted", [])]
    assert queue.streams.problems == {key_of(broken): "STREAM_WRONGTYPE"}
    redis.delete(key_of(broken))
    write(redis, broken, a_document(title="바리스타"))
    queue.drain_once()
    assert queue.streams.problems == {}
    assert len(answers(engine)) == 2


def test_a_stream_at_its_last_id_is_told_and_stops_only_its_own_agency(
    queue: IntakeQueue, redis: Redis, make_agency: MakeAgency, engine: Engine
) -> None:
    (broken, _), (sound, _) = make_agency("부서진"), make_agency("멀쩡한")
    last = "18446744073709551615-18446744073709551615"
    redis.xadd(key_of(broken), {"data": json.dumps(a_document(title="마지막"))}, id=last)
    with pytest.raises(ResponseError):
        write(redis, broken, a_document())
    write(redis, sound, a_document())
    queue.drain_once()
    assert queue.streams.problems == {key_of(broken): "STREAM_EXHAUSTED"}
    assert [outcome for outcome, _ in answers(engine)] == ["accepted", "accepted"]


def test_an_emptied_stream_and_a_lost_group_do_not_stop_the_reading(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine
) -> None:
    queue.drain_once()
    redis.xadd(key_of(agency), {"data": "{}"}, maxlen=0, approximate=False)
    redis.delete(key_of(agency))
    write(redis, agency, a_document())
    queue.drain_once()
    queue.drain_once()
    assert answers(engine) == [("accepted", [])]


def noticed(engine: Engine) -> list[tuple[str, str]]:
    """Code and words of every notice that speaks of a stream."""
    with reading(engine) as session:
        rows = session.exec(select(Submission).where(Submission.outcome == "noticed")).all()
    return [(found["code"], found["message"]) for row in rows for found in row.findings]


def lost(engine: Engine) -> dict[str, int]:
    with reading(engine) as session:
        return unsettled(session)


def test_entries_that_their_writer_trimmed_unread_are_told_to_her_and_to_the_operator(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine
) -> None:
    write(redis, agency, a_document(source_ref="1"))
    queue.drain_once()
    for number in range(4):
        write(redis, agency, a_document(source_ref=f"lost {number}"))
    redis.xadd(key_of(agency), {"data": json.dumps(a_document(title="바리스타"))}, maxlen=1, approximate=False)
    queue.drain_once()
    assert [outcome for outcome, _ in answers(engine) if outcome != "noticed"] == ["accepted", "accepted"]
    assert noticed(engine) == [("STREAM_TRIMMED", "Entries of your stream were taken away before we read them: 4.")]
    assert lost(engine) == {key_of(agency): 4}
    with reading(engine) as session:
        assert len(said(session, f"submission.answered.v1:{agency.agency_id}")) == 3
    redis.xadd(key_of(agency), {"data": "{}"}, maxlen=0, approximate=False)
    queue.drain_once()
    queue.drain_once()
    assert lost(engine) == {key_of(agency): 5}
    assert len(noticed(engine)) == 2


def test_what_was_trimmed_right_behind_an_entry_is_told_too(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.drain_once()
    write(redis, agency, a_document())
    remove = queue._remove

    def remove_while_more_is_written(entries: Any) -> None:
        remove(entries)
        for _ in range(3):
            redis.xadd(key_of(agency), {"data": "{}"}, maxlen=1, approximate=False)

    monkeypatch.setattr(queue, "_remove", remove_while_more_is_written)
    assert queue._take_new(None) == 1
    assert lost(engine) == {key_of(agency): 2}


def test_killed_before_it_counts_anew_it_tells_of_trimmed_entries_once(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.drain_once()
    redis.xadd(key_of(agency), {"data": "{}"}, maxlen=0, approximate=False)
    with monkeypatch.context() as patch:
        patch.setattr(queue_module, "recount", _killed)
        with pytest.raises(KeyboardInterrupt):
            queue.drain_once()
    queue.drain_once()
    assert len(noticed(engine)) == 1
    assert lost(engine) == {key_of(agency): 1}


def test_what_was_lost_is_told_until_the_operator_says_what_became_of_it(
    queue: IntakeQueue, redis: Redis, agency: Agency, make_agency: MakeAgency, engine: Engine
) -> None:
    other, _ = make_agency("다른 기관")
    queue.drain_once()
    for theirs in (agency, other):
        redis.xadd(key_of(theirs), {"data": "{}"}, maxlen=0, approximate=False)
    queue.drain_once()
    with transaction(engine) as session:
        assert settle(session, agency.agency_id, "다시 보냄") == 1
    assert lost(engine) == {key_of(other): 1}
    redis.xadd(key_of(agency), {"data": "{}"}, maxlen=0, approximate=False)
    queue.drain_once()
    assert lost(engine) == {key_of(agency): 1, key_of(other): 1}


@pytest.mark.parametrize("seed", range(5))
def test_reading_in_pieces_and_out_of_turn_is_no_loss(redis: Redis, seed: int) -> None:
    chance, pending = Random(seed), []
    redis.xgroup_create("s", GROUP, id="0", mkstream=True)
    if first := gap_in(redis, "s", GROUP):  # a new group has counted nothing
        recount(redis, "s", GROUP, first)
    for _ in range(100):
        for _ in range(chance.randint(0, 3)):
            redis.xadd("s", {"data": "{}"})
        for _, found in redis.xreadgroup(GROUP, "c", {"s": ">"}, count=chance.randint(1, 4)) or []:
            pending += [entry for entry, _ in found]
        chance.shuffle(pending)
        for entry in [pending.pop() for _ in range(chance.randint(0, len(pending)))]:
            redis.xack("s", GROUP, entry)
            redis.xdel("s", entry)
        gap = gap_in(redis, "s", GROUP)
        assert gap is None or gap.lost == 0


def test_an_entry_deleted_while_pending_vanishes(queue: IntakeQueue, redis: Redis, agency: Agency) -> None:
    queue.drain_once()
    entry = write(redis, agency, a_document())
    redis.xreadgroup(GROUP, "lost", {key_of(agency): ">"})
    redis.xdel(key_of(agency), entry)
    queue.drain_once()
    assert pending(redis, agency) == 0


async def test_it_runs_beside_the_service_until_it_is_stopped(
    queue: IntakeQueue, redis: Redis, agency: Agency, engine: Engine
) -> None:
    task = asyncio.create_task(queue.run())
    write(redis, agency, a_document())
    async with asyncio.timeout(20):
        while not answers(engine):
            await asyncio.sleep(0.02)
        await queue.stop(task)
    assert task.done()
    assert task.exception() is None
