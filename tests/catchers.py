"""The world outside, for tests: a mail server and a machine with a webhook, both real, and both able to misbehave."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from tests.small_http import Answering, served


@dataclass
class MailServer:
    """An SMTP server that keeps what it took; `answer` says what it does at the end of a letter or at an address."""

    letters: list[EmailMessage] = field(default_factory=list)
    at_address: Callable[[str], str] = lambda _address: "250 ok"
    at_end: Callable[[EmailMessage], str] = lambda _letter: "250 taken"
    url: str = ""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        answer = self.at_address(address)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        letter = message_from_bytes(envelope.content, policy=default)
        answer = self.at_end(letter)
        if answer.startswith("2") or answer == "taken and gone":
            self.letters.append(letter)
        if answer == "taken and gone":
            server.transport.abort()
        return answer


@contextmanager
def mail_server() -> Iterator[MailServer]:
    taking = MailServer()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(taking, hostname="127.0.0.1", port=port)
    controller.start()
    taking.url = f"smtp://127.0.0.1:{port}"
    try:
        yield taking
    finally:
        controller.stop()


@dataclass
class Call:
    """One call of a webhook."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Hooked:
    """A machine with a webhook; `answer` gives status, headers and body."""

    calls: list[Call] = field(default_factory=list)
    answer: Callable[[], tuple[int, dict[str, str], bytes]] = lambda: (204, {}, b"")
    url: str = ""


@contextmanager
def webhook() -> Iterator[Hooked]:
    taking = Hooked()

    class Handler(Answering):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # whoever called was killed on the way: nothing was said
                self.close_connection = True
                return
            taking.calls.append(Call({name.lower(): value for name, value in self.headers.items()}, body))
            status, headers, answer = taking.answer()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

    with served(Handler) as url:
        taking.url = f"{url}/hook"
        yield taking
