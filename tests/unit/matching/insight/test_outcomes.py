"""Words of the ledger as labels, what parts were noted, and learned weights put in place by the command, and back."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from typer.testing import CliRunner

from services.matching import store
from services.matching.api.learning import learning_api
from services.matching.commands import learn as learn_command
from services.matching.engine.scorer import PARTS, Rules
from services.matching.insight.outcomes import Word, outcomes
from services.matching.matcher import Matcher
from services.matching.rematch import rematches
from services.matching.rematch.rematches import Asked, Kind
from services.matching.tables import PairApart
from shared.contracts import SeekerWithdrawn
from shared.database import reading, transaction
from shared.web.answering import answer_problems
from tests.unit.matching.api.test_api import OPERATOR, a_settings
from tests.unit.matching.examples import (
    SMALL,
    a_posting,
    a_referral,
    a_seeker,
    certified,
    hear,
    no_seeker,
    open_store,
    posting_id,
    seeker_id,
    started,
)
from tests.unit.matching.rematch.test_rematching import a_town, finish, lists, rematching

MOMENT = datetime(2026, 3, 2, tzinfo=UTC)
COMMUTE = PARTS.index("commute")


def word(answer: str, minute: int = 0, *, seeker: int = 1, reason: str | None = None) -> Word:
    ends = {"seeker_id": seeker_id(seeker), "posting_id": posting_id(1)}
    told = {"answer": answer, "reason": reason, "spoken_at": MOMENT + timedelta(minutes=minute)}
    return Word.model_validate(ends | told)


PARTS_OF = {(seeker_id(number), posting_id(1)): [5_000] * len(PARTS) for number in range(1, 9)}


@pytest.mark.parametrize(
    ("words", "good"),
    [
        ([word("accepted")], [True]),
        ([word("dismissed", reason="wage")], [False]),
        ([word("dismissed", reason="unreachable")], []),
        ([word("accepted"), word("undone", 1)], []),
        ([word("accepted"), word("not_hired", 1, reason="skills")], [False]),
        ([word("accepted"), word("not_hired", 1, reason="position_filled")], [True]),
        ([word("not_hired", 0, reason="skills"), word("hired", 1)], [True]),
        ([word("accepted", 5), word("dismissed", 1, seeker=2, reason="hours")], [False, True]),
        ([word("accepted", seeker=9)], []),
    ],
)
def test_the_last_word_that_tells_of_fit_counts(words: list[Word], good: list[bool]) -> None:
    found = outcomes(reversed(words), PARTS_OF)
    assert found.labels.good.tolist() == good
    assert found.without_parts == sum(one.seeker_id == seeker_id(9) for one in words)


def test_what_a_pair_was_worth_is_noted_once_and_outlives_her_hire_but_not_her_erasure(engine: Engine) -> None:
    matcher = a_town(engine)
    hear(matcher, engine, [a_referral(0, 0, state="proposed"), a_referral(1, 99, state="proposed")])
    (noted,) = decided(engine)
    assert noted.parts is not None
    assert len(noted.parts) == len(PARTS)
    hear(matcher, engine, [a_posting(0, revision=2, title="용접을 하는 용접공")])
    hear(matcher, engine, [a_referral(0, 0, revision=2, state="hired"), no_seeker(0)])
    assert [one.parts for one in decided(engine)] == [noted.parts]
    hear(matcher, engine, [SeekerWithdrawn(seeker_id=seeker_id(0), revision=3, reason="erased")])
    assert decided(engine) == []


def decided(engine: Engine) -> list[PairApart]:
    with reading(engine) as session:
        return list(store.page_of_decided(session, None, 10))


@pytest.fixture
def matcher(engine: Engine) -> Matcher:
    return a_town(engine)


@pytest.fixture
def client(engine: Engine, matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.settings = a_settings()
    answer_problems(app)
    app.include_router(learning_api(engine, 1))
    with TestClient(app, headers=OPERATOR) as client:
        monkeypatch.setattr(learn_command, "open_system", lambda _data: nullcontext(client))
        yield client


def city_of_decisions(engine: Engine, path: Path, *, told: bool, count: int = 700) -> Path:
    """As many decided pairs, accepted where the commute is short, or by chance; and registry's words of them."""
    drawn = np.random.default_rng(1)
    values = drawn.integers(0, 10_001, (count, len(PARTS)))
    good = values[:, COMMUTE] > 5_000 if told else drawn.random(count) < 0.5
    ends = [(UUID(int=number + 1), UUID(int=1)) for number in range(count)]
    with transaction(engine) as session:
        for (seeker, posting), parts in zip(ends, values.tolist(), strict=True):
            session.add(
                PairApart(seeker_id=seeker, posting_id=posting, revision=1, apart=False, settled=True, parts=parts)
            )
    lines = [
        {"seeker_id": str(seeker), "posting_id": str(posting), "spoken_at": str(MOMENT + timedelta(minutes=number)),
         "answer": "accepted" if good[number] else "dismissed", "reason": None if good[number] else "distance"}
        for number, (seeker, posting) in enumerate(ends)
    ]  # fmt: skip
    path.write_text(json.dumps(lines), "utf-8")
    return path


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(learn_command.app, list(arguments))
    return done.exit_code, f"{done.output}{done.exception}"


ADOPT = ("--adopt", "--who", "mapo", "--why", "회의에서 정함")


def test_a_planted_preference_is_found_adopted_by_a_person_and_taken_back(
    engine: Engine, matcher: Matcher, client: TestClient, tmp_path: Path
) -> None:
    file = str(city_of_decisions(engine, tmp_path / "labels.json", told=True))
    before = {scope: (revision, pairs) for scope, (revision, _, pairs) in lists(engine).items()}
    code, shown = run("--labels", file)
    assert (code, client.get("/api/v1/matching/weights").json()["adopted"]) == (0, False)
    assert "통근 거리" in shown
    code, shown = run("--labels", file, *ADOPT, "--json")
    assert code == 0, shown
    told = json.loads(shown[: shown.rindex("}") + 1])
    finish(rematching(engine, matcher))
    certificate = certified(engine)
    weights = client.get("/api/v1/matching/weights").json()
    assert certificate.agrees
    assert weights == {"epoch": certificate.epoch, "weights": told["learned"]["weights"], "adopted": True}
    assert weights["weights"]["commute"] > 3 * Rules().weights["commute"]
    assert (told["rematch"]["asked_by"], told["rematch"]["adopts"]["why"]) == ("mapo", "회의에서 정함")
    assert started(engine).index.epoch.number == certificate.epoch, "a restart keeps them"
    with transaction(engine) as session:
        rematches.ask(session, Asked(UUID(int=7), "back", "operator"), 1)
    finish(rematching(engine, started(engine)))
    assert {scope: (revision, pairs) for scope, (revision, _, pairs) in lists(engine).items()} == before
    assert client.get("/api/v1/matching/weights").json()["weights"] == Rules().weights


@pytest.mark.parametrize(("told", "count"), [(False, 600), (True, 100)])
def test_what_cannot_be_learned_is_not_adopted(
    engine: Engine, client: TestClient, tmp_path: Path, told: bool, count: int
) -> None:
    file = str(city_of_decisions(engine, tmp_path / "labels.json", told=told, count=count))
    ended, shown = run("--labels", file, *ADOPT)
    assert ended == 1
    assert "NOT_BETTER" in shown
    assert ("100" in shown and "200" in shown) == (count == 100)
    with reading(engine) as session:
        assert rematches.unfinished(session) is None


def test_nobody_adopts_without_a_name_and_a_reason(client: TestClient) -> None:
    assert "USAGE" in run("--adopt", "--who", "mapo")[1]
    body = adoption(Rules().weights | {"wage": 9, "text": 29})
    assert client.post("/api/v1/matching/weights", json=body | {"why": " "}).status_code == 422


def adoption(weights: dict[Any, int]) -> dict[str, Any]:
    return {"weights": weights, "instead_of": 0, "who": "mapo", "why": "x"}


def test_weights_are_whole_of_the_same_sum_and_instead_of_those_that_were_seen(client: TestClient) -> None:
    moved = Rules().weights | {"wage": 9, "text": 29}

    def answer(**but: Any) -> str:
        return str(client.post("/api/v1/matching/weights", json=adoption(moved) | but).json()["code"])

    assert answer(weights=moved | {"wage": 10}) == "WEIGHTS_WRONG"
    assert answer(weights={"wage": 100}) == "WEIGHTS_WRONG"
    assert answer(instead_of=3) == "OTHER_EPOCH"
    assert answer(weights=Rules().weights) == "WEIGHTS_THE_SAME"


def test_weights_given_up_never_come_by_themselves(engine: Engine, matcher: Matcher) -> None:
    ask_and_finish(engine, matcher, 1, "rematch")
    with transaction(engine) as session:
        adopts = {"weights": Rules().weights | {"wage": 9, "text": 29}, "why": "x"}
        row = rematches.ask(session, Asked(UUID(int=2), "adopt", "mapo", adopts=adopts), 1)
        store.open_epoch(session, row.epoch, Rules(weights=adopts["weights"], adopted=True))
        rematches.stop(session, row.rematch_id, 1)
    ask_and_finish(engine, matcher, 3, "rematch")
    assert matcher.index.epoch.rules == SMALL
    ask_and_finish(engine, matcher, 4, "back")
    assert matcher.index.epoch.rules == SMALL


def ask_and_finish(engine: Engine, matcher: Matcher, number: int, kind: Kind) -> None:
    with transaction(engine) as session:
        rematches.ask(session, Asked(UUID(int=number), kind, "operator"), 1)
    finish(rematching(engine, matcher))


@given(st.lists(st.integers(0, 30), min_size=len(PARTS), max_size=len(PARTS)).filter(any))
@settings(max_examples=15, deadline=None)
def test_streamed_equals_recomputed_under_any_weights(drawn: list[int]) -> None:
    engine = open_store()
    rules = Rules(threshold=1, seeker_list=2, posting_list=2, weights=dict(zip(PARTS, drawn, strict=True)))
    matcher = started(engine, rules)
    people = [a_seeker(n, minutes=n, skills=["제빵", "엑셀"][: n % 3]) for n in range(4)]
    orders = [a_posting(n, minutes=n, required_skills=["제빵", "엑셀"][: n % 3]) for n in range(4)]
    for event in [*people, *orders]:
        hear(matcher, engine, [event])
    assert certified(engine).agrees
    engine.dispose()
