"""Referrals: what counselors decide about pairs, what the two sides answer, and where registry says a pair stands."""

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.envelope import Event, Revision, ServiceName, TenThousandth

Decision = Literal["accepted", "dismissed", "postponed", "undone"]

ReasonGiven = Literal[
    "wage",
    "hours",
    "distance",
    "occupation",
    "skills",
    "experience",
    "certificate",
    "conditions_differ",
    "already_working",
    "unreachable",
    "position_filled",
    "better_candidate",
    "changed_mind",
    "doubtful_posting",
    "other",
]
"""Why someone said no, as a code: free words of persons stay where they were written."""

Answer = Literal[
    "agreed",
    "declined",
    "consented",
    "interview_set",
    "no_show",
    "hired",
    "not_hired",
    "still_employed",
    "left",
]

ReferralState = Literal[
    "proposed",
    "dismissed",
    "postponed",
    "reopened",
    "agreed",
    "declined",
    "consented",
    "referred",
    "interview",
    "no_show",
    "result_due",
    "unanswered",
    "hired",
    "not_hired",
    "retained_1_month",
    "retained_3_months",
    "retained_6_months",
    "left",
    "withdrawn",
]
"""From a counselor's first decision to the sixth month at work (Employment Security Act, decree 4)."""


Cause = Literal[
    "seeker_placed",
    "seeker_expired",
    "seeker_paused",
    "seeker_withdrawn",
    "seeker_erased",
    "seeker_unknown",
    "posting_filled",
    "posting_closed",
    "posting_expired",
    "posting_suspended",
    "posting_refused",
    "posting_withdrawn",
    "posting_unknown",
]
"""Why registry withdrew a pair: which of the two is not there to be referred."""

Refusal = Literal[
    "NOT_AT_THIS_STAGE",
    "NOT_BY_THIS_PARTY",
    "OTHERS_ACTED",
    "CONSENT_TEXT_MISSING",
    "DAY_MISSING",
    "TOO_EARLY",
    "NOT_VALID_NOW",
    "PLACED_ELSEWHERE",
]
"""Why an answer changed nothing."""


class MatchReviewed(Event):
    """A counselor decided about a pair on her desk. Also a label: it says what was shown when she did."""

    stream: ClassVar[str] = "match.reviewed.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("notify",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)

    seeker_id: UUID
    seeker_revision: Revision
    posting_id: UUID
    posting_revision: Revision
    decision: Decision
    reason: ReasonGiven | None = None
    until: date | None = None
    """The day, KST, to which it is postponed."""
    reviewed_by: UUID
    """The account that decided."""
    cafe_id: UUID | None = None
    score: TenThousandth
    epoch: Annotated[int, Field(ge=0)]
    rank: Annotated[int, Field(ge=1)] | None = None
    """Where the pair stood on the seeker's list."""

    @property
    def subject(self) -> str:
        return f"seeker/{self.seeker_id}"


class ReferralAnswered(Event):
    """The worker, the firm, or a counselor for one of them, answered about a pair."""

    stream: ClassVar[str] = "referral.answered.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("notify",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)

    seeker_id: UUID
    posting_id: UUID
    answered_by: Literal["seeker", "firm", "counselor"]
    answer: Answer
    reason: ReasonGiven | None = None
    on_day: date | None = None
    """The day of the interview, of the start or of the end of the work, KST."""
    consent_text: Annotated[str, StringConstraints(max_length=40)] | None = None
    """With `consented`: the version of the text she was shown."""
    account_id: UUID | None = None
    """Whoever was signed in; None for a signed link."""

    @property
    def subject(self) -> str:
        return f"seeker/{self.seeker_id}"


class ReferralRecorded(Event):
    """Where a pair stands now in registry's ledger. A later revision replaces an earlier one."""

    stream: ClassVar[str] = "referral.recorded.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("matching", "notify")

    referral_id: UUID
    """Made of seeker and posting: a pair has one."""
    seeker_id: UUID
    posting_id: UUID
    revision: Revision
    state: ReferralState
    decided_by: Literal["counselor", "seeker", "firm", "clock", "registry"]
    reason: ReasonGiven | None = None
    cafe_id: UUID | None = None
    agency_id: UUID | None = None
    until: date | None = None
    """The day, KST, to which it is postponed."""
    interview_on: date | None = None
    due_on: date | None = None
    """The day, KST, by which the next answer is expected: the result, or a check of retention."""
    confirmed: bool = False
    """A counselor accepted the pair: nobody is referred without."""
    cause: Cause | None = None
    """Why registry withdrew it."""
    refused: Refusal | None = None
    """The last answer changed nothing, for this reason; the state is what it was."""
    names_shown: bool = False
    """She agreed that the firm may know who she is, and that consent stands."""

    @property
    def subject(self) -> str:
        return f"referral/{self.referral_id}"
