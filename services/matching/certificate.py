"""Is what streamed in the same as a recompute of everything? And do we hold what registry holds?

The recompute takes a plain path of its own: a fresh index from the stored profiles, everyone against everyone, whole
sorts. It shares the scorer with the stream, and none of what keeps lists. Shards are put together first: the match set
does not depend on how many there are.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from services.matching import store
from services.matching.index import MOST_CELLS, Index, Shelf
from services.matching.profiles import SIDES
from services.matching.tables import MatchList
from services.matching.written import body_of, key_of
from shared.clock import now
from shared.contracts import Fact

Ends = tuple[UUID, UUID]
"""Seeker and posting."""
Told = dict[Ends, set[str]]
"""What is told of each pair of the match set; one thing, if all is well."""
Ranked = tuple[int, int, int, tuple[int, ...]]
"""Score falling, order among equals, slot of the other, values of the parts."""


class LiveDigest(Fact):
    """How many profiles are live, and SHA-256 over their sorted lines `id revision`, as registry makes it."""

    count: int
    sha256: str


class Certificate(Fact):
    """Streamed against recomputed, pair by pair, and the digests of both."""

    made_at: datetime
    seconds: float
    epoch: int
    shards: int
    seekers: LiveDigest
    postings: LiveDigest
    pairs: int
    """In the match set as streamed."""
    recomputed: int
    missed: int
    invented: int
    different: int
    """In both sets, with another score, part, reason or epoch."""
    pending: int
    """Lists not yet made of the newest profile: while there are any, differences may be work in progress."""
    streamed_sha256: str
    recomputed_sha256: str
    agrees: bool


def certify(session: Session, shard_count: int) -> Certificate:
    """Compare the stored lists of all shards with a recompute from the stored profiles, under the present epoch."""
    started = time.perf_counter()
    index = Index(store.epoch(session, store.present_epoch(session, shard_count)))
    revisions = _take_in(session, index)
    streamed, pending = _streamed(session, index, shard_count, revisions)
    recomputed = _recomputed(index)
    digests = _digest(streamed), _digest(recomputed)
    return Certificate(
        made_at=now(),
        seconds=round(time.perf_counter() - started, 3),
        epoch=index.epoch.number,
        shards=shard_count,
        seekers=live_digest((one, revision) for (side, one), revision in revisions.items() if side == "seeker"),
        postings=live_digest((one, revision) for (side, one), revision in revisions.items() if side == "posting"),
        pairs=len(streamed),
        recomputed=len(recomputed),
        missed=len(recomputed.keys() - streamed.keys()),
        invented=len(streamed.keys() - recomputed.keys()),
        different=sum(streamed[ends] != recomputed[ends] for ends in streamed.keys() & recomputed.keys()),
        pending=pending,
        streamed_sha256=digests[0],
        recomputed_sha256=digests[1],
        agrees=digests[0] == digests[1],
    )


def live_digest(held: Iterable[tuple[UUID, int]]) -> LiveDigest:
    lines = sorted(f"{one} {revision}\n" for one, revision in held)
    return LiveDigest(count=len(lines), sha256=sha256("".join(lines).encode()).hexdigest())


def merged_lines(lists: Iterable[MatchList], size: int) -> list[str]:
    """The best lines of a scope over all shards, best first."""
    lines = [line for held in lists for line in store.lines_of(held.pairs)]
    return sorted(lines, key=key_of)[:size]


def _take_in(session: Session, index: Index) -> dict[tuple[str, UUID], int]:
    revisions: dict[tuple[str, UUID], int] = {}
    for side in SIDES:
        profiles = list(store.live(session, side))
        index.put(side, index.read(side, profiles))
        revisions.update({(side, profile.id): profile.revision for profile in profiles})
    for pair in store.pairs_apart(session):
        index.keep_apart(pair.seeker_id, pair.posting_id, apart=pair.apart)
    return revisions


def _streamed(
    session: Session, index: Index, shard_count: int, revisions: dict[tuple[str, UUID], int]
) -> tuple[Told, int]:
    """What the stored lists tell, and how many of them are not of the newest profile."""
    told: Told = defaultdict(set)
    of_postings: dict[UUID, list[MatchList]] = defaultdict(list)
    listed: dict[tuple[str, UUID], int] = defaultdict(int)
    for held in store.all_lists(session, shard_count):
        scope = held.scope, held.scope_id
        listed[scope] += revisions.get(scope, held.profile_revision) == held.profile_revision
        if held.scope == "posting":
            of_postings[held.scope_id].append(held)
        else:
            _tell(told, ((held.scope_id, key_of(line).other, line) for line in store.lines_of(held.pairs)), held.epoch)
    for posting, lists in of_postings.items():
        lines = merged_lines(lists, index.epoch.rules.posting_list)
        epochs = min(held.epoch for held in lists)
        _tell(told, ((key_of(line).other, posting, line) for line in lines), epochs)
    wanted = {scope: shard_count if scope[0] == "posting" else 1 for scope in revisions}
    return told, sum(listed[scope] < count for scope, count in wanted.items())


def _tell(told: Told, lines: Iterable[tuple[UUID, UUID, str]], epoch: int) -> None:
    for seeker, posting, line in lines:
        told[seeker, posting].add(f"{seeker} {posting} {body_of(line)} {epoch}\n")


def _recomputed(index: Index) -> Told:
    chosen = dict(_chosen(index))
    bodies = index.explain([(seeker, posting, values) for (seeker, posting), values in chosen.items()])
    number = index.epoch.number
    return {
        (seeker, posting): {f"{seeker} {posting} {body} {number}\n"}
        for (seeker, posting), body in zip(chosen, bodies, strict=True)
    }


def _chosen(index: Index) -> Iterator[tuple[Ends, tuple[int, ...]]]:
    """Everyone against everyone: the best of each row, and of each column over all blocks."""
    rules, (seekers, postings) = index.epoch.rules, (index.shelves[side] for side in SIDES)
    best_of_column: dict[int, list[Ranked]] = defaultdict(list)
    rows = max(1, MOST_CELLS // max(1, len(postings.live())))
    for start in range(0, len(seekers.live()), rows):
        block = index.score(seekers.live()[start : start + rows], postings.live())
        order = _order(seekers, block.rows), _order(postings, block.columns)
        for at, row in enumerate(block.rows.tolist()):
            for place in _largest(block.scores[at], order[1], rules.threshold, rules.seeker_list):
                ends = seekers.profiles[row][0], postings.profiles[int(block.columns[place])][0]
                yield ends, tuple(block.values[:, at, place].tolist())
        for at, column in enumerate(block.columns.tolist()):
            places = _largest(block.scores[:, at], order[0], rules.threshold, rules.posting_list)
            best_of_column[column] += [
                (
                    -int(block.scores[place, at]),
                    int(order[0][place]),
                    int(block.rows[place]),
                    tuple(block.values[:, place, at].tolist()),
                )
                for place in places
            ]
    for column, ranked in best_of_column.items():
        for _, _, row, values in sorted(ranked)[: rules.posting_list]:
            yield (seekers.profiles[row][0], postings.profiles[column][0]), values


def _largest(scores: NDArray[np.int32], order: NDArray[np.int64], threshold: int, size: int) -> list[int]:
    ranked: list[int] = np.lexsort((order, -scores)).tolist()
    return [place for place in ranked[:size] if scores[place] >= threshold]


def _order(shelf: Shelf, slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places among equals, sorted anew: earlier first, then by id."""
    kept = shelf.kept[shelf.live()]
    ranked = sorted(range(len(kept)), key=lambda at: (kept["since"][at], kept["id_high"][at], kept["id_low"][at]))
    place = {int(shelf.live()[at]): number for number, at in enumerate(ranked)}
    return np.array([place[slot] for slot in slots.tolist()], dtype=np.int64)


def _digest(told: Told) -> str:
    digest = sha256()
    for ends in sorted(told):
        for line in sorted(told[ends]):
            digest.update(line.encode())
    return digest.hexdigest()
