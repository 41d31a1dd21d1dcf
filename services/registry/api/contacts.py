"""Where people are reached, under `/api/v1/registry`: asked by notify when it sends, set by whom it concerns."""

from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints, model_validator
from sqlalchemy import Engine

from services.registry.access import Operator, Sender, agency_for, not_found
from services.registry.api.bodies import Asked, PlainBody
from services.registry.intake.documents import EMAIL
from services.registry.people import contacts
from services.registry.people.contacts import Answer, Channel, Owner
from services.registry.people.vault import Vault
from services.registry.tables import Account, Agency, Posting
from shared.database import reading, transaction
from shared.web.problems import Problem
from shared.web.public_net import names_the_inside
from shared.web.sign_in import SignedIn, allow

MOST_ASKED = 200
OWNERS: dict[str, Any] = {"firm": Posting, "agency": Agency, "account": Account}

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Where = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class AddressesAsked(Asked):
    """Whom notify is about to write to, and what about."""

    asked: Annotated[tuple[contacts.Asked, ...], Field(min_length=1, max_length=MOST_ASKED)]
    why: Words


class NewContact(Asked):
    """Where someone is reached from now on."""

    owner: Owner
    owner_id: UUID
    channel: Channel
    address: Where

    @model_validator(mode="after")
    def _as_its_channel_has_it(self) -> Self:
        if self.channel != "webhook" and not _fits(self.channel, self.address):
            raise ValueError(f"this is no address for {self.channel}")
        return self


class Hook(Asked):
    """Where an agency wants to be called."""

    url: Where


def contact_api(engine: Engine, vault: Vault, *, hooks_inside: bool = False) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry")
    From = Annotated[SignedIn, Depends(Sender(engine))]  # noqa: N806 - a type

    @router.post("/people/addresses")
    def tell_addresses(
        _who: Annotated[SignedIn, Depends(allow("service"))],
        asked: Annotated[AddressesAsked, Depends(PlainBody(AddressesAsked))],
    ) -> dict[str, list[Answer]]:
        """Addresses, at the moment of sending; consents are checked, and each look is recorded before it is told."""
        with transaction(engine) as session:
            found = contacts.addresses_for(session, vault, asked.asked, asked.why)
        return {"answers": found}

    @router.put("/contacts")
    def keep(_who: Operator, asked: Annotated[NewContact, Depends(PlainBody(NewContact))]) -> dict[str, Any]:
        """Where a firm (by its posting), an agency or an account is reached."""
        if asked.channel == "webhook":
            _refuse_hook(asked.address, "address", inside=hooks_inside)
        with transaction(engine) as session:
            if session.get(OWNERS[asked.owner], asked.owner_id) is None:
                raise not_found()
            contacts.keep_contact(session, vault, asked.owner, asked.owner_id, asked.channel, asked.address)
        return {"owner": asked.owner, "owner_id": asked.owner_id, "channel": asked.channel}

    @router.get("/contacts/{owner}/{owner_id}")
    def ways(owner: Owner, owner_id: UUID, _who: Operator) -> dict[str, Any]:
        """By which ways someone can be reached, and which addresses refused; never where."""
        with reading(engine) as session:
            failing = {row.channel: row.code for row in contacts.failing_of(session, owner_id)}
            return {"channels": contacts.channels_of(session, owner, owner_id), "failing": failing}

    @router.delete("/contacts/{owner}/{owner_id}/{channel}")
    def drop(owner: Owner, owner_id: UUID, channel: Channel, _who: Operator) -> dict[str, Any]:
        with transaction(engine) as session:
            return {"removed": contacts.drop_contact(session, owner, owner_id, channel)}

    @router.put("/webhook")
    def hook(who: From, asked: Annotated[Hook, Depends(PlainBody(Hook))], agency: UUID | None = None) -> dict[str, Any]:
        """Where an agency is called; the secret that signs each call is told with the answer."""
        own = agency_for(engine, who, agency)
        _refuse_hook(asked.url, "url", inside=hooks_inside)
        with transaction(engine) as session:
            kept = contacts.keep_contact(session, vault, "agency", own.agency_id, "webhook", asked.url)
        return {"agency_id": own.agency_id, "secret": kept.secrets[0].secret}

    @router.post("/webhook/rotate")
    def rotate(who: From, agency: UUID | None = None) -> dict[str, Any]:
        """A new secret; the one before signs beside it for a day."""
        own = agency_for(engine, who, agency)
        with transaction(engine) as session:
            kept = contacts.rotate_secret(session, vault, own.agency_id)
        if kept is None:
            raise not_found()
        return {"agency_id": own.agency_id, "secret": kept.secrets[0].secret, "before_until": kept.secrets[1].until}

    @router.delete("/webhook")
    def unhook(who: From, agency: UUID | None = None) -> dict[str, Any]:
        own = agency_for(engine, who, agency)
        with transaction(engine) as session:
            return {"removed": contacts.drop_contact(session, "agency", own.agency_id, "webhook")}

    return router


def _fits(channel: Channel, address: str) -> bool:
    if channel == "email":
        return EMAIL.fullmatch(address) is not None
    return "://" in address


def _refuse_hook(url: str, where: str, *, inside: bool) -> None:
    """What a name leads to is looked at when it is called; an address of the inside says so by itself."""
    if _may_be_called(url, inside=inside):
        return
    raise Problem(
        422,
        "URL_NOT_ALLOWED",
        "A webhook is an https address of the public net, without a name or password in it.",
        "웹훅 주소는 공개된 인터넷의 https 주소여야 하며 주소 안에 이름이나 비밀번호가 없어야 합니다.",
        where=where,
    )


def _may_be_called(url: str, *, inside: bool) -> bool:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port  # a port that is none raises
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme in ("https", "http") if inside else parts.scheme == "https" and not names_the_inside(host)
