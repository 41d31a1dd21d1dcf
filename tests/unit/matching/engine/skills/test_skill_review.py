"""Terms that nobody knows: counted once a profile, with the nearest known term, shown to operators alone."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlalchemy import Engine
from typer.testing import CliRunner

from services.matching import store
from services.matching.api.matches import api
from services.matching.commands import skills as skill_commands
from services.matching.engine.scorer import Rules
from services.matching.engine.skills import own_aliases, terms
from services.matching.engine.skills.comparison import WITHIN
from services.matching.engine.skills.likeness import SAME, likeness
from services.matching.engine.skills.nearness import Nearness
from services.matching.engine.skills.review import unknown_terms
from services.matching.engine.skills.terms import AliasRefused
from shared.database import reading
from shared.web.answering import answer_problems
from tests.unit.matching.api.test_api import OPERATOR, a_settings
from tests.unit.matching.examples import a_posting, a_seeker, certified, hear, said, seeker_id, started


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
    first, second = client.get("/api/v1/matching/skills/unknown").json()
    assert (first["term"], first["profiles"], first["nearest"]) == ("쿠버네테스", 2, "쿠버네티스")
    assert (second["term"], second["profiles"]) == ("줄다리기심판보기", 1)
    assert len(client.get("/api/v1/matching/skills/unknown", params={"limit": 1}).json()) == 1
    assert client.get("/api/v1/matching/skills/unknown", params={"limit": 0}).status_code == 422


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
def edited_table(tmp_path: Path) -> Iterator[None]:
    """As if an operator had named a file of his own before this start."""
    own_aliases.join(_written(tmp_path, "trade,term,aliases\ngames,줄다리기,나룻줄당기기\n"))
    yield
    own_aliases.join(None)


def _written(folder: Path, content: str | bytes) -> Path:
    path = folder / "own.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


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


def test_own_lines_join_our_table_and_leave_with_their_file(tmp_path: Path) -> None:
    ours, before = terms.aliases_digest(), likeness("줄다리기", "나룻줄당기기")
    own = _written(tmp_path, "\ufeffterm,aliases\n줄다리기,나룻줄당기기|Tug of War\n방물장수일,Kubernetes\n")
    try:
        own_aliases.join(own)
        assert before < SAME == likeness("줄다리기", "tug of war") == likeness("방물장수일", "쿠버네티스")
        assert likeness("줄다리기 관리", "줄다리기") == WITHIN, "compounds are read again"
        assert terms.aliases_digest() != ours
    finally:
        own_aliases.join(None)
    assert (terms.aliases_digest(), likeness("줄다리기", "나룻줄당기기")) == (ours, before)


REFUSED = [
    ("term,aliases\n지게차운반,lift\nJava,JavaScript\n", ":3: javascript is already 자바스크립트"),
    ("term,aliases\n전기기능사,전기기사\n", ":2: "),
    ("term,aliases\n어떤일\n", ":2: 어떤일 has no other spelling"),
    ("term,aliases\n어떤일,···\n", ":2: '···' has no letters"),
    (f"term,aliases\n어떤일,{'가' * 61}\n", ":2: "),
    (f'term,aliases\n어떤일,"{"가" * 200_000}"\n', ":2: longer than"),
    ("skill,other\n어떤일,다른말\n", ":1: the first line must name"),
    ("", ":1: the first line must name"),
    (b"\xff\xfe\x00", "cannot be read as UTF-8"),
]


@pytest.mark.parametrize(("content", "reason"), REFUSED)
def test_a_refused_line_names_file_line_and_reason_and_changes_nothing(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    own, before = _written(tmp_path, content), terms.aliases_digest()
    with pytest.raises(AliasRefused, match=re.escape(reason)) as refused:
        own_aliases.join(own)
    assert str(own) in str(refused.value)
    assert terms.aliases_digest() == before
    with pytest.raises(ValidationError, match=re.escape(reason)):
        a_settings(aliases=own)
    shown = CliRunner().invoke(skill_commands.app, ["compare", "a", "b", "--aliases", str(own)])
    assert shown.exit_code == 2
    assert "ALIASES_REFUSED" in shown.output


def test_the_command_compares_with_own_lines(tmp_path: Path) -> None:
    own = _written(tmp_path, "term,aliases\n줄다리기,나룻줄당기기\n")
    asked = ["compare", "줄다리기", "나룻줄당기기"]
    try:
        shown = CliRunner().invoke(skill_commands.app, asked, env={"MATCHING_ALIASES": str(own)})
        assert "같음 same (alias)" in shown.output
    finally:
        own_aliases.join(None)
    assert "다름 different" in CliRunner().invoke(skill_commands.app, asked).output
