"""How do three services stand behind one address? A small proxy over their unix sockets; streams pass through.

Run as `python -m deploy.local.gateway SOCKETS_DIRECTORY DESCRIPTOR`, where the descriptor is the listening socket that
the supervisor holds: the port stays ours while this process is started again.
"""

import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from shared.web.guard import TWO_LENGTHS, two_lengths
from shared.web.problems import Problem

SERVICES = ("registry", "matching", "notify")
PREFIXES: Mapping[str, str] = {
    "/api/v1/registry": "registry",
    "/api/v1/matching": "matching",
    "/api/v1/notify": "notify",
    "/matching": "matching",
    "/sign-in": "registry",
    "/sign-out": "registry",
    "/agency": "registry",
    "/me": "registry",
    "/counter": "registry",
    "/cafes": "registry",
    "/kiosk": "registry",
    "/districts": "registry",
    "/coverage": "registry",
    "/programs": "registry",
    "/ledgers": "registry",
    "/papers": "registry",
    "/benefit": "registry",
    "/board": "registry",
}
"""Who answers what; everything else is notify's."""

ONE_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers that are about one connection and end with it."""

LONGEST_ANSWER_SECONDS = 300.0
"""Between two pieces of an answer; event streams send something more often than this."""

STARTING_PAGE = """<!doctype html>
<html lang="ko">
<meta charset="utf-8"><meta http-equiv="refresh" content="2"><meta name="viewport" content="width=device-width">
<title>일자리 — 준비 중</title>
<style>body{font:1.1rem/1.7 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;word-break:keep-all}
small{color:#555}</style>
<h1>준비하고 있습니다</h1>
<p>서비스가 시작되는 중입니다. 이 페이지는 잠시 뒤에 스스로 다시 열립니다.</p>
<p lang="en"><small>The service is starting. This page opens again by itself in a moment.</small></p>
</html>
"""


class Gateway:
    """Passes each request to the service whose prefix it bears."""

    def __init__(self, sockets: Path) -> None:
        self.sockets = sockets
        self.clients: dict[str, httpx.AsyncClient] = {}

    def app(self) -> Starlette:
        routes = [
            Route("/health/live", self.live),
            Route("/health/ready", self.ready),
            Route("/metrics", self.metrics),
            Route("/{path:path}", self.passed_on, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        ]
        return Starlette(routes=routes, lifespan=self.lifespan)

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for service in SERVICES:
                self.clients[service] = await stack.enter_async_context(self._client(service))
            yield

    async def live(self, _request: Request) -> Response:
        return PlainTextResponse("live\n")

    async def ready(self, _request: Request) -> Response:
        """Ready when every service is."""
        ready = {service: await self._is_ready(service) for service in SERVICES}
        return JSONResponse(ready, status_code=200 if all(ready.values()) else 503)

    async def metrics(self, _request: Request) -> Response:
        """Numbers of operation are for the machine itself, not for who can open the desk."""
        return PlainTextResponse("metrics are read from each service\n", status_code=404)

    async def passed_on(self, request: Request) -> Response:
        if two_lengths(request.headers.raw):
            return TWO_LENGTHS.answer()
        client = self.clients[service_of(request.url.path)]
        try:
            answer = await client.send(_request_for(client, request), stream=True)
        except httpx.TimeoutException:
            return _unavailable(request, 504)
        except httpx.TransportError:
            return _unavailable(request, 503)
        response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
        response.raw_headers = [(name.lower(), value) for name, value in answer.headers.raw if _travels(name)]
        return response

    async def _is_ready(self, service: str) -> bool:
        try:
            return (await self.clients[service].get("/health/ready", timeout=5)).is_success
        except httpx.TransportError:
            return False

    def _client(self, service: str) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=50, keepalive_expiry=30)
        transport = httpx.AsyncHTTPTransport(uds=str(self.sockets / f"{service}.sock"), limits=limits)
        timeout = httpx.Timeout(LONGEST_ANSWER_SECONDS, connect=5)
        return httpx.AsyncClient(transport=transport, base_url=f"http://{service}", timeout=timeout, trust_env=False)


def service_of(path: str) -> str:
    return next((service for prefix, service in PREFIXES.items() if _under(path, prefix)), "notify")


def _under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _request_for(client: httpx.AsyncClient, request: Request) -> httpx.Request:
    headers = [(name, value) for name, value in request.headers.raw if _travels(name) and not _forwarded(name)]
    headers.append((b"x-forwarded-for", (request.client.host if request.client else "").encode()))
    headers.append((b"x-forwarded-proto", request.url.scheme.encode()))
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    url = httpx.URL(client.base_url, raw_path=_target(request))
    return httpx.Request(request.method, url, headers=headers, content=request.stream() if has_body else None)


def _target(request: Request) -> bytes:
    """Path and query as they came, byte for byte."""
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return path + b"?" + query if query else path


def _travels(name: bytes) -> bool:
    return name.lower() not in ONE_HOP


def _forwarded(name: bytes) -> bool:
    """Only the gateway says where a request came from."""
    return name.lower().startswith(b"x-forwarded-") or name.lower() == b"forwarded"


def _unavailable(request: Request, status: int) -> Response:
    headers = {"Retry-After": "2", "Cache-Control": "no-store"}
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(STARTING_PAGE, status, headers)
    problem = Problem(
        status,
        "UNAVAILABLE" if status == 503 else "TIMED_OUT",
        "The service is starting or being restarted. Ask again in a moment.",
        "서비스가 시작되는 중입니다. 잠시 뒤에 다시 시도하세요.",
        where=request.url.path,
        hint="Sending the same request again, with the same Idempotency-Key, is safe.",
        headers=headers,
    )
    return problem.answer()


def server(sockets: Path) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            Gateway(sockets).app(),
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,  # nobody stands before us whose word on where a request came from we would take
            timeout_graceful_shutdown=2,
        )
    )


if __name__ == "__main__":
    server(Path(sys.argv[1])).run(sockets=[socket.socket(fileno=int(sys.argv[2]))])
