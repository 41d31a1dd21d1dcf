"""A season over HTTP and by the command: planned from what two shards hold, and how evenly the lists show."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import python_calamine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

from services.matching.api.seasons import season_api
from services.matching.commands import season as season_commands
from shared.command import CommandError
from shared.web.answering import answer_problems
from tests.unit.matching.api.test_api import OPERATOR, a_settings
from tests.unit.matching.examples import a_posting, a_seeker, hear, posting_id, started

SEEKERS = range(1, 9)


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    """Eight seekers who fit one posting best, which has one place, and another a little less."""
    app = FastAPI()
    app.state.settings = a_settings()
    answer_problems(app)
    app.include_router(season_api(engine, 2))
    events = [
        *(a_seeker(n, minutes=n, skills=["제빵", "엑셀"]) for n in SEEKERS),
        a_posting(1, required_skills=["제빵", "엑셀"], headcount=1),
        a_posting(2, required_skills=["제빵", "엑셀", "용접"], headcount=1),
    ]
    for shard in ("0/2", "1/2"):
        hear(started(engine, shard=shard), engine, events)
    with TestClient(app, headers=OPERATOR) as client:
        yield client


def plan(client: TestClient, **limits: int) -> dict[str, Any]:
    answer = client.post("/api/v1/matching/season-plan", json=limits)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_plan_keeps_its_limits_and_says_what_each_party_gains(client: TestClient) -> None:
    told = plan(client, of_seeker=1, of_place=2)
    plain, planned = told["plain"], told["planned"]
    assert (plain["largest_crowd"], plain["postings_with_a_candidate"], plain["beyond_capacity"]) == (8, 1, 6)
    assert (planned["largest_crowd"], planned["postings_with_a_candidate"], planned["beyond_capacity"]) == (2, 2, 0)
    assert (planned["seekers_with_an_offer"], planned["seekers"], planned["agencies"]) == (4, 8, 1)
    assert told["mean_fit_lost"] > 0


def test_a_second_choice_names_the_crowd_before_it(client: TestClient) -> None:
    second = [one for one in plan(client, of_seeker=1, of_place=2)["referrals"] if one["choice"] == 2]
    assert {one["posting_id"] for one in second} == {str(posting_id(2))}
    (passed,) = second[0]["passed_over"]
    assert (passed["posting_id"], passed["listed_by"], passed["places"]) == (str(posting_id(1)), 8, 1)


def test_lists_are_judged_by_whom_they_show(client: TestClient) -> None:
    told = client.get("/api/v1/matching/exposure").json()
    assert (told["postings"]["count"], told["postings"]["shown"], told["postings"]["gini"]) == (2, 16, 0)
    assert (told["seekers"]["count"], told["seekers"]["never"]) == (8, 4), "two lists of two, one a shard"
    assert sum(count for _, count in told["scores"]) == 16


def test_limits_that_make_no_sense_are_refused(client: TestClient) -> None:
    assert client.post("/api/v1/matching/season-plan", json={"of_seeker": 0}).status_code == 422


def test_the_command_shows_the_plan_and_writes_a_fair_without_overlaps(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(season_commands, "open_system", lambda _data, timeout: nullcontext(client))  # noqa: ARG005
    fair = tmp_path / "fair.xlsx"
    words = ["assign", "--of-seeker", "2", "--of-place", "2", "--fair", str(fair), "--start", "23:55"]
    done = CliRunner().invoke(season_commands.app, words)
    assert done.exit_code == 0, done.output
    assert "largest crowd" in done.output
    header, *rows = python_calamine.load_workbook(fair).get_sheet_by_index(0).to_python()
    assert header == list(season_commands.FAIR_COLUMNS)
    assert len({(row[0], row[4]) for row in rows}) == len({(row[0], row[1], row[2]) for row in rows}) == len(rows) == 4
    assert [row[0] for row in rows] == ["23:55", "00:05", "00:15", "00:25"]


def test_a_time_that_is_none_is_said_to_be_none(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(season_commands, "open_system", lambda _data, timeout: nullcontext(client))  # noqa: ARG005
    done = CliRunner().invoke(season_commands.app, ["assign", "--start", "noon"])
    assert done.exit_code == 2
    assert "10:00" in done.output


def test_a_fair_s_sheet_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    nowhere = tmp_path / "no such folder" / "fair.xlsx"
    with pytest.raises(CommandError) as refused, season_commands._told_if_unwritable(nowhere):
        one = {"seeker_id": "0895e014", "employer": "햇살", "title": "도배사", "score": 5_000}
        season_commands._write_fair(nowhere, [one], 1, timedelta(minutes=10), datetime(2026, 12, 1, 10, tzinfo=UTC))
    assert (refused.value.code, refused.value.where) == ("FILE_UNWRITABLE", str(nowhere))


def test_why_not_the_first_choice_is_read_aloud_with_its_particle() -> None:
    first = {"title": "도배 팀원 구합니다", "places": 1, "listed_by": 50}
    row = season_commands._why_row(
        {"passed_over": [first], "choice": 3, "seeker_id": "0895e014", "title": "도배사", "score": 5_000}
    )
    assert row[-1].startswith("3지망: 1지망 '도배 팀원 구합니다'는 1자리에 후보가 50명.")
