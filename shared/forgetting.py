"""Letting go of someone for good: of what was said of her and still lies about, in the store, on streams, in files.

Her own rows are the service's business. Here go the copies that the spine made: lines of the outbox, buried messages,
entries of the streams this service says, the log of Redis, free pages and the log of the database.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from redis import Redis
from redis.exceptions import ResponseError
from sqlalchemy import JSON, Column, Engine, delete, func, or_
from sqlmodel import Field, Session, col, select

from shared.burial import BuriedMessage
from shared.clock import now
from shared.contracts import CATALOGUE
from shared.database import SpineTable, UtcDateTime, reading, scour, transaction
from shared.outbox import OutboxLine, Relay
from shared.trimming import is_behind, last_entries, trim

CHUNK = 100
AT_ONCE = timedelta(0)


class Forgotten(SpineTable, table=True):
    """Someone of whom no copy is to stay. The row stays: told once more, there is nothing left to do."""

    __tablename__ = "forgotten"

    subject: UUID = Field(primary_key=True)
    since: datetime = Field(sa_type=UtcDateTime)
    entries: dict[str, str] | None = Field(default=None, sa_column=Column(JSON))
    """The last entry of each stream of ours when her lines had gone: all up to it go too."""
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


def forget(session: Session, subjects: Sequence[UUID]) -> None:
    """Drop every line and buried message that names one of them; what is on streams and in files follows at once.

    Before anything new is said of them in the same transaction: that must be heard.
    """
    known = forgotten(session, subjects)
    fresh = [subject for subject in dict.fromkeys(subjects) if subject not in known]
    for start in range(0, len(fresh), CHUNK):
        some = fresh[start : start + CHUNK]
        for table in (OutboxLine, BuriedMessage):
            naming = or_(*(col(table.fields).contains(str(subject)) for subject in some))
            session.connection().execute(delete(table).where(naming))
        session.add_all(Forgotten(subject=subject, since=now()) for subject in some)
    session.flush()


def forgotten(session: Session, subjects: Iterable[UUID]) -> set[UUID]:
    """Who of these was erased before: what is still said of them comes late, and is not kept."""
    return set(session.exec(select(Forgotten.subject).where(col(Forgotten.subject).in_(set(subjects)))))


def is_forgotten(session: Session, subject: UUID) -> bool:
    """The same of one."""
    return session.get(Forgotten, subject) is not None


class Forgetter:
    """Sees to it that what was forgotten leaves the streams and the files too."""

    def __init__(self, service: str, engine: Engine, redis: Redis, relay: Relay) -> None:
        self.service, self.engine, self.redis, self.relay = service, engine, redis, relay
        self.streams = [event.stream for event in CATALOGUE if service in event.said_by and not event.per_agency]

    def count_due(self) -> int:
        with reading(self.engine) as session:
            return session.exec(select(func.count()).where(col(Forgotten.done_at).is_(None))).one()

    def finish(self) -> bool:
        """One attempt; whether nothing is left to be forgotten. Raises redis errors; the next attempt goes on."""
        with reading(self.engine) as session:
            due = session.exec(select(Forgotten).where(col(Forgotten.done_at).is_(None))).all()
        if not due:
            return True
        self._mark([row for row in due if row.entries is None])
        trim(self.redis, self.service, AT_ONCE)
        gone = [row for row in due if row.entries is not None and is_behind(self.redis, row.entries)]
        if not gone or not self._rewrite_log() or not scour(self.engine):
            return False
        with transaction(self.engine) as session:
            for row in gone:
                session.get_one(Forgotten, row.subject).done_at = now()
        return len(gone) == len(due)

    def _mark(self, rows: Sequence[Forgotten]) -> None:
        if not rows:
            return
        with self.relay.turn:  # a line that was read before it was dropped is on its stream by now
            entries = last_entries(self.redis, self.streams)
        with transaction(self.engine) as session:
            for row in rows:
                session.get_one(Forgotten, row.subject).entries = entries
                row.entries = entries

    def _rewrite_log(self) -> bool:
        """Let Redis write its log anew, without the entries that are gone; false while an older rewrite runs."""
        try:
            answer: Any = self.redis.bgrewriteaof()
        except ResponseError as error:
            if "in progress" in str(error):
                return False
            structlog.get_logger().warning("redis_log_not_rewritten", error=str(error)[:100])
            return True
        return bool(answer)
