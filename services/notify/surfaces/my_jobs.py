"""Which jobs concern a seeker, and where does each stand? Hers alone; nothing of anybody else's."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from services.notify import answers, match_lists
from services.notify.answers import NOBODY_DECIDED, Seen
from services.notify.match_lists import ShownPair
from services.notify.tables import KeptPosting, PairAnswer, PairStanding, PostingCard, SeekerCard

MY_TURN = ("proposed", "agreed")
UNDER_WAY = ("consented", *answers.AWAITING_RESULT, *answers.AT_WORK)
MOST_SHOWN = 10


@dataclass(frozen=True)
class MyJob:
    """A posting as it concerns her."""

    posting_id: UUID
    kept: KeptPosting | None
    card: PostingCard | None
    """None once it is withdrawn."""
    shown: ShownPair | None
    """None where it is not on her list now."""
    seen: Seen
    standing: PairStanding | None

    @property
    def title(self) -> str:
        return self.card.title if self.card else self.kept.title if self.kept else ""

    @property
    def employer(self) -> str:
        return self.card.employer if self.card else self.kept.employer if self.kept else ""


@dataclass(frozen=True)
class MyJobs:
    """All of them, by what she can do about each."""

    looking: bool
    """She is being matched."""
    my_turn: tuple[MyJob, ...]
    under_way: tuple[MyJob, ...]
    found: tuple[MyJob, ...]
    past: tuple[MyJob, ...]


def jobs_of(session: Session, seeker_id: UUID) -> MyJobs:
    """Everything of hers: what waits for her word, what is under way, what was found, what is over."""
    card = session.get(SeekerCard, seeker_id)
    live = card is not None and card.live
    pairs = (
        {shown.posting.posting_id: shown for shown in match_lists.for_seeker(session, card)} if card and live else {}
    )
    ids = dict.fromkeys([*pairs, *_said_of(session, seeker_id)])
    jobs = _jobs(session, seeker_id, ids, pairs)
    undecided = [job for job in jobs if job.shown and job.seen.state in (*NOBODY_DECIDED, "withdrawn")]
    over = [job for job in jobs if job.seen.state not in (*NOBODY_DECIDED, *MY_TURN, *UNDER_WAY)]
    over = [job for job in over if job not in undecided]
    return MyJobs(
        looking=live,
        my_turn=tuple(job for job in jobs if job.seen.state in MY_TURN),
        under_way=tuple(job for job in jobs if job.seen.state in UNDER_WAY),
        found=tuple(undecided[:MOST_SHOWN]),
        past=tuple(over),
    )


def job_of(session: Session, seeker_id: UUID, posting_id: UUID) -> MyJob | None:
    """One of hers; None where it is none of hers."""
    card = session.get(SeekerCard, seeker_id)
    pair = match_lists.find_pair(session, card, posting_id) if card and card.live else None
    if pair is None and posting_id not in _said_of(session, seeker_id):
        return None
    return _jobs(session, seeker_id, [posting_id], {posting_id: pair.shown} if pair else {})[0]


def _said_of(session: Session, seeker_id: UUID) -> list[UUID]:
    """Postings about which anything was said with her."""
    stands = select(PairStanding.posting_id).where(PairStanding.seeker_id == seeker_id)
    answered = select(PairAnswer.posting_id).where(PairAnswer.seeker_id == seeker_id)
    newest = stands.order_by(col(PairStanding.changed_at).desc())
    return list(dict.fromkeys([*session.exec(newest), *session.exec(answered)]))


def _jobs(session: Session, seeker_id: UUID, ids: Iterable[UUID], pairs: dict[UUID, ShownPair]) -> list[MyJob]:
    found = []
    for posting_id in ids:
        card = session.get(PostingCard, posting_id)
        found.append(
            MyJob(
                posting_id=posting_id,
                kept=session.get(KeptPosting, posting_id),
                card=card if card and card.live else None,
                shown=pairs.get(posting_id),
                seen=answers.seen(session, (seeker_id, posting_id)),
                standing=session.get(PairStanding, (seeker_id, posting_id)),
            )
        )
    return found
