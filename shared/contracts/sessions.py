"""Sessions: who was signed in and is no longer."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.envelope import Event, Instant, ServiceName


class SessionsEnded(Event):
    """Sessions ended before their time: by signing out, or with the account. Their cookies open nothing any more."""

    stream: ClassVar[str] = "sessions.ended.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("matching", "notify")

    ended_id: UUID
    """A session, or an account: then all of its sessions."""
    begun_until: Instant
    """Those that had begun by then; who signs in later is in."""

    @property
    def subject(self) -> str:
        return f"sessions/{self.ended_id}"
