"""Is what streamed in the same as a recompute of everything? And do we hold what registry holds?

The recompute takes a plain path of its own: a fresh index from the stored profiles, everyone against everyone, whole
sorts. It shares the scorer with the stream, and none of what keeps lists.

All is read as of one moment, so that arrivals may go on. What had been stored of a profile and not yet been matched at
that moment is carried over by the live flow's own step, beside the store, as the next batch will do it.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b, sha256
from itertools import islice
from typing import TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func
from sqlmodel import Session, col, select

from services.matching import store
from services.matching.engine.index import MOST_CELLS, Index, Shelf
from services.matching.engine.lists import HeldLists, Key
from services.matching.engine.profiles import SIDES, Scope, Side, as_side
from services.matching.engine.written import body_of, key_of, line
from services.matching.matcher import both_at_hand, held_of, is_pending, lines_of, put, read, scope_of, set_floors
from services.matching.shards import Shard
from services.matching.tables import MatchList, ProfileRow
from services.matching.upkeep import true_lists
from shared.clock import now
from shared.contracts import Fact
from shared.outbox import OutboxLine

Ends = tuple[UUID, UUID]
"""Seeker and posting."""
Ranked = tuple[int, int, int, tuple[int, ...]]
"""Score falling, order among equals, slot of the other, values of the parts."""
Wrong = tuple[str, Scope]
"""A list that is not what a recompute gives: of which shard, and whose."""

Named = TypeVar("Named", Ends, Scope)

CONTRADICTED = b"both sides tell different things"
EXPLAINED_AT_ONCE = 500


class LiveDigest(Fact):
    """How many profiles are live, and SHA-256 over their sorted lines `id revision`, as registry makes it."""

    count: int
    sha256: str


class ShardDigest(Fact):
    """What one shard holds beside what a recompute of its share gives, list by list, to the letter."""

    shard: str
    epoch: int
    lists: int
    """On which somebody is."""
    wrong: int
    pending: int
    """Lists that were in hand: of profiles stored and not matched at that moment."""
    streamed_sha256: str
    recomputed_sha256: str


class Certificate(Fact):
    """Streamed against recomputed, list by list and pair by pair, and the digests of both."""

    made_at: datetime
    """As of this moment."""
    said_until: int
    """The last line that matching had said or meant to say by then."""
    seconds: float
    epoch: int
    shards: int
    seekers: LiveDigest
    postings: LiveDigest
    pairs: int
    """In the match set as streamed: the union over the shards, which does not depend on how many there are."""
    recomputed: int
    missed: int
    invented: int
    different: int
    """In both sets, with another score, part, reason or epoch."""
    pending: int
    wrong: int
    """Lists of all shards."""
    streamed_sha256: str
    recomputed_sha256: str
    by_shard: tuple[ShardDigest, ...]
    agrees: bool


def certify(session: Session, shard_count: int) -> Certificate:
    """Compare the lists of all shards with a recompute from the stored profiles, as of the session's first look."""
    return examine(session, shard_count)[0]


def examine(session: Session, shard_count: int) -> tuple[Certificate, list[Wrong]]:
    """The same, and which lists are wrong or in hand."""
    started, made_at = time.perf_counter(), now()
    said_until = session.exec(select(func.max(col(OutboxLine.number)))).one() or 0
    streamed, recomputed = _MatchSet(), _MatchSet()
    shares = [_Share(session, Shard(number, shard_count)) for number in range(shard_count)]
    found = [share.compared(session, streamed, recomputed) for share in shares]
    size = max(share.epoch.rules.posting_list for share in shares)
    ours, theirs = streamed.whole(size), recomputed.whole(size)
    lists = [wrong for _, of_shard in found for wrong in of_shard]
    live = {side: live_digest(store.live_revisions(session, side)) for side in SIDES}
    certificate = Certificate(
        made_at=made_at,
        said_until=said_until,
        seconds=round(time.perf_counter() - started, 3),
        epoch=store.present_epoch(session, shard_count),
        shards=shard_count,
        seekers=live["seeker"],
        postings=live["posting"],
        pairs=len(ours),
        recomputed=len(theirs),
        missed=len(theirs.keys() - ours.keys()),
        invented=len(ours.keys() - theirs.keys()),
        different=sum(ours[ends] != theirs[ends] for ends in ours.keys() & theirs.keys()),
        pending=sum(digest.pending for digest, _ in found),
        wrong=sum(digest.wrong for digest, _ in found),
        streamed_sha256=_digest(ours),
        recomputed_sha256=_digest(theirs),
        by_shard=tuple(digest for digest, _ in found),
        agrees=not any(digest.wrong for digest, _ in found),
    )
    return certificate, lists


def live_digest(held: Iterable[tuple[UUID, int]]) -> LiveDigest:
    lines = sorted(f"{one} {revision}\n" for one, revision in held)
    return LiveDigest(count=len(lines), sha256=sha256("".join(lines).encode()).hexdigest())


def merged_lines(lists: Iterable[MatchList], size: int) -> list[str]:
    """The best lines of a scope over all shards, best first."""
    lines = [line for held in lists for line in store.lines_of(held.pairs)]
    return sorted(lines, key=key_of)[:size]


@dataclass
class _MatchSet:
    """What is told of each pair, put together from the lists of all shards; one thing, if all is well."""

    told: dict[Ends, bytes] = field(default_factory=dict)
    of_postings: dict[UUID, list[tuple[Key, bytes]]] = field(default_factory=lambda: defaultdict(list))

    def hear(self, scope: Scope, epoch: int, lines: Sequence[str]) -> None:
        for written in lines:
            key, what = key_of(written), _hash(f"{body_of(written)} {epoch}")
            if scope[0] == "posting":
                self.of_postings[scope[1]].append((key, what))
            else:
                self._tell((scope[1], key.other), what)

    def whole(self, size: int) -> dict[Ends, bytes]:
        for posting, pairs in self.of_postings.items():
            for key, what in sorted(pairs)[:size]:
                self._tell((key.other, posting), what)
        return self.told

    def _tell(self, ends: Ends, what: bytes) -> None:
        if self.told.setdefault(ends, what) != what:
            self.told[ends] = CONTRADICTED


class _Share:
    """One shard as the store has it: its profiles at hand anew, its lists, and what of them is in hand."""

    def __init__(self, session: Session, shard: Shard) -> None:
        self.shard = shard
        own = store.shard_row(session, str(shard))
        self.epoch = store.epoch(session, own.epoch if own else store.present_epoch(session, shard.count))
        self._lists: dict[Scope, bytes] = {}

    def compared(self, session: Session, streamed: _MatchSet, recomputed: _MatchSet) -> tuple[ShardDigest, list[Wrong]]:
        """This shard's lists beside those of a recompute; both are also told to the sets of all shards."""
        index, revisions = self._at_hand(session)
        pending, in_hand = self._carried_over(session, index, revisions)
        ours = dict(self._listed(session, in_hand, streamed))
        theirs = dict(_recomputed(index, recomputed))
        wrong = sorted(scope for scope in ours.keys() | theirs.keys() if ours.get(scope) != theirs.get(scope))
        digest = ShardDigest(
            shard=str(self.shard),
            epoch=self.epoch.number,
            lists=len(ours),
            wrong=len(wrong),
            pending=len(pending),
            streamed_sha256=_digest(ours),
            recomputed_sha256=_digest(theirs),
        )
        return digest, [(str(self.shard), scope) for scope in sorted({*wrong, *pending})]

    def _at_hand(self, session: Session) -> tuple[Index, dict[Scope, ProfileRow]]:
        index, rows = Index(self.epoch), []
        for side in SIDES:
            rows += [row for row in store.profiles(session, side) if side == "posting" or self.shard.keeps(row.id)]
        put(index, rows, read(index, rows))
        for pair in store.pairs_apart(session):
            if self.shard.keeps(pair.seeker_id):
                index.keep_apart(pair.seeker_id, pair.posting_id, apart=pair.apart)
        return index, {scope_of(row): row for row in rows}

    def _carried_over(
        self, session: Session, index: Index, rows: dict[Scope, ProfileRow]
    ) -> tuple[set[Scope], dict[Scope, list[str]]]:
        """What is in hand, and the lists that it leads to."""
        lists = HeldLists()
        lists.update(dict(map(held_of, store.own_lists(session, str(self.shard)))))
        pending = {scope for scope, row in rows.items() if is_pending(lists, row, self.epoch.number)}
        unsettled = set(store.apart_unsettled(session))
        pending |= {
            scope
            for pair in store.pairs_apart(session)
            if pair.seeker_id in unsettled and self.shard.keeps(pair.seeker_id)
            for scope in both_at_hand(index, pair)
        }
        if not pending:
            return pending, {}
        set_floors(index, {scope: lists.of(scope) for scope in rows})
        made = true_lists(index, lists, pending)
        before = {
            scope: store.lines_of(held.pairs)
            for held in store.own_lists(session, str(self.shard))
            if (scope := (as_side(held.scope), held.scope_id)) in made
        }
        return pending, lines_of(index, made, before, pending)

    def _listed(
        self, session: Session, in_hand: dict[Scope, list[str]], told: _MatchSet
    ) -> Iterator[tuple[Scope, bytes]]:
        for held in store.own_lists(session, str(self.shard)):
            scope = as_side(held.scope), held.scope_id
            if scope not in in_hand:
                yield from _kept(scope, held.epoch, store.lines_of(held.pairs), told)
        for scope, lines in in_hand.items():
            yield from _kept(scope, self.epoch.number, lines, told)


def _kept(scope: Scope, epoch: int, lines: Sequence[str], told: _MatchSet) -> Iterator[tuple[Scope, bytes]]:
    """The digest of a list on which somebody is."""
    if lines:
        told.hear(scope, epoch, lines)
        yield scope, _hash("\n".join([str(epoch), *lines]))


def _recomputed(index: Index, told: _MatchSet) -> Iterator[tuple[Scope, bytes]]:
    lists = _ranked(index)
    while some := list(islice(lists, EXPLAINED_AT_ONCE)):
        pairs = [
            (own, key.other, values) if side == "seeker" else (key.other, own, values)
            for (side, own), ranked in some
            for key, values in ranked
        ]
        bodies = iter(index.explain(pairs))
        for scope, ranked in some:
            other: Side = "posting" if scope[0] == "seeker" else "seeker"
            lines = [line(key, index.revision(other, key.other), next(bodies)) for key, _ in ranked]
            yield from _kept(scope, index.epoch.number, lines, told)


def _ranked(index: Index) -> Iterator[tuple[Scope, list[tuple[Key, tuple[int, ...]]]]]:
    """Everyone against everyone: the best of each row, and of each column over all blocks."""
    rules, (seekers, postings) = index.epoch.rules, (index.shelves[side] for side in SIDES)
    best_of_column: dict[int, list[Ranked]] = defaultdict(list)
    orders = _order(seekers), _order(postings)
    rows = max(1, MOST_CELLS // max(1, len(postings.live())))
    for start in range(0, len(seekers.live()), rows):
        block = index.score(seekers.live()[start : start + rows], postings.live())
        order = [np.array([places[slot] for slot in slots.tolist()], dtype=np.int64)
                 for places, slots in zip(orders, (block.rows, block.columns), strict=True)]  # fmt: skip
        for at, row in enumerate(block.rows.tolist()):
            best = _largest(block.scores[at], order[1], rules.threshold, rules.seeker_list)
            yield ("seeker", seekers.profiles[row][0]), [
                (_key(postings, int(block.columns[place]), int(block.scores[at, place])),
                 tuple(block.values[:, at, place].tolist()))
                for place in best
            ]  # fmt: skip
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
        yield ("posting", postings.profiles[column][0]), [
            (_key(seekers, row, -falling), values)
            for falling, _, row, values in sorted(ranked)[: rules.posting_list]
        ]  # fmt: skip


def _key(shelf: Shelf, slot: int, score: int) -> Key:
    return Key(-score, shelf.since(slot), shelf.profiles[slot][0])


def _largest(scores: NDArray[np.int32], order: NDArray[np.int64], threshold: int, size: int) -> list[int]:
    ranked: list[int] = np.lexsort((order, -scores)).tolist()
    return [place for place in ranked[:size] if scores[place] >= threshold]


def _order(shelf: Shelf) -> dict[int, int]:
    """Places among equals, sorted anew: earlier first, then by id."""
    kept = shelf.kept[shelf.live()]
    ranked = sorted(range(len(kept)), key=lambda at: (kept["since"][at], kept["id_high"][at], kept["id_low"][at]))
    return {int(shelf.live()[at]): number for number, at in enumerate(ranked)}


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def _digest(told: Mapping[Named, bytes]) -> str:
    digest = sha256()
    for one, other in sorted(told):
        digest.update(f"{one} {other} {told[one, other].hex()}\n".encode())
    return digest.hexdigest()
