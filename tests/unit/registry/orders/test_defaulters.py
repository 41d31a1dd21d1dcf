"""The published list of wage defaulters comes in whole and is looked up for each posting at the door."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.intake.door import Receipt
from services.registry.tables import Defaulter, JobOrder
from shared.database import reading
from shared.outbox import OutboxLine
from tests.unit.registry.conftest import OPERATOR, a_document

Send = Callable[..., Receipt]
FIRMS = [
    {"name": "(주)망원베이커리", "registration_number": "123-45-67890"},
    {"name": "밀린식당"},
    {"name": "㈜ 밀린식당"},
]


@pytest.fixture(autouse=True)
def listed(client: TestClient, engine: Engine) -> None:
    for firms in ([{"name": "지난 명단의 업체"}], FIRMS):
        assert client.put("/api/v1/registry/defaulters", json={"firms": firms}, headers=OPERATOR).status_code == 200
    with reading(engine) as session:
        assert sorted(session.exec(select(Defaulter.name))) == ["망원베이커리", "밀린식당"]


@pytest.mark.parametrize(
    ("but", "outcome", "codes"),
    [
        ({"employer_number": "1234567890"}, "returned", {"LAW_DEFAULTER_NAMED"}),
        ({"employer": "이름을 바꾼 업체", "employer_number": "123-45-67890"}, "returned", {"LAW_DEFAULTER_NAMED"}),
        ({}, "held", {"LAW_DEFAULTER_SAME_NAME", "ORDER_HELD"}),
        ({"employer_number": "999-99-99999"}, "accepted", set()),
        ({"employer": "밀린 식당"}, "held", {"LAW_DEFAULTER_SAME_NAME", "ORDER_HELD"}),
        ({"employer": "다른식당"}, "accepted", set()),
    ],
)
def test_a_listed_firm_is_refused_by_its_number_and_held_by_its_name(
    send: Send, but: dict[str, Any], outcome: str, codes: set[str]
) -> None:
    receipt = send(a_document(**but))
    assert (receipt.outcome, {found.code for found in receipt.findings}) == (outcome, codes)


def test_the_number_that_a_held_order_lacked_opens_it_and_does_not_travel(send: Send, engine: Engine) -> None:
    assert send(a_document(source_ref="1")).outcome == "held"
    assert send(a_document(source_ref="1", employer_number="999-99-99999")).outcome == "accepted"
    with reading(engine) as session:
        assert session.exec(select(JobOrder.employer_number)).one() == "999-99-99999"
        assert not [line for line in session.exec(select(OutboxLine)) if "999-99" in line.fields]
