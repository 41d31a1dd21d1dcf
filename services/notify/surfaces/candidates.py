"""Whom may a posting's firm or agency see, and as what? By a name of this posting alone, with where each stands."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pydantic import SecretStr
from sqlmodel import Session, col, select

from services.notify import answers, match_lists
from services.notify.answers import Seen
from services.notify.match_lists import EveryCafe, ShownPair
from services.notify.noticing import about_the_work
from services.notify.people import opaque_label
from services.notify.pseudonyms import candidate_id
from services.notify.tables import PairStanding, PostingCard
from shared.contracts import Reason
from shared.contracts.referrals import Answer

NOT_YET_REFERRED = ("proposed", "agreed", "consented")
"""Shown once a counselor has confirmed her, while she is being asked."""
SHOWN_TO_FIRM = (*NOT_YET_REFERRED, *answers.AWAITING_RESULT, *answers.AT_WORK, "not_hired", "left")


@dataclass(frozen=True)
class CandidateShown:
    """Someone as a firm sees her."""

    seeker_id: UUID
    candidate: UUID
    seen: Seen
    names_shown: bool
    interview_on: date | None
    due_on: date | None
    shown: ShownPair | None
    may: tuple[Answer, ...]
    refused: str | None
    """Why registry did not record the last answer."""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why she fits the work."""
        return about_the_work(self.shown.pair.reasons) if self.shown else ()

    @property
    def label(self) -> str:
        return opaque_label(self.candidate)


def of_posting(session: Session, key: SecretStr, posting_id: UUID) -> list[CandidateShown]:
    """Who was proposed or referred to a posting: who waits for an answer first, then by the day it is due."""
    stands = select(PairStanding).where(
        PairStanding.posting_id == posting_id, col(PairStanding.state).in_(SHOWN_TO_FIRM)
    )
    card = session.get(PostingCard, posting_id)
    pairs = match_lists.for_posting(session, card, EveryCafe()) if card and card.live else ()
    by_seeker = {shown.seeker.seeker_id: shown for shown in pairs}
    rows = [row for row in session.exec(stands) if row.confirmed or row.state not in NOT_YET_REFERRED]
    found = [_shown(session, key, row, by_seeker.get(row.seeker_id)) for row in rows]
    return sorted(found, key=lambda one: (not one.may, one.due_on or date.max, one.candidate))


def _shown(session: Session, key: SecretStr, row: PairStanding, shown: ShownPair | None) -> CandidateShown:
    seen = answers.seen(session, (row.seeker_id, row.posting_id))
    return CandidateShown(
        seeker_id=row.seeker_id,
        candidate=candidate_id(key, row.seeker_id, row.posting_id),
        seen=seen,
        names_shown=row.names_shown,
        interview_on=row.interview_on,
        due_on=row.due_on,
        shown=shown,
        may=answers.may("firm", seen.state),
        refused=row.refused if seen.recorded else None,
    )
