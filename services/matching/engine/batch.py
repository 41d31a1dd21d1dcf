"""What are the lists of some profiles, everyone scored anew? A block of a rematch: the same here and on any machine."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np

from services.matching.engine.index import Index
from services.matching.engine.kernels import OUT_OF_REACH
from services.matching.engine.lists import Key
from services.matching.engine.profiles import Scope, Side, other_side
from services.matching.engine.search import reached, values_of
from services.matching.engine.written import line

LARGEST = 250
"""Profiles of a block: few enough that what a lost worker had begun is soon made again."""


class Block(NamedTuple):
    """Whose lists are made together."""

    side: Side
    ids: tuple[UUID, ...]


class Listed(NamedTuple):
    """A whole list, best first, one line a pair; and of which revision of its profile."""

    scope: Scope
    profile_revision: int
    pairs: str


def blocks_of(scopes: Sequence[Scope]) -> list[Block]:
    """These scopes in blocks of one side each, in their order."""
    by_side: dict[Side, list[UUID]] = defaultdict(list)
    for side, one in scopes:
        by_side[side].append(one)
    return [
        Block(side, tuple(ids[start : start + LARGEST]))
        for side, ids in by_side.items()
        for start in range(0, len(ids), LARGEST)
    ]


def lists_of(index: Index, block: Block) -> list[Listed]:
    """The lists of a block, exact: a function of the profiles at hand and the epoch, whoever works it out and where.

    All of the block must be at hand in `index`.
    """
    side, (mine, others) = block.side, (index.shelves[block.side], index.shelves[other_side(block.side)])
    nobody = np.full(len(others.floors), OUT_OF_REACH, dtype=np.int32)
    keys: dict[UUID, list[Key]] = {one: [] for one in block.ids}
    told: dict[tuple[UUID, UUID], tuple[int, ...]] = {}
    for everyone in reached(index, side, mine.slots(block.ids), nobody):
        best = everyone.where(everyone.rank < index.epoch.rules.size(side))
        ends = (best.mine, best.others) if side == "seeker" else (best.others, best.mine)
        values = map(tuple, values_of(index, *ends).tolist())
        for one, other, score, of_pair in zip(
            best.mine.tolist(), best.others.tolist(), best.scores.tolist(), values, strict=True
        ):
            own, its = mine.profiles[one][0], others.profiles[other][0]
            keys[own].append(Key(-score, others.since(other), its))
            told[own, its] = of_pair
    in_order = [(own, its) if side == "seeker" else (its, own) for own, its in told]
    explained = index.explain([(*both, of_pair) for both, of_pair in zip(in_order, told.values(), strict=True)])
    bodies = dict(zip(told, explained, strict=True))
    return [
        Listed(
            (side, own),
            mine.revision(own),
            "\n".join(line(key, others.revision(key.other), bodies[own, key.other]) for key in of_own),
        )
        for own, of_own in keys.items()
    ]
