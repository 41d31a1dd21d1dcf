"""How does every error of an application leave? As a problem: a page for browsers, a document for programs."""

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from sqlite3 import SQLITE_ERROR
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.web.guard import guarded
from shared.web.problems import Problem, WrongField

MACHINE_PATHS = ("/api/", "/health/", "/metrics")
STORE_AWAY = (OperationalError, InterfaceError, NoConnectionLeft)
"""What the database raises when it is locked, down or has no connection left. What was begun is rolled back."""
STORE_AWAY_SECONDS = 5
TURNED_AWAY = (401, 403, 404, 429)
"""What somebody meets who tries doors that are not hers."""

log = structlog.get_logger()

PageOf = Callable[[Request, Problem], Response]
"""How a problem is shown to someone with a browser."""


def answer_problems(app: FastAPI, page_of: PageOf | None = None) -> None:
    """Let every error of this application leave as a problem: a page for browsers, a document for programs."""

    def answer(request: Request, problem: Problem) -> Response:
        if problem.status in TURNED_AWAY:
            _note_turned_away(request, problem)
        if page_of and wants_page(request):
            return guarded(page_of(request, problem))
        return guarded(problem.answer())

    def told(request: Request, error: Exception) -> Response:
        return answer(request, problem_of(error))

    for kind in (Problem, HTTPException, RequestValidationError, ValidationError, *STORE_AWAY):
        app.add_exception_handler(kind, told)
    app.add_exception_handler(Exception, told)


def _note_turned_away(request: Request, problem: Problem) -> None:
    """By whom and at which route, never the address: an id or the word of a link may stand in it."""
    session, route = getattr(request.state, "session", None), request.scope.get("route")
    log.info(
        "turned_away",
        status=problem.status,
        code=problem.code,
        method=request.method,
        route=getattr(route, "path", ""),
        account=str(session.who.account_id) if session else "",
    )


def wants_page(request: Request) -> bool:
    """Whether a person looks at the answer."""
    return not request.url.path.startswith(MACHINE_PATHS) and "text/html" in request.headers.get("accept", "")


def problem_of(error: Exception) -> Problem:
    """The problem to tell for any error; what we did not foresee tells nothing of itself."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError | ValidationError):
        return wrong_fields(error.errors())
    if isinstance(error, HTTPException):
        return problem_of_status(error.status_code, error.headers)
    if isinstance(error, STORE_AWAY) and not _is_ours(error):
        log.error("store_away", kind=type(error).__name__)
        return _store_away()
    log.error("unforeseen error", kind=type(error).__name__, exc_info=error)
    return problem_of_status(500)


def _is_ours(error: SQLAlchemyError) -> bool:
    """Whether it is a fault in what we ask: SQLite tells of a missing table as it tells of a locked file."""
    return getattr(getattr(error, "orig", None), "sqlite_errorcode", None) == SQLITE_ERROR


def _store_away() -> Problem:
    message, message_ko = _STATUS_SENTENCES[503]
    return Problem(
        503,
        "UNAVAILABLE",
        message,
        message_ko,
        hint="Nothing was taken. Send the same again after as many seconds as Retry-After says.",
        headers={"Retry-After": str(STORE_AWAY_SECONDS)},
    )


_STATUS_SENTENCES = {
    401: ("Sign in first.", "먼저 로그인해 주세요."),
    403: ("You may not do this.", "이 일을 할 권한이 없습니다."),
    404: ("There is nothing here.", "찾으시는 것이 없습니다."),
    405: ("This address does not take that method.", "이 주소에서는 쓸 수 없는 방법입니다."),
    413: ("This is too large.", "너무 큽니다."),
    429: ("Too many requests; try again later.", "요청이 너무 많습니다. 잠시 후 다시 해 주세요."),
    500: ("Something broke on our side.", "저희 쪽에 문제가 생겼습니다."),
    503: ("Not available at the moment.", "지금은 쓸 수 없습니다. 잠시 후 다시 해 주세요."),
}


def problem_of_status(status: int, headers: Any = None) -> Problem:
    """The plain problem of an HTTP status, for errors that say no more."""
    phrase = HTTPStatus(status).phrase
    message, message_ko = _STATUS_SENTENCES.get(status, (f"{phrase}.", "요청을 처리하지 못했습니다."))
    code = re.sub(r"[^A-Z]+", "_", phrase.upper())
    return Problem(status, code, message, message_ko, headers=dict(headers) if headers else None)


def wrong_fields(errors: Sequence[Any]) -> Problem:
    """All fields that were wrong, at once, so that nobody has to send again to learn the next."""
    fields = tuple(_wrong_field(error) for error in errors)
    return Problem(
        422,
        "INVALID",
        f"{len(fields)} of the fields sent are not as they must be.",
        f"보내신 내용 가운데 {len(fields)}곳이 맞지 않습니다.",
        where=fields[0].where if fields else "",
        hint="See `errors` for each place.",
        errors=fields,
    )


# Pydantic's own messages may quote the input, a personal value perhaps; ours do not.
_FIELD_SENTENCES: tuple[tuple[str, str, str], ...] = (
    ("missing", "This field is needed.", "꼭 필요한 항목입니다."),
    ("extra_forbidden", "This field is not known.", "알 수 없는 항목입니다."),
    ("json_invalid", "This is not JSON.", "JSON이 아닙니다."),
    ("too_short", "This is too short.", "너무 짧습니다."),
    ("too_long", "This is too long.", "너무 깁니다."),
    ("greater_than", "This is too small.", "너무 작은 값입니다."),
    ("less_than", "This is too large.", "너무 큰 값입니다."),
    ("pattern_mismatch", "This does not have the right form.", "형식이 맞지 않습니다."),
    ("literal_error", "This is not one of the allowed values.", "허용된 값이 아닙니다."),
    ("enum", "This is not one of the allowed values.", "허용된 값이 아닙니다."),
    ("uuid", "This must be a UUID.", "UUID여야 합니다."),
    ("date", "This must be a date such as 2026-03-02.", "2026-03-02와 같은 날짜여야 합니다."),
    ("timezone", "This time needs its zone.", "시각에는 시간대가 있어야 합니다."),
    ("time", "This must be a time.", "시각이어야 합니다."),
    ("int", "This must be a whole number.", "정수여야 합니다."),
    ("float", "This must be a number.", "수여야 합니다."),
    ("finite_number", "This must be a finite number.", "유한한 수여야 합니다."),
    ("bool", "This must be true or false.", "참 또는 거짓이어야 합니다."),
    ("string", "This must be text.", "글자여야 합니다."),
    ("list", "This must be a list.", "목록이어야 합니다."),
    ("tuple", "This must be a list.", "목록이어야 합니다."),
    ("dict", "This must be an object.", "객체여야 합니다."),
    ("model", "This must be an object.", "객체여야 합니다."),
)
_PLAIN_NAME = re.compile(r"[^\W\d]\w{0,59}")


def _wrong_field(error: Any) -> WrongField:
    kind = str(error["type"])
    unknown = (kind, "This is not as it must be.", "규칙에 맞지 않습니다.")
    _, message, message_ko = next((known for known in _FIELD_SENTENCES if known[0] in kind), unknown)
    return WrongField(code=kind.upper(), where=_where(error["loc"]), message=message, message_ko=message_ko)


def _where(place: Sequence[int | str]) -> str:
    """The path to the field; a name that does not look like a field's name may be a value and is not repeated."""
    steps = [str(step) if isinstance(step, int) or _PLAIN_NAME.fullmatch(step) else "?" for step in place]
    return ".".join(steps)[:200]
