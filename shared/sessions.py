"""Which sessions ended before their time? Registry says so, and each service holds it beside its own rows.

A cookie says by itself who holds it and until when, so that pages open while another service is away. What it cannot
know is that its holder has signed out, or that her account is gone: that is looked up here, at every request.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, col, select

from shared.clock import now
from shared.contracts import SessionsEnded
from shared.database import SpineTable, UtcDateTime
from shared.outbox import stage

LONGEST_SESSION = timedelta(hours=12)
LONGEST_IDLE = timedelta(minutes=30)


class EndedSessions(SpineTable, table=True):
    """A session that ended, or an account all of whose sessions did that had begun by then."""

    __tablename__ = "ended_sessions"

    ended_id: UUID = Field(primary_key=True)
    begun_until: datetime = Field(sa_type=UtcDateTime, index=True)


def end(session: Session, ended_id: UUID) -> None:
    """End a session, or all sessions of an account, here and in every service."""
    event = SessionsEnded(ended_id=ended_id, begun_until=now())
    note(event, session)
    stage(session, event)


def note(event: SessionsEnded, session: Session) -> None:
    """Hold what ended; heard again or late, the later end stands."""
    # The database decides, not a look beforehand: the shards of one store hear it at the same moment.
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    adding = insert(EndedSessions).values(ended_id=event.ended_id, begun_until=event.begun_until)
    later = adding.excluded.begun_until
    session.connection().execute(
        adding.on_conflict_do_update(
            index_elements=["ended_id"], set_={"begun_until": later}, where=col(EndedSessions.begun_until) < later
        )
    )


def has_ended(session: Session, began_at: datetime, *ids: UUID) -> bool:
    """Whether a session that began then, known by these ids (its own, its account's), has ended."""
    rows = select(EndedSessions).where(col(EndedSessions.ended_id).in_(ids), col(EndedSessions.begun_until) >= began_at)
    return session.exec(rows).first() is not None


def say_again(session: Session) -> None:
    """For a service whose store is new: what ended and might still be shown."""
    for row in session.exec(select(EndedSessions)):
        stage(session, SessionsEnded(ended_id=row.ended_id, begun_until=row.begun_until))


def forget_outlived(session: Session) -> None:
    """Drop what no living cookie can be of."""
    gone = col(EndedSessions.begun_until) < now() - LONGEST_SESSION
    session.connection().execute(delete(EndedSessions).where(gone))
