"""Hearing each event once: an id is noted in the transaction of its effect, so that a repeat finds it there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, col

from shared.clock import now
from shared.contracts import Event
from shared.database import SpineTable, UtcDateTime

E = TypeVar("E", bound=Event)

CHUNK = 500
"""Rows an INSERT; SQLite allows 32,766 parameters a statement."""


class InboxLine(SpineTable, table=True):
    """An event that had its effect on this group."""

    __tablename__ = "inbox"

    group: str = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    heard_at: datetime = Field(sa_type=UtcDateTime, index=True)


def first_time(session: Session, group: str, events: Sequence[E]) -> list[E]:
    """Those of `events` that this group has not heard, now noted as heard; a repeat within `events` counts once."""
    fresh: dict[UUID, E] = {}
    for event in events:
        fresh.setdefault(event.event_id, event)
    noted: set[UUID] = set()
    ids = list(fresh)
    for start in range(0, len(ids), CHUNK):
        noted |= _note(session, group, ids[start : start + CHUNK])
    return [event for event_id, event in fresh.items() if event_id in noted]


def _note(session: Session, group: str, ids: list[UUID]) -> set[UUID]:
    # The database decides, not a look beforehand: two replicas may hold the same event.
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = [{"group": group, "event_id": event_id, "heard_at": now()} for event_id in ids]
    noting = insert(InboxLine).values(rows).on_conflict_do_nothing().returning(col(InboxLine.event_id))
    return set(session.connection().execute(noting).scalars())


def forget(session: Session, keep: timedelta) -> None:
    """Drop ids heard longer ago than `keep`, which must reach back further than any replay."""
    session.connection().execute(delete(InboxLine).where(col(InboxLine.heard_at) < now() - keep))
