"""What someone is called: asked of registry at the moment of showing, never kept."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from services.notify.settings import NotifySettings
from shared.web.sign_in import SignedIn

REVEAL = "/api/registry/people/reveal"

log = structlog.get_logger()


class Named(BaseModel):
    """Registry's answer about one person; only the name is of use here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    seeker_id: UUID
    name: str


class Revealed(BaseModel):
    """Registry's answer; a person it does not name is missing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    people: tuple[Named, ...]


class People:
    """Asks registry who is behind an id. A page that cannot learn it shows the opaque label instead."""

    def __init__(self, settings: NotifySettings) -> None:
        self._client = _registry(settings)

    async def names(self, seeker_ids: Sequence[UUID], who: SignedIn, purpose: str) -> dict[UUID, str] | None:
        """The names registry tells `who`; None when it cannot be reached. Registry records each reveal."""
        if not seeker_ids:
            return {}
        asked: dict[str, Any] = {
            "seeker_ids": [str(seeker_id) for seeker_id in dict.fromkeys(seeker_ids)],
            "who": who.label,
            "purpose": purpose,
        }
        try:
            answer = await self._client.post(REVEAL, json=asked)
            answer.raise_for_status()
            revealed = Revealed.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            log.warning("names_unreachable", error=type(error).__name__)
            return None
        return {person.seeker_id: person.name for person in revealed.people}

    async def close(self) -> None:
        await self._client.aclose()


def opaque_label(seeker_id: UUID) -> str:
    """How a seeker is called where her name is not known."""
    return seeker_id.hex[:4].upper()


def _registry(settings: NotifySettings) -> httpx.AsyncClient:
    over_socket = settings.registry_url.startswith("/")
    return httpx.AsyncClient(
        base_url="http://registry" if over_socket else settings.registry_url,
        transport=httpx.AsyncHTTPTransport(uds=settings.registry_url) if over_socket else None,
        headers={"Authorization": f"Bearer {settings.service_token.get_secret_value()}"},
        timeout=settings.names_wait_seconds,
        trust_env=False,  # a proxy of the environment has no business with names
    )
