"""What would one pick instead? Plain rankers to be measured beside ours, in the same run, over the same texts."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.utils import default_process
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

Scores = NDArray[np.float64]
PeerName = Literal["word TF-IDF", "character TF-IDF 2-4", "BM25", "token_set_ratio"]
PEERS: tuple[PeerName, ...] = get_args(PeerName)
AT_ONCE = 64

_TOKEN = re.compile(r"[0-9a-z가-힣一-龥+#.]+")
_SATURATION, _LENGTH_SHARE = 1.5, 0.75
"""k1 and b of BM25."""


def blocks(peer: PeerName, queries: Sequence[str], documents: Sequence[str]) -> Iterator[Scores]:
    """Scores of some queries at a time (rows) against all documents (columns), higher is nearer."""
    score = _RANKERS[peer](queries, documents)
    for start in range(0, len(queries), AT_ONCE):
        yield score(start, min(start + AT_ONCE, len(queries)))


Ranker = Callable[[int, int], Scores]


def _products(queries: sparse.csr_matrix, documents: sparse.csr_matrix) -> Ranker:
    turned = documents.T.tocsr()
    return lambda first, last: np.asarray((queries[first:last] @ turned).toarray())


def _tfidf(vectoriser: TfidfVectorizer) -> Callable[[Sequence[str], Sequence[str]], Ranker]:
    def ranker(queries: Sequence[str], documents: Sequence[str]) -> Ranker:
        rows = vectoriser.fit_transform(documents)
        return _products(vectoriser.transform(queries), rows)

    return _unless_empty(vectoriser, ranker)


def _unless_empty(vectoriser: CountVectorizer, ranker: Callable[..., Ranker]) -> Callable[..., Ranker]:
    """Where no document says anything, all are equally far: vectorisers refuse to be fitted to nothing."""
    analysed = vectoriser.build_analyzer()

    def guarded(queries: Sequence[str], documents: Sequence[str]) -> Ranker:
        if any(analysed(text) for text in documents):
            return ranker(queries, documents)
        return lambda first, last: np.zeros((last - first, len(documents)))

    return guarded


def _tokens(text: str) -> list[str]:
    return [token for found in _TOKEN.findall(text.lower()) if (token := found.strip("."))]


def _counting() -> CountVectorizer:
    return CountVectorizer(analyzer=_tokens, dtype=np.float64)


def _bm25(queries: Sequence[str], documents: Sequence[str]) -> Ranker:
    """Robertson's BM25 as Lucene has it."""
    vectoriser = _counting()
    counts = sparse.csr_matrix(vectoriser.fit_transform(documents))
    held = np.bincount(counts.indices, minlength=counts.shape[1])
    telling = np.log(1 + (len(documents) - held + 0.5) / (held + 0.5))
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    relative = np.repeat(lengths / max(lengths.mean(), 1e-9), np.diff(counts.indptr))
    damped = counts.data / (counts.data + _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * relative))
    rows = sparse.csr_matrix((telling[counts.indices] * damped, counts.indices, counts.indptr), shape=counts.shape)
    asked = sparse.csr_matrix(vectoriser.transform(queries))
    return _products(asked.sign(), rows)


def _token_set(queries: Sequence[str], documents: Sequence[str]) -> Ranker:
    asked, held = ([default_process(text) for text in texts] for texts in (queries, documents))
    return lambda first, last: np.asarray(
        process.cdist(asked[first:last], held, scorer=fuzz.token_set_ratio, workers=1), dtype=np.float64
    )


_RANKERS: dict[PeerName, Callable[[Sequence[str], Sequence[str]], Ranker]] = {
    "word TF-IDF": _tfidf(TfidfVectorizer(analyzer=_tokens)),
    "character TF-IDF 2-4": _tfidf(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4))),
    "BM25": _unless_empty(_counting(), _bm25),
    "token_set_ratio": _token_set,
}
