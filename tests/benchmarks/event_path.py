"""How long from an event to a match that is committed and said? `python -m tests.benchmarks.event_path [SEEKERS]`

Everything durable: Valkey with AOF `always`, SQLite with `synchronous=FULL`; matching runs as a process of its own, as
`iljari serve matching`. Beside it in the same rounds, on the same server, what one would write by hand: XADD,
XREADGROUP and XACK, no store, no transaction, no matching. The goals G6, G7 and G11 are ratios of the two.
"""

import asyncio
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from itertools import cycle, islice
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

from faststream.redis import RedisBroker
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from sqlalchemy import create_engine

from deploy.demo.make_city import make_city
from shared.burial import BurialRule
from shared.command import show_table
from shared.contracts import Event, MatchesFound, PostingPublished, SeekerPublished
from shared.streams import Delivery, Hearing, Listener, ReadingHabits, make_group, subscribe
from shared.wire import decode, encode
from tests.journey.city import COMMAND, wait_for
from tests.servers import local_redis, short_directory

SEEKERS = 5_000
ROUNDS, EVENTS_A_ROUND = 3, 200
LATENCIES = 150
CONSUMED = 6_000
BATCH = 100
RAW_STREAM, GROUP = "raw", "raw"
DAY = datetime(2026, 3, 2, tzinfo=UTC)
FILL_SECONDS, ANSWER_SECONDS = 1_800, 60
SECRETS = ("SESSION_KEY", "OPERATOR_TOKEN", "SERVICE_TOKEN")

Rows = list[tuple[str, ...]]


def main(seekers: int) -> None:
    with local_redis("valkey", "--appendfsync", "always") as server, short_directory() as folder:
        with matching(server.url, folder) as redis:
            fill(redis, folder / "matching.sqlite", seekers)
            rows = [*latencies(redis, server.url), *throughput(redis)]
        rows += asyncio.run(consumption(server.url))
    durable = "Valkey appendfsync always, SQLite synchronous FULL"
    show_table(("figure", "value", "goal"), rows, title=f"{seekers:,} seekers; {durable}")


# --- the service, and what it is given -----------------------------------------------------------------------------


@contextmanager
def matching(redis_url: str, folder: Path) -> Iterator["Redis[Any]"]:
    settings = {
        "REDIS_URL": redis_url,
        "DATABASE_URL": f"sqlite:///{folder}/matching.sqlite",
        "ALLOW_UNSAFE_REDIS": "1",
    }
    settings |= dict.fromkeys(SECRETS, "for this run only")
    command = [*COMMAND, "serve", "matching", "--socket", str(folder / "matching.sock")]
    environment = {**os.environ, **{f"MATCHING_{name}": value for name, value in settings.items()}}
    redis = Redis.from_url(redis_url)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield redis
        except BaseException:
            sys.stderr.write((folder / "log").read_text(errors="replace")[-2_000:])
            raise
        finally:
            process.terminate()
            process.wait()
            redis.close()


def fill(redis: "Redis[Any]", store: Path, seekers: int) -> None:
    """So many seekers and some postings, each heard, matched and all of it said before anything is timed."""
    city = make_city(date(2026, 3, 2))
    send(redis, (a_seeker(one.facts) for one in islice(cycle(city.seekers), seekers)))
    send(redis, islice(postings(), EVENTS_A_ROUND))
    wait_for(lambda: is_quiet(redis) and not unsaid(store), FILL_SECONDS, "matching to hear of everyone")


def a_seeker(facts: Any) -> SeekerPublished:
    return SeekerPublished(seeker_id=uuid4(), revision=1, applied_at=DAY, facts=facts)


def postings() -> Iterator[PostingPublished]:
    city = make_city(date(2026, 3, 2))
    for one in cycle(city.postings):
        yield PostingPublished(posting_id=uuid4(), revision=1, agency_name="-", accepted_at=DAY, facts=one.facts)


def send(redis: "Redis[Any]", events: Iterator[Event], at_once: int = BATCH, stream: str | None = None) -> None:
    while some := list(islice(events, at_once)):
        with redis.pipeline(transaction=False) as line:
            for event in some:
                line.xadd(stream or event.stream, encode(event))  # type: ignore[arg-type]
            line.execute()


def is_quiet(redis: "Redis[Any]") -> bool:
    groups: list[Any] = [group for kind in (SeekerPublished, PostingPublished) for group in _groups(redis, kind.stream)]
    return len(groups) == 2 and all(group["lag"] == 0 and group["pending"] == 0 for group in groups)


def unsaid(store: Path) -> int:
    """Trap: what is left to be said of everyone goes before the list of the first posting that is timed."""
    with closing(sqlite3.connect(store)) as database:
        return int(database.execute("SELECT count(*) FROM outbox WHERE said_at IS NULL").fetchone()[0])


def _groups(redis: "Redis[Any]", stream: str) -> list[Any]:
    return list(redis.xinfo_groups(stream)) if redis.exists(stream) else []


class Found:
    """Reads what matching says, from now on."""

    def __init__(self, redis: "Redis[Any]") -> None:
        self._redis = redis
        newest: Any = redis.xrevrange(MatchesFound.stream, count=1)
        self._last = newest[0][0] if newest else b"0"

    def wait_for(self, expected: set[UUID]) -> None:
        """Until the lists of all these postings were said."""
        missing, deadline = set(expected), time.monotonic() + ANSWER_SECONDS
        while missing:
            assert time.monotonic() < deadline, f"{len(missing)} lists were not said in {ANSWER_SECONDS} s"
            reply: Any = self._redis.xread({MatchesFound.stream: self._last}, count=1_000, block=1_000)
            for _, entries in reply:
                self._last = entries[-1][0]
                missing -= {UUID(fields[b"subject"].decode().split("/")[1]) for _, fields in entries}


# --- G6: one event at a time ---------------------------------------------------------------------------------------


def latencies(redis: "Redis[Any]", url: str) -> Rows:
    """A posting to its list on the stream, a raw entry to its handler, a PING: in turn."""
    found, coming = Found(redis), postings()
    taken: dict[str, list[float]] = {"event to match said": [], "raw XADD to handler": [], "PING": []}
    with raw_handler(url) as heard:
        for event in islice(coming, LATENCIES):
            entry: Any = encode(event)
            with timed(taken["event to match said"]):
                redis.xadd(event.stream, entry)
                found.wait_for({event.posting_id})
            heard.clear()
            with timed(taken["raw XADD to handler"]):
                redis.xadd(RAW_STREAM, entry)
                heard.wait(ANSWER_SECONDS)
            with timed(taken["PING"]):
                redis.ping()
    rows = [
        (f"{name}, {tail}", f"{value * 1e3:.2f} ms", "") for name, some in taken.items() for tail, value in tails(some)
    ]
    ratio = p99(taken["event to match said"]) / p99(taken["raw XADD to handler"])
    return [*rows, ("event to match said ÷ raw, p99", f"{ratio:.1f} ×", "G6 ≤ 5 ×, moonshot ≤ 2.5 ×")]


@contextmanager
def raw_handler(url: str) -> Iterator[Signal]:
    """Somebody in a thread of this process who reads, decodes and acknowledges one by one."""
    redis, heard, done = Redis.from_url(url), Signal(), Signal()
    make_group(redis, RAW_STREAM, GROUP)

    def hear() -> None:
        while not done.is_set():
            for entry_id, fields in read_raw(redis, 1, block=200):
                decode(PostingPublished, fields)
                heard.set()
                redis.xack(RAW_STREAM, GROUP, entry_id)

    thread = Thread(target=hear)
    thread.start()
    try:
        yield heard
    finally:
        done.set()
        thread.join()
        redis.close()


def read_raw(redis: "Redis[Any]", count: int, block: int | None = None) -> list[tuple[bytes, Mapping[bytes, bytes]]]:
    reply: Any = redis.xreadgroup(GROUP, "one", {RAW_STREAM: ">"}, count=count, block=block)
    return [entry for _, entries in reply for entry in entries]


# --- G11: as many as it can ----------------------------------------------------------------------------------------


def throughput(redis: "Redis[Any]") -> Rows:
    """Postings a second from XADD to a list committed and said, beside the raw loop fed in the same way, in turn."""
    coming, found = postings(), Found(redis)
    rows: Rows = []
    for at_once in (1, BATCH):
        ours: list[float] = []
        raw: list[float] = []
        for _ in range(ROUNDS):
            events = list(islice(coming, EVENTS_A_ROUND))
            with timed(ours):
                send(redis, iter(events), at_once)
                found.wait_for({event.posting_id for event in events})
            with timed(raw):
                raw_loop(redis, events, at_once)
        each = [theirs / mine for theirs, mine in zip(raw, ours, strict=True)]
        way = f"sent {at_once} at a time"
        rows += [
            (
                f"postings a second matched, committed and said, {way}",
                f"{EVENTS_A_ROUND / statistics.median(ours):,.0f}",
                "",
            ),
            (f"postings a second, raw loop, {way}", f"{EVENTS_A_ROUND / statistics.median(raw):,.0f}", ""),
            (f"ours ÷ raw, {way}", f"{statistics.median(each):.3f}", "G11 ≥ 0.15, moonshot ≥ 0.4"),
        ]
    return rows


def raw_loop(redis: "Redis[Any]", events: Sequence[PostingPublished], at_once: int) -> None:
    """XADD, then XREADGROUP and XACK, on one connection."""
    make_group(redis, RAW_STREAM, GROUP)
    send(redis, iter(events), at_once, RAW_STREAM)
    while entries := read_raw(redis, BATCH):
        for _, fields in entries:
            decode(PostingPublished, fields)
        redis.xack(RAW_STREAM, GROUP, *(entry_id for entry_id, _ in entries))


# --- G7: the reading alone -----------------------------------------------------------------------------------------


class Counting(Listener[PostingPublished]):
    """Reads and decodes as a service does, and keeps nothing."""

    def __init__(self, expected: int) -> None:
        hearing = Hearing(PostingPublished, effect=lambda _events, _session: None)
        super().__init__(hearing, GROUP, create_engine("sqlite://"), BurialRule(1, 1))
        self.expected = expected
        self.all_heard = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def take(self, deliveries: Sequence[Delivery]) -> list[str]:
        for delivery in deliveries:
            decode(PostingPublished, delivery.fields)
        self.expected -= len(deliveries)
        if self.expected <= 0:
            self._loop.call_soon_threadsafe(self.all_heard.set)
        return [delivery.entry_id for delivery in deliveries]


async def consumption(url: str) -> Rows:
    """Entries a second through FastStream as services read, and through a loop by hand, both in batches of 100."""
    taken: dict[str, list[float]] = {"FastStream": [], "raw": []}
    redis, client = Redis.from_url(url), AsyncRedis.from_url(url)
    for _ in range(ROUNDS):
        for name, consume in (("FastStream", through_faststream), ("raw", by_hand)):
            redis.delete(PostingPublished.stream)
            send(redis, islice(postings(), CONSUMED))
            make_group(redis, PostingPublished.stream, GROUP)
            taken[name].append(await consume(url, client))
    await client.aclose()
    redis.close()
    each = [raw / ours for ours, raw in zip(*taken.values(), strict=True)]
    rows = [
        (f"entries a second read, {name}", f"{CONSUMED / statistics.median(s):,.0f}", "") for name, s in taken.items()
    ]
    return [*rows, ("FastStream ÷ raw", f"{statistics.median(each):.2f}", "G7 ≥ 0.33, moonshot ≥ 0.5")]


async def through_faststream(url: str, client: "AsyncRedis[Any]") -> float:
    listener, broker = Counting(CONSUMED), RedisBroker(url, logger=None, apply_types=False)
    subscribe(broker, client, listener, ReadingHabits("one", BATCH, 30_000))
    started = time.perf_counter()
    await broker.start()
    await listener.all_heard.wait()
    seconds = time.perf_counter() - started
    await broker.stop()
    return seconds


async def by_hand(_: str, client: "AsyncRedis[Any]") -> float:
    started, heard = time.perf_counter(), 0
    while heard < CONSUMED:
        reply: Any = await client.xreadgroup(GROUP, "one", {PostingPublished.stream: ">"}, count=BATCH)
        entries = [entry for _, some in reply for entry in some]
        for _, fields in entries:
            decode(PostingPublished, fields)
        await client.xack(PostingPublished.stream, GROUP, *(entry_id for entry_id, _ in entries))
        heard += len(entries)
    return time.perf_counter() - started


# --- figures -------------------------------------------------------------------------------------------------------


@contextmanager
def timed(into: list[float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    into.append(time.perf_counter() - started)


def p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[-1]


def tails(seconds: Sequence[float]) -> tuple[tuple[str, float], ...]:
    return ("p50", statistics.median(seconds)), ("p99", p99(seconds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEKERS)
