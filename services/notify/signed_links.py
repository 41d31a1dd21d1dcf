"""Does a firm's link let in? For so many days after it was made, unless it was ended since.

A link that was guessed, changed, ended or is another's is told by one answer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from services.notify.settings import NotifySettings
from services.notify.tables import FirmLinksEnded, KeptPosting
from shared.clock import now
from shared.web import firm_links
from shared.web.firm_links import FirmLink


@dataclass(frozen=True)
class Opened:
    """What a link leads to."""

    link: FirmLink
    posting: KeptPosting
    until: datetime


def opened(session: Session, settings: NotifySettings, token: str) -> Opened | None:
    """What a link leads to; None for whatever reason it leads nowhere."""
    link = firm_links.read(settings.session_key, token)
    if link is None:
        return None
    until = link.made_at + timedelta(days=settings.firm_link_days)
    ended, posting = session.get(FirmLinksEnded, link.posting_id), session.get(KeptPosting, link.posting_id)
    if posting is None or until <= now() or (ended and link.made_at <= ended.ended_at):
        return None
    return Opened(link, posting, until)


def end(session: Session, posting_id: UUID, ended_by: str) -> None:
    """Let in nobody any more by a link of this posting that was made until now."""
    session.merge(FirmLinksEnded(posting_id=posting_id, ended_at=now(), ended_by=ended_by))
