"""A whole system on one machine starts, stops, starts again and mends itself, whatever was done to it."""

import json
import os
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journey.city import START_SECONDS, City, iljari, lives, started_city, wait_for

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def the_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with started_city(tmp_path_factory.mktemp("city")) as city:
        yield city


@pytest.fixture
def city(the_city: City) -> City:
    """One that runs, whatever the tests before did to it."""
    if not the_city.runs:
        the_city.start()
    return the_city


def take_in(city: City) -> httpx.Response:
    with city.client() as client:
        return client.post("/api/v1/registry/agencies", json={"name": "새일 직업소개소", "licence": "무료"})


def test_ctrl_c_stops_all_of_it_and_a_second_start_finds_its_data(city: City) -> None:
    made = take_in(city)
    assert made.is_success, made.text
    secrets, parts = city.secrets, city.parts()
    assert set(parts) == {"valkey", "registry", "matching", "notify", "gateway", "mail"}

    assert city.stop() == 0
    assert not any(map(lives, parts.values()))
    assert not (city.data / "iljari.json").exists()

    city.start()
    assert city.secrets == secrets
    assert take_in(city).status_code == 409


def test_a_killed_supervisor_leaves_nothing_that_the_next_start_does_not_mend(city: City) -> None:
    parts = city.parts()
    city.process.kill()
    city.process.wait()
    city.start()
    assert not any(map(lives, parts.values()))
    assert set(city.parts()) == set(parts)


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
