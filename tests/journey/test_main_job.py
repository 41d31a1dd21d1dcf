"""Does the main job run from command to desk: files in, every pair scored, explained lists on the desk?"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journey.city import COMMAND, City, iljari, iljari_json, started_city, wait_for
from tests.labelled_data import labelled

pytestmark = pytest.mark.journey

POSTINGS = 150
SEEKERS = 60


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with started_city(tmp_path_factory.mktemp("city")) as city:
        yield city


@pytest.fixture(scope="module")
def agency(city: City) -> str:
    added = iljari_json("agency", "add", "시험 직업소개소", "--licence", "무료", data=city.data)
    return str(added["agency_id"])


@pytest.fixture(scope="module")
def real_data() -> Path:
    return labelled("ko_postings").parent


def first_lines(source: Path, count: int, to: Path) -> Path:
    with source.open(encoding="utf-8") as lines:
        to.write_text("".join(line for line, _ in zip(lines, range(count), strict=False)), "utf-8")
    return to


def outcomes(told: dict[str, Any]) -> dict[str, int]:
    return {name: told[name] for name in ("accepted", "merged", "unchanged", "held", "returned")}


def test_real_files_go_in_and_explained_lists_come_out(
    city: City, agency: str, real_data: Path, tmp_path: Path
) -> None:
    profiles = first_lines(real_data / "kdot/profile_graded/queries.dev.jsonl", SEEKERS, tmp_path / "profiles.jsonl")
    postings = first_lines(real_data / "ko_postings/postings.jsonl", POSTINGS, tmp_path / "postings.jsonl")

    seekers = outcomes(iljari_json("import", "seekers", profiles, "--consent", "invented", data=city.data))
    assert seekers == {"accepted": SEEKERS, "merged": 0, "unchanged": 0, "held": 0, "returned": 0}
    first = outcomes(iljari_json("import", "postings", postings, "--agency", agency, data=city.data, allowed=(0, 1)))
    assert sum(first.values()) == POSTINGS
    assert first["accepted"] > 0.9 * POSTINGS
    again = outcomes(iljari_json("import", "postings", postings, "--agency", agency, data=city.data, allowed=(0, 1)))
    returned = first["returned"]
    assert again == {
        "accepted": 0,
        "merged": 0,
        "unchanged": POSTINGS - returned,
        "held": 0,
        "returned": returned,
    }

    city.wait_until_quiet()
    certificate = iljari_json("certify", data=city.data)
    assert certificate["seekers"]["count"] == SEEKERS
    assert certificate["postings"]["count"] == first["accepted"]
    assert (certificate["missed"], certificate["invented"], certificate["different"]) == (0, 0, 0)
    assert certificate["pairs"] > SEEKERS
    assert certificate["streamed_sha256"] == certificate["recomputed_sha256"]

    scope, one = a_list_with_matches(city)
    shown = iljari_json("matches", f"--{scope}", one, data=city.data)
    best = shown["matches"][0]["pair"]
    assert best["score"] == sum(part["score"] for part in best["parts"])
    assert "commute" in best["unknown"]
    spoken = iljari("matches", f"--{scope}", one, "--data", city.data)
    assert spoken.returncode == 0
    assert "이력과 공고에 함께 나옵니다" in spoken.stdout


def a_list_with_matches(city: City) -> tuple[str, str]:
    with city.client() as client:
        page = client.get("/desk", headers={"accept": "text/html"})
    assert page.status_code == 200, page.text[:500]
    seeker = page.text.split("/desk/seekers/", 1)[1].split('"', 1)[0].split("?", 1)[0]
    return "seeker", seeker


def test_one_trace_runs_through_all_three_services(city: City, agency: str) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    document = {
        "source_ref": "trace-1",
        "title": "주간 요양보호사",
        "employer": "햇살재가센터",
        "description": "어르신 댁 방문 돌봄과 식사 보조",
        "place": {"district": "서울 마포구"},
    }
    seeker = {"source_ref": "s-1", "summary": "방문 돌봄과 식사 보조를 3년 했습니다", "skills": ["요양보호"]}
    rows = [{"where": "1", "document": seeker, "findings": []}]
    with city.client() as client:
        client.post("/api/v1/registry/seekers/batch", json={"consent": "invented", "rows": rows}).raise_for_status()
        city.wait_until_quiet()
        sent = client.post(
            "/api/v1/registry/postings",
            params={"agency": agency},
            json=document,
            headers={"Idempotency-Key": "trace-1", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
        )
        assert sent.is_success, sent.text
        posting = sent.json()["posting_id"]
    for service, stream in (("matching", "posting.published.v1"), ("notify", "matches.found.v1")):
        wait_for(lambda s=service, t=stream: in_log(city, s, t, trace), 30, f"the trace in {service}'s log")
    assert iljari_json("matches", "--posting", posting, data=city.data)["matches"]


def in_log(city: City, service: str, stream: str, trace: str) -> bool:
    lines = (city.data / "logs" / f"{service}.log").read_text("utf-8").splitlines()
    told = (json.loads(line) for line in lines if line.startswith("{"))
    return any(line.get("stream") == stream and trace in (line.get("traceparent") or "") for line in told)


def test_no_value_of_a_person_is_in_any_log_or_store_outside_the_vault(city: City) -> None:
    person = {"source_ref": "p-9", "name": "가나다라", "phone": "010-0000-7777", "email": "planted@example.invalid"}
    rows = [{"where": "1", "document": {**person, "summary": "사무 보조, 연락처 010-0000-7777"}, "findings": []}]
    with city.client() as client:
        client.post("/api/v1/registry/seekers/batch", json={"consent": "invented", "rows": rows}).raise_for_status()
    city.wait_until_quiet()
    files = [path for path in city.data.rglob("*") if path.is_file()]
    hits = [
        path.name
        for path in files
        for value in ("가나다라", "010-0000-7777", "planted@example.invalid")
        if value.encode() in path.read_bytes()
    ]
    assert hits == []
    assert any(b"\xec\x82\xac\xeb\xac\xb4" in path.read_bytes() for path in files), "the scan sees what is kept"


def test_every_page_of_a_machine_tells_its_refusals_as_problems(city: City) -> None:
    answer = httpx.get(f"{city.url}/api/v1/matching/matches", params={"seeker": "x"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"code", "where", "message", "message_ko", "hint"} <= set(answer.json())


def test_someone_who_is_let_in_sees_the_desk_until_she_leaves_and_so_does_a_copy_of_her_cookie(city: City) -> None:
    word = "a long password 가나다"
    added = subprocess.run(
        [*COMMAND, "account", "add", "mapo", "--name", "마포 상담사", "--json", "--data", str(city.data)],
        input=f"{word}\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert added.returncode == 0, added.stderr
    assert word not in added.stdout
    with httpx.Client(base_url=city.url, follow_redirects=True, headers={"accept": "text/html"}) as browser:
        form = browser.get("/sign-in").text
        token = re.search(r'name="form_token" value="([0-9a-f]+)"', form)
        assert token
        wrong = browser.post("/sign-in", data={"login": "mapo", "password": "wrong", "form_token": token[1]})
        assert "/desk" not in str(wrong.url)
        token = re.search(r'name="form_token" value="([0-9a-f]+)"', wrong.text)
        assert token
        desk = browser.post("/sign-in", data={"login": "mapo", "password": word, "form_token": token[1]})
        assert desk.url.path == "/desk"
        assert "마포 상담사" in desk.text
        copied = {"cookie": f"iljari_session={browser.cookies['iljari_session']}"}
        token = re.search(r'name="form_token" value="([0-9a-f]+)"', desk.text)
        assert token
        assert httpx.get(f"{city.url}/desk", headers=copied).status_code == 200
        browser.post("/sign-out", data={"form_token": token[1]})
    wait_for(lambda: httpx.get(f"{city.url}/desk", headers=copied).status_code == 401, 30, "a desk closed to the copy")
