"""What people and cafés are called: asked of registry at the moment of showing, never kept."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from services.notify.settings import NotifySettings
from shared.asking import CAFES, CAFES_TOLD, registry_for_pages
from shared.web.sign_in import SignedIn

REVEAL = "/api/v1/registry/people/reveal"
REVEAL_TO_FIRM = "/api/v1/registry/people/reveal-to-firm"
PROVISION_TEXT = "/api/v1/registry/postings/{posting_id}/provision-text"

PEOPLE_A_REQUEST = 100
FILE_WAIT_SECONDS = 10.0
"""A file may take longer than a page."""

T = TypeVar("T")


class NamedPerson(BaseModel):
    """Registry's answer about one person; only the name is of use here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    seeker_id: UUID
    name: str | None


class Revealed(BaseModel):
    """Registry's answer; a person of whom it holds nothing is missing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    people: tuple[NamedPerson, ...]


class ConsentWords(BaseModel):
    """What is asked, in one language: the five things that article 17 of PIPA wants told, the recipient among them."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    title: str
    purpose: str
    items: str
    period: str
    refusal: str


class ProvisionText(BaseModel):
    """Registry's present text for giving someone's data to a firm."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: str
    recipient: str
    """The firm, as the posting names it."""
    ko: ConsentWords
    en: ConsentWords


class Contact(BaseModel):
    """Someone whom a firm may know."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    seeker_id: UUID
    name: str = ""
    phone: str = ""
    email: str = ""


class Contacts(BaseModel):
    """Registry's answer; whom the firm may not know is missing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    people: tuple[Contact, ...]


log = structlog.get_logger()

_REVEALED = TypeAdapter(Revealed)
_PROVISION = TypeAdapter(ProvisionText)
_CONTACTS = TypeAdapter(Contacts)


class Names:
    """Asks registry who and what is behind an id. A page that cannot learn it shows opaque labels instead."""

    def __init__(self, settings: NotifySettings) -> None:
        self._client = registry_for_pages(settings, settings.names_wait_seconds)

    async def of_seekers(
        self, seeker_ids: Sequence[UUID], who: SignedIn, purpose: str, place: str
    ) -> dict[UUID, str] | None:
        """The names registry tells `who`, a record of each look kept there; None when it cannot be reached."""
        if not seeker_ids:
            return {}
        asked = _reveal(seeker_ids, who, purpose, place)
        revealed = await self._ask(self._client.build_request("POST", REVEAL, json=asked), _REVEALED)
        return {person.seeker_id: person.name for person in revealed.people if person.name} if revealed else None

    async def to_take_along(
        self, seeker_ids: Sequence[UUID], who: SignedIn, purpose: str, place: str
    ) -> dict[UUID, str] | None:
        """The names for a file, a record of each kept in registry; None when any of them cannot be had now."""
        names: dict[UUID, str] = {}
        for start in range(0, len(seeker_ids), PEOPLE_A_REQUEST):
            part = seeker_ids[start : start + PEOPLE_A_REQUEST]
            asked = _reveal(part, who, purpose, place) | {"action": "export"}
            request = self._client.build_request("POST", REVEAL, json=asked, timeout=FILE_WAIT_SECONDS)
            revealed = await self._ask(request, _REVEALED)
            if revealed is None:
                return None
            names |= {person.seeker_id: person.name for person in revealed.people if person.name}
        return names

    async def of_cafes(self) -> dict[UUID, str]:
        """The names of all cafés; none when registry cannot be reached."""
        cafes = await self._ask(self._client.build_request("GET", CAFES), CAFES_TOLD)
        return {cafe.cafe_id: cafe.name for cafe in cafes or ()}

    async def for_firm(
        self, posting_id: UUID, seeker_ids: Sequence[UUID], who: str, place: str
    ) -> dict[UUID, Contact] | None:
        """Whom of these the firm of a posting may know, as registry alone decides; None when it cannot be reached."""
        if not seeker_ids:
            return {}
        asked: dict[str, Any] = {
            "posting_id": str(posting_id),
            "seeker_ids": [str(seeker_id) for seeker_id in dict.fromkeys(seeker_ids)],
            "who": who[:100],
            "purpose": "firm link: to decide on hiring and to contact her",
            "place": place,
        }
        told = await self._ask(self._client.build_request("POST", REVEAL_TO_FIRM, json=asked), _CONTACTS)
        return {person.seeker_id: person for person in told.people} if told else None

    async def provision_text(self, posting_id: UUID) -> ProvisionText | None:
        """What is asked before the firm of a posting is given someone's data; None when it cannot be told now."""
        path = PROVISION_TEXT.format(posting_id=posting_id)
        return await self._ask(self._client.build_request("GET", path), _PROVISION)

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, request: httpx.Request, answer: TypeAdapter[T]) -> T | None:
        try:
            response = await self._client.send(request)
            response.raise_for_status()
            return answer.validate_json(response.content)
        except (httpx.HTTPError, ValidationError) as error:
            log.warning("registry_unreachable", path=request.url.path, error=type(error).__name__)
            return None


def opaque_label(entity_id: UUID) -> str:
    """How someone or something is called whose name is not known."""
    return entity_id.hex[:4].upper()


def _reveal(seeker_ids: Sequence[UUID], who: SignedIn, purpose: str, place: str) -> dict[str, Any]:
    return {
        "seeker_ids": [str(seeker_id) for seeker_id in dict.fromkeys(seeker_ids)],
        "who": f"{who.account_id or who.role} {who.label}"[:100],
        "purpose": purpose,
        "place": place,
    }
