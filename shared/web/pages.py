"""The pages people see: templates, language, and the furniture that every service's application gets."""

from collections.abc import Mapping
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Engine
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from shared.settings import ServiceSettings
from shared.web import figures
from shared.web.answering import answer_problems
from shared.web.catalogue import LANGUAGES, Language, say
from shared.web.guard import Guard
from shared.web.problems import Problem
from shared.web.rate_limits import limit_writes
from shared.web.sign_in import FORM_FIELD, form_token, keep_session, keep_visit, settings_of, sign_in_path, signed_in
from shared.web.ways import WAYS

LANGUAGE_COOKIE = "iljari_language"
ONE_YEAR_SECONDS = 31_536_000
LAYOUT = Path(__file__).parent / "layout"
STATIC = Path(__file__).parent / "static"


class Pages:
    """Shows a service's templates within the layout that all services share."""

    def __init__(self, *folders: Path) -> None:
        self.environment = _templates(*folders)

    def show(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page in the reader's language."""
        page = self.environment.get_template(template).render(furniture(request) | values)
        response = HTMLResponse(page, status)
        keep_visit(request, response)
        keep_session(request, response)
        _keep_language(request, response)
        return response

    def show_problem(self, request: Request, problem: Problem) -> Response:
        """What went wrong, as a page; a stranger is led to sign in."""
        if problem.status == 401:
            return RedirectResponse(sign_in_path(request), 303)
        response = self.show(request, "problem.html", status=problem.status, problem=problem)
        response.headers.update(problem.headers or {})
        return response


@cache
def _templates(*folders: Path) -> Environment:
    """Compiled once in a process: that takes longer than all else an application is put together of."""
    environment = Environment(
        loader=FileSystemLoader([*folders, LAYOUT]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for template in environment.list_templates(extensions=["html"]):
        environment.get_template(template)  # a broken one fails here, and the first view need not compile
    return environment


def furnish(app: FastAPI, settings: ServiceSettings, engine: Engine, *folders: Path) -> Pages:
    """Give an application its settings, its pages, its headers, its style sheet and its way to tell problems.

    Args:
        engine: of the store in which it is noted which sessions have ended.
    """
    pages = Pages(*folders)
    app.state.settings, app.state.engine = settings, engine
    limit_writes(app, settings)
    app.add_middleware(Guard, over_https=settings.public_url.startswith("https:"))
    app.mount("/static", _Static(directory=STATIC))
    answer_problems(app, pages.show_problem)
    return pages


def furniture(request: Request) -> dict[str, Any]:
    """What every template can use: the reader's words and figures, who she is, and the way to send a form."""
    language, who = language_of(request), signed_in(request)
    return {
        "request": request,
        "language": language,
        "say": partial(say, language),
        "day": partial(figures.day, language=language),
        "moment": partial(figures.moment, language=language),
        "dated": figures.dated,
        "clock": figures.clock,
        "wage": partial(figures.wage, language=language),
        "who": who,
        "ways": WAYS[who.role] if who else (),
        "form_field": FORM_FIELD,
        "form_token": partial(form_token, request),
        "here_with": partial(here_with, request),
        "asset": asset,
    }


def language_of(request: Request) -> Language:
    """The language asked for in the address, else the one chosen before, else Korean."""
    asked = request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)
    chosen = next((language for language in asked if language in LANGUAGES), "ko")
    return cast(Language, chosen)


def here_with(request: Request, **changes: object) -> str:
    """This page's own address with some of its query changed; None takes a parameter out."""
    url = request.url.include_query_params(**{name: value for name, value in changes.items() if value is not None})
    url = url.remove_query_params([name for name, value in changes.items() if value is None])
    return url.path + (f"?{url.query}" if url.query else "")


@cache
def asset(name: str) -> str:
    """The address of a file of ours, new whenever its content is."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def _keep_language(request: Request, response: Response) -> None:
    if request.query_params.get("lang") in LANGUAGES:
        secure = settings_of(request).public_url.startswith("https:")
        language = language_of(request)
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=ONE_YEAR_SECONDS, samesite="lax", secure=secure)


class _Static(StaticFiles):
    """Files whose address changes with their content may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if cast(Mapping[str, Any], scope)["query_string"].startswith(b"v="):
            response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR_SECONDS}, immutable"
        return response
