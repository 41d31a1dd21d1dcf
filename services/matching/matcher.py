"""Who is on whose list, kept true while facts stream in?

Two steps, two transactions. `remember` stores profiles by revision; once that is committed the index holds them.
`match` makes the lists true again; once that is committed the lists in memory follow. So the index always equals the
profiles of the store and the lists in memory equal its lists, whatever fails in between.

A profile is *pending* while its own list was made as of another revision or epoch. That is a fact of the store, not of
what the last batch brought: after a crash between the steps, the next `match` finishes what was begun.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from threading import RLock
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy import Engine
from sqlmodel import Session

from services.matching import store
from services.matching.engine.batch import blocks_of
from services.matching.engine.index import Index
from services.matching.engine.lists import Candidate, Held, HeldLists, Key, packed
from services.matching.engine.near_misses import NearMisses, near_misses
from services.matching.engine.profiles import SIDES, Profile, Scope, Side, as_side, other_side
from services.matching.engine.scorer import Rules
from services.matching.engine.search import values_of
from services.matching.engine.shelf import Read
from services.matching.engine.written import as_told, key_of, line
from services.matching.epochs import fit_first_epoch, present_epoch
from services.matching.shards import Shard
from services.matching.steps import told
from services.matching.store import NEVER_SAID, Kept, Said
from services.matching.tables import MatchList, PairApart, ProfileRow
from services.matching.upkeep import Lists, lists_anew, true_lists
from shared.contracts import (
    MatchesFound,
    PostingPublished,
    PostingWithdrawn,
    ReferralRecorded,
    RestatementRequested,
    SeekerPublished,
    SeekerWithdrawn,
)
from shared.contracts.referrals import ReferralState
from shared.database import after_commit, reading, transaction
from shared.forgetting import is_forgotten
from shared.outbox import stage_all

ProfileHeard = PostingPublished | PostingWithdrawn | SeekerPublished | SeekerWithdrawn
Heard = ProfileHeard | ReferralRecorded

APART: frozenset[ReferralState] = frozenset(
    {"declined", "referred", "interview", "no_show", "result_due", "unanswered", "hired", "not_hired",
     "retained_1_month", "retained_3_months", "retained_6_months", "left"}
)  # fmt: skip
"""Already referred, or declined: such a pair is on no list. What a counselor puts aside she sees to at her desk."""

READ_AT_ONCE = 2_000
"""Profiles turned into rows at a time."""


class EpochBehind(Exception):
    """Whoever hears takes the list of the higher epoch for the newer one: no shard goes down."""


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
        self._changed: set[Scope] = set()
        self._settling: int | None = None

    def start(self) -> None:
        """Take everything from the store into memory, and finish what a crash or new rules left to be done.

        Lists are made a block at a time, each block one transaction: cut off anywhere, the next start goes on.
        """
        with self.lock:
            with transaction(self._engine) as session:
                number = present_epoch(session, self._rules, str(self.shard))
            with transaction(self._engine) as session:
                self._load(session, number)
            self._make_anew()
            self._catch_up()
            with transaction(self._engine) as session:
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
        with reading(self._engine) as session:
            apart = store.apart_from(session, seeker.id)  # of another shard's seekers memory knows nothing
        with self.lock:
            return near_misses(self.index, seeker, apart)

    def remember(self, events: Sequence[Heard], session: Session) -> None:
        """Step (a): store what is newer than what is held."""
        self._remember_referrals([event for event in events if isinstance(event, ReferralRecorded)], session)
        profiles = [event for event in events if not isinstance(event, ReferralRecorded)]
        index, rows = self.index, newest_rows(profiles, self.shard)
        gone = [event.seeker_id for event in profiles if isinstance(event, SeekerWithdrawn) and event.forgets]
        store.forget_apart(session, gone)
        store.keep_profiles(session, rows)
        # What is held now may be newer than what was heard: another shard shares the store.
        held = [row for side in SIDES for row in store.profiles(session, side, {r.id for r in rows if r.side == side})]
        changed = [row for row in held if self._revisions.get(scope_of(row)) != row.revision]
        reads = list(read(index, changed))

        def apply() -> None:
            put(index, changed, reads)
            self._revisions.update({scope_of(row): row.revision for row in changed})
            self._changed.update(map(scope_of, changed))
            self._pending.update(scope_of(row) for row in changed if row.live or scope_of(row) in self._held)
            for seeker in gone:
                for posting in list(index.apart["seeker"].get(seeker, ())):
                    index.keep_apart(seeker, posting, apart=False)

        after_commit(session, apply)

    def _remember_referrals(self, events: Sequence[ReferralRecorded], session: Session) -> None:
        """Store which pairs are kept apart; the lists of both are made anew."""
        ours = [event for event in events if self.shard.keeps(event.seeker_id)]
        known = [event for event in ours if not is_forgotten(session, event.seeker_id)]
        rows = [
            PairApart(
                seeker_id=event.seeker_id,
                posting_id=event.posting_id,
                revision=event.revision,
                apart=event.state in APART,
                parts=parts,
            )
            for event, parts in zip(known, self._parts(known), strict=True)
        ]
        changed = store.keep_apart(session, rows)
        if not changed:
            return
        index = self.index

        def apply() -> None:
            for row in changed:
                index.keep_apart(row.seeker_id, row.posting_id, apart=row.apart)
                self._pending.update(both_at_hand(index, row))
                self._changed.update(both_at_hand(index, row))

        after_commit(session, apply)

    def _parts(self, events: Sequence[ReferralRecorded]) -> Iterator[list[int] | None]:
        """What each part of these pairs is worth now; None where one of the two is not at hand."""
        hers, its = (self.index.shelves[side].slot for side in SIDES)
        known = [event.seeker_id in hers and event.posting_id in its for event in events]
        ends = [(hers[e.seeker_id], its[e.posting_id]) for e, both in zip(events, known, strict=True) if both]
        seekers, postings = np.array(ends, dtype=np.int64).reshape(-1, 2).T
        values = iter(values_of(self.index, seekers, postings).tolist() if ends else [])
        return (next(values) if both else None for both in known)

    def match(self, _events: Sequence[Heard], session: Session) -> None:
        """Step (b): make the lists of all that is pending true, with every list that changes thereby, and say them."""
        index = self._under_first_epoch(session)
        pending = self._pending if index is self.index else self._pending | _everyone(index)
        if pending or index is not self.index:
            self._keep(session, index, true_lists(index, self._held, pending), pending)
        store.settle_apart(session, [one for one in store.apart_unsettled(session) if self.shard.keeps(one)])

    def _make_anew(self) -> None:
        """The lists that another epoch made of the profiles as they are; everyone's, where nobody's is true.

        A list's epoch is kept with it: whoever starts after a crash makes those that are left.
        """
        for block in told(blocks_of(sorted(self._made_under_another_epoch())), "blocks_of_lists_made_anew"):
            with transaction(self._engine) as session:
                lists = lists_anew(self.index, block.side, block.ids)
                self._keep(session, self.index, lists, set(lists))

    def _made_under_another_epoch(self) -> set[Scope]:
        if self._pending >= _everyone(self.index):
            return self._pending
        held = {scope: self._held.of(scope) for scope in self._pending}
        number, revisions = self.index.epoch.number, self._revisions
        return {
            scope for scope, one in held.items() if one.epoch != number and one.profile_revision == revisions[scope]
        }

    def _catch_up(self) -> None:
        """Of those who changed, a block at a time with all that they change, until a batch is left."""
        for block in told(blocks_of(sorted(self._pending))[:-1], "blocks_caught_up"):
            some = {(block.side, one) for one in block.ids}
            with transaction(self._engine) as session:
                lists = true_lists(self.index, self._held, some, self._pending - some)
                self._keep(session, self.index, lists, some)

    def _keep(self, session: Session, index: Index, lists: Lists, pending: set[Scope]) -> None:
        """Store these lists, among them all of `pending`, and follow in memory."""
        held = self._write_down(session, index, lists, pending)

        def apply() -> None:
            self._index, self._pending = index, self._pending - pending
            self._held.update(held)
            set_floors(index, held)

        after_commit(session, apply)

    def say_again(self, events: Sequence[RestatementRequested], session: Session) -> None:
        """Say every list of this shard as it stands, when a service that keeps lists lost them."""
        if all(event.asked_by == "matching" for event in events):
            return
        lists = (Kept(*held_of(row), row.pairs) for row in store.said_lists(session, str(self.shard)))
        say(session, self.shard, (one for one in lists if one.held.revision))  # else nobody ever was on it

    def repair(self, scopes: Sequence[Scope], session: Session) -> int:
        """Make these lists anew from the profiles as stored; how many were wrong. The caller holds the lock."""
        rows = [
            row for side in SIDES for row in store.profiles(session, side, {one for of, one in scopes if of == side})
        ]
        put(self.index, rows, list(read(self.index, rows)))
        self._revisions.update(dict.fromkeys(scopes, 0) | {scope_of(row): row.revision for row in rows})
        self._pending.update(scopes)
        shard = str(self.shard)
        before = self._present_lines(session, scopes, store.said(session, shard, scopes))
        self.match((), session)
        after = {scope: store.lines_of(row.pairs) for scope, row in store.said(session, shard, scopes).items()}
        return sum(before.get(scope, []) != after.get(scope, []) for scope in scopes)

    def changed(self) -> set[Scope]:
        """Whose profiles changed since this was asked last; the caller holds the lock."""
        changed, self._changed = self._changed, set()
        return changed

    def succeed(self, session: Session, index: Index, held: HeldLists, revisions: dict[Scope, int]) -> None:
        """Work under the next epoch from this commit on; the caller holds the lock, and all is carried over.

        Raises:
            EpochBehind: the present one is later.
        """
        row = store.shard_row(session, str(self.shard))
        assert row is not None
        if index.epoch.number < row.epoch:
            raise EpochBehind(f"shard {self.shard} works under epoch {row.epoch}: {index.epoch.number} is behind it")
        row.epoch = row.settling = index.epoch.number
        session.add(row)

        def apply() -> None:
            self._index, self._held, self._revisions, self._pending = index, held, revisions, set()
            self._settling = index.epoch.number

        after_commit(session, apply)

    def settle(self, scopes: Sequence[Scope], session: Session) -> None:
        """Say these lists of a rematch where they differ from what was said; the caller holds the lock."""
        row = store.shard_row(session, str(self.shard))
        if row is None or row.settling is None:
            return
        said_before = store.said(session, str(self.shard), scopes)
        made = [
            Kept(
                scope,
                Held(said_before.get(scope, NEVER_SAID).revision, newer.profile_revision, newer.epoch),
                newer.pairs or "",
            )
            for scope, newer in store.unsettled(session, row, scopes).items()
        ]
        self._said(session, made, said_before)
        store.settle(session, row, scopes)

    def settled(self, session: Session) -> None:
        """All was said."""
        row = store.shard_row(session, str(self.shard))
        assert row is not None
        row.settling = None
        session.add(row)
        after_commit(session, lambda: setattr(self, "_settling", None))

    def _load(self, session: Session, epoch: int) -> None:
        self._index = index = Index(store.epoch(session, epoch))
        standing = take_in(index, session, self._is_ours)
        pairs = [pair for pair in store.pairs_apart(session) if self.shard.keeps(pair.seeker_id)]
        for pair in pairs:
            index.keep_apart(pair.seeker_id, pair.posting_id, apart=pair.apart)
        self._revisions = {scope: now.revision for scope, now in standing.items()}
        self._index = index = self._under_first_epoch(session)
        held = dict(map(held_of, store.own_lists(session, str(self.shard))))
        self._held = HeldLists()
        self._held.update(held)
        set_floors(index, held)
        number = index.epoch.number
        self._pending = {scope for scope, now in standing.items() if is_pending(self._held, scope, now, number)}
        self._pending.update(scope for pair in pairs if not pair.settled for scope in both_at_hand(index, pair))
        own = store.shard_row(session, str(self.shard))
        self._settling = own.settling if own else None

    def _is_ours(self, row: ProfileRow) -> bool:
        return row.side == "posting" or self.shard.keeps(row.id)

    def _under_first_epoch(self, session: Session) -> Index:
        """The index at hand, or one made anew where the first fitted epoch began: by another shard, or now."""
        index = self.index
        if index.epoch.frequencies is not None:
            return index  # every later epoch is made ready beside the present one, see `rematching`
        number = max(index.epoch.number, store.leading_epoch(session) or 0)
        if number == index.epoch.number and self._knows_enough(index):
            number = fit_first_epoch(session, index.epoch.rules)
        if number == index.epoch.number:
            return index
        anew = Index(store.epoch(session, number))
        anew.apart = index.apart
        take_in(anew, session, self._is_at_hand)
        store.keep_shard(session, str(self.shard), number)
        return anew

    def _knows_enough(self, index: Index) -> bool:
        known = [len(index.shelves[side].slot) for side in SIDES]
        return min(known) > 0 and sum(known) >= self._epoch_profiles

    def _is_at_hand(self, row: ProfileRow) -> bool:
        return self._is_ours(row) and scope_of(row) in self._revisions

    def _write_down(self, session: Session, index: Index, lists: Lists, pending: set[Scope]) -> dict[Scope, Held]:
        """Store these lists, and say those that differ from what was said of them before."""
        said_before = store.said(session, str(self.shard), lists.keys())
        before = self._present_lines(session, lists.keys(), said_before)
        if self._settling is not None and (row := store.shard_row(session, str(self.shard))):
            store.settle(session, row, lists.keys())
        made = [
            Kept(
                scope,
                Held(
                    revision=said_before.get(scope, NEVER_SAID).revision,
                    profile_revision=index.revision(*scope) or self._revisions[scope],
                    epoch=index.epoch.number,
                    packed=packed(pair.key for pair in lists[scope]),
                ),
                "\n".join(lines),
            )
            for scope, lines in lines_of(index, lists, before, pending).items()
        ]
        return {scope: held for scope, held, _ in self._said(session, made, said_before)}

    def _present_lines(
        self, session: Session, scopes: Collection[Scope], said_last: Mapping[Scope, Said]
    ) -> dict[Scope, list[str]]:
        """These lists as they count, whether they were said yet or not."""
        lines = {scope: store.lines_of(row.pairs) for scope, row in said_last.items()}
        if self._settling is not None and (row := store.shard_row(session, str(self.shard))):
            newer = store.unsettled(session, row, scopes)
            lines |= {scope: store.lines_of(one.pairs or "") for scope, one in newer.items()}
        return lines

    def _said(self, session: Session, made: Sequence[Kept], said_before: Mapping[Scope, Said]) -> list[Kept]:
        """Keep these lists; those that differ from what was said of them before are said, and counted once more."""
        new = [differs(one, said_before.get(one.scope, NEVER_SAID)) for one in made]
        kept = [
            one._replace(held=replace(one.held, revision=one.held.revision + is_new))
            for one, is_new in zip(made, new, strict=True)
        ]
        say(session, self.shard, compress(kept, new))
        store.keep_lists(session, str(self.shard), kept)
        return kept


class Standing(NamedTuple):
    """What a profile is in the store."""

    revision: int
    live: bool


def is_pending(lists: HeldLists, scope: Scope, now: Standing, epoch: int) -> bool:
    """Whether a profile's own list was made as of another revision or epoch, or is still to be made."""
    if scope not in lists:
        return now.live
    held = lists.of(scope)
    return held.profile_revision != now.revision or (now.live and held.epoch != epoch)


def both_at_hand(index: Index, pair: PairApart) -> list[Scope]:
    """The lists that a pair kept apart, or not any more, may change."""
    scopes: list[Scope] = [("seeker", pair.seeker_id), ("posting", pair.posting_id)]
    return [scope for scope in scopes if index.revision(*scope)]


def newest_rows(events: Sequence[ProfileHeard], shard: Shard) -> list[ProfileRow]:
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


def as_row(heard: ProfileHeard) -> ProfileRow:
    """An event as what is held of its profile."""
    if isinstance(heard, SeekerPublished):
        facts, since = heard.facts.model_dump_json(exclude_defaults=True), heard.applied_at
        return ProfileRow(
            side="seeker",
            id=heard.seeker_id,
            revision=heard.revision,
            live=True,
            since=since,
            facts=facts,
            cafe_id=heard.cafe_id,
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


def differs(made: Kept, said_last: Said) -> bool:
    """Whether a list is to be said: nobody asks as of which revision nobody is on it."""
    as_of_then = made.held.profile_revision == said_last.profile_revision
    return made.pairs != said_last.pairs or bool(made.pairs and not as_of_then)


def say(session: Session, shard: Shard, lists: Iterable[Kept]) -> None:
    """Stage what is said of these lists."""
    stage_all(session, (_as_said(shard, one) for one in lists))


def _as_said(shard: Shard, one: Kept) -> tuple[MatchesFound, str]:
    """What is said of a list, and its data."""
    (side, own), held = one.scope, one.held
    found = MatchesFound(scope=side, scope_id=own, shard=str(shard), revision=held.revision, epoch=held.epoch, pairs=())
    head = found.model_dump_json(exclude={"event_id", "occurred_at", "pairs"})
    pairs = [as_told(side, str(own), held.profile_revision, written) for written in store.lines_of(one.pairs)]
    return found, f'{head[:-1]},"pairs":[{",".join(pairs)}]}}'


def lines_of(
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
    fresh |= _lost(index, {
        _ends(scope, pair)
        for scope, pairs in lists.items()
        for pair in pairs
        if pair.values is None and pair.key not in kept[scope]
    } - fresh.keys())  # fmt: skip
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


def _lost(index: Index, pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], tuple[int, ...]]:
    """The values of pairs that memory has on a list and the store has not: somebody wrote into it behind our back."""
    if not pairs:
        return {}
    seekers, postings = zip(*pairs, strict=True)
    slots = index.shelves["seeker"].slots(seekers), index.shelves["posting"].slots(postings)
    return dict(zip(pairs, map(tuple, values_of(index, *slots).tolist()), strict=True))


def _still_true(scope: Scope, lines: Sequence[str], pending: set[Scope]) -> dict[Key, str]:
    if scope in pending:
        return {}
    keyed = ((key_of(written), written) for written in lines)
    return {key: written for key, written in keyed if (other_side(scope[0]), key.other) not in pending}


def _ends(scope: Scope, pair: Candidate) -> tuple[UUID, UUID]:
    """Seeker and posting."""
    return (scope[1], pair.key.other) if scope[0] == "seeker" else (pair.key.other, scope[1])


def take_in(index: Index, session: Session, wanted: Callable[[ProfileRow], bool]) -> dict[Scope, Standing]:
    """Put everyone wanted at hand as stored, some at a time; how each of them stands, withdrawn or not."""
    standing: dict[Scope, Standing] = {}
    for page in store.pages(session, READ_AT_ONCE):
        rows = [row for row in page if wanted(row)]
        put(index, rows, list(read(index, rows)))
        standing.update({scope_of(row): Standing(row.revision, row.live) for row in rows})
    return standing


def read(index: Index, rows: Sequence[ProfileRow]) -> Iterator[tuple[Side, Read]]:
    for side in SIDES:
        live = [row for row in rows if row.side == side and row.live]
        for start in range(0, len(live), READ_AT_ONCE):
            yield side, index.read(side, [store.as_profile(row) for row in live[start : start + READ_AT_ONCE]])


def put(index: Index, rows: Sequence[ProfileRow], reads: Iterable[tuple[Side, Read]]) -> None:
    """Withdrawn profiles go, live ones come or are replaced."""
    for side in SIDES:
        index.remove(side, [row.id for row in rows if row.side == side and not row.live])
    for side, read in reads:
        index.put(side, read)


def held_of(row: MatchList) -> tuple[Scope, Held]:
    keys = packed(map(key_of, store.lines_of(row.pairs)))
    return (as_side(row.scope), row.scope_id), Held(row.revision, row.profile_revision, row.epoch, keys)


def set_floors(index: Index, lists: Mapping[Scope, Held]) -> None:
    """A pair enters a full list if it reaches the last line, any other if it is a match at all."""
    for side in SIDES:
        size = index.epoch.rules.size(side)
        of_side = ((one, held) for (of, one), held in lists.items() if of == side)
        index.shelves[side].set_floors({one: held.last_score if len(held) >= size else 0 for one, held in of_side})


def _everyone(index: Index) -> set[Scope]:
    return {(side, profile) for side in SIDES for profile in index.shelves[side].slot}
