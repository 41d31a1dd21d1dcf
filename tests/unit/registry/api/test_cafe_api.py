"""Does a café come to be step by step, and only as one that can be; and does a call for partners end in one?"""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from shared.clock import stopped_at
from tests.unit.registry.pages.visitor import at

pytestmark = pytest.mark.usefixtures("the_night_before")


def test_a_cafes_life_goes_step_by_step(client: TestClient) -> None:
    client.headers |= {"Authorization": "Bearer operator-token"}
    made = client.post(
        "/api/v1/registry/cafes",
        json={"name": "새 카페", "district": "서울 중구", "state": "planned", "on": "2026-01-05"},
    )
    at_cafe = f"/api/v1/registry/cafes/{made.json()['cafe_id']}"

    def step(state: str, on: str) -> tuple[int, str]:
        answer = client.post(f"{at_cafe}/stages", json={"state": state, "on": on})
        return answer.status_code, answer.json().get("code", "")

    assert step("opened", "2026-02-01") == (409, "STATE_SKIPPED")
    assert step("called", "2025-12-01") == (409, "STATE_BACKDATED")
    assert step("called", "2026-12-24") == (409, "DAY_AHEAD")
    assert step("called", "2026-02-01") == (201, "")
    assert step("agreed", "2026-03-01") == (201, "")
    assert step("opened", "2026-04-01") == (409, "NO_AGREEMENT")
    agreement = {"space_by": "시험대학교", "programs_by": "서울시", "begins_on": "2026-03-01", "ends_on": "2026-02-01"}
    assert client.post(f"{at_cafe}/agreements", json=agreement).json()["code"] == "PERIOD_WRONG"
    assert client.post(f"{at_cafe}/agreements", json=agreement | {"ends_on": "2028-02-28"}).status_code == 201
    assert step("opened", "2026-04-01") == (201, "")
    assert step("operating", "2026-04-01") == (201, "")
    assert step("opened", "2026-05-01") == (409, "STATE_SKIPPED")
    assert step("ended", "2026-11-30") == (201, "")
    told = client.get(at_cafe).json()
    assert [(each["state"], each["on"]) for each in told["stages"]][-1] == ("ended", "2026-11-30")
    assert client.get(f"/cafes/{told['cafe_id']}", headers={"accept": "text/html"}).status_code == 404


BAD_CAFES = [
    ({"latitude": 37.5}, "PLACE_WRONG"),
    ({"latitude": 126.9, "longitude": 37.5}, "PLACE_WRONG"),
    ({"hours": [["09:00", "18:00"]]}, "HOURS_WRONG"),
    ({"hours": [["18:00", "09:00"]] * 7}, "HOURS_WRONG"),
    ({"hours": [["9시", "18시"]] * 7}, "HOURS_WRONG"),
    ({"hours": [["09:00", "24:30"]] * 7}, "HOURS_WRONG"),
    ({"hours": [{"from": 9}] * 7}, "HOURS_WRONG"),
    ({"venue_type": "카페"}, "INVALID"),
    ({"partnership": "대학생"}, "INVALID"),
    ({"name": " "}, "INVALID"),
]


@pytest.mark.parametrize(("but", "code"), BAD_CAFES, ids=[f"{n} {next(iter(b[0]))}" for n, b in enumerate(BAD_CAFES)])
def test_a_cafe_that_cannot_be_is_refused_beside_its_field(client: TestClient, but: dict[str, Any], code: str) -> None:
    client.headers |= {"Authorization": "Bearer operator-token"}
    answer = client.post("/api/v1/registry/cafes", json={"name": "새 카페", "district": "서울 중구"} | but)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["where"].split(".")[0] in (*but, "latitude")
    assert client.get("/api/v1/registry/cafes").json() == []


def test_a_call_for_partners_ends_in_a_cafe(client: TestClient) -> None:
    client.headers |= {"Authorization": "Bearer operator-token"}
    asked = {"title": "2026 하반기 협력점 공모", "opens_on": "2026-11-01", "closes_on": "2026-12-31"}
    call = client.post("/api/v1/registry/partner-calls", json=asked).json()
    offer = {
        "organisation": "가상대학교 학생회관",
        "venue_type": "대학",
        "partnership": "대학",
        "district": "서울 성북구",
    }
    made = client.post(f"/api/v1/registry/partner-calls/{call['call_id']}/applications", json=offer).json()
    decide = f"/api/v1/registry/partner-applications/{made['application_id']}/decision"
    assert client.post(decide, json={"state": "accepted"}).json()["code"] == "DECISION_WRONG"
    assert client.post(decide, json={"state": "reviewed"}).status_code == 200
    assert client.post(decide, json={"state": "refused"}).json()["code"] == "REASON_MISSING"
    accepted = client.post(decide, json={"state": "accepted", "reason": "통학로"}).json()
    cafe = client.get(f"/api/v1/registry/cafes/{accepted['cafe_id']}").json()
    assert (cafe["state"], cafe["venue_type"]) == ("agreed", "대학")
    with stopped_at(at("09:00") + timedelta(days=60)):
        late = client.post(f"/api/v1/registry/partner-calls/{call['call_id']}/applications", json=offer)
        assert late.json()["code"] == "CALL_CLOSED"
