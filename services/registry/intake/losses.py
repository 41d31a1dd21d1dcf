"""What agencies' streams have lost unread: told to the agency once, and to the operator until she settles it."""

from collections import Counter
from uuid import UUID, uuid5

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.registry.intake.notices import tell_of_stream
from services.registry.intake.trimmed import Gap
from services.registry.tables import StreamLoss
from shared.clock import now
from shared.contracts import PostingReceived
from shared.outbox import stream_of


def tell(session: Session, agency_id: UUID, gap: Gap) -> None:
    """Say it on the agency's own stream and among its receipts, and keep it: once, however often we say it again."""
    notice_id = uuid5(agency_id, f"trimmed|{gap.last_read!r}|{gap.read}")
    if session.get(StreamLoss, notice_id):
        return
    session.add(StreamLoss(notice_id=notice_id, agency_id=agency_id, lost=gap.lost, found_at=now()))
    tell_of_stream(session, agency_id, notice_id, "STREAM_TRIMMED", count=gap.lost)


def unsettled(session: Session) -> dict[str, int]:
    """How many entries each stream lost of which the operator has not said yet what became of them."""
    lost: Counter[str] = Counter()
    for loss in session.exec(_unsettled()):
        lost[stream_of(PostingReceived, loss.agency_id)] += loss.lost
    return dict(lost)


def settle(session: Session, agency_id: UUID, why: str) -> int:
    """Keep what became of all that this agency's stream lost so far; how many entries that settles."""
    losses = session.exec(_unsettled().where(StreamLoss.agency_id == agency_id)).all()
    for loss in losses:
        loss.settled_at, loss.settled_why = now(), why
        session.add(loss)
    return sum(loss.lost for loss in losses)


def _unsettled() -> SelectOfScalar[StreamLoss]:
    return select(StreamLoss).where(col(StreamLoss.settled_at).is_(None))
