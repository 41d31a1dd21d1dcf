"""Calling a machine that means ill: a name that leads elsewhere a moment later, and answers that never end."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import anyio
import pytest
from anyio import to_thread

from services.notify.delivery import webhooks
from services.notify.delivery.addresses import Address
from services.notify.delivery.channels import Letter, Outcome
from services.notify.delivery.webhooks import HookWay
from tests.catchers import webhook

LETTER = Letter(UUID(int=1), "referrals", "", "{}")
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def call(url: str, *, inside: bool = True) -> Outcome:
    """As the courier does it: from a thread beside a loop."""
    hook = Address(address=url, address_ref=UUID(int=2), secrets=(SECRET,))
    return anyio.run(to_thread.run_sync, HookWay(inside=inside).send, LETTER, (hook,))


def names_lead(monkeypatch: pytest.MonkeyPatch, *answers: tuple[str, ...]) -> list[str]:
    """Let each look-up of a name have the next answer; which names were asked for."""
    sound, following, asked = socket.getaddrinfo, iter(answers), []

    def look_up(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, _flags: int = 0) -> Any:
        with suppress(OSError):
            return sound(host, port, family, type, proto, socket.AI_NUMERICHOST)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(following)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_the_address_that_was_looked_at_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as here:
        port = here.url.rsplit(":", 1)[1]
        asked = names_lead(monkeypatch, ("127.0.0.1",), ("192.0.2.1",))
        assert call(f"http://rebinds.example:{port}") == Outcome("sent")
    assert asked == ["rebinds.example"]
    assert here.calls[0].headers["host"] == f"rebinds.example:{port.partition('/')[0]}"


@pytest.mark.parametrize("leads_to", [("127.0.0.1",), ("93.184.216.34", "10.0.0.1"), ("169.254.169.254",)])
def test_a_name_that_leads_to_the_inside_is_not_called(
    monkeypatch: pytest.MonkeyPatch, leads_to: tuple[str, ...]
) -> None:
    names_lead(monkeypatch, leads_to)
    told = call("https://jobs.example/hook", inside=False)
    assert (told.kind, told.code) == ("permanent", "URL_NOT_ALLOWED")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@contextmanager
def machine_that_says(first: bytes, then: bytes, pause: float) -> Iterator[tuple[str, list[int]]]:
    """Answers a call with `first`, and goes on with `then` far beyond the longest wait; how much it said."""
    said, ended, until = [0], threading.Event(), time.monotonic() + 20

    def talk(line: socket.socket) -> None:
        with line, suppress(OSError):
            line.recv(64_000)
            line.sendall(first)
            while not ended.wait(pause) and time.monotonic() < until:
                line.sendall(then)
                said[0] += len(then)

    with socket.create_server(("127.0.0.1", 0)) as door:
        talking = threading.Thread(target=lambda: talk(door.accept()[0]))
        talking.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}/", said
        finally:
            ended.set()
            talking.join()


@pytest.mark.parametrize(
    ("first", "then", "pause"),
    [
        (HEAD + b"Content-Length: 1000000000\r\n\r\n", b"x" * 10_000, 0.0),
        (HEAD + b"Content-Length: 1000000000\r\n\r\n", b"x", 0.02),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.02),
        (HEAD, b"X-More: x\r\n", 0.02),
        (b"", b"H", 20.0),
    ],
    ids=["much", "slowly", "in chunks", "headers without end", "nothing"],
)
def test_an_answer_without_end_is_not_waited_for(
    first: bytes, then: bytes, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "LONGEST_SECONDS", 0.5)
    with machine_that_says(first, then, pause) as (url, said):
        assert call(url) == Outcome("unknown", "ANSWER_TOO_LONG")
        assert said[0] < 20_000_000
