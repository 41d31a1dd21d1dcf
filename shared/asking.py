"""Asking registry for what it alone may tell: at the moment of showing or sending, never kept."""

from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.settings import ServiceSettings

CAFES = "/api/v1/registry/cafes"


class AskingSettings(ServiceSettings):
    """Settings of a service that asks registry."""

    registry_url: str = "http://127.0.0.1:8765"
    """Where names are asked for: an http address, or the path of registry's unix socket."""


class NamedCafe(BaseModel):
    """Registry's answer about one café."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    cafe_id: UUID
    name: str


CAFES_TOLD = TypeAdapter(tuple[NamedCafe, ...])


def registry(settings: AskingSettings, wait_seconds: float) -> httpx.Client:
    """Whom threads ask."""
    socket = _socket_of(settings)
    return httpx.Client(
        transport=httpx.HTTPTransport(uds=socket) if socket else None, **_as_service(settings, wait_seconds)
    )


def registry_for_pages(settings: AskingSettings, wait_seconds: float) -> httpx.AsyncClient:
    """Whom pages of an event loop ask."""
    socket = _socket_of(settings)
    return httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(uds=socket) if socket else None, **_as_service(settings, wait_seconds)
    )


def _socket_of(settings: AskingSettings) -> str | None:
    return settings.registry_url if settings.registry_url.startswith("/") else None


def _as_service(settings: AskingSettings, wait_seconds: float) -> dict[str, Any]:
    return {
        "base_url": "http://registry" if _socket_of(settings) else settings.registry_url,
        "headers": {"Authorization": f"Bearer {settings.service_token.get_secret_value()}"},
        "timeout": wait_seconds,
        "trust_env": False,  # a proxy of the environment has no business with names and addresses
    }
