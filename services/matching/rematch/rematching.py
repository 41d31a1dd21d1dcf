"""How does a shard come to work under the next epoch while arrivals go on? Scored beside, carried over, switched, said.

1. A process beside scores every list as of a list of revisions (`beside`).
2. Here, in a thread that yields between small steps, everyone is read in under the next epoch, and what changed
   meanwhile is carried over, round by round, until little is left.
3. The rest is carried over and the shard switched in one transaction, while whoever hears waits for a moment.
4. The lists that differ are said, a few at a time; a list that an arrival changes before its turn is said at once.

The lists beside are true of the revisions they were made as of. Whoever changed since is *pending* there as in
`matcher`, and `upkeep.true_lists` makes the rest true: nothing is missed and nothing invented, whatever the order.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from services.matching import store
from services.matching.engine.batch import Listed
from services.matching.engine.index import Index
from services.matching.engine.lists import Candidate, Held, HeldLists, packed
from services.matching.engine.profiles import SIDES, Scope, Side, as_side
from services.matching.matcher import Matcher, held_of, lines_of, put, read, scope_of, set_floors
from services.matching.rematch import next_lists, rematches, resharding
from services.matching.rematch.beside import Job
from services.matching.steps import step_by_step
from services.matching.tables import ProfileRow, RematchRow, RematchShare
from services.matching.upkeep import true_lists
from shared.database import reading, transaction
from shared.outbox import stage

LOOK_SECONDS = 0.5
PAGE = 100
"""Profiles or lists read in at a time."""
SAID_AT_ONCE = 20
"""Lists said in one transaction: whoever hears waits so long at most."""
FEW = 50
"""Changes that may be left for the switch itself."""
ROUNDS = 20
"""After so many rounds of catching up, whatever is left is carried over at the switch."""

Run = Callable[[Job, threading.Event], None]


class Rematching:
    """One shard's rematches, from asked to said; a thread of its own calls `work`.

    Args:
        run: does a job beside and returns when it is done; raises if it was not.
    """

    name = "rematching"

    def __init__(self, engine: Engine, matcher: Matcher, job: Callable[[RematchRow], Job], run: Run) -> None:
        self.closing = threading.Event()
        self._engine, self._matcher, self._job, self._run = engine, matcher, job, run
        self._shard = str(matcher.shard)
        self._sweep = resharding.Sweep(matcher.shard.count)

    def resume(self) -> None:
        """At the start: what another number of shards or other rules had begun is given up."""
        with transaction(self._engine) as session:
            rematches.drop_of_other_shards(session, self._shard)
            rematches.drop_of_other_rules(session, self._matcher.index.epoch)

    def work(self) -> None:
        """Do what there is to do until told to stop."""
        step_by_step("rematch", self.step, self.closing, LOOK_SECONDS)

    def step(self) -> bool:
        """Take the next step of whatever is to be done; whether there was one."""
        with reading(self._engine) as session:
            own = store.shard_row(session, self._shard)
            due = rematches.due(session, self._shard)
            waiting = rematches.unfinished(session) is None and rematches.in_turn(session)
        if own is not None and own.settling is not None:
            self._say_some(own.settling)
            return True
        if waiting:
            with transaction(self._engine) as session:
                rematches.ask_the_next(session, self._matcher.shard.count)
            return True
        if due is None:
            return self._take_some_back()
        row, share = due
        if share is None:
            with transaction(self._engine) as session:
                rematches.begin(session, row, self._shard)
        elif share.state in {"fitting", "scoring"} and not (row.kind == "epoch_only" and self._is_fitted(row)):
            self._run(self._job(row), self.closing)
        elif share.state == "scored" and row.kind in {"rematch", "back", "adopt"}:
            self._take_over(row)
        else:
            self._finish(row)
        return True

    def _take_some_back(self) -> bool:
        """Of the lists of a former number of shards; the first shard does it for all."""
        shard = self._matcher.shard
        if shard.number:
            return False
        with reading(self._engine) as session:
            if not self._sweep.is_wanted(session):
                return False
            left = resharding.some_left(session, shard.count)
        started = time.monotonic()
        with transaction(self._engine) as session:
            if left:
                resharding.take_back(session, left)
            else:
                resharding.forget_others(session, shard.count)
        self._yield(started)
        return True

    def _is_fitted(self, row: RematchRow) -> bool:
        with reading(self._engine) as session:
            return store.has_epoch(session, row.epoch)

    def _finish(self, row: RematchRow) -> None:
        if row.kind == "dry_run":
            self._clear(row.epoch)
        with transaction(self._engine) as session:
            if current := rematches.due(session, self._shard):
                asked, share = current
                assert share is not None
                rematches.finish(session, asked, share)

    def _clear(self, epoch: int) -> None:
        """Drop lists that were only looked at, a page at a time: nobody waits long for the store."""
        while True:
            with transaction(self._engine) as session:
                if not next_lists.forget_some(session, epoch, self._shard, store.CHUNK):
                    return

    def _take_over(self, row: RematchRow) -> None:
        with self._matcher.lock:
            self._matcher.changed()  # from here on, whoever changes is noted
        successor = _Successor(self._engine, self._matcher, row.epoch, self._yield)
        successor.load()
        for _ in range(ROUNDS):
            with self._matcher.lock:
                changed = self._matcher.changed()
            successor.meet(changed)
            if len(successor.pending) <= FEW or self.closing.is_set():
                break
            successor.carry_over()
        if self.closing.is_set():
            return
        with self._matcher.lock:
            successor.meet(self._matcher.changed())
            with transaction(self._engine) as session:
                current = rematches.due(session, self._shard)
                if current is None or current[0].rematch_id != row.rematch_id:
                    return
                successor.carry_over(session)
                self._matcher.succeed(session, successor.index, successor.held, successor.revisions)
                self._switched(session, *current)

    def _switched(self, session: Session, row: RematchRow, share: RematchShare | None) -> None:
        assert share is not None
        rematches.switched(session, share)
        stage(session, rematches.finished(row, share))

    def _say_some(self, epoch: int) -> None:
        started = time.monotonic()
        with reading(self._engine) as session:
            page = store.page_of_next(session, epoch, self._shard, None, SAID_AT_ONCE)
        with self._matcher.lock, transaction(self._engine) as session:
            if page:
                self._matcher.settle([(as_side(one.scope), one.scope_id) for one in page], session)
            else:
                self._matcher.settled(session)
        self._yield(started)

    def _yield(self, started: float) -> None:
        """Rest as long as the last step took, so that half of the time is everyone else's."""
        self.closing.wait(time.monotonic() - started)


class _Successor:
    """Everyone at hand under the next epoch, and the lists that were made beside; made true step by step."""

    def __init__(self, engine: Engine, matcher: Matcher, epoch: int, rest: Callable[[float], None]) -> None:
        self._engine, self._matcher, self._rest = engine, matcher, rest
        with reading(engine) as session:
            self.index = Index(store.epoch(session, epoch))
        self.index.apart = matcher.index.apart  # one set for both: it changes under the matcher's lock
        self.held = HeldLists()
        self.revisions: dict[Scope, int] = {}
        self.pending: set[Scope] = set()

    def load(self) -> None:
        """Read in everyone as stored now, and every list as made beside; who differs between them is pending."""
        for side in SIDES:
            self._load_profiles(side)
        self._load_lists()
        self.pending = {scope for scope, revision in self.revisions.items() if self._is_pending(scope, revision)}
        with reading(self._engine) as session:
            ends = [(pair.seeker_id, pair.posting_id) for pair in store.pairs_apart(session)]
        moved: set[Scope] = {scope for both in ends for scope in zip(SIDES, both, strict=True)}
        self.pending |= {scope for scope in moved if self.index.revision(*scope)}  # perhaps since its list was made

    def _load_profiles(self, side: Side) -> None:
        started, after = time.monotonic(), None
        while rows := self._read(store.page, side, after, PAGE):
            after = rows[-1].id
            self._take([row for row in rows if side == "posting" or self._matcher.shard.keeps(row.id)])
            self._rest(started)
            started = time.monotonic()

    def _load_lists(self) -> None:
        last: Scope | None = None
        started, shard, epoch = time.monotonic(), str(self._matcher.shard), self.index.epoch.number
        while lists := self._read(store.page_of_next, epoch, shard, last, PAGE):
            last = as_side(lists[-1].scope), lists[-1].scope_id
            held = dict(held_of(store.as_list(one)) for one in lists)
            self.held.update(held)
            set_floors(self.index, held)
            self._rest(started)
            started = time.monotonic()

    def meet(self, changed: set[Scope]) -> None:
        """Take in those whose profiles changed, as stored now."""
        if not changed:
            return
        with reading(self._engine) as session:
            rows = [row for side in SIDES
                    for row in store.profiles(session, side, {one for of, one in changed if of == side})]  # fmt: skip
        self._take(rows)
        self.pending |= {scope for scope in changed if self._is_pending(scope, self.revisions[scope])}
        self.pending |= {
            scope for scope in changed if self.index.revision(*scope)
        }  # a pair of hers may be kept apart now

    def carry_over(self, session: Session | None = None) -> None:
        """Make every list true of what is at hand; in one transaction, or in many small ones.

        Trap: in many, the lists of those who changed come last. Cut off before, they are still pending at the next
        start, and all that they change is made again.
        """
        shard, epoch = str(self._matcher.shard), self.index.epoch.number
        lists = true_lists(self.index, self.held, self.pending)
        made = self._written(lists, session)
        in_order = sorted(made, key=lambda one: one.scope in self.pending)
        if session is not None:
            next_lists.keep(session, epoch, shard, in_order)
        else:
            for start in range(0, len(in_order), PAGE):
                started = time.monotonic()
                with transaction(self._engine) as own:
                    next_lists.keep(own, epoch, shard, in_order[start : start + PAGE])
                self._rest(started)
        held = {
            one.scope: Held(0, one.profile_revision, epoch, packed(pair.key for pair in lists[one.scope]))
            for one in made
        }
        self.held.update(held)
        set_floors(self.index, held)
        self.pending = set()

    def _written(self, lists: Mapping[Scope, list[Candidate]], session: Session | None) -> list[Listed]:
        before = self._lines(lists, session)
        written = lines_of(self.index, dict(lists), before, self.pending)
        return [
            Listed(scope, self.index.revision(*scope) or self.revisions[scope], "\n".join(lines))
            for scope, lines in written.items()
        ]

    def _lines(self, lists: Mapping[Scope, object], session: Session | None) -> dict[Scope, list[str]]:
        shard, epoch = str(self._matcher.shard), self.index.epoch.number
        if session is not None:
            return store.next_lines(session, epoch, shard, lists.keys())
        with reading(self._engine) as own:
            return store.next_lines(own, epoch, shard, lists.keys())

    def _take(self, rows: list[ProfileRow]) -> None:
        put(self.index, rows, list(read(self.index, rows)))
        self.revisions.update({scope_of(row): row.revision for row in rows})

    def _is_pending(self, scope: Scope, revision: int) -> bool:
        if scope in self.held:
            return self.held.of(scope).profile_revision != revision
        return self.index.revision(*scope) != 0

    def _read(self, look: Callable[..., Sequence[Any]], *what: object) -> Sequence[Any]:
        with reading(self._engine) as session:
            return look(session, *what)
