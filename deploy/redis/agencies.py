"""How does an agency get its place in Redis? A user of its own, kept in the ACL file, and a password told once."""

import secrets
from typing import Any
from uuid import UUID

from redis import Redis
from redis.exceptions import ResponseError

from deploy.redis.rights import agency_user, password_hash, user_rules


class NoAclFile(Exception):
    """This server forgets its users when it ends."""


def grant(keeper: Redis, agency_id: UUID) -> str:
    """Make the agency's user, or give it a new password; the old one ends at once. Returns the password.

    Args:
        keeper: a client signed in as the keeper.

    Raises:
        NoAclFile: the server was started without an ACL file, so the user would be lost; none is made.
    """
    user, password = agency_user(agency_id), secrets.token_urlsafe(32)
    _save(keeper)  # refuses before anything is changed
    _acl(keeper, "SETUSER", user, *user_rules(user), f"#{password_hash(password)}")
    _save(keeper)
    return password


def renew(keeper: Redis, agency_id: UUID) -> str:
    """Give the agency's user a new password, and put out whoever is signed in with the old one. Returns the password.

    Raises:
        NoAclFile: as `grant`.
    """
    _save(keeper)  # refuses before anything is changed
    revoke(keeper, agency_id)
    return grant(keeper, agency_id)


def revoke(keeper: Redis, agency_id: UUID) -> None:
    """End the agency's access; its connections are closed."""
    _acl(keeper, "DELUSER", agency_user(agency_id))
    _save(keeper)


def _save(keeper: Redis) -> None:
    try:
        _acl(keeper, "SAVE")
    except ResponseError as error:
        if "not configured to use an ACL file" in str(error):
            raise NoAclFile("start Redis with an aclfile: deploy/redis/redis.conf shows it") from None
        raise


def _acl(keeper: Redis, *words: str) -> None:
    # redis-py's acl_setuser knows no raw rules, and its execute_command no types.
    execute: Any = keeper.execute_command
    execute("ACL", *words)
