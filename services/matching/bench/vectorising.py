"""What does it take to turn one posting into a row, beside TfidfVectorizer set up to give the same numbers?

One vectoriser holds all kinds of terms, so the peer pays its overhead once: title and text are two rows of one call.
Terms are told apart by their own spelling there and by a hash in ours: where two of one posting share a column, ours
are one term more often seen. Only postings where none do are compared; the others are counted.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils import murmurhash3_32

from services.matching.bench.figures import Data, Figure
from services.matching.bench.materials import Patterns
from services.matching.bench.peers import WRONG
from services.matching.bench.timing import Seconds, each_in_turn, median, p99, ratio
from services.matching.engine import text
from services.matching.engine.skills.senses import senses
from services.matching.engine.text import KINDS, Document, posting_document

MOST = 300
"""Postings that are vectorised one by one."""
AT_ONCE = 100
TOLERANCE = 1e-12
_OTHER = {"korean": re.compile(r"[0-9a-z]+"), "latin": re.compile(r"[가-힣]+")}
_FIRST = np.cumsum([0, *(kind.columns for kind in KINDS)])


def terms(written: str) -> list[str]:
    """All terms of a text, each with the number of its kind."""
    whole = text.plain(written)
    return [f"{number} {term}" for number, terms_of in enumerate(_ANALYSES) for term in terms_of(whole)]


def _analysis(kind: text.Kind) -> Callable[[str], list[str]]:
    if kind.size:
        size, other = (kind.size, kind.size), _OTHER[kind.script]
        ngrams = CountVectorizer(analyzer="char_wb", ngram_range=size, lowercase=False).build_analyzer()
        return lambda whole: list(ngrams(other.sub(" ", whole)))
    if kind.script == "both":
        return lambda whole: [sense for word in text.words(whole) for sense in senses(word)]
    if kind.script == "korean":
        return lambda whole: [word for word in text.words(whole) if _is_korean(word)]
    return lambda whole: [text.singular(word) for word in text.words(whole) if not _is_korean(word)]


def _is_korean(word: str) -> bool:
    return _OTHER["latin"].search(word) is not None


_ANALYSES = [_analysis(kind) for kind in KINDS]


def column_of(term: str) -> int:
    """Where ours keeps it."""
    number, spelled = term.split(" ", 1)
    return int(_FIRST[int(number)]) + abs(int(murmurhash3_32(spelled, seed=0))) % KINDS[int(number)].columns


class Peer:
    """A fitted TfidfVectorizer whose weights are the epoch's."""

    def __init__(self, documents: Sequence[Document], frequencies: text.Floats) -> None:
        weights = np.repeat([kind.weight for kind in KINDS], [kind.columns for kind in KINDS]) * frequencies
        self._vectoriser = TfidfVectorizer(analyzer=terms, sublinear_tf=True, norm="l2")
        self._vectoriser.fit([part for one in documents for part in one])
        self.columns = np.array([column_of(term) for term in self._vectoriser.get_feature_names_out()])
        self._vectoriser.idf_ = weights[self.columns]

    def __call__(self, documents: Sequence[Document]) -> sparse.csr_matrix:
        rows = self._vectoriser.transform([part for one in documents for part in one])
        return normalize(text.TITLE_WEIGHT * rows[0::2] + rows[1::2], copy=False)

    def differs(self, document: Document, ours: sparse.csr_matrix) -> bool | None:
        """Whether its row, rounded as ours is, is not ours; None where two of its terms share a column."""
        row = self([document]).tocsr()
        columns = self.columns[row.indices]
        if len(np.unique(columns)) < len(columns):
            return None
        whole_steps = np.rint(row.data * text.LENGTH) / text.LENGTH
        theirs = sparse.coo_matrix((whole_steps, (np.zeros(len(columns), int), columns)), shape=ours.shape).tocsr()
        return bool(abs(theirs - ours).max() > TOLERANCE)


def figures(patterns: Patterns, rounds: int) -> Iterator[Figure]:
    """One posting at a time, then a hundred at once."""
    documents = [posting_document(one) for one in patterns.postings]
    whole = [one.whole for one in documents]
    frequencies = text.fit_frequencies(text.count(whole))
    peer, some = Peer(documents, frequencies), documents[:MOST]
    differing = [peer.differs(one, text.rows([one], frequencies)) for one in some]
    ways = {
        "ours": lambda several: text.rows(several, frequencies),
        "TfidfVectorizer.transform, same numbers": peer,
    }
    size = np.mean(np.diff(text.rows(some, frequencies).indptr))
    data, note = Data(f"postings of {size:.0f} terms"), _note(differing)
    alone = {name: (lambda at, way=way: way([some[at]])) for name, way in ways.items()}
    yield from _told("one posting", data, note, each_in_turn(alone, range(len(some))), 1)
    together = {name: (lambda _, way=way: way(some[:AT_ONCE])) for name, way in ways.items()}
    taken = each_in_turn(together, range(rounds))
    yield from _told(f"each of {len(some[:AT_ONCE])} at once", data, note, taken, len(some[:AT_ONCE]))


def _note(differing: Sequence[bool | None]) -> str:
    compared = sum(one is not None for one in differing)
    wrong = sum(bool(one) for one in differing)
    sharing = f"{len(differing) - compared} share a column by hash"
    if wrong:
        return f"{WRONG}: {wrong} of {compared} rows differ; {sharing}"
    return f"{compared} of {compared} rows the same; {sharing}"


def _told(what: str, data: Data, note: str, taken: Mapping[str, Seconds], count: int) -> Iterator[Figure]:
    counts = not note.startswith(WRONG)
    for name, seconds in taken.items():
        for tail, value in (("p50", median(seconds)), ("p99", p99(seconds))):
            yield Figure(f"vectorise {what}, {tail}", data, name, value * 1e6 / count if counts else None, "µs", note)
    ours, theirs = taken.values()
    times = ratio(ours, theirs) if counts else None
    goal = "G8" if count == 1 else ""
    yield Figure(f"vectorise {what}", data, "ours ÷ TfidfVectorizer.transform", times, "", note, goal)
