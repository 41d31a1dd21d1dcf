"""By which ways something is sent, and how that can end. Who sends tells which; nobody else reads an address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol
from uuid import UUID

import apprise

from services.notify.delivery.addresses import Address

Ending = Literal["sent", "temporary", "permanent", "unknown"]


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended.

    Args:
        kind: `unknown` where it was handed over and nobody said whether it arrived.
        code: in a word, for people and for registry.
        again_after: how long the other side asks us to wait at the least.
        refused: addresses that take nothing any more, also where others took it.
    """

    kind: Ending
    code: str = ""
    again_after: timedelta | None = None
    refused: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Letter:
    """What is sent, the same at every attempt."""

    delivery_id: UUID
    category: str
    subject: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Way(Protocol):
    """One way of sending. Raises nothing: whatever happens is an outcome."""

    def send(self, letter: Letter, addresses: tuple[Address, ...]) -> Outcome: ...


class AppriseWay:
    """Any of the services that Apprise knows, by an address that only an operator may set.

    One service a call; it says no more than whether it went, so a failure is always worth another try.
    """

    def send(self, letter: Letter, addresses: tuple[Address, ...]) -> Outcome:
        sent = [self._send_one(letter, each.address) for each in addresses]
        return Outcome("sent") if all(sent) else Outcome("temporary", "APPRISE_FAILED")

    def _send_one(self, letter: Letter, address: str) -> bool:
        service = apprise.Apprise()
        if not service.add(address):
            return False
        return bool(service.notify(title=letter.subject, body=letter.body))  # of its results success alone is true
