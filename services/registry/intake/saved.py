"""Which mappings did an agency or a counter answer for, once, so that it is never asked again?"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from services.registry.intake.mapping import Kind, Mapping
from services.registry.tables import SavedMapping
from shared.clock import now

MOST = 100
"""Mappings that anyone may keep: each is looked at for every file."""


@dataclass(frozen=True)
class Keeper:
    """Whose sheets they are: an agency's, or of the counter of a café; of no café where who sits there has none."""

    agency_id: UUID | None = None
    cafe_id: UUID | None = None

    def keeps(self, saved: SavedMapping) -> bool:
        return (saved.agency_id, saved.cafe_id) == (self.agency_id, self.cafe_id)


class TooManyMappings(Exception):
    """Whoever keeps them has as many as may be."""


def saved_mappings(session: Session, keeper: Keeper, kind: Kind | None = None) -> list[SavedMapping]:
    wanted = select(SavedMapping).where(
        SavedMapping.agency_id == keeper.agency_id, SavedMapping.cafe_id == keeper.cafe_id
    )
    if kind:
        wanted = wanted.where(SavedMapping.kind == kind)
    return list(session.exec(wanted.order_by(col(SavedMapping.kind), col(SavedMapping.name))))


def as_mapping(saved: SavedMapping) -> Mapping:
    return Mapping.model_validate({"name": saved.name} | saved.words)


def save_mapping(session: Session, keeper: Keeper, mapping: Mapping) -> SavedMapping:
    """Keep a mapping under its name, in place of one that has the same."""
    held = saved_mappings(session, keeper, mapping.kind)
    saved = next((each for each in held if each.name == mapping.name), None)
    if saved is None and len(held) >= MOST:
        raise TooManyMappings
    saved = saved or SavedMapping(
        mapping_id=uuid4(),
        agency_id=keeper.agency_id,
        cafe_id=keeper.cafe_id,
        kind=mapping.kind,
        name=mapping.name,
        words={},
        made_at=now(),
    )
    saved.words = words_of(mapping)
    session.add(saved)
    session.flush()
    return saved


def words_of(mapping: Mapping) -> dict[str, Any]:
    """A mapping as its file would hold it."""
    return mapping.model_dump(mode="json", by_alias=True, exclude={"name"})
