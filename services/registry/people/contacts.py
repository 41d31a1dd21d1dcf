"""Where is someone reached at this moment? Told to notify when it sends and kept by nobody else; each look is recorded.

Seekers' addresses lie in the vault and are told only where they agreed to be written to. What a firm leaves with its
posting, an agency or a member of staff lies sealed beside it.
"""

import base64
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

from pydantic import Field
from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.registry.orders.life_cycle import OPEN
from services.registry.people import consents
from services.registry.people.audit import Look
from services.registry.people.consents import Matter
from services.registry.people.vault import Vault
from services.registry.tables import Account, Contact, FailingAddress, Posting, Seeker
from shared.clock import now
from shared.contracts import DeliveryFailed, Fact
from shared.contracts.envelope import Instant

Recipient = Literal["seeker", "firm", "agency", "counselor"]
"""A counselor is addressed as all of her café: the desk is theirs together."""
Owner = Literal["firm", "agency", "account"]
Channel = Literal["email", "webhook", "apprise"]
Purpose = Literal["messages", "marketing"]
Refusal = Literal["NO_ADDRESS", "NO_CONSENT", "ADDRESS_FAILING", "GONE"]

OLD_SECRET_STANDS = timedelta(hours=24)
"""After a rotation both secrets sign, so that nobody has to change both ends at one instant."""
SECRET_BYTES = 32
KEPT_AFTER_CLOSING = timedelta(days=200)
"""A firm is asked about the sixth month at work; then its contact goes."""


class Asked(Fact):
    """Whom notify is about to write to, by which way and for what."""

    recipient: Recipient
    recipient_id: UUID
    channel: Channel
    purpose: Purpose = "messages"


class Address(Fact):
    """Where to; never logged."""

    address: str
    address_ref: UUID
    """Tells one address from another without telling it."""
    secrets: tuple[str, ...] = ()
    """Of a webhook: each signs."""

    def __repr__(self) -> str:
        return "Address(***)"

    __str__ = __repr__


class Answer(Fact):
    """Where someone is reached, or why not."""

    recipient: Recipient
    recipient_id: UUID
    channel: Channel
    addresses: tuple[Address, ...] = ()
    refused: Refusal | None = None


class Secret(Fact):
    """A secret of a webhook, and until when it signs."""

    secret: str
    until: Instant | None = None


class Kept(Fact):
    """What is sealed of a contact."""

    address: Annotated[str, Field(max_length=500)]
    secrets: tuple[Secret, ...] = ()


def addresses_for(session: Session, vault: Vault, asked: Sequence[Asked], why: str) -> list[Answer]:
    """An answer to each, in their order; hand them out only after the transaction has committed."""
    return [_answer(session, vault, one, why) for one in asked]


def keep_contact(  # noqa: PLR0913, PLR0917 - whose, by which way, where
    session: Session, vault: Vault, owner: Owner, owner_id: UUID, channel: Channel, address: str
) -> Kept:
    """Keep where someone is reached, in place of what was kept before. A webhook keeps its secrets with its address."""
    row = _row(session, owner, owner_id, channel)
    before = _opened(vault, row) if row else None
    fresh = (Secret(secret=new_secret()),) if channel == "webhook" else ()
    kept = Kept(address=address, secrets=(before.secrets if before else ()) or fresh)
    if kept != before:
        _seal(session, vault, row or _new(owner, owner_id, channel), kept)
    return kept


def rotate_secret(session: Session, vault: Vault, agency_id: UUID) -> Kept | None:
    """Give a webhook a new secret; the one before signs beside it for a day. None where there is no webhook."""
    row = _row(session, "agency", agency_id, "webhook")
    if row is None:
        return None
    before, ends = _opened(vault, row), now() + OLD_SECRET_STANDS
    older = tuple(Secret(secret=each.secret, until=min(each.until or ends, ends)) for each in _standing(before))
    kept = Kept(address=before.address, secrets=(Secret(secret=new_secret()), *older[:1]))
    _seal(session, vault, row, kept)
    return kept


def drop_contact(session: Session, owner: Owner, owner_id: UUID, channel: Channel) -> bool:
    """Forget a way to reach someone; whether there was one."""
    row = _row(session, owner, owner_id, channel)
    if row:
        session.delete(row)
    return row is not None


def channels_of(session: Session, owner: Owner, owner_id: UUID) -> dict[str, datetime]:
    """By which ways someone can be reached, and since when; never where."""
    rows = session.exec(select(Contact).where(Contact.owner == owner, Contact.owner_id == owner_id))
    return {row.channel: row.changed_at for row in rows}


def note_failure(event: DeliveryFailed, session: Session) -> None:
    """Mark an address that refuses for good. Which one it is, notify knows by the digest it was told."""
    if not event.permanent or event.address_ref is None:
        return
    if session.get(FailingAddress, event.address_ref):
        return
    failing = FailingAddress(
        address_ref=event.address_ref,
        recipient=event.recipient,
        recipient_id=event.recipient_id,
        channel=event.channel,
        code=event.code,
        since=event.occurred_at,
    )
    session.add(failing)


def failing_of(session: Session, recipient_id: UUID) -> list[FailingAddress]:
    """The addresses of someone that refuse, to be shown to whoever can ask for better ones."""
    return list(session.exec(select(FailingAddress).where(FailingAddress.recipient_id == recipient_id)))


def forget_contacts(session: Session, recipient_id: UUID) -> None:
    """Drop what was noted of someone who was erased."""
    session.connection().execute(delete(FailingAddress).where(col(FailingAddress.recipient_id) == recipient_id))


def purge_contacts(session: Session) -> int:
    """Drop firms' contacts whose postings closed so long ago that nobody asks about them any more."""
    over = select(Posting.posting_id).where(Posting.state != OPEN, col(Posting.changed_at) < now() - KEPT_AFTER_CLOSING)
    done: Any = session.connection().execute(
        delete(Contact).where(col(Contact.owner) == "firm", col(Contact.owner_id).in_(over))
    )
    return int(done.rowcount)


def about(row: Contact) -> str:
    """What a contact's seal is bound to."""
    return f"contact {row.contact_id}"


def new_secret() -> str:
    """As Standard Webhooks writes it: 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def ref_of(vault: Vault, address: str) -> UUID:
    """The same for the same address, and no way back without the key."""
    return vault.pseudonym(f"address|{address.strip().lower()}")


def _answer(session: Session, vault: Vault, asked: Asked, why: str) -> Answer:
    found = _of_seeker(session, vault, asked, why) if asked.recipient == "seeker" else _of_others(session, vault, asked)
    told = asked.model_dump(exclude={"purpose"})
    if isinstance(found, str):
        return Answer(**told, refused=found)
    if asked.recipient != "seeker" and found:
        vault.audit.note(session, [asked.recipient_id], _look(asked, why))
    takes = [one for one in found if session.get(FailingAddress, one.address_ref) is None]
    if found and not takes:
        return Answer(**told, refused="ADDRESS_FAILING")
    return Answer(**told, addresses=tuple(takes), refused=None if takes else "NO_ADDRESS")


def _of_seeker(session: Session, vault: Vault, asked: Asked, why: str) -> list[Address] | Refusal:
    seeker = session.get(Seeker, asked.recipient_id)
    if seeker is None or seeker.state == "erased" or (asked.purpose == "marketing" and seeker.state != "active"):
        return "GONE"
    if not consents.holds(session, seeker.seeker_id, Matter(asked.purpose)):
        return "NO_CONSENT"
    if asked.channel != "email":
        return []
    seen = vault.read(session, [seeker.seeker_id], _look(asked, why))
    email = seen[seeker.seeker_id].email if seeker.seeker_id in seen else ""
    return [Address(address=email, address_ref=ref_of(vault, email))] if email else []


def _of_others(session: Session, vault: Vault, asked: Asked) -> list[Address]:
    owner: Owner = "account" if asked.recipient == "counselor" else asked.recipient  # type: ignore[assignment]
    ids = _counselors(session, asked.recipient_id) if asked.recipient == "counselor" else [asked.recipient_id]
    here = (Contact.owner == owner, col(Contact.owner_id).in_(ids), Contact.channel == asked.channel)
    rows = session.exec(select(Contact).where(*here).order_by(col(Contact.contact_id)))
    return [_address(vault, _opened(vault, row)) for row in rows]


def _address(vault: Vault, kept: Kept) -> Address:
    words = tuple(each.secret for each in _standing(kept))
    return Address(address=kept.address, address_ref=ref_of(vault, kept.address), secrets=words)


def _counselors(session: Session, cafe_id: UUID) -> list[UUID]:
    """Those who look after a café's seekers and may still sign in."""
    staff = session.exec(select(Account).where(Account.role == "counselor", col(Account.closed_at).is_(None)))
    return [account.account_id for account in staff if str(cafe_id) in account.cafe_ids]


def _standing(kept: Kept) -> list[Secret]:
    return [each for each in kept.secrets if each.until is None or each.until > now()]


def _look(asked: Asked, why: str) -> Look:
    return Look("notify", f"{asked.purpose}: {why}"[:100], (asked.channel,), "notify")


def _row(session: Session, owner: Owner, owner_id: UUID, channel: Channel) -> Contact | None:
    return session.get(Contact, _id_of(owner, owner_id, channel))


def _id_of(owner: Owner, owner_id: UUID, channel: Channel) -> UUID:
    return uuid5(owner_id, f"contact|{owner}|{channel}")


def _new(owner: Owner, owner_id: UUID, channel: Channel) -> Contact:
    contact_id = _id_of(owner, owner_id, channel)
    return Contact(contact_id=contact_id, owner=owner, owner_id=owner_id, channel=channel, sealed=b"", changed_at=now())


def _seal(session: Session, vault: Vault, row: Contact, kept: Kept) -> None:
    row.sealed = vault.seal(json.dumps(kept.model_dump(mode="json"), ensure_ascii=False).encode(), about(row))
    row.changed_at = now()
    session.add(row)


def _opened(vault: Vault, row: Contact) -> Kept:
    return Kept.model_validate_json(vault.unseal(row.sealed, about(row)))
