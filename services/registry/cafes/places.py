"""Job cafés, as far as seekers and counselors need them."""

from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from services.registry.tables import Cafe
from shared.clock import now


class CafeExists(Exception):
    """A café of this name is here already."""


def add_cafe(session: Session, name: str, district: str, cafe_id: UUID | None = None) -> Cafe:
    if session.exec(select(Cafe).where(Cafe.name == name)).first():
        raise CafeExists(name)
    cafe = Cafe(cafe_id=cafe_id or uuid4(), name=name, district=district, made_at=now())
    session.add(cafe)
    session.flush()
    return cafe


def all_cafes(session: Session) -> list[Cafe]:
    return list(session.exec(select(Cafe).order_by(col(Cafe.name))))
