"""The base of every table of the registry, with metadata of its own."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

_registry = registry()


class Table(SQLModel, registry=_registry):
    """Base of the registry's tables."""

    metadata = _registry.metadata


def at_commit(column: str) -> ForeignKey:
    """A reference that is checked at the commit: rows of one transaction are written in no certain order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")
