"""Everyone at hand: rows in memory, and the exact scores of some against many.

Sparse products are taken with the smaller side transposed. They are sums of whole steps, exact in any order, so a cell
depends on its two rows alone.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from services.matching.engine import kernels, text
from services.matching.engine.conditions import POSTING, SEEKER, Conditions, Mask
from services.matching.engine.explanation import bodies
from services.matching.engine.gaps import Asked
from services.matching.engine.kernels import SparseRows, Terms
from services.matching.engine.layers import Layers
from services.matching.engine.profiles import Facts, Profile, Side, Traits, as_side, held_terms, other_side, traits
from services.matching.engine.scorer import FULL, PARTS, UNKNOWN, Rules, Values, combine
from services.matching.engine.skills.likeness import SAME, Vocabulary
from shared.contracts import PostingFacts, SeekerFacts
from shared.contracts.matches import GateName, PartName

Slots = NDArray[np.int64]
Cell = TypeVar("Cell", bound=np.generic)
SKILL_PARTS: tuple[PartName, ...] = ("required_skills", "preferred_skills", "certificate")
HELD: PartName = "required_skills"
"""Where a seeker's own terms stand: one row serves all three parts."""
MOST_CELLS = 2_000_000
"""Cells of a block worked on at once: what bounds memory."""
LEAST_DEAD = 256
ROOM = 8
"""An array grows by one part in so many: it is copied more often than if it doubled, and hardly ever stands half empty.
"""
WIDEST = 2**31 - 1
_NOTHING_WRITTEN = Traits(words=frozenset())

_KEPT = np.dtype([("since", "i8"), ("id_high", "u8"), ("id_low", "u8"), ("states_certificates", "?")])
_LOW_BITS = 2**64 - 1


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
        self.kept: NDArray[np.void] = np.zeros(256, dtype=_KEPT)
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


@dataclass(frozen=True)
class Scored:
    """Exact figures of some against many: `rows` and `columns` are slots, `scores` is `UNKNOWN` where there is none."""

    rows: Slots
    columns: Slots
    scores: NDArray[np.int32]
    values: Values


@dataclass(frozen=True)
class Epoch:
    """What scores depend on besides the profiles; without frequencies every term tells as much as every other."""

    number: int
    rules: Rules
    frequencies: text.Floats | None = None


class _Lexicon:
    """The words met so far, numbered: everybody's words as objects would take more memory than all the rest."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._spelled: list[str] = []

    def numbers(self, words: Iterable[str]) -> list[int]:
        """Rising."""
        return sorted(self._known(word) for word in words)

    def spelled(self, numbers: Iterable[int]) -> frozenset[str]:
        return frozenset(self._spelled[number] for number in numbers)

    def _known(self, word: str) -> int:
        number = self._number.setdefault(word, len(self._spelled))
        if number == len(self._spelled):
            self._spelled.append(word)
        return number


class Index:
    """All live profiles of this shard, under one epoch."""

    def __init__(self, epoch: Epoch) -> None:
        self.epoch = epoch
        self._frequencies = text.neutral_frequencies() if epoch.frequencies is None else epoch.frequencies
        self.shelves: dict[Side, Shelf] = {
            "seeker": Shelf(SEEKER, (HELD,)),
            "posting": Shelf(POSTING, SKILL_PARTS),
        }
        self.vocabulary = Vocabulary()
        self._lexicon = _Lexicon()
        self._conditions = Conditions()
        self.apart: dict[Side, dict[UUID, set[UUID]]] = {"seeker": {}, "posting": {}}
        """With whom nobody is put on a list: already referred, or one of them declined."""
        self._likeness: tuple[sparse.csr_matrix, SparseRows] | None = None

    def without(self, side: Side) -> "Index":
        """The same with nobody on one side: room for someone who is not at hand, without a trace on whoever is."""
        beside = copy(self)
        beside.shelves = {**self.shelves, side: self.shelves[side].emptied()}
        return beside

    def read(self, side: Side, profiles: Sequence[Profile]) -> Read:
        """Turn profiles of one side into rows."""
        documents = [document(profile) for profile in profiles]
        told = [traits(profile.facts, document) for profile, document in zip(profiles, documents, strict=True)]
        shape = self.shelves[side].columns.dtype
        return Read(
            profiles=tuple(profiles),
            traits=tuple(_written_only(one, side) for one in told),
            words=_ones([self._lexicon.numbers(one.words) for one in told], WIDEST),
            columns=np.array([self._columns(profile) for profile in profiles], dtype=shape),
            kept=np.array([_kept(profile) for profile in profiles], dtype=_KEPT),
            text=text.rows(documents, self._frequencies),
            skills=self._skills(side, profiles),
        )

    def put(self, side: Side, read: Read) -> None:
        self.shelves[side].put(read)

    def remove(self, side: Side, ids: Iterable[UUID]) -> None:
        self.shelves[side].remove(ids)

    def keep_apart(self, seeker: UUID, posting: UUID, *, apart: bool) -> None:
        """Shut a pair out whatever it scores, or let it back."""
        for side, one, other in (("seeker", seeker, posting), ("posting", posting, seeker)):
            kept = self.apart[as_side(side)].setdefault(one, set())
            (kept.add if apart else kept.discard)(other)
            if not kept:
                del self.apart[as_side(side)][one]

    def pairs_apart(self, side: Side, slots: Slots) -> NDArray[np.int64]:
        """Places in `slots`, and the slots of the other side, of the pairs that are kept apart: two columns."""
        apart, profiles, others = self.apart[side], self.shelves[side].profiles, self.shelves[other_side(side)].slot
        if not apart:
            return np.empty((0, 2), dtype=np.int64)
        found = [
            (at, others[other])
            for at, slot in enumerate(slots.tolist())
            for other in tuple(apart.get(profiles[slot][0], ()))
            if other in others
        ]
        return np.array(found, dtype=np.int64).reshape(-1, 2)

    def score(self, seekers: Slots, postings: Slots) -> Scored:
        """Seekers along the rows, postings along the columns."""
        values, excluded = self.judge(seekers, postings)
        scores = combine(values, self.epoch.rules)
        for gate in excluded.values():
            scores[gate] = UNKNOWN
        apart = self.pairs_apart("seeker", seekers)
        if len(apart):
            column = np.full(len(self.shelves["posting"].profiles), -1)
            column[postings] = np.arange(len(postings))
            here = column[apart[:, 1]] >= 0
            scores[apart[here, 0], column[apart[here, 1]]] = UNKNOWN
        return Scored(seekers, postings, scores, values)

    def explain(self, pairs: Sequence[tuple[UUID, UUID, tuple[int, ...]]]) -> list[str]:
        """What is written down of pairs of seeker and posting whose parts have these values."""
        seekers = {one: self.traits("seeker", one) for one in {seeker for seeker, _, _ in pairs}}
        likest = self.vocabulary.likest
        postings = {one: Asked(self.traits("posting", one), likest) for one in {posting for _, posting, _ in pairs}}
        named = [(seekers[seeker], postings[posting], values) for seeker, posting, values in pairs]
        return bodies(named, self.epoch.rules, self.telling)

    def revision(self, side: Side, profile: UUID) -> int:
        """As of which revision the profile is at hand; 0 where it is not."""
        return self.shelves[side].revision(profile)

    def traits(self, side: Side, profile: UUID) -> Traits:
        shelf = self.shelves[side]
        slot = shelf.slot[profile]
        words = self._lexicon.spelled(shelf.words.columns_of(slot))
        if side == "posting":
            return replace(shelf.traits[slot], words=words)
        terms = self.vocabulary.terms
        return Traits(words=words, held=frozenset(terms[number] for number in shelf.skills[HELD].columns_of(slot)))

    def telling(self, word: str) -> float:
        """How much a word tells: the rarer, the more; before frequencies are known, each as much as any could."""
        return math.inf if self.epoch.frequencies is None else float(self._frequencies[text.word_column(word)])

    def likeness(self) -> SparseRows:
        """Likeness of all terms to all terms, as compiled loops take it."""
        alike = self.vocabulary.matrix()
        if self._likeness is None or self._likeness[0] is not alike:
            rows = SparseRows(alike.indptr.astype(np.int64), alike.indices, alike.data.astype(np.int64))
            self._likeness = alike, rows
        return self._likeness[1]

    def tables(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """What conditions look up: by wished and offered occupation, by wished areas and district."""
        return self._conditions.tables()

    def occupation_ranks(self, side: Side) -> NDArray[np.int64]:
        """The place of each number of an occupation on this side among all, like ones near each other."""
        return self._conditions.wished_ranks() if side == "seeker" else self._conditions.offered_ranks()

    def excluded_by(self, seeker: UUID, posting: UUID) -> tuple[GateName, ...]:
        """The gates that keep this pair apart."""
        seekers, postings = self.shelves["seeker"].slots([seeker]), self.shelves["posting"].slots([posting])
        _, excluded = self.judge(seekers, postings)
        return tuple(gate for gate, mask in excluded.items() if mask[0, 0])

    def judge(self, seekers: Slots, postings: Slots) -> tuple[Values, dict[GateName, Mask]]:
        """The values of all parts, and who is shut out by which gate."""
        ours, theirs = self.shelves["seeker"], self.shelves["posting"]
        judged = self._conditions.judge(ours.columns[seekers], theirs.columns[postings])
        parts = {**judged.values, "text": self._text(seekers, postings), **self._coverage(seekers, postings)}
        values = np.stack([parts[part] for part in PARTS])
        lacking = ours.kept["states_certificates"][seekers][:, None] & (parts["certificate"] == 0)
        return values, {**judged.excluded, "certificate": lacking}

    def _text(self, seekers: Slots, postings: Slots) -> NDArray[np.int16]:
        ours = self.shelves["seeker"].text.take(seekers, text.COLUMNS)
        theirs = self.shelves["posting"].text.take(postings, text.COLUMNS)
        alike = np.floor(_product(ours, theirs) * FULL + 0.5).astype(np.int16)
        told = (np.diff(ours.indptr) > 0)[:, None] & (np.diff(theirs.indptr) > 0)
        return np.where(told, np.minimum(alike, FULL), UNKNOWN).astype(np.int16)

    def _coverage(self, seekers: Slots, postings: Slots) -> dict[PartName, NDArray[np.int16]]:
        """How much of what a posting asks a seeker covers; unknown where either says nothing."""
        width = len(self.vocabulary)
        asked = {part: rows.take(postings, width) for part, rows in self.shelves["posting"].skills.items()}
        nothing = np.full((len(seekers), len(postings)), UNKNOWN, dtype=np.int16)
        if not any(rows.nnz for rows in asked.values()):
            return dict.fromkeys(SKILL_PARTS, nothing)
        held = self.shelves["seeker"].skills[HELD].take(seekers, width)
        tells = np.diff(held.indptr) > 0
        certified = self.shelves["seeker"].kept["states_certificates"][seekers]
        expanded = self._expanded(held)
        return {
            part: _share(expanded, rows, certified if part == "certificate" else tells) if rows.nnz else nothing
            for part, rows in asked.items()
        }

    def _expanded(self, held: sparse.csr_matrix) -> sparse.csr_matrix:
        """`E[s, r]`: the greatest likeness of any of the seeker's terms to term r."""
        alike = self.vocabulary.matrix()
        reached = np.diff(alike.indptr)[held.indices]
        within = np.arange(reached.sum()) - np.repeat(np.cumsum(reached) - reached, reached)
        source = np.repeat(alike.indptr[held.indices], reached) + within
        seekers = np.repeat(np.repeat(np.arange(held.shape[0]), np.diff(held.indptr)), reached)
        cell = seekers.astype(np.int64) * max(held.shape[1], 1) + alike.indices[source]
        order = np.lexsort((-alike.data[source], cell))
        first = np.ones(len(order), dtype=bool)
        first[1:] = np.diff(cell[order]) != 0
        best = order[first]
        rows, columns = np.divmod(cell[best], max(held.shape[1], 1))
        shares = alike.data[source][best].astype(np.float64)
        return sparse.csr_matrix((shares, (rows, columns)), shape=held.shape)

    def _skills(self, side: Side, profiles: Sequence[Profile]) -> dict[PartName, sparse.csr_matrix]:
        terms = [_terms(profile) for profile in profiles]
        return {part: self._numbered([asked[part] for asked in terms]) for part in self.shelves[side].skill_parts}

    def _numbered(self, terms: list[tuple[str, ...]]) -> sparse.csr_matrix:
        numbers = [self.vocabulary.numbers(written) for written in terms]
        return _ones(numbers, len(self.vocabulary))

    def _columns(self, profile: Profile) -> tuple[object, ...]:
        if isinstance(profile.facts, SeekerFacts):
            return self._conditions.seeker(profile.facts)
        return self._conditions.posting(profile.facts)


def _ones(numbers: Sequence[Sequence[int]], width: int) -> sparse.csr_matrix:
    """Rows of ones in these columns."""
    starts = np.cumsum([0, *map(len, numbers)])
    columns = np.array([number for row in numbers for number in row], dtype=np.int32)
    return sparse.csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(numbers), width))


def _written_only(told: Traits, side: Side) -> Traits:
    """What is kept as it was written; the rest is kept as numbers."""
    return _NOTHING_WRITTEN if side == "seeker" else replace(told, words=frozenset())


def _product(ours: sparse.csr_matrix, theirs: sparse.csr_matrix) -> NDArray[np.float64]:
    if ours.shape[0] < theirs.shape[0]:
        return np.asarray((theirs @ ours.T.tocsr()).toarray()).T
    return np.asarray((ours @ theirs.T.tocsr()).toarray())


def _share(expanded: sparse.csr_matrix, asked: sparse.csr_matrix, tells: Mask) -> NDArray[np.int16]:
    covered = _product(expanded, asked).astype(np.int64)
    count = np.diff(asked.indptr).astype(np.int64)
    value = (2 * covered * FULL + count * SAME) // np.maximum(2 * count * SAME, 1)
    return np.where(tells[:, None] & (count > 0), value, UNKNOWN).astype(np.int16)


def document(profile: Profile) -> text.Document:
    """What the profile says."""
    if isinstance(profile.facts, PostingFacts):
        return text.posting_document(profile.facts)
    return text.seeker_document(profile.facts)


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


def _terms(profile: Profile) -> dict[PartName, tuple[str, ...]]:
    facts = profile.facts
    if isinstance(facts, SeekerFacts):
        return {HELD: held_terms(facts)}
    return {
        "required_skills": facts.required_skills,
        "preferred_skills": facts.preferred_skills,
        "certificate": facts.certificates,
    }


def _kept(profile: Profile) -> tuple[int, int, int, bool]:
    states = isinstance(profile.facts, SeekerFacts) and bool(profile.facts.certificates)
    return profile.since_microseconds, profile.id.int >> 64, profile.id.int & _LOW_BITS, states


def _is_everything(slots: Slots, count: int) -> bool:
    return len(slots) == count and (count == 0 or bool((slots == np.arange(count)).all()))


def _grown(array: NDArray[Cell], size: int) -> NDArray[Cell]:
    if size <= len(array):
        return array
    larger = np.empty(max(size, len(array) + len(array) // ROOM), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
