"""What is live, in two lines: matching compares them with its own to find an event that was lost."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from services.registry.orders.life_cycle import OPEN
from services.registry.people.seekers import ACTIVE
from services.registry.tables import Posting, Seeker
from shared.contracts import Fact


class Digest(Fact):
    """How many are live, and SHA-256 over their sorted lines `id revision`."""

    count: int
    sha256: str


def digest_of(lines: Iterable[tuple[UUID, int]]) -> Digest:
    told = sorted(f"{identity} {revision}\n" for identity, revision in lines)
    return Digest(count=len(told), sha256=sha256("".join(told).encode()).hexdigest())


def digests(session: Session) -> dict[str, Digest]:
    """Of the open postings and of the active seekers."""
    live: dict[str, Any] = {
        "postings": select(Posting.posting_id, Posting.revision).where(Posting.state == OPEN),
        "seekers": select(Seeker.seeker_id, Seeker.revision).where(Seeker.state == ACTIVE),
    }
    return {kind: digest_of(session.exec(query).all()) for kind, query in live.items()}
