"""How far do the words of one term cover those of another, when a word may be written, or said, another way?

Soft TF-IDF (Cohen, Ravikumar and Fienberg 2003): each word of a ranked term counts by its nearest word of the asked one
(1 of one stem, `_OF_ONE_MEANING` of one meaning, else the cosine of their letters where that is considerable), weighted
by its rarity, over the norms of both. It asks that the ranked term be covered, so words that a posting puts around
what it means cost little.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from services.matching.engine.skills.wording import ANYTHING, stem, telling

Floats = NDArray[np.float64]

_LEAST_LETTERS = 0.4
_OF_ONE_MEANING = 0.7
_NO_WORDS = 1e-9
_RARITY = 1.5
"""The power of a word's inverse document frequency in the sums; a cosine has 2."""


class SoftWords:
    """Terms, in English, to be ranked by how far another covers their words.

    Args:
        english: the terms.
        meaning: one name for all words of about the same meaning.
    """

    def __init__(self, english: Sequence[str], meaning: Callable[[str], str]) -> None:
        counts = CountVectorizer(analyzer=telling, binary=True, dtype=np.float64)
        self._held = sparse.csr_matrix(counts.fit([*english, ANYTHING]).transform(english))
        words = counts.get_feature_names_out().tolist()
        self._letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), lowercase=False, dtype=np.float64)
        self._stem = CountVectorizer(analyzer=lambda word: [stem(word)], dtype=np.float64)
        self._meaning = CountVectorizer(analyzer=lambda word: [meaning(word)], dtype=np.float64)
        self._views = [
            sparse.csr_matrix(view.fit_transform(words)).T.tocsr()
            for view in (self._letters, self._stem, self._meaning)
        ]
        terms_with = np.asarray((self._held @ self._views[1].T > 0).sum(axis=0)).ravel()
        self._rarest = np.log(1 + len(english)) + 1
        self._rarity = self._rarest - np.log(1 + terms_with)
        self._weights = (self._views[1].T @ self._rarity) ** _RARITY
        self._norms = np.sqrt(self._held @ self._weights)

    def of(self, english: Sequence[str]) -> Floats:
        """Coverage of each ranked term by each of these, 0…1, shape (len(english), terms ranked)."""
        nearest = np.array([self._nearest(list(dict.fromkeys(telling(term)))) for term in english])
        covered = np.asarray((self._held @ nearest.T).T)
        return np.asarray(covered / np.maximum(self._norms, _NO_WORDS))

    def _nearest(self, words: Sequence[str]) -> Floats:
        """For each ranked word: how near the nearest of these comes, times what it weighs, by the norm of these."""
        if not words:
            return np.zeros(len(self._weights))
        asked = [view.transform(words) for view in (self._letters, self._stem, self._meaning)]
        letters, one_stem, one_meaning = (rows @ ranked for rows, ranked in zip(asked, self._views, strict=True))
        letters.data[letters.data < _LEAST_LETTERS] = 0
        near = letters.maximum(one_stem).maximum(_OF_ONE_MEANING * one_meaning).max(axis=0).toarray().ravel()
        rarity = asked[1] @ self._rarity
        weights = np.where(rarity > 0, rarity, self._rarest) ** _RARITY
        return np.asarray(near * self._weights / np.sqrt(weights.sum()))
