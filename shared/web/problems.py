"""What went wrong, told so that a person and a program can act on it (RFC 9457). Light: the gateway tells it too."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus

from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class WrongField:
    """One field that was not as it must be. Names the place, never the value."""

    code: str
    where: str
    message: str
    message_ko: str


@dataclass(frozen=True)
class ProblemDocument:
    """A problem as programs read it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    """Of what kind it is, for programs: it does not change."""
    where: str
    message: str
    message_ko: str
    hint: str
    errors: tuple[WrongField, ...] = ()


class Problem(Exception):
    """A refusal with its reason and the way out, in both languages. Never echoes what was sent."""

    def __init__(  # noqa: PLR0913 - the fields of the answer, no more
        self,
        status: int,
        code: str,
        message: str,
        message_ko: str,
        *,
        where: str = "",
        hint: str = "",
        headers: dict[str, str] | None = None,
        errors: Sequence[WrongField] = (),
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.message_ko = status, code, message, message_ko
        self.where, self.hint, self.headers, self.errors = where, hint, headers, tuple(errors)

    def document(self) -> ProblemDocument:
        """The body of the answer, as RFC 9457 shapes it, with our own members beside."""
        return ProblemDocument(
            type=f"urn:iljari:problem:{self.code.lower()}",
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.message,
            code=self.code,
            where=self.where,
            message=self.message,
            message_ko=self.message_ko,
            hint=self.hint,
            errors=self.errors,
        )

    def answer(self) -> JSONResponse:
        """The document as a program is sent it; `errors` only where there are some."""
        body = asdict(self.document())
        if not self.errors:
            del body["errors"]
        return JSONResponse(body, self.status, self.headers, media_type=MEDIA_TYPE)
