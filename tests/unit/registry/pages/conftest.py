"""What pages need: a café that runs, and browsers as many as are wanted."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.registry.app import create_app
from services.registry.settings import RegistrySettings
from services.registry.tables import Cafe, Room
from shared.database import transaction
from tests.unit.registry.cafes.town import a_cafe


@pytest.fixture
def cafe(engine: Engine) -> tuple[Cafe, list[Room]]:
    with transaction(engine) as session:
        return a_cafe(session, latitude=37.55, longitude=126.92)


@pytest.fixture
def browse(engine: Engine, settings: RegistrySettings) -> Callable[[], TestClient]:
    app = create_app(settings)
    return lambda: TestClient(app, headers={"accept": "text/html"}, raise_server_exceptions=False)
