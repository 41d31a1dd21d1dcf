"""`iljari bench` as a person or a program calls it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli import app

SMALL = ("--size", "150", "--rounds", "1", "--queries", "10", "--arrivals", "10")
QUICK = ("--only", "batch,arrival,changes")


def test_programs_get_figures_goals_and_what_was_run() -> None:
    shown = CliRunner().invoke(app, ["bench", *SMALL, *QUICK, "--times", "1,2", "--shape", "texts", "--json"])
    told = json.loads(shown.output)
    assert told["run"]["times"] == [1, 2]
    assert {figure["data"] for figure in told["figures"]} == {"texts 150 × 30", "texts 300 × 60"}
    assert all(figure["value"] is not None for figure in told["figures"])
    assert {goal["goal"].split()[0] for goal in told["goals"]} >= {"G1", "G2", "G3", "G5"}
    assert next(goal["verdict"] for goal in told["goals"] if goal["goal"] == "G3") == "not measured"


def test_people_get_tables_of_what_they_asked_for() -> None:
    shown = CliRunner().invoke(app, ["bench", *SMALL, "--shape", "texts", "--only", "arrival"])
    assert "arrival of one posting of one place, p50\ttexts 150 × 30\tours, whole" in shown.output
    assert "batch, both ways" not in shown.output
    assert "missed" in shown.output or "reached" in shown.output or "moonshot" in shown.output


def test_texts_are_made_of_any_file_that_can_be_imported(tmp_path: Path) -> None:
    rows = [
        {
            "title": f"제빵사 {number}",
            "employer": "하늘빵집",
            "description": "빵을 굽는다\n반죽을 한다",
            "place": "서울 마포구",
        }
        for number in range(5)
    ]
    file = tmp_path / "postings.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    shown = CliRunner().invoke(app, ["bench", *SMALL, *QUICK, "--shape", "texts", "--postings", str(file), "--json"])
    assert json.loads(shown.output)["figures"]


@pytest.mark.parametrize("arguments", [["--times", "1,x"], ["--times", "0"], ["--only", "batch,tea"]])
def test_what_cannot_be_measured_is_said(arguments: list[str]) -> None:
    refused = CliRunner().invoke(app, ["bench", *arguments])
    assert (refused.exit_code, "[USAGE]" in refused.output) == (2, True)


def test_a_file_without_a_posting_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "postings.jsonl"
    file.write_text('{"title": ""}\n', "utf-8")
    refused = CliRunner().invoke(app, ["bench", *SMALL, "--postings", str(file)])
    assert (refused.exit_code, "[NO_POSTING]" in refused.output) == (2, True)
