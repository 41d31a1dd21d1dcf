"""What is kept of a rematch, and how does it go on? Asked for, fitted, scored, switched, said: each step a commit.

The next epoch and its lists stand in rows of their own beside the present ones until a shard switches, in one
transaction; whatever is killed in between goes on from the last row that was committed.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from services.matching import store
from services.matching.engine.index import Epoch
from services.matching.rematch.differences import Differences
from services.matching.tables import (
    EpochRow,
    NextList,
    RematchInTurn,
    RematchRow,
    RematchShare,
    ShardRow,
)
from shared.clock import now
from shared.contracts import CafeChanges, RematchFinished

Kind = Literal["rematch", "dry_run", "epoch_only", "back", "adopt"]
State = Literal["fitting", "scoring", "scored", "saying", "done"]


@dataclass(frozen=True)
class Asked:
    """What is asked for."""

    rematch_id: UUID
    kind: Kind
    asked_by: str
    season: str = ""
    cluster: str | None = None
    adopts: dict[str, Any] | None = None


class RunningAlready(Exception):
    """One at a time: says which."""

    def __init__(self, running: RematchRow) -> None:
        super().__init__(f"rematch {running.rematch_id} runs since {running.asked_at}")
        self.running = running.model_copy()


class NothingBefore(Exception):
    """There is no epoch to go back to that this program can score under."""


def ask(session: Session, asked: Asked, shards: int) -> RematchRow:
    """Decide that everything is to be matched anew.

    Raises:
        RunningAlready: another one is not finished; the same one asked for twice is asked for once.
        NothingBefore: `back`, where no epoch came before, or another scorer or alias table made it, or it was neutral.
    """
    if known := session.get(RematchRow, asked.rematch_id):
        return known
    if running := unfinished(session):
        raise RunningAlready(running)
    row = RematchRow(
        **vars(asked), epoch=store.next_number(session), asked_at=now(), shards=shards, like_epoch=_like(session, asked)
    )
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    noted = insert(RematchRow).values(row.model_dump()).on_conflict_do_nothing().returning(col(RematchRow.epoch))
    if not session.connection().execute(noted).all():  # another shard, another request, at the same moment
        raise RunningAlready(unfinished(session) or row)
    return row


def ask_in_turn(session: Session, asked: Asked, shards: int) -> None:
    """Decide it now, or have it wait for the end of the one that runs and of those that wait: nobody asks again."""
    known = session.get(RematchRow, asked.rematch_id)
    if known is None and any(waiting.rematch_id != asked.rematch_id for waiting in in_turn(session)):
        _wait(session, asked)
        return
    try:
        ask(session, asked, shards)
    except RunningAlready:
        _wait(session, asked)
    else:
        # trap: another shard may have had it wait, before the one that ran was done
        session.connection().execute(delete(RematchInTurn).where(col(RematchInTurn.rematch_id) == asked.rematch_id))


def _wait(session: Session, asked: Asked) -> None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = RematchInTurn(rematch_id=asked.rematch_id, season=asked.season, asked_by=asked.asked_by, asked_at=now())
    session.connection().execute(insert(RematchInTurn).values(row.model_dump()).on_conflict_do_nothing())


def in_turn(session: Session) -> Sequence[RematchInTurn]:
    """What waits, the first to come first."""
    return session.exec(
        select(RematchInTurn).order_by(col(RematchInTurn.asked_at), col(RematchInTurn.rematch_id))
    ).all()


def ask_the_next(session: Session, shards: int) -> None:
    """Let the first that waits begin. Where another one was quicker, it goes on waiting."""
    if (waiting := next(iter(in_turn(session)), None)) is None:
        return
    with suppress(RunningAlready):
        ask(session, Asked(waiting.rematch_id, "rematch", waiting.asked_by, waiting.season), shards)
        session.delete(waiting)


def _like(session: Session, asked: Asked) -> int | None:
    """Whose frequencies it takes over: those fitted ahead, or those before the present ones."""
    present = store.leading_epoch(session) or 0
    if asked.kind == "back":
        return _before(session, present)
    if asked.kind == "adopt":
        return present
    if asked.kind == "epoch_only":
        return None
    # trap: of weights or of a way back that were given up nothing is to come by itself
    fitted = col(EpochRow.number).not_in(select(RematchRow.epoch).where(col(RematchRow.kind).in_(("adopt", "back"))))
    ahead: int | None = session.exec(select(func.max(EpochRow.number)).where(EpochRow.number > present, fitted)).one()
    return ahead


def _before(session: Session, present: int) -> int:
    taken_up = select(RematchShare.rematch_id).where(col(RematchShare.switched_at).is_not(None))
    never = select(RematchRow.epoch).where(col(RematchRow.rematch_id).not_in(taken_up))
    older = select(EpochRow).where(EpochRow.number < present, col(EpochRow.number).not_in(never))
    before = session.exec(older.order_by(col(EpochRow.number).desc()).limit(1)).first()
    own = session.get(EpochRow, present)
    if before is None or own is None:
        raise NothingBefore("there was no epoch before the present one")
    if any(before.rules[name] != own.rules[name] for name in ("scorer", "aliases")):
        raise NothingBefore("another scorer or another table of skill terms made the epoch before")
    if before.frequencies is None and own.frequencies is not None:  # the next arrival would have them fitted at once
        raise NothingBefore("the epoch before was neutral: no frequencies were fitted yet")
    return before.number


def unfinished(session: Session) -> RematchRow | None:
    return session.exec(select(RematchRow).where(col(RematchRow.finished_at).is_(None))).first()


def due(session: Session, shard: str) -> tuple[RematchRow, RematchShare | None] | None:
    """What a shard has yet to do its share of."""
    row = unfinished(session)
    if row is None or row.shards != int(shard.partition("/")[2]):
        return None
    share = session.get(RematchShare, (row.rematch_id, shard))
    return None if share and share.state == "done" else (row, share)


def drop_of_other_shards(session: Session, shard: str) -> None:
    """A rematch that was begun by another number of shards is nobody's any more."""
    row = unfinished(session)
    if row is not None and row.shards != int(shard.partition("/")[2]):
        drop(session, row, "resharded")


def drop_of_other_rules(session: Session, present: Epoch) -> None:
    """A rematch begun under other rules than those in force would bring them back; weights are its own to choose.

    Where a shard has switched to it already, the others follow; but for one that works under a later epoch by now.
    """
    row = unfinished(session)
    if row is None:
        return
    overtaken = row.epoch < present.number
    if overtaken or (not _has_switched(session, row) and _is_of_other_rules(session, row, present)):
        drop(session, row, "other_rules")


def _is_of_other_rules(session: Session, row: RematchRow, present: Epoch) -> bool:
    if not store.has_epoch(session, row.epoch):
        return False
    rules = store.epoch(session, row.epoch).rules
    return replace(rules, weights=present.rules.weights, adopted=present.rules.adopted) != present.rules


def _has_switched(session: Session, row: RematchRow) -> bool:
    of_row = select(RematchShare).where(RematchShare.rematch_id == row.rematch_id)
    return any(share.switched_at for share in session.exec(of_row))


class HasSwitched(Exception):
    """A shard works under the next epoch already: the others must follow."""


def stop(session: Session, rematch_id: UUID, shards: int) -> RematchRow | None:
    """Give up one that has not switched, or one that waits, and no other; None where there is none.

    Raises:
        HasSwitched: too late; `back` brings the epoch before.
    """
    row = session.get(RematchRow, rematch_id)
    if row is None:
        waiting = session.get(RematchInTurn, rematch_id)
        return None if waiting is None else _give_up(session, waiting, shards)
    if row.finished_at is not None:
        return None
    if _has_switched(session, row):
        raise HasSwitched
    drop(session, row, "stopped")
    return row


def _give_up(session: Session, waiting: RematchInTurn, shards: int) -> RematchRow:
    """Keep that it was asked for: heard again, by another shard or after a loss, it is nothing new."""
    row = RematchRow(
        **waiting.model_dump(),
        kind="rematch",
        epoch=store.next_number(session),
        shards=shards,
        finished_at=now(),
        outcome="stopped",
    )
    session.add(row)
    session.delete(waiting)
    session.flush()
    return row


def drop(session: Session, row: RematchRow, why: str) -> None:
    """Leave nothing of it; lists that were switched to already stay, and are said."""
    settling = {one.shard for one in session.exec(select(ShardRow).where(ShardRow.settling == row.epoch))}
    session.connection().execute(
        delete(NextList).where(col(NextList.epoch) == row.epoch, col(NextList.shard).not_in(settling))
    )
    row.finished_at, row.outcome = now(), why
    session.add(row)


def begin(session: Session, row: RematchRow, shard: str) -> None:
    own = store.shard_row(session, shard)
    share = RematchShare(
        rematch_id=row.rematch_id,
        shard=shard,
        state="fitting",
        previous_epoch=own.epoch if own else 0,
        started_at=now(),
    )
    session.add(share)


def scored(session: Session, share: RematchShare, found: Differences) -> None:
    share.state, share.scored_at, share.pairs = "scored", now(), found.pairs
    share.changes = [change.model_dump(mode="json") for change in found.by_cafe]
    share.drift = found.drift.as_data()
    session.add(share)


def switched(session: Session, share: RematchShare) -> None:
    share.state, share.switched_at = "saying", now()
    session.add(share)


def finish(session: Session, row: RematchRow, share: RematchShare) -> None:
    """This shard is done; and so is the whole, with the last of them."""
    share.state, share.finished_at = "done", now()
    session.add(share)
    session.flush()
    done = select(func.count()).where(RematchShare.rematch_id == row.rematch_id, RematchShare.state == "done")
    if session.exec(done).one() == row.shards:
        row.finished_at, row.outcome = now(), "done"
        session.add(row)
        if row.kind == "dry_run":
            session.connection().execute(delete(EpochRow).where(col(EpochRow.number) == row.epoch))


def finished(row: RematchRow, share: RematchShare) -> RematchFinished:
    """What a shard says when it has switched."""
    return RematchFinished(
        rematch_id=row.rematch_id,
        season=row.season,
        shard=share.shard,
        epoch=row.epoch,
        previous_epoch=share.previous_epoch,
        pairs=share.pairs,
        changes=tuple(CafeChanges.model_validate(change) for change in share.changes),
    )
