"""The scoring of a rematch in a process of its own, and what operators see and ask of it."""

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

from services.matching.api.rematches import rematch_api
from services.matching.commands import rematch as rematch_command
from services.matching.handlers import rematch_requested
from services.matching.own_process import JobFailed, run
from services.matching.rematch import beside
from services.matching.rematch.beside import Job, on_all_cores
from services.matching.rematch.progress import taken_up
from services.matching.rematch.rematching import Rematching
from services.matching.tables import RematchRow
from shared.contracts import RematchRequested
from shared.database import transaction
from shared.web.answering import answer_problems
from tests.unit.matching.api.test_api import OPERATOR, a_settings
from tests.unit.matching.examples import NAMES, certified, open_store
from tests.unit.matching.rematch.test_rematching import a_town, ask, finish, lists, rematching

REMATCHES = "/api/v1/matching/rematches"


def test_a_process_beside_makes_what_this_one_would(tmp_path: Path) -> None:
    url, alone = f"sqlite:///{tmp_path}/matching.db", open_store()
    engine = open_store(url)
    matcher, other = a_town(engine), a_town(alone)
    ask(engine)
    ask(alone)

    def job(row: RematchRow) -> Job:
        return Job(database_url=url, shard="0/1", rematch_id=row.rematch_id)

    finish(Rematching(engine, matcher, job, run))
    finish(rematching(alone, other))
    assert lists(engine) == lists(alone)
    assert certified(engine).agrees
    engine.dispose()
    alone.dispose()


def test_a_process_that_cannot_reach_the_store_is_no_success(tmp_path: Path) -> None:
    job = Job(database_url=f"sqlite:///{tmp_path}/no/such.db", shard="0/1", rematch_id=NAMES)
    with pytest.raises(JobFailed):
        run(job, threading.Event())


def test_it_ends_with_who_started_it(tmp_path: Path) -> None:
    closing = threading.Event()
    closing.set()
    run(Job(database_url=f"sqlite:///{tmp_path}/m.db", shard="0/1", rematch_id=NAMES), closing)


def test_workers_of_all_cores_make_the_same_blocks(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.matching.engine.batch.LARGEST", 2)
    matcher = a_town(engine)
    ask(engine)

    def run(job: Job) -> None:
        beside.score_share(engine, job, on_all_cores)

    finish(rematching(engine, matcher, run))
    assert certified(engine).agrees


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.settings = a_settings()
    answer_problems(app)
    app.include_router(rematch_api(engine, 1))
    with TestClient(app, headers=OPERATOR) as client:
        yield client


def test_an_operator_begins_watches_and_is_told_who_runs(client: TestClient, engine: Engine) -> None:
    matcher = a_town(engine)
    begun = client.post(REMATCHES, json={"season": "봄 공채"})
    assert begun.status_code == 202
    refused = client.post(REMATCHES, json={})
    assert refused.status_code == 409
    problem: dict[str, Any] = refused.json()
    assert problem["code"] == "RUNS_ALREADY"
    assert "operator" in problem["message"]
    assert problem["where"] == begun.json()["rematch_id"]
    finish(rematching(engine, matcher))
    shown = client.get(f"{REMATCHES}/{begun.json()['rematch_id']}").json()
    assert (shown["outcome"], shown["season"], shown["shares"][0]["state"]) == ("done", "봄 공채", "done")
    assert client.get(REMATCHES).json()[0] == shown
    client.post(REMATCHES, json={})
    finish(rematching(engine, matcher))
    assert client.post(REMATCHES, json={"kind": "back"}).status_code == 202


def test_one_that_has_not_switched_can_be_given_up(client: TestClient, engine: Engine) -> None:
    matcher = a_town(engine)
    before = lists(engine)
    begun = client.post(REMATCHES, json={}).json()
    work = rematching(engine, matcher)
    work.step()
    work.step()
    assert client.delete(f"{REMATCHES}/{begun['rematch_id']}").json()["outcome"] == "stopped"
    finish(work)
    assert lists(engine) == before
    assert client.delete(f"{REMATCHES}/{begun['rematch_id']}").status_code == 404


@pytest.mark.parametrize("body", [{"kind": "back"}, {"cluster": "http://evil"}, {"kind": "all"}, {"season": "x" * 101}])
def test_what_cannot_be_done_is_refused(client: TestClient, engine: Engine, body: dict[str, str]) -> None:
    a_town(engine)
    assert client.post(REMATCHES, json=body).status_code in {409, 422}
    assert client.get(REMATCHES).json() == []


def test_a_cluster_where_nobody_answers_is_told_before_anything_begins(client: TestClient, engine: Engine) -> None:
    a_town(engine)
    told = client.post(REMATCHES, json={"cluster": "tcp://127.0.0.1:1"})
    assert (told.status_code, told.json()["code"]) == (422, "CLUSTER_UNREACHABLE")
    assert client.get(REMATCHES).json() == []


def calendar_asks(engine: Engine, number: int, season: str, shards: int = 1) -> None:
    """As every shard hears it."""
    event = RematchRequested(rematch_id=UUID(int=number), season=season, asked_by="calendar")
    for _ in range(2):
        with transaction(engine) as session:
            rematch_requested(shards)(event, session)


def test_the_calendar_s_request_is_heard_once_by_every_shard(engine: Engine) -> None:
    matcher = a_town(engine)
    calendar_asks(engine, 7, "가을 공채")
    finish(rematching(engine, matcher))
    assert certified(engine).epoch == 1
    calendar_asks(engine, 7, "가을 공채")
    assert not rematching(engine, matcher).step(), "what is done is not done again"


def test_what_the_calendar_asks_for_while_another_runs_is_done_after_it(client: TestClient, engine: Engine) -> None:
    matcher = a_town(engine)
    ask(engine, "dry_run")
    for number, season in ((7, "가을 공채"), (8, "겨울 공채")):
        calendar_asks(engine, number, season)
    waiting = client.get(f"{REMATCHES}/waiting").json()
    assert [(one["season"], one["asked_by"]) for one in waiting] == [
        ("가을 공채", "calendar"),
        ("겨울 공채", "calendar"),
    ]
    finish(rematching(engine, matcher))
    done = [(one["kind"], one["season"], one["outcome"]) for one in client.get(REMATCHES).json()]
    assert done == [("rematch", "겨울 공채", "done"), ("rematch", "가을 공채", "done"), ("dry_run", "", "done")]
    assert client.get(f"{REMATCHES}/waiting").json() == []
    assert certified(engine).agrees


def test_shards_begin_what_waits_once(engine: Engine) -> None:
    shards = [a_town(engine, f"{number}/2") for number in range(2)]
    ask(engine, shards=2)
    calendar_asks(engine, 7, "가을 공채", shards=2)
    works = [rematching(engine, shard) for shard in shards]
    while any(work.step() for work in works):
        pass
    assert certified(engine, 2).agrees
    with transaction(engine) as session:
        assert [row.season for row in taken_up(session, 9)] == ["가을 공채", ""]


def test_giving_up_the_one_that_runs_keeps_what_waits_for_it(client: TestClient, engine: Engine) -> None:
    matcher = a_town(engine)
    row = ask(engine, "dry_run")
    calendar_asks(engine, 7, "가을 공채")
    assert client.delete(f"{REMATCHES}/{row.rematch_id}").json()["outcome"] == "stopped"
    assert [one["season"] for one in client.get(f"{REMATCHES}/waiting").json()] == ["가을 공채"]
    finish(rematching(engine, matcher))
    assert [(one["season"], one["outcome"]) for one in client.get(REMATCHES).json()] == [
        ("가을 공채", "done"),
        ("", "stopped"),
    ]


def test_one_that_waits_is_given_up_alone_and_is_not_heard_as_new(client: TestClient, engine: Engine) -> None:
    matcher = a_town(engine)
    row = ask(engine)
    for number, season in ((7, "가을 공채"), (8, "겨울 공채")):
        calendar_asks(engine, number, season)
    given_up = client.delete(f"{REMATCHES}/{UUID(int=7)}").json()
    assert (given_up["outcome"], given_up["asked_by"], given_up["season"]) == ("stopped", "calendar", "가을 공채")
    calendar_asks(engine, 7, "가을 공채")
    assert [one["season"] for one in client.get(f"{REMATCHES}/waiting").json()] == ["겨울 공채"]
    finish(rematching(engine, matcher))
    done = {one["rematch_id"]: one["outcome"] for one in client.get(REMATCHES).json()}
    assert done == {str(row.rematch_id): "done", str(UUID(int=7)): "stopped", str(UUID(int=8)): "done"}
    assert client.delete(f"{REMATCHES}/{UUID(int=7)}").status_code == 404


def test_the_command_gives_up_the_one_that_runs_and_tells_what_begins_next(
    client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_town(engine)
    row = ask(engine)
    for number, season in ((7, "가을 공채"), (8, "겨울 공채")):
        calendar_asks(engine, number, season)
    client.delete(f"{REMATCHES}/{UUID(int=8)}")  # its number is higher than that of the one that runs
    monkeypatch.setattr(rematch_command, "open_system", lambda _data: nullcontext(client))
    told = CliRunner().invoke(rematch_command.app, ["--stop"])
    assert told.exit_code == 0, told.output
    assert "stopped" in told.output
    assert "가을 공채" in told.output
    assert f"DELETE {REMATCHES}/{UUID(int=7)}" in told.output
    assert client.get(f"{REMATCHES}/{row.rematch_id}").json()["outcome"] == "stopped"


def test_what_is_asked_for_in_the_gap_does_not_overtake_what_waits(client: TestClient, engine: Engine) -> None:
    matcher = a_town(engine)
    row = ask(engine)
    calendar_asks(engine, 7, "가을 공채")
    client.delete(f"{REMATCHES}/{row.rematch_id}")
    calendar_asks(engine, 8, "겨울 공채")
    finish(rematching(engine, matcher))
    seasons = [one["season"] for one in client.get(REMATCHES).json()]
    assert seasons == ["겨울 공채", "가을 공채", ""]


def test_what_another_shard_begins_in_the_gap_waits_no_more(client: TestClient, engine: Engine) -> None:
    row = ask(engine)
    calendar_asks(engine, 7, "가을 공채")
    client.delete(f"{REMATCHES}/{row.rematch_id}")
    calendar_asks(engine, 7, "가을 공채")
    begun = client.get(REMATCHES).json()[0]
    assert (begun["season"], begun["finished_at"]) == ("가을 공채", None)
    assert client.get(f"{REMATCHES}/waiting").json() == []


def test_what_is_done_is_not_put_in_turn_again(client: TestClient, engine: Engine) -> None:
    matcher = a_town(engine)
    calendar_asks(engine, 7, "가을 공채")
    finish(rematching(engine, matcher))
    ask(engine)
    calendar_asks(engine, 8, "겨울 공채")
    calendar_asks(engine, 7, "가을 공채")
    assert [one["season"] for one in client.get(f"{REMATCHES}/waiting").json()] == ["겨울 공채"]


@pytest.mark.parametrize(
    ("states", "told"),
    [([], "waiting to begin"), (["scoring", "fitting"], "fitting"), (["done", "saying"], "saying what differs")],
    ids=str,
)
def test_what_the_shard_furthest_behind_does_is_told(states: list[str], told: str) -> None:
    assert told in rematch_command.doing({"shares": [{"state": state} for state in states]})
