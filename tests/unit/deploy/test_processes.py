"""Processes are kept alive, ended in time, and never mistaken for others of the same number."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deploy.local.processes import Child, note_processes, stop_all, take_down_noted
from shared.command import ExitCode

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def child(folder: Path, program: str) -> Child:
    return Child("part", [sys.executable, "-c", program], folder / "part.log")


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.mark.parametrize("exit_code", [0, 1])
def test_whoever_ends_is_started_again_with_any_code(tmp_path: Path, exit_code: int) -> None:
    part = child(tmp_path, f"import sys; print('hello', flush=True); sys.exit({exit_code})")
    part.start()
    wait_for(lambda: not part.alive)
    wait_for(part.tend)
    wait_for(lambda: (tmp_path / "part.log").read_text().count("hello") == 2)
    stop_all([part], grace=5)


def test_each_restart_waits_longer(tmp_path: Path) -> None:
    part = child(tmp_path, "")
    part.start()
    delays = []
    for _ in range(3):
        wait_for(lambda: not part.alive)
        delays.append(part.delay)
        wait_for(part.tend)
    stop_all([part], grace=5)
    assert delays == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("code", [ExitCode.USAGE, ExitCode.UNREACHABLE, ExitCode.NOT_ALLOWED])
def test_what_no_restart_mends_is_told_with_its_last_words(tmp_path: Path, code: ExitCode) -> None:
    (tmp_path / "part.log").write_text("words of an earlier start\n")
    part = child(tmp_path, f"import sys; print('the key is missing', flush=True); sys.exit({int(code)})")
    part.start()
    wait_for(lambda: not part.alive)
    assert (part.exit_code, part.last_words()) == (code, "the key is missing")


def test_who_does_not_end_in_time_is_killed(tmp_path: Path) -> None:
    part = child(tmp_path, STUBBORN)
    part.start()
    wait_for(lambda: "up" in (tmp_path / "part.log").read_text())
    stop_all([part], grace=0.2)
    assert not part.alive


@pytest.mark.parametrize("program", ["import time; print('up', flush=True); time.sleep(60)", STUBBORN])
def test_what_a_killed_start_left_is_taken_down(tmp_path: Path, program: str) -> None:
    part, notes = child(tmp_path, program), tmp_path / "processes.json"
    part.start()
    wait_for(lambda: "up" in (tmp_path / "part.log").read_text())
    note_processes(notes, [part])
    assert take_down_noted(notes, grace=0.5) == ["part"]
    assert not part.alive
    assert take_down_noted(notes, grace=0.5) == []


def test_a_stranger_with_the_number_of_an_orphan_is_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "processes.json"
    with psutil.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        orphan = {"name": "part", "pid": stranger.pid, "started": stranger.create_time() - 3_600}
        notes.write_text(json.dumps({"children": [orphan]}))
        assert take_down_noted(notes, grace=0.5) == []
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets the kernel hold the leash")
def test_a_child_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from deploy.local.processes import Child;"
        f"log = Path({str(tmp_path)!r}) / 'part.log';"
        "part = Child('part', [sys.executable, '-c', 'import time; time.sleep(60)'], log);"
        "part.start(); print(part.process.pid, flush=True); time.sleep(60)"
    )
    supervisor = psutil.Popen([sys.executable, "-c", program], stdout=-1)
    orphan = psutil.Process(int(supervisor.stdout.readline()))
    wait_for(lambda: orphan.cmdline()[1:2] == ["-c"])  # on the leash: it has become its command
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    wait_for(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)
