"""Where is someone reached? Asked of registry at the moment of sending; nothing of the answer is kept or logged."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from services.notify.delivery.categories import KINDS, Category, Channel, Recipient
from services.notify.delivery.digests import recipient_of
from services.notify.settings import NotifySettings
from services.notify.tables import Delivery
from shared.asking import registry

ADDRESSES = "/api/v1/registry/people/addresses"
LONGEST_SECONDS = 10.0


class RegistryAway(Exception):
    """Registry does not answer: what was to be sent waits."""


class Address(BaseModel):
    """One place to send to; its words are shown nowhere."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    address: str
    address_ref: UUID
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Address(***)"

    __str__ = __repr__


class Found(BaseModel):
    """Registry's answer about one recipient."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    addresses: tuple[Address, ...] = ()
    refused: str | None = None


class _Answers(BaseModel):
    answers: tuple[Found, ...]


_ANSWERS = TypeAdapter(_Answers)


class Addresses:
    """Asks registry, which checks consents and records each look."""

    def __init__(self, settings: NotifySettings) -> None:
        self._client = registry(settings, LONGEST_SECONDS)

    def of(self, deliveries: Sequence[Delivery]) -> list[Found]:
        """Where each goes, in their order. Raises `RegistryAway`."""
        if not deliveries:
            return []
        asked = [_asked(recipient_of(each), each) for each in deliveries]
        why = " ".join(sorted({each.category for each in deliveries}))[:100]
        try:
            response = self._client.post(ADDRESSES, json={"asked": asked, "why": why})
            response.raise_for_status()
            found = _ANSWERS.validate_json(response.content).answers
        except (httpx.HTTPError, ValidationError) as error:
            raise RegistryAway(type(error).__name__) from None
        if len(found) != len(deliveries):
            raise RegistryAway("another number of answers than was asked for")
        return list(found)

    def close(self) -> None:
        self._client.close()


def _asked(recipient: Recipient, delivery: Delivery) -> dict[str, Any]:
    category: Category = delivery.category  # type: ignore[assignment]
    channel: Channel = delivery.channel  # type: ignore[assignment]
    purpose = "marketing" if KINDS[category].rule_class == "advert" else "messages"
    return {
        "recipient": recipient.kind,
        "recipient_id": str(recipient.id),
        "channel": channel,
        "purpose": purpose,
    }
