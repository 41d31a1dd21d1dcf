"""The certificate on a living system: as of one moment, a wrong row found and repaired, once a night, a row each."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update
from sqlmodel import col
from typer.testing import CliRunner

from services.matching.api.proofs import proof_api
from services.matching.app import TEMPLATES
from services.matching.commands import certify as proof_command
from services.matching.matcher import Matcher
from services.matching.own_process import run
from services.matching.pages.proofs import proof_pages
from services.matching.proof import proofs
from services.matching.proof.certificate import live_digest
from services.matching.proof.proving import ProofJob, Proving, prove
from services.matching.tables import EpochRow, MatchList, ProofRow
from shared.clock import now, stopped_at
from shared.database import reading, transaction
from shared.web.pages import furnish
from tests.unit.matching.api.test_api import OPERATOR, a_settings
from tests.unit.matching.examples import (
    SMALL,
    a_posting,
    a_referral,
    a_seeker,
    certified,
    hear,
    newest_said,
    no_posting,
    open_store,
    posting_id,
    seeker_id,
    started,
)
from tests.unit.matching.rematch.test_rematching import TRADES, a_town

PROOFS = "/api/v1/matching/proofs"
NIGHT = datetime(2026, 3, 9, 20, 30, tzinfo=UTC)
"""Half past five in the morning in Korea, on the tenth."""
HOUR = 4
PAUSE_SECONDS = 0.05
"""Between two arrivals."""


def proving(engine: Engine, matcher: Matcher) -> Proving:
    """As a service has it, but for the process: everything in this one."""

    def job(number: int) -> ProofJob:
        return ProofJob(database_url="", number=number)

    return Proving(engine, matcher, HOUR, job, lambda one, _closing: prove(engine, one.number))


def proven(engine: Engine, matchers: list[Matcher], *, repair: bool = False) -> ProofRow:
    with transaction(engine) as session:
        number = proofs.ask(session, len(matchers), repair=repair).number
    while sum(proving(engine, matcher).step() for matcher in matchers):
        pass
    with reading(engine) as session:
        return session.get_one(ProofRow, number)


def plant(engine: Engine, scope: str, one: UUID, shard: str = "0/1", **wrong: Any) -> None:
    """Write something wrong into a list, behind the service's back."""
    with transaction(engine) as session:
        of_list = (col(MatchList.scope) == scope, col(MatchList.scope_id) == one, col(MatchList.shard) == shard)
        assert session.connection().execute(update(MatchList).where(*of_list).values(**wrong)).rowcount == 1


@pytest.mark.parametrize("wrong", [{"pairs": ""}, {"epoch": 7}, {"profile_revision": 9}], ids=str)
@pytest.mark.parametrize("scope", ["seeker", "posting"])
def test_a_wrong_list_is_found_repaired_and_said(engine: Engine, scope: str, wrong: dict[str, Any]) -> None:
    matcher = a_town(engine)
    plant(engine, scope, seeker_id(3) if scope == "seeker" else posting_id(3), **wrong)
    found = proven(engine, [matcher])
    assert found.certificate is not None
    assert (found.certificate["wrong"], found.certificate["pending"]) in {(1, 0), (0, 1)}
    assert found.certificate["agrees"] == (found.certificate["wrong"] == 0)
    repaired = proven(engine, [matcher], repair=True)
    assert repaired.finished_at
    assert repaired.repaired == (wrong == {"pairs": ""})
    assert certified(engine).agrees
    assert certified(engine).pending == 0
    lists = newest_said(engine)
    assert lists["seeker", seeker_id(3), "0/1"].pairs
    assert lists["posting", posting_id(3), "0/1"].pairs


def test_what_a_service_never_had_is_taken_off(engine: Engine) -> None:
    matcher = a_town(engine)
    with transaction(engine) as session:
        line = next(iter(session.get_one(MatchList, ("seeker", seeker_id(3), "0/1")).pairs.split("\n")))
        invented = {"shard": "0/1", "revision": 1, "profile_revision": 1, "epoch": 0, "pairs": line}
        session.add(MatchList(scope="seeker", scope_id=UUID(int=7), **invented))
    assert certified(engine).invented == 1
    assert proven(engine, [matcher], repair=True).repaired == 1
    assert certified(engine).agrees


def test_a_recompute_in_parts_by_all_cores_is_the_same(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best of a posting are put together from what each part offers it."""
    a_town(engine)
    whole = certified(engine)
    monkeypatch.setattr("services.matching.proof.certificate.SEEKERS_A_PART", 2)
    monkeypatch.setattr("services.matching.proof.certificate.MOST_CELLS", 7)
    monkeypatch.setattr("services.matching.proof.certificate.EXPLAINED_AT_ONCE", 3)
    in_parts = certified(engine)
    assert in_parts.agrees
    assert in_parts.recomputed == whole.recomputed > 0
    assert in_parts.by_shard[0].recomputed_sha256 == whole.by_shard[0].recomputed_sha256


def test_where_nobody_matches_anybody_everything_agrees(engine: Engine) -> None:
    matcher = started(engine, replace(SMALL, threshold=10_000))
    hear(matcher, engine, [a_seeker(summary="용접을 한다"), a_posting(title="빵을 굽는 제빵사")])
    certificate = certified(engine)
    assert certificate.agrees
    assert (certificate.pairs, certificate.recomputed) == (0, 0)


def test_what_is_in_hand_is_carried_over(engine: Engine) -> None:
    """Stored and not yet matched: the proof holds all the same, and says how many lists were in hand."""
    matcher = a_town(engine)
    events = [a_seeker(0, revision=2, summary=TRADES[1]), no_posting(1), a_posting(30, title=TRADES[3])]
    with transaction(engine) as session:
        matcher.remember([*events, a_referral(2, 2)], session)
    in_hand = certified(engine)
    assert (in_hand.agrees, in_hand.missed, in_hand.invented, in_hand.different) == (True, 0, 0, 0)
    assert in_hand.pending >= len(events)
    with transaction(engine) as session:
        matcher.match(events, session)
    assert certified(engine).streamed_sha256 == in_hand.streamed_sha256
    assert certified(engine).pending == 0


def test_each_shard_has_its_digest_and_mends_its_own(engine: Engine) -> None:
    matchers = [a_town(engine, shard) for shard in ("0/2", "1/2")]
    owner = next(matcher for matcher in matchers if matcher.shard.keeps(seeker_id(3)))
    whole = proven(engine, matchers)
    plant(engine, "seeker", seeker_id(3), str(owner.shard), pairs="")
    plant(engine, "posting", posting_id(3), "0/2", pairs="")
    plant(engine, "posting", posting_id(3), "1/2", pairs="")
    found = proven(engine, matchers)
    assert whole.certificate is not None
    assert found.certificate is not None
    assert {one["shard"]: one["wrong"] for one in found.certificate["by_shard"]} == {
        str(matcher.shard): 1 + (matcher is owner) for matcher in matchers
    }
    for before, after in zip(whole.certificate["by_shard"], found.certificate["by_shard"], strict=True):
        assert before["streamed_sha256"] == before["recomputed_sha256"] == after["recomputed_sha256"]
        assert after["streamed_sha256"] != after["recomputed_sha256"]
    repaired = proven(engine, matchers, repair=True)
    assert (repaired.repaired, repaired.finished_at is not None) == (3, True)
    after_all = certified(engine, 2)
    assert after_all.streamed_sha256 == whole.certificate["streamed_sha256"]


def test_a_process_of_its_own_finds_the_same(sqlite_url: str) -> None:
    engine = open_store(sqlite_url)
    matcher = a_town(engine)
    with transaction(engine) as session:
        proofs.ask(session, 1, repair=False)
    work = Proving(engine, matcher, HOUR, lambda number: ProofJob(database_url=sqlite_url, number=number), run)
    while work.step():
        pass
    with reading(engine) as session:
        (row,) = proofs.newest(session, 2)
    assert row.certificate is not None
    assert row.certificate["streamed_sha256"] == certified(engine).streamed_sha256
    engine.dispose()


def test_it_is_true_at_any_time_while_events_arrive(engine: Engine) -> None:
    """Again and again, while one event after the other is heard; a planted row is found and repaired."""
    matcher = a_town(engine, size=40)
    work = proving(engine, matcher)
    over = threading.Event()
    heard: Queue[int] = Queue()

    def arrivals() -> None:
        number = 100
        while not over.is_set():
            hear(matcher, engine, [a_posting(number, title=TRADES[number % 4]), a_seeker(number, summary=TRADES[0])])
            hear(matcher, engine, [no_posting(number - 3)])
            heard.put(number)
            number += 1
            over.wait(PAUSE_SECONDS)

    thread = threading.Thread(target=arrivals)
    thread.start()
    try:
        certificates = []
        for repair in (False, True, False):
            if repair:
                plant(engine, "seeker", seeker_id(3), pairs="")
            with transaction(engine) as session:
                number = proofs.ask(session, 1, repair=repair).number
            while work.step():
                pass
            while not heard.empty():
                heard.get()
            for _ in range(2):  # the first may have been said before the proof
                heard.get(timeout=60)
            with reading(engine) as session:
                certificates.append(session.get_one(ProofRow, number))
    finally:
        over.set()
        thread.join()
    first, second, third = [one.certificate for one in certificates]
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first["agrees"], third["agrees"]) == (True, True), (first, third)
    assert first["said_until"] < second["said_until"] < third["said_until"]
    assert certificates[1].repaired <= second["wrong"] <= 1
    assert certified(engine).agrees


def test_the_clock_asks_once_a_night_whatever_restarts(engine: Engine) -> None:
    with stopped_at(NIGHT - timedelta(days=2)):
        a_town(engine)
    nights = []
    for at in (-3, 0, 0, 3, 21, 24, 30):
        with stopped_at(NIGHT + timedelta(hours=at)):
            work = proving(engine, started(engine))
            while work.step():
                pass
        with reading(engine) as session:
            nights.append([(row.night.day, row.asked_by) for row in proofs.newest(session, 9) if row.night])
    tenth, eleventh = (10, "clock"), (11, "clock")
    assert nights == [[], [tenth], [tenth], [tenth], [tenth], [eleventh, tenth], [eleventh, tenth]]


def test_a_store_that_was_opened_today_has_had_no_night(engine: Engine) -> None:
    with stopped_at(NIGHT):
        a_town(engine)
        with transaction(engine) as session:
            assert session.get_one(EpochRow, 0).made_at == now()
            assert not proofs.ask_tonight(session, 1, HOUR)


def test_a_look_with_nothing_to_do_waits_for_no_writer(engine: Engine) -> None:
    with stopped_at(NIGHT):
        work = proving(engine, a_town(engine))
        with transaction(engine):
            assert not work.step()


def test_what_another_number_of_shards_was_asked_for_is_given_up(engine: Engine) -> None:
    matcher = a_town(engine)
    with transaction(engine) as session:
        number = proofs.ask(session, 3, repair=True).number
    proving(engine, matcher).resume()
    with reading(engine) as session:
        row = session.get_one(ProofRow, number)
    assert (row.finished_at is not None, row.certificate) == (True, None)


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    app = FastAPI()
    pages = furnish(app, a_settings(), engine, TEMPLATES)
    app.include_router(proof_api(engine, 1))
    app.include_router(proof_pages(engine, 1, pages))
    with TestClient(app, headers=OPERATOR) as client:
        yield client


def test_asking_answers_at_once_and_the_history_tells_the_rest(client: TestClient, engine: Engine) -> None:
    matcher = a_town(engine)
    asked = client.post(PROOFS, json={"repair": True})
    assert (asked.status_code, asked.json()["certificate"]) == (202, None)
    assert client.post(PROOFS, json={"repair": True}).json()["number"] == asked.json()["number"]
    assert "It is being made" in client.get("/matching/proofs?lang=en").text
    while proving(engine, matcher).step():
        pass
    told = client.get(f"{PROOFS}/{asked.json()['number']}").json()
    assert told["certificate"]["agrees"]
    assert told["certificate"]["seekers"] == live_digest([(seeker_id(n), 1) for n in range(8)]).model_dump()
    assert client.get(PROOFS).json() == [told]
    page = client.get("/matching/proofs?lang=ko").text
    assert "일치" in page
    assert told["certificate"]["by_shard"][0]["streamed_sha256"][:12] in page
    assert client.get(f"{PROOFS}/99").status_code == 404


@pytest.fixture
def command(client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command, speaking to this client instead of over a socket; registry answers with `registry_holds`."""
    matcher = a_town(engine)
    registry_holds: dict[str, Any] = {
        "seekers": live_digest([(seeker_id(n), 1) for n in range(8)]).model_dump(),
        "postings": live_digest([(posting_id(n), 1) for n in range(8)]).model_dump(),
    }

    class Both:
        def get(self, path: str) -> Any:
            if path == "/api/v1/registry/digest":
                return httpx.Response(200, json=registry_holds)
            return client.get(path)

        def post(self, path: str, **more: Any) -> Any:
            asked = client.post(path, **more)
            while proving(engine, matcher).step():
                pass
            return asked

    @contextmanager
    def open_here(_data: Path | None = None) -> Iterator[Both]:
        yield Both()

    monkeypatch.setattr(proof_command, "open_system", open_here)
    runner = CliRunner()
    runner.registry_holds = registry_holds  # type: ignore[attr-defined]
    return runner


def test_certify_ends_with_one_where_registry_holds_another_thing(command: CliRunner, engine: Engine) -> None:
    assert command.invoke(proof_command.app, []).exit_code == 0
    plant(engine, "seeker", seeker_id(3), pairs="")
    assert command.invoke(proof_command.app, []).exit_code == 1
    repaired = command.invoke(proof_command.app, ["--repair"])
    assert (repaired.exit_code, "1 lists were wrong" in repaired.output) == (1, True)
    assert command.invoke(proof_command.app, ["--json"]).exit_code == 0
    command.registry_holds["postings"]["count"] = 2  # type: ignore[attr-defined]
    differs = command.invoke(proof_command.app, ["--json"])
    assert (differs.exit_code, differs.stderr.count("of 3.")) == (1, 2)
    history = command.invoke(proof_command.app, ["--history"])
    assert (history.exit_code, history.output.count("operator")) == (0, 7)


@pytest.mark.parametrize("more", [[], ["--json"]], ids=str)
def test_certify_says_that_a_proof_was_given_up(
    command: CliRunner, engine: Engine, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    def another_number(_work: Proving) -> bool:
        with transaction(engine) as session:
            proofs.drop_of_other_shards(session, 2)
        return False

    monkeypatch.setattr(Proving, "step", another_number)
    told = command.invoke(proof_command.app, more)
    assert told.exit_code == 1
    assert isinstance(told.exception, SystemExit)
    assert ("given up" in told.output) == (not more)
