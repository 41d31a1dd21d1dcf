"""Rematching everything: asked for by registry's season calendar or an operator, answered by each shard."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.envelope import Event, Fact, ServiceName

Count = Annotated[int, Field(ge=0)]


class RematchRequested(Event):
    """Everything is to be matched anew under a fresh epoch. One already running is not started twice."""

    stream: ClassVar[str] = "rematch.requested.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("matching",)

    rematch_id: UUID
    season: Annotated[str, StringConstraints(max_length=100)] = ""
    asked_by: Literal["calendar", "operator"]

    @property
    def subject(self) -> str:
        return f"rematch/{self.rematch_id}"


class CafeChanges(Fact):
    """What a rematch changed for the seekers of one café."""

    cafe_id: UUID | None = None
    seekers: Count
    """With at least one pair that is new or has risen."""
    new: Count
    risen: Count
    gone: Count


class RematchFinished(Event):
    """A shard works under the new epoch from here on, and this is what changed."""

    stream: ClassVar[str] = "rematch.finished.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("matching",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)

    rematch_id: UUID
    season: Annotated[str, StringConstraints(max_length=100)] = ""
    shard: Annotated[str, StringConstraints(pattern=r"^[0-9]+/[0-9]+$")]
    epoch: Count
    previous_epoch: Count
    pairs: Count
    changes: tuple[CafeChanges, ...] = ()

    @property
    def subject(self) -> str:
        return f"rematch/{self.rematch_id}"
