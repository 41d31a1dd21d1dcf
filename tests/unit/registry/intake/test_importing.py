"""The command brings files in: every row counted, what comes back written down, and a second run changes nothing."""

import csv
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from sqlalchemy import Engine, func
from sqlmodel import select
from typer.testing import CliRunner, Result

from services.registry.app import create_app
from services.registry.cli import imports
from services.registry.intake.asking import fields_to_ask
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency, Consent, Posting, SavedMapping, Seeker, Submission
from shared.database import reading
from tests.journey.city import wait_for
from tests.labelled_data import labelled

HEADER = "구인번호,회사명,모집제목,직무내용,근무지,임금형태,임금,담당자연락처\n"


def a_line(number: int, **but: str) -> str:
    cells = {
        "구인번호": f"A-{number}",
        "회사명": "망원베이커리",
        "모집제목": f"제빵사 {number}",
        "직무내용": "반죽과 굽기",
        "근무지": "서울 마포구",
        "임금형태": "시급",
        "임금": "12000원",
        "담당자연락처": "010-7777-8888",
    }
    return ",".join((cells | but).values()) + "\n"


@pytest.fixture
def system(settings: RegistrySettings, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A registry that answers over HTTP; its streams are not needed here."""
    config = uvicorn.Config(create_app(settings), lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    door = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    monkeypatch.setenv("ILJARI_URL", f"http://127.0.0.1:{door.getsockname()[1]}")
    monkeypatch.setenv("ILJARI_OPERATOR_TOKEN", "operator-token")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield
    server.should_exit = True
    thread.join(10)
    door.close()


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(imports, [str(argument) for argument in arguments])


def outcome(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(result.stdout)
    return told


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    lines = [a_line(number) for number in range(1, 451)]
    lines[99] = a_line(100, 회사명="", 담당자연락처="=cmd")
    path = tmp_path / "list.csv"
    path.write_text(HEADER + "".join(lines), "cp949")
    return path


@pytest.mark.usefixtures("system")
def test_every_row_is_counted_and_a_second_run_changes_nothing(sheet: Path, agency: Agency, engine: Engine) -> None:
    first = run("postings", sheet, "--agency", agency.name, "--json")
    assert first.exit_code == 1, first.output
    told = outcome(first)
    assert (told["mapping"], told["read"]) == ("sheet_ko", 450)
    assert (told["accepted"], told["merged"], told["unchanged"], told["returned"]) == (449, 0, 0, 1)
    with Path(told["rejected"]).open(encoding="utf-8-sig", newline="") as file:
        assert [(row["line"], row["field"], row["code"]) for row in csv.DictReader(file)] == [
            ("line 101", "employer", "FIELD_MISSING")
        ]
    second = outcome(run("postings", sheet, "--agency", str(agency.agency_id), "--json"))
    assert (second["accepted"], second["unchanged"], second["returned"]) == (0, 449, 1)
    with reading(engine) as session:
        assert len(session.exec(select(Posting)).all()) == 449
        assert len(session.exec(select(Submission)).all()) == 900


@pytest.mark.usefixtures("system")
def test_killed_in_the_middle_and_run_again_it_is_as_one_run(tmp_path: Path, agency: Agency, engine: Engine) -> None:
    path = tmp_path / "long.csv"
    path.write_text(
        HEADER + "".join(a_line(number, 구인번호="" if number % 2 else f"A-{number}") for number in range(1_000))
    )

    def held() -> int:
        with reading(engine) as session:
            return session.exec(select(func.count()).select_from(Posting)).one()

    words = [sys.executable, "-P", "-m", "deploy.cli", "import", "postings", str(path), "--agency", agency.name]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as run_that_dies:
        wait_for(lambda: held() or run_that_dies.poll() is not None, 60, "the first rows")
        run_that_dies.kill()
    some = held()
    assert 0 < some < 1_000, "killed in the middle"
    told = outcome(run("postings", path, "--agency", agency.name, "--json"))
    assert told["read"] == 1_000 == told["accepted"] + told["unchanged"]
    assert told["unchanged"] >= some
    assert held() == 1_000


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("way", ["--dry-run", "--all-or-nothing"])
def test_nothing_is_kept_when_only_trying_or_when_one_comes_back(
    sheet: Path, agency: Agency, engine: Engine, way: str
) -> None:
    told = outcome(run("postings", sheet, "--agency", agency.name, way, "--json"))
    assert (told["kept"], told["accepted"], told["returned"]) == (False, 449, 1)
    with reading(engine) as session:
        assert session.exec(select(Submission)).all() == []


@pytest.mark.usefixtures("system")
def test_all_are_kept_when_none_comes_back(tmp_path: Path, agency: Agency, engine: Engine) -> None:
    path = tmp_path / "good.csv"
    path.write_text(HEADER + a_line(1) + a_line(2))
    result = run("postings", path, "--agency", agency.name, "--all-or-nothing")
    assert result.exit_code == 0, result.output
    assert "읽은 행 rows read\t2" in result.stdout
    assert not (tmp_path / "good.csv.rejected.csv").exists()
    with reading(engine) as session:
        assert len(session.exec(select(Posting)).all()) == 2


@pytest.mark.usefixtures("system")
def test_a_reference_twice_in_a_file_with_other_content(tmp_path: Path, agency: Agency) -> None:
    path = tmp_path / "twice.csv"
    path.write_text(HEADER + a_line(1) + a_line(1) + a_line(1, 모집제목="바리스타"))
    told = outcome(run("postings", path, "--agency", agency.name, "--json"))
    assert (told["accepted"], told["unchanged"], told["returned"]) == (1, 1, 1)
    assert told["findings"]["DUPLICATE_IN_FILE"] == 1


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize(
    ("name", "content", "code", "exit_code"),
    [
        ("a.csv", "foo,bar\n1,2\n", "MAPPING_UNKNOWN", 2),
        ("a.csv", "", "FILE_EMPTY", 1),
        ("a.xml", "<!DOCTYPE a><a/>", "XML_DTD_FORBIDDEN", 1),
        ("none.csv", None, "FILE_UNREADABLE", 2),
    ],
)
def test_a_file_that_cannot_be_read_ends_with_its_code(
    tmp_path: Path, agency: Agency, name: str, content: str | None, code: str, exit_code: int
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    result = run("postings", path, "--agency", agency.name, "--json")
    assert result.exit_code == exit_code
    assert json.loads(result.stderr)["error"]["code"] == code


@pytest.mark.usefixtures("system")
def test_a_sheet_under_our_own_names(tmp_path: Path, agency: Agency, engine: Engine) -> None:
    path = tmp_path / "own.csv"
    path.write_text(
        "title,employer,description,required_skills,wage,place,headcount\n"
        '제빵사,망원베이커리,반죽,"제빵,제과",시급 12000원,서울 마포구,2명\n'
    )
    told = outcome(run("postings", path, "--agency", agency.name, "--json"))
    assert (told["mapping"], told["accepted"], told["findings"]) == ("sheet_en", 1, {"LAW_CONDITIONS_HOURS": 1})
    with reading(engine) as session:
        assert session.exec(select(Posting)).one().facts["required_skills"] == ["제빵", "제과"]


@pytest.mark.usefixtures("system")
def test_an_unknown_agency_is_told(sheet: Path) -> None:
    result = run("postings", sheet, "--agency", "없는 기관")
    assert result.exit_code == 2
    assert "AGENCY_UNKNOWN" in result.stderr


def test_a_system_that_is_not_there_is_told(sheet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ILJARI_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ILJARI_OPERATOR_TOKEN", "operator-token")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    result = run("postings", sheet, "--agency", "x")
    assert (result.exit_code, "UNREACHABLE" in result.stderr) == (3, True)


@pytest.mark.usefixtures("system")
def test_seekers_come_with_the_ground_they_are_kept_on(tmp_path: Path, engine: Engine) -> None:
    path = tmp_path / "profiles.jsonl"
    rows = [{"id": f"p{n}", "text": f"빵을 {n}년 구웠습니다", "edu": "고졸", "skill_year": "1년"} for n in range(3)]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    told = outcome(run("seekers", path, "--json"))
    assert (told["mapping"], told["read"], told["accepted"]) == ("profiles_text", 3, 3)
    assert (told["consent"], told["consent_stated_by"]) == ("invented", "mapping profiles_text")
    with reading(engine) as session:
        assert sorted(seeker.facts["summary"] for seeker in session.exec(select(Seeker)))[0] == "빵을 0년 구웠습니다"


@pytest.mark.usefixtures("system")
def test_columns_of_which_nothing_is_read_are_named(tmp_path: Path) -> None:
    path = tmp_path / "구직자.csv"
    path.write_text("이름,생년월일,자격증,혈액형\n가상하나,1990-05-05,한식조리기능사,O\n", "utf-8")
    arguments = ("seekers", path, "--consent", "consent", "--dry-run")
    assert "읽지 않은 열 columns not read: 생년월일, 혈액형" in run(*arguments).stdout
    assert outcome(run(*arguments, "--json"))["left_out"] == ["생년월일", "혈액형"]


@pytest.mark.usefixtures("system")
def test_whose_ground_is_not_stated_is_not_kept_and_the_import_may_state_it(tmp_path: Path, engine: Engine) -> None:
    path = tmp_path / "list.csv"
    path.write_text("source_ref,summary\nK-1,빵을 구웠습니다\n")
    refused = run("seekers", path)
    assert (refused.exit_code, "CONSENT_MISSING" in refused.stderr) == (2, True)
    told = run("seekers", path, "--consent", "consent")
    assert "consent (--consent)" in told.stdout
    with reading(engine) as session:
        assert session.exec(select(Consent.basis)).all() == ["consent"]


@pytest.mark.usefixtures("system")
def test_a_column_of_consents_decides_for_each_row(tmp_path: Path, engine: Engine) -> None:
    path = tmp_path / "list.csv"
    said = ("예", "매칭, 문자", "아니오", "", "미동의", "문자")
    path.write_text("이름,자기소개,동의\n" + "".join(f'가{n},빵,"{word}"\n' for n, word in enumerate(said)))
    told = outcome(run("seekers", path, "--consent", "consent", "--json"))
    assert (told["accepted"], told["findings"]["CONSENT_NOT_FOR_MATCHING"]) == (6, 4)
    with reading(engine) as session:
        assert sorted(session.exec(select(Seeker.state))) == ["active"] * 2 + ["unseen"] * 4
        assert sorted(session.exec(select(Consent.purpose))) == ["matching"] * 2 + ["messages"] * 2


@pytest.mark.usefixtures("system")
def test_the_agency_that_brings_seekers_is_noted(tmp_path: Path, agency: Agency, engine: Engine) -> None:
    path = tmp_path / "profiles.jsonl"
    path.write_text('{"id": "p1", "text": "빵을 구웠습니다"}')
    assert run("seekers", path, "--agency", agency.name).exit_code == 0
    assert run("seekers", path, "--agency", "없는 기관").exit_code == 2
    with reading(engine) as session:
        assert session.exec(select(Consent.brought_by)).all() == [agency.agency_id]


@pytest.mark.usefixtures("system")
def test_real_postings_all_have_an_answer(tmp_path: Path, agency: Agency, engine: Engine) -> None:
    path = labelled("ko_postings") / "postings.jsonl"
    with path.open("rb") as file:
        lines = sum(1 for line in file if line.strip())
    told = outcome(run("postings", path, "--agency", agency.name, "--json", "--rejected", tmp_path / "returned.csv"))
    answers = ("accepted", "merged", "unchanged", "held", "returned")
    assert told["read"] == lines == sum(told[answer] for answer in answers)
    assert told["returned"] < lines // 20
    with reading(engine) as session:
        assert len(session.exec(select(Posting.posting_id)).all()) == told["accepted"]


@pytest.mark.usefixtures("system")
def test_at_a_terminal_an_unknown_sheet_is_asked_about_once(tmp_path: Path, agency: Agency, engine: Engine) -> None:
    path = tmp_path / "ours.csv"
    path.write_text("가게,뽑는 일,설명\n망원베이커리,제빵사,굽기\n")
    ours = fields_to_ask("postings")
    answers = [str(ours.index(field) + 1) for field in ("employer", "title", "description")]
    words = [sys.executable, "-P", "-m", "deploy.cli", "import", "postings", str(path), "--agency", agency.name]
    ours_end, its_end = os.openpty()
    with subprocess.Popen(words, stdin=its_end, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as asking:
        os.close(its_end)
        os.write(ours_end, "".join(f"{line}\n" for line in (*answers, "우리 표")).encode())
        assert asking.wait(60) == 0
    os.close(ours_end)
    with reading(engine) as session:
        assert session.exec(select(SavedMapping.name)).one() == "우리 표"
        assert session.exec(select(Posting)).one().facts["employer"] == "망원베이커리"
    again = outcome(run("postings", path, "--agency", agency.name, "--json"))
    assert (again["mapping"], again["unchanged"]) == ("우리 표", 1)
