"""One digest a recipient, kind of news and window: opened by the first news, sealed once when its window closes.

What comes after the seal belongs to the next window, also when the clock was set back. Sealing settles in one
transaction what the digest holds and by which ways it goes; from then on it is the delivery's business.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid5

from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from services.notify.delivery.categories import CHANNELS, Category, Recipient, RecipientKind
from services.notify.delivery.preferences import cadences_of, wants
from services.notify.delivery.windows import Cadence, Window, window_of
from services.notify.tables import Delivery, Digest, Message
from shared.clock import now
from shared.database import reading, transaction

DIGESTS = UUID("7e11a7ed-0000-4000-8000-000000000002")
SEALED_AT_ONCE = 200

Filler = Callable[[Session, Digest], object]
"""Puts into a digest, as it is sealed, what is best said as of that moment."""


def open_digests(
    session: Session, recipients: Iterable[Recipient], category: Category, instant: datetime
) -> dict[Recipient, Digest]:
    """Of each the digest that takes news of this instant; all held until the end of the transaction."""
    cadences = cadences_of(session, set(recipients), category)
    if category == "matches":  # who has just come shall not wait a day to see that it works
        cadences |= dict.fromkeys(cadences.keys() - _told_before(session, cadences, category), "immediate")
    windows = {one: window_of(cadence, instant) for one, cadence in cadences.items()}
    found: dict[Recipient, Digest] = {}
    while windows:
        held = _held(session, category, {one: (cadences[one], window) for one, window in windows.items()})
        found |= {one: digest for one, digest in held.items() if digest.sealed_at is None}
        windows = {one: window_of(cadences[one], it.closes_at) for one, it in windows.items() if one not in found}
    return found


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


def _told_before(session: Session, recipients: Iterable[Recipient], category: Category) -> set[Recipient]:
    ids = {one.id for one in recipients}
    theirs = select(Digest.recipient, Digest.recipient_id).where(
        col(Digest.recipient).in_({one.kind for one in recipients}),
        col(Digest.recipient_id).in_(ids),
        Digest.category == category,
        col(Digest.sealed_at).is_not(None),
    )
    return {Recipient(cast(RecipientKind, kind), id) for kind, id in session.exec(theirs.distinct())}


def _held(
    session: Session, category: Category, wanted: Mapping[Recipient, tuple[Cadence, Window]]
) -> dict[Recipient, Digest]:
    """The digests, made where there were none. In the order of their ids: two who hold many wait, but not for ever."""
    rows = sorted((_row(one, category, *when) for one, when in wanted.items()), key=lambda row: row["digest_id"])
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.connection().execute(insert(Digest).on_conflict_do_nothing(), rows)
    theirs = select(Digest).where(col(Digest.digest_id).in_([row["digest_id"] for row in rows]))
    held = session.exec(theirs.order_by(col(Digest.digest_id)).with_for_update())
    return {recipient_of(digest): digest for digest in held}


def _row(recipient: Recipient, category: Category, cadence: Cadence, window: Window) -> dict[str, Any]:
    name = f"{recipient.kind}|{recipient.id}|{category}|{cadence}|{window.opens_at:%FT%TZ}"
    return {
        "digest_id": uuid5(DIGESTS, name),
        "recipient": recipient.kind,
        "recipient_id": recipient.id,
        "category": category,
        "cadence": cadence,
        "opens_at": window.opens_at,
        "closes_at": window.closes_at,
    }


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
