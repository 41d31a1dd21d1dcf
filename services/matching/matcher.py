"""Who is on whose list, kept true while facts stream in?

Two steps, two transactions. `remember` stores profiles by revision; once that is committed the index holds them.
`match` makes the lists true again; once that is committed the lists in memory follow. So the index always equals the
profiles of the store and the lists in memory equal its lists, whatever fails in between.

A profile is *pending* while its own list was made as of another revision or epoch. That is a fact of the store, not of
what the last batch brought: after a crash between the steps, the next `match` finishes what was begun.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import RLock
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event
from sqlmodel import Session

from services.matching import store
from services.matching.epochs import fit_first_epoch, present_epoch
from services.matching.index import Index, Read
from services.matching.lists import Candidate, Held, HeldLists, Key, packed
from services.matching.near_misses import NearMisses, near_misses
from services.matching.profiles import SIDES, Profile, Scope, Side, as_side, other_side
from services.matching.scorer import Rules
from services.matching.shards import Shard
from services.matching.tables import MatchList, ProfileRow
from services.matching.upkeep import Lists, true_lists
from services.matching.written import as_pair, key_of, line
from shared.contracts import (
    MatchesFound,
    PostingPublished,
    PostingWithdrawn,
    RestatementRequested,
    SeekerPublished,
    SeekerWithdrawn,
)
from shared.database import transaction
from shared.outbox import stage

Heard = PostingPublished | PostingWithdrawn | SeekerPublished | SeekerWithdrawn

READ_AT_ONCE = 2_000
"""Profiles turned into rows at a time."""


class Matcher:
    """The state of one shard. Whoever hears holds its lock, from the first step to the last commit."""

    def __init__(self, engine: Engine, rules: Rules, shard: Shard, epoch_profiles: int) -> None:
        self.lock = RLock()
        self.shard = shard
        self._engine, self._rules, self._epoch_profiles = engine, rules, epoch_profiles
        self._index: Index | None = None
        self._revisions: dict[Scope, int] = {}
        self._held = HeldLists()
        self._pending: set[Scope] = set()

    def start(self) -> None:
        """Take everything from the store into memory, and finish what a crash or new rules left to be done."""
        with self.lock:
            with transaction(self._engine) as session:
                number = present_epoch(session, self._rules)
            with transaction(self._engine) as session:
                self._load(session, number)
                self.match((), session)

    @property
    def index(self) -> Index:
        """Everyone at hand."""
        if self._index is None:
            raise RuntimeError("the matcher was not started")
        return self._index

    def holdings(self) -> dict[str, Any]:
        """How much this shard holds, for `iljari status`."""
        # without the lock: whoever asks how we are must not wait for a batch
        counts = {f"{side}s": len(self.index.shelves[side].slot) for side in SIDES}
        return {**counts, "shard": str(self.shard), "epoch": self.index.epoch.number, "pending": len(self._pending)}

    def near_misses(self, seeker: Profile) -> NearMisses:
        """What anyone, of this shard or not, nearly gets of the postings at hand."""
        with self.lock:
            return near_misses(self.index, seeker)

    def remember(self, events: Sequence[Heard], session: Session) -> None:
        """Step (a): store what is newer than what is held."""
        index, rows = self.index, newest_rows(events, self.shard)
        store.keep_profiles(session, rows)
        # What is held now may be newer than what was heard: another shard shares the store.
        held = [row for side in SIDES for row in store.profiles(session, side, {r.id for r in rows if r.side == side})]
        changed = [row for row in held if self._revisions.get(scope_of(row)) != row.revision]
        reads = list(_read(index, changed))

        def apply() -> None:
            _put(index, changed, reads)
            self._revisions.update({scope_of(row): row.revision for row in changed})
            self._pending.update(scope_of(row) for row in changed if row.live or scope_of(row) in self._held)

        after_commit(session, apply)

    def match(self, _events: Sequence[Heard], session: Session) -> None:
        """Step (b): make the lists of all that is pending true, with every list that changes thereby, and say them."""
        index = self._under_newest_epoch(session)
        pending = self._pending if index is self.index else self._pending | _everyone(index)
        if not pending and index is self.index:
            return
        held = self._write_down(session, index, true_lists(index, self._held, pending), pending)

        def apply() -> None:
            self._index, self._pending = index, set()
            self._held.update(held)
            _set_floors(index, held)

        after_commit(session, apply)

    def say_again(self, events: Sequence[RestatementRequested], session: Session) -> None:
        """Say every list of this shard as it stands, when a service that keeps lists lost them."""
        if all(event.asked_by == "matching" for event in events):
            return
        for row in store.own_lists(session, str(self.shard)):
            scope, held = _held_of(row)
            if held.revision:  # else it never held anybody, and nothing was said of it
                stage(session, found(scope, self.shard, held, store.lines_of(row.pairs)))

    def _load(self, session: Session, epoch: int) -> None:
        rows = [row for side in SIDES for row in store.profiles(session, side) if self._is_ours(row)]
        self._index = index = Index(store.epoch(session, epoch))
        _put(index, rows, _read(index, rows))
        self._revisions = {scope_of(row): row.revision for row in rows}
        held = dict(map(_held_of, store.own_lists(session, str(self.shard))))
        self._held = HeldLists()
        self._held.update(held)
        _set_floors(index, held)
        self._pending = {scope_of(row) for row in rows if self._is_pending(row, epoch)}

    def _is_ours(self, row: ProfileRow) -> bool:
        return row.side == "posting" or self.shard.keeps(row.id)

    def _is_pending(self, row: ProfileRow, epoch: int) -> bool:
        if scope_of(row) not in self._held:
            return row.live
        held = self._held.of(scope_of(row))
        return held.profile_revision != row.revision or (row.live and held.epoch != epoch)

    def _under_newest_epoch(self, session: Session) -> Index:
        """The index at hand, or one made anew where an epoch began: by another shard, or now."""
        index, newest = self.index, store.newest_epoch(session) or 0
        if newest == index.epoch.number and index.epoch.frequencies is None and self._knows_enough(index):
            newest = fit_first_epoch(session, index.epoch.rules)
        if newest == index.epoch.number:
            return index
        rows = [row for side in SIDES for row in store.profiles(session, side) if self._is_at_hand(row)]
        anew = Index(store.epoch(session, newest))
        _put(anew, rows, _read(anew, rows))
        return anew

    def _knows_enough(self, index: Index) -> bool:
        known = [len(index.shelves[side].slot) for side in SIDES]
        return min(known) > 0 and sum(known) >= self._epoch_profiles

    def _is_at_hand(self, row: ProfileRow) -> bool:
        return self._is_ours(row) and scope_of(row) in self._revisions

    def _write_down(self, session: Session, index: Index, lists: Lists, pending: set[Scope]) -> dict[Scope, Held]:
        """Store these lists, and say those that differ from what was said of them before."""
        said_before = store.lines(session, str(self.shard), lists.keys())
        lines = _lines(index, lists, said_before, pending)
        held: dict[Scope, Held] = {}
        rows: list[MatchList] = []
        for scope, written in lines.items():
            before = self._held.of(scope)
            as_of = index.revision(*scope) or self._revisions[scope]
            same = written == said_before.get(scope, []) and (not written or as_of == before.profile_revision)
            revision = before.revision + (not same)
            held[scope] = Held(revision, as_of, index.epoch.number, packed(pair.key for pair in lists[scope]))
            rows.append(self._row(scope, held[scope], written))
            if not same:
                stage(session, found(scope, self.shard, held[scope], written))
        store.keep_lists(session, rows)
        return held

    def _row(self, scope: Scope, held: Held, lines: Sequence[str]) -> MatchList:
        return MatchList(
            scope=scope[0],
            scope_id=scope[1],
            shard=str(self.shard),
            revision=held.revision,
            profile_revision=held.profile_revision,
            epoch=held.epoch,
            pairs="\n".join(lines),
        )


def newest_rows(events: Sequence[Heard], shard: Shard) -> list[ProfileRow]:
    """What each profile of this shard is, by the newest of these events."""
    newest: dict[Scope, ProfileRow] = {}
    for heard in events:
        row = as_row(heard)
        if row.side == "seeker" and not shard.keeps(row.id):
            continue
        known = newest.get(scope_of(row))
        if known is None or known.revision < row.revision:
            newest[scope_of(row)] = row
    return list(newest.values())


def as_row(heard: Heard) -> ProfileRow:
    """An event as what is held of its profile."""
    if isinstance(heard, SeekerPublished):
        facts, since = heard.facts.model_dump_json(exclude_defaults=True), heard.applied_at
        return ProfileRow(
            side="seeker", id=heard.seeker_id, revision=heard.revision, live=True, since=since, facts=facts
        )
    if isinstance(heard, PostingPublished):
        facts, since = heard.facts.model_dump_json(exclude_defaults=True), heard.accepted_at
        return ProfileRow(
            side="posting", id=heard.posting_id, revision=heard.revision, live=True, since=since, facts=facts
        )
    if isinstance(heard, SeekerWithdrawn):
        return ProfileRow(side="seeker", id=heard.seeker_id, revision=heard.revision, live=False)
    return ProfileRow(side="posting", id=heard.posting_id, revision=heard.revision, live=False)


def scope_of(row: ProfileRow) -> Scope:
    return as_side(row.side), row.id


def found(scope: Scope, shard: Shard, held: Held, lines: Sequence[str]) -> MatchesFound:
    """What is said of a list."""
    side, own = scope
    return MatchesFound(
        scope=side,
        scope_id=own,
        shard=str(shard),
        revision=held.revision,
        epoch=held.epoch,
        pairs=tuple(as_pair(side, own, held.profile_revision, written) for written in lines),
    )


def after_commit(session: Session, apply: Callable[[], None]) -> None:
    """Let memory follow the store, once it is sure that the store will keep this."""
    event.listen(session, "after_commit", lambda _session: apply(), once=True)


def _lines(
    index: Index, lists: Lists, before: Mapping[Scope, list[str]], pending: set[Scope]
) -> dict[Scope, list[str]]:
    """Each list as lines; a pair neither of whose profiles changed keeps the line it has."""
    kept = {scope: _still_true(scope, before.get(scope, []), pending) for scope in lists}
    fresh = {
        _ends(scope, pair): pair.values
        for scope, pairs in lists.items()
        for pair in pairs
        if pair.values is not None and pair.key not in kept[scope]
    }
    told = dict(zip(fresh, index.explain([(*ends, values) for ends, values in fresh.items()]), strict=True))
    revision = index.revision
    return {
        scope: [
            kept[scope].get(pair.key)
            or line(pair.key, revision(other_side(scope[0]), pair.key.other), told[_ends(scope, pair)])
            for pair in pairs
        ]
        for scope, pairs in lists.items()
    }


def _still_true(scope: Scope, lines: Sequence[str], pending: set[Scope]) -> dict[Key, str]:
    if scope in pending:
        return {}
    keyed = ((key_of(written), written) for written in lines)
    return {key: written for key, written in keyed if (other_side(scope[0]), key.other) not in pending}


def _ends(scope: Scope, pair: Candidate) -> tuple[UUID, UUID]:
    """Seeker and posting."""
    return (scope[1], pair.key.other) if scope[0] == "seeker" else (pair.key.other, scope[1])


def _read(index: Index, rows: Sequence[ProfileRow]) -> Iterator[tuple[Side, Read]]:
    for side in SIDES:
        live = [row for row in rows if row.side == side and row.live]
        for start in range(0, len(live), READ_AT_ONCE):
            yield side, index.read(side, [store.as_profile(row) for row in live[start : start + READ_AT_ONCE]])


def _put(index: Index, rows: Sequence[ProfileRow], reads: Iterable[tuple[Side, Read]]) -> None:
    """Withdrawn profiles go, live ones come or are replaced."""
    for side in SIDES:
        index.remove(side, [row.id for row in rows if row.side == side and not row.live])
    for side, read in reads:
        index.put(side, read)


def _held_of(row: MatchList) -> tuple[Scope, Held]:
    keys = packed(map(key_of, store.lines_of(row.pairs)))
    return (as_side(row.scope), row.scope_id), Held(row.revision, row.profile_revision, row.epoch, keys)


def _set_floors(index: Index, lists: Mapping[Scope, Held]) -> None:
    """A pair enters a full list if it reaches the last line, any other if it is a match at all."""
    for side in SIDES:
        size = index.epoch.rules.size(side)
        of_side = ((one, held) for (of, one), held in lists.items() if of == side)
        index.shelves[side].set_floors({one: held.last_score if len(held) >= size else 0 for one, held in of_side})


def _everyone(index: Index) -> set[Scope]:
    return {(side, profile) for side in SIDES for profile in index.shelves[side].slot}
