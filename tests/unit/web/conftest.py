"""A small application with the real furniture, as every service gets it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from uuid import UUID

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine
from starlette.responses import RedirectResponse, Response

from shared.contracts import SeekerFacts
from shared.database import SpineTable
from shared.settings import ServiceSettings
from shared.web.pages import furnish
from shared.web.sign_in import SignedIn, allow, from_our_form, own_path, sign_in
from tests.stores import store_with

COUNSELOR = SignedIn(account_id=UUID(int=7), role="counselor", cafe_id=UUID(int=1), label="홍대 상담사")


@pytest.fixture
def settings() -> ServiceSettings:
    return ServiceSettings(
        database_url="sqlite://",
        session_key=SecretStr("session-key"),
        operator_token=SecretStr("operator-token"),
        service_token=SecretStr("service-token"),
    )


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = store_with(f"sqlite:///{tmp_path / 'store.sqlite'}", SpineTable.metadata)
    yield engine
    engine.dispose()


@pytest.fixture
def app(settings: ServiceSettings, engine: Engine, tmp_path: Path) -> FastAPI:
    (tmp_path / "card.html").write_text(
        '{% extends "layout.html" %}{% block title %}{{ heading }}{% endblock %}'
        "{% block content %}<h1>{{ heading }}</h1>"
        '<form method="post"><input name="{{ form_field }}" value="{{ form_token() }}"></form>{% endblock %}',
        encoding="utf-8",
    )
    app = FastAPI(docs_url=None, redoc_url=None)
    pages = furnish(app, settings, engine, tmp_path)

    @app.get("/card")
    def card(request: Request, heading: str = "카드") -> Response:
        return pages.show(request, "card.html", heading=heading)

    @app.post("/card", dependencies=[Depends(from_our_form)])
    def send(who: Annotated[SignedIn, Depends(allow("counselor"))]) -> dict[str, str]:
        return {"by": who.label}

    @app.post("/enter")
    def enter(next: str) -> Response:
        response = RedirectResponse(own_path(next), 303)
        sign_in(response, settings, COUNSELOR)
        return response

    @app.get("/api/who")
    def who_is(who: Annotated[SignedIn, Depends(allow("counselor", "operator", "service"))]) -> SignedIn:
        return who

    @app.get("/operators")
    def operators(who: Annotated[SignedIn, Depends(allow("operator"))]) -> str:
        return who.label

    @app.post("/api/seekers")
    def seekers(facts: SeekerFacts) -> None: ...

    @app.post("/api/checked-inside")
    async def checked_inside(request: Request) -> None:
        SeekerFacts.model_validate(await request.json())

    @app.get("/api/broken")
    def broken() -> None:
        raise RuntimeError("김민지 010-1234-5678")

    return app


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, headers={"accept": "text/html"}, follow_redirects=False, raise_server_exceptions=False) as it:
        yield it


@pytest.fixture
def program(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as it:
        yield it
