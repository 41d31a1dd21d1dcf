"""How alike are two texts? Hashed TF-IDF rows: a row is a function of the profile and the epoch alone.

Korean compounds and endings are met by character n-grams, and so are Latin words, by longer ones: a syllable tells as
much as two or three letters. Whole words, freed of particles and of the plural s, join in and are what a person is
shown; so do their senses, which other words and the other language share. A posting's title and its text are weighed
apart, then together, so that a title counts as much before a long text as before a short one. Weights are general
rules, measured on the development halves of the labelled sets (docs/measured.md). All logarithms come from `math.log`
through tables, so bits do not depend on how many rows were made at once.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import murmurhash3_32

from services.matching.engine import ngrams
from services.matching.engine.skills.senses import senses
from shared.contracts import PostingFacts, SeekerFacts

Floats = NDArray[np.float64]
Script = Literal["korean", "latin", "both"]


class Kind(NamedTuple):
    """One kind of terms: n-grams of so many characters, or words where `size` is 0, of one script; senses of both."""

    script: Script
    size: int
    weight: float
    columns: int


KINDS = (
    Kind("korean", 2, 1.0, 2**17),
    Kind("latin", 2, 0.5, 2**13),
    Kind("latin", 4, 0.5, 2**15),
    Kind("latin", 0, 1.0, 2**15),
    Kind("korean", 0, 1.0, 2**16),
    Kind("both", 0, 1.0, 2**14),
)
"""Whatever is neither script, such as punctuation, stands with both."""
COLUMNS = sum(kind.columns for kind in KINDS)

LENGTH = 2**15
"""A row's length in the whole steps that its values are rounded to: two bytes a value, and sums exact in any order."""
TITLE_WEIGHT = 0.5
"""Of a title beside the rest of the text, both at length one."""
SKILL_TIMES = 2
"""A field weighs by being read more than once: sublinear counts keep that modest."""


class Document(NamedTuple):
    """What a profile says."""

    title: str
    body: str

    @property
    def whole(self) -> str:
        return f"{self.title}\n{self.body}"


_WORD = re.compile(r"[0-9a-z가-힣一-龥+#]{2,40}")
_PARTICLE = re.compile(
    r"(?<=[0-9a-z가-힣+#]{2})(?:"
    r"하는데|합니다|됩니다|입니다|습니다|하거나|하면서|으로서|으로써|에서의|에서는|하기|한다|하며|하고|하여|해서|하는|했던|되는|된다|되어|"
    r"으로|에서|에게|부터|까지|이며|이고|들을|들의|을|를|이|가|은|는|의|에|로|와|과|도|만|및|한|할|함|된)$"
)
_PLURAL = re.compile(r"(?<=[a-z]{3})(?:ies|(?<![sui])s)$")
_KOREAN = re.compile(r"[가-힣]+")
_LOGARITHMS = np.array([0.0] + [1.0 + math.log(count) for count in range(1, 4097)])


def posting_document(facts: PostingFacts) -> Document:
    """What a posting says of the work; never the employer's name."""
    skills = (*facts.required_skills, *facts.preferred_skills, *facts.certificates)
    return Document(facts.title, _joined(skills, (facts.description, facts.qualification, facts.preferred)))


def seeker_document(facts: SeekerFacts) -> Document:
    """What a seeker says she can do."""
    return Document("", _joined((*facts.skills, *facts.certificates), (facts.summary,)))


def _joined(skills: Iterable[str], texts: Iterable[str]) -> str:
    return "\n".join((*[skill for skill in skills for _ in range(SKILL_TIMES)], *texts))


def plain(text: str) -> str:
    """Compatible forms made one, case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def words(text: str) -> list[str]:
    """Words of two letters or more, without their Korean particles and endings."""
    return [_stem(word) for word in _WORD.findall(plain(text))]


@lru_cache(maxsize=2**16)
def _stem(word: str) -> str:
    return _PARTICLE.sub("", word)


def singular(word: str) -> str:
    """The word as it is weighed: a Latin plural is its singular."""
    return _PLURAL.sub(lambda ending: "y" if ending.group() == "ies" else "", word)


def count(texts: Sequence[str]) -> sparse.csr_matrix:
    """How often each hashed n-gram and word occurs in each text; columns in increasing order."""
    return _as_matrix(*_counts(texts))


def _counts(texts: Sequence[str]) -> ngrams.Arrays:
    """Starts, columns and how often."""
    counted = [_counted(plain(text)) for text in texts]
    columns, times = (np.concatenate(some) for some in zip(_NOTHING, *counted, strict=True))
    return np.cumsum([0, *(len(columns) for columns, _ in counted)]), columns, times


def _as_matrix(starts: NDArray[np.int64], columns: NDArray[np.int32], values: Floats) -> sparse.csr_matrix:
    matrix = sparse.csr_matrix((values, columns, starts), shape=(len(starts) - 1, COLUMNS))
    matrix.has_sorted_indices = True
    return matrix


def _counted(said: str) -> tuple[NDArray[np.int32], Floats]:
    codes = np.frombuffer(said.encode("utf-32-le"), dtype=np.uint32)
    of_words = np.fromiter(chain.from_iterable(map(_columns_of_word, words(said))), dtype=np.int32)
    columns = np.sort(np.concatenate((ngrams.columns_of(codes, *_NGRAMS), of_words)))
    counted: tuple[NDArray[np.int32], Floats] = ngrams.counted(columns)
    return counted


def _script_of(word: str) -> Script:
    return "korean" if _KOREAN.search(word) else "latin"


_FIRST_COLUMNS = np.cumsum([0, *(kind.columns for kind in KINDS)])
_NGRAMS = tuple(
    np.array(some)
    for some in zip(
        *(
            (kind.script == "korean", kind.size, first, kind.columns)
            for kind, first in zip(KINDS, _FIRST_COLUMNS, strict=False)
            if kind.size
        ),
        strict=True,
    )
)
_NOTHING = (np.empty(0, np.int32), np.empty(0, np.float64))
_WEIGHTS = np.repeat([kind.weight for kind in KINDS], [kind.columns for kind in KINDS])


def neutral_frequencies() -> Floats:
    """Epoch 0: every term tells as much as every other."""
    return np.ones(COLUMNS)


def fit_frequencies(counts: sparse.csr_matrix) -> Floats:
    """Inverse document frequencies of these profiles, to be frozen in an epoch."""
    return fit_in_pages([counts])


def fit_in_pages(pages: Iterable[sparse.csr_matrix]) -> Floats:
    """The same of many, counted some at a time: of each term is kept only how many profiles hold it."""
    kinds = list(pairwise(_FIRST_COLUMNS))
    documents, holding = np.zeros(len(kinds), dtype=np.int64), np.zeros(COLUMNS, dtype=np.int64)
    for counts in pages:
        holding += np.bincount(counts.indices, minlength=COLUMNS)
        documents += [np.count_nonzero(np.diff(counts[:, first:last].indptr)) for first, last in kinds]
    of_kinds = zip(documents.tolist(), kinds, strict=True)
    return np.concatenate([_rarity(count, holding[first:last]) for count, (first, last) in of_kinds])


def _rarity(documents: int, holding: NDArray[np.int64]) -> Floats:
    """Of the terms of one kind, among the profiles that have any of it: where few write English, it is not so rare."""
    known = np.unique(holding)
    told = np.array([1.0 + math.log((1 + documents) / (1 + int(held))) for held in known])
    return np.asarray(told[np.searchsorted(known, holding)])


def rows(documents: Sequence[Document], frequencies: Floats) -> sparse.csr_matrix:
    """One row for each document, of length one but for rounding; one that says nothing stays empty.

    Values are whole multiples of 1/`LENGTH`. Products of two rows are thus exact in double precision, whatever is added
    first: at most 2**30 whole steps of 2**-30, where a double holds 2**53.
    """
    titles, bodies = [document.title for document in documents], [document.body for document in documents]
    return _weighed(_counts(titles), _counts(bodies), frequencies)


def rows_of_counts(titles: sparse.csr_matrix, bodies: sparse.csr_matrix, frequencies: Floats) -> sparse.csr_matrix:
    """The same from what was counted; counts of a text are the sums of the counts of its lines."""
    return _weighed(_arrays(titles), _arrays(bodies), frequencies)


def _arrays(counts: sparse.csr_matrix) -> ngrams.Arrays:
    counts.sort_indices()
    return counts.indptr.astype(np.int64), counts.indices.astype(np.int32), counts.data.astype(np.float64)


def _weighed(titles: ngrams.Arrays, bodies: ngrams.Arrays, frequencies: Floats) -> sparse.csr_matrix:
    telling = frequencies, _WEIGHTS, _LOGARITHMS
    return _as_matrix(*ngrams.weighed(titles, bodies, telling, TITLE_WEIGHT, LENGTH))


@lru_cache(maxsize=2**16)
def _columns_of_word(word: str) -> tuple[int, ...]:
    return (word_column(word), *(_column("both", sense) for sense in senses(word)))


@lru_cache(maxsize=2**16)
def word_column(word: str) -> int:
    """Where a word's frequency stands: what makes one shared word tell more than another."""
    return _column(_script_of(word), singular(word))


def _column(script: Script, term: str) -> int:
    at = next(at for at, kind in enumerate(KINDS) if not kind.size and kind.script == script)
    return int(_FIRST_COLUMNS[at]) + abs(int(murmurhash3_32(term, seed=0))) % KINDS[at].columns
