"""Scoring everything anew beside the service, in a process of its own: `python -m services.matching.rematch.beside`.

It reads the store, and writes finished lists into rows of their own.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from services.matching import all_cores, epochs, store
from services.matching.all_cores import cores
from services.matching.engine.batch import Block, Listed, blocks_of, lists_of
from services.matching.engine.index import Index
from services.matching.engine.profiles import SIDES, Scope
from services.matching.matcher import take_in
from services.matching.own_process import OwnJob, taken
from services.matching.rematch import next_lists, rematches
from services.matching.rematch.differences import differences
from services.matching.shards import Shard
from services.matching.tables import ProfileRow, RematchRow, RematchShare
from shared.database import reading, transaction

LISTED_AT_ONCE = 2_000
"""Rows a transaction: on SQLite nobody else writes meanwhile."""

Scoring = Callable[[Index, Sequence[Block]], Iterator[list[Listed]]]
"""Works out blocks, in any order and anywhere."""


class Job(OwnJob):
    """What is to be scored beside, and where."""

    module: ClassVar[str] = "services.matching.rematch.beside"

    shard: str
    rematch_id: UUID


class Dropped(Exception):
    """The rematch was given up meanwhile."""


def score_share(engine: Engine, job: Job, scoring: Scoring | None = None) -> None:
    """Fit the next epoch unless it is fitted, and make every list of this shard that is still to be made.

    Raises:
        Dropped: the rematch was given up.
    """
    row, share = _share(engine, job)
    _freeze(engine, row)
    if row.kind == "epoch_only":
        return
    if share.state == "fitting":
        _list_members(engine, job, row.epoch)
    _make_lists(engine, job, row, scoring or _scoring(row.cluster))
    with reading(engine) as session:
        found = differences(session, row.epoch, job.shard)
    with transaction(engine) as session:
        rematches.scored(session, _going_on(session, job), found)


def _share(engine: Engine, job: Job) -> tuple[RematchRow, RematchShare]:
    with reading(engine) as session:
        share = _going_on(session, job)
        return session.get_one(RematchRow, job.rematch_id), share


def _going_on(session: Session, job: Job) -> RematchShare:
    row = session.get(RematchRow, job.rematch_id)
    share = session.get(RematchShare, (job.rematch_id, job.shard))
    if row is None or share is None or row.finished_at is not None:
        raise Dropped
    return share


def _freeze(engine: Engine, row: RematchRow) -> None:
    """Make the next epoch, unless it was made: by another shard, or before a crash."""
    with reading(engine) as session:
        if store.has_epoch(session, row.epoch):
            return
        present = store.epoch(session, store.leading_epoch(session) or 0)
        like = None if row.like_epoch is None else store.epoch(session, row.like_epoch)
        frozen = (like.frequencies, 0, like.crowds) if like else epochs.fitted(session)
    with transaction(engine) as session:
        rules = like.rules if like else present.rules
        if row.adopts:
            rules = replace(rules, weights=row.adopts["weights"], adopted=True)
        store.open_epoch(session, row.epoch, rules, *frozen)


def _list_members(engine: Engine, job: Job, epoch: int) -> None:
    shard, members = Shard.named(job.shard), []
    with transaction(engine) as session:
        next_lists.forget_lists(session, epoch, job.shard)
    with reading(engine) as session:
        members = [((side, one), revision) for side in SIDES for one, revision in store.live_revisions(session, side)
                   if side == "posting" or shard.keeps(one)]  # fmt: skip
    for start in range(0, len(members), LISTED_AT_ONCE):
        with transaction(engine) as session:
            _going_on(session, job)
            next_lists.list_members(session, epoch, job.shard, members[start : start + LISTED_AT_ONCE])
    with transaction(engine) as session:
        share = _going_on(session, job)
        share.state, share.total, share.made = "scoring", len(members), 0
        session.add(share)


def _make_lists(engine: Engine, job: Job, row: RematchRow, scoring: Scoring) -> None:
    with reading(engine) as session:
        wanted = next_lists.to_be_made(session, row.epoch, job.shard)
        if not wanted:
            return
        index = Index(store.epoch(session, row.epoch))
        members = next_lists.members(session, row.epoch, job.shard)
        take_in(index, session, lambda one: _as_listed(one, members))
        for pair in store.pairs_apart(session):
            index.keep_apart(pair.seeker_id, pair.posting_id, apart=pair.apart)
    gone = [scope for scope in wanted if index.revision(*scope) == 0]
    with transaction(engine) as session:
        next_lists.leave_out(session, row.epoch, job.shard, gone)
        _note_made(session, _going_on(session, job), len(gone))
    for made in scoring(index, blocks_of([scope for scope in wanted if index.revision(*scope)])):
        with transaction(engine) as session:
            share = _going_on(session, job)
            next_lists.keep(session, row.epoch, job.shard, made)
            _note_made(session, share, len(made))


def _note_made(session: Session, share: RematchShare, count: int) -> None:
    share.made += count
    session.add(share)


def _as_listed(row: ProfileRow, members: dict[Scope, int]) -> bool:
    """Whoever changed since it was listed is left to the switch."""
    return row.live and members.get(("seeker" if row.side == "seeker" else "posting", row.id)) == row.revision


def _scoring(cluster: str | None) -> Scoring:
    if cluster is None:
        return on_all_cores
    from services.matching.rematch.cluster import on_cluster

    return lambda index, blocks: on_cluster(cluster, index, blocks)


def here(index: Index, blocks: Sequence[Block]) -> Iterator[list[Listed]]:
    """Block after block in this process; the search within a block takes all cores."""
    return (lists_of(index, block) for block in blocks)


def on_all_cores(index: Index, blocks: Sequence[Block]) -> Iterator[list[Listed]]:
    """By as many processes as there are cores; they share the index as it stood when they were born."""
    if cores() > 1:
        for side in SIDES:  # so that the workers find everything laid out and compiled
            some = [block for block in blocks if block.side == side][:1]
            for block in some:
                lists_of(index, Block(side, block.ids[: 2 * cores()]))
    yield from all_cores.on_all_cores(lists_of, index, blocks)


def main() -> None:
    """Do the one job that stands on standard input."""
    with taken(Job) as (job, engine), suppress(Dropped):
        score_share(engine, job)


if __name__ == "__main__":
    main()
