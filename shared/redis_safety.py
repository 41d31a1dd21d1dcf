"""May this Redis lose or evict what it holds? Asked at start with INFO, since services may not read its settings."""

from typing import Any

from redis import Redis

from shared.contracts import Finding

LEAST_VERSION = (7, 0)


def unsafe_settings(redis: Redis) -> list[Finding]:
    """What must be mended before anything is trusted to this server; empty if nothing. Raises redis errors."""
    told: Any = redis.info()
    return [finding for finding in (_version(told), _log(told), _eviction(told)) if finding]


def _version(told: dict[str, Any]) -> Finding | None:
    # Valkey tells the Redis version that it is compatible with.
    version = tuple(int(number) for number in str(told["redis_version"]).split(".")[:2])
    if version >= LEAST_VERSION:
        return None
    return _finding(
        "redis_version",
        f"Redis {told['redis_version']} is too old: 7.0 or Valkey is the least",
        f"Redis {told['redis_version']}은(는) 너무 오래된 버전입니다. 7.0 이상 또는 Valkey가 필요합니다",
        "install Redis 7.0 or newer, or Valkey",
    )


def _log(told: dict[str, Any]) -> Finding | None:
    if told["aof_enabled"]:
        return None
    return _finding(
        "appendonly",
        "Redis keeps no log: what it holds is lost when it ends",
        "Redis가 로그(AOF)를 남기지 않아, 종료되면 보관한 내용이 사라집니다",
        "set 'appendonly yes' and 'appendfsync always' (see deploy/redis/redis.conf)",
    )


def _eviction(told: dict[str, Any]) -> Finding | None:
    policy = told["maxmemory_policy"]
    if policy == "noeviction":
        return None
    return _finding(
        "maxmemory-policy",
        f"Redis may evict streams when its memory is full ({policy})",
        f"메모리가 가득 차면 Redis가 스트림을 지울 수 있습니다({policy})",
        "set 'maxmemory-policy noeviction' (see deploy/redis/redis.conf)",
    )


def _finding(where: str, message: str, message_ko: str, hint: str) -> Finding:
    return Finding(
        code="REDIS_UNSAFE", severity="refusal", where=where, message=message, message_ko=message_ko, hint=hint
    )
