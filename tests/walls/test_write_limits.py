"""Every route that writes, in any service, counts how often it is asked."""

import pytest

from shared.contracts.envelope import ServiceName
from shared.web.description import calls_of, routes_of
from shared.web.rate_limits import WriteLimits
from shared.web.sign_in import SAFE_METHODS
from tests.walls.conftest import SERVICES, House


@pytest.mark.parametrize("service", SERVICES)
def test_every_writing_route_counts(service: ServiceName, houses: dict[str, House]) -> None:
    writing = [route for route in routes_of(houses[service].app) if set(route.methods or ()) - set(SAFE_METHODS)]
    assert writing
    assert [route.path for route in writing if not any(isinstance(call, WriteLimits) for call in calls_of(route))] == []
