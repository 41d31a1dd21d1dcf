"""The report as officials, counselors and clerks open it: out of the ledger, with rows, nothing of anybody else's."""

import csv
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.registry.cafes.places import add_cafe
from services.registry.commands.benefit import show_benefit
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Seeker
from shared.clock import stopped_at
from shared.database import transaction
from shared.web.sign_in import SESSION_COOKIE, SignedIn, make_cookie
from tests.unit.registry.conftest import OPERATOR
from tests.unit.registry.referrals.test_referrals import START, City

API = "/api/v1/registry/benefit"
CAFE = UUID(int=4)
FIRM = "가게"


@pytest.fixture
def city(engine: Engine, vault: Vault) -> City:
    """One is hired after a week, one was declined; both looked after by the same café."""
    city = City(engine, vault)
    with transaction(engine) as session:
        add_cafe(session, "망원 카페", "서울 마포구", cafe_id=CAFE)
        for seeker in city.seekers:
            session.get_one(Seeker, seeker).cafe_id = CAFE
    city.hear(*city.referred(), city.answered("hired"))
    city.hear(city.reviewed(seeker=1, posting=1), city.answered("declined", "seeker", seeker=1, posting=1))
    return city


@pytest.fixture
def ask(city: City, client: TestClient, settings: RegistrySettings) -> Any:
    def ask(path: str = API, role: str = "operator", **asked: Any) -> Any:
        with stopped_at(START):
            if role == "operator":
                return client.get(path, params=asked or None, headers=OPERATOR)
            who = {"role": role, "account_id": uuid4(), "cafe_ids": (CAFE,), "cafe_id": CAFE,
                   "agency_id": city.agency.agency_id, "label": role}  # fmt: skip
            if role == "another counselor":
                who |= {"role": "counselor", "cafe_id": UUID(int=5), "cafe_ids": (UUID(int=5),)}
            if role == "another agency":
                who |= {"role": "agency", "agency_id": UUID(int=6)}
            cookie = make_cookie(settings, SignedIn.model_validate(who))
            return client.get(path, params=asked or None, headers={"cookie": f"{SESSION_COOKIE}={cookie}"})

    return ask


def figures(told: Any) -> dict[str, Any]:
    return {each["figure"]: each for party in told.json()["parties"].values() for each in party}


def test_the_ledger_s_figures_come_with_meaning_parts_and_rows(ask: Any, city: City) -> None:
    told = figures(ask())
    shown = {name: (each["numerator"], each["denominator"], each["unknown"]) for name, each in told.items()}
    assert shown["people_proposed"] == (2, None, 0)
    assert shown["people_hired"] == (1, 1, 0)
    assert shown["proposals_agreed"] == (1, 2, 0)
    assert shown["retained_1"] == (None, None, 0), "the first month has not passed: nothing to say, and not zero"
    assert all(each["definition"]["ko"] and each["definition"]["en"] for each in told.values())
    [row] = ask(f"{API}/people_hired").json()["rows"]
    assert (row["id"], row["is"], row["adds"]) == (str(city.seekers[0]), "seeker_id", 1)
    assert [step["state"] for step in row["pairs"][0]["path"]] == [
        "proposed", "agreed", "consented", "referred", "hired",
    ]  # fmt: skip


def test_every_number_of_the_page_leads_to_its_rows_and_names_nobody(ask: Any, city: City) -> None:
    page = ask("/benefit", "official")
    assert page.status_code == 200, page.text
    assert "3주체 실익 보고서" in page.text
    for each in figures(ask()).values():
        rows = ask(each["rows_at"], "official")
        assert rows.status_code == 200
        assert FIRM not in rows.text
    assert str(city.seekers[0]) in ask("/benefit/rows", "official", figure="people_hired").text


def test_charts_hold_nothing_that_our_policy_refuses(ask: Any) -> None:
    page = ask("/benefit").text
    assert page.count('<svg class="chart"') == 1, "of who stayed there is no data yet, so no chart"
    assert "<rect" in page.partition('<svg class="chart"')[2]
    for refused in ("<style", "<script", "style=", "http://", "https://", "onload"):
        assert refused not in page, refused


def test_the_sheet_has_every_figure_and_no_data_as_an_empty_cell(ask: Any) -> None:
    sheet = ask("/benefit/figures.csv")
    rows = list(csv.DictReader(StringIO(sheet.content.decode("utf-8-sig"))))
    by_figure = {(row["part"], row["line"], row["figure"]): row for row in rows}
    assert by_figure["worker", "", "people_hired"]["value"] == "1.0"
    assert by_figure["worker", "", "retained_1"]["value"] == ""
    assert by_figure["cafe", "망원 카페", "people_referred"]["value"] == "1"
    assert by_figure["district", "서울 마포구", "people_referred"]["value"] == "1"
    told = list(csv.DictReader(StringIO(ask("/benefit/rows.csv", figure="pairs_hired").content.decode("utf-8-sig"))))
    assert [row["states"].split(":")[0] for row in told] == ["proposed"]


def test_a_counselor_sees_her_cafe_and_a_clerk_her_agency(ask: Any, city: City) -> None:
    for role in ("counselor", "agency"):
        assert figures(ask(role=role))["pairs_hired"]["value"] == 1
        assert ask("/benefit", role).status_code == 200
    for role in ("another counselor", "another agency"):
        assert figures(ask(role=role))["pairs_hired"]["value"] is None
        assert ask(f"{API}/pairs_hired", role).json()["rows"] == []
    assert ask(role="another counselor", cafe=CAFE).status_code == 404
    assert ask(role="another agency", agency=city.agency.agency_id).status_code == 404


def test_it_narrows_to_a_cafe_a_district_and_quarters(ask: Any, city: City) -> None:
    assert figures(ask(cafe=CAFE))["pairs_hired"]["value"] == 1
    assert figures(ask(cafe=uuid4()))["pairs_hired"]["value"] is None
    assert figures(ask(district="서울 종로구"))["pairs_hired"]["value"] is None
    assert figures(ask(since="2026-Q4", until="2026-Q4"))["pairs_hired"]["value"] == 1
    assert figures(ask(since="2026-Q1", until="2026-Q3"))["pairs_hired"]["value"] is None


@pytest.mark.parametrize(
    "asked",
    [{"since": "2026-Q5"}, {"since": "2026-Q4", "until": "2026-Q3"}, {"since": "1950-Q1"}, {"cafe": "x"}],
)
def test_a_wrong_scope_is_told(ask: Any, asked: dict[str, str]) -> None:
    assert ask(**asked).status_code == 422


def test_rows_are_walked_by_their_ids_and_shown_once(ask: Any, city: City) -> None:
    """Whoever comes in between moves no row to another page."""
    everyone = [row["id"] for row in ask(f"{API}/people_proposed").json()["rows"]]
    assert everyone == sorted(map(str, city.seekers[:2]))
    first = ask(f"{API}/people_proposed", limit=1)
    second = ask(first.links["next"]["url"])
    assert [row["id"] for told in (first, second) for row in told.json()["rows"]] == everyone
    assert "next" not in second.links
    assert ask("/benefit/rows", figure="people_proposed", after="bm9uZQ==").status_code == 422


def test_an_unknown_figure_is_not_there(ask: Any) -> None:
    assert ask(f"{API}/wealth").status_code == 404
    assert ask("/benefit/rows", figure="wealth").status_code == 404


def test_an_empty_ledger_says_so_everywhere(client: TestClient) -> None:
    told = client.get(API, headers=OPERATOR)
    assert {each["value"] for each in figures(told).values()} == {None}
    page = client.get("/benefit", headers=OPERATOR)
    assert (page.status_code, page.text.count("자료 없음") > 20) == (200, True)


def test_the_terminal_shows_each_party(ask: Any, capsys: pytest.CaptureFixture[str]) -> None:
    show_benefit(ask().json())
    told = capsys.readouterr().out
    for shown in ("알선 후 채용된 구직자", "100.0%", "자료 없음 no data", "망원 카페"):
        assert shown in told
