"""One address before three services: each request reaches its own, unchanged, and streams are not held back."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from deploy.local.gateway import SERVICES, server, service_of


@contextmanager
def serving(server: uvicorn.Server, listener: socket.socket) -> Iterator[None]:
    """Serve for real, in a thread."""
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def upstream(name: str, go_on: threading.Event) -> Starlette:
    """A service that tells what reached it."""

    async def told(request: Request) -> Response:
        body = {
            "service": name,
            "target": request.scope["raw_path"].decode() + "?" + request.scope["query_string"].decode(),
            "method": request.method,
            "headers": dict(request.headers),
            "body": (await request.body()).decode(),
        }
        answer = JSONResponse(body, status_code=201)
        answer.set_cookie("first", "1")
        answer.set_cookie("second", "2")
        return answer

    async def events(_request: Request) -> Response:
        async def pieces() -> AsyncIterator[str]:
            yield "data: first\n\n"
            await asyncio.to_thread(go_on.wait, 10)
            yield "data: second\n\n"

        return StreamingResponse(pieces(), media_type="text/event-stream")

    async def ready(_request: Request) -> Response:
        return PlainTextResponse("ready")

    everything = Route("/{path:path}", told, methods=["GET", "POST", "DELETE"])
    return Starlette(routes=[Route("/health/ready", ready), Route("/desk/events", events), everything])


@pytest.fixture
def sockets() -> Iterator[Path]:
    with TemporaryDirectory(prefix="iljari-", dir="/tmp") as short:
        yield Path(short)


@pytest.fixture
def go_on() -> threading.Event:
    """Lets the stream of events end."""
    return threading.Event()


@pytest.fixture
def gateway(sockets: Path) -> Iterator[httpx.Client]:
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with serving(server(sockets), listener), httpx.Client(base_url=address) as client:
        yield client


@contextmanager
def service(sockets: Path, name: str, go_on: threading.Event) -> Iterator[None]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(sockets / f"{name}.sock"))
    listener.listen()
    with serving(uvicorn.Server(uvicorn.Config(upstream(name, go_on), log_level="warning")), listener):
        yield


@pytest.fixture
def city(gateway: httpx.Client, sockets: Path, go_on: threading.Event) -> Iterator[httpx.Client]:
    """The gateway before three services."""
    with (
        service(sockets, "registry", go_on),
        service(sockets, "matching", go_on),
        service(sockets, "notify", go_on),
    ):
        yield gateway


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/v1/registry/postings", "registry"),
        ("/api/v1/matching/matches", "matching"),
        ("/api/v1/notify", "notify"),
        ("/sign-in", "registry"),
        ("/sign-inner", "notify"),
        ("/agency/postings", "registry"),
        ("/agencyless", "notify"),
        ("/", "notify"),
        ("/desk/1", "notify"),
        ("/api/v1/registryless", "notify"),
    ],
)
def test_each_path_has_its_service(path: str, name: str) -> None:
    assert service_of(path) == name


def test_a_request_arrives_as_it_was_sent(city: httpx.Client) -> None:
    target = "/api/v1/registry/a%2Fb/%ED%95%9C?q=%20+&q="
    answer = city.post(
        target, content="한국어", headers={"Idempotency-Key": "k", "Cookie": "a=b", "Host": "iljari.city"}
    )
    told = answer.json()
    assert (told["service"], told["method"], told["target"], told["body"]) == ("registry", "POST", target, "한국어")
    assert (told["headers"]["idempotency-key"], told["headers"]["cookie"]) == ("k", "a=b")
    assert told["headers"]["host"] == "iljari.city"
    assert answer.status_code == 201


def test_every_cookie_of_an_answer_comes_through(city: httpx.Client) -> None:
    assert dict(city.get("/desk").cookies) == {"first": "1", "second": "2"}


def test_only_the_gateway_says_where_a_request_came_from(city: httpx.Client) -> None:
    forged = {"X-Forwarded-For": "8.8.8.8", "X-Forwarded-Host": "evil.example", "Forwarded": "for=8.8.8.8"}
    told = city.get("/desk", headers=forged).json()["headers"]
    assert told["x-forwarded-for"] == "127.0.0.1"
    assert "x-forwarded-host" not in told
    assert "forwarded" not in told


def test_a_stream_is_passed_on_piece_by_piece(city: httpx.Client, go_on: threading.Event) -> None:
    with city.stream("GET", "/desk/events") as answer:
        pieces = answer.iter_text()
        assert next(pieces) == "data: first\n\n"  # before the service has said the second
        go_on.set()
        assert "".join(pieces) == "data: second\n\n"


def test_ready_is_when_every_service_is(gateway: httpx.Client, sockets: Path, go_on: threading.Event) -> None:
    with service(sockets, "registry", go_on), service(sockets, "matching", go_on):
        answer = gateway.get("/health/ready")
        assert (answer.status_code, answer.json()["notify"], answer.json()["registry"]) == (503, False, True)
        with service(sockets, "notify", go_on):
            assert gateway.get("/health/ready").json() == dict.fromkeys(SERVICES, True)


def test_a_person_meets_a_page_that_opens_again_by_itself(gateway: httpx.Client) -> None:
    answer = gateway.get("/desk", headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 503
    assert "준비하고 있습니다" in answer.text
    assert 'http-equiv="refresh"' in answer.text


def test_a_program_is_told_that_asking_again_is_safe(gateway: httpx.Client) -> None:
    answer = gateway.post("/api/v1/registry/postings", json={})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "UNAVAILABLE"
    assert (answer.json()["type"], answer.json()["title"]) == ("urn:iljari:problem:unavailable", "Service Unavailable")


LENGTH_TWICE = (
    b"POST /api/v1/registry/postings HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n0\r\n\r\n"
    b"GET /desk HTTP/1.1\r\nHost: x\r\n\r\n"
)
"""A second request behind one whose end nobody knows."""


def test_a_request_of_two_lengths_is_refused_and_nothing_behind_it_is_read(city: httpx.Client) -> None:
    with socket.create_connection((city.base_url.host, city.base_url.port), timeout=10) as line:
        line.sendall(LENGTH_TWICE)
        told = b"".join(iter(lambda: line.recv(4_000), b""))  # until the gateway closes
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head.lower()
    problem = json.loads(body)  # one document, and no other answer behind it
    assert (problem["type"], problem["code"]) == ("urn:iljari:problem:length_ambiguous", "LENGTH_AMBIGUOUS")
    assert problem["message_ko"] == "Content-Length와 Transfer-Encoding 가운데 하나만 보내 주세요."
    assert city.get("/desk").status_code == 201


def test_numbers_of_operation_are_not_for_the_street(city: httpx.Client) -> None:
    assert city.get("/metrics").status_code == 404
