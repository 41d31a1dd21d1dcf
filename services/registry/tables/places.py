"""Cafés."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


class Cafe(Table, table=True):
    """A job café."""

    __tablename__ = "cafe"

    cafe_id: UUID = Field(primary_key=True)
    name: str = Field(unique=True)
    district: str
    made_at: datetime = Field(sa_type=UtcDateTime)
