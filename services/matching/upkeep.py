"""Which lists change when some profiles did, and to what? Exact: as if everyone had been scored anew."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from uuid import UUID

import numpy as np

from services.matching.engine.index import Index
from services.matching.engine.kernels import OUT_OF_REACH
from services.matching.engine.lists import Candidate, HeldLists, Key, merge
from services.matching.engine.profiles import SIDES, Scope, Side, other_side
from services.matching.engine.search import Floors, Reached, reached, values_of
from services.matching.engine.shelf import Slots

Lists = dict[Scope, list[Candidate]]


def true_lists(index: Index, held: HeldLists, changed: Collection[Scope], left: Collection[Scope] = ()) -> Lists:
    """The lists of the changed profiles, empty for those withdrawn, and every other list that differs from `held`.

    Args:
        held: lists that were true before `changed` changed; the floors in the index are theirs.
        left: whose lists are not true yet, and are left for later.
    """
    lists: Lists = {scope: [] for scope in changed}
    for side in SIDES:
        ids = {profile for of, profile in changed if of == side}
        others = {profile for of, profile in chain(changed, left) if of != side}
        offers: dict[UUID, list[Candidate]] = defaultdict(list)
        floors = _floors(index, other_side(side), others)
        for found in reached(index, side, _live(index, side, ids), floors):
            _take(index, side, found, floors, lists, offers)
        lists.update(_others(index, other_side(side), held, (ids, others), offers))
    return lists


def lists_anew(index: Index, side: Side, ids: Sequence[UUID]) -> Lists:
    """These lists alone, empty for those withdrawn; what they say of others is left to the lists of those."""
    lists: Lists = {(side, one): [] for one in ids}
    nobody = np.full(len(index.shelves[other_side(side)].floors), OUT_OF_REACH, dtype=np.int32)
    for found in reached(index, side, _live(index, side, ids), nobody):
        _take(index, side, found, nobody, lists, {})
    return lists


def _floors(index: Index, side: Side, changed: set[UUID]) -> Floors:
    """What a pair must reach to enter each list of a side; lists that are made anew are offered nothing."""
    shelf = index.shelves[side]
    floors = shelf.floors.copy()
    floors[_live(index, side, changed)] = OUT_OF_REACH
    return floors


def _others(
    index: Index,
    side: Side,
    held: HeldLists,
    gone_and_changed: tuple[set[UUID], set[UUID]],
    offers: Mapping[UUID, list[Candidate]],
) -> Lists:
    """The lists of a side whose own profiles did not change, after some of the other side did."""
    gone, changed = gone_and_changed
    size = index.epoch.rules.size(side)
    touched = held.naming(side, gone) | offers.keys()
    lists: Lists = {}
    to_refill: list[UUID] = []
    for one in touched - changed:
        merged = merge(held.of((side, one)).keys, gone, offers.get(one, []), size)
        if merged is None:
            to_refill.append(one)
        else:
            lists[side, one] = merged
    lists |= lists_anew(index, side, to_refill)
    return lists


def _take(  # noqa: PLR0913, PLR0917 - one step of the sweep
    index: Index, side: Side, found: Reached, floors: Floors, lists: Lists, offers: dict[UUID, list[Candidate]]
) -> None:
    """Put the best into the lists of those who asked, and offer to the others what reaches their floors."""
    mine, others = index.shelves[side], index.shelves[other_side(side)]
    own, offered = found.rank < index.epoch.rules.size(side), found.scores >= floors[found.others]
    ends = (found.mine, found.others) if side == "seeker" else (found.others, found.mine)
    values = map(tuple, values_of(index, *ends).tolist())
    pairs = zip(found.mine.tolist(), found.others.tolist(), (-found.scores).tolist(), values, strict=True)
    for (one, other, falling, told), is_own, is_offered in zip(pairs, own.tolist(), offered.tolist(), strict=True):
        if is_own:
            key = Key(falling, others.since(other), others.profiles[other][0])
            lists[side, mine.profiles[one][0]].append(Candidate(key, told))
        if is_offered:
            key = Key(falling, mine.since(one), mine.profiles[one][0])
            offers[others.profiles[other][0]].append(Candidate(key, told))


def _live(index: Index, side: Side, ids: Collection[UUID]) -> Slots:
    shelf = index.shelves[side]
    return shelf.slots(sorted(one for one in ids if one in shelf.slot))
