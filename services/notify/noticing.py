"""What is an agency told of each of its postings, on its own stream? The candidates as they are now, without names.

A fact only marks its posting. Every minute the marked ones are looked at, and said where anything changed: many changes
become one event, and none is said twice.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from redis import Redis
from sqlalchemy import update
from sqlmodel import Session, col, select

from services.notify import match_lists
from services.notify.match_lists import EveryCafe
from services.notify.pseudonyms import candidate_id
from services.notify.tables import KeptPosting, PairStanding, PostingCard
from shared.clock import now
from shared.contracts import Candidate, MatchNoticed, PostingPublished, Reason
from shared.contracts.matches import ReasonCode
from shared.outbox import stage, stream_of
from shared.trimming import trim_by_age

AT_ONCE = 200
MOST_CANDIDATES = 20
FOUND = "found"
AS_FOUND = ("postponed", "reopened")
"""States that are the counselor's own affair: to others nobody has decided."""
LEFT_OUT = ("dismissed",)
ABOUT_THE_WORK: tuple[ReasonCode, ...] = (
    "text.shared",
    "skill.found",
    "skill.missing",
    "certificate.held",
    "experience.enough",
    "experience.short",
)
"""What the other side is told of someone. What she wishes and how far she would go is her own affair."""


def keep_posting(session: Session, event: PostingPublished) -> None:
    """Keep what an agency and a firm are told of a posting also when it is withdrawn."""
    facts = event.facts
    told: dict[str, Any] = {
        "revision": event.revision,
        "agency_id": facts.agency_id,
        "source_ref": facts.source_ref,
        "title": facts.title,
        "employer": facts.employer,
        "notice_due": now(),
    }
    held = session.get(KeptPosting, event.posting_id)
    if held is None:
        session.add(KeptPosting(posting_id=event.posting_id, published_at=event.accepted_at, **told))
    elif event.revision > held.revision:
        session.add(held.sqlmodel_update(told))


def mark(session: Session, posting_ids: Iterable[UUID]) -> None:
    """Something about these postings may have changed."""
    ids = set(posting_ids)
    if ids:
        session.flush()
        unmarked = (col(KeptPosting.posting_id).in_(ids), col(KeptPosting.notice_due).is_(None))
        session.connection().execute(update(KeptPosting).where(*unmarked).values(notice_due=now()))


def mark_pairs_of(session: Session, seeker_id: UUID) -> None:
    """The same for every posting about which anything was decided with her."""
    mark(session, session.exec(select(PairStanding.posting_id).where(PairStanding.seeker_id == seeker_id)).all())


def notice_agencies(session: Session, key: SecretStr) -> int:
    """Say what changed of the postings that were marked; of how many anything had."""
    due = select(KeptPosting).where(col(KeptPosting.notice_due).is_not(None))
    postings = session.exec(due.order_by(col(KeptPosting.notice_due)).limit(AT_ONCE)).all()
    return sum(_notice(session, key, posting) for posting in postings)


def trim_notices(session: Session, redis: Redis, keep: timedelta) -> int:
    """Cut what agencies' streams have said longer ago than `keep`; how many entries went."""
    agencies = session.exec(select(KeptPosting.agency_id).where(KeptPosting.notice_revision > 0).distinct()).all()
    return sum(trim_by_age(redis, stream_of(MatchNoticed, agency_id), keep) for agency_id in agencies)


def candidates_of(session: Session, key: SecretStr, posting_id: UUID) -> tuple[Candidate, ...]:
    """Who fits a posting and where each stands, the furthest on first, then the best; nobody is named."""
    standings = select(PairStanding).where(PairStanding.posting_id == posting_id)
    states = {row.seeker_id: row.state for row in session.exec(standings)}
    card = session.get(PostingCard, posting_id)
    pairs = match_lists.for_posting(session, card, EveryCafe()) if card and card.live else ()
    found = {shown.pair.seeker_id: shown.pair for shown in pairs}
    told = []
    for seeker_id in dict.fromkeys([*found, *states]):
        state, pair = _as_told(states.get(seeker_id)), found.get(seeker_id)
        if state is None or (pair is None and state == FOUND):
            continue
        candidate = Candidate(
            candidate_id=candidate_id(key, seeker_id, posting_id),
            score=pair.score if pair else None,
            fit_for_posting=pair.fit_for_posting if pair else None,
            reasons=about_the_work(pair.reasons) if pair else (),
            state=state,
        )
        told.append(candidate)
    in_order = sorted(told, key=lambda one: (one.state == FOUND, -(one.score or 0), one.candidate_id))
    return tuple(in_order[:MOST_CANDIDATES])


def about_the_work(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons that a firm or an agency may be told."""
    return tuple(reason for reason in reasons if reason.code in ABOUT_THE_WORK)


def _as_told(state: str | None) -> str | None:
    if state in LEFT_OUT:
        return None
    return FOUND if state is None or state in AS_FOUND else state


def _notice(session: Session, key: SecretStr, posting: KeptPosting) -> bool:
    candidates = candidates_of(session, key, posting.posting_id)
    digest = sha256("".join(one.model_dump_json() for one in candidates).encode()).hexdigest()
    news = digest != posting.notice_digest and (bool(candidates) or posting.notice_revision > 0)
    if news:
        posting.notice_revision += 1
        posting.notice_digest = digest
        stage(
            session,
            MatchNoticed(
                agency_id=posting.agency_id,
                posting_id=posting.posting_id,
                source_ref=posting.source_ref,
                revision=posting.notice_revision,
                candidates=candidates,
            ),
            agency=posting.agency_id,
        )
    posting.notice_due = None
    session.add(posting)
    return news
