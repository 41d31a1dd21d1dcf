"""The plan's page, entered as data, gives back its tables and says by itself where it disagrees."""

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from deploy.demo.load import PLAN
from services.registry.commands.plan import rows_of, show_report
from services.registry.plan.report import flat
from shared.command import CommandError
from tests.unit.registry.conftest import OPERATOR

API = "/api/v1/registry/plan"


@pytest.fixture
def plan(client: TestClient) -> TestClient:
    told = send(client, list(rows_of(PLAN)))
    assert {row["outcome"] for row in told} == {"noted"}, [row for row in told if row["faults"]]
    return client


def send(client: TestClient, rows: list[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
    answer = client.post(f"{API}/entries", json={"rows": rows} | more, headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()["rows"]
    return told


def report(client: TestClient) -> dict[str, Any]:
    told: dict[str, Any] = client.get(f"{API}/report", headers=OPERATOR).json()
    return told


def test_the_budget_adds_up(plan: TestClient) -> None:
    told = report(plan)
    in_term = [line for line in told["budget"] if line["term"] == "in"]
    assert [line["planned"]["value"] for line in in_term] == [422, 1_470, 3_473]
    assert [line["executed"]["value"] for line in in_term] == [422, None, None]
    assert in_term[0]["rate"] == 1.0
    total = told["budget_total"]
    assert total["planned_in_term"]["value"] == 5_365
    assert total["planned_after_term"]["value"] == 8_385
    assert total["executed_in_term"]["value"] == 422
    assert f"{total['rate']:.1%}" == "7.9%"


def test_openings_are_counted_from_the_log(plan: TestClient) -> None:
    told = report(plan)
    lines = {(line["year"], line["quarter"]): line for line in told["openings"]}
    assert [lines[2016, quarter]["actual"]["value"] for quarter in (2, 3, 4)] == [3, 3, 35]
    assert lines[2016, 4]["itemised"]["value"] is None
    assert lines[2016, 4]["not_itemised"] == {"value": 35, "refs": ["openings-2016-q4"]}
    assert [lines[2017, quarter]["planned"]["value"] for quarter in (2, 3, 4)] == [30, 15, 15]
    years = {line["year"]: line for line in told["openings_by_year"]}
    assert years[2016]["actual"]["value"] == 41
    assert (years[2017]["planned"]["value"], years[2017]["actual"]["value"]) == (60, None)
    assert [(it["target"]["value"], it["actual"]["value"]) for it in told["targets"]] == [(300, 41), (50, 41)]


def test_openings_stand_by_type_and_what_tells_none_is_told_apart(plan: TestClient) -> None:
    lines = [
        (it["year"], it["type"], it["planned"]["value"], it["actual"]["value"])
        for it in report(plan)["openings_by_type"]
    ]
    assert lines == [
        (2016, "대학", None, 12),
        (2016, "민간", None, 9),
        (2016, "자치구", None, 12),
        (2016, None, None, 8),
        (2017, "민간·대학", 10, None),
        (2017, "자치구", 20, None),
        (2017, None, 30, None),
    ]
    for year in (2016, 2017):
        whole = next(it for it in report(plan)["openings_by_year"] if it["year"] == year)
        for name in ("planned", "actual"):
            parts = [it[name]["value"] for it in report(plan)["openings_by_type"] if it["year"] == year]
            assert sum(filter(None, parts)) == (whole[name]["value"] or 0)


def test_participation_stands_beside_what_is_stated(plan: TestClient) -> None:
    lines = {line["type"]: line for line in report(plan)["participation"]}
    shown = {kind: (line["stated"], line["logged"]["value"], line["itemised"]) for kind, line in lines.items()}
    assert shown == {
        "briefing": (1, 2, 2),
        "survey": (None, 1, 1),
        "advice": (5, 5, 1),
        "press": (27, 27, 0),
        "report": (None, None, 0),
        "meeting": (None, 1, 1),
    }
    assert lines["survey"]["asked"] == 1_092
    assert (lines["report"]["is_stated"], lines["meeting"]["is_stated"]) == (True, False)


def test_it_lists_by_itself_what_disagrees_and_nothing_else(plan: TestClient) -> None:
    found = [
        (it["rule"], it["about"], it["one"]["says"], it["other"]["says"], it["difference"])
        for it in report(plan)["contradictions"]
    ]
    assert found == [
        ("dash", "participation.survey", "–", "1 (1,092명)", None),
        ("heading", "openings-2016-q4", "직영 35", "대학 12, 자치구 12, 민간 9", None),
        ("log", "participation.briefing", "1", "2", 1),
        ("parts", "openings-2016-q4", "35", "12 + 12 + 9 = 33", -2),
        ("targets", "target.2016", "300 (2016-02-25)", "50 (2016-05-05)", -250),
    ]
    assert all(it["one"]["sources"] and it["other"]["sources"] for it in report(plan)["contradictions"])


def test_the_same_file_again_changes_nothing_and_a_correction_keeps_the_old(plan: TestClient) -> None:
    assert {row["outcome"] for row in send(plan, list(rows_of(PLAN)))} == {"unchanged"}
    rows = [row for row in rows_of(PLAN) if row["ref"] == "stated-briefings"]
    rows[0] |= {"facts": rows[0]["facts"] | {"value": 2}, "reason": "자치구 설명회 누락"}
    assert [row["outcome"] for row in send(plan, rows)] == ["corrected"]
    held = plan.get(f"{API}/entries/stated-briefings", headers=OPERATOR).json()
    assert [(row["revision"], row["facts"]["value"]) for row in held] == [(1, 1), (2, 2)]
    assert "participation.briefing" not in {it["about"] for it in report(plan)["contradictions"]}


def test_a_withdrawn_entry_no_longer_counts_and_stays_readable(plan: TestClient) -> None:
    path = f"{API}/entries/opening-2016-05-30/withdraw"
    assert plan.post(path, json={"reason": "두 번 적음"}, headers=OPERATOR).status_code == 200
    assert plan.post(path, json={"reason": "두 번 적음"}, headers=OPERATOR).status_code == 404
    assert report(plan)["targets"][0]["actual"]["value"] == 40
    assert len(plan.get(f"{API}/entries/opening-2016-05-30", headers=OPERATOR).json()) == 2


def test_a_dry_run_keeps_nothing(client: TestClient) -> None:
    assert {row["outcome"] for row in send(client, list(rows_of(PLAN)), dry_run=True)} == {"noted"}
    assert report(client)["entries"] == 0


def test_nothing_entered_is_no_data_never_zero(client: TestClient) -> None:
    told = report(client)
    assert told["budget_total"]["planned_in_term"] == {"value": None, "refs": []}
    assert told["budget_total"]["rate"] is None
    assert {line["logged"]["value"] for line in told["participation"]} == {None}
    assert told["contradictions"] == []


GOOD = {
    "kind": "budget",
    "stage": "planned",
    "term": "in",
    "year": 2016,
    "million_won": 1,
    "fund": "시비",
    "source": "x",
}


@pytest.mark.parametrize(
    ("ref", "change", "field", "code"),
    [
        ("Bad Ref", {}, "ref", "REF"),
        ("a", {"kind": "wish"}, "kind", "UNION_TAG_INVALID"),
        ("a", {"million_won": 1.5}, "million_won", "INT_FROM_FLOAT"),
        ("a", {"million_won": -1}, "million_won", "GREATER_THAN_EQUAL"),
        ("a", {"year": None}, "kind", "YEAR_MISSING"),
        ("a", {"phone": "x"}, "phone", "EXTRA_FORBIDDEN"),
        ("a", {"source": " "}, "source", "STRING_TOO_SHORT"),
    ],
)
def test_a_bad_row_comes_back_with_field_code_and_hint(
    client: TestClient, ref: str, change: dict[str, Any], field: str, code: str
) -> None:
    bad, good = send(client, [{"ref": ref, "facts": GOOD | change}, {"ref": "good", "facts": GOOD}])
    assert (bad["outcome"], good["outcome"]) == ("returned", "noted")
    assert [(fault["field"], fault["code"]) for fault in bad["faults"]] == [(field, code)]
    assert bad["faults"][0]["hint"]


def test_the_sheet_says_the_same_with_the_entries_behind(plan: TestClient) -> None:
    rows = list(flat(report(plan)))
    assert (
        "budget_total",
        "",
        "planned_in_term",
        "5365",
        "budget-2016-planned budget-2017-planned budget-2018-planned",
    ) in rows
    assert sum(row[0] == "contradictions" for row in rows) == 5


def test_the_terminal_shows_every_table(plan: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    show_report(report(plan))
    told = capsys.readouterr().out
    for shown in ("5,365", "8,385", "7.9%", "12 + 12 + 9 = 33", "자료 없음 no data"):
        assert shown in told


def test_a_sheet_is_read_as_the_same_rows(client: TestClient, tmp_path: Path) -> None:
    file, text = tmp_path / "plan.csv", StringIO()
    parts = '[{"count": 2, "partnership": "대학"}]'
    head = ["ref", "kind", "year", "quarter", "count", "parts", "value", "figure", "source"]
    lines = [
        ["a", "opening_summary", "2016", "4", "2", parts, "", "", "x"],
        ["b", "statement", "", "", "", "", "3", "openings.2016", "y"],
    ]
    csv.writer(text).writerows([head, *lines])
    file.write_text(text.getvalue(), "utf-8")
    assert {row["outcome"] for row in send(client, list(rows_of(file)))} == {"noted"}
    assert [it["difference"] for it in report(client)["contradictions"]] == [-1]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.toml", "[[target]]\nyear = 2026\n"), ("a.toml", "year = 2026\n"), ("a.csv", ""), ("a.toml", "[[[")],
)
def test_a_file_of_another_shape_is_told_not_a_fault(tmp_path: Path, name: str, content: str) -> None:
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(CommandError, match="FILE_UNREADABLE"):
        list(rows_of(file))
