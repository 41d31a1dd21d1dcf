"""The ground the cafés stand on: job-related places, residents, boundaries, paths, and districts made of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column
from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


class GroundLayer(Table, table=True):
    """A file of the ground, as the operator brought it last: its rows, and where they are from."""

    __tablename__ = "ground_layer"

    layer: str = Field(primary_key=True)
    """`places`, `residents`, `boundaries` or `paths`."""
    source: str
    """Where the figures are from and of which day, in the operator's words: shown beside every figure made of them."""
    rows: list[Any] = Field(sa_column=Column(JSON, nullable=False))
    brought_at: datetime = Field(sa_type=UtcDateTime)


class PromotionDistrict(Table, table=True):
    """A job-promotion district (일자리진흥지구): proposed, designated, dissolved."""

    __tablename__ = "promotion_district"

    district_id: UUID = Field(primary_key=True)
    """Made of the places it was proposed for: the same cluster is the same district."""
    name: str
    state: str = Field(index=True)
    """`candidate`, `designated` or `dissolved`."""
    outline: list[Any] = Field(sa_column=Column(JSON, nullable=False))
    """Latitude and longitude of each corner."""
    evidence: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """What spoke for it on the day it was proposed; it stays as it was."""
    proposed_on: date
    designated_on: date | None = None
    dissolved_on: date | None = None
    reason: str = ""
    """Of the last decision."""
    decided_by: str = ""
