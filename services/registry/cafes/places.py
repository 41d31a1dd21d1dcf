"""Job cafés: taken in, revised, moved through their life, when they are open, and the nearest first."""

from collections.abc import Iterable, Sequence
from datetime import date
from math import asin, cos, radians, sin, sqrt
from typing import Any, cast
from uuid import UUID, uuid4

from sqlmodel import Session, col, or_, select

from services.registry.cafes.hours import Hours, checked_week, day_of
from services.registry.cafes.life_cycle import ORDER, RUNNING, CafeState, may_follow
from services.registry.cafes.refusals import Refused
from services.registry.tables import Cafe, CafeAgreement, CafeClosure, CafeStage
from shared.clock import now
from shared.contracts import Place
from shared.places import Point, kilometres, spot

EARTH_RADIUS_METRES = 6_371_008.8
KOREA = ((32.0, 39.5), (123.0, 133.0))
"""Latitudes and longitudes between which every café lies."""


class CafeExists(Exception):
    """A café of this name or number is here already."""


def add_cafe(
    session: Session, name: str, district: str, cafe_id: UUID | None = None, *, by: str = "", **told: Any
) -> Cafe:
    """Take a café in, running unless another state is told. Raises `CafeExists`, `Refused`."""
    if session.exec(select(Cafe).where(or_(col(Cafe.name) == name, col(Cafe.cafe_id) == cafe_id))).first():
        raise CafeExists(name)
    on: date = told.pop("on", None) or day_of(now())
    cafe = Cafe(cafe_id=cafe_id or uuid4(), name=name, district=district, made_at=now())
    cafe.state = told.pop("state", None) or cafe.state
    _tell(cafe, told)
    session.add(cafe)
    session.flush()
    _note_stage(session, cafe, on, by)
    return cafe


def revise_cafe(session: Session, cafe: Cafe, told: dict[str, Any]) -> None:
    """Let a café be as told; what is not told stays. Raises `Refused`."""
    if (
        "name" in told
        and session.exec(select(Cafe).where(Cafe.name == told["name"], Cafe.cafe_id != cafe.cafe_id)).first()
    ):
        raise Refused("CAFE_NAME_TAKEN")
    _tell(cafe, told)
    session.add(cafe)


def move(session: Session, cafe: Cafe, state: CafeState, on: date, by: str) -> None:
    """Let a café take the next step of its life. Raises `Refused`."""
    if not may_follow(cast(CafeState, cafe.state), state):
        raise Refused("STATE_SKIPPED")
    if on > day_of(now()):
        raise Refused("DAY_AHEAD")
    if any(stage.on > on for stage in stages(session, cafe.cafe_id)):
        raise Refused("STATE_BACKDATED")
    if state == "opened" and not agreements(session, cafe.cafe_id):
        raise Refused("NO_AGREEMENT")
    cafe.state = state
    session.add(cafe)
    _note_stage(session, cafe, on, by)


def agree(session: Session, cafe: Cafe, **told: Any) -> CafeAgreement:
    """Note who gives the space, who runs the programs, and until when. Raises `Refused`."""
    agreement = CafeAgreement(agreement_id=uuid4(), cafe_id=cafe.cafe_id, **told)
    if agreement.ends_on and agreement.ends_on < agreement.begins_on:
        raise Refused("PERIOD_WRONG")
    session.add(agreement)
    return agreement


def all_cafes(session: Session) -> list[Cafe]:
    return list(session.exec(select(Cafe).order_by(col(Cafe.name))))


def running_cafes(session: Session) -> list[Cafe]:
    """Where people may come."""
    return list(session.exec(select(Cafe).where(col(Cafe.state).in_(RUNNING)).order_by(col(Cafe.name))))


def nearest_to(session: Session, home: Place | None) -> Cafe | None:
    """The running café nearest to a home, in a straight line; a district stands for its centre. None: who can tell?"""
    here = spot(home).point if home else None
    if here is None:
        return None
    placed = [(kilometres(here, there), cafe) for cafe in running_cafes(session) if (there := _point_of(cafe))]
    return min(placed, key=lambda each: each[0])[1] if placed else None


def stages(session: Session, cafe_id: UUID) -> Sequence[CafeStage]:
    """The steps of its life, in their order."""
    return session.exec(select(CafeStage).where(CafeStage.cafe_id == cafe_id).order_by(col(CafeStage.number))).all()


def life(session: Session, cafe_id: UUID) -> list[tuple[CafeState, date | None]]:
    """Every step there is, with the day on which this café took it."""
    taken = {stage.state: stage.on for stage in stages(session, cafe_id)}
    return [(state, taken.get(state)) for state in ORDER]


def agreements(session: Session, cafe_id: UUID) -> Sequence[CafeAgreement]:
    """What was agreed about it, the newest first."""
    of_it = select(CafeAgreement).where(CafeAgreement.cafe_id == cafe_id)
    return session.exec(of_it.order_by(col(CafeAgreement.begins_on).desc())).all()


def closures(session: Session, cafe_id: UUID) -> Sequence[CafeClosure]:
    """Its own closed days from today on."""
    ahead = select(CafeClosure).where(CafeClosure.cafe_id == cafe_id, col(CafeClosure.on) >= day_of(now()))
    return session.exec(ahead.order_by(col(CafeClosure.on))).all()


def hours_of(session: Session, cafe: Cafe) -> Hours:
    return hours_of_all(session, [cafe])[cafe.cafe_id]


def hours_of_all(session: Session, cafes: Iterable[Cafe]) -> dict[UUID, Hours]:
    """When each of them is open, looked up at once."""
    cafes = list(cafes)
    ids = [cafe.cafe_id for cafe in cafes]
    closed: dict[UUID, set[date]] = {cafe_id: set() for cafe_id in ids}
    for row in session.exec(select(CafeClosure).where(col(CafeClosure.cafe_id).in_(ids))):
        closed[row.cafe_id].add(row.on)
    return {cafe.cafe_id: Hours(cafe.hours, cafe.closed_on_holidays, closed[cafe.cafe_id]) for cafe in cafes}


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """In a straight line over the ground, by the haversine formula; latitude first."""
    (lat, lon), (lat2, lon2) = (tuple(map(radians, each)) for each in (one, other))
    chord = sin((lat2 - lat) / 2) ** 2 + cos(lat) * cos(lat2) * sin((lon2 - lon) / 2) ** 2
    return 2 * EARTH_RADIUS_METRES * asin(min(1.0, sqrt(chord)))


def place_of(cafe: Cafe) -> tuple[float, float] | None:
    return None if cafe.latitude is None or cafe.longitude is None else (cafe.latitude, cafe.longitude)


def _point_of(cafe: Cafe) -> Point | None:
    return spot(Place(district=cafe.district, latitude=cafe.latitude, longitude=cafe.longitude)).point


def _tell(cafe: Cafe, told: dict[str, Any]) -> None:
    for name, value in told.items():
        setattr(cafe, name, checked_week(value) if name == "hours" else value)
    if (cafe.latitude is None) != (cafe.longitude is None):
        raise Refused("PLACE_WRONG")
    place = place_of(cafe)
    if place and not all(least <= each <= most for each, (least, most) in zip(place, KOREA, strict=True)):
        raise Refused("PLACE_WRONG")


def _note_stage(session: Session, cafe: Cafe, on: date, by: str) -> None:
    session.add(CafeStage(cafe_id=cafe.cafe_id, state=cafe.state, on=on, by=by, noted_at=now()))
