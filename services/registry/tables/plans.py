"""The city's plan: entries that are never changed, only followed by their next revision."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


class PlanEntry(Table, table=True):
    """One revision of one entry; the one with the highest number holds."""

    __tablename__ = "plan_entry"

    ref: str = Field(primary_key=True)
    """The entry's own name, such as `target-2016`."""
    revision: int = Field(primary_key=True)
    kind: str = Field(index=True)
    """One of `plan.entries.KINDS`."""
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    withdrawn: bool = False
    """From this revision on it no longer counts."""
    reason: str = ""
    """Why it was corrected or withdrawn."""
    noted_by: str
    noted_at: datetime = Field(sa_type=UtcDateTime)
