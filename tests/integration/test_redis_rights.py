"""Does every user of Redis reach what is theirs, and nothing else? Cell by cell, on the real servers.

The tables below are written by hand from the architecture, not made from the catalogue: they are the promise.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from deploy.redis.agencies import NoAclFile, grant, renew, revoke
from deploy.redis.rights import USERS, render_acl_file, renew_acl_file
from tests.guarded_redis import GuardedServer, guarded_server
from tests.servers import LocalRedis, RedisKind

pytestmark = pytest.mark.integration

HERE, THERE = UUID("11111111-1111-4111-8111-111111111111"), UUID("22222222-2222-4222-8222-222222222222")
AGENCY, OTHER_AGENCY = f"agency-{HERE}", f"agency-{THERE}"

INNER = (
    "posting.published.v1",
    "posting.withdrawn.v1",
    "seeker.published.v1",
    "seeker.withdrawn.v1",
    "submission.answered.v1",
    "matches.found.v1",
    "restatement.requested.v1",
)
REGISTRY_ALSO_SAYS = (
    "referral.recorded.v1",
    "room.booked.v1",
    "room.released.v1",
    "wish.ended.v1",
    "program.scheduled.v1",
    "program.enrolled.v1",
    "rematch.requested.v1",
)
NOTIFY_ALSO_SAYS = ("match.reviewed.v1", "referral.answered.v1", "delivery.failed.v1")
MATCHING_ALSO_SAYS = ("rematch.finished.v1",)
OF_AGENCIES = tuple(
    f"{name}:{agency}"
    for name in ("posting.received.v1", "submission.answered.v1", "match.noticed.v1")
    for agency in (HERE, THERE)
)
NOBODYS = ("posting.received.v1", "posting.published.v1:x", "posting.published.v2", "session:1", "*")
KEYS = (*INNER, *REGISTRY_ALSO_SAYS, *NOTIFY_ALSO_SAYS, *MATCHING_ALSO_SAYS, *OF_AGENCIES, *NOBODYS)

SAYS = {
    "registry": {*INNER[:5], *REGISTRY_ALSO_SAYS, f"submission.answered.v1:{HERE}", f"submission.answered.v1:{THERE}"},
    "matching": {"matches.found.v1", "restatement.requested.v1", *MATCHING_ALSO_SAYS},
    "notify": {
        "restatement.requested.v1",
        *NOTIFY_ALSO_SAYS,
        f"match.noticed.v1:{HERE}",
        f"match.noticed.v1:{THERE}",
    },
}
HEARS = {
    "registry": {"restatement.requested.v1", *NOTIFY_ALSO_SAYS, *MATCHING_ALSO_SAYS},
    "matching": {*INNER[:4], "restatement.requested.v1", "referral.recorded.v1", "rematch.requested.v1"},
    "notify": {
        *INNER[:4],
        "submission.answered.v1",
        "matches.found.v1",
        *REGISTRY_ALSO_SAYS[:6],
    },
}
TAKES_IN = {"registry": {f"posting.received.v1:{HERE}", f"posting.received.v1:{THERE}"}}
WRITES = {AGENCY: {f"posting.received.v1:{HERE}"}, OTHER_AGENCY: {f"posting.received.v1:{THERE}"}}
READS = {
    AGENCY: {f"submission.answered.v1:{HERE}", f"match.noticed.v1:{HERE}"},
    OTHER_AGENCY: {f"submission.answered.v1:{THERE}", f"match.noticed.v1:{THERE}"},
}
PEOPLE = (*USERS, AGENCY, OTHER_AGENCY)

SAY, HEAR, TAKE_IN, WRITE, READ = "say", "hear", "take in", "write", "read"
ENTITLED = {SAY: SAYS, HEAR: HEARS, TAKE_IN: TAKES_IN, WRITE: WRITES, READ: READS}

# Each command on a key, and the right that allows it. What names no right is allowed to nobody.
ON_A_KEY: tuple[tuple[str, frozenset[str]], ...] = (
    ("XADD {key} * data {{}}", frozenset({SAY, WRITE})),
    ("XADD {key} MAXLEN 1000000 * data {{}}", frozenset({SAY, WRITE})),
    ("XTRIM {key} MINID 0", frozenset({SAY, TAKE_IN})),
    ("XINFO STREAM {key}", frozenset({SAY, HEAR, TAKE_IN})),
    ("XINFO GROUPS {key}", frozenset({SAY, HEAR, TAKE_IN})),
    ("XINFO CONSUMERS {key} g", frozenset({SAY, HEAR, TAKE_IN})),
    ("XPENDING {key} g", frozenset({SAY, HEAR, TAKE_IN})),
    ("EXISTS {key}", frozenset({SAY})),
    ("XREADGROUP GROUP g c COUNT 1 STREAMS {key} >", frozenset({HEAR, TAKE_IN})),
    ("XACK {key} g 1-1", frozenset({HEAR, TAKE_IN})),
    ("XAUTOCLAIM {key} g c 0 0-0", frozenset({HEAR, TAKE_IN})),
    ("XGROUP CREATE {key} g 0 MKSTREAM", frozenset({HEAR, TAKE_IN})),
    ("XDEL {key} 1-1", frozenset({TAKE_IN})),
    ("XRANGE {key} - +", frozenset({READ})),
    ("XREAD COUNT 1 STREAMS {key} 0", frozenset({READ})),
    ("XREVRANGE {key} + -", frozenset()),
    ("XLEN {key}", frozenset()),
    ("XCLAIM {key} g c 0 1-1", frozenset()),
    ("XSETID {key} 99999999999999-1", frozenset()),
    ("XGROUP DESTROY {key} h", frozenset()),
    ("XGROUP SETID {key} g $", frozenset({TAKE_IN})),
    ("XGROUP CREATECONSUMER {key} g d", frozenset()),
    ("XGROUP DELCONSUMER {key} g d", frozenset()),
    ("DEL {key}", frozenset()),
    ("UNLINK {key}", frozenset()),
    ("EXPIRE {key} 1", frozenset()),
    ("PERSIST {key}", frozenset()),
    ("RENAME {key} elsewhere", frozenset()),
    ("COPY {key} elsewhere", frozenset()),
    ("COPY elsewhere {key} REPLACE", frozenset()),
    ("MOVE {key} 1", frozenset()),
    ("DUMP {key}", frozenset()),
    ("RESTORE {key} 0 x", frozenset()),
    ("TYPE {key}", frozenset()),
    ("TOUCH {key}", frozenset()),
    ("OBJECT ENCODING {key}", frozenset()),
    ("MEMORY USAGE {key}", frozenset()),
    ("GET {key}", frozenset()),
    ("SET {key} x", frozenset()),
    ("APPEND {key} x", frozenset()),
    ("LPUSH {key} x", frozenset()),
    ("HSET {key} f x", frozenset()),
    ("SADD {key} x", frozenset()),
    ("SORT {key}", frozenset()),
    ("WATCH {key}", frozenset()),
    ("EVAL return(1) 1 {key}", frozenset()),
)

# The commands, sub-commands included, that each user may give on some key or on none. Everything else that a server
# knows is forbidden; HELLO, AUTH, RESET and QUIT come before any sign-in and are everybody's.
BEFORE_SIGN_IN = {"auth", "hello", "quit", "reset"}
ANY_XINFO = {"xinfo|stream", "xinfo|groups", "xinfo|consumers", "xinfo|help"}
SERVICE = {"ping", "info", "multi", "exec", "discard", "exists", "xadd", "xtrim", "xpending", *ANY_XINFO}
SERVICE |= {"bgrewriteaof", "xreadgroup", "xack", "xautoclaim", "xgroup|create"}
OF_AGENCY = {"ping", "xadd", "xread", "xrange"}
OF_KEEPER = {"acl|setuser", "acl|deluser", "acl|getuser", "acl|users", "acl|save", "acl|log"}
OF_KEEPER |= {"bgrewriteaof", "bgsave", "lastsave", "info", "ping"}
MAY = {
    "registry": SERVICE | {"xdel", "xgroup|setid"},
    "matching": SERVICE,
    "notify": SERVICE,
    "keeper": OF_KEEPER,
    AGENCY: OF_AGENCY,
    OTHER_AGENCY: OF_AGENCY,
}


@pytest.fixture(scope="module", params=["redis", "valkey"])
def guarded(request: pytest.FixtureRequest) -> Iterator[GuardedServer]:
    with guarded_server(request.param, agencies=(HERE, THERE)) as server:
        yield server


def lay_streams(guarded: GuardedServer) -> None:
    """Every key is a stream with an entry and a group, so that a refusal is for want of a right and nothing else."""
    tester = guarded.as_user("tester")
    tester.flushall()
    for key in KEYS:
        tester.xadd(key, {"data": "{}"})
        tester.xgroup_create(key, "g", id="0")


def ask(client: redis.Redis, *words: str) -> Any:
    """Send the words as they are (redis-py's own methods know too few of them)."""
    send: Any = client.execute_command
    return send(*words)


def permitted(client: redis.Redis, words: list[str]) -> bool:
    """Whether the server would do it; that it then fails for another reason is no refusal."""
    try:
        ask(client, *words)
    except NoPermissionError:
        return False
    except ResponseError:
        return True
    return True


@pytest.mark.parametrize("user", PEOPLE)
def test_each_user_reaches_exactly_their_own_streams(guarded: GuardedServer, user: str) -> None:
    lay_streams(guarded)
    client = guarded.as_user(user)
    wrong = []
    for command, rights in ON_A_KEY:
        for key in KEYS:
            expected = any(key in ENTITLED[right].get(user, ()) for right in rights)
            if permitted(client, command.format(key=key).split(" ")) != expected:
                wrong.append((command.format(key=key), "should be allowed" if expected else "should be refused"))
    assert wrong == []


@pytest.mark.parametrize("user", PEOPLE)
def test_each_user_may_give_no_other_command_that_the_server_knows(guarded: GuardedServer, user: str) -> None:
    tester = guarded.as_user("tester")
    known = {name: arity for name, arity in arities(tester).items() if name not in BEFORE_SIGN_IN}
    allowed = {name for name, arity in known.items() if not refused_as_command(tester, user, name, arity)}
    assert len(known) > 300
    assert allowed == {name for name in MAY[user] if name in known}
    assert MAY[user] <= known.keys()


def arities(tester: redis.Redis) -> dict[str, int]:
    """Every command and sub-command of this server, with how many words it wants; containers alone do nothing."""
    names = ask(tester, "COMMAND LIST")
    containers = {name.partition("|")[0] for name in names if "|" in name}
    told = ask(tester, "COMMAND INFO", *names)
    return {name: arity for name, arity, *_ in told if name not in containers}


def refused_as_command(tester: redis.Redis, user: str, name: str, arity: int) -> bool:
    """Whether the server refuses the command itself, whatever its keys."""
    words = name.split("|")
    filler = ["1"] * (abs(arity) - len(words))
    answer = str(ask(tester, "ACL DRYRUN", user, *words, *filler))
    return "has no permissions to run" in answer


def test_what_two_rights_allow_apart_they_do_not_allow_together(guarded: GuardedServer) -> None:
    """A command over two keys needs the right to both: no reading of a stream that one only says."""
    lay_streams(guarded)
    matching = guarded.as_user("matching")
    with pytest.raises(NoPermissionError):
        matching.xreadgroup("g", "c", {"posting.published.v1": ">", "matches.found.v1": ">"})


def test_a_service_may_say_in_one_transaction(guarded: GuardedServer) -> None:
    """What the relay does: look, add, look, all at once."""
    lay_streams(guarded)
    with guarded.as_user("matching").pipeline(transaction=True) as pipe:
        pipe.xinfo_stream("matches.found.v1")
        pipe.xadd("matches.found.v1", {"data": "{}"})
        before, entry, *_ = pipe.execute()
    assert before["length"] == 1
    assert entry


def test_nobody_comes_in_without_a_name(guarded: GuardedServer) -> None:
    with pytest.raises(AuthenticationError):
        guarded.server.client().ping()
    with pytest.raises(AuthenticationError):
        guarded.server.client(username="registry", password="guessed").ping()


def test_a_refusal_is_remembered_for_the_operator(guarded: GuardedServer) -> None:
    tester = guarded.as_user("tester")
    ask(tester, "ACL LOG", "RESET")
    assert not permitted(guarded.as_user(AGENCY), ["XADD", "posting.published.v1", "*", "data", "{}"])
    refusals = [(entry["username"], entry["object"]) for entry in guarded.as_user("keeper").acl_log()]
    assert (AGENCY, "posting.published.v1") in refusals


@pytest.fixture
def private(redis_kind: RedisKind) -> Iterator[GuardedServer]:
    """A guarded server of this test's own, to be killed."""
    with guarded_server(redis_kind, agencies=(HERE, THERE)) as server:
        yield server


def test_an_agency_keeps_its_user_when_the_server_is_killed(private: GuardedServer) -> None:
    private.server.kill()
    private.server.restart()
    assert private.as_user(AGENCY).ping()


def test_a_new_password_ends_the_old_one(private: GuardedServer) -> None:
    old = private.passwords[AGENCY]
    private.passwords[AGENCY] = grant(private.as_user("keeper"), HERE)
    assert private.as_user(AGENCY).ping()
    with pytest.raises(AuthenticationError):
        private.server.client(username=AGENCY, password=old).ping()


def test_whoever_is_signed_in_with_a_leaked_password_is_put_out(private: GuardedServer) -> None:
    connected = private.as_user(AGENCY)
    assert connected.ping()
    private.passwords[AGENCY] = renew(private.as_user("keeper"), HERE)
    with pytest.raises(redis.ConnectionError):
        connected.ping()
    assert private.as_user(AGENCY).ping()


def test_a_revoked_agency_is_put_out_at_once(private: GuardedServer) -> None:
    connected = private.as_user(AGENCY)
    assert connected.ping()
    revoke(private.as_user("keeper"), HERE)
    with pytest.raises(redis.ConnectionError):
        connected.ping()
    assert private.as_user(OTHER_AGENCY).ping()


def test_agencies_outlive_a_renewed_acl_file(private: GuardedServer) -> None:
    """The services' passwords change; agencies keep theirs, and get the rules of today."""
    acl_file = private.server.directory / "users.acl"
    private.server.stop()
    acl_file.write_text(acl_file.read_text().replace(f" ~posting.received.v1:{HERE}", ""))
    private.passwords |= {user: f"new password of {user}" for user in USERS}
    renew_acl_file(acl_file, {user: private.passwords[user] for user in USERS})
    private.server.start()
    assert private.as_user("registry").ping()
    assert permitted(private.as_user(AGENCY), ["XADD", f"posting.received.v1:{HERE}", "*", "data", "{}"])


def test_a_user_that_would_be_forgotten_is_not_made(
    redis_kind: RedisKind, start_redis: Callable[..., LocalRedis]
) -> None:
    server = start_redis(redis_kind)
    with pytest.raises(NoAclFile, match="aclfile"):
        grant(server.client(), HERE)
    assert ask(server.client(), "ACL USERS") == ["default"]


def test_every_user_of_ours_needs_a_password() -> None:
    with pytest.raises(ValueError, match="notify"):
        render_acl_file({user: "0" * 64 for user in USERS if user != "notify"})
