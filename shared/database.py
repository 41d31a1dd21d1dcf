"""A database a service: its engine, its metadata, and the transaction that is the edge of every change."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from sqlite3 import SQLITE_BUSY, Cursor, OperationalError
from threading import RLock
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, DateTime, Engine, and_, event, or_
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel, create_engine

SQLITE_WAIT_SECONDS = 30
SQLITE_LOOK_SECONDS = 0.01

_writers: WeakKeyDictionary[Engine, RLock] = WeakKeyDictionary()
_AFTER_COMMIT = "after commit"


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware, stored in UTC, and aware again when read, on SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone; use shared.clock.now()")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_spine = registry()


class SpineTable(SQLModel, registry=_spine):
    """Base of the tables that every service's database has: inbox, outbox, buried.

    Each service declares a base of its own in just this way, so that the metadata of two services never meet.
    """

    metadata = _spine.metadata


HIDING: Final[dict[str, Any]] = {"hide_parameters": True}
"""An error of the database would tell the values it was about, a name perhaps, to whatever log it ends in."""


def open_engine(url: str) -> Engine:
    """Connect to `sqlite:///path` or `postgresql+psycopg://…` so that what is committed survives a power cut."""
    if url.startswith("sqlite"):
        return _open_sqlite(url)
    return create_engine(url, **HIDING, pool_pre_ping=True, pool_size=10, isolation_level="READ COMMITTED")


def _open_sqlite(url: str) -> Engine:
    # autocommit in the driver: the driver's own BEGIN is deferred, and two deferred writers deadlock.
    engine = create_engine(url, **HIDING, connect_args={"timeout": SQLITE_WAIT_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    _writers[engine] = RLock()
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    _keep_wal(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _keep_wal(cursor: Cursor) -> None:
    """Trap: where several open a new file at once, SQLite tells the losers that it is locked without any waiting."""
    until = time.monotonic() + SQLITE_WAIT_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except OperationalError as error:
            if error.sqlite_errorcode & 0xFF != SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(SQLITE_LOOK_SECONDS)


@contextmanager
def transaction(engine: Engine, *, lasting: bool = True) -> Iterator[Session]:
    """The edge of a change: commits at the end, rolls back on any error. Nothing inside commits.

    On SQLite one writer at a time within the process, and the write lock is taken at the start.

    Args:
        lasting: whether its end waits for the disk. What does not, a power cut may undo until the next one that does;
            for changes that are made again then, and of which nobody is told before.
    """
    with _writers.get(engine, nullcontext()), Session(engine, expire_on_commit=False) as session:
        _begin(session.connection(), lasting=lasting)
        try:
            yield session
        except BaseException:
            session.rollback()
            raise
        session.commit()
        for act in session.info.pop(_AFTER_COMMIT, ()):
            act()


def _begin(connection: Connection, *, lasting: bool) -> None:
    # The log is written in order: whatever waits for the disk takes with it all that came before.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if lasting else 'NORMAL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif not lasting:
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")


def after_commit(session: Session, act: Callable[[], object]) -> None:
    """Do this once it is sure that the store keeps what is written in `transaction`; never, if it does not."""
    session.info.setdefault(_AFTER_COMMIT, []).append(act)


def scour(engine: Engine) -> bool:
    """Leave nothing of deleted rows in the database's files; false where someone is just reading.

    On PostgreSQL dead rows are given back for reuse; when their bytes are overwritten is up to it.
    """
    with _writers.get(engine, nullcontext()), engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
            return True
        connection.exec_driver_sql("VACUUM")  # the driver is in autocommit already
        busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        return not busy


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A view of one moment; nothing written here is kept."""
    with Session(engine, expire_on_commit=False) as session:
        if engine.dialect.name == "sqlite":
            session.connection().exec_driver_sql("BEGIN")
        yield session


def beyond(columns: Sequence[Any], key: Sequence[Any] | None, *, falling: bool = False) -> list[ColumnElement[bool]]:
    """The condition for rows after a key, in the order of these columns; none on the first page."""
    if key is None:
        return []
    steps = []
    for place, (column, value) in enumerate(zip(columns, key, strict=True)):
        same = [earlier == known for earlier, known in zip(columns[:place], key, strict=False)]
        steps.append(and_(*same, column < value if falling else column > value))
    return [or_(*steps)]
