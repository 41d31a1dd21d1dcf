"""Which firms are named as wage defaulters? The published list, taken over whole, and looked up for each posting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlmodel import Session, col, or_, select

from services.registry.law.licences import Defaulters, firm_name, firm_number
from services.registry.tables import Defaulter


@dataclass(frozen=True)
class Listed:
    """A line of the list."""

    name: str
    registration_number: str = ""


def replace_list(session: Session, listed: Iterable[Listed]) -> int:
    """Take a new list instead of the present one; how many firms it names."""
    session.connection().execute(delete(Defaulter))
    rows = {(firm_name(each.name), firm_number(each.registration_number)) for each in listed}
    session.add_all(Defaulter(name=name, registration_number=number) for name, number in sorted(rows) if name)
    return sum(bool(name) for name, _ in rows)


def listed_among(session: Session, firms: Sequence[tuple[str, str]]) -> Defaulters:
    """The part of the list that concerns these firms, given by name and number."""
    names, numbers = {firm_name(name) for name, _ in firms}, {firm_number(number) for _, number in firms} - {""}
    concerned = or_(col(Defaulter.name).in_(names), col(Defaulter.registration_number).in_(numbers))
    numbers_of: dict[str, set[str]] = {}
    for row in session.exec(select(Defaulter).where(concerned)):
        numbers_of.setdefault(row.name, set()).update({row.registration_number} - {""})
    return Defaulters(
        {name: frozenset(own) for name, own in numbers_of.items()}, frozenset().union(*numbers_of.values())
    )
