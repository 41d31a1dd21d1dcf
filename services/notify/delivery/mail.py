"""Sending mail: one message to one recipient, under the same Message-ID at every attempt.

By the standard library and not by Apprise, which makes a new Message-ID each time and does not tell a refusal for good
from one for now (docs/decisions/0014).
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import unquote, urlsplit

from services.notify.delivery.addresses import Address
from services.notify.delivery.channels import Ending, Letter, Outcome
from shared.clock import now

TIMEOUT_SECONDS = 30.0
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class MailWay:
    """Speaks SMTP with the server of the settings, under the name of its own domain: a host name is slow to look up.

    Args:
        url: `smtp://host:25`, `smtp+starttls://user:password@host:587` or `smtps://…`.
        sender, sender_name: from whom it comes.
        domain: of our Message-IDs.
    """

    def __init__(self, url: str, sender: str, sender_name: str, domain: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("NOTIFY_SMTP_URL is smtp://, smtp+starttls:// or smtps:// and a host")
        self._scheme, self._host = parts.scheme, parts.hostname
        self._port = parts.port or PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender, self._sender_name, self._domain = sender, sender_name, domain

    def send(self, letter: Letter, addresses: tuple[Address, ...]) -> Outcome:
        to = [each.address for each in addresses]
        try:
            message = self.compose(letter, to)
        except (ValueError, IndexError, AttributeError):  # what the mail library says to an address that is none
            return Outcome("permanent", "ADDRESS_INVALID", refused=tuple(each.address_ref for each in addresses))
        try:
            with self._connected() as server:
                return self._hand_over(server, message, addresses)
        except smtplib.SMTPResponseException as error:
            return Outcome("temporary", f"SMTP_{error.smtp_code}")
        except (OSError, smtplib.SMTPException) as error:
            return Outcome("temporary", f"SMTP_{type(error).__name__.upper()}")

    def compose(self, letter: Letter, to: list[str]) -> EmailMessage:
        """The message. Raises ValueError for an address or a header that would break it apart."""
        message = EmailMessage(policy=SMTP)
        message["From"] = Mailbox(self._sender_name, addr_spec=self._sender)
        message["To"] = [Mailbox(addr_spec=address) for address in to]
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = now()
        message["Message-ID"] = f"<{letter.delivery_id}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        for name, value in letter.headers.items():
            message[name] = value
        message.set_content(letter.body, charset="utf-8")
        return message

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        secure = ssl.create_default_context()
        if self._scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, self._domain, timeout=TIMEOUT_SECONDS, context=secure
            )
        else:
            server = smtplib.SMTP(self._host, self._port, self._domain, timeout=TIMEOUT_SECONDS)
        try:
            if self._scheme == "smtp+starttls":
                server.starttls(context=secure)
            if self._user:
                server.login(self._user, self._password)
            yield server
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.close()  # no QUIT: the answer is known, and a server that is slow to part holds up the next

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage, addresses: tuple[Address, ...]) -> Outcome:
        server.ehlo_or_helo_if_needed()
        _must(server.mail(self._sender))
        answers = {each: server.rcpt(each.address)[0] for each in addresses}
        refused = tuple(each.address_ref for each, code in answers.items() if _for_good(code))
        worst = max(answers.values())
        if not any(_taken(code) for code in answers.values()):
            kind: Ending = "permanent" if len(refused) == len(addresses) else "temporary"
            return Outcome(kind, f"SMTP_{worst}", refused=refused)
        try:
            code, _ = server.data(message.as_bytes())
        except smtplib.SMTPDataError as error:
            code = error.smtp_code
        except (OSError, smtplib.SMTPServerDisconnected):
            return Outcome("unknown", "SMTP_NO_ANSWER", refused=refused)  # it may have been taken
        if _taken(code):
            return Outcome("sent", f"SMTP_{worst}" if refused else "", refused=refused)
        return Outcome("permanent" if _for_good(code) else "temporary", f"SMTP_{code}", refused=refused)


def _taken(code: int) -> bool:
    return 200 <= code < 300


def _for_good(code: int) -> bool:
    return code >= 500


def _must(answer: tuple[int, bytes]) -> None:
    code, words = answer
    if not _taken(code):
        raise smtplib.SMTPResponseException(code, words)
