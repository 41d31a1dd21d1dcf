"""Which lists of the next epoch are made, and which are still to be? Rows of their own beside the present ones."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from services.matching import store
from services.matching.engine.batch import Listed
from services.matching.engine.profiles import Scope, as_side
from services.matching.tables import (
    NextList,
)


def list_members(session: Session, epoch: int, shard: str, members: Sequence[tuple[Scope, int]]) -> None:
    """Whose lists are to be made, as of which revisions; some at a time."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = [
        {"epoch": epoch, "shard": shard, "scope": side, "scope_id": one, "profile_revision": revision, "pairs": None}
        for (side, one), revision in members
    ]
    if rows:
        session.connection().execute(insert(NextList).on_conflict_do_nothing(), rows)


def to_be_made(session: Session, epoch: int, shard: str) -> dict[Scope, int]:
    """The lists still to be made, and as of which revisions."""
    columns = (col(NextList.scope), col(NextList.scope_id), col(NextList.profile_revision))
    open_ones = select(*columns).where(NextList.epoch == epoch, NextList.shard == shard, col(NextList.pairs).is_(None))
    rows = session.exec(open_ones.order_by(col(NextList.scope), col(NextList.scope_id)))
    return {(as_side(scope), one): revision for scope, one, revision in rows}


def members(session: Session, epoch: int, shard: str) -> dict[Scope, int]:
    """All lists that are made or to be made."""
    columns = (col(NextList.scope), col(NextList.scope_id), col(NextList.profile_revision))
    rows = session.exec(select(*columns).where(NextList.epoch == epoch, NextList.shard == shard))
    return {(as_side(scope), one): revision for scope, one, revision in rows}


def keep(session: Session, epoch: int, shard: str, lists: Sequence[Listed]) -> None:
    """These lists are made; making them again changes nothing."""
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    writing = insert(NextList)
    replacing = writing.on_conflict_do_update(
        index_elements=["epoch", "shard", "scope", "scope_id"],
        set_={name: writing.excluded[name] for name in ("profile_revision", "pairs")},
    )
    rows = [
        {
            "epoch": epoch,
            "shard": shard,
            "scope": made.scope[0],
            "scope_id": made.scope[1],
            "profile_revision": made.profile_revision,
            "pairs": made.pairs,
        }
        for made in lists
    ]
    if rows:
        session.connection().execute(replacing, rows)


def count_left(session: Session, epoch: int, shard: str) -> int:
    """How many there are, made or to be made; while they are said, those still to be said."""
    left = select(func.count()).where(NextList.epoch == epoch, NextList.shard == shard)
    return int(session.exec(left).one())


def leave_out(session: Session, epoch: int, shard: str, scopes: Sequence[Scope]) -> None:
    """Lists of profiles that are no longer what they were: they are made at the switch."""
    for side, one in scopes:
        session.connection().execute(
            update(NextList)
            .where(
                col(NextList.epoch) == epoch,
                col(NextList.shard) == shard,
                col(NextList.scope) == side,
                col(NextList.scope_id) == one,
            )
            .values(profile_revision=0, pairs="")
        )


def forget_lists(session: Session, epoch: int, shard: str) -> None:
    session.connection().execute(delete(NextList).where(col(NextList.epoch) == epoch, col(NextList.shard) == shard))


def forget_some(session: Session, epoch: int, shard: str, count: int) -> int:
    """Drop some lists; how many."""
    some = store.page_of_next(session, epoch, shard, None, count)
    for one in some:
        session.delete(one)
    return len(some)
