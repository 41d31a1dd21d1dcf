"""What a counselor decides about a pair: a row of ours and a fact for registry, in one transaction.

Registry alone says where a pair stands; until it has answered, the decision is told as being recorded.
"""

from dataclasses import astuple, dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, select

from services.notify import match_lists, referrals
from services.notify.match_lists import PairOnList
from services.notify.referrals import Pair, Standing
from services.notify.tables import Review, SeekerCard
from shared.clock import now
from shared.contracts import MatchReviewed
from shared.contracts.referrals import Decision, ReasonGiven, ReferralState
from shared.outbox import stage
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn

LATEST_DAYS = 90
"""A pair is postponed for no longer: by then the posting is another."""
SAID = {
    "seeker_id",
    "seeker_revision",
    "posting_id",
    "posting_revision",
    "cafe_id",
    "score",
    "epoch",
    "rank",
}
"""What the fact repeats of the row."""
UNDONE_FROM: tuple[ReferralState, ...] = ("proposed", "dismissed", "postponed")
"""Nobody but the counselor has done anything yet."""


@dataclass(frozen=True)
class Verdict:
    """What is decided about a pair."""

    decision: Literal["accepted", "dismissed", "postponed"]
    reason: ReasonGiven | None = None
    until: date | None = None


def check(verdict: Verdict, day: date) -> None:
    """Refuse what says too little or too much."""
    if (verdict.decision == "dismissed") != (verdict.reason is not None):
        raise Problem(422, "REASON_NEEDED", "Say why.", "이유를 골라 주세요.", where="reason")
    if (verdict.decision == "postponed") != (verdict.until is not None):
        raise Problem(422, "DAY_NEEDED", "Choose a day.", "날짜를 골라 주세요.", where="until")
    if verdict.until and not day < verdict.until <= day + timedelta(days=LATEST_DAYS):
        raise Problem(
            422,
            "DAY_OUT_OF_RANGE",
            f"Choose a day from tomorrow to {LATEST_DAYS} days from now.",
            f"내일부터 {LATEST_DAYS}일 뒤 사이의 날짜를 골라 주세요.",
            where="until",
        )


def decide(session: Session, who: SignedIn, found: PairOnList, verdict: Verdict) -> Review:
    """Keep the decision and say it; a pair about which someone has decided before is refused."""
    check(verdict, referrals.today())
    told = found.shown.pair
    pair = (told.seeker_id, told.posting_id)
    standing = referrals.standing_of(session, pair)
    if not referrals.is_open(standing, referrals.today()):
        raise already_decided()
    review = Review(
        seeker_id=pair[0],
        posting_id=pair[1],
        account_id=_account_of(who),
        label=who.label,
        cafe_id=found.shown.seeker.cafe_id,
        seeker_revision=told.seeker_revision,
        posting_revision=told.posting_revision,
        score=told.score,
        epoch=found.epoch,
        rank=found.rank,
        decision=verdict.decision,
        reason=verdict.reason,
        until=verdict.until,
        answered_from=_next_answer(standing),
        decided_at=now(),
    )
    session.add(review)
    _say(session, review, verdict.decision)
    return review


def undo(session: Session, who: SignedIn, pair: Pair) -> Review:
    """Take the last decision about a pair back, as long as nobody has acted on it."""
    standing = referrals.standing_of(session, pair)
    review = standing.review if standing else None
    if review and review.undone_at and review.undone_by == who.account_id:
        return review  # pressed twice on a slow line
    if standing is None or review is None or review.undone_at or standing.state not in UNDONE_FROM:
        raise Problem(
            409,
            "NOT_UNDONE",
            "This cannot be taken back any more: someone has acted on it, or it was taken back before.",
            "되돌릴 수 없습니다. 이미 다음 단계로 넘어갔거나 되돌린 결정입니다.",
        )
    review.undone_at, review.undone_by, review.answered_from = now(), _account_of(who), _next_answer(standing)
    session.add(review)
    _say(session, review, "undone")
    return review


def is_same(review: Review, who: SignedIn, verdict: Verdict) -> bool:
    """Whether this is what she decided herself, and it has not been taken back."""
    hers = review.undone_at is None and review.account_id == who.account_id
    return hers and (review.decision, review.reason, review.until) == astuple(verdict)


def decided_by(session: Session, account_id: UUID) -> list[Review]:
    """What this counselor decided and has not taken back, the newest first."""
    hers = select(Review).where(Review.account_id == account_id, col(Review.undone_at).is_(None))
    return list(session.exec(hers.order_by(col(Review.number).desc())))


def already_decided() -> Problem:
    return Problem(
        409,
        "ALREADY_DECIDED",
        "Someone has decided about this pair before you. Look at it again.",
        "이 짝은 이미 처리되었습니다. 화면을 새로 열어 확인해 주세요.",
    )


def _next_answer(standing: Standing | None) -> int:
    """The revision with which registry answers what is said now: one after every answer that is still to come."""
    recorded = standing.held.revision if standing and standing.held else 0
    awaited = standing.review.answered_from if standing and standing.review and not standing.recorded else 0
    return max(recorded, awaited) + 1


def _say(session: Session, review: Review, decision: Decision) -> None:
    facts = review.model_dump(include=SAID) | {
        "decision": decision,
        "reason": review.reason if decision == "dismissed" else None,
        "until": review.until if decision == "postponed" else None,
        "reviewed_by": review.undone_by or review.account_id,
    }
    stage(session, MatchReviewed.model_validate(facts))
    session.flush()
    match_lists.set_best(session, [session.get_one(SeekerCard, review.seeker_id)])


def _account_of(who: SignedIn) -> UUID:
    if who.account_id is None:
        raise Problem(403, "ACCOUNT_NEEDED", "Sign in with an account of your own.", "본인 계정으로 로그인해 주세요.")
    return who.account_id
