"""A real Redis or Valkey under the production configuration, its users and their rights."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import redis

import deploy.redis
from deploy.redis.agencies import grant
from deploy.redis.rights import KEEPER, USERS, agency_user, password_hash, renew_acl_file
from tests.servers import LocalRedis, RedisKind, local_redis

CONFIGURATION = Path(deploy.redis.__file__).with_name("redis.conf")
TESTER = "tester"
"""The test's own user, who may do everything."""


class GuardedServer:
    """The server, and the password of each of its users."""

    def __init__(self, server: LocalRedis, passwords: dict[str, str]) -> None:
        self.server, self.passwords = server, passwords

    def as_user(self, user: str) -> redis.Redis:
        return self.server.client(username=user, password=self.passwords[user])

    def url_of(self, user: str) -> str:
        return self.server.url_for(user, self.passwords[user])


@contextmanager
def guarded_server(kind: RedisKind, agencies: tuple[UUID, ...] = ()) -> Iterator[GuardedServer]:
    """Start one with the services' users, the keeper, the tester, and a user for each agency."""
    passwords = {user: f"password-of-{user}" for user in (*USERS, TESTER)}
    with tempfile.TemporaryDirectory() as directory:
        acl_file = Path(directory) / "users.acl"
        renew_acl_file(acl_file, {user: passwords[user] for user in USERS})
        with acl_file.open("a") as file:
            file.write(f"user {TESTER} on ~* &* +@all #{password_hash(passwords[TESTER])}\n")
        with local_redis(kind, "--appendfsync", "everysec", config=CONFIGURATION, files=(acl_file,)) as server:
            keeper = server.client(username=KEEPER, password=passwords[KEEPER])
            passwords |= {agency_user(agency): grant(keeper, agency) for agency in agencies}
            yield GuardedServer(server, passwords)
