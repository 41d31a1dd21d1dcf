"""Whoever writes too often is told to wait; reading, others, and the house's own tokens go on."""

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.registry.app import create_app
from services.registry.orders.agencies import add_agency
from services.registry.settings import RegistrySettings
from shared.database import transaction
from shared.web.sign_in import SESSION_COOKIE, SignedIn, make_cookie
from tests.unit.registry.conftest import OPERATOR

POSTINGS = "/api/v1/registry/postings"


@pytest.fixture
def hasty(engine: Engine, settings: RegistrySettings) -> TestClient:
    """A registry where two writes an hour are enough."""
    few = settings.model_copy(update={"write_limit": "2/hour", "stranger_write_limit": "2/hour"})
    return TestClient(create_app(few), raise_server_exceptions=False)


def statuses(client: TestClient, count: int = 3, **headers: str) -> list[int]:
    return [client.post(POSTINGS, json={}, headers=headers).status_code for _ in range(count)]


def test_a_stranger_is_told_when_to_come_back(hasty: TestClient) -> None:
    assert statuses(hasty)[:2] == [401, 401]
    refused = hasty.post("/sign-in", data={"login": "x", "password": "y"}, headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    assert 0 < int(refused.headers["retry-after"]) <= 3_600
    assert hasty.get("/sign-in").status_code == 200


def test_a_page_says_so_to_people(hasty: TestClient) -> None:
    statuses(hasty)
    refused = hasty.post("/sign-in", data={}, headers={"accept": "text/html"})
    assert refused.status_code == 429
    assert "잠시 후" in refused.text


def test_an_agency_s_key_is_counted_and_a_made_up_one_is_nobody_new(hasty: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        _, key = add_agency(session, "마포", "무료")
    assert statuses(hasty, authorization=f"Bearer {key}")[2] == 429
    assert statuses(hasty, 1, authorization="Bearer made-up") == [429]


def test_accounts_are_counted_each_alone(hasty: TestClient, settings: RegistrySettings) -> None:
    def of(number: int) -> Any:
        who = SignedIn(role="counselor", account_id=UUID(int=number), label="상담사")
        return {"cookie": f"{SESSION_COOKIE}={make_cookie(settings, who)}"}

    assert statuses(hasty, **of(1)) == [403, 403, 429]
    assert statuses(hasty, 1, **of(2)) == [403]


def test_the_operator_s_token_is_not_counted(hasty: TestClient) -> None:
    assert 429 not in statuses(hasty, 5, **OPERATOR)


@pytest.mark.parametrize("rule", ["", "often"])
def test_a_rule_that_is_none_is_found_at_the_start(rule: str, engine: Engine, settings: RegistrySettings) -> None:
    with pytest.raises(ValueError, match=r"."):
        create_app(settings.model_copy(update={"write_limit": rule}))
