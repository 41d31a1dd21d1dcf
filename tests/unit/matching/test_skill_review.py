"""Terms that nobody knows: counted once a profile, with the nearest known term, shown to operators alone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

from services.matching import skill_commands, store
from services.matching.api import api
from services.matching.scorer import Rules
from services.matching.skills import compounds, terms
from services.matching.skills.nearness import Nearness
from services.matching.skills.review import unknown_terms
from shared.database import reading
from shared.web.problems import answer_problems
from tests.unit.matching.examples import a_posting, a_seeker, certified, hear, said, seeker_id, started
from tests.unit.matching.test_api import OPERATOR, a_settings


def test_unknown_terms_come_with_their_count_and_the_nearest_known_one() -> None:
    profiles = [["쿠버네테스", "파이썬"], ["쿠버네테스", "쿠버 네테스", "Excel"], ["Elasticsearhc"], ["", "·"]]
    found = unknown_terms(profiles)
    assert [(one.term, one.profiles) for one in found] == [("쿠버 네테스", 2), ("Elasticsearhc", 1)]
    assert [(one.nearest, one.rule) for one in found] == [("쿠버네티스", "typo"), ("엘라스틱서치", "typo")]
    assert all(0 < one.nearness <= 1 for one in found)


def test_what_is_nothing_like_anything_has_no_nearest_and_the_queue_is_bounded() -> None:
    (found,) = unknown_terms([["🙂", "龥龥龥"]])
    assert (found.term, found.profiles, found.nearest, found.rule) == ("龥龥龥", 1, None, "nothing in common")
    assert len(unknown_terms([[f"낱말{number}호"] for number in range(500)], limit=7)) == 7
    assert unknown_terms([]) == []
    assert unknown_terms([["엑셀", "엑셀 활용 가능", "컴활1급"]]) == []


def test_nearness_crosses_scripts_without_a_table_and_is_best_for_itself() -> None:
    ranked = Nearness(["Tensorflow Lite", "Elastic Beanstalk", "Crystal Report", "Ghost Writer"], with_table=False)
    near = ranked.of(["크리스탈 리포트", "엘라스틱 빈스톡", "Ghost Writer"])
    assert np.argmax(near, axis=1).tolist() == [2, 1, 3]
    assert near.min() >= 0
    assert near[2, 3] == pytest.approx(1)


def test_an_abbreviation_is_near_what_it_stands_for() -> None:
    ranked = Nearness(["zebra crossing", "computer repair", "zebra drawing engine"])
    assert np.argmax(ranked.of(["ZDE"])) == 2


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.settings = a_settings()
    answer_problems(app)
    matcher = started(engine)
    app.include_router(api(engine, 1, matcher.near_misses))
    hear(
        matcher,
        engine,
        [
            a_seeker(1, skills=("쿠버네테스", "Excel")),
            a_seeker(2, skills=("쿠버네테스",)),
            a_posting(required_skills=("엑셀", "줄다리기심판보기")),
        ],
    )
    with TestClient(app, headers=OPERATOR) as client:
        yield client


def test_operators_see_the_unknown_terms_of_live_profiles(client: TestClient) -> None:
    first, second = client.get("/api/matching/skills/unknown").json()
    assert (first["term"], first["profiles"], first["nearest"]) == ("쿠버네테스", 2, "쿠버네티스")
    assert (second["term"], second["profiles"]) == ("줄다리기심판보기", 1)
    assert len(client.get("/api/matching/skills/unknown", params={"limit": 1}).json()) == 1
    assert client.get("/api/matching/skills/unknown", params={"limit": 0}).status_code == 422


def test_the_command_shows_them(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def open_here(_data: Path | None = None, *, timeout: float = 0) -> Iterator[Any]:
        yield client

    monkeypatch.setattr(skill_commands, "open_system", open_here)
    shown = CliRunner().invoke(skill_commands.app, ["unknown"])
    assert shown.exit_code == 0
    assert "쿠버네테스\t2\t쿠버네티스" in shown.output


def test_two_terms_are_compared_without_any_system() -> None:
    runner = CliRunner()
    assert "같음 same (alias)" in runner.invoke(skill_commands.app, ["compare", "자바", "Java"]).output
    shown = json.loads(runner.invoke(skill_commands.app, ["compare", "간호사", "간호조무사", "--json"]).output)
    assert shown == {
        "a": "간호사", "b": "간호조무사", "relation": "different", "rule": "known terms differ", "likeness": 0,
    }  # fmt: skip


def test_a_file_of_pairs_is_compared_line_by_line(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("\ufeffid\ta\tb\n1\t엑셀\tMS Excel\n2\tC\tC++\n3\t\"quoted\t'other\n", "utf-8")
    runner = CliRunner()
    lines = runner.invoke(skill_commands.app, ["compare", "--file", str(pairs)]).output.splitlines()
    assert lines[:3] == ["a\tb\trelation\trule", "엑셀\tMS Excel\tsame\talias", "C\tC++\tdifferent\tknown terms differ"]
    assert len(lines) == 4
    assert len(json.loads(runner.invoke(skill_commands.app, ["compare", "--file", str(pairs), "--json"]).output)) == 3


@pytest.mark.parametrize("content", [b"x\ty\n1\t2\n", b"a\tb\nonly one\n", b"\xff\xfe\x00", b""])
def test_a_file_that_is_no_list_of_pairs_is_named(tmp_path: Path, content: bytes) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_bytes(content)
    for arguments in (["compare", "--file", str(pairs)], ["compare", "--file", str(tmp_path / "none.tsv")]):
        refused = CliRunner().invoke(skill_commands.app, arguments)
        assert refused.exit_code == 2
        assert "FILE_REFUSED" in refused.output
    assert CliRunner().invoke(skill_commands.app, ["compare", "one"]).exit_code == 2


@pytest.fixture
def edited_table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if someone had added a line to the alias table before this start."""
    read = terms._file
    line = "games,줄다리기,나룻줄당기기\n".encode()
    monkeypatch.setattr(terms, "_file", lambda name: read(name) + (line if name == "aliases.csv" else b""))
    _forget()
    yield
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    for module in (terms, compounds):
        for remembered in vars(module).values():
            if isinstance(remembered, _lru_cache_wrapper):
                remembered.cache_clear()


def test_a_running_store_opens_a_new_epoch_for_an_edited_table(engine: Engine, request: pytest.FixtureRequest) -> None:
    matcher = started(engine, Rules())
    hear(matcher, engine, [a_seeker(1, skills=("나룻줄당기기",)), a_posting(required_skills=("줄다리기",))])
    assert started(engine, Rules()).index.epoch.number == 0, "the same table is no new epoch"
    before = said(engine)
    request.getfixturevalue("edited_table")
    again = started(engine, Rules())
    assert again.index.epoch.number == 1
    assert again.index.vocabulary.likest(frozenset({terms.canonical("나룻줄당기기")}), "줄다리기")
    after = said(engine)[len(before) :]
    assert after
    assert {found.epoch for found in after} == {1}
    assert certified(engine).agrees
    with reading(engine) as session:
        held = store.epoch(session, 0).rules.aliases, store.epoch(session, 1).rules.aliases
    assert held[0] != held[1] == terms.aliases_digest()
    assert seeker_id(1) in {pair.seeker_id for found in after for pair in found.pairs}
