"""A real store of notify, and its desk as a browser meets it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine

from services.notify.app import create_app
from services.notify.handlers import HEARINGS
from services.notify.settings import NotifySettings
from services.notify.tables import Table
from shared.contracts import Event
from shared.database import SpineTable, transaction
from shared.web.sign_in import SESSION_COOKIE, SignedIn, make_cookie
from tests.stores import store_with
from tests.unit.notify.examples import HONGDAE

COUNSELOR = SignedIn(role="counselor", cafe_id=HONGDAE, label="홍대카페 상담사")
OPERATOR = SignedIn(role="operator", label="운영자")
OFFICIAL = SignedIn(role="official", label="일자리정책과")

Hear = Callable[..., None]


@pytest.fixture
def settings(tmp_path: Path) -> NotifySettings:
    """Redis and registry are away, as they may be on any day."""
    return NotifySettings(
        redis_url=f"unix://{tmp_path}/no-redis.sock",
        registry_url=str(tmp_path / "no-registry.sock"),
        database_url=f"sqlite:///{tmp_path}/notify.sqlite",
        session_key=SecretStr("session-key"),
        operator_token=SecretStr("operator-token"),
        service_token=SecretStr("service-token"),
    )


@pytest.fixture
def engine(settings: NotifySettings) -> Iterator[Engine]:
    engine = store_with(settings.database_url, Table.metadata, SpineTable.metadata)
    yield engine
    engine.dispose()


@pytest.fixture
def hear(engine: Engine) -> Hear:
    """Hear events as the spine would, each in a transaction of its own."""
    return lambda *events: hear_all(engine, events)


def hear_all(engine: Engine, events: tuple[Event, ...]) -> None:
    effects = {hearing.event: hearing.effect for hearing in HEARINGS}
    for event in events:
        with transaction(engine) as session:
            effects[type(event)]([event], session)


@pytest.fixture
def desk(settings: NotifySettings, engine: Engine) -> Iterator[TestClient]:
    """A browser at the desk, signed in as a counselor of one café."""
    with TestClient(create_app(settings), headers={"accept": "text/html"}, follow_redirects=False) as browser:
        seat(browser, settings, COUNSELOR)
        yield browser


def seat(browser: TestClient, settings: NotifySettings, who: SignedIn) -> None:
    """Sign in as `who`."""
    browser.cookies.set(SESSION_COOKIE, make_cookie(settings, who))
