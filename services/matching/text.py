"""How alike are two texts? Hashed TF-IDF rows: a row is a function of the profile and the epoch alone.

Korean compounds and endings are met by character n-grams; short ones weigh most (measured on the labelled sets:
bigrams alone beat 2–4 unweighted, the longer ones help Latin words). Whole words, freed of their particles, join in
and are what a person is shown. All logarithms come from `math.log` through tables, so bits do not depend on how many
rows were made at once.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils import murmurhash3_32

from shared.contracts import PostingFacts, SeekerFacts

Floats = NDArray[np.float64]

COLUMNS_A_KIND = 2**16
GRAM_WEIGHTS = {2: 1.0, 3: 0.5, 4: 0.25}
WORD_WEIGHT = 0.5
COLUMNS = COLUMNS_A_KIND * (len(GRAM_WEIGHTS) + 1)

TITLE_TIMES = 3
SKILL_TIMES = 2
"""A field weighs by being read more than once: sublinear counts keep that modest."""

_WORD = re.compile(r"[0-9a-z가-힣一-龥+#]{2,40}")
_PARTICLE = re.compile(
    r"(?<=[0-9a-z가-힣+#]{2})(?:"
    r"하는데|합니다|됩니다|입니다|습니다|하거나|하면서|으로서|으로써|에서의|에서는|하기|한다|하며|하고|하여|해서|하는|했던|되는|된다|되어|"
    r"으로|에서|에게|부터|까지|이며|이고|들을|들의|을|를|이|가|은|는|의|에|로|와|과|도|만|및|한|할|함|된)$"
)
_LOGARITHMS = np.array([0.0] + [1.0 + math.log(count) for count in range(1, 4097)])


def posting_document(facts: PostingFacts) -> str:
    """What a posting says of the work, its title first; never the employer's name."""
    skills = (*facts.required_skills, *facts.preferred_skills, *facts.certificates)
    return _document([facts.title] * TITLE_TIMES, skills, (facts.description, facts.qualification, facts.preferred))


def seeker_document(facts: SeekerFacts) -> str:
    """What a seeker says she can do."""
    return _document((), (*facts.skills, *facts.certificates), (facts.summary,))


def _document(title: Iterable[str], skills: Iterable[str], body: Iterable[str]) -> str:
    return "\n".join((*title, *[skill for skill in skills for _ in range(SKILL_TIMES)], *body))


def plain(text: str) -> str:
    """Compatible forms made one, case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def words(text: str) -> list[str]:
    """Words of two letters or more, without their Korean particles and endings."""
    return [_stem(word) for word in _WORD.findall(plain(text))]


@lru_cache(maxsize=2**16)
def _stem(word: str) -> str:
    return _PARTICLE.sub("", word)


def count(documents: Sequence[str]) -> sparse.csr_matrix:
    """How often each hashed n-gram and word occurs in each document; columns in increasing order."""
    if not documents:
        return sparse.csr_matrix((0, COLUMNS))
    texts = [plain(document) for document in documents]
    blocks = [vectoriser.transform(texts) for vectoriser in _VECTORISERS]
    counts = sparse.hstack(blocks, format="csr")
    counts.sort_indices()
    return counts


def _hashing(**analysis: object) -> HashingVectorizer:
    return HashingVectorizer(
        n_features=COLUMNS_A_KIND, norm=None, alternate_sign=False, lowercase=False, dtype=np.float64, **analysis
    )


_VECTORISERS = (
    *[_hashing(analyzer="char_wb", ngram_range=(size, size)) for size in GRAM_WEIGHTS],
    _hashing(analyzer=words),
)
_KIND_WEIGHTS = np.repeat(np.array([*GRAM_WEIGHTS.values(), WORD_WEIGHT]), COLUMNS_A_KIND)


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


def weigh(counts: sparse.csr_matrix, frequencies: Floats) -> sparse.csr_matrix:
    """Rows of length one, sublinear in the counts; a document without a term stays empty."""
    if not counts.nnz:
        return counts
    times = np.minimum(counts.data.astype(np.int64), len(_LOGARITHMS) - 1)
    told = (frequencies * _KIND_WEIGHTS)[counts.indices]
    rows = sparse.csr_matrix((_LOGARITHMS[times] * told, counts.indices, counts.indptr), shape=counts.shape)
    return normalize(rows, copy=False)


@lru_cache(maxsize=2**18)
def word_column(stem: str) -> int:
    """Where a word's frequency stands: what makes one shared word tell more than another."""
    return COLUMNS - COLUMNS_A_KIND + abs(int(murmurhash3_32(stem, seed=0))) % COLUMNS_A_KIND
