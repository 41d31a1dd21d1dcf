"""What may a worker or a firm answer about a pair now, and what becomes of it? A row of ours and a fact at once.

Registry alone says where a pair stands and may refuse what is said here: it knows of others. What could never be is
refused at once, with its reason. Until registry has recorded an answer, a page tells it as being recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from sqlmodel import Session, col, select

from services.notify import referrals
from services.notify.referrals import Pair
from services.notify.tables import PairAnswer
from shared.clock import now
from shared.contracts import ReferralAnswered
from shared.contracts.referrals import Answer, ReasonGiven
from shared.outbox import stage
from shared.web.problems import Problem

Party = Literal["seeker", "firm"]
NOBODY_DECIDED = ("", "reopened", "postponed")
AWAITING_RESULT = ("referred", "interview", "no_show", "result_due", "unanswered")
AT_WORK = ("hired", "retained_1_month", "retained_3_months", "retained_6_months")
RESULTS: tuple[Answer, ...] = ("interview_set", "hired", "not_hired", "no_show")
RETENTION: tuple[Answer, ...] = ("still_employed", "left")

MAY: Mapping[Party, Mapping[str, tuple[Answer, ...]]] = {
    "seeker": {
        **dict.fromkeys((*NOBODY_DECIDED, "proposed", "withdrawn"), ("agreed", "declined")),
        "agreed": ("consented", "declined"),
        **dict.fromkeys(("consented", *AWAITING_RESULT), ("declined",)),
        "declined": ("agreed",),
        **dict.fromkeys(AT_WORK, RETENTION),
    },
    "firm": {
        **dict.fromkeys(AWAITING_RESULT, RESULTS),
        "no_show": ("interview_set", "hired", "not_hired"),
        "not_hired": ("hired",),
        **dict.fromkeys(AT_WORK, RETENTION),
    },
}
"""By party and state; the empty state is a pair about which nobody said a word. The same moves as registry's."""

LEADS_TO: Mapping[Answer, str] = {"interview_set": "interview", "still_employed": "retained_1_month"}
"""The state that is expected where it is not called as the answer is."""
NEEDS_REASON: tuple[Answer, ...] = ("declined", "not_hired", "no_show")
NEEDS_DAY: tuple[Answer, ...] = ("interview_set", "hired")
SEEKER_REASONS: tuple[ReasonGiven, ...] = (
    "wage",
    "hours",
    "distance",
    "occupation",
    "skills",
    "experience",
    "certificate",
    "conditions_differ",
    "already_working",
    "doubtful_posting",
    "changed_mind",
    "other",
)
FIRM_REASONS: tuple[ReasonGiven, ...] = (
    "skills",
    "experience",
    "certificate",
    "better_candidate",
    "position_filled",
    "wage",
    "hours",
    "distance",
    "unreachable",
    "changed_mind",
    "other",
)
REASONS: Mapping[Party, tuple[ReasonGiven, ...]] = {"seeker": SEEKER_REASONS, "firm": FIRM_REASONS}
PAST, AHEAD = timedelta(days=180), timedelta(days=180)
"""A day further away is a slip of the finger."""


@dataclass(frozen=True)
class Given:
    """What someone answers."""

    answer: Answer
    reason: ReasonGiven | None = None
    on_day: date | None = None
    consent_text: str | None = None
    account_id: UUID | None = None


@dataclass(frozen=True)
class Seen:
    """Where a pair stands for whoever looks at it on a page of ours."""

    state: str
    recorded: bool
    """False while registry has not answered the last word."""
    revision: int
    """Of the last word, recorded or not."""


def seen(session: Session, pair: Pair) -> Seen:
    """Where a pair stands, the last answer given here included."""
    standing = referrals.standing_of(session, pair)
    state, recorded = (standing.state, standing.recorded) if standing else ("", True)
    held = standing.held.revision if standing and standing.held else 0
    last = _last(session, pair)
    if last is None or held >= last.answered_from:
        return Seen(state, recorded, held)
    answer = cast(Answer, last.answer)
    return Seen(LEADS_TO.get(answer, answer), recorded=False, revision=last.answered_from)


def may(party: Party, state: str) -> tuple[Answer, ...]:
    """What can be answered in this state."""
    return MAY[party].get(state, ())


def give(session: Session, party: Party, pair: Pair, given: Given) -> None:
    """Keep the answer and say it; pressed twice on a slow line it is said once.

    Raises Problem: 409 for what cannot be answered now, 422 for what lacks something.
    """
    at, last = seen(session, pair), _last(session, pair)
    if last and at.revision <= last.answered_from and _is_same(last, party, given):
        return
    check(party, at.state, given, referrals.today())
    told: dict[str, Any] = {"reason": given.reason, "on_day": given.on_day}
    session.add(
        PairAnswer(
            seeker_id=pair[0],
            posting_id=pair[1],
            answered_by=party,
            answer=given.answer,
            answered_from=at.revision + 1,
            answered_at=now(),
            **told,
        )
    )
    stage(
        session,
        ReferralAnswered(
            seeker_id=pair[0],
            posting_id=pair[1],
            answered_by=party,
            answer=given.answer,
            consent_text=given.consent_text,
            account_id=given.account_id,
            **told,
        ),
    )


def _last(session: Session, pair: Pair) -> PairAnswer | None:
    given = select(PairAnswer).where(PairAnswer.seeker_id == pair[0], PairAnswer.posting_id == pair[1])
    return session.exec(given.order_by(col(PairAnswer.number).desc()).limit(1)).first()


def _is_same(last: PairAnswer, party: Party, given: Given) -> bool:
    told = (last.answered_by, last.answer, last.reason, last.on_day)
    return told == (party, given.answer, given.reason, given.on_day)


def check(party: Party, state: str, given: Given, day: date) -> None:
    """Refuse what cannot be answered now, or not like this."""
    if given.answer not in may(party, state):
        raise Problem(
            409,
            "NOT_AT_THIS_STAGE",
            "This cannot be answered at this stage: it was answered before, or the posting or application has ended.",
            "지금 단계에서는 할 수 없는 답입니다. 이미 답했거나, 공고 또는 구직 신청이 끝났습니다.",
            where="answer",
        )
    if given.answer in NEEDS_REASON and given.reason not in REASONS[party]:
        raise Problem(422, "REASON_NEEDED", "Say why.", "이유를 골라 주세요.", where="reason")
    if given.answer in NEEDS_DAY and given.on_day is None:
        raise Problem(422, "DAY_NEEDED", "Choose a day.", "날짜를 골라 주세요.", where="on_day")
    if given.on_day is not None and not day - PAST <= given.on_day <= day + AHEAD:
        raise Problem(
            422,
            "DAY_OUT_OF_RANGE",
            f"Choose a day within {AHEAD.days} days from today.",
            f"오늘부터 {AHEAD.days}일 안의 날짜를 골라 주세요.",
            where="on_day",
        )
