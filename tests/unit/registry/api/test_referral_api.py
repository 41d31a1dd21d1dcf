"""Who may ask where pairs stand, what is told, and what comes of an answer noted by the operator."""

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.registry.orders.ledger import referral_id_of
from services.registry.people.vault import Vault
from tests.unit.registry.conftest import OPERATOR, SERVICE
from tests.unit.registry.referrals.test_referrals import City

PATH = "/api/v1/registry/referrals"


def test_pairs_are_listed_shown_and_answered(engine: Engine, vault: Vault, client: TestClient) -> None:
    city = City(engine, vault)
    city.hear(*city.referred(), city.reviewed("dismissed", seeker=1, reason="wage"))
    listed: Any = client.get(PATH, params={"state": "referred"}, headers=OPERATOR).json()
    assert [row["seeker_id"] for row in listed] == [str(city.seekers[0])]
    path = f"{PATH}/{listed[0]['referral_id']}"
    refused = client.post(f"{path}/answers", json={"answer": "still_employed"}, headers=OPERATOR).json()
    assert refused["refused"] == "NOT_AT_THIS_STAGE"
    hired = client.post(f"{path}/answers", json={"answer": "hired", "on_day": "2026-11-30"}, headers=OPERATOR).json()
    assert (hired["state"], hired["refused"]) == ("hired", None)
    lines = client.get(path, headers=OPERATOR).json()["lines"]
    assert [line["answer"] for line in lines] == ["accepted", "agreed", "consented", "", "still_employed", "hired"]


def test_labels_say_what_was_shown_when_it_was_decided(engine: Engine, vault: Vault, client: TestClient) -> None:
    city = City(engine, vault)
    city.hear(city.reviewed("dismissed", seeker=1, reason="wage"), city.answered("hired"))
    labels = client.get(f"{PATH}/labels", headers=SERVICE).json()
    assert [(each["answer"], each["reason"], each["score"], each["rank"]) for each in labels] == [
        ("dismissed", "wage", 8_000, 2)
    ]


def test_strangers_learn_nothing_and_unknown_pairs_are_not_there(
    client: TestClient, engine: Engine, vault: Vault
) -> None:
    city = City(engine, vault)
    unknown = referral_id_of(city.seekers[0], city.postings[1])
    assert client.get(PATH).status_code == 401
    assert client.get(f"{PATH}/{unknown}", headers=OPERATOR).status_code == 404
