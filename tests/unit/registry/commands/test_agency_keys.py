"""Does `iljari agency` change both keys of an agency or say which, and never lose one that it made?"""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from typer.testing import CliRunner, Result

from deploy.cli import app
from deploy.redis.rights import KEEPER, agency_user
from services.registry.app import create_app
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency
from shared.command import ExitCode
from tests.guarded_redis import GuardedServer, guarded_server
from tests.journey.serving import serving
from tests.servers import LocalRedis, RedisKind

pytestmark = pytest.mark.integration

NOBODY_LISTENS = "redis://keeper:x@127.0.0.1:1/0"


@pytest.fixture
def away() -> set[str]:
    """The ends of paths that the gateway finds no service for."""
    return set()


@pytest.fixture
def system(engine: Engine, settings: RegistrySettings, away: set[str]) -> Iterator[str]:
    """The address of a registry behind a gateway."""
    registry = create_app(settings)

    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        answering = PlainTextResponse("away", 503) if scope["path"].endswith(tuple(away)) else registry
        await answering(scope, receive, send)

    with socket.create_server(("127.0.0.1", 0)) as door, serving(gateway, listener=door, lifespan="off"):
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


@pytest.fixture
def iljari_agency(system: str) -> Callable[..., Result]:
    """Give `iljari agency …` as the operator, with this address of Redis for its keeper."""

    def run(*words: str, keeper: str | None) -> Result:
        named = {"ILJARI_URL": system, "ILJARI_OPERATOR_TOKEN": "operator-token", "ILJARI_DATA_DIR": None}
        return CliRunner().invoke(app, ["agency", *words, "--json"], env=named | {"ILJARI_KEEPER_URL": keeper})

    return run


@pytest.fixture
def guarded(redis_kind: RedisKind, agency: Agency) -> Iterator[GuardedServer]:
    with guarded_server(redis_kind, agencies=(agency.agency_id,)) as server:
        yield server


@pytest.fixture
def forgetful(redis_kind: RedisKind, start_redis: Callable[..., LocalRedis]) -> str:
    """A Redis without an ACL file."""
    return start_redis(redis_kind).url


def problem(result: Result) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(result.stderr)["error"]
    return error


def key_of(engine: Engine, agency_id: UUID) -> str:
    with Session(engine) as session:
        return session.get_one(Agency, agency_id).api_key_hash


def signs_in(guarded: GuardedServer, redis_url: str) -> bool:
    user, password = redis_url.partition("://")[2].rpartition("@")[0].split(":")
    return bool(guarded.server.client(username=user, password=password).ping())


def test_both_keys_are_new(
    iljari_agency: Callable[..., Result], guarded: GuardedServer, engine: Engine, agency: Agency
) -> None:
    before = key_of(engine, agency.agency_id)
    told = iljari_agency("rotate", agency.name, keeper=guarded.url_of(KEEPER))

    assert told.exit_code == ExitCode.ALL_TAKEN
    assert signs_in(guarded, json.loads(told.stdout)["redis_url"])
    assert json.loads(told.stdout)["api_key"]
    assert key_of(engine, agency.agency_id) != before


def test_without_a_keeper_nothing_is_changed(
    iljari_agency: Callable[..., Result], engine: Engine, agency: Agency
) -> None:
    before = key_of(engine, agency.agency_id)
    told = iljari_agency("rotate", agency.name, keeper=None)

    assert told.exit_code == ExitCode.USAGE
    assert problem(told)["code"] == "KEEPER_UNKNOWN"
    assert "ILJARI_KEEPER_URL" in problem(told)["hint"]
    assert told.stdout == ""
    assert key_of(engine, agency.agency_id) == before


def test_a_new_password_is_told_although_the_key_could_not_be_changed(
    iljari_agency: Callable[..., Result], guarded: GuardedServer, engine: Engine, agency: Agency, away: set[str]
) -> None:
    before = key_of(engine, agency.agency_id)
    away.add("/key")
    told = iljari_agency("rotate", agency.name, keeper=guarded.url_of(KEEPER))

    assert told.exit_code == ExitCode.SOME_REFUSED
    assert problem(told)["code"] == "API_KEY_NOT_RENEWED"
    assert signs_in(guarded, json.loads(told.stdout)["redis_url"])
    assert key_of(engine, agency.agency_id) == before


def test_a_redis_that_forgets_its_users_changes_nothing(
    iljari_agency: Callable[..., Result], forgetful: str, engine: Engine, agency: Agency
) -> None:
    before = key_of(engine, agency.agency_id)
    told = iljari_agency("rotate", agency.name, keeper=forgetful)

    assert told.exit_code == ExitCode.SOME_REFUSED
    assert problem(told)["code"] == "REDIS_USER_NOT_RENEWED"
    assert "aclfile" in problem(told)["hint"]
    assert key_of(engine, agency.agency_id) == before


def test_an_agency_is_told_its_key_although_redis_would_forget_its_user(
    iljari_agency: Callable[..., Result], forgetful: str
) -> None:
    told = iljari_agency("add", "새빛직업소개소", "--licence", "무료", keeper=forgetful)
    shown = json.loads(told.stdout)

    assert told.exit_code == ExitCode.SOME_REFUSED
    assert problem(told)["code"] == "REDIS_USER_NOT_MADE"
    assert "aclfile" in problem(told)["hint"]
    assert shown["api_key"]
    assert shown["redis_url"] is None
    assert shown["redis_user"] == agency_user(UUID(shown["agency_id"]))


def test_an_agency_is_told_its_key_although_redis_is_away(iljari_agency: Callable[..., Result]) -> None:
    told = iljari_agency("add", "새빛직업소개소", "--licence", "무료", keeper=NOBODY_LISTENS)

    assert told.exit_code == ExitCode.SOME_REFUSED
    assert "iljari doctor" in problem(told)["hint"]
    assert json.loads(told.stdout)["api_key"]


@pytest.mark.parametrize(
    ("keeper", "ends_with", "told"),
    [
        (lambda _guarded: NOBODY_LISTENS, ExitCode.UNREACHABLE, "cannot be reached"),
        (lambda guarded: guarded.url_of(KEEPER).replace("keeper:", "keeper:not-"), ExitCode.NOT_ALLOWED, "password"),
        (lambda guarded: guarded.url_of("notify"), ExitCode.NOT_ALLOWED, "acl|"),
    ],
    ids=["away", "wrong password", "no right"],
)
def test_which_of_the_three_keeps_redis_from_it_is_told(
    iljari_agency: Callable[..., Result],
    guarded: GuardedServer,
    agency: Agency,
    keeper: Callable[[GuardedServer], str],
    ends_with: ExitCode,
    told: str,
) -> None:
    refused = iljari_agency("rotate", agency.name, keeper=keeper(guarded))
    assert refused.exit_code == ends_with
    assert told in problem(refused)["hint"].lower()
    assert guarded.passwords[KEEPER] not in refused.stderr
