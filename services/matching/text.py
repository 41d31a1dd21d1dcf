"""How alike are two texts? Hashed TF-IDF rows: a row is a function of the profile and the epoch alone.

Korean compounds and endings are met by character n-grams, and so are Latin words, by longer ones: a syllable tells as
much as two or three letters. Whole words, freed of particles and of the plural s, join in and are what a person is
shown. A posting's title and its text are weighed apart, then together, so that a title counts as much before a long
text as before a short one. Weights are general rules, measured on the development halves of the labelled sets
(docs/measured.md). All logarithms come from `math.log` through tables, so bits do not depend on how many rows were
made at once.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils import murmurhash3_32

from shared.contracts import PostingFacts, SeekerFacts

Floats = NDArray[np.float64]
Script = Literal["korean", "latin"]


class Kind(NamedTuple):
    """One kind of terms: n-grams of so many characters, or words where `size` is 0, of one script."""

    script: Script
    size: int
    weight: float
    columns: int


KINDS = (
    Kind("korean", 2, 1.0, 2**15),
    Kind("korean", 3, 0.5, 2**16),
    Kind("latin", 2, 0.5, 2**13),
    Kind("latin", 3, 0.5, 2**14),
    Kind("latin", 4, 0.5, 2**15),
    Kind("latin", 0, 1.0, 2**15),
    Kind("korean", 0, 0.5, 2**16),
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
_OTHER_SCRIPT: dict[Script, re.Pattern[str]] = {"korean": re.compile(r"[0-9a-z]+"), "latin": _KOREAN}
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
    if not texts:
        return sparse.csr_matrix((0, COLUMNS))
    whole = [plain(text) for text in texts]
    of_script = {script: [other.sub(" ", text) for text in whole] for script, other in _OTHER_SCRIPT.items()}
    blocks = [
        vectoriser.transform(of_script[kind.script] if kind.size else whole)
        for kind, vectoriser in zip(KINDS, _VECTORISERS, strict=True)
    ]
    counts = sparse.hstack(blocks, format="csr")
    counts.sort_indices()
    return counts


def _hashing(kind: Kind) -> HashingVectorizer:
    analysis: dict[str, object] = {"analyzer": "char_wb", "ngram_range": (kind.size, kind.size)}
    if not kind.size:
        analysis = {"analyzer": _WORDS_OF[kind.script]}
    return HashingVectorizer(
        n_features=kind.columns, norm=None, alternate_sign=False, lowercase=False, dtype=np.float64, **analysis
    )


def _script_of(word: str) -> Script:
    return "korean" if _KOREAN.search(word) else "latin"


def _korean_words(text: str) -> list[str]:
    return [word for word in words(text) if _script_of(word) == "korean"]


def _latin_words(text: str) -> list[str]:
    return [singular(word) for word in words(text) if _script_of(word) == "latin"]


_WORDS_OF: dict[Script, Callable[[str], list[str]]] = {"korean": _korean_words, "latin": _latin_words}
_VECTORISERS = tuple(map(_hashing, KINDS))
_FIRST_COLUMNS = np.cumsum([0, *(kind.columns for kind in KINDS)])
_WEIGHTS = np.repeat([kind.weight for kind in KINDS], [kind.columns for kind in KINDS])


def neutral_frequencies() -> Floats:
    """Epoch 0: every term tells as much as every other."""
    return np.ones(COLUMNS)


def fit_frequencies(counts: sparse.csr_matrix) -> Floats:
    """Inverse document frequencies of these profiles, to be frozen in an epoch."""
    documents = counts.shape[0]
    holding = np.bincount(counts.indices, minlength=COLUMNS)
    known = np.unique(holding)
    told = np.array([1.0 + math.log((1 + documents) / (1 + int(held))) for held in known])
    return told[np.searchsorted(known, holding)]


def rows(documents: Sequence[Document], frequencies: Floats) -> sparse.csr_matrix:
    """One row for each document, of length one but for rounding; one that says nothing stays empty.

    Values are whole multiples of 1/`LENGTH`. Products of two rows are thus exact in double precision, whatever is added
    first: at most 2**30 whole steps of 2**-30, where a double holds 2**53.
    """
    titles, bodies = count([document.title for document in documents]), count([document.body for document in documents])
    return rows_of_counts(titles, bodies, frequencies)


def rows_of_counts(titles: sparse.csr_matrix, bodies: sparse.csr_matrix, frequencies: Floats) -> sparse.csr_matrix:
    """The same from what was counted; counts of a text are the sums of the counts of its lines."""
    both = (TITLE_WEIGHT * weigh(titles, frequencies) + weigh(bodies, frequencies)).tocsr()
    both.sort_indices()
    if both.nnz:
        both = normalize(both, copy=False)
        both.data = np.rint(both.data * LENGTH) / LENGTH
    return both


def weigh(counts: sparse.csr_matrix, frequencies: Floats) -> sparse.csr_matrix:
    """Rows of length one, sublinear in the counts; a document without a term stays empty."""
    if not counts.nnz:
        return counts
    times = np.minimum(counts.data.astype(np.int64), len(_LOGARITHMS) - 1)
    told = (frequencies * _WEIGHTS)[counts.indices]
    weighed = sparse.csr_matrix((_LOGARITHMS[times] * told, counts.indices, counts.indptr), shape=counts.shape)
    return normalize(weighed, copy=False)


@lru_cache(maxsize=2**18)
def word_column(word: str) -> int:
    """Where a word's frequency stands: what makes one shared word tell more than another."""
    stem, script = singular(word), _script_of(word)
    at = next(at for at, kind in enumerate(KINDS) if not kind.size and kind.script == script)
    return int(_FIRST_COLUMNS[at]) + abs(int(murmurhash3_32(stem, seed=0))) % KINDS[at].columns
