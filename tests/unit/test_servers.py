"""Does the ladder take the first rung that holds, and is nothing skipped in CI?"""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, insert, select, text

from tests import servers


@pytest.fixture(autouse=True)
def forgotten_rungs() -> Iterator[None]:
    """Rungs are remembered for the session; these tests change what there is to find."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    for remembered in (servers.rung_of, servers.local_rung_of, servers.images_at_hand):
        remembered.cache_clear()


def test_a_url_from_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ILJARI_TEST_REDIS_URL", "redis://elsewhere/0")
    assert servers.rung_of("redis") == servers.Rung("environment", "redis://elsewhere/0")


def test_an_image_at_hand_comes_before_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ILJARI_TEST_VALKEY_URL", raising=False)
    monkeypatch.setattr(servers, "images_at_hand", lambda: frozenset(servers.IMAGES.values()))
    try:
        assert servers.rung_of("valkey") == servers.Rung("container", servers.IMAGES["valkey"])
    finally:
        monkeypatch.undo()


def test_an_engine_that_does_not_answer_is_no_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nobody/there")
    monkeypatch.delenv("ILJARI_TEST_VALKEY_URL", raising=False)
    found = servers.rung_of("valkey")
    assert found is not None
    assert found.kind in {"program", "wheel"}


def test_servers_to_be_hurt_are_never_containers_or_somebodys_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ILJARI_TEST_VALKEY_URL", "redis://elsewhere/0")
    found = servers.local_rung_of("valkey")
    assert found is not None
    assert found.kind in {"program", "wheel"}


def test_what_is_missing_skips_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="install strace"):
        servers.missing("strace")


def test_what_is_missing_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="nothing may be skipped"):
        servers.missing("strace")


@pytest.mark.integration
def test_a_shared_server_is_given_empty(redis_server: servers.RedisServer) -> None:
    client = redis_server.client()
    assert client.dbsize() == 0
    client.xadd("left.behind", {"data": "{}"})


@pytest.mark.integration
def test_a_killed_server_comes_back_with_what_it_held(
    redis_kind: servers.RedisKind, start_redis: Callable[..., servers.LocalRedis]
) -> None:
    server = start_redis(redis_kind)
    server.client().set("kept", "yes")
    server.kill()
    server.restart()
    assert server.client().get("kept") == "yes"


@pytest.mark.integration
def test_a_server_that_cannot_start_says_why(
    redis_kind: servers.RedisKind, start_redis: Callable[..., servers.LocalRedis]
) -> None:
    with pytest.raises(RuntimeError, match="no-such-option"):
        start_redis(redis_kind, "--no-such-option", "1")


@pytest.mark.integration
def test_each_test_has_a_database_of_its_own(make_engine: Callable[..., Engine]) -> None:
    metadata = MetaData()
    table = Table("number", metadata, Column("value", Integer, primary_key=True))
    engine = make_engine(metadata)
    with engine.begin() as connection:
        connection.execute(insert(table).values(value=1))
        assert connection.execute(select(table.c.value)).scalars().all() == [1]


@pytest.mark.integration
def test_postgresql_keeps_korean_as_it_is(postgres_url: str) -> None:
    from shared.database import open_engine

    engine = open_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW server_encoding")).scalar_one() == "UTF8"
        assert connection.execute(text("SELECT '일자리'")).scalar_one() == "일자리"
    engine.dispose()
