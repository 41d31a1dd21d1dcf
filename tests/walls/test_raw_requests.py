"""Requests that no client library would send: refused before any route, and the next good one is answered."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.journey.registry_alone import registry_alone

START = b"POST /api/v1/registry/postings HTTP/1.1\r\nHost: x\r\n"
RAW: list[tuple[str, bytes, bytes]] = [
    ("H23", b"TRACE /api/v1/registry/orders HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
    ("H23", b"PUT /api/v1/registry/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", b"405"),
    ("H25", START + b"Idempotency-Key: a\x00b\r\n\r\n", b"400"),
    ("H25", START + b"Idempotency-Key: " + b"a" * 200_000 + b"\r\n\r\n", b"400"),
    ("H25", START + b"Idempotency-Key: a\rb\r\n\r\n", b"400"),
    ("H26", START + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", b"400"),
    ("H26", START + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"400"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry_alone(Path(tmp_path_factory.mktemp("registry")), lambda _session: None) as (address, _):
        yield address


@pytest.mark.parametrize(("number", "raw", "status"), RAW)
def test_a_raw_request(address: str, number: str, raw: bytes, status: bytes) -> None:
    place = urlsplit(address)
    with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=10) as line:
        line.sendall(raw)
        answer = line.recv(4_000)
    assert answer.split()[1] == status, number
    assert b"allow:" in answer.lower() or status != b"405"
    assert httpx.get(f"{address}/health/live").status_code == 200
