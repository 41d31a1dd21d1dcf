"""Which cafés stand, and where."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from services.registry.cafes.geography import Point
from services.registry.cafes.ground import ground
from services.registry.cafes.places import place_of, running_cafes
from services.registry.tables import Cafe


@dataclass(frozen=True)
class Standing:
    """A café that people can come to."""

    cafe_id: UUID
    name: str
    district: str
    point: Point | None
    """None where its coordinates are not known."""


def standing_cafes(session: Session) -> list[Standing]:
    """By name; coordinates as told with the café, else as the layer of job-related places has them."""
    known = {place.name: place.point for place in ground(session).places if place.kind == "cafe"}
    return [
        Standing(each.cafe_id, each.name, each.district, _point(each) or known.get(each.name))
        for each in running_cafes(session)
    ]


def _point(cafe: Cafe) -> Point | None:
    place = place_of(cafe)
    return Point(*place) if place else None
