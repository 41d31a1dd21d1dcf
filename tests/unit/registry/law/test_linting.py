"""Does `iljari lint` find the same in every form of file, and end with the right code?"""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deploy.cli import app

HEADERS = "source_ref,title,employer,qualification,wage,weekly_hours,place\n"
CLEAN = "A-1,카페 직원,가나상사,성별·연령 무관,시급 12000원,40,서울 마포구\n"
WARNED = "A-2,사무 직원,다라상사,여직원 우대,시급 12000원,40,서울 마포구\n"
BLOCKED = "A-3,포장,마바상사,용모단정,시급 9000원,40,서울 마포구\n"
TODAY = ["--on", "2026-11-24"]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["lint", *map(str, arguments), *TODAY])


def found_in(result: Result) -> dict[str, list[str]]:
    told = json.loads(result.stdout)
    return {each["id"]: [finding["category"] for finding in each["findings"]] for each in told}


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "postings.csv"
    path.write_text(HEADERS + CLEAN + WARNED + BLOCKED, "utf-8")
    return path


def test_a_text_and_its_three_findings():
    result = run("--text", "용모단정 여직원 30세 이하", "--json")

    assert found_in(result) == {"text": ["looks", "age", "sex"]}
    assert result.exit_code == 1


def test_a_text_without_findings():
    result = run("--text", "성별·연령 무관", "--json")

    assert found_in(result) == {"text": []}
    assert result.exit_code == 0
    assert "may miss cases" in result.stderr


def test_warnings_alone_end_with_nothing_to_block():
    assert run("--text", "여직원 모집").exit_code == 0


@pytest.mark.parametrize(
    ("options", "code", "rules"),
    [
        (["--wage", "10029", "--unit", "hour", "--work-year", "2025"], 1, ["wage.below_minimum_probation"]),
        (["--wage", "10030", "--unit", "hour", "--work-year", "2025"], 0, []),
        (["--wage", "2096269", "--unit", "month", "--weekly-hours", "40", "--work-year", "2025"], 1, None),
        (["--wage", "2096270", "--unit", "month", "--weekly-hours", "40", "--work-year", "2025"], 0, []),
        (["--wage", "2096270", "--unit", "month", "--work-year", "2025"], 0, ["wage.unjudged"]),
        (["--wage", "60180", "--unit", "day", "--daily-hours", "6", "--work-year", "2025"], 0, []),
    ],
)
def test_a_wage(options: list[str], code: int, rules: list[str] | None):
    result = run("--text", "매장 관리", *options, "--json")
    (told,) = json.loads(result.stdout)

    assert result.exit_code == code
    assert rules is None or [finding["rule"] for finding in told["findings"]] == rules


def test_a_finding_tells_all_of_itself():
    (told,) = json.loads(run("--text", "여직원", "--json").stdout)
    (finding,) = told["findings"]

    assert {"category", "severity", "article", "words", "suggestion"} <= finding.keys()
    assert (finding["severity"], finding["severity_ko"], finding["words"]) == ("warn", "경고", ["여직원"])


def test_a_table_with_our_field_names(sheet: Path):
    result = run(sheet, "--json")

    assert found_in(result) == {"A-1": [], "A-2": ["sex"], "A-3": ["looks", "wage"]}
    assert result.exit_code == 1


def test_a_table_for_people(sheet: Path):
    result = run(sheet)

    assert "차단 block" in result.stdout
    assert "용모단정" in result.stdout
    assert "3건 중 2건" in result.stderr


def test_columns_of_others_are_left_aside_and_what_has_no_column_is_not_missing(tmp_path: Path):
    path = tmp_path / "labelled.csv"
    path.write_text("id,text,label\n1,남자만 지원,sex\n2,학력 무관,-\n", "utf-8")

    assert found_in(run(path, "--json")) == {"1": ["sex"], "2": []}


def test_a_year_and_a_unit_in_the_table(tmp_path: Path):
    path = tmp_path / "wages.jsonl"
    rows: list[dict[str, Any]] = [
        {"id": "a", "title": "포장", "wage": 10_029, "unit": "hour", "work_year": 2025, "weekly_hours": 40},
        {"id": "b", "title": "포장", "wage": 10_030, "unit": "hour", "work_year": 2025, "weekly_hours": 40},
        {
            "id": "c",
            "title": "포장",
            "wage": {"unit": "hour", "minimum": 20_000, "maximum": 12_000},
            "weekly_hours": 40,
        },
        {"id": "d", "title": "포장", "closes_on": "2026-11-23", "wage": "시급 12000원", "weekly_hours": 40},
        {"id": "e", "title": "포장", "wage": "회사내규에 따름", "weekly_hours": 40},
    ]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")

    found = found_in(run(path, "--json"))
    assert found == {"a": ["wage"], "b": [], "c": ["wage"], "d": ["closing"], "e": ["conditions"]}


def test_a_portals_own_form(tmp_path: Path):
    path = tmp_path / "work24.xml"
    row = (
        "<wantedAuthNo>K1</wantedAuthNo><company>가나상사</company><title>남자만 지원</title>"
        "<salTpNm>시급</salTpNm><sal>12000원</sal><basicAddr>서울 마포구</basicAddr><closeDt>99991231</closeDt>"
    )
    path.write_text(f"<wantedRoot><wanted>{row}</wanted></wantedRoot>", "utf-8")

    assert "sex" in found_in(run(path, "--json"))["K1"]


def test_a_cp949_sheet(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_bytes("구인번호,회사명,모집제목,자격요건\nB-1,가나상사,카페,30세 이하\n".encode("cp949"))

    assert "age" in found_in(run(path, "--json"))["B-1"]


def test_a_row_that_cannot_be_read_hides_no_other(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": "1", "text": "여직원"}\n{"id": \n{"id": "3", "text": "남자만"}\n', "utf-8")
    result = run(path, "--json")

    assert found_in(result) == {"1": ["sex"], "line 2": [], "3": ["sex"]}
    assert "JSON_INVALID" in result.stderr


def test_named_defaulters(sheet: Path, tmp_path: Path):
    listed = tmp_path / "defaulters.csv"
    listed.write_text("사업장명\n주식회사 가나상사\n", "utf-8")

    assert found_in(run(sheet, "--defaulters", listed, "--json"))["A-1"] == ["defaulter"]


def test_the_senders_licence(sheet: Path):
    assert found_in(run(sheet, "--licence", "유료", "--json"))["A-1"] == ["licence"]


def test_a_folder_of_rules(tmp_path: Path):
    folder = tmp_path / "rules"
    folder.mkdir()
    year = '[[minimum_wage]]\nyear = 2099\nhourly = 20_000\nsource = { text = "invented" }\n'
    (folder / "2099.toml").write_text(year, "utf-8")
    wage = ["--text", "매장", "--wage", "19999", "--unit", "hour", "--work-year", "2099"]

    assert run(*wage).exit_code == 0
    assert run(*wage, "--rules", folder).exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--text", "매장", "--wage", "10000"],
        ["--text", "매장", "--unit", "hour"],
        ["nowhere.csv"],
        ["--text", "매장", "--rules", "nowhere"],
    ],
)
def test_wrong_use_ends_with_two(arguments: list[str]):
    assert run(*arguments).exit_code == 2
