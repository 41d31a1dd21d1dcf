"""Which cafés stand, and where."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from services.registry.cafes.geography import Point
from services.registry.cafes.ground import ground
from services.registry.cafes.places import all_cafes


@dataclass(frozen=True)
class Standing:
    """A café that people can come to."""

    cafe_id: UUID
    name: str
    district: str
    point: Point | None
    """None where its coordinates are not known."""


def standing_cafes(session: Session) -> list[Standing]:
    """By name; coordinates as the layer of job-related places has them."""
    known = {place.name: place.point for place in ground(session).places if place.kind == "cafe"}
    return [Standing(each.cafe_id, each.name, each.district, known.get(each.name)) for each in all_cafes(session)]
