"""Messages that cannot be heard: kept with their cause in the service's own database, listed, replayed or dropped.

A buried message is written in the transaction after which it is acknowledged, so it is always in exactly one place.
"""

import json
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Column, Engine, Text, UniqueConstraint, func
from sqlmodel import Field, Session, col, select

from shared.clock import now
from shared.database import SpineTable, UtcDateTime, reading
from shared.wire import WireError


class BuriedMessage(SpineTable, table=True):
    """One message as it came, and why it could not be heard."""

    __tablename__ = "buried"
    __table_args__ = (UniqueConstraint("group", "stream", "entry_id"),)

    number: int | None = Field(default=None, primary_key=True)
    group: str
    stream: str
    entry_id: str
    code: str
    cause: str
    """In words, without values, stack or personal data."""
    deliveries: int
    fields: str = Field(sa_column=Column(Text, nullable=False))
    buried_at: datetime = Field(sa_type=UtcDateTime)
    replays: int = 0
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled: str | None = None
    """`replayed` or `dropped`; None while somebody has to look at it."""


class BurialRule:
    """When a failing message is buried; with a fuse that stops a service which would bury the world.

    Args:
        deliveries: after so many a message that still fails is buried.
        fuse: so many burials in a row, with no success between, and nothing more is buried until somebody has looked.
    """

    def __init__(self, deliveries: int, fuse: int) -> None:
        self.deliveries, self.fuse, self.in_a_row = deliveries, fuse, 0

    @property
    def blown(self) -> bool:
        return self.in_a_row >= self.fuse

    def due(self, deliveries: int) -> bool:
        return deliveries >= self.deliveries and not self.blown

    def succeeded(self) -> None:
        self.in_a_row = 0

    def buried(self) -> None:
        self.in_a_row += 1


def bury(session: Session, message: BuriedMessage) -> None:
    """Keep a message that cannot be heard; one that already lies here, replayed in vain, keeps its place."""
    same = select(BuriedMessage).where(
        col(BuriedMessage.group) == message.group,
        col(BuriedMessage.stream) == message.stream,
        col(BuriedMessage.entry_id) == message.entry_id,
    )
    if not session.exec(same).first():
        session.add(message)


def cause_of(error: Exception) -> tuple[str, str]:
    """A code and a sentence for an error. Foreign errors tell only their kind and place: their text may hold values."""
    if isinstance(error, WireError):
        return error.code, f"{error.where}: {error.message}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    return "HANDLER_FAILED", f"{type(error).__name__} in {place.name}, line {place.lineno} of {place.filename[-60:]}"


def dump_fields(fields: Mapping[bytes, bytes]) -> str:
    """Entry fields as text that keeps every byte (bytes that are not UTF-8 as surrogate escapes, in ASCII JSON)."""
    escaped = {k.decode("utf-8", "surrogateescape"): v.decode("utf-8", "surrogateescape") for k, v in fields.items()}
    return json.dumps(escaped)


def load_fields(text: str) -> dict[bytes, bytes]:
    """The entry fields that `dump_fields` kept."""
    return {
        k.encode("utf-8", "surrogateescape"): v.encode("utf-8", "surrogateescape") for k, v in json.loads(text).items()
    }


def lying(engine: Engine, after: int = 0, limit: int | None = None) -> Sequence[BuriedMessage]:
    """What is buried and not settled, oldest first; `after`: the number of the last before."""
    with reading(engine) as session:
        unsettled = select(BuriedMessage).where(
            col(BuriedMessage.settled_at).is_(None), col(BuriedMessage.number) > after
        )
        return session.exec(unsettled.order_by(col(BuriedMessage.number)).limit(limit)).all()


def count_lying(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(
            select(func.count()).select_from(BuriedMessage).where(col(BuriedMessage.settled_at).is_(None))
        ).one()


def settle(session: Session, number: int, settled: str) -> None:
    """Note that a buried message was `replayed` or `dropped`."""
    message = session.get_one(BuriedMessage, number)
    message.settled, message.settled_at = settled, now()
    session.add(message)
