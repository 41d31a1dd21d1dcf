"""Postings: what an agency sends, and what registry holds to be true of it."""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from shared.contracts.envelope import EmploymentType, Event, Fact, Money, Place, Revision, ServiceName, Term

Text = Annotated[str, StringConstraints(max_length=20_000)]


class PostingReceived(Event):
    """An agency wrote a posting to its own stream: the fact is that it reached us, not that it is true.

    The document is anything the agency sent; registry's intake checks it and answers.
    """

    stream: ClassVar[str] = "posting.received.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("agency",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    per_agency: ClassVar[bool] = True

    document: dict[str, Any]

    @property
    def subject(self) -> str:
        return f"submission/{self.event_id}"


class PostingFacts(Fact):
    """What may travel of a posting. Contacts and free notes of persons stay behind."""

    agency_id: UUID
    source_ref: Term
    """The sender's own number for this posting; with the agency it makes the posting's id."""
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    employer: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    description: Text = ""
    """Duties."""
    qualification: Text = ""
    preferred: Text = ""
    required_skills: tuple[Term, ...] = ()
    preferred_skills: tuple[Term, ...] = ()
    certificates: tuple[Term, ...] = ()
    """Licences and certificates that are required."""
    occupation_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$")] | None = None
    """KECO code, by prefix: the more digits, the narrower."""
    employment_type: EmploymentType | None = None
    wage: Money | None = None
    weekly_hours: Annotated[float, Field(gt=0, le=168)] | None = None
    work_hours: Text = ""
    """Working hours in the sender's words."""
    experience_months: Annotated[int, Field(ge=0, le=720)] | None = None
    """The least experience asked for; 0 says a newcomer is welcome, None says nothing was stated."""
    place: Place = Place()
    headcount: Annotated[int, Field(ge=1, le=100_000)] = 1
    opened_on: date | None = None
    closes_on: date | None = None
    """The last day, KST; None means until filled."""
    closing_note: Annotated[str, StringConstraints(max_length=100)] = ""
    """The closing date as the sender wrote it, for show."""
    source_url: Annotated[str, StringConstraints(max_length=500)] = ""


class PostingPublished(Event):
    """A posting is open, as of this revision."""

    stream: ClassVar[str] = "posting.published.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("matching", "notify")

    posting_id: UUID
    revision: Revision
    agency_name: Term
    accepted_at: AwareDatetime
    """When registry first took it in: the order in which ties are broken."""
    facts: PostingFacts

    @property
    def subject(self) -> str:
        return f"posting/{self.posting_id}"


class PostingWithdrawn(Event):
    """A posting is no longer open. It may be published again only under a higher revision."""

    stream: ClassVar[str] = "posting.withdrawn.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("matching", "notify")

    posting_id: UUID
    revision: Revision
    reason: Literal["closed", "expired", "filled", "suspended", "refused", "withdrawn"]

    @property
    def subject(self) -> str:
        return f"posting/{self.posting_id}"
