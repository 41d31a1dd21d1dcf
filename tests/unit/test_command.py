"""Every part of the command fails in one way: a clear message, its exit code, and no secret in sight of others."""

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from shared.command import (
    CommandError,
    DataOption,
    ExitCode,
    JsonOption,
    command_group,
    download,
    find_system,
    open_system,
    share_progress,
    show_json,
    show_table,
)
from tests.small_http import Answering, served

TOKEN = "the-operators-token"
PROBLEM = {"code": "AGENCY_UNKNOWN", "where": "agency", "message": "No such agency.", "message_ko": "없습니다."}


class Answers(Answering):
    """Answers each path with the status that it names, and a problem where it is none of success."""

    def do_GET(self) -> None:
        allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
        status = int(self.path.rsplit("/", 1)[1]) if allowed else 401
        body = b"<h1>not JSON</h1>" if status == 502 else json.dumps(PROBLEM if status != 200 else {"가": 1}).encode()
        self.answer(status, body)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The data folder of a running system."""
    with served(Answers) as url:
        (tmp_path / "iljari.json").write_text(json.dumps({"url": url}))
        (tmp_path / "secrets.json").write_text(json.dumps({"operator_token": TOKEN}))
        yield tmp_path


app = command_group("A part of the command.")


@app.command()
def ask(path: str, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Ask for a path."""
    with open_system(data) as client:
        show_json(client.get(path).json())


@app.command()
def table() -> None:
    """Show a table."""
    show_table(("이름", "wage"), [("요양\t보호사", 12_000), (None, "")])


@app.command()
def wait() -> None:
    """Wait until somebody ends it."""
    typer.echo("waiting")
    Event().wait()


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [(200, 0), (404, 1), (409, 1), (422, 1), (401, 4), (403, 4), (429, 3), (500, 3), (502, 3), (503, 3)],
)
def test_each_answer_has_its_exit_code(data: Path, status: int, exit_code: int) -> None:
    assert run("ask", f"/{status}", "--data", data)[0] == exit_code


def test_a_problem_is_told_in_both_languages_with_its_place(data: Path) -> None:
    _, said = run("ask", "/404", "--data", data)
    assert "[AGENCY_UNKNOWN] 없습니다." in said
    assert "No such agency." in said
    assert "where: agency" in said


def test_programs_get_the_problem_as_json(data: Path) -> None:
    _, said = run("ask", "/404", "--data", data, "--json")
    assert json.loads(said)["error"] == PROBLEM | {"hint": ""}


def test_what_is_not_running_is_said_with_how_to_start_it(tmp_path: Path) -> None:
    exit_code, said = run("ask", "/200", "--data", tmp_path)
    assert exit_code == ExitCode.UNREACHABLE
    assert f"iljari up --data {tmp_path}" in said


def test_a_system_that_does_not_answer_cannot_be_reached(data: Path) -> None:
    (data / "iljari.json").write_text(json.dumps({"url": "http://127.0.0.1:1"}))
    exit_code, said = run("ask", "/200", "--data", data)
    assert exit_code == ExitCode.UNREACHABLE
    assert "http://127.0.0.1:1" in said


def test_a_damaged_file_is_named(data: Path) -> None:
    (data / "secrets.json").write_text("{")
    exit_code, said = run("ask", "/200", "--data", data)
    assert (exit_code, "FILE_DAMAGED" in said, "secrets.json" in said) == (ExitCode.UNREACHABLE, True, True)


def test_the_environment_names_a_system_unless_a_folder_does(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ILJARI_URL", "https://iljari.example/")
    monkeypatch.setenv("ILJARI_OPERATOR_TOKEN", "theirs")
    assert (find_system().url, find_system().operator_token) == ("https://iljari.example", "theirs")
    assert find_system(data).operator_token == TOKEN


def test_an_address_without_a_token_is_a_fault_of_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ILJARI_URL", "https://iljari.example")
    monkeypatch.delenv("ILJARI_OPERATOR_TOKEN", raising=False)
    with pytest.raises(CommandError, match="TOKEN_MISSING") as refused:
        find_system()
    assert refused.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    "words", [("--token", "x"), ("--operator-token=x",), ("--password", "x"), ("redis://a:b@c/0",)]
)
def test_secrets_on_the_command_line_are_refused(words: tuple[str, ...]) -> None:
    exit_code, said = run("ask", "/200", *words)
    assert exit_code == ExitCode.USAGE
    assert "ILJARI_OPERATOR_TOKEN" in said


def test_a_mistyped_command_is_answered_with_the_nearest() -> None:
    exit_code, said = run("tabel")
    assert exit_code == ExitCode.USAGE
    assert "Did you mean 'table'?" in said


def test_nobody_watching_gets_plain_lines() -> None:
    assert run("table") == (0, "이름\twage\n요양 보호사\t12000\n\t\n")


IN_A_PROCESS = [sys.executable, "-c", "from tests.unit.test_command import app; app(['table'])"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_korean_survives_a_console_that_cannot_show_it(encoding: str) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": f"{encoding}:strict"}
    ended = subprocess.run(IN_A_PROCESS, env=environment, capture_output=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith((b"\\uc774\\ub984\twage", "이름\twage".encode()))


def test_a_closed_pipe_ends_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(IN_A_PROCESS, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_full_disk_is_told_and_no_fault() -> None:
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(IN_A_PROCESS, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert ended.returncode == ExitCode.UNREACHABLE
    assert b"[DISK_FULL]" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_a_file_that_finds_no_room_is_not_left_in_part(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"some"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    answer = nullcontext(SimpleNamespace(iter_bytes=pieces))
    with pytest.raises(CommandError, match="FILE_UNWRITABLE") as refused:
        download(answer, tmp_path / "out.csv")  # type: ignore[arg-type]
    assert refused.value.exit_code is ExitCode.UNREACHABLE
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_at_once_with_the_code_that_shells_expect() -> None:
    # Whoever is started in the background is born deaf to it.
    hearing = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    slow = [sys.executable, "-c", f"{hearing}; from tests.unit.test_command import app; app(['wait'])"]
    with subprocess.Popen(slow, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"waiting\n"
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert (running.returncode, b"Traceback" in said) == (130, False)


def test_it_starts_without_what_only_a_service_needs() -> None:
    """A database, a broker, a web server and arrays take seconds to import, and most commands only speak HTTP."""
    heavy = {"sqlalchemy", "redis", "fastapi", "opentelemetry", "structlog", "xlsxwriter", "numpy", "httpx", "rich"}
    look = f"import sys, deploy.cli; print(*sorted({heavy} & sys.modules.keys()))"
    assert subprocess.check_output([sys.executable, "-P", "-c", look], text=True).split() == []


def test_time_left_is_told_only_where_it_can_be_known(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.command._Lines.EVERY_SECONDS", 0.0)
    with share_progress("다시 맞추기 rematch", " 목록 lists") as step:
        for share in (0.0, 0.25, 0.5, 1.0):
            step(10, share)
    told = capsys.readouterr().err.splitlines()
    assert ["left" in line for line in told] == [False, False, True, False]
    assert told[-1] == "다시 맞추기 rematch: 40 목록 lists · 100%"


def test_the_time_left_goes_by_the_pace_that_was_seen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter((0.0, 300.0, 400.0, 410.0, 425.0))
    monkeypatch.setattr("shared.command.time.monotonic", lambda: next(seconds))
    with share_progress("다시 맞추기 rematch", " 목록 lists") as step:
        for share in (0.0, 0.5, 0.6, 0.75):
            step(10, share)
    told = [line.rpartition(" about ")[2] for line in capsys.readouterr().err.splitlines() if "left" in line]
    assert told == ["40 s left", "25 s left"]


def test_what_cannot_be_counted_yet_is_told_with_how_long_it_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.command._Lines.EVERY_SECONDS", 0.0)
    with share_progress("다시 맞추기 rematch", " 목록 lists") as step:
        step(0, 0.0, "기준을 맞추는 중 fitting the epoch")
        step(10, 1.0, "바꾸는 중 switching")
    assert capsys.readouterr().err.splitlines() == [
        "다시 맞추기 rematch: 기준을 맞추는 중 fitting the epoch · 0초 지남 0 s elapsed",
        "다시 맞추기 rematch: 바꾸는 중 switching: 10 목록 lists · 100%",
    ]
