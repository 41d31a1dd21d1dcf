"""Is a server that may lose or evict what it holds refused, in words that say how to mend it?"""

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.redis_safety import unsafe_settings
from tests.servers import LocalRedis, RedisKind

pytestmark = pytest.mark.integration

StartRedis = Callable[..., LocalRedis]
CONFIGURATION = Path(__file__).parents[2] / "deploy/redis/redis.conf"


def test_the_shipped_configuration_is_safe(redis_kind: RedisKind, start_redis: StartRedis) -> None:
    server = start_redis(redis_kind, "--aclfile", "", config=CONFIGURATION)
    assert unsafe_settings(server.client()) == []


@pytest.mark.parametrize(
    ("options", "where"),
    [
        (("--appendonly", "no"), ["appendonly"]),
        (("--maxmemory-policy", "allkeys-lru"), ["maxmemory-policy"]),
        (("--appendonly", "no", "--maxmemory-policy", "volatile-ttl"), ["appendonly", "maxmemory-policy"]),
    ],
)
def test_each_unsafe_setting_is_named(
    redis_kind: RedisKind, start_redis: StartRedis, options: tuple[str, ...], where: list[str]
) -> None:
    server = start_redis(redis_kind, *options)
    findings = unsafe_settings(server.client())
    assert [finding.where for finding in findings] == where
    assert {finding.code for finding in findings} == {"REDIS_UNSAFE"}
    assert all(finding.hint and finding.message_ko for finding in findings)


def test_a_server_that_is_too_old_is_named(redis_kind: RedisKind, start_redis: StartRedis) -> None:
    client = start_redis(redis_kind).client()
    told = client.info()
    client.set_response_callback("INFO", lambda _reply, **_options: {**told, "redis_version": "6.2.14"})
    (finding,) = unsafe_settings(client)
    assert finding.where == "redis_version"
    assert "6.2.14" in finding.message
