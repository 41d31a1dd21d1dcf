"""Reading and writing what matching keeps, many rows at a time."""

import zlib
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import func, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from services.matching.index import Epoch
from services.matching.profiles import Profile, Scope, Side, as_side
from services.matching.scorer import Rules
from services.matching.tables import EpochRow, MatchList, ProfileRow
from services.matching.text import Floats
from shared.clock import now
from shared.contracts import PostingFacts, SeekerFacts

CHUNK = 500
"""Rows a statement; SQLite allows 32,766 parameters."""


def keep_profiles(session: Session, rows: Sequence[ProfileRow]) -> None:
    """Write what is newer than what is held; shards that share the store may do so at once."""
    insert = _inserting(session)(ProfileRow)
    newer = insert.on_conflict_do_update(
        index_elements=["side", "id"],
        set_={name: insert.excluded[name] for name in ("revision", "live", "since", "facts")},
        where=col(ProfileRow.revision) < insert.excluded["revision"],
    )
    if rows:
        # always in the same order: two shards that write the same rows must not wait for each other in a ring
        ordered = sorted(rows, key=lambda row: (row.side, row.id))
        session.connection().execute(newer, [row.model_dump() for row in ordered])


def profiles(session: Session, side: Side, ids: Collection[UUID] | None = None) -> Iterator[ProfileRow]:
    """The rows held of these profiles, or of all."""
    held = select(ProfileRow).where(ProfileRow.side == side)
    if ids is None:
        yield from session.exec(held.order_by(col(ProfileRow.id))).all()
        return
    for some in _chunks(sorted(ids)):
        yield from session.exec(held.where(col(ProfileRow.id).in_(some))).all()


def live(session: Session, side: Side) -> Iterator[Profile]:
    """All profiles of a side that are not withdrawn."""
    return (as_profile(row) for row in profiles(session, side) if row.live)


def as_profile(row: ProfileRow) -> Profile:
    """A live row as the scorer takes it."""
    if row.facts is None or row.since is None:
        raise ValueError(f"{row.side} {row.id} is withdrawn")
    contract = SeekerFacts if row.side == "seeker" else PostingFacts
    return Profile(as_side(row.side), row.id, row.revision, row.since, contract.model_validate_json(row.facts))


def newest_epoch(session: Session) -> int | None:
    return session.exec(select(func.max(EpochRow.number))).one()


def epoch(session: Session, number: int) -> Epoch:
    """What an epoch froze."""
    row = session.get_one(EpochRow, number)
    rules = Rules(**row.rules)
    if row.frequencies is None:
        return Epoch(number, rules)
    return Epoch(number, rules, np.frombuffer(zlib.decompress(row.frequencies), dtype="<f8"))


def open_epoch(
    session: Session, number: int, rules: Rules, frequencies: Floats | None = None, fitted_from: int = 0
) -> bool:
    """Freeze an epoch; false where another shard was first, whose epoch then holds for all."""
    packed = None if frequencies is None else zlib.compress(frequencies.astype("<f8").tobytes())
    row = EpochRow(number=number, rules=rules.as_data(), frequencies=packed, profiles=fitted_from, made_at=now())
    insert = _inserting(session)(EpochRow).values(row.model_dump()).on_conflict_do_nothing()
    return bool(session.connection().execute(insert.returning(col(EpochRow.number))).all())


def all_lists(session: Session, shard_count: int) -> Iterator[MatchList]:
    """The lists of every shard of so many."""
    ours = col(MatchList.shard).like(f"%/{shard_count}")
    yield from session.exec(select(MatchList).where(ours).execution_options(yield_per=CHUNK))


def lists_of(session: Session, scope: Side, scope_id: UUID, shard_count: int) -> Sequence[MatchList]:
    """A scope's list from each shard of so many."""
    of_scope = (MatchList.scope == scope, MatchList.scope_id == scope_id)
    return session.exec(select(MatchList).where(*of_scope, col(MatchList.shard).like(f"%/{shard_count}"))).all()


def own_lists(session: Session, shard: str) -> Iterator[MatchList]:
    """All lists of one shard."""
    yield from session.exec(select(MatchList).where(MatchList.shard == shard).execution_options(yield_per=CHUNK))


def lines(session: Session, shard: str, wanted: Collection[Scope]) -> dict[Scope, list[str]]:
    """The lines of these lists."""
    found: dict[Scope, list[str]] = {}
    columns = (col(MatchList.scope), col(MatchList.scope_id), col(MatchList.pairs))
    for some in _chunks(sorted(wanted)):
        held = select(*columns).where(
            MatchList.shard == shard, tuple_(col(MatchList.scope), col(MatchList.scope_id)).in_(some)
        )
        found.update({(as_side(scope), scope_id): lines_of(pairs) for scope, scope_id, pairs in session.exec(held)})
    return found


def keep_lists(session: Session, rows: Sequence[MatchList]) -> None:
    insert = _inserting(session)(MatchList)
    kept = ("revision", "profile_revision", "epoch", "pairs")
    replacing = insert.on_conflict_do_update(
        index_elements=["scope", "scope_id", "shard"], set_={name: insert.excluded[name] for name in kept}
    )
    if rows:
        session.connection().execute(replacing, [row.model_dump() for row in rows])


def lines_of(pairs: str) -> list[str]:
    return pairs.split("\n") if pairs else []


def as_of_one_moment(session: Session) -> None:
    """Let all reads of this session see the store as it was at the first; SQLite does so anyway."""
    if session.get_bind().dialect.name != "sqlite":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


def _inserting(session: Session) -> Any:
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
