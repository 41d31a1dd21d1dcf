"""Which lists change when some profiles did, and to what? Exact: as if everyone had been scored anew."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.matching.index import MOST_CELLS, Index, Scored, Slots
from services.matching.lists import Candidate, Key, best, merge
from services.matching.profiles import SIDES, Scope, Side, other_side

Lists = dict[Scope, list[Candidate]]


class HeldList(Protocol):
    """A list as it stood before."""

    @property
    def keys(self) -> tuple[Key, ...]: ...


def true_lists(index: Index, held: Mapping[Scope, HeldList], changed: Collection[Scope]) -> Lists:
    """The lists of the changed profiles, empty for those withdrawn, and every other list that differs from `held`.

    Args:
        held: lists that were true before `changed` changed.
    """
    lists: Lists = {scope: [] for scope in changed}
    for side in SIDES:
        ids = {profile for of, profile in changed if of == side}
        others = {profile for of, profile in changed if of != side}
        offers: dict[UUID, list[Candidate]] = defaultdict(list)
        for scored in _sweep(index, side, _live(index, side, ids)):
            lists.update(_whole_lists(index, side, scored))
            _offer(index, other_side(side), scored.turned(), held, others, offers)
        lists.update(_others(index, other_side(side), held, (ids, others), offers))
    return lists


def _others(
    index: Index,
    side: Side,
    held: Mapping[Scope, HeldList],
    gone_and_changed: tuple[set[UUID], set[UUID]],
    offers: Mapping[UUID, list[Candidate]],
) -> Lists:
    """The lists of a side whose own profiles did not change, after some of the other side did."""
    gone, changed = gone_and_changed
    size = index.epoch.rules.size(side)
    touched = _holding(held, side, {one for one in gone if (other_side(side), one) in held}) | offers.keys()
    lists: Lists = {}
    to_refill: list[UUID] = []
    for one in touched - changed:
        merged = merge(_keys(held, side, one), gone, offers.get(one, []), size)
        if merged is None:
            to_refill.append(one)
        else:
            lists[side, one] = merged
    for scored in _sweep(index, side, _live(index, side, to_refill)):
        lists.update(_whole_lists(index, side, scored))
    return lists


def _sweep(index: Index, side: Side, slots: Slots) -> Iterator[Scored]:
    """These profiles against everyone of the other side, in blocks that fit in memory."""
    everyone = max(1, len(index.shelves[other_side(side)].live()))
    rows = max(1, MOST_CELLS // everyone)
    for start in range(0, len(slots), rows):
        yield index.against_all(side, slots[start : start + rows])


def _whole_lists(index: Index, side: Side, scored: Scored) -> Lists:
    rules = index.epoch.rules
    floors = np.full(len(scored.rows), rules.threshold, dtype=np.int64)
    found = best(scored, index.shelves[other_side(side)], rules.size(side), floors)
    shelf = index.shelves[side]
    return {(side, shelf.profiles[row][0]): pairs for row, pairs in zip(scored.rows.tolist(), found, strict=True)}


def _offer(  # noqa: PLR0913, PLR0917 - one step of the sweep
    index: Index,
    side: Side,
    scored: Scored,
    held: Mapping[Scope, HeldList],
    changed: set[UUID],
    offers: dict[UUID, list[Candidate]],
) -> None:
    """Offer to each unchanged list of `side` the pairs that reach its last line."""
    rules, shelf = index.epoch.rules, index.shelves[side]
    names = [shelf.profiles[row][0] for row in scored.rows.tolist()]
    unchanged = np.array([name not in changed for name in names], dtype=bool)
    floors = _floors(held, side, names, rules.size(side), rules.threshold)
    reached = unchanged & (scored.scores.max(axis=1, initial=-1) >= floors)
    chosen = np.flatnonzero(reached)
    rows = Scored(scored.rows[chosen], scored.columns, scored.scores[chosen], scored.values[:, chosen])
    found = best(rows, index.shelves[other_side(side)], rules.size(side), floors[chosen])
    for at, candidates in zip(chosen.tolist(), found, strict=True):
        offers[names[at]].extend(candidates)


def _floors(
    held: Mapping[Scope, HeldList], side: Side, names: list[UUID], size: int, threshold: int
) -> NDArray[np.int64]:
    lists = (_keys(held, side, name) for name in names)
    scores = (-keys[-1].falling_score if len(keys) >= size else threshold for keys in lists)
    return np.fromiter(scores, dtype=np.int64, count=len(names))


def _holding(held: Mapping[Scope, HeldList], side: Side, gone: set[UUID]) -> set[UUID]:
    """Whose lists of this side name one of these."""
    if not gone:
        return set()
    return {one for (of, one), lines in held.items() if of == side and any(key.other in gone for key in lines.keys)}


def _keys(held: Mapping[Scope, HeldList], side: Side, one: UUID) -> tuple[Key, ...]:
    lines = held.get((side, one))
    return lines.keys if lines else ()


def _live(index: Index, side: Side, ids: Collection[UUID]) -> Slots:
    shelf = index.shelves[side]
    return shelf.slots(sorted(one for one in ids if one in shelf.slot))
