"""Who may pass where: every route of every service as every role. A route without a row in `routes.tsv` fails."""

import csv
import re
from pathlib import Path

import pytest

from shared.web.description import routes_of
from tests.walls.conftest import ROLES, House, refused

ROWS = list(csv.DictReader((Path(__file__).parent / "routes.tsv").read_text("utf-8").splitlines(), delimiter="\t"))
EVERYONE = "everyone"
NOBODY = "00000000-0000-0000-0000-00000000dead"


def test_every_route_has_its_row(houses: dict[str, House]) -> None:
    there = {
        (service, method, route.path_format)
        for service, house in houses.items()
        for route in routes_of(house.app)
        for method in route.methods or ()
    }
    rows = [(row["service"], row["method"], row["path"]) for row in ROWS]
    assert sorted(rows) == sorted(there), "say in tests/walls/routes.tsv who may pass each route, and nothing else"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['service']} {row['method']} {row['path']}")
def test_who_may_passes_and_nobody_else(row: dict[str, str], houses: dict[str, House]) -> None:
    path = re.sub(r"\{\w+\}", "00000000-0000-0000-0000-000000000001", row["path"])
    house = houses[row["service"]]
    passed = {role for role in ROLES if not refused(house.send(role, row["method"], path))}
    listed = set(row["may_pass"].split())
    assert passed == (set(ROLES) if listed == {EVERYONE} else listed)


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), str(10**30), "one"])
def test_a_number_that_no_database_holds_is_an_answer_not_a_fault(number: str, houses: dict[str, House]) -> None:
    for service, house in houses.items():
        answer = house.send("operator", "GET", f"/api/v1/{service}/buried/{number}")
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "accounts",
            {"login": "kim", "display_name": "김", "role": "operator", "password": "ten letters", "agency_id": NOBODY},
        ),
        (
            "accounts",
            {
                "login": "lee",
                "display_name": "이",
                "role": "counselor",
                "password": "ten letters",
                "cafe_ids": [NOBODY],
            },
        ),
        ("seekers/batch", {"rows": [{"where": "1"}], "cafe_id": NOBODY}),
    ],
)
def test_nothing_points_to_what_is_not_there(path: str, body: dict[str, object], houses: dict[str, House]) -> None:
    house = houses["registry"]
    answer = house.web.post(f"/api/v1/registry/{path}", json=body, headers=house.credentials("operator"))
    assert (answer.status_code, answer.json()["code"]) == (422, "REFERENCE_UNKNOWN")
