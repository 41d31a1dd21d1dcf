"""What becomes of the lists of a former number of shards? They are taken back, once the present shards hold everybody.

A hearer keeps a list by the shard that said it: left alone, the lists of shards that are no more would be shown for
ever, and would name whoever was erased since. Each is said once more, empty. Its row stays without pairs, as of no
revision of its profile: should that shard come back, it makes the list anew and goes on counting where it was.
"""

import time
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from services.matching import store
from services.matching.engine.lists import Held
from services.matching.engine.profiles import as_side
from services.matching.matcher import say
from services.matching.shards import Shard
from services.matching.tables import MatchList, NextList, ProfileRow, ShardRow

ListKey = tuple[str, UUID, str]
"""Scope, whose, and the shard that said it."""
TAKEN_BACK_AT_ONCE = 300
"""Lists in one transaction: whoever hears waits so long at most."""
LOOK_AGAIN_SECONDS = 60.0
"""After somebody was found whom the present shards do not hold yet: that look goes over everybody."""
GONE = 0
"""As of this revision of its profile stands a list that was taken back."""


class Sweep:
    """Are lists of other numbers of shards than `count` to be taken back now?"""

    def __init__(self, count: int) -> None:
        self._count, self._begun, self._look_again_at = count, False, 0.0

    def is_wanted(self, session: Session) -> bool:
        """Whether there is anything left of them, and they may go."""
        self._begun = has_others(session, self._count) and (self._begun or self._may_begin(session))
        return self._begun

    def _may_begin(self, session: Session) -> bool:
        if time.monotonic() < self._look_again_at or not _all_are_there(session, self._count):
            return False
        if _hold_everybody(session, self._count):
            return True
        self._look_again_at = time.monotonic() + LOOK_AGAIN_SECONDS
        return False


def some_left(session: Session, count: int) -> Sequence[ListKey]:
    """Some lists of other numbers of shards that still stand. There is no index: nobody should wait for this look."""
    former = _not_of(col(MatchList.shard), count), col(MatchList.profile_revision) != GONE
    keys = select(MatchList.scope, MatchList.scope_id, MatchList.shard).where(*former)
    return session.exec(keys.limit(TAKEN_BACK_AT_ONCE)).all()


def take_back(session: Session, keys: Sequence[ListKey]) -> None:
    """Say these lists once more, empty, as they are by now."""
    for key in keys:
        row = session.get(MatchList, key, with_for_update=True)
        if row is not None and row.profile_revision != GONE:
            _take_back(session, row)


def forget_others(session: Session, count: int) -> None:
    """Forget the shards that are not of `count`, if nothing is left of them.

    Trap: between a look in one transaction and the forgetting in another, a former shard that still runs could say a
    list, which nobody would ever take back. On PostgreSQL one that commits in the very moment of this transaction still
    can: former shards are to be stopped before (docs/operating.md).
    """
    if not some_left(session, count):
        session.connection().execute(delete(NextList).where(_not_of(col(NextList.shard), count)))
        session.connection().execute(delete(ShardRow).where(_not_of(col(ShardRow.shard), count)))


def _take_back(session: Session, row: MatchList) -> None:
    row.profile_revision = GONE
    if row.pairs:
        row.revision, row.pairs = row.revision + 1, ""
        held = Held(row.revision, GONE, row.epoch)
        say(session, Shard.named(row.shard), [store.Kept((as_side(row.scope), row.scope_id), held, "")])
    session.add(row)


def has_others(session: Session, count: int) -> bool:
    """Whether anything is left of another number of shards."""
    return session.exec(select(ShardRow).where(_not_of(col(ShardRow.shard), count)).limit(1)).first() is not None


def _all_are_there(session: Session, count: int) -> bool:
    return all(store.shard_row(session, f"{number}/{count}") is not None for number in range(count))


def _hold_everybody(session: Session, count: int) -> bool:
    """Each live seeker has a list of one of the present shards, and each live posting one of every shard."""
    seekers_lack = _lacks(session, "seeker", col(MatchList.shard).like(f"%/{count}"))
    return not seekers_lack and not any(
        _lacks(session, "posting", col(MatchList.shard) == f"{number}/{count}") for number in range(count)
    )


def _lacks(session: Session, side: str, of_shard: ColumnElement[bool]) -> bool:
    listed = exists().where(
        col(MatchList.scope) == side,
        col(MatchList.scope_id) == col(ProfileRow.id),
        col(MatchList.profile_revision) != GONE,
        of_shard,
    )
    lacking = select(ProfileRow.id).where(ProfileRow.side == side, col(ProfileRow.live).is_(True), ~listed)
    return session.exec(lacking.limit(1)).first() is not None


def _not_of(shard: Mapped[str], count: int) -> ColumnElement[bool]:
    return ~shard.like(f"%/{count}")
