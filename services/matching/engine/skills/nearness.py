"""Which known terms come nearest to one that nobody knows? For ranking and for the review queue, never for a score.

Five views of a term, put into English word for word where the tables can: its letters (n-grams within words), how far
its words cover those of the other, what the words mean (stems, one for all words of about the same meaning, and known
terms among them), initials of runs of words, so that an abbreviation finds what it stands for, and, between scripts,
its sound (consonant skeleton). Each but the second is a TF-IDF cosine over the terms ranked; the nearness is their
weighted mean, 0…1, and a full 1 is added for the same skill.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from services.matching.engine.skills.compounds import english_of, pieces
from services.matching.engine.skills.kinds import kinds
from services.matching.engine.skills.soft_words import SoftWords
from services.matching.engine.skills.terms import aliases, canonical, normalise
from services.matching.engine.skills.transliteration import skeleton
from services.matching.engine.skills.wording import ANYTHING, initials, meaning, meanings, stem, stems

Floats = NDArray[np.float64]

_WORD = re.compile(r"[^\W_]+[+#]*")
_HANGUL = re.compile(r"[가-힣]")
_LETTERS, _COVERED, _MEANT, _INITIALS = 1.0, 1.0, 0.5, 0.3
"""What the views weigh; measured on the labelled sets, where half or double changes little."""
_SOUND = 3.0
"""Between scripts, where letters tell little; within one script sound tells nothing that letters do not."""
_KIND = 0.3
"""The share of the kind of what a term names, such as image editing for Photoshop, in its nearness to others."""


class Nearness:
    """Terms to be ranked by nearness to others.

    Args:
        terms: as written, in any script.
        with_table: without it neither aliases nor general words are looked up: what likeness alone can do.
    """

    def __init__(self, terms: Sequence[str], *, with_table: bool = True) -> None:
        self._with_table = with_table
        self._in_english = partial(in_english if with_table else _as_written)
        self._views = (
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), lowercase=False, dtype=np.float64),
            TfidfVectorizer(analyzer=meanings if with_table else stems, dtype=np.float64),
            TfidfVectorizer(analyzer=initials, dtype=np.float64),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), preprocessor=_aloud, dtype=np.float64),
        )
        self._korean = _are_korean(terms)
        self._canonical = np.array([canonical(term) for term in terms], dtype=object)
        english = [self._in_english(term) for term in terms]
        self._rows = [sparse.csr_matrix(view.fit([*english, ANYTHING]).transform(english)) for view in self._views]
        self._soft = SoftWords(english, meaning if with_table else stem)

    def of(self, written: Sequence[str]) -> Floats:
        """Nearness of each of these to each of the terms ranked, shape (len(written), len(terms))."""
        english = [self._in_english(term) for term in written]
        near = self._near(english, written)
        if self._with_table:
            self._join_kinds(near, english)
        return near + self._same(written)

    def _join_kinds(self, near: Floats, english: Sequence[str]) -> None:
        """Let the nearest of the kinds of what these terms name count for its share, where they name anything known."""
        asked = [(at, _as_written(kind)) for at, term in enumerate(english) for kind in kinds(term)]
        if asked:
            places, of_kind = zip(*asked, strict=True)
            nearest = np.zeros_like(near)
            np.maximum.at(nearest, np.array(places), self._near(of_kind, of_kind))
            named = np.unique(places)
            near[named] = (1 - _KIND) * near[named] + _KIND * nearest[named]

    def _near(self, english: Sequence[str], written: Sequence[str]) -> Floats:
        letters, meant, begun, sound = (
            (view.transform(english) @ rows.T).toarray() for view, rows in zip(self._views, self._rows, strict=True)
        )
        seen = _LETTERS * letters + _COVERED * self._soft.of(english) + _MEANT * meant + _INITIALS * begun
        heard = _SOUND * (_are_korean(written)[:, None] != self._korean)
        whole = _LETTERS + _COVERED + _MEANT + _INITIALS + heard
        return np.asarray((seen + heard * sound) / whole)

    def _same(self, written: Sequence[str]) -> Floats:
        if not self._with_table:
            return np.zeros((1, len(self._canonical)))
        return np.array([self._canonical == canonical(term) for term in written], dtype=np.float64)


def _are_korean(terms: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([bool(_HANGUL.search(term)) for term in terms], dtype=bool)


def in_english(written: str) -> str:
    """A Korean term with every word that the tables know in English; what they do not know stays as written."""
    if not _HANGUL.search(written):
        return _as_written(written)
    known = aliases().get(normalise(written))
    return english_of(known) if known else " ".join(_word_by_word(written))


def _word_by_word(written: str) -> Iterator[str]:
    for word in map(normalise, _WORD.findall(written)):
        yield from (piece.english or piece.spelled for piece in pieces(word))


def _as_written(written: str) -> str:
    return " ".join(map(normalise, _WORD.findall(written)))


def _aloud(english: str) -> str:
    return skeleton(english)
