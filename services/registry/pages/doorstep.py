"""The sign-in page: where people come in, and where they leave."""

from pathlib import Path
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine
from starlette.responses import RedirectResponse, Response

from services.registry.people import accounts
from services.registry.people.accounts import WrongAttempts
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from shared import sessions
from shared.database import reading, transaction
from shared.web import sign_in as session_cookie
from shared.web.pages import Pages
from shared.web.ways import home_of

TEMPLATES = Path(__file__).parent

log = structlog.get_logger()


def doorstep(engine: Engine, settings: RegistrySettings, pages: Pages, vault: Vault) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    wrong = WrongAttempts()

    def show(request: Request, following: str, *, problem: str = "", login: str = "") -> Response:
        with reading(engine) as session:
            shown = accounts.shown_accounts(session)
        values = {"next": following, "problem": problem, "login": login, "demo_accounts": shown}
        return pages.show(request, "sign_in.html", status=403 if problem else 200, **values)

    @router.get("/sign-in")
    def ask(request: Request, next: str = "/") -> Response:
        return show(request, session_cookie.own_path(next))

    @router.post("/sign-in", dependencies=[Depends(session_cookie.from_our_form)])
    def answer(
        request: Request,
        login: Annotated[str, Form(max_length=200)],
        password: Annotated[str, Form(max_length=1_000)],
        next: Annotated[str, Form(max_length=2_000)] = "/",
    ) -> Response:
        following = session_cookie.own_path(next)
        known_as = accounts.login_of(vault, login) if accounts.looks_like_a_contact(login) else login
        keys = (f"login {known_as}", f"address {request.client.host if request.client else ''}")
        if wrong.too_many(*keys):
            log.warning("sign_in_paused")
            return show(request, following, problem="too_many", login=login)
        with reading(engine) as session:
            who = accounts.sign_in(session, known_as, password)
        if who is None:
            log.info("sign_in_wrong")
            wrong.note(*keys)
            return show(request, following, problem="wrong", login=login)
        wrong.forget(keys[0])
        response = RedirectResponse(home_of(who) if following == "/" else following, 303)
        session_cookie.sign_in(response, settings, who)
        return response

    @router.post("/sign-out", dependencies=[Depends(session_cookie.from_our_form)])
    def leave(request: Request) -> Response:
        """Her session ends for every copy of its cookie, not for this browser alone."""
        if session := session_cookie.session_of(request):
            with transaction(engine) as store:
                sessions.end(store, session.session_id)
        response = RedirectResponse("/sign-in", 303)
        session_cookie.sign_out(response)
        return response

    return router
