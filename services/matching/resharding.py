"""What becomes of the lists of a former number of shards? They are taken back, once the present shards hold everybody.

A hearer keeps a list by the shard that said it: left alone, the lists of shards that are no more would be shown for
ever, and would name whoever was erased since. Each is said once more, empty. Its row stays without pairs, as of no
revision of its profile: should that shard come back, it makes the list anew and goes on counting where it was.
"""

from sqlalchemy import ColumnElement, delete, exists, func
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from services.matching import store
from services.matching.lists import Held
from services.matching.matcher import found
from services.matching.profiles import as_side
from services.matching.shards import Shard
from services.matching.tables import MatchList, NextList, ProfileRow, ShardRow
from shared.outbox import stage

TAKEN_BACK_AT_ONCE = 20
GONE = 0
"""As of this revision of its profile stands a list that was taken back."""


def take_some_back(session: Session, count: int) -> bool:
    """Take back a few lists of shards that are not of `count`; whether there was anything to do."""
    if not has_others(session, count) or not _hold_everybody(session, count):
        return False
    former = select(MatchList).where(_not_of(col(MatchList.shard), count), MatchList.profile_revision != GONE)
    rows = session.exec(former.limit(TAKEN_BACK_AT_ONCE)).all()
    for row in rows:
        _take_back(session, row)
    if not rows:
        session.connection().execute(delete(NextList).where(_not_of(col(NextList.shard), count)))
        session.connection().execute(delete(ShardRow).where(_not_of(col(ShardRow.shard), count)))
    return True


def _take_back(session: Session, row: MatchList) -> None:
    row.profile_revision = GONE
    if row.pairs:
        row.revision, row.pairs = row.revision + 1, ""
        held = Held(row.revision, GONE, row.epoch)
        stage(session, found((as_side(row.scope), row.scope_id), Shard.named(row.shard), held, ()))
    session.add(row)


def has_others(session: Session, count: int) -> bool:
    """Whether anything is left of another number of shards."""
    return session.exec(select(ShardRow).where(_not_of(col(ShardRow.shard), count)).limit(1)).first() is not None


def _hold_everybody(session: Session, count: int) -> bool:
    """Each live seeker has a list of one of the present shards, and each live posting one of every shard."""
    if any(store.shard_row(session, f"{number}/{count}") is None for number in range(count)):
        return False
    seekers_lack = _lacking(session, "seeker", col(MatchList.shard).like(f"%/{count}"))
    return not seekers_lack and not any(
        _lacking(session, "posting", col(MatchList.shard) == f"{number}/{count}") for number in range(count)
    )


def _lacking(session: Session, side: str, of_shard: ColumnElement[bool]) -> int:
    listed = exists().where(
        col(MatchList.scope) == side,
        col(MatchList.scope_id) == col(ProfileRow.id),
        col(MatchList.profile_revision) != GONE,
        of_shard,
    )
    lacking = select(func.count()).where(ProfileRow.side == side, col(ProfileRow.live).is_(True), ~listed)
    return int(session.exec(lacking).one())


def _not_of(shard: Mapped[str], count: int) -> ColumnElement[bool]:
    return ~shard.like(f"%/{count}")
