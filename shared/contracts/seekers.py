"""Seekers, by opaque id: what they can do and what they wish. Never who they are."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from shared.contracts.envelope import EmploymentType, Event, Fact, Money, Place, Revision, ServiceName, Term


class Wishes(Fact):
    """What the seeker asks of a job; what is absent was not stated, which is unknown and not agreement."""

    occupation_codes: tuple[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$")], ...] = ()
    """KECO codes, by prefix."""
    widened: bool = False
    """The seeker lets the counselor look beyond the wished occupations."""
    employment_types: tuple[EmploymentType, ...] = ()
    wage: Money | None = None
    """`minimum` is the least she takes."""
    weekly_hours: Annotated[float, Field(gt=0, le=168)] | None = None
    """The most hours a week."""
    districts: tuple[Term, ...] = ()
    """Districts where she would work, such as `서울 마포구`."""
    commute_km: Annotated[float, Field(gt=0, le=500)] | None = None
    """The farthest straight-line distance from home she accepts."""


class SeekerFacts(Fact):
    """What may travel of a seeker: no name, contact, birth date, sex, school or free note."""

    summary: Annotated[str, StringConstraints(max_length=5_000)] = ""
    """Scrubbed of anything that points to a person."""
    skills: tuple[Term, ...] = ()
    certificates: tuple[Term, ...] = ()
    experience_months: Annotated[int, Field(ge=0, le=720)] | None = None
    home: Place = Place()
    """District only; never an address."""
    wishes: Wishes = Wishes()


class SeekerPublished(Event):
    """A seeker is looking for work, as of this revision."""

    stream: ClassVar[str] = "seeker.published.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("matching", "notify")

    seeker_id: UUID
    revision: Revision
    cafe_id: UUID | None = None
    """The café whose counselors look after this seeker."""
    applied_at: AwareDatetime
    """When she applied: earlier applications come first among equals."""
    facts: SeekerFacts

    @property
    def subject(self) -> str:
        return f"seeker/{self.seeker_id}"


class SeekerWithdrawn(Event):
    """A seeker is no longer to be matched. `erased` never comes back under this id."""

    stream: ClassVar[str] = "seeker.withdrawn.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("matching", "notify")

    seeker_id: UUID
    revision: Revision
    reason: Literal["placed", "expired", "paused", "withdrawn", "erased"]

    @property
    def subject(self) -> str:
        return f"seeker/{self.seeker_id}"

    @property
    def forgets(self) -> UUID | None:
        return self.seeker_id if self.reason == "erased" else None
