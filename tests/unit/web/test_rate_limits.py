"""Too often is told as such, with the time to wait; others are not made to pay for it."""

from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from shared.web.answering import answer_problems
from shared.web.rate_limits import RateLimit


def a_door(rule: str) -> TestClient:
    app = FastAPI()
    answer_problems(app)
    limit = RateLimit(rule, lambda request: request.headers["x-sender"])

    @app.get("/door")
    def door(_: Annotated[None, Depends(limit)]) -> str:
        return "in"

    return TestClient(app)


def knock(door: TestClient, sender: str = "one") -> int:
    return door.get("/door", headers={"x-sender": sender}).status_code


def test_beyond_its_measure_a_sender_is_told_to_wait() -> None:
    door = a_door("3/hour")
    assert [knock(door) for _ in range(4)] == [200, 200, 200, 429]
    refused = door.get("/door", headers={"x-sender": "one"})
    assert refused.json()["code"] == "RATE_LIMITED"
    assert 0 < int(refused.headers["retry-after"]) <= 3_600


def test_each_sender_is_counted_alone() -> None:
    door = a_door("1/minute")
    assert [knock(door, sender) for sender in ("one", "two", "one")] == [200, 200, 429]


@pytest.mark.parametrize("rule", ["", "many", "0 a day"])
def test_a_rule_that_is_none_is_found_when_the_service_starts(rule: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        RateLimit(rule)
