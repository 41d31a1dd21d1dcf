"""Telling someone something: a row in her inbox and its place in a digest, in the transaction of the fact behind it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import delete, false, func, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from services.notify.delivery.categories import Category, Recipient
from services.notify.delivery.digests import open_digests
from services.notify.delivery.preferences import forget_choices
from services.notify.tables import (
    Attempt,
    BookingMark,
    Delivery,
    Digest,
    Enrolment,
    Message,
    SuppressedAddress,
)
from shared.clock import now

NOTICES = UUID("7e11a7ed-0000-4000-8000-000000000001")
PAGE_SIZE = 30


@dataclass(frozen=True)
class News:
    """Something to tell.

    Args:
        key: what makes it this news and no other, beside whom it is for: told once under it.
        about_id: the posting, booking or session; a posting that is gone before it is sent is left out.
        told: what its sentence needs; days and instants as ISO text.
    """

    recipient: Recipient
    category: Category
    code: str
    key: str
    about_id: UUID | None = None
    seeker_id: UUID | None = None
    told: dict[str, Any] = field(default_factory=dict)


def tell(session: Session, news: Iterable[News]) -> None:
    """Tell what was never told before."""
    by_category: dict[Category, list[News]] = defaultdict(list)
    for one in news:
        by_category[one.category].append(one)
    for category, some in sorted(by_category.items()):
        digests = open_digests(session, {one.recipient for one in some}, category, now())
        _keep(session, [_row(one, digests[one.recipient]) for one in some])


def put_into(session: Session, digest: Digest, news: Iterable[News]) -> None:
    """Bind to this digest what was never told."""
    _keep(session, [_row(one, digest) for one in news])


def id_of(recipient: Recipient, code: str, key: str) -> UUID:
    return uuid5(NOTICES, f"{recipient.kind}|{recipient.id}|{code}|{key}")


def in_inbox(session: Session, recipients: Sequence[Recipient], page: int) -> list[Message]:
    """What these were told, the newest first, and one more than a page where there is more."""
    newest = select(Message).where(_theirs(recipients)).order_by(col(Message.made_at).desc(), col(Message.message_id))
    return list(session.exec(newest.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)))


def count_unread(session: Session, recipients: Sequence[Recipient]) -> int:
    unread = select(func.count()).select_from(Message).where(_theirs(recipients), col(Message.read_at).is_(None))
    return session.exec(unread).one()


def mark_read(session: Session, recipients: Sequence[Recipient], message_id: UUID | None) -> None:
    """Note that one of theirs was read, or all."""
    which = [col(Message.message_id) == message_id] if message_id else []
    unread = update(Message).where(_theirs(recipients), col(Message.read_at).is_(None), *which)
    session.connection().execute(unread.values(read_at=now()))


def forget_person(session: Session, seeker_id: UUID) -> None:
    """Let go of all that was or was to be told to or about someone who was erased."""
    herself = Recipient("seeker", seeker_id)
    hers = (col(Delivery.recipient) == "seeker", col(Delivery.recipient_id) == seeker_id)
    sent = select(Delivery.delivery_id).where(*hers)
    about = or_(col(Message.seeker_id) == seeker_id, col(Message.recipient_id) == seeker_id)
    for doomed in (
        delete(Attempt).where(col(Attempt.delivery_id).in_(sent)),
        delete(Delivery).where(*hers),
        delete(Message).where(about),
        delete(Digest).where(col(Digest.recipient) == "seeker", col(Digest.recipient_id) == seeker_id),
        delete(SuppressedAddress).where(col(SuppressedAddress.recipient_id) == seeker_id),
        delete(Enrolment).where(col(Enrolment.seeker_id) == seeker_id),
        delete(BookingMark).where(col(BookingMark.seeker_id) == seeker_id),
    ):
        session.connection().execute(doomed)
    forget_choices(session, herself)


def _keep(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    if rows:
        session.connection().execute(insert(Message).on_conflict_do_nothing(), rows)


def _theirs(recipients: Sequence[Recipient]) -> Any:
    return or_(
        false(),
        *((col(Message.recipient) == each.kind) & (col(Message.recipient_id) == each.id) for each in recipients),
    )


def _row(news: News, digest: Digest) -> dict[str, Any]:
    return {
        "message_id": id_of(news.recipient, news.code, news.key),
        "recipient": news.recipient.kind,
        "recipient_id": news.recipient.id,
        "category": news.category,
        "code": news.code,
        "about_id": news.about_id,
        "seeker_id": news.seeker_id,
        "told": {name: _plain(value) for name, value in news.told.items() if value is not None},
        "digest_id": digest.digest_id,
        "made_at": now(),
        "read_at": None,
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
