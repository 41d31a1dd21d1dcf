"""What matching keeps: profiles by opaque id, epochs, and one row a list. No names of persons."""

import zlib
from datetime import date, datetime
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
    cafe_id: UUID | None = None
    """Of a seeker: whose counselors look after her; a rematch counts by café whom its changes concern."""


class PairApart(Table, table=True):
    """A pair that registry's ledger keeps off the lists, or let back onto them."""

    __tablename__ = "pair_apart"

    seeker_id: UUID = Field(primary_key=True)
    posting_id: UUID = Field(primary_key=True)
    revision: int
    """Of the referral; older is ignored."""
    apart: bool
    settled: bool = Field(default=False, index=True)
    """The lists of both have been made since."""
    parts: list[int] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """What each part was worth when a word of the pair was first heard: what is learned from, see `outcomes`."""


class EpochRow(Table, table=True):
    """What scores depend on besides the profiles, frozen. Which one a shard works under, its `ShardRow` says."""

    __tablename__ = "epoch"

    number: int = Field(primary_key=True)
    rules: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    frequencies: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """Inverse document frequencies; empty where every term tells as much as every other."""
    crowds: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """What groups of many like profiles say, see `engine.crowds`; empty where there are none."""
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
    """A line a pair, see `engine.written`."""


class ShardRow(Table, table=True):
    """Under which epoch a shard works."""

    __tablename__ = "shard"

    shard: str = Field(primary_key=True)
    epoch: int
    settling: int | None = None
    """While the lists of a rematch are being said: its epoch. A list in `next_list` then counts, not that in
    `match_list`, which is what was said last."""


class RematchRow(Table, table=True):
    """Everything matched anew, once: who asked, for what."""

    __tablename__ = "rematch"

    rematch_id: UUID = Field(primary_key=True)
    epoch: int = Field(unique=True)
    """The number that the next epoch has, or would have had."""
    kind: str
    """`rematch`, `dry_run`, `epoch_only`, `back` or `adopt`."""
    season: str = ""
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    shards: int
    like_epoch: int | None = None
    """Whose frequencies and rules it takes over, instead of fitting its own."""
    adopts: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Of `adopt`: the weights that a person put in place of the present ones, and why."""
    cluster: str | None = None
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None
    """`done`, or why it was dropped."""


class RematchInTurn(Table, table=True):
    """A rematch that the calendar asked for while another one ran: it is begun when nothing runs any more."""

    __tablename__ = "rematch_in_turn"

    rematch_id: UUID = Field(primary_key=True)
    season: str = ""
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)


class RematchShare(Table, table=True):
    """How far one shard is with a rematch."""

    __tablename__ = "rematch_share"

    rematch_id: UUID = Field(primary_key=True)
    shard: str = Field(primary_key=True)
    state: str
    """`fitting`, `scoring`, `scored`, `saying`, then `done`."""
    total: int = 0
    """Lists to be made."""
    made: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Of them, kept: whoever watches would else have them counted over and over."""
    previous_epoch: int
    started_at: datetime = Field(sa_type=UtcDateTime)
    scored_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    switched_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    pairs: int = 0
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    drift: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """How the lists before and after differ as a whole; see `drift.Drift.as_data`."""


class NextList(Table, table=True):
    """A list under the next epoch, made beside the present one; without `pairs` it is still to be made."""

    __tablename__ = "next_list"

    epoch: int = Field(primary_key=True)
    shard: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    scope_id: UUID = Field(primary_key=True)
    profile_revision: int
    """0 where the profile had changed before the list was made: it is then made at the switch."""
    pairs: str | None = Field(default=None, sa_type=PackedText)


class ProofRow(Table, table=True):
    """One run of the certificate: asked for by an operator, or by the clock for a night."""

    __tablename__ = "proof"

    number: int | None = Field(default=None, primary_key=True)
    asked_by: str
    """`operator` or `clock`."""
    asked_at: datetime = Field(sa_type=UtcDateTime)
    night: date | None = Field(default=None, unique=True)
    """The day in Korea that the clock asked for: once each."""
    shards: int
    repair: bool
    certificate: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    """What was found; see `certificate.Certificate`."""
    repaired: int = 0
    """Lists that were wrong and have been made anew."""
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class WrongList(Table, table=True):
    """A list that a proof found wrong or in hand, until its shard has made it anew."""

    __tablename__ = "wrong_list"

    proof: int = Field(primary_key=True)
    shard: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    scope_id: UUID = Field(primary_key=True)
