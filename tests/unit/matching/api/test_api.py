"""What operators see: lists over all shards, the certificate, and the command that shows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine
from typer.testing import CliRunner

from services.matching import cli
from services.matching.api.matches import api
from services.matching.app import create_app
from services.matching.matcher import Matcher
from services.matching.settings import MatchingSettings
from shared.web.answering import answer_problems
from tests.unit.matching.examples import (
    a_posting,
    a_referral,
    a_seeker,
    hear,
    open_store,
    posting_facts,
    posting_id,
    seeker_facts,
    seeker_id,
    started,
)

OPERATOR = {"Authorization": "Bearer for the operator"}


def a_settings(**but: Any) -> MatchingSettings:
    secrets = {name: SecretStr(f"for the {name[:-6]}") for name in ("operator_token", "service_token")}
    places = {"database_url": "sqlite://", "registry_url": "http://127.0.0.1:9"}
    given: dict[str, Any] = {**places, "session_key": SecretStr("for sessions"), **secrets}
    return MatchingSettings(**(given | but))


@pytest.fixture
def matchers(engine: Engine) -> list[Matcher]:
    return [started(engine, shard=shard) for shard in ("0/2", "1/2")]


@pytest.fixture
def client(engine: Engine, matchers: list[Matcher]) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.settings = a_settings()
    answer_problems(app)
    app.include_router(api(engine, 2, matchers[0].near_misses))
    for matcher in matchers:
        hear(matcher, engine, [*(a_seeker(n, minutes=n) for n in range(1, 5)), a_posting()])
    with TestClient(app, headers=OPERATOR) as client:
        yield client


def test_a_posting_s_list_is_put_together_from_all_shards(client: TestClient) -> None:
    shown = client.get("/api/v1/matching/matches", params={"posting": str(posting_id(1))}).json()
    assert [match["pair"]["seeker_id"] for match in shown["matches"]] == [str(seeker_id(1)), str(seeker_id(2))]


def test_a_seeker_s_list_names_title_and_employer(client: TestClient) -> None:
    shown = client.get("/api/v1/matching/matches", params={"seeker": str(seeker_id(3))}).json()
    assert [(match["title"], match["employer"]) for match in shown["matches"]] == [("빵을 굽는 제빵사", "하늘빵집")]


def test_who_is_unknown_is_not_found(client: TestClient) -> None:
    answer = client.get("/api/v1/matching/matches", params={"seeker": str(seeker_id(99))})
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("asked", [{}, {"seeker": str(seeker_id(1)), "posting": str(posting_id(1))}])
def test_one_side_must_be_named(client: TestClient, asked: dict[str, str]) -> None:
    assert client.get("/api/v1/matching/matches", params=asked).status_code == 422


def test_only_the_operator_may_look(client: TestClient) -> None:
    for path in ("/api/v1/matching/matches", "/api/v1/matching/skills/unknown"):
        assert client.get(path, headers={"Authorization": "Bearer for nobody"}).status_code == 401
        assert client.get(path, headers={"Authorization": "Bearer for the service"}).status_code == 403


def test_near_misses_name_title_and_gate_for_a_seeker_of_any_shard(
    client: TestClient, engine: Engine, matchers: list[Matcher]
) -> None:
    far = {"wishes": {"districts": ["서울 마포구"]}}
    there = a_posting(revision=2, place={"district": "서울 송파구"})
    for matcher in matchers:
        hear(matcher, engine, [there, *(a_seeker(n, revision=2, **far) for n in range(1, 5))])
    for number in (1, 2, 3, 4):
        told = client.get("/api/v1/matching/near-misses", params={"seeker": str(seeker_id(number))}).json()
        assert [(one["title"], one["miss"]["gate"]) for one in told["near"]] == [("빵을 굽는 제빵사", "commute")]
    assert client.get("/api/v1/matching/near-misses", params={"seeker": str(seeker_id(99))}).status_code == 404
    for matcher in matchers:
        hear(matcher, engine, [a_referral(number) for number in (1, 2, 3, 4)])
    for number in (1, 2, 3, 4):  # whoever was referred there already, whichever shard is asked
        told = client.get("/api/v1/matching/near-misses", params={"seeker": str(seeker_id(number))}).json()
        assert told["near"] == []


def test_a_live_pair_is_explained(client: TestClient) -> None:
    asked = {"seeker": str(seeker_id(1)), "posting": str(posting_id(1))}
    assert client.get("/api/v1/matching/explanation", params=asked).json()["verdict"] == "match"


def test_any_two_profiles_are_explained_as_the_lists_would(client: TestClient) -> None:
    asked = {
        side: facts.model_dump(mode="json")
        for side, facts in (("seeker", seeker_facts()), ("posting", posting_facts()))
    }
    told = client.post("/api/v1/matching/explanation", json=asked).json()
    shown = client.get("/api/v1/matching/matches", params={"seeker": str(seeker_id(1))}).json()
    (pair,) = (match["pair"] for match in shown["matches"])
    same = ("score", "fit_for_seeker", "fit_for_posting", "parts", "unknown", "reasons")
    assert {name: told[name] for name in same} == {name: pair[name] for name in same}
    assert (told["verdict"], told["epoch"]) == ("match", shown["epoch"])


def test_a_shard_must_exist() -> None:
    with pytest.raises(ValidationError, match="the first is 0/2"):
        a_settings(shard="2/2")


def test_the_whole_service_is_put_together(sqlite_url: str) -> None:
    open_store(sqlite_url).dispose()
    app = create_app(a_settings(database_url=sqlite_url, redis_url="redis://127.0.0.1:1", allow_unsafe_redis=True))
    with TestClient(app, headers=OPERATOR) as client:
        assert client.get("/health/live").json() == {"status": "live"}
        facts = client.get("/api/v1/matching/status").json()["facts"]
    assert facts == {"seekers": 0, "postings": 0, "shard": "0/1", "epoch": 0, "pending": 0}


@pytest.fixture
def command(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command, speaking to this client instead of over a socket."""

    @contextmanager
    def open_here(_data: Path | None = None, *, timeout: float = 0) -> Iterator[TestClient]:
        yield client

    monkeypatch.setattr(cli, "open_system", open_here)
    return CliRunner()


def test_the_command_shows_parts_and_a_sentence(command: CliRunner) -> None:
    shown = command.invoke(cli.app, ["matches", "--seeker", str(seeker_id(1))])
    assert shown.exit_code == 0
    assert "하늘빵집" in shown.output
    assert "하는 일" in shown.output
    assert shown.output.rstrip().endswith("다.") or "요." in shown.output
