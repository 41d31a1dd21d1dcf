"""What would change for whom? The lists of the next epoch beside the present ones."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.matching import store
from services.matching.engine.written import key_of, said_in
from services.matching.insight.drift import Drift
from services.matching.rematch.next_lists import members
from services.matching.tables import (
    MatchList,
    NextList,
    ProfileRow,
)
from shared.contracts import CafeChanges

Lines = dict[UUID, str]
"""A list: who is on it, best first, and the line of each."""


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
