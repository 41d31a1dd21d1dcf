"""What is kept of a rematch, and how does it go on? Asked for, fitted, scored, switched, said: each step a commit.

The next epoch and its lists stand in rows of their own beside the present ones until a shard switches, in one
transaction; whatever is killed in between goes on from the last row that was committed.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from services.matching import store
from services.matching.engine.batch import Listed
from services.matching.engine.profiles import Scope, as_side
from services.matching.engine.written import key_of, said_in
from services.matching.insight.drift import Drift
from services.matching.tables import (
    EpochRow,
    MatchList,
    NextList,
    ProfileRow,
    RematchInTurn,
    RematchRow,
    RematchShare,
    ShardRow,
)
from shared.clock import now
from shared.contracts import CafeChanges, RematchFinished

Lines = dict[UUID, str]
"""A list: who is on it, best first, and the line of each."""
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
        NothingBefore: `back`, where no epoch came before, or another scorer or alias table made it.
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
    """Decide it now, or have it wait for the end of the one that runs: nobody sits there to ask again."""
    try:
        ask(session, asked, shards)
    except RunningAlready:
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


class HasSwitched(Exception):
    """A shard works under the next epoch already: the others must follow."""


def stop(session: Session, rematch_id: UUID) -> RematchRow | None:
    """Give up a rematch that has not switched, and those that wait for its end; None where there is none that runs.

    Raises:
        HasSwitched: too late; `back` brings the epoch before.
    """
    row = session.get(RematchRow, rematch_id)
    if row is None or row.finished_at is not None:
        return None
    of_row = select(RematchShare).where(RematchShare.rematch_id == rematch_id)
    if any(share.switched_at for share in session.exec(of_row)):
        raise HasSwitched
    session.connection().execute(delete(RematchInTurn))
    drop(session, row, "stopped")
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


def count_made(session: Session, epoch: int, shard: str) -> int:
    made = select(func.count()).where(
        NextList.epoch == epoch, NextList.shard == shard, col(NextList.pairs).is_not(None)
    )
    return int(session.exec(made).one())


@dataclass
class Differences:
    """What the seekers' lists would gain and lose, by café; `pairs` are those on them."""

    pairs: int
    by_cafe: list[CafeChanges]
    drift: Drift


def differences(session: Session, epoch: int, shard: str) -> Differences:
    """The seekers' lists of the next epoch beside the present ones.

    A pair is *new* or *gone* as it stands on one list alone, and has *risen* if it stands higher than before among
    those that stood on the list already.
    """
    counted: dict[UUID | None, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    pairs, drift = 0, Drift()
    for cafe, before, after in _beside(session, epoch, shard):
        pairs += len(after)
        new, risen, gone = difference(list(before), list(after))
        _note(drift, before, after)
        of_cafe = counted[cafe]
        for at, count in enumerate((int(bool(new or risen)), new, risen, gone)):
            of_cafe[at] += count
    in_order = sorted(counted.items(), key=lambda item: str(item[0] or ""))
    changes = [
        CafeChanges(cafe_id=cafe, seekers=seekers, new=new, risen=risen, gone=gone)
        for cafe, (seekers, new, risen, gone) in in_order
        if new or risen or gone
    ]
    return Differences(pairs, changes, drift)


def _note(drift: Drift, before: Lines, after: Lines) -> None:
    drift.scored(*([-key_of(line).falling_score for line in lines.values()] for lines in (before, after)))
    for counted, lines, others in ((drift.came, after, before), (drift.went, before, after)):
        for one in lines.keys() - others.keys():
            drift.add(counted, said_in(lines[one]))


def difference(before: Sequence[UUID], after: Sequence[UUID]) -> tuple[int, int, int]:
    """How many are new, risen and gone: risen are those ahead of one that was ahead of them."""
    place = {one: at for at, one in enumerate(before)}
    stayed = [place[one] for one in after if one in place]
    risen = sum(any(later < at for later in stayed[number + 1 :]) for number, at in enumerate(stayed))
    return len(after) - len(stayed), risen, len(before) - len(stayed)


def _beside(session: Session, epoch: int, shard: str) -> Iterator[tuple[UUID | None, Lines, Lines]]:
    ids = [one for side, one in members(session, epoch, shard) if side == "seeker"]
    for start in range(0, len(ids), store.CHUNK):
        some = sorted(ids[start : start + store.CHUNK])
        cafes = dict(
            session.exec(
                select(ProfileRow.id, ProfileRow.cafe_id).where(
                    ProfileRow.side == "seeker", col(ProfileRow.id).in_(some)
                )
            ).all()
        )
        present = _named(session, MatchList, some, col(MatchList.shard) == shard)
        coming = _named(session, NextList, some, col(NextList.shard) == shard, col(NextList.epoch) == epoch)
        for one in some:
            yield cafes.get(one), present.get(one, {}), coming.get(one, {})


def _named(session: Session, table: Any, ids: Sequence[UUID], *ours: Any) -> dict[UUID, Lines]:
    """Who is on the lists of these seekers, best first."""
    held = select(table.scope_id, table.pairs).where(*ours, table.scope == "seeker", table.scope_id.in_(ids))
    return {
        one: {key_of(written).other: written for written in store.lines_of(pairs or "")}
        for one, pairs in session.exec(held)
    }


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


def forget_lists(session: Session, epoch: int, shard: str) -> None:
    session.connection().execute(delete(NextList).where(col(NextList.epoch) == epoch, col(NextList.shard) == shard))


def forget_some(session: Session, epoch: int, shard: str, count: int) -> int:
    """Drop some lists; how many."""
    some = store.page_of_next(session, epoch, shard, None, count)
    for one in some:
        session.delete(one)
    return len(some)


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


@dataclass(frozen=True)
class Progress:
    """How far a shard is."""

    shard: str
    state: str
    made: int
    total: int
    unsaid: int
    started_at: datetime
    scored_at: datetime | None
    switched_at: datetime | None
    finished_at: datetime | None
    pairs: int
    changes: list[dict[str, Any]]


def progress(session: Session, row: RematchRow) -> list[Progress]:
    """How far each shard is that has begun."""
    return [_progress(session, row, share) for share in shares_of(session, row)]


def _progress(session: Session, row: RematchRow, share: RematchShare) -> Progress:
    listed = {"fitting": 0, "done": share.total}.get(share.state)
    left = count_made(session, row.epoch, share.shard) if listed is None else 0
    made = listed if listed is not None else left if share.state == "scoring" else share.total
    return Progress(
        shard=share.shard,
        state=share.state,
        made=made,
        total=share.total,
        unsaid=left if share.state == "saying" else 0,
        started_at=share.started_at,
        scored_at=share.scored_at,
        switched_at=share.switched_at,
        finished_at=share.finished_at,
        pairs=share.pairs,
        changes=share.changes,
    )


def shares_of(session: Session, row: RematchRow) -> Sequence[RematchShare]:
    of_row = select(RematchShare).where(RematchShare.rematch_id == row.rematch_id)
    return session.exec(of_row.order_by(col(RematchShare.shard))).all()


def taken_up(session: Session, count: int) -> Sequence[RematchRow]:
    """The newest that everyone works under or worked under, the newest first."""
    done = (col(RematchRow.kind).in_(("rematch", "back", "adopt")), RematchRow.outcome == "done")
    return session.exec(select(RematchRow).where(*done).order_by(col(RematchRow.epoch).desc()).limit(count)).all()


def newest(session: Session, before: int | None, limit: int) -> Sequence[RematchRow]:
    """The newest first; `before`: the epoch of the last that was told."""
    older = select(RematchRow).where(*([] if before is None else [RematchRow.epoch < before]))
    return session.exec(older.order_by(col(RematchRow.epoch).desc()).limit(limit)).all()
