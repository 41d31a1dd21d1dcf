"""The link by which a firm sees and answers its one posting, without an account: signed, ending, taken back at will.

The signature is made with the session key: whoever changes that key ends every link. A link that was guessed, changed,
taken back, has ended or is another's is told by one answer.
"""

from datetime import timedelta
from uuid import UUID, uuid4

from itsdangerous import BadSignature, URLSafeSerializer
from sqlmodel import Session, col, select

from services.notify.settings import NotifySettings
from services.notify.tables import FirmLink, KeptPosting
from shared.clock import now

LONGEST_TOKEN = 200
PATH = "/firm"


def standing_link(session: Session, posting_id: UUID) -> FirmLink | None:
    """The link of a posting that lets in today."""
    open_ones = select(FirmLink).where(
        FirmLink.posting_id == posting_id, col(FirmLink.revoked_at).is_(None), col(FirmLink.expires_at) > now()
    )
    return session.exec(open_ones.order_by(col(FirmLink.expires_at).desc())).first()


def link_of(session: Session, settings: NotifySettings, posting_id: UUID, made_by: str) -> FirmLink:
    """The link of a posting; made where none stands."""
    if standing := standing_link(session, posting_id):
        return standing
    ends = now() + timedelta(days=settings.firm_link_days)
    link = FirmLink(link_id=uuid4(), posting_id=posting_id, made_by=made_by, made_at=now(), expires_at=ends)
    session.add(link)
    session.flush()
    return link


def revoke(session: Session, posting_id: UUID, revoked_by: str) -> bool:
    """Take the link of a posting back, from now on; whether there was one."""
    standing = standing_link(session, posting_id)
    if standing is None:
        return False
    standing.revoked_at, standing.revoked_by = now(), revoked_by
    session.add(standing)
    return True


def address(settings: NotifySettings, link: FirmLink) -> str:
    """What is handed to the firm."""
    return f"{settings.public_url.rstrip('/')}{path(settings, link)}"


def path(settings: NotifySettings, link: FirmLink) -> str:
    return f"{PATH}/{_signer(settings).dumps(link.link_id.hex)}"


def posting_behind(session: Session, settings: NotifySettings, token: str) -> tuple[FirmLink, KeptPosting] | None:
    """What a link leads to; None for whatever reason it leads nowhere."""
    try:
        link_id = UUID(_signer(settings).loads(token[:LONGEST_TOKEN]))
    except (BadSignature, ValueError, TypeError, AttributeError):
        return None
    link = session.get(FirmLink, link_id)
    if link is None or link.revoked_at is not None or link.expires_at <= now():
        return None
    posting = session.get(KeptPosting, link.posting_id)
    return (link, posting) if posting else None


def _signer(settings: NotifySettings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.session_key.get_secret_value(), salt="iljari.firm-link")
