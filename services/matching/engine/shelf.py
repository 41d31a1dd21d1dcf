"""Where are the profiles of one side kept? In slots of rows and columns that grow at the end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from services.matching.engine import kernels, text
from services.matching.engine.conditions import Mask
from services.matching.engine.kernels import SparseRows, Terms
from services.matching.engine.layers import Layers
from services.matching.engine.profiles import Facts, Profile, Traits
from shared.contracts import PostingFacts, SeekerFacts
from shared.contracts.matches import PartName

Slots = NDArray[np.int64]
Cell = TypeVar("Cell", bound=np.generic)
SKILL_PARTS: tuple[PartName, ...] = ("required_skills", "preferred_skills", "certificate")
HELD: PartName = "required_skills"
"""Where a seeker's own terms stand: one row serves all three parts."""
LEAST_DEAD = 256
ROOM = 8
"""An array grows by one part in so many: it is copied more often than if it doubled, and hardly ever stands half empty.
"""
WIDEST = 2**31 - 1
KEPT = np.dtype([("since", "i8"), ("id_high", "u8"), ("id_low", "u8"), ("states_certificates", "?")])
"""Besides the conditions: since when, which puts equals in order, and whether certificates are stated."""


@dataclass(frozen=True)
class Read:
    """Profiles of one side turned into rows, not yet at hand: safe to drop if the transaction fails."""

    profiles: tuple[Profile, ...]
    traits: tuple[Traits, ...]
    """But for the words and, of a seeker, the terms held."""
    words: sparse.csr_matrix
    columns: NDArray[np.void]
    kept: NDArray[np.void]
    text: sparse.csr_matrix
    skills: dict[PartName, sparse.csr_matrix]


class Rows:
    """Sparse rows that grow at the end; a row once written never changes.

    Values are multiples of 1/`text.LENGTH`, or all one and not kept.
    """

    def __init__(self, *, weighed: bool) -> None:
        self._weighed = weighed
        self._starts: NDArray[np.int64] = np.zeros(1024, dtype=np.int64)
        self._columns: NDArray[np.int32] = np.empty(1024, dtype=np.int32)
        self._values: NDArray[np.uint16] = np.empty(1024, dtype=np.uint16)
        self._count = 0

    def append(self, rows: sparse.csr_matrix) -> None:
        first, last = int(self._starts[self._count]), int(self._starts[self._count]) + rows.nnz
        count = self._count + rows.shape[0]
        self._starts = _grown(self._starts, count + 1)
        self._columns = _grown(self._columns, last)
        self._columns[first:last] = rows.indices
        if self._weighed:
            self._values = _grown(self._values, last)
            self._values[first:last] = np.rint(rows.data * text.LENGTH)
        self._starts[self._count : count + 1] = first + rows.indptr
        self._count = count

    def take(self, slots: Slots, width: int) -> sparse.csr_matrix:
        """These rows, as wide as the vocabulary is now."""
        starts = self._starts[: self._count + 1]
        values = self._values[: starts[-1]] if self._weighed else np.ones(starts[-1], dtype=np.uint8)
        whole = sparse.csr_matrix((values, self._columns[: starts[-1]], starts), shape=(self._count, width))
        whole.has_sorted_indices = True
        taken = whole if _is_everything(slots, self._count) else whole[slots]
        taken.data = taken.data / (text.LENGTH if self._weighed else 1)
        return taken

    def columns_of(self, slot: int) -> list[int]:
        columns: list[int] = self._columns[self._starts[slot] : self._starts[slot + 1]].tolist()
        return columns

    def arrays(self) -> SparseRows:
        """As they are, for compiled loops; more may be allocated than is written."""
        return SparseRows(self._starts, self._columns, self._values)

    def terms(self) -> Terms:
        """The columns alone, where all values are one."""
        return Terms(self._starts, self._columns)


class Shelf:
    """One side's profiles: each in a slot; a changed profile gets a new slot, and dead slots are cleared in bulk."""

    def __init__(self, columns: np.dtype[np.void], skill_parts: tuple[PartName, ...]) -> None:
        self.slot: dict[UUID, int] = {}
        self.skill_parts = skill_parts
        self._shape = columns
        self._clear()

    def emptied(self) -> "Shelf":
        """Another of the same kind, with nobody on it."""
        return Shelf(self._shape, self.skill_parts)

    def _clear(self) -> None:
        self.profiles: list[tuple[UUID, int]] = []
        self.traits: list[Traits] = []
        self.words = Rows(weighed=False)
        self.text = Rows(weighed=True)
        self.skills = {part: Rows(weighed=False) for part in self.skill_parts}
        self.columns: NDArray[np.void] = np.zeros(256, dtype=self._shape)
        self.kept: NDArray[np.void] = np.zeros(256, dtype=KEPT)
        self.patterns: NDArray[np.uint16] = np.zeros(256, dtype=np.uint16)
        self.floors: NDArray[np.int32] = np.zeros(256, dtype=np.int32)
        self.is_live: Mask = np.zeros(256, dtype=bool)
        self.layers = Layers()
        self._order: NDArray[np.int64] | None = None
        self._live: Slots | None = None

    def put(self, read: Read) -> None:
        first, count = len(self.profiles), len(read.profiles)
        self.columns, self.kept = _grown(self.columns, first + count), _grown(self.kept, first + count)
        self.patterns, self.floors = _grown(self.patterns, first + count), _grown(self.floors, first + count)
        self.is_live = _grown(self.is_live, first + count)
        self.columns[first : first + count], self.kept[first : first + count] = read.columns, read.kept
        self.patterns[first : first + count] = patterns_of(read)
        self.floors[first : first + count], self.is_live[first : first + count] = 0, True
        self.words.append(read.words)
        self.text.append(read.text)
        for part, rows in read.skills.items():
            self.skills[part].append(rows)
        self.traits.extend(read.traits)
        for at, profile in enumerate(read.profiles):
            self._bury(profile.id)
            self.profiles.append((profile.id, profile.revision))
            self.slot[profile.id] = first + at
        self._changed()

    def remove(self, ids: Iterable[UUID]) -> None:
        for gone in ids:
            self._bury(gone)
        self._changed()

    def _bury(self, gone: UUID) -> None:
        if (slot := self.slot.pop(gone, None)) is not None:
            self.is_live[slot] = False

    def _changed(self) -> None:
        self._order = self._live = None
        if len(self.profiles) - len(self.slot) > max(LEAST_DEAD, len(self.slot)):
            self._drop_the_dead()

    def _drop_the_dead(self) -> None:
        live, words, text_rows, skills = self.live(), self.words, self.text, self.skills
        profiles, kept_traits = [self.profiles[at] for at in live], [self.traits[at] for at in live]
        columns, kept = self.columns[live], self.kept[live]
        patterns, floors = self.patterns[live], self.floors[live]
        self._clear()
        self.words.append(words.take(live, WIDEST))
        self.text.append(text_rows.take(live, text.COLUMNS))
        for part, rows in skills.items():
            self.skills[part].append(rows.take(live, WIDEST))
        self.profiles, self.traits, self.columns, self.kept = profiles, kept_traits, columns, kept
        self.patterns, self.floors, self.is_live = patterns, floors, np.ones(len(live), dtype=bool)
        self.slot = {profile: at for at, (profile, _) in enumerate(profiles)}

    def revision(self, profile: UUID) -> int:
        """The revision at hand; 0 where the profile is not."""
        slot = self.slot.get(profile)
        return 0 if slot is None else self.profiles[slot][1]

    def live(self) -> Slots:
        if self._live is None:
            self._live = np.array(sorted(self.slot.values()), dtype=np.int64)
        return self._live

    def slots(self, ids: Iterable[UUID]) -> Slots:
        return np.array([self.slot[one] for one in ids], dtype=np.int64)

    def since(self, slot: int) -> int:
        return int(self.kept["since"][slot])

    def set_floors(self, floors: Mapping[UUID, int]) -> None:
        """The score that a pair must reach to enter each profile's list; 0, which all reach, where it is not set."""
        at_hand = [(slot, floor) for one, floor in floors.items() if (slot := self.slot.get(one)) is not None]
        if at_hand:
            slots, scores = zip(*at_hand, strict=True)
            self.floors[list(slots)] = scores

    def order(self, slots: Slots) -> NDArray[np.int64]:
        """Each profile's place among equals: earlier first, then by id."""
        if self._order is None:
            live, kept = self.live(), self.kept[self.live()]
            order = np.zeros(len(self.profiles), dtype=np.int64)
            order[live[np.lexsort((kept["id_low"], kept["id_high"], kept["since"]))]] = np.arange(len(live))
            self._order = order  # only when it is whole: threads search at once
        return self._order[slots]


def patterns_of(read: Read) -> NDArray[np.uint16]:
    """What each profile says, as bits: a part is known only where both sides say what it needs."""
    columns, has_skills = read.columns, {part: np.diff(rows.indptr) > 0 for part, rows in read.skills.items()}
    facts = [profile.facts for profile in read.profiles]
    occupation = np.array([_names_occupation(one) for one in facts], dtype=bool)
    if "states_area" in (columns.dtype.names or ()):
        wage = columns["hour"] >= 0, columns["month"] >= 0
        ground = columns["known"] | columns["states_area"]
        skills = has_skills[HELD], has_skills[HELD], read.kept["states_certificates"]
    else:
        wage = columns["hour_most"] >= 0, columns["month_most"] >= 0
        district = np.array([isinstance(one, PostingFacts) and bool(one.place.district) for one in facts], dtype=bool)
        ground = columns["known"] | columns["remote"] | district
        skills = has_skills["required_skills"], has_skills["preferred_skills"], has_skills["certificate"]
    said = (
        np.diff(read.text.indptr) > 0, occupation, *wage, columns["hours"] > 0, columns["experience"] >= 0, ground,
        *skills,
    )  # fmt: skip
    return np.stack(said, axis=1) @ np.array(kernels.PRESENCE, dtype=np.uint16)


def _names_occupation(facts: Facts) -> bool:
    return bool(facts.wishes.occupation_codes if isinstance(facts, SeekerFacts) else facts.occupation_code)


def _is_everything(slots: Slots, count: int) -> bool:
    return len(slots) == count and (count == 0 or bool((slots == np.arange(count)).all()))


def _grown(array: NDArray[Cell], size: int) -> NDArray[Cell]:
    if size <= len(array):
        return array
    larger = np.empty(max(size, len(array) + len(array) // ROOM), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
