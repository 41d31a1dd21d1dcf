"""Which fact leads to what in the registry."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import Session, select

from services.registry.orders import postings
from services.registry.people import seekers
from services.registry.tables import Agency, Posting, Seeker
from shared.contracts import RestatementRequested
from shared.outbox import stage
from shared.streams import Hearing

CHUNK = 500


def say_everything_again(events: Sequence[RestatementRequested], session: Session) -> None:
    """Every open posting and active seeker at its present revision; once, however many asked at the same time."""
    if not events:
        return
    names = {agency.agency_id: agency.name for agency in session.exec(select(Agency))}
    for posting in _in_chunks(session, select(Posting).where(Posting.state == postings.OPEN)):
        stage(session, postings.published(posting, names[posting.agency_id]))
    for seeker in _in_chunks(session, select(Seeker).where(Seeker.state == seekers.ACTIVE)):
        stage(session, seekers.published(seeker))


def _in_chunks(session: Session, query: Any) -> Iterable[Any]:
    """Rows a few at a time; what was staged for them is written and let go before the next come."""
    for chunk in session.exec(query.execution_options(yield_per=CHUNK)).partitions():
        yield from chunk
        session.flush()
        session.expunge_all()


HEARINGS = (Hearing(RestatementRequested, say_everything_again),)
