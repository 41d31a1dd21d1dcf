"""A whole system on one machine starts, stops, starts again and mends itself, whatever was done to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

pytestmark = pytest.mark.journey

START_SECONDS = 90.0
STOP_SECONDS = 60.0
COMMAND = (sys.executable, "-P", "-m", "deploy.cli")


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.05)
    return found


def iljari(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@dataclass
class City:
    """A system that was started with `iljari up`."""

    data: Path
    process: subprocess.Popen[bytes]

    @property
    def said(self) -> str:
        return (self.data.parent / "said.txt").read_text("utf-8")

    @property
    def url(self) -> str:
        return str(json.loads((self.data / "iljari.json").read_text("utf-8"))["url"])

    @property
    def secrets(self) -> dict[str, str]:
        secrets: dict[str, str] = json.loads((self.data / "secrets.json").read_text("utf-8"))
        return secrets

    def parts(self) -> dict[str, int]:
        """Who runs, by name: the number of each process."""
        noted = json.loads((self.data / "processes.json").read_text("utf-8"))["children"]
        return {child["name"]: child["pid"] for child in noted}

    def is_ready(self) -> bool:
        with suppress(OSError, ValueError, httpx.TransportError):
            return httpx.get(f"{self.url}/health/ready", timeout=5).is_success
        return False

    def wait_until_ready(self) -> None:
        def ready_or_ended() -> bool:
            assert self.process.poll() is None, self.said
            return self.is_ready()

        wait_for(ready_or_ended, START_SECONDS, "a ready system")

    def post(self, path: str, document: dict[str, Any]) -> httpx.Response:
        key = {"Authorization": f"Bearer {self.secrets['operator_token']}"}
        return httpx.post(f"{self.url}{path}", json=document, headers=key, timeout=30)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


def start_city(folder: Path) -> City:
    data = folder / "data"
    with (folder / "said.txt").open("ab") as said:
        command = [*COMMAND, "up", "--data", str(data), "--port", "0", "--no-demo"]
        city = City(data, subprocess.Popen(command, stdout=said, stderr=said))
    try:
        city.wait_until_ready()
    except BaseException:
        city.stop()
        raise
    return city


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """One that runs, and runs again whatever the tests do to it."""
    city = start_city(tmp_path_factory.mktemp("city"))
    yield city
    city.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], City]]:
    """Start a system on this test's folder, again and again; all are stopped at the end."""
    started: list[City] = []

    def start_again() -> City:
        started.append(start_city(tmp_path))
        return started[-1]

    yield start_again
    for one in started:
        one.stop()


def test_ctrl_c_stops_all_of_it_and_a_second_start_finds_its_data(start: Callable[[], City]) -> None:
    first = start()
    made = first.post("/api/registry/agencies", {"name": "새일 직업소개소", "licence": "무료"})
    assert made.is_success, made.text
    secrets, parts = first.secrets, first.parts()
    assert set(parts) == {"valkey", "registry", "matching", "notify", "gateway"}

    assert first.stop() == 0
    assert not any(map(psutil.pid_exists, parts.values()))
    assert not (first.data / "iljari.json").exists()

    again = start()
    assert again.secrets == secrets
    assert again.post("/api/registry/agencies", {"name": "새일 직업소개소", "licence": "무료"}).status_code == 409


def test_a_killed_supervisor_leaves_nothing_that_the_next_start_does_not_mend(start: Callable[[], City]) -> None:
    first = start()
    parts = first.parts()
    first.process.kill()
    first.process.wait()
    again = start()
    assert not any(map(psutil.pid_exists, parts.values()))
    assert set(again.parts()) == set(parts)


def test_whatever_part_is_killed_comes_back(city: City) -> None:
    for name, number in city.parts().items():
        os.kill(number, signal.SIGKILL)
        wait_for(lambda name=name, number=number: city.parts()[name] != number, START_SECONDS, f"another {name}")
        wait_for(city.is_ready, START_SECONDS, f"a ready system after {name} was killed")


def test_a_second_start_on_the_same_folder_says_who_runs_since_when(city: City) -> None:
    refused = iljari("up", "--data", city.data, "--port", "0", "--no-demo")
    assert refused.returncode == 2
    assert "ALREADY_RUNNING" in refused.stderr
    assert f"process {city.process.pid}" in refused.stderr
    assert city.is_ready()


def test_what_others_ask_of_it(city: City) -> None:
    status = iljari("status", "--json", ILJARI_DATA_DIR=str(city.data))
    assert status.returncode == 0, status.stderr
    told = json.loads(status.stdout)
    assert [service["service"] for service in told["services"]] == ["registry", "matching", "notify"]
    assert told["ready"]
    doctor = iljari("doctor", "--json", "--data", city.data)
    assert doctor.returncode == 0, doctor.stdout
    buried = iljari("buried", "list", "--json", "--data", city.data)
    assert (buried.returncode, json.loads(buried.stdout)) == (0, [])
    unknown = iljari("buried", "replay", "matching", "7", "--data", city.data)
    assert (unknown.returncode, "NOT_FOUND" in unknown.stderr) == (1, True)


def test_a_wrong_token_is_not_allowed(city: City) -> None:
    refused = iljari("status", ILJARI_URL=city.url, ILJARI_OPERATOR_TOKEN="someone else's")
    assert refused.returncode == 4, refused.stderr


def test_a_taken_port_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = iljari("up", "--data", tmp_path / "data", "--port", str(port))
    assert refused.returncode == 2
    assert "PORT_TAKEN" in refused.stderr
    assert f"127.0.0.1:{port}" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = iljari("up", "--data", tmp_path / "file" / "data", "--port", "0")
    assert refused.returncode == 4
    assert "FOLDER_NOT_WRITABLE" in refused.stderr


def test_exposed_secrets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{}")
    (tmp_path / "secrets.json").chmod(0o644)
    refused = iljari("up", "--data", tmp_path, "--port", "0")
    assert refused.returncode == 4
    assert "chmod 600" in refused.stderr


def test_all_wrong_settings_are_told_at_once_and_nothing_stays_running(tmp_path: Path) -> None:
    wrong = {"MATCHING_BATCH_SIZE": "many", "MATCHING_BURIAL_FUSE": "0"}
    refused = iljari("up", "--data", tmp_path / "data", "--port", "0", "--no-demo", **wrong)
    assert refused.returncode == 2, refused.stderr
    assert all(name in refused.stderr for name in wrong)
    assert not (tmp_path / "data" / "processes.json").exists()


def test_a_database_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "notify.sqlite") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.close()
    refused = iljari("up", "--data", tmp_path, "--port", "0", "--no-demo")
    assert refused.returncode == 3
    assert "SCHEMA_MISMATCH" in refused.stderr


@pytest.mark.parametrize("words", [("stats",), ("up", "--prot", "1"), ("buried", "lst"), ("serve", "registri")])
def test_a_typing_error_is_answered_with_how_it_is_written(words: tuple[str, ...]) -> None:
    ended = iljari(*words)
    assert ended.returncode == 2
    assert any(right in ended.stderr for right in ("'status'", "--port", "'list'", "'registry'"))
