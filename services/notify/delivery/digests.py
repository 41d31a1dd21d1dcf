"""One digest a recipient, kind of news and window: opened by the first news, sealed once when its window closes.

What comes after the seal belongs to the next window, also when the clock was set back. Sealing settles in one
transaction what the digest holds and by which ways it goes; from then on it is the delivery's business.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast
from uuid import UUID, uuid5

from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from services.notify.delivery.categories import CHANNELS, Category, Recipient, RecipientKind
from services.notify.delivery.preferences import cadence_of, wants
from services.notify.delivery.windows import Cadence, Window, window_of
from services.notify.tables import Delivery, Digest, Message
from shared.clock import now
from shared.database import reading, transaction

DIGESTS = UUID("7e11a7ed-0000-4000-8000-000000000002")
SEALED_AT_ONCE = 200

Filler = Callable[[Session, Digest], object]
"""Puts into a digest, as it is sealed, what is best said as of that moment."""


def open_digest(session: Session, recipient: Recipient, category: Category, instant: datetime) -> Digest:
    """The digest that takes news of this instant; held until the end of the transaction."""
    cadence = cadence_of(session, recipient, category)
    if category == "matches" and _is_first(session, recipient, category):
        cadence = "immediate"  # who has just come shall not wait a day to see that it works
    window = window_of(cadence, instant)
    while True:
        digest = _held(session, recipient, category, cadence, window)
        if digest.sealed_at is None:
            return digest
        window = window_of(cadence, window.closes_at)


def seal_due(engine: Engine, fillers: Mapping[str, Filler]) -> int:
    """Seal every digest whose window is over, each in a transaction of its own; how many."""
    with reading(engine) as session:
        due = select(Digest.digest_id).where(col(Digest.sealed_at).is_(None), col(Digest.closes_at) <= now())
        ids = session.exec(due.order_by(col(Digest.closes_at)).limit(SEALED_AT_ONCE)).all()
    for digest_id in ids:
        with transaction(engine) as session:
            held = session.exec(select(Digest).where(Digest.digest_id == digest_id).with_for_update()).first()
            if held and held.sealed_at is None:
                seal(session, held, fillers)
    return len(ids)


def seal(session: Session, digest: Digest, fillers: Mapping[str, Filler]) -> None:
    """Close it, and say by which ways it goes; an empty one goes nowhere."""
    if fill := fillers.get(digest.category):
        fill(session, digest)
    digest.sealed_at = now()
    session.add(digest)
    session.flush()
    if session.exec(select(Message.message_id).where(Message.digest_id == digest.digest_id).limit(1)).first() is None:
        return
    for channel in CHANNELS[cast(RecipientKind, digest.recipient)]:
        if wants(session, recipient_of(digest), cast(Category, digest.category), channel):
            session.add(_delivery(digest, channel))


def messages_of(session: Session, digest_id: UUID) -> list[Message]:
    """What a digest holds, in the order in which it was told."""
    held = select(Message).where(Message.digest_id == digest_id)
    return list(session.exec(held.order_by(col(Message.made_at), col(Message.message_id))))


def recipient_of(row: Digest | Delivery) -> Recipient:
    return Recipient(cast(RecipientKind, row.recipient), row.recipient_id)


def _is_first(session: Session, recipient: Recipient, category: Category) -> bool:
    here = (Digest.recipient == recipient.kind, Digest.recipient_id == recipient.id, Digest.category == category)
    sealed = select(Digest.digest_id).where(*here, col(Digest.sealed_at).is_not(None)).limit(1)
    return session.exec(sealed).first() is None


def _held(session: Session, recipient: Recipient, category: Category, cadence: Cadence, window: Window) -> Digest:
    name = f"{recipient.kind}|{recipient.id}|{category}|{cadence}|{window.opens_at:%FT%TZ}"
    digest_id = uuid5(DIGESTS, name)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {
        "digest_id": digest_id,
        "recipient": recipient.kind,
        "recipient_id": recipient.id,
        "category": category,
        "cadence": cadence,
        "opens_at": window.opens_at,
        "closes_at": window.closes_at,
    }
    session.connection().execute(insert(Digest).values(row).on_conflict_do_nothing())
    return session.exec(select(Digest).where(Digest.digest_id == digest_id).with_for_update()).one()


def _delivery(digest: Digest, channel: str) -> Delivery:
    return Delivery(
        delivery_id=uuid5(digest.digest_id, channel),
        digest_id=digest.digest_id,
        recipient=digest.recipient,
        recipient_id=digest.recipient_id,
        category=digest.category,
        channel=channel,
        state="waiting",
        made_at=now(),
        due_at=now(),
    )
