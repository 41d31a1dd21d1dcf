"""The headers that every response leaves with: nothing inline, nothing framed, nothing kept."""

from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import Problem

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=31536000"}
TWO_LENGTHS = Problem(
    400,
    "LENGTH_AMBIGUOUS",
    "Send Content-Length or Transfer-Encoding, not both.",
    "Content-Length와 Transfer-Encoding 가운데 하나만 보내 주세요.",
    headers={"Connection": "close"},  # nobody knows where the next request begins
)


class Guard:
    """Adds the headers to whatever the application answers; a route may set its own `Cache-Control`."""

    def __init__(self, app: ASGIApp, *, over_https: bool) -> None:
        self.app = app
        self.headers = HEADERS | (STRICT_TRANSPORT if over_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(self.headers, MutableHeaders(scope=message))
            await send(message)

        if scope["type"] == "http" and two_lengths(scope["headers"]):
            await TWO_LENGTHS.answer()(scope, receive, send_guarded)
        else:
            await self.app(scope, receive, send_guarded if scope["type"] == "http" else send)


def two_lengths(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request says its length twice, as a number and by chunks: two readers may see two requests."""
    return {b"content-length", b"transfer-encoding"} <= {name.lower() for name, _ in headers}


def guarded(response: Response) -> Response:
    """The same for an answer to an unforeseen error, which leaves outside of all middleware."""
    _add(HEADERS, response.headers)
    return response


def _add(guards: dict[str, str], headers: MutableHeaders) -> None:
    for name, value in guards.items():
        headers.setdefault(name, value)
