"""What every service's own description promises, asked of every route as every role: no fault, no undescribed answer.

Schemathesis draws requests from the OpenAPI document, right and wrong ones. `make test` draws a few of each; the
campaign draws many.
"""

from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.walls.conftest import ROLES, SERVICES, House

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
"""That a request which fits its schema is taken is not among them: rules beyond a schema may refuse it."""


def send(house: House, role: str, case: Any) -> Any:
    """The request as drawn, byte for byte, with the credentials of this role."""
    asked = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    headers = {**asked.headers, **house.credentials(role)}
    return house.web.request(asked.method, asked.url, headers=headers, content=asked.body or b"")


def ask_everything(house: House, draws: int) -> int:
    """So many requests to every route, half of them meant to be right, each as every role; how many were sent."""
    described = schemathesis.openapi.from_dict(house.app.openapi())
    return sum(_ask(house, found.ok(), draws) for found in described.get_all_operations())


def _ask(house: House, operation: Any, draws: int) -> int:
    """Drawing takes longer than asking: what is drawn once is asked by all."""
    sent = 0

    @settings(
        max_examples=draws,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))
    def ask(case: Any) -> None:
        nonlocal sent
        for role in ROLES:
            sent += 1
            try:
                case.validate_response(send(house, role, case), checks=list(CHECKS))
            except BaseException as wrong:
                wrong.add_note(f"asked as {role}")
                raise

    ask()
    return sent


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_keeps_its_word(service: str, houses: dict[str, House]) -> None:
    assert ask_everything(houses[service], 4) > 0


@pytest.mark.campaign
@pytest.mark.long
@pytest.mark.parametrize("service", SERVICES)
def test_every_route_keeps_its_word_however_often_it_is_asked(
    service: str, houses: dict[str, House], capsys: pytest.CaptureFixture[str]
) -> None:
    sent = ask_everything(houses[service], 60)
    with capsys.disabled():
        print(f"{service}: {sent} requests")  # noqa: T201
