"""The demo city of one day, and a registry to load it into."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from deploy.demo.city import City
from deploy.demo.make_city import make_city
from services.registry.app import create_app
from services.registry.settings import RegistrySettings
from services.registry.tables import Table
from shared.clock import KST, now
from shared.database import SpineTable
from tests.stores import store_with


@pytest.fixture(scope="session")
def today() -> date:
    return now().astimezone(KST).date()


@pytest.fixture(scope="session")
def city(today: date) -> City:
    return make_city(today)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[TestClient]:
    """The registry's web side with the operator's rights; Redis is not needed for it."""
    database_url = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    engine = store_with(database_url, Table.metadata, SpineTable.metadata)
    tokens = {"session_key": "a session key for tests", "operator_token": "operator", "service_token": "service"}
    tokens["vault_key"] = tokens["pseudonym_key"] = "a key for tests"
    settings = RegistrySettings.model_validate({"database_url": database_url, **tokens})
    yield TestClient(create_app(settings), headers={"Authorization": "Bearer operator"})
    engine.dispose()
