"""What every fact carries: its identity, its time, and the stream that bears its name."""

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared.clock import now

ServiceName = Literal["registry", "matching", "notify", "agency"]

Revision = Annotated[int, Field(ge=1, le=2**53)]
"""Grows with each change of an entity; compare revisions, never times."""

TenThousandth = Annotated[int, Field(ge=0, le=10_000)]
"""A share between 0 and 1, told in whole ten-thousandths so that parts add up exactly."""

Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
"""A skill, a certificate or a wish, as a person would write it."""

Instant = Annotated[AwareDatetime, Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]
"""A moment that somebody states: at the ends of the calendar a change of zone leaves it."""


class Fact(BaseModel):
    """A value that never changes and carries only what its contract names."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings", allow_inf_nan=False)


class Event(Fact):
    """Something that happened, said on the stream of its own name.

    `event_id` and `occurred_at` become the CloudEvents attributes `id` and `time`; the other fields are its `data`.
    Subclasses say who may say them and who hears them: the table from which Redis rights are made.
    """

    stream: ClassVar[str]
    said_by: ClassVar[tuple[ServiceName, ...]]
    heard_by: ClassVar[tuple[ServiceName, ...]]
    per_agency: ClassVar[bool] = False
    """True where each agency has a stream of its own: `{stream}:{agency_id}`."""

    event_id: UUID = Field(default_factory=uuid4)
    occurred_at: AwareDatetime = Field(default_factory=now)

    @property
    def source(self) -> str:
        """Who says it (CloudEvents `source`)."""
        return f"/iljari/{self.said_by[0]}"

    @property
    def subject(self) -> str:
        """What the fact is about, as `kind/id` (CloudEvents `subject`)."""
        raise NotImplementedError

    @property
    def forgets(self) -> UUID | None:
        """Whoever is gone for good with this fact: no copy of what was said of them may stay anywhere."""
        return None


class Money(Fact):
    """A wage as the parties say it: whole won a unit of time; an absent bound is open."""

    unit: Literal["hour", "day", "month", "year"]
    minimum: Annotated[int, Field(ge=0)] | None = None
    maximum: Annotated[int, Field(ge=0)] | None = None


class Place(Fact):
    """Where work is done or wished: a district in its usual Korean name, a point where known."""

    district: Term | None = None
    """Province or city and district, such as `서울 마포구`."""
    address: Annotated[str, StringConstraints(max_length=300)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    remote: bool = False


EmploymentType = Literal["regular", "contract", "part_time", "dispatch", "daily", "intern", "freelance"]
