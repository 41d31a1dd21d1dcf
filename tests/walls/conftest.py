"""The web side of every service with a Redis behind it, and everyone who may knock."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from httpx import Response
from pydantic import SecretStr
from sqlmodel import Session

from deploy.serve import settings_class
from services.registry.law.licence_kinds import licence_of
from services.registry.orders.agencies import add_agency
from services.registry.people.accounts import add_account
from services.registry.people.seekers import ACTIVE
from services.registry.tables import Agency, Seeker
from shared.clock import now
from shared.contracts import SeekerFacts
from shared.contracts.envelope import ServiceName
from shared.database import SpineTable, transaction
from shared.settings import ServiceSettings
from shared.web.sign_in import FORM_FIELD, SESSION_COOKIE, VISIT_COOKIE, Role, SignedIn, form_token, make_cookie
from tests.servers import local_redis
from tests.stores import store_with

SERVICES: tuple[ServiceName, ...] = ("registry", "matching", "notify")
STRANGER = "stranger"
OUR_CAFE, OUR_SEEKER = UUID(int=11), UUID(int=12)
SECRET = SecretStr("a secret for tests")
REFUSALS = ("SIGN_IN_NEEDED", "NOT_ALLOWED")


@dataclass
class House:
    """One service at work, with an empty store."""

    service: ServiceName
    app: FastAPI
    web: TestClient
    settings: ServiceSettings
    agencies: dict[str, tuple[Agency, str]] = field(default_factory=dict)
    """Ours and the other, each with its key; where this is the registry."""
    account_id: UUID = field(default_factory=uuid4)
    """Of whoever has a page of her own; where this is the registry."""

    def send(self, who: str, method: str, path: str) -> Response:
        """Ask as someone; a page's form is sent as the page would."""
        headers = {"accept": "application/json", **self.credentials(who)}
        form = None if path.startswith("/api/") or method == "GET" else {FORM_FIELD: self._form_token(headers)}
        return self.web.request(method, path, headers=headers, data=form)

    def _form_token(self, headers: dict[str, str]) -> str:
        headers["cookie"] = f"{VISIT_COOKIE}=a visit;{headers.get('cookie', '')}"
        scope = {"type": "http", "app": self.app, "headers": [(b"cookie", headers["cookie"].encode())]}
        return form_token(Request(scope))

    def credentials(self, who: str) -> dict[str, str]:
        """The headers that say who asks."""
        if who == STRANGER:
            return {}
        tokens = {"operator": self.settings.operator_token, "service": self.settings.service_token}
        if who in tokens:
            return {"authorization": f"Bearer {tokens[who].get_secret_value()}"}
        ours = self.agencies["ours"][0].agency_id if self.agencies else None
        account: dict[str, Any] = {"role": who, "account_id": self.account_id, "cafe_id": OUR_CAFE, "agency_id": ours}
        if who == "seeker":
            account["seeker_id"] = OUR_SEEKER
        return {"cookie": f"{SESSION_COOKIE}={make_cookie(self.settings, SignedIn(**account, label=who))}"}


def refused(answer: Response) -> bool:
    """Whether the wall held, as told by the code of the problem."""
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return is_problem and answer.json()["code"] in REFUSALS


@pytest.fixture(scope="session")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    with fresh_houses(tmp_path_factory) as houses:
        yield houses


@contextmanager
def fresh_houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    """Every service, in which nobody has done anything yet."""
    with ExitStack() as opened:
        redis = opened.enter_context(local_redis("valkey"))
        yield {service: _house(service, tmp_path_factory.mktemp(service), redis.url, opened) for service in SERVICES}


def _house(service: ServiceName, folder: Path, redis_url: str, opened: ExitStack) -> House:
    url = f"sqlite:///{folder}/{service}.sqlite"
    parts, tables = (import_module(f"services.{service}.{name}") for name in ("app", "tables"))
    engine = store_with(url, tables.Table.metadata, SpineTable.metadata)
    opened.callback(engine.dispose)
    shape = settings_class(service)
    secret = {
        name: SECRET for name, one in shape.model_fields.items() if one.annotation in (SecretStr, SecretStr | None)
    }
    tokens = {"operator_token": SecretStr("operator-token"), "service_token": SecretStr("service-token")}
    often = {"write_limit": "1000000/minute", "stranger_write_limit": "1000000/minute"}  # who is let pass is asked here
    settings = shape.model_validate(
        {**often, "database_url": url, "redis_url": redis_url, "allow_unsafe_redis": True, **secret, **tokens}
    )
    app = parts.create_app(settings)
    web = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    house = House(service, app, opened.enter_context(web), settings)
    if service == "registry":
        with transaction(engine) as session:
            house.agencies = {"ours": _agency(session, "마포 일자리센터"), "other": _agency(session, "종로 직업소개소")}
            house.account_id = _seeker_account(session)
    return house


def _seeker_account(session: Session) -> UUID:
    today = now()
    session.add(
        Seeker(
            seeker_id=OUR_SEEKER,
            revision=1,
            state=ACTIVE,
            facts=SeekerFacts(summary="빵을 굽습니다").model_dump(mode="json"),
            applied_at=today,
            changed_at=today,
            valid_until=today.date() + timedelta(days=90),
        )
    )
    session.flush()
    words = {"login": "seeker", "display_name": "구직자", "password": "a password for tests"}
    return add_account(session, role="seeker", seeker_id=OUR_SEEKER, **words).account_id


def _agency(session: Session, name: str) -> tuple[Agency, str]:
    return add_agency(session, name, licence_of("무료"))


ROLES = (STRANGER, *get_args(Role))
