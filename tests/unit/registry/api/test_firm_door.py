"""A firm learns who someone is only once she was referred to it, and while her consent stands; registry decides."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.people import consents
from services.registry.people.consents import Matter, present_texts
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.tables import AuditRow
from shared.database import reading, transaction
from tests.unit.registry.conftest import OPERATOR, SERVICE
from tests.unit.registry.referrals.test_referrals import City

NAME, PHONE = "홍길순", "010-2345-6789"


class Named(City):
    """The same city, whose first seeker has a name and a telephone."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        super().__init__(engine, vault)
        with transaction(engine) as session:
            row = SeekerRow("0", {"source_ref": "0", "summary": "빵", "name": NAME, "phone": PHONE})
            register(session, [row], "invented", vault)


@pytest.fixture
def city(engine: Engine, vault: Vault) -> Named:
    return Named(engine, vault)


def asked(client: TestClient, city: City, posting: UUID | None = None, **headers: str) -> Any:
    told = {
        "posting_id": str(posting or city.postings[0]),
        "seeker_ids": [str(one) for one in city.seekers],
        "who": "firm link 1a2b",
        "purpose": "firm link",
    }
    return client.post("/api/v1/registry/people/reveal-to-firm", json=told, headers=headers or SERVICE)


def test_name_and_contact_of_whoever_agreed_and_a_row_of_the_audit_log(client: TestClient, city: Named) -> None:
    city.hear(*city.referred())
    people = asked(client, city).json()["people"]
    assert people == [{"seeker_id": str(city.seekers[0]), "name": NAME, "phone": PHONE, "email": ""}]
    with reading(city.engine) as session:
        row = session.exec(select(AuditRow).where(AuditRow.who == "firm link 1a2b")).one()
    assert (row.seeker_id, tuple(row.items)) == (city.seekers[0], ("name", "phone", "email"))


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_nobody_before_she_was_referred(client: TestClient, city: Named, steps: int) -> None:
    city.hear(*city.referred()[:steps])
    assert asked(client, city).json() == {"people": []}


def test_nobody_once_she_took_her_consent_back(client: TestClient, city: Named) -> None:
    city.hear(*city.referred())
    with transaction(city.engine) as session:
        assert consents.revoke(session, city.seekers[0], Matter("provision", "가게 0"))
    assert asked(client, city).json() == {"people": []}


def test_another_firm_and_an_unknown_posting_learn_nothing_alike(client: TestClient, city: Named) -> None:
    city.hear(*city.referred())
    answers = [asked(client, city, posting) for posting in (city.postings[1], uuid4())]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"people": []})] * 2


def test_only_a_service_may_ask(client: TestClient, city: Named) -> None:
    assert asked(client, city, **OPERATOR).status_code == 403


def test_the_text_of_the_consent_names_the_firm_and_its_version(client: TestClient, city: Named) -> None:
    told = client.get(f"/api/v1/registry/postings/{city.postings[0]}/provision-text", headers=SERVICE).json()
    assert (told["version"], told["recipient"]) == (present_texts()["provision"].version, "가게 0")
    assert "가게 0" in told["ko"]["purpose"]
    assert all(told[language][item] for language in ("ko", "en") for item in ("items", "period", "refusal"))
    unknown = client.get(f"/api/v1/registry/postings/{uuid4()}/provision-text", headers=SERVICE)
    assert unknown.status_code == 404
