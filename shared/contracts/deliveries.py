"""Deliveries: what could not be brought to someone, and what agencies are told of candidates."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.envelope import Event, Fact, Revision, ServiceName, TenThousandth
from shared.contracts.matches import Reason


class DeliveryFailed(Event):
    """A message could not be delivered. Never says to which address: registry keeps it, the sender does not."""

    stream: ClassVar[str] = "delivery.failed.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("notify",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)

    delivery_id: UUID
    recipient: Literal["seeker", "firm", "agency", "counselor"]
    recipient_id: UUID
    """The seeker, the posting of the firm, the agency or the account."""
    channel: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,60}$")]
    permanent: bool
    """No further try makes sense: the address is not used again until it is changed."""
    attempts: Annotated[int, Field(ge=1, le=1_000)]
    address_ref: UUID | None = None
    """By which registry knows the address again: its own keyed digest of it, told with the address."""

    @property
    def subject(self) -> str:
        return f"delivery/{self.delivery_id}"


class Candidate(Fact):
    """Someone who fits a posting, without a name."""

    candidate_id: UUID
    """Stands for this person with this posting alone: two postings cannot be compared by it."""
    score: TenThousandth | None = None
    """None where she is not on the posting's list any more, such as after she was hired."""
    fit_for_posting: TenThousandth | None = None
    reasons: tuple[Reason, ...] = ()
    state: Annotated[str, StringConstraints(max_length=30)] = "found"
    """`found`, or where the referral stands."""


class MatchNoticed(Event):
    """The candidates of one posting as they are now, on the stream of the agency that sent it. Replaces the last."""

    stream: ClassVar[str] = "match.noticed.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("notify",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("agency",)
    per_agency: ClassVar[bool] = True

    agency_id: UUID
    posting_id: UUID
    source_ref: Annotated[str, StringConstraints(max_length=100)] | None = None
    revision: Revision
    candidates: tuple[Candidate, ...] = ()

    @property
    def subject(self) -> str:
        return f"posting/{self.posting_id}"
