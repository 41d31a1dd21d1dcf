"""Everyone at hand: profiles read into rows, and the exact scores of some against many.

Sparse products are taken with the smaller side transposed. They are sums of whole steps, exact in any order, so a cell
depends on its two rows alone.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from services.matching.engine import text
from services.matching.engine.conditions import POSTING, SEEKER, Conditions, Mask
from services.matching.engine.crowds import Crowds, discounted, shares
from services.matching.engine.explanation import bodies
from services.matching.engine.gaps import Asked
from services.matching.engine.kernels import SparseRows
from services.matching.engine.profiles import Facts, Profile, Side, Traits, as_side, held_terms, other_side, traits
from services.matching.engine.scorer import FULL, PARTS, UNKNOWN, Rules, Values, combine
from services.matching.engine.shelf import HELD, KEPT, SKILL_PARTS, WIDEST, Read, Shelf, Slots
from services.matching.engine.skills.likeness import SAME, Vocabulary
from shared.contracts import PostingFacts, SeekerFacts
from shared.contracts.matches import GateName, PartName

MOST_CELLS = 2_000_000
"""Cells of a block worked on at once: what bounds memory."""
_NOTHING_WRITTEN = Traits(words=frozenset())
_LOW_BITS = 2**64 - 1


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
    crowds: Mapping[Side, Crowds] = field(default_factory=dict)
    """What takes off the texts of a side that resemble everybody's; nothing where it is absent."""


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
            kept=np.array([_kept(profile) for profile in profiles], dtype=KEPT),
            text=self._rows(side, documents),
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

    def text_share(self, side: Side, facts: Facts) -> int:
        """How much what is said counts, in ten-thousandths: less than all where it resembles everybody's."""
        if (against := self.epoch.crowds.get(side)) is None:
            return FULL
        (share,) = shares(text.rows([_said(facts)], self._frequencies), against)
        return round(float(share) * FULL)

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

    def _rows(self, side: Side, documents: Sequence[text.Document]) -> sparse.csr_matrix:
        return discounted(text.rows(documents, self._frequencies), self.epoch.crowds.get(side))

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
    return _said(profile.facts)


def _said(facts: Facts) -> text.Document:
    return text.posting_document(facts) if isinstance(facts, PostingFacts) else text.seeker_document(facts)


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
