"""What may every test ask for? The outside parts of `tests/servers.py`, empty and ready."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, MetaData

from tests import servers
from tests.stores import store_with

# Whether a law holds is not a matter of how busy the machine is.
settings.register_profile("iljari", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("iljari")


LONG_FIRST = ("journey", "integration", "walls", "quality")
"""Folders of whole systems, servers and much data, and the order they begin in; what is left is short."""


@pytest.hookimpl(trylast=True)  # once pytest has put together what shares a server
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: at the end no worker waits for another that has just begun one."""
    order = [*LONG_FIRST, *sorted({_folder(item) for item in items} - {*LONG_FIRST})]
    items.sort(key=lambda item: order.index(_folder(item)))


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


def pytest_collection_finish() -> None:
    """What was imported stays: looking through all of it for garbage, again and again, costs more than most tests."""
    gc.collect()
    gc.freeze()


def pytest_report_header() -> str:
    return servers.survey()


@pytest.fixture(scope="session", params=["redis", "valkey"])
def shared_redis_server(request: pytest.FixtureRequest) -> Iterator[servers.RedisServer]:
    """The server of this worker; tests take `redis_server`, which is empty."""
    with servers.found_redis(request.param, _worker_number()) as server:
        yield server


@pytest.fixture
def redis_server(shared_redis_server: servers.RedisServer) -> servers.RedisServer:
    """A real Redis and then a real Valkey, emptied before each test: `.url`, `.client()`, `.kind`."""
    shared_redis_server.close_clients()
    shared_redis_server.client().flushdb()
    return shared_redis_server


@pytest.fixture(params=["redis", "valkey"])
def redis_kind(request: pytest.FixtureRequest) -> servers.RedisKind:
    """Each kind in turn, for tests that start servers of their own with `start_redis`."""
    kind: servers.RedisKind = request.param
    return kind


@pytest.fixture
def start_redis() -> Iterator[Callable[..., servers.LocalRedis]]:
    """Start private servers to hurt: `start_redis(kind, *options)`, then `.kill()`, `.restart()`, `.stop()`."""
    with ExitStack() as started:
        yield lambda kind, *options, **more: started.enter_context(servers.local_redis(kind, *options, **more))


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str]:
    """The server of this worker; tests take `postgres_url`, a database of their own in it."""
    with servers.found_postgres() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server_url: str) -> Iterator[str]:
    """A fresh PostgreSQL database for one test."""
    with servers.fresh_database(postgres_server_url, f"iljari_{uuid4().hex}") as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite file for one test."""
    return f"sqlite:///{tmp_path / 'test.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database of each kind in turn."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def make_engine(database_url: str) -> Iterator[Callable[..., Engine]]:
    """Open the fresh database of each kind with these tables: `make_engine(Table.metadata, SpineTable.metadata)`."""
    opened: list[Engine] = []

    def make(*tables: MetaData) -> Engine:
        opened.append(store_with(database_url, *tables))
        return opened[-1]

    yield make
    for engine in opened:
        engine.dispose()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's path, for Playwright's `executable_path`."""
    return servers.program("chromium")


@pytest.fixture(scope="session")
def node() -> Path:
    return servers.program("node")


@pytest.fixture(scope="session")
def strace() -> Path:
    return servers.program("strace")


def _worker_number() -> int:
    """0 in a plain run, the number in `gw3` under xdist."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
