"""Cafés: rooms booked, freed and waited for in vain, program sessions and who is enrolled in them."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from shared.contracts.envelope import Event, Revision, ServiceName

ProgramKind = Literal["counseling", "resume_clinic", "mentoring", "lecture", "resume_photo"]


class RoomBooked(Event):
    """A room is someone's for a while, as of this revision of the booking."""

    stream: ClassVar[str] = "room.booked.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("notify",)

    booking_id: UUID
    revision: Revision
    seeker_id: UUID
    """Whose it is, by the id her vault goes under."""
    cafe_id: UUID
    room_id: UUID
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    from_waiting_list: bool = False

    @property
    def subject(self) -> str:
        return f"booking/{self.booking_id}"


class RoomReleased(Event):
    """A booking no longer stands."""

    stream: ClassVar[str] = "room.released.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("notify",)

    booking_id: UUID
    revision: Revision
    seeker_id: UUID
    cafe_id: UUID
    room_id: UUID
    reason: Literal["cancelled", "no_show", "changed", "room_closed", "erased"]

    @property
    def subject(self) -> str:
        return f"booking/{self.booking_id}"


class WishEnded(Event):
    """Someone no longer waits for a room: what she waited for can no longer come."""

    stream: ClassVar[str] = "wish.ended.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("notify",)

    wish_id: UUID
    seeker_id: UUID
    cafe_id: UUID
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @property
    def subject(self) -> str:
        return f"wish/{self.wish_id}"


class ProgramScheduled(Event):
    """A session of a program takes place, is changed or is called off, as of this revision."""

    stream: ClassVar[str] = "program.scheduled.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("notify",)

    session_id: UUID
    revision: Revision
    cafe_id: UUID
    kind: ProgramKind
    title: Annotated[str, StringConstraints(max_length=200)]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    seats: Annotated[int, Field(ge=0, le=10_000)]
    state: Literal["planned", "called_off", "held"] = "planned"

    @property
    def subject(self) -> str:
        return f"session/{self.session_id}"


class ProgramEnrolled(Event):
    """Where someone stands with a session, as of this revision."""

    stream: ClassVar[str] = "program.enrolled.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("registry",)
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("notify",)

    enrolment_id: UUID
    revision: Revision
    session_id: UUID
    seeker_id: UUID
    state: Literal["enrolled", "waiting", "cancelled", "attended", "absent", "erased"]
    from_waiting_list: bool = False

    @property
    def subject(self) -> str:
        return f"enrolment/{self.enrolment_id}"
