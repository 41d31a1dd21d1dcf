"""What matching keeps: profiles by opaque id, epochs, and one row a list. No names of persons."""

import zlib
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Dialect, LargeBinary
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from shared.database import UtcDateTime

_matching = registry()
QUICK = 1
"""The level of zlib: a list packs to a fifth in a fraction of a millisecond."""


class Table(SQLModel, registry=_matching):
    """Base of matching's tables, with metadata of its own."""

    metadata = _matching.metadata


class PackedText(TypeDecorator[str]):
    """A long text, compressed."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.compress(value.encode(), QUICK)

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> str | None:
        return None if value is None else zlib.decompress(value).decode()


class ProfileRow(Table, table=True):
    """The newest that was heard of a seeker or a posting; a withdrawal leaves the row empty, as a tombstone."""

    __tablename__ = "profile"

    side: str = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    revision: int
    live: bool
    since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the seeker applied, or the posting was first accepted."""
    facts: str | None = Field(default=None, sa_type=PackedText)


class EpochRow(Table, table=True):
    """What scores depend on besides the profiles, frozen; the highest number is the present one."""

    __tablename__ = "epoch"

    number: int = Field(primary_key=True)
    rules: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    frequencies: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """Inverse document frequencies; empty where every term tells as much as every other."""
    profiles: int = 0
    """From how many profiles they were fitted."""
    made_at: datetime = Field(sa_type=UtcDateTime)


class MatchList(Table, table=True):
    """The whole list of a seeker, or of a posting within a shard: best first, one line a pair."""

    __tablename__ = "match_list"

    scope: str = Field(primary_key=True)
    scope_id: UUID = Field(primary_key=True)
    shard: str = Field(primary_key=True)
    revision: int
    """How often it was said."""
    profile_revision: int
    """Of the seeker or posting, as of which the list was made: an older one than the profile's is to be made again."""
    epoch: int
    pairs: str = Field(sa_type=PackedText)
    """A line a pair, see `explanation.line`."""
