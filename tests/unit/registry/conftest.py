"""A registry of its own for each test: an empty store, a vault, agencies, and documents that are good by default."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import Session, select

from services.registry.app import create_app
from services.registry.intake.door import Arrival, Receipt, receive
from services.registry.orders.agencies import add_agency
from services.registry.people.master_keys import MasterKeys
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency, Table
from shared.clock import stopped_at
from shared.database import SpineTable, transaction
from shared.outbox import OutboxLine
from tests.stores import store_with
from tests.unit.registry.cafes.town import NIGHT_BEFORE

OPERATOR = {"Authorization": "Bearer operator-token"}
SERVICE = {"Authorization": "Bearer service-token"}


def a_document(**but: Any) -> dict[str, Any]:
    """A posting that nothing can be said against."""
    document: dict[str, Any] = {
        "title": "제과제빵사 모집",
        "employer": "망원베이커리",
        "description": "식빵과 과자빵 반죽, 성형, 굽기",
        "place": "서울 마포구 망원로 10",
        "wage": {"unit": "hour", "minimum": 12_000},
        "weekly_hours": 40,
    }
    return {name: value for name, value in (document | but).items() if value is not None}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = store_with(f"sqlite:///{tmp_path / 'registry.sqlite'}", Table.metadata, SpineTable.metadata)
    yield engine
    engine.dispose()


@pytest.fixture
def the_night_before() -> Iterator[None]:
    """The clock stands on the eve of a Wednesday at the cafés."""
    with stopped_at(NIGHT_BEFORE):
        yield


@pytest.fixture
def vault() -> Vault:
    return Vault(MasterKeys(SecretStr("a-master-key-for-tests")), SecretStr("a pseudonym key for tests"))


@pytest.fixture
def make_agency(engine: Engine) -> Callable[[str], tuple[Agency, str]]:
    def make(name: str) -> tuple[Agency, str]:
        with transaction(engine) as session:
            return add_agency(session, name, "무료")

    return make


@pytest.fixture
def agency(make_agency: Callable[[str], tuple[Agency, str]]) -> Agency:
    return make_agency("마포 일자리센터")[0]


@pytest.fixture
def send(engine: Engine, vault: Vault, agency: Agency) -> Callable[..., Receipt]:
    """One document through the door."""

    def send(document: dict[str, Any], by: Agency = agency, submission_id: UUID | None = None) -> Receipt:
        named = {"submission_id": submission_id} if submission_id else {}
        with transaction(engine) as session:
            return receive(session, [Arrival("here", document, "http", **named)], by, vault)[0]

    return send


@pytest.fixture
def settings(tmp_path: Path) -> RegistrySettings:
    return RegistrySettings.model_validate(
        {
            "database_url": f"sqlite:///{tmp_path / 'registry.sqlite'}",
            "session_key": "a session key for tests",
            "operator_token": "operator-token",
            "service_token": "service-token",
            "vault_key": "a-master-key-for-tests",
            "pseudonym_key": "a pseudonym key for tests",
        }
    )


@pytest.fixture
def client(engine: Engine, settings: RegistrySettings) -> TestClient:
    """The service's web side; Redis is not needed for it."""
    return TestClient(create_app(settings), raise_server_exceptions=False)


def said(session: Session, stream: str) -> list[OutboxLine]:
    """What was staged on a stream."""
    return list(session.exec(select(OutboxLine).where(OutboxLine.stream == stream)))
