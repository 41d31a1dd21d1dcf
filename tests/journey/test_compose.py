"""Does the city in containers do the main job: from an agency's XADD over two shards to a match?"""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.composed_city import ComposedCity, composed_city

pytestmark = [pytest.mark.journey, pytest.mark.campaign]

WAIT_SECONDS = 60
POSTING = {
    "source_ref": "2026-001",
    "title": "요양보호사 모집",
    "employer": "지어낸요양원",
    "description": "어르신의 식사와 이동을 돕습니다.",
    "place": "서울 마포구",
    "required_skills": ["요양보호", "식사보조"],
    "certificates": ["요양보호사"],
}
SEEKERS = [
    {"source_ref": f"invented-{number}", "skills": ["요양보호", "식사보조"], "certificates": ["요양보호사"]}
    for number in range(12)
]


@pytest.fixture(scope="module")
def city() -> Iterator[ComposedCity]:
    with composed_city() as city:
        yield city


@pytest.fixture(scope="module")
def operator(city: ComposedCity) -> Iterator[httpx.Client]:
    token = city.settings["ILJARI_OPERATOR_TOKEN"]
    with httpx.Client(base_url=city.url, headers={"Authorization": f"Bearer {token}"}, timeout=20) as client:
        wait_for(lambda: client.get("/health/ready").is_success)
        yield client


@pytest.fixture(scope="module")
def agency(city: ComposedCity, operator: httpx.Client) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(city.iljari("agency", "add", "지어낸일자리", "--licence", "유료", "--json"))
    return told


def wait_for(condition: Any) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)
    return found


def test_the_gateway_leads_to_each_service_and_keeps_their_numbers_to_itself(operator: httpx.Client) -> None:
    for service in ("registry", "matching", "notify"):
        assert operator.get(f"/api/v1/{service}/status").json()["service"] == service
    assert operator.get("/metrics").status_code == 404
    assert operator.get("/sign-in").is_success


def test_a_posting_written_to_redis_is_matched_over_both_shards(
    city: ComposedCity, operator: httpx.Client, agency: dict[str, Any]
) -> None:
    rows = [{"where": str(number), "document": document} for number, document in enumerate(SEEKERS)]
    registered = operator.post("/api/v1/registry/seekers/batch", json={"consent": "invented", "rows": rows})
    assert registered.is_success, registered.text

    user, password = _redis_account(agency)
    city.redis_cli(user, password, "XADD", agency["sends_to"], "*", "data", json.dumps(POSTING, ensure_ascii=False))
    said = wait_for(lambda: city.redis_cli(user, password, "XRANGE", agency["reads_from"], "-", "+"))
    receipt = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    assert receipt["outcome"] == "accepted"

    def all_matched() -> Any:
        found = operator.get("/api/v1/matching/matches", params={"posting": receipt["posting_id"]})
        pairs = found.json()["matches"] if found.is_success else []
        return len(pairs) == len(SEEKERS) and pairs

    wait_for(all_matched)
    lists = city.compose("exec", "-T", "postgres", "sh", "-c", _query("SELECT DISTINCT shard FROM match_list"))
    assert set(lists.split()) == {"0/2", "1/2"}


def test_an_agency_cannot_speak_for_registry(city: ComposedCity, agency: dict[str, Any]) -> None:
    user, password = _redis_account(agency)
    assert "NOPERM" in city.redis_cli(user, password, "XADD", "posting.published.v1", "*", "data", "{}")


def test_each_service_is_told_its_own_secrets_alone(city: ComposedCity) -> None:
    environment = city.compose("exec", "-T", "notify", "env")
    assert city.settings["NOTIFY_REDIS_PASSWORD"] in environment
    for foreign in ("REGISTRY_VAULT_KEY", "KEEPER_REDIS_PASSWORD", "REGISTRY_REDIS_PASSWORD", "POSTGRES_PASSWORD"):
        assert city.settings[foreign] not in environment


def test_no_service_runs_as_root_or_can_change_its_program(city: ComposedCity) -> None:
    for service in ("registry", "matching-0", "matching-1", "notify"):
        told = city.compose("exec", "-T", service, "sh", "-c", "id -u; touch /opt/iljari/x 2>&1 || true")
        assert told.startswith("10001"), told
        assert "Read-only file system" in told or "Permission denied" in told


def test_agencies_outlive_a_new_start_of_everything(
    city: ComposedCity, operator: httpx.Client, agency: dict[str, Any]
) -> None:
    city.compose("restart", "--timeout", "20", "rights", "valkey")
    user, password = _redis_account(agency)
    wait_for(lambda: city.redis_cli(user, password, "PING").strip() == "PONG")
    wait_for(lambda: httpx.get(f"{city.url}/health/ready", timeout=20).is_success)


def _redis_account(agency: dict[str, Any]) -> tuple[str, str]:
    found = re.match(r"redis://([^:]+):([^@]+)@", agency["redis_url"])
    assert found is not None
    return found[1], found[2]


def _query(statement: str) -> str:
    return f'PGPASSWORD=$MATCHING_DATABASE_PASSWORD psql -h 127.0.0.1 -U matching -At -c "{statement}" matching'
