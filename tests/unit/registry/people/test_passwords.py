"""Which passwords are taken: none that anybody would try first, and every other one whole."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.registry.people.accounts import sign_in
from services.registry.people.passwords import guessable
from shared.database import transaction
from tests.unit.registry.conftest import OPERATOR

LONG = "".join(chr(0xAC00 + number * 37 % 11_000) for number in range(200))
ACCOUNT = {"login": "haneul", "display_name": "김하늘", "role": "counselor"}


def make(client: TestClient, password: str) -> Any:
    return client.post("/api/v1/registry/accounts", json=ACCOUNT | {"password": password}, headers=OPERATOR)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("seven77", "INVALID"),
        (LONG + "가", "INVALID"),
        ("basketball", "PASSWORD_COMMON"),
        ("1234567890", "PASSWORD_COMMON"),
        ("qwertyuiop", "PASSWORD_COMMON"),
        ("1q2w3e4r5t", "PASSWORD_COMMON"),
        ("password123", "PASSWORD_COMMON"),
        ("P@ssw0rd123", "PASSWORD_COMMON"),
        ("가가가가가가가가가가", "PASSWORD_COMMON"),
        ("haneul1234", "PASSWORD_COMMON"),
    ],
)
def test_a_password_that_is_no_good_is_refused_unrepeated(client: TestClient, password: str, code: str) -> None:
    refused = make(client, password)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["where"].endswith("password")
    assert password not in refused.text


@pytest.mark.parametrize("password", [LONG, "긴 비밀번호 with spaces 🍞", "tulip anvil harbour"])
def test_a_good_one_is_taken_to_its_last_character(client: TestClient, engine: Engine, password: str) -> None:
    assert make(client, password).status_code == 201
    with transaction(engine) as session:
        assert sign_in(session, "haneul", password) is not None
        assert sign_in(session, "haneul", password[:-1]) is None


def test_what_others_know_of_her_is_no_secret() -> None:
    assert not guessable("01038194627")
    assert guessable("01038194627", "010-3819-4627", "01038194627")
