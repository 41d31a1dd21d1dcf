"""Everyone of a made-up city, at hand: the same rows for any run with the same seed, sizes and materials."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from scipy import sparse

from services.matching.bench.figures import Data
from services.matching.bench.materials import Materials, trades_of
from services.matching.bench.pools import Numbers
from services.matching.engine import text
from services.matching.engine.index import Epoch, Index
from services.matching.engine.profiles import SIDES, Facts, Profile, Side
from services.matching.engine.scorer import PARTS, Rules
from services.matching.engine.shelf import HELD, Read, Slots
from shared.contracts import PostingFacts, SeekerFacts

TOP = 20
"""How many are asked for, either way."""
SEEKERS_A_POSTING = 5
AT_ONCE = 10_000
"""Profiles made at a time: what bounds memory."""
FITTED = 5_000
"""Profiles of each side from which frequencies are fitted."""

WHOLE = Rules(seeker_list=TOP, posting_list=TOP)
"""All gates and all parts."""
PLAIN = Rules(
    threshold=1,
    seeker_list=TOP,
    posting_list=TOP,
    weights=dict.fromkeys(PARTS, 0) | {"text": 50, "required_skills": 50},
)
"""Half text, half the coverage of skills, and nothing else: one sparse dot product, which others can work out too."""

_START = datetime(2026, 1, 1, tzinfo=UTC)
_NOTHING_SAID: dict[Side, Facts] = {
    "seeker": SeekerFacts(),
    "posting": PostingFacts(agency_id=UUID(int=0), source_ref="-", title="-", employer="-"),
}


@dataclass(frozen=True)
class World:
    """The same rows twice: as the scorer judges pairs, and as a plain sum of text and skills."""

    name: str
    whole: Index
    plain: Index

    @property
    def sizes(self) -> dict[Side, int]:
        return {side: len(self.plain.shelves[side].slot) for side in SIDES}

    @property
    def data(self) -> Data:
        return Data(self.name, self.sizes["seeker"], self.sizes["posting"])

    @property
    def pairs(self) -> int:
        return self.sizes["seeker"] * self.sizes["posting"]

    def evenly(self, side: Side, count: int) -> Slots:
        """So many profiles of a side, evenly chosen; all where there are no more."""
        size = self.sizes[side]
        return np.unique(np.linspace(0, size - 1, min(count, size)).astype(np.int64))


@dataclass(frozen=True)
class Drawn:
    """What some profiles of one side say."""

    side: Side
    numbers: Numbers
    minutes: Numbers
    conditions: list[Facts]
    titles: sparse.csr_matrix
    bodies: sparse.csr_matrix
    skills: sparse.csr_matrix

    def profiles(self, facts: list[Facts]) -> list[Profile]:
        told = zip(self.numbers.tolist(), self.minutes.tolist(), facts, strict=True)
        return [
            Profile(self.side, UUID(int=number), 1, _START + timedelta(minutes=minutes), one)
            for number, minutes, one in told
        ]


def draw(materials: Materials, chance: np.random.Generator, side: Side, count: int) -> Drawn:
    """So many more profiles of a side."""
    trades = trades_of(materials, chance, count)
    lines = materials.lines.draw(chance, trades, *materials.lines_each[side])
    skills = materials.skills.draw(chance, trades, *materials.skills_each[side], once=True)
    titles = materials.titles.draw(chance, trades, int(side == "posting"), int(side == "posting"))
    pick = chance.random(count)
    stated = [materials.conditions[side][trade] for trade in trades.tolist()]
    return Drawn(
        side=side,
        numbers=chance.integers(1, 2**62, count),
        minutes=chance.integers(0, 100_000, count),
        conditions=[some[int(share * len(some))] for share, some in zip(pick.tolist(), stated, strict=True)],
        titles=(titles @ materials.title_counts).tocsr(),
        bodies=(lines @ materials.line_counts + skills @ materials.skill_counts).tocsr(),
        skills=skills,
    )


def made(materials: Materials, seekers: int, postings: int, seed: int) -> World:
    """A world of so many."""
    frequencies = fitted(materials, seed)
    world = World(materials.name, Index(Epoch(1, WHOLE, frequencies)), Index(Epoch(1, PLAIN, frequencies)))
    for side, count in zip(SIDES, (seekers, postings), strict=True):
        for drawn in _batches(materials, np.random.default_rng((seed, SIDES.index(side))), side, count):
            rows = text.rows_of_counts(drawn.titles, drawn.bodies, frequencies)
            for index, facts in (
                (world.whole, drawn.conditions),
                (world.plain, [_NOTHING_SAID[side]] * len(rows.indptr[1:])),
            ):
                index.put(side, read_drawn(index, materials, drawn, facts, rows))
    return world


def fitted(materials: Materials, seed: int) -> text.Floats:
    """Frequencies of the terms in some profiles of both sides."""
    chance = np.random.default_rng((seed, len(SIDES)))
    some = [draw(materials, chance, side, FITTED) for side in SIDES]
    return text.fit_frequencies(sparse.vstack([each.titles + each.bodies for each in some], format="csr"))


def read_drawn(index: Index, materials: Materials, drawn: Drawn, facts: list[Facts], rows: sparse.csr_matrix) -> Read:
    """As `Index.read` reads profiles, their texts and skills put in as they were drawn."""
    read = index.read(drawn.side, drawn.profiles(facts))
    numbers = np.array([index.vocabulary.number(term) for term in materials.terms])
    skills = drawn.skills.tocoo()
    shape = (len(facts), len(index.vocabulary))
    added = sparse.coo_matrix((skills.data, (skills.row, numbers[skills.col])), shape=shape).tocsr()
    held = read.skills[HELD]
    held.resize(shape)
    both = (added + held).tocsr()
    both.data[:] = 1.0
    both.sort_indices()
    return replace(read, text=rows, skills=read.skills | {HELD: both})


def _batches(materials: Materials, chance: np.random.Generator, side: Side, count: int) -> Iterator[Drawn]:
    for start in range(0, count, AT_ONCE):
        yield draw(materials, chance, side, min(AT_ONCE, count - start))
