"""Which mappings did an agency answer for, once, so that it is never asked again?"""

from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from services.registry.intake.mapping import Kind, Mapping
from services.registry.tables import Agency, SavedMapping
from shared.clock import now

MOST = 100
"""Mappings an agency may keep: each is looked at for every file."""


class TooManyMappings(Exception):
    """This agency keeps as many mappings as it may."""


def saved_mappings(session: Session, agency_id: UUID, kind: Kind | None = None) -> list[SavedMapping]:
    wanted = select(SavedMapping).where(SavedMapping.agency_id == agency_id)
    if kind:
        wanted = wanted.where(SavedMapping.kind == kind)
    return list(session.exec(wanted.order_by(col(SavedMapping.kind), col(SavedMapping.name))))


def as_mapping(saved: SavedMapping) -> Mapping:
    return Mapping.model_validate({"name": saved.name} | saved.words)


def save_mapping(session: Session, agency: Agency, mapping: Mapping) -> SavedMapping:
    """Keep a mapping under its name, in place of one that has the same."""
    held = saved_mappings(session, agency.agency_id, mapping.kind)
    saved = next((each for each in held if each.name == mapping.name), None)
    if saved is None and len(held) >= MOST:
        raise TooManyMappings
    saved = saved or SavedMapping(
        mapping_id=uuid4(), agency_id=agency.agency_id, kind=mapping.kind, name=mapping.name, words={}, made_at=now()
    )
    saved.words = words_of(mapping)
    session.add(saved)
    session.flush()
    return saved


def words_of(mapping: Mapping) -> dict[str, Any]:
    """A mapping as its file would hold it."""
    return mapping.model_dump(mode="json", by_alias=True, exclude={"name"})
