"""Districts and coverage as asked for: layers brought, districts decided, shares with numerator and denominator."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.registry.api.ground import today
from services.registry.app import create_app
from services.registry.cafes.places import add_cafe
from services.registry.people.accounts import add_account
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from shared.database import transaction
from tests.unit.registry.conftest import OPERATOR

API = "/api/v1/registry"
PASSWORD = "long enough to keep"
STREET = [f"agency,소개소 {i},{37.55 + i * 0.0004:.4f},126.92,서울 마포구" for i in range(6)]
PLACES = "\n".join(["kind,name,latitude,longitude,district", "cafe,홍대 카페,37.551,126.92,서울 마포구", *STREET, ""])
RESIDENTS = (
    "name,latitude,longitude,residents,district\n"
    "near,37.552,126.92,300,서울 마포구\nfar,37.580,126.92,100,서울 마포구\nalone,37.650,127.06,600,서울 노원구\n"
)


@pytest.fixture
def asks(client: TestClient, engine: Engine, vault: Vault) -> Any:
    """A city with one café, three cells and seekers of whom one says no district."""
    with transaction(engine) as session:
        add_cafe(session, "홍대 카페", "서울 마포구")
        homes = ["서울 마포구 망원로 1"] * 4 + ["서울 노원구 동일로 2"] * 4 + [""]
        rows = [SeekerRow(f"{i}", {"name": f"가{i}", "home": home, "summary": "x"}) for i, home in enumerate(homes)]
        assert all(receipt.seeker_id for receipt in register(session, rows, "consent", vault))
    for layer, text in (("places", PLACES), ("residents", RESIDENTS)):
        sent = client.put(f"{API}/ground/{layer}", json={"text": text, "source": f"{layer} 2026"}, headers=OPERATOR)
        assert sent.json()["returned"] == 0

    def ask(method: str, path: str, **asked: Any) -> Any:
        return client.request(method, f"{API}/{path}", headers=OPERATOR, **asked)

    return ask


def proposed(asks: Any) -> dict[str, Any]:
    [district] = asks("POST", "districts/proposals", json={}).json()
    return dict(district)


def test_a_layer_is_kept_with_its_source_and_bad_rows_are_told(asks: Any) -> None:
    told = asks("PUT", "ground/places", json={"text": f"{PLACES}bank,x,37.5,127,\n", "source": "next"}).json()
    assert (told["taken"], told["returned"], told["rows"][0]["line"], told["rows"][0]["field"]) == (7, 1, 9, "kind")
    layers = {each["layer"]: each for each in asks("GET", "ground").json()}
    assert (layers["places"]["source"], layers["places"]["rows"], layers["paths"]["rows"]) == ("next", 7, 0)
    asks("PUT", "ground/places", json={"text": "nonsense", "source": "broken"})
    assert asks("GET", "ground").json()[0]["source"] == "next"


def test_the_same_places_give_the_same_candidate(asks: Any) -> None:
    first = proposed(asks)
    assert (first["name"], first["state"], first["evidence"]["count"]) == ("서울 마포구", "candidate", 7)
    assert first["evidence"]["source"] == "places 2026"
    assert proposed(asks)["district_id"] == first["district_id"]
    assert asks("POST", "districts/proposals", json={"least": 50}).json() == []


def test_a_district_is_designated_then_dissolved_and_never_the_other_way(asks: Any) -> None:
    path = f"districts/{proposed(asks)['district_id']}"
    tomorrow = (today() + timedelta(days=1)).isoformat()
    for step, asked, code in (
        ("dissolve", {"reason": "too early"}, "STATE_WRONG"),
        ("designate", {"on": tomorrow}, "DATE_WRONG"),
        ("designate", {"on": "2000-01-01"}, "DATE_WRONG"),
    ):
        refused = asks("POST", f"{path}/{step}", json=asked)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    told = asks("POST", f"{path}/designate", json={"name": "홍대 취업의 거리", "reason": "위원회"}).json()
    assert (told["state"], told["name"], told["designated_on"]) == ("designated", "홍대 취업의 거리", str(today()))
    assert asks("POST", f"{path}/designate", json={}).json()["code"] == "STATE_WRONG"
    assert asks("POST", "districts/proposals", json={}).json() == [], "what is designated is not proposed again"
    assert asks("GET", "districts").json()["figure"] == {"designated": 1, "living": 1}
    assert asks("POST", f"{path}/dissolve", json={}).json()["code"] == "REASON_NEEDED"
    assert asks("POST", f"{path}/dissolve", json={"reason": "업체 이전"}).json()["state"] == "dissolved"
    assert asks("POST", f"{path}/dissolve", json={"reason": "again"}).json()["code"] == "STATE_WRONG"
    assert asks("POST", f"districts/{uuid4()}/designate", json={}).status_code == 404


def test_coverage_has_numerator_denominator_and_what_is_unknown(asks: Any) -> None:
    told = asks("GET", "coverage").json()
    assert (told["method"], told["estimate"], told["cafes"], told["cafes_without_place"]) == (
        "straight line",
        True,
        1,
        0,
    )
    figures = {each["of"]: each for each in told["figures"]}
    assert (figures["area"]["share"], figures["area"]["whole"]) == (None, 0.0), "no boundary: no data, not nothing"
    assert (figures["residents"]["part"], figures["residents"]["whole"]) == (300, 1000)
    seekers = figures["seekers"]  # four of 마포구 where three of four residents are near, four of 노원구, one unknown
    assert (seekers["part"], seekers["whole"], seekers["unknown"]) == (3.0, 8, 1)


def test_the_next_cafe_goes_where_most_live(asks: Any) -> None:
    told = asks("GET", "coverage/next?count=1").json()
    assert [(site["name"], site["adds"]) for site in told["sites"]] == [("alone", 600.0)]
    assert (told["gained"], told["greedy_gained"], told["gap"], told["before"]) == (600.0, 600.0, 0.0, 300.0)
    refused = asks("GET", "coverage?method=network")
    assert (refused.status_code, refused.json()["code"]) == (409, "LAYER_MISSING")
    assert asks("GET", "coverage?detour=0.5").status_code == 422


def test_an_official_sees_the_map_decides_and_reads_why_not(
    asks: Any, engine: Engine, settings: RegistrySettings
) -> None:
    proposed(asks)
    with transaction(engine) as session:
        add_account(session, login="official", display_name="주무관", role="official", password=PASSWORD)
    browser = TestClient(create_app(settings), headers={"accept": "text/html"})

    def send(page: str, to: str, **fields: str) -> Any:
        token = re.search(r'name="form_token" value="([0-9a-f]+)"', browser.get(page).text)
        assert token
        return browser.post(to, data={"form_token": token[1], **fields})

    send("/sign-in", "/sign-in", login="official", password=PASSWORD)
    shown = browser.get("/districts").text
    assert "<svg" in shown
    assert "http://www" not in shown
    path = re.search(r'href="(/districts/[0-9a-f-]{36})"', shown)
    assert path
    assert "날짜는" in send(path[1], f"{path[1]}/designate", on="2000-01-01").text
    assert "2026-03-01처럼" in send(path[1], f"{path[1]}/designate", on="어제").text
    assert "해제하기" in send(path[1], f"{path[1]}/designate", name="취업의 거리").text
    assert send("/districts", "/districts/propose", metres="200", least="4").url.path == "/districts"
    told = browser.get("/coverage?count=2").text
    for words in ("30.0 %", "자료 없음", "직선거리로 어림", "600", "최적임이 증명됨"):
        assert words in told, words
    assert "straight-line estimate" in browser.get("/coverage?lang=en").text
