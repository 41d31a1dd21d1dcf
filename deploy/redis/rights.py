"""Who may do what in Redis? The users and their rules, made from the closed table of streams.

A service may add to the streams it says and read the streams it hears, and nothing else: no other key, no scripting, no
administration. An agency's right ends at its own two streams. Floor: Redis 7.0 (selectors, `%R~`, `%W~`).

    python -m deploy.redis.rights FILE     make or renew the ACL file, with each user's password from the environment

To Redis, hearing is *writing* (XACK changes a stream as XADD does), so a plain key pattern would let a hearer forge
what it hears. A selector, in brackets, gives its commands on its keys alone. No rule can limit arguments or sizes:
whoever may XADD may also trim and block that stream, which is why each agency has a stream of its own.
"""

import hashlib
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import UUID

from shared.contracts import CATALOGUE, Event
from shared.contracts.envelope import ServiceName

SERVICES: tuple[ServiceName, ...] = ("registry", "matching", "notify")
KEEPER = "keeper"
"""Makes the users of agencies, for the command alone. Who makes users can make any user: guard its password well."""
USERS: tuple[str, ...] = (*SERVICES, KEEPER)
AGENCY_PREFIX = "agency-"

NOTHING = ("reset", "resetchannels")
"""No key, no command, no channel, no password."""
ANYWHERE = ("+ping", "+info", "+multi", "+exec", "+discard", "+bgrewriteaof")
"""A service that has let go of someone has the log written anew without her; that tells and changes nothing else."""
SAYING = ("+xadd", "+xtrim", "+xinfo", "+xpending", "+exists")
HEARING = ("+xreadgroup", "+xack", "+xautoclaim", "+xpending", "+xgroup|create", "+xinfo")
TAKING_IN = (*HEARING, "+xdel", "+xtrim", "+xgroup|setid")
"""Registry removes what an agency wrote once its receipt is given, and counts anew where an agency took it away."""
KEEPING = ("+acl|setuser", "+acl|deluser", "+acl|getuser", "+acl|users", "+acl|save", "+acl|log")
KEEPING_DATA = ("+bgrewriteaof", "+bgsave", "+lastsave", "+info", "+ping")


def user_rules(user: str) -> list[str]:
    """The rules of a service, the keeper or an agency (`agency-…`), without its password."""
    if user == KEEPER:
        return [*NOTHING, "on", *KEEPING, *KEEPING_DATA]
    if user.startswith(AGENCY_PREFIX):
        return _agency_rules(UUID(user.removeprefix(AGENCY_PREFIX)))
    return _service_rules(next(service for service in SERVICES if service == user))


def agency_user(agency_id: UUID) -> str:
    return f"{AGENCY_PREFIX}{agency_id}"


def _service_rules(service: ServiceName) -> list[str]:
    said = _keys(event for event in CATALOGUE if service in event.said_by)
    heard = [event for event in CATALOGUE if service in event.heard_by]
    selectors = [
        _selector(HEARING, _keys(event for event in heard if not event.per_agency)),
        _selector(TAKING_IN, _keys(event for event in heard if event.per_agency)),
    ]
    return [*NOTHING, "on", *ANYWHERE, *SAYING, *(f"~{key}" for key in said), *filter(None, selectors)]


def _agency_rules(agency_id: UUID) -> list[str]:
    written = _keys((event for event in CATALOGUE if "agency" in event.said_by), agency_id)
    read = _keys((event for event in CATALOGUE if "agency" in event.heard_by), agency_id)
    commands = ("+ping", "+xadd", "+xread", "+xrange")
    return [*NOTHING, "on", *commands, *(f"%W~{key}" for key in written), *(f"%R~{key}" for key in read)]


def _keys(events: Iterable[type[Event]], agency_id: UUID | None = None) -> list[str]:
    """Key patterns: an inner stream by its name, a stream an agency for this agency or for all."""
    return [f"{event.stream}:{agency_id or '*'}" if event.per_agency else event.stream for event in events]


def _selector(commands: Iterable[str], keys: list[str]) -> str | None:
    return f"({' '.join(['-@all', *commands, *(f'~{key}' for key in keys)])})" if keys else None


def password_hash(password: str) -> str:
    """How Redis keeps a password."""
    return hashlib.sha256(password.encode()).hexdigest()


def render_acl_file(password_hashes: Mapping[str, str], present: str = "") -> str:
    """The whole ACL file: `default` off, every user of ours, and the agencies found in the `present` file.

    Agencies keep their passwords and get the rules of today, so that a new row in the table reaches them too.

    Args:
        password_hashes: SHA-256 by user, for all of `USERS`.
        present: what the file holds now; agencies' users live nowhere else.
    """
    if absent := set(USERS) - set(password_hashes):
        raise ValueError(f"no password for {', '.join(sorted(absent))}")
    hashes = {user: [password_hashes[user]] for user in USERS} | dict(sorted(_agencies_in(present).items()))
    lines = ["user default reset off", *(_line(user, user_hashes) for user, user_hashes in hashes.items())]
    return "".join(f"{line}\n" for line in lines)


def _line(user: str, hashes: list[str]) -> str:
    return " ".join(["user", user, *user_rules(user), *(f"#{digest}" for digest in hashes)])


def _agencies_in(present: str) -> dict[str, list[str]]:
    lines = [line.split() for line in present.splitlines()]
    users = {words[1]: words[2:] for words in lines if words[:1] == ["user"] and words[1].startswith(AGENCY_PREFIX)}
    return {user: [word[1:] for word in words if word.startswith("#")] for user, words in users.items()}


def renew_acl_file(path: Path, passwords: Mapping[str, str]) -> None:
    """Write the file anew for these passwords, keeping its agencies. Readable by its owner alone."""
    present = path.read_text() if path.exists() else ""
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(render_acl_file({user: password_hash(word) for user, word in passwords.items()}, present))
    fresh.replace(path)


def _passwords_from_environment() -> dict[str, str]:
    names = {user: f"{user.upper()}_REDIS_PASSWORD" for user in USERS}
    if absent := [name for name in names.values() if not os.environ.get(name)]:
        sys.exit(f"set {', '.join(absent)}")
    return {user: os.environ[name] for user, name in names.items()}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m deploy.redis.rights FILE")
    renew_acl_file(Path(sys.argv[1]), _passwords_from_environment())
