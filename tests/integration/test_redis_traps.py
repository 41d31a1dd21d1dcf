"""What do Redis and Valkey really do where the design relies on it, or avoids it? Each trap on both servers.

Should one of these change with a new version, the design may be simplified, or must be looked at again.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis
from redis.exceptions import OutOfMemoryError, ResponseError

from deploy.redis.rights import agency_user
from tests.guarded_redis import TESTER, GuardedServer, guarded_server
from tests.power_cut import PowerCut
from tests.servers import LocalRedis, RedisKind, RedisServer

pytestmark = pytest.mark.integration

StartRedis = Callable[..., LocalRedis]

HERE, THERE = UUID("11111111-1111-4111-8111-111111111111"), UUID("22222222-2222-4222-8222-222222222222")
INTAKE, OTHER_INTAKE = f"posting.received.v1:{HERE}", f"posting.received.v1:{THERE}"
GREATEST_ID = "18446744073709551615-18446744073709551615"
ENTRY: dict[Any, Any] = {"data": "{}"}


def fill(client: redis.Redis, stream: str, entries: int) -> None:
    with client.pipeline(transaction=False) as pipe:
        for _ in range(entries):
            pipe.xadd(stream, ENTRY)
        pipe.execute()


def group_of(client: redis.Redis, stream: str) -> dict[str, Any]:
    (group,) = client.xinfo_groups(stream)
    return dict(group)


# --- a producer that may only XADD ---------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["redis", "valkey"])
def guarded(request: pytest.FixtureRequest) -> Iterator[GuardedServer]:
    with guarded_server(request.param, agencies=(HERE, THERE)) as server:
        yield server


@pytest.fixture
def two_agencies(guarded: GuardedServer) -> tuple[redis.Redis, redis.Redis, redis.Redis]:
    """Both have written ten postings: the first agency, the second, and somebody who sees all."""
    here, there = (guarded.as_user(agency_user(agency)) for agency in (HERE, THERE))
    tester = guarded.as_user(TESTER)
    tester.flushall()
    fill(here, INTAKE, 10)
    fill(there, OTHER_INTAKE, 10)
    return here, there, tester


def test_a_producer_can_empty_a_stream_and_it_is_only_its_own(
    two_agencies: tuple[redis.Redis, redis.Redis, redis.Redis],
) -> None:
    here, _, tester = two_agencies
    here.xadd(INTAKE, ENTRY, maxlen=0, approximate=False)
    with pytest.raises(redis.exceptions.NoPermissionError):
        here.xadd(OTHER_INTAKE, ENTRY, maxlen=0, approximate=False)
    assert (tester.xlen(INTAKE), tester.xlen(OTHER_INTAKE)) == (0, 10)
    # How registry can tell that something went: more was added than ever was read or stands there.
    assert tester.xinfo_stream(INTAKE)["entries-added"] == 11


def test_a_producer_can_block_a_stream_for_ever_and_it_is_only_its_own(
    two_agencies: tuple[redis.Redis, redis.Redis, redis.Redis],
) -> None:
    here, there, tester = two_agencies
    here.xadd(INTAKE, ENTRY, id=GREATEST_ID)
    with pytest.raises(ResponseError, match="exhausted"):
        here.xadd(INTAKE, ENTRY)
    assert there.xadd(OTHER_INTAKE, ENTRY)
    tester.delete(INTAKE)  # the only cure, and registry has no right to it
    assert here.xadd(INTAKE, ENTRY)


# --- what a group sees and forgets ---------------------------------------------------------------------------------


def test_a_group_made_at_the_end_never_hears_what_was_said_before(redis_server: RedisServer) -> None:
    client = redis_server.client()
    client.xadd("s", ENTRY)
    client.xgroup_create("s", "at the end", id="$")
    client.xgroup_create("s", "at the beginning", id="0")
    assert client.xreadgroup("at the end", "c", {"s": ">"}) in ({}, [], None)
    assert len(client.xreadgroup("at the beginning", "c", {"s": ">"})) == 1


def test_trimming_by_length_cuts_what_nobody_read_and_the_lag_hides_it(redis_server: RedisServer) -> None:
    client = redis_server.client()
    client.xgroup_create("s", "g", id="0", mkstream=True)
    for _ in range(1000):
        client.xadd("s", ENTRY, maxlen=100, approximate=True)
    left = client.xlen("s")
    assert left < 1000
    assert group_of(client, "s")["lag"] == left
    assert client.xinfo_stream("s")["entries-added"] == 1000


def test_trimming_by_length_cuts_what_is_pending(redis_server: RedisServer) -> None:
    client = redis_server.client()
    client.xgroup_create("s", "g", id="0", mkstream=True)
    fill(client, "s", 10)
    client.xreadgroup("g", "c", {"s": ">"}, count=10)
    client.xtrim("s", maxlen=0, approximate=False)
    assert client.xpending("s", "g")["pending"] == 10
    _, claimed, vanished = client.xautoclaim("s", "g", "d", min_idle_time=0)
    assert (len(claimed), len(vanished)) == (0, 10)


def test_deleting_a_consumer_drops_what_it_had_not_finished(redis_server: RedisServer) -> None:
    client = redis_server.client()
    client.xgroup_create("s", "g", id="0", mkstream=True)
    fill(client, "s", 5)
    client.xreadgroup("g", "gone", {"s": ">"}, count=5)
    assert client.xgroup_delconsumer("s", "g", "gone") == 5
    assert client.xpending("s", "g")["pending"] == 0
    assert client.xreadgroup("g", "another", {"s": ">"}) in ({}, [], None)
    assert client.xlen("s") == 5


def test_an_unbounded_read_takes_the_whole_backlog_as_its_own(redis_server: RedisServer) -> None:
    client = redis_server.client()
    client.xgroup_create("s", "g", id="0", mkstream=True)
    fill(client, "s", 5_000)
    client.xreadgroup("g", "greedy", {"s": ">"})
    assert client.xpending("s", "g")["pending"] == 5_000


def test_an_emptied_server_forgets_its_groups_too(redis_server: RedisServer) -> None:
    client = redis_server.client()
    client.xgroup_create("s", "g", id="0", mkstream=True)
    client.delete("s")
    client.xadd("s", ENTRY)
    with pytest.raises(ResponseError, match="NOGROUP"):
        client.xreadgroup("g", "c", {"s": ">"})


def test_what_was_ever_added_is_remembered_over_trimming_and_a_restart(
    redis_kind: RedisKind, start_redis: StartRedis
) -> None:
    """The relay compares this number with its own to find that Redis lost something."""
    server = start_redis(redis_kind)
    fill(server.client(), "s", 10)
    server.client().xtrim("s", maxlen=0, approximate=False)
    server.client().bgrewriteaof()
    server.kill()
    server.restart()
    assert server.client().xinfo_stream("s")["entries-added"] == 10
    server.client().delete("s")
    server.client().xadd("s", ENTRY)
    assert server.client().xinfo_stream("s")["entries-added"] == 1


# --- a full memory -------------------------------------------------------------------------------------------------


def test_a_full_server_refuses_and_forgets_nothing(redis_kind: RedisKind, start_redis: StartRedis) -> None:
    client = start_redis(redis_kind).client()
    client.xgroup_create("s", "g", id="0", mkstream=True)
    client.config_set("maxmemory", client.info("memory")["used_memory"] + 2_000_000)
    added = 0
    with pytest.raises(OutOfMemoryError):
        while added < 10_000:
            client.xadd("s", {"data": "x" * 1_000})
            added += 1
    assert client.xlen("s") == added > 100
    # It can still be read and cut, which is how it comes to have room again.
    client.xreadgroup("g", "c", {"s": ">"}, count=added)
    taken = [entry["message_id"] for entry in client.xpending_range("s", "g", "-", "+", added)]
    assert client.xack("s", "g", *taken) == added
    client.xtrim("s", maxlen=0, approximate=False)
    assert client.xadd("s", ENTRY)


# --- a reply that is lost ------------------------------------------------------------------------------------------


@contextmanager
def losing_the_first_reply(server: LocalRedis, command: bytes, at: Path) -> Iterator[str]:
    """A way to the server on which the first reply to `command` never arrives; gives its address."""
    lost = threading.Event()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(at))
        door.listen()

        def serve() -> None:
            while True:
                try:
                    client, _ = door.accept()
                except OSError:
                    return
                with client, socket.socket(socket.AF_UNIX) as behind:
                    behind.connect(str(server.socket))
                    while asked := client.recv(65_536):
                        behind.sendall(asked)
                        answer = behind.recv(65_536)
                        if command in asked and not lost.is_set():
                            lost.set()
                            break
                        client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"unix://{at}"
        door.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_client_of_redis_py_repeats_an_xadd_whose_reply_was_lost(
    redis_kind: RedisKind, start_redis: StartRedis
) -> None:
    """So an entry's id is no identity: every event carries its own, and every hearer keeps an inbox."""
    server = start_redis(redis_kind)
    way = server.directory / "p"
    with losing_the_first_reply(server, b"XADD", way), redis.Redis(unix_socket_path=str(way)) as client:
        client.xadd("s", ENTRY)
    assert server.client().xlen("s") == 2


def test_a_client_made_from_a_url_does_not_and_cannot_know(redis_kind: RedisKind, start_redis: StartRedis) -> None:
    """The same class, made with `from_url`, retries nothing: the outcome is unknown, and here the entry stands."""
    server = start_redis(redis_kind)
    with (
        losing_the_first_reply(server, b"XADD", server.directory / "p") as url,
        redis.Redis.from_url(url) as client,
        pytest.raises(redis.ConnectionError),
    ):
        client.xadd("s", ENTRY)
    assert server.client().xlen("s") == 1


# --- durability ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["always", "no"])
def test_a_kill_proves_nothing_about_durability(redis_kind: RedisKind, start_redis: StartRedis, policy: str) -> None:
    """Even a server that never syncs loses nothing: the kernel still holds it. Hence the power cuts below.

    `everysec` is the exception, for while a sync lasts it keeps what it has acknowledged to itself, up to two seconds.
    """
    server = start_redis(redis_kind, "--appendfsync", policy)
    added = _add_for(server, seconds=0.3)
    server.kill()
    server.restart()
    assert server.client().xlen("s") == len(added)


@pytest.mark.campaign
@pytest.mark.parametrize("trial", range(3))
def test_a_power_cut_loses_nothing_that_was_always_synced(
    redis_kind: RedisKind, start_redis: StartRedis, tmp_path: Path, trial: int
) -> None:
    added, left = _through_a_power_cut(redis_kind, start_redis, tmp_path, "always")
    assert left == len(added) > 100


@pytest.mark.campaign
@pytest.mark.parametrize("trial", range(3))
def test_a_power_cut_loses_up_to_two_seconds_that_were_synced_every_second(
    redis_kind: RedisKind, start_redis: StartRedis, tmp_path: Path, trial: int
) -> None:
    added, left = _through_a_power_cut(redis_kind, start_redis, tmp_path, "everysec")
    assert 0 < left < len(added)
    oldest_lost, newest = (int(entry_id.partition("-")[0]) for entry_id in (added[left], added[-1]))
    assert newest - oldest_lost < 2_000


@pytest.mark.campaign
def test_a_power_cut_loses_everything_that_was_never_synced(
    redis_kind: RedisKind, start_redis: StartRedis, tmp_path: Path
) -> None:
    added, left = _through_a_power_cut(redis_kind, start_redis, tmp_path, "no")
    assert left == 0 < len(added)


def _through_a_power_cut(
    kind: RedisKind, start_redis: StartRedis, directory: Path, policy: str
) -> tuple[list[str], int]:
    """Ids that were acknowledged, and how many entries are there afterwards."""
    power_cut = PowerCut(directory)
    server = start_redis(kind, "--appendfsync", policy, environment=power_cut.environment)
    added = _add_for(server, seconds=1.6)
    power_cut.strike(server)
    server.restart()
    return added, server.client().xlen("s")


def _add_for(server: LocalRedis, seconds: float) -> list[str]:
    client = server.client()
    added: list[str] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        added.append(str(client.xadd("s", ENTRY)))
    return added
