"""Hiring seasons: when everything is to be matched anew, and when that was asked for."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column
from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


class HiringSeason(Table, table=True):
    """A season of hiring (공채 시즌), as an operator set it last."""

    __tablename__ = "hiring_season"

    name: str = Field(primary_key=True)
    begins_on: date
    ends_on: date
    rematch_days: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """In Korea, rising."""
    hour: int
    """From which on everything is matched anew on such a day, in Korea."""
    set_by: str
    set_at: datetime = Field(sa_type=UtcDateTime)
    """Nothing is asked for a time before this."""


class SeasonRematch(Table, table=True):
    """Everything was asked to be matched anew on this day of a season; once."""

    __tablename__ = "season_rematch"

    season: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    rematch_id: UUID
    asked_at: datetime = Field(sa_type=UtcDateTime)
    did: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    """What each shard said that it changed, and when it was done; None until the first has."""
