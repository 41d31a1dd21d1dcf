"""How far is a rematch, and which ones were there?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from services.matching.rematch.next_lists import count_left
from services.matching.tables import RematchRow, RematchShare


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


def how_far(session: Session, row: RematchRow) -> list[Progress]:
    """How far each shard is that has begun."""
    return [_progress(session, row, share) for share in shares_of(session, row)]


def _progress(session: Session, row: RematchRow, share: RematchShare) -> Progress:
    return Progress(
        shard=share.shard,
        state=share.state,
        made=share.made,
        total=share.total,
        unsaid=count_left(session, row.epoch, share.shard) if share.state == "saying" else 0,
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
