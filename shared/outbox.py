"""Saying what was committed, and only that: events are rows first, then entries on their stream.

`stage` writes the row in the caller's transaction. The relay puts rows on the streams at least once, and once more when
it finds that Redis holds less than it was given (emptied, or restored from an older copy).
"""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, islice
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from pydantic_core import from_json, to_json
from redis import Redis
from redis.exceptions import ResponseError
from sqlalchemy import Column, Engine, Index, Text, bindparam, delete, func, insert, update
from sqlmodel import Field, Session, col, select

from shared import telemetry
from shared.clock import now
from shared.contracts import Event
from shared.database import SpineTable, UtcDateTime, after_commit, reading, transaction
from shared.wire import encode

RELAY_BATCH = 500
RELAY_BYTES = 4_000_000
"""Of one MULTI. Valkey closes the connection of whoever queues more than its `client-query-buffer-limit` (16 MB)."""

STAGED_AT_ONCE = 100
"""Lines a statement: a city's lists as text, all at once, would take more memory than the rest of a service."""

_bells: WeakKeyDictionary[Engine, threading.Event] = WeakKeyDictionary()
"""Rung when something was staged by this process: its relay need not wait for its next look."""


class OutboxLine(SpineTable, table=True):
    """An event that was decided; `said_at` is empty until it stands on its stream."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_unsaid", "said_at", "number"), Index("ix_outbox_stream", "stream"))

    number: int | None = Field(default=None, primary_key=True)
    stream: str
    fields: str = Field(sa_column=Column(Text, nullable=False))
    staged_at: datetime = Field(sa_type=UtcDateTime)
    said_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StreamMark(SpineTable, table=True):
    """How far we know a stream of ours to have come; less than this in Redis means that Redis lost something."""

    __tablename__ = "stream_mark"

    stream: str = Field(primary_key=True)
    entries_added: int


def stage(session: Session, event: Event, *, agency: UUID | None = None) -> None:
    """Decide, with everything else in this transaction, that `event` will be said.

    Args:
        agency: whose own stream it goes to, for events that have a stream an agency.
    """
    stage_all(session, [(event, None)], agency=agency)


def stage_all(session: Session, events: Iterable[tuple[Event, str | None]], *, agency: UUID | None = None) -> None:
    """The same of several, to be said in this order.

    Args:
        events: each with its data as JSON, in place of what is in it, or without; see `wire.encode`.
    """
    staged_at, cause = now(), telemetry.traceparent()
    lines = (
        {
            "stream": stream_of(event, agency),
            "fields": to_json(encode(event, cause, data)).decode(),
            "staged_at": staged_at,
        }
        for event, data in events
    )
    while some := list(islice(lines, STAGED_AT_ONCE)):
        session.connection().execute(insert(OutboxLine), some)
        if bell := _bells.get(session.get_bind().engine):
            after_commit(session, bell.set)


def stream_of(event: Event | type[Event], agency: UUID | None = None) -> str:
    """The Redis key of an event's stream.

    Raises:
        ValueError: an agency is named for an event that has no stream an agency, or none for one that has.
    """
    if event.per_agency != (agency is not None):
        raise ValueError(f"{event.stream}: name the agency exactly for events with a stream an agency")
    return f"{event.stream}:{agency}" if agency else event.stream


@dataclass(frozen=True)
class Backlog:
    """What the outbox still owes."""

    unsaid: int
    oldest_seconds: float


class Relay:
    """Puts staged events on their streams, in the order in which they were staged."""

    def __init__(self, service: str, engine: Engine, redis: Redis) -> None:
        self.service, self.engine, self.redis = service, engine, redis
        # A stopping service says the rest while a cancelled pass may still be writing: one at a time, else twice.
        self.turn = threading.Lock()
        self._bell = _bells.setdefault(engine, threading.Event())

    def say_soon(self, seconds: float) -> int:
        """Wait until something is staged by this process, at most so long, then say everything; how many were said."""
        self._bell.wait(seconds)
        self._bell.clear()
        return self.say_all()

    def wake(self) -> None:
        """Let whoever waits in `say_soon` look now."""
        self._bell.set()

    def say_all(self) -> int:
        """Say everything that is staged; how many were said. Raises redis errors; nothing is lost by them."""
        total = 0
        while said := self.say_some():
            total += said
        return total

    def say_some(self) -> int:
        with self.turn:
            return self._say_some()

    def _say_some(self) -> int:
        with reading(self.engine) as session:
            unsaid = select(OutboxLine).where(col(OutboxLine.said_at).is_(None)).order_by(col(OutboxLine.number))
            lines = _fitting(session.exec(unsaid.limit(RELAY_BATCH)).all())
        if lines:
            before, after = self._put(lines)
            self._remember_said(lines, before, after)
        return len(lines)

    def _put(self, lines: Sequence[OutboxLine]) -> tuple[dict[str, int], dict[str, int]]:
        """XADD all lines at once; how many entries each stream had ever been given, before and after.

        One MULTI: nobody empties Redis between the look and the writing.
        """
        streams = sorted({line.stream for line in lines})
        with self.redis.pipeline(transaction=True) as pipe:
            for stream in streams:
                pipe.xinfo_stream(stream)
            for line in lines:
                pipe.xadd(line.stream, from_json(line.fields))
            for stream in streams:
                pipe.xinfo_stream(stream)
            replies = pipe.execute(raise_on_error=False)
        if failed := [r for r in replies[len(streams) :] if isinstance(r, Exception)]:
            raise failed[0]
        looks = replies[: len(streams)], replies[-len(streams) :]
        before, after = ({s: _added(look) for s, look in zip(streams, half, strict=True)} for half in looks)
        return before, after

    def _remember_said(self, lines: Sequence[OutboxLine], before: dict[str, int], after: dict[str, int]) -> None:
        with transaction(self.engine, lasting=False) as session:  # forgotten at a power cut, they are said again
            session.connection().execute(
                update(OutboxLine).where(col(OutboxLine.number) == bindparam("line")).values(said_at=now()),
                [{"line": line.number} for line in lines],
            )
            for stream, added in after.items():
                mark = session.get(StreamMark, stream) or StreamMark(stream=stream, entries_added=0)
                if before[stream] < mark.entries_added:
                    self._say_again(session, stream)
                mark.entries_added = added
                session.add(mark)
        for stream, count in Counter(line.stream for line in lines).items():
            telemetry.SAID.labels(self.service, stream).inc(count)

    def mend(self) -> int:
        """Look whether Redis holds less than it was given, and stage those streams again; how many events."""
        with reading(self.engine) as session:
            marks = session.exec(select(StreamMark)).all()
        if not marks:
            return 0
        with self.redis.pipeline(transaction=False) as pipe:
            for mark in marks:
                pipe.xinfo_stream(mark.stream)
            looks = pipe.execute(raise_on_error=False)
        lost = [m.stream for m, look in zip(marks, looks, strict=True) if _added(look) < m.entries_added]
        if not lost:
            return 0
        with transaction(self.engine) as session:
            again = sum(self._say_again(session, stream) for stream in lost)
            session.connection().execute(
                update(StreamMark).where(col(StreamMark.stream).in_(lost)).values(entries_added=0)
            )
        return again

    def _say_again(self, session: Session, stream: str) -> int:
        """Everything we still keep of the stream will be said once more; hearers' inboxes make that harmless."""
        done: Any = session.connection().execute(
            update(OutboxLine).where(col(OutboxLine.stream) == stream).values(said_at=None)
        )
        telemetry.SAID_AGAIN.labels(self.service, stream).inc(done.rowcount)
        telemetry.log.warning("redis_lost_stream", stream=stream, said_again=done.rowcount)
        return int(done.rowcount)

    def backlog(self) -> Backlog:
        with reading(self.engine) as session:
            count, oldest = session.exec(
                select(func.count(), func.min(col(OutboxLine.staged_at))).where(col(OutboxLine.said_at).is_(None))
            ).one()
        return Backlog(count, (now() - oldest).total_seconds() if oldest else 0.0)

    def forget(self, keep: timedelta) -> None:
        """Drop lines that were said longer ago than `keep`."""
        with transaction(self.engine) as session:
            session.connection().execute(delete(OutboxLine).where(col(OutboxLine.said_at) < now() - keep))


def _fitting(lines: Sequence[OutboxLine]) -> Sequence[OutboxLine]:
    """The first lines that go into one MULTI together; at least one."""
    sizes = accumulate(len(line.fields.encode()) for line in lines)
    return lines[: max(sum(size <= RELAY_BYTES for size in sizes), 1)]


def _added(look: Any) -> int:
    """`entries-added` of an XINFO STREAM reply; a missing stream was given nothing."""
    if isinstance(look, ResponseError):
        return 0
    if isinstance(look, Exception):
        raise look
    return int(look["entries-added"])
