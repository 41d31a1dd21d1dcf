"""Is what streamed in the same as a recompute of everything? And do we hold what registry holds?

The recompute takes a plain path of its own: a fresh index from the stored profiles, everyone against everyone, whole
sorts. It shares the scorer with the stream, and none of what keeps lists.

All is read as of one moment, so that arrivals may go on. What had been stored of a profile and not yet been matched at
that moment is carried over by the live flow's own step, beside the store, as the next batch will do it.
"""

import struct
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b, sha256
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func
from sqlmodel import Session, col, select

from services.matching import store
from services.matching.all_cores import on_all_cores
from services.matching.engine.index import MOST_CELLS, Index
from services.matching.engine.lists import HeldLists, Key
from services.matching.engine.profiles import SIDES, Scope, Side, as_side, other_side
from services.matching.engine.scorer import FULL
from services.matching.engine.shelf import Shelf, Slots
from services.matching.engine.written import body_of, key_of, line
from services.matching.matcher import Standing, both_at_hand, held_of, is_pending, lines_of, set_floors, take_in
from services.matching.shards import Shard
from services.matching.tables import MatchList
from services.matching.upkeep import true_lists
from shared.clock import now
from shared.contracts import Fact
from shared.outbox import OutboxLine

Ends = bytes
"""The ids of a seeker and a posting, one behind the other: a city has millions of pairs."""
Wrong = tuple[str, Scope]
"""A list that is not what a recompute gives: of which shard, and whose."""

_OF_POSTING = struct.Struct("<iq16s16s")
"""A pair on a posting's list: its key, and the digest of what is told of it."""

CONTRADICTED = b"both sides tell different things"
SEEKERS_A_PART = 1_000
"""Whose lists one process makes before it hands them over, with what they offer to the postings."""
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
        streamed_sha256=_digest(_by_ends(ours)),
        recomputed_sha256=_digest(_by_ends(theirs)),
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
    of_postings: dict[UUID, bytes] = field(default_factory=lambda: defaultdict(bytes))

    def hear(self, scope: Scope, epoch: int, lines: Sequence[str]) -> None:
        heard = [(key_of(written), _hash(f"{body_of(written)} {epoch}")) for written in lines]
        if scope[0] == "posting":
            packed = (_OF_POSTING.pack(key.falling_score, key.since, key.other.bytes, what) for key, what in heard)
            self.of_postings[scope[1]] += b"".join(packed)
        else:
            for key, what in heard:
                self._tell(scope[1].bytes + key.other.bytes, what)

    def whole(self, size: int) -> dict[Ends, bytes]:
        while self.of_postings:
            posting, pairs = self.of_postings.popitem()
            for _, _, seeker, what in sorted(_OF_POSTING.iter_unpack(pairs))[:size]:
                self._tell(seeker + posting.bytes, what)
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
        index, standing = self._at_hand(session)
        pending, in_hand = self._carried_over(session, index, standing)
        ours = dict(self._listed(session, in_hand, streamed))
        theirs = dict(_recomputed(index, recomputed))
        wrong = sorted(scope for scope in ours.keys() | theirs.keys() if ours.get(scope) != theirs.get(scope))
        digest = ShardDigest(
            shard=str(self.shard),
            epoch=self.epoch.number,
            lists=len(ours),
            wrong=len(wrong),
            pending=len(pending),
            streamed_sha256=_digest(_by_scope(ours)),
            recomputed_sha256=_digest(_by_scope(theirs)),
        )
        return digest, [(str(self.shard), scope) for scope in sorted({*wrong, *pending})]

    def _at_hand(self, session: Session) -> tuple[Index, dict[Scope, Standing]]:
        index = Index(self.epoch)
        standing = take_in(index, session, lambda row: row.side == "posting" or self.shard.keeps(row.id))
        for pair in store.pairs_apart(session):
            if self.shard.keeps(pair.seeker_id):
                index.keep_apart(pair.seeker_id, pair.posting_id, apart=pair.apart)
        return index, standing

    def _carried_over(
        self, session: Session, index: Index, standing: dict[Scope, Standing]
    ) -> tuple[set[Scope], dict[Scope, list[str]]]:
        """What is in hand, and the lists that it leads to."""
        lists = HeldLists()
        lists.update(dict(map(held_of, store.own_lists(session, str(self.shard)))))
        pending = {scope for scope, now in standing.items() if is_pending(lists, scope, now, self.epoch.number)}
        unsettled = set(store.apart_unsettled(session))
        pending |= {
            scope
            for pair in store.pairs_apart(session)
            if pair.seeker_id in unsettled and self.shard.keeps(pair.seeker_id)
            for scope in both_at_hand(index, pair)
        }
        if not pending:
            return pending, {}
        set_floors(index, {scope: lists.of(scope) for scope in standing})
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
    """The digest of each list, from everyone against everyone: of each row in its block, of each column over all."""
    rules, seekers = index.epoch.rules, index.shelves["seeker"].live()
    everyone = _Everyone(index, {side: _order(index.shelves[side]) for side in SIDES})
    of_postings = _Best(rules.posting_list)
    for lists, for_postings in on_all_cores(_of_seekers, everyone, list(_pages(seekers, SEEKERS_A_PART))):
        of_postings.add(for_postings)
        yield from _heard(index, lists, told)
    for lists in on_all_cores(_of_postings, everyone, list(of_postings.in_parts(EXPLAINED_AT_ONCE))):
        yield from _heard(index, lists, told)


def _heard(index: Index, lists: Mapping[Scope, list[str]], told: _MatchSet) -> Iterator[tuple[Scope, bytes]]:
    for scope, lines in lists.items():
        yield from _kept(scope, index.epoch.number, lines, told)


class _Everyone(NamedTuple):
    """Who is compared with whom, and each one's place among equals, by side and slot."""

    at_hand: Index
    order: dict[Side, Slots]


class _Pairs(NamedTuple):
    """Pairs in columns of one length: slots of whose list it is and of the other, and the values of the parts.

    `place` sorts as the list does: score falling, then who came first, then id.
    """

    own: Slots
    place: Slots
    other: Slots
    values: NDArray[np.int16]

    def where(self, chosen: Slots | slice) -> "_Pairs":
        return _Pairs(self.own[chosen], self.place[chosen], self.other[chosen], self.values[chosen])

    def best(self, size: int) -> "_Pairs":
        """So many of each list, list by list."""
        in_order = np.lexsort((self.place, self.own))
        own = self.own[in_order]
        return self.where(in_order[np.arange(len(own)) - np.searchsorted(own, own) < size])


class _Best:
    """The best pairs of each list among all that were added; all of them would be most of everyone times everyone."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._best: _Pairs | None = None

    def add(self, pairs: _Pairs) -> None:
        all_there_are = [pairs] if self._best is None else [self._best, pairs]
        own, place, other, values = map(np.concatenate, zip(*all_there_are, strict=True))
        self._best = _Pairs(own, place, other, values).best(self._size)

    @property
    def kept(self) -> _Pairs:
        """Perhaps none: of pairs that were added none need be a match."""
        assert self._best is not None
        return self._best

    def in_parts(self, size: int) -> Iterator[_Pairs]:
        """Whole lists, so many together."""
        if self._best is None:
            return
        own = self._best.own
        starts = np.flatnonzero(np.r_[True, own[1:] != own[:-1]][: len(own)])[::size].tolist()
        for first, last in pairwise([*starts, len(own)]):
            yield self._best.where(slice(first, last))


def _of_seekers(everyone: _Everyone, seekers: Slots) -> tuple[dict[Scope, list[str]], _Pairs]:
    """The lists of these seekers, and the best that they offer to each posting."""
    rules, postings = everyone.at_hand.epoch.rules, everyone.at_hand.shelves["posting"].live()
    lists: dict[Scope, list[str]] = {}
    for_postings = _Best(rules.posting_list)
    for rows in _pages(seekers, max(1, MOST_CELLS // max(1, len(postings)))):
        scored = everyone.at_hand.score(rows, postings)
        at_row, at_column = np.nonzero(scored.scores >= rules.threshold)
        scores, values = scored.scores[at_row, at_column], scored.values[:, at_row, at_column].T
        ends: dict[Side, Slots] = {"seeker": scored.rows[at_row], "posting": scored.columns[at_column]}
        of_seekers, of_postings = (
            _Pairs(ends[side], _places(everyone, other_side(side), ends[other_side(side)], scores),
                   ends[other_side(side)], values)
            for side in SIDES
        )  # fmt: skip
        lists |= _lists(everyone, "seeker", of_seekers.best(rules.seeker_list))
        for_postings.add(of_postings)
    return lists, for_postings.kept


def _of_postings(everyone: _Everyone, best: _Pairs) -> dict[Scope, list[str]]:
    return _lists(everyone, "posting", best)


def _places(everyone: _Everyone, side: Side, others: Slots, scores: NDArray[np.int32]) -> Slots:
    order = everyone.order[side]
    return (FULL - scores.astype(np.int64)) * len(order) + order[others]


def _lists(everyone: _Everyone, side: Side, best: _Pairs) -> dict[Scope, list[str]]:
    """These pairs as the lists they make, a line a pair."""
    index = everyone.at_hand
    mine, others = index.shelves[side], index.shelves[other_side(side)]
    scores = FULL - best.place // max(1, len(everyone.order[other_side(side)]))
    pairs = [
        (mine.profiles[own][0], Key(-score, others.since(other), others.profiles[other][0]), tuple(values))
        for own, other, score, values in zip(*(c.tolist() for c in (best.own, best.other, scores, best.values)),
                                             strict=True)
    ]  # fmt: skip
    bodies = index.explain([
        (own, key.other, values) if side == "seeker" else (key.other, own, values) for own, key, values in pairs
    ])  # fmt: skip
    lists: dict[Scope, list[str]] = defaultdict(list)
    for (own, key, _), body in zip(pairs, bodies, strict=True):
        lists[side, own].append(line(key, others.revision(key.other), body))
    return dict(lists)


def _order(shelf: Shelf) -> Slots:
    """By slot the place among equals, sorted anew: earlier first, then by id."""
    live = shelf.live()
    kept = shelf.kept[live]
    ranked = sorted(range(len(kept)), key=lambda at: (kept["since"][at], kept["id_high"][at], kept["id_low"][at]))
    order = np.zeros(len(shelf.profiles), dtype=np.int64)
    order[live[ranked]] = np.arange(len(live))
    return order


def _pages(slots: Slots, size: int) -> Iterator[Slots]:
    return (slots[first : first + size] for first in range(0, len(slots), size))


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def _by_ends(told: Mapping[Ends, bytes]) -> Iterator[tuple[UUID, UUID, bytes]]:
    return ((UUID(bytes=ends[:16]), UUID(bytes=ends[16:]), told[ends]) for ends in sorted(told))


def _by_scope(told: Mapping[Scope, bytes]) -> Iterator[tuple[str, UUID, bytes]]:
    return ((*scope, told[scope]) for scope in sorted(told))


def _digest(told: Iterable[tuple[object, object, bytes]]) -> str:
    digest = sha256()
    for one, other, what in told:
        digest.update(f"{one} {other} {what.hex()}\n".encode())
    return digest.hexdigest()
