"""In which order does the scorer's own code put the documents of a labelled set?

Titles and profiles are ranked by the rows that scores are made of; skills by the likeness that scores are made of, and
below it by nearness, as the review queue ranks unknown terms; titles that have other names by both. Frequencies are
fitted from the set, and so is what everybody says, as an epoch's are from what is live.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.preprocessing import normalize

from services.matching.engine import crowds, text
from services.matching.engine.skills.likeness import SAME, Vocabulary
from services.matching.engine.skills.nearness import Nearness
from services.matching.engine.skills.terms import aliases, canonical, normalise
from services.matching.engine.text import Document

Scores = NDArray[np.float64]
Kind = Literal["title", "skill", "profile"]
Record = Mapping[str, Any]

AT_ONCE = 64
NEARNESS_WEIGHT = 0.5
NEARNESS_POWER = 8
_TITLES = ("title", "text")
_TEXTS = ("summary", "description", "duties")


def fields_read(kind: Kind, documents: Sequence[Record]) -> tuple[str, ...]:
    """Which fields of the documents are read unless others are named.

    A title is asked for with all that is told of it, a skill by its names. A profile is asked for by what is done: a
    title that stands apart from the text is not read.
    """
    held = {field for one in documents for field, value in one.items() if isinstance(value, str) and value.strip()}
    title = tuple(field for field in _TITLES if field in held)[:1]
    texts = tuple(field for field in _TEXTS if field in held)
    if kind == "skill":
        return (*[field for field in reversed(_TITLES) if field in held][:1], "alt")
    if kind == "title":
        return (*title, *(texts or ("text",)))
    own = tuple(field for field in ("duties", "description", "text", "summary", "title") if field in held)[:1]
    return (*title, *own) if title == ("title",) and _tells_its_title(documents) else own


def _tells_its_title(documents: Sequence[Record]) -> bool:
    """Whether `text` is a title with more after it."""
    told = [(str(one.get("text", "")), str(one.get("title", ""))) for one in documents]
    return all(said.startswith(title) for said, title in told) and any(said != title for said, title in told)


def as_document(record: Record, fields: Sequence[str], names: Sequence[str] = ()) -> Document:
    """What is read of a record: its title first if that is among the fields, other names of it with the text."""
    title = next((field for field in _TITLES if field in fields[:1]), None) if len(fields) > 1 or names else None
    body = [str(record.get(field, "")) for field in dict.fromkeys(fields) if field != title]
    return Document(str(record.get(title, "")) if title else "", "\n".join([*names, *body]))


def skill_names(record: Record, fields: Sequence[str], names: Sequence[str] = ()) -> tuple[str, ...]:
    """All spellings under which a skill stands in the set."""
    return tuple(dict.fromkeys((*(str(record[field]) for field in fields if record.get(field)), *names))) or ("",)


def is_known(term: str) -> bool:
    """Whether the table of aliases knows it."""
    return normalise(term) in aliases()


def by_text(queries: Sequence[str], documents: Sequence[Document]) -> Iterator[Scores]:
    """Likeness of some queries at a time (rows) to all documents (columns), 0…1."""
    asked = [Document("", query) for query in queries]
    frequencies = text.fit_frequencies(text.count([one.whole for one in (*asked, *documents)]))
    rows, told = text.rows(asked, frequencies), text.rows(documents, frequencies)
    turned = _discounted(told, rows).T.tocsr()
    for start in range(0, len(queries), AT_ONCE):
        yield np.asarray((rows[start : start + AT_ONCE] @ turned).toarray())


def by_names(queries: Sequence[str], documents: Sequence[Document], names: Sequence[Sequence[str]]) -> Iterator[Scores]:
    """Likeness to all names of a document with its text, and nearness to its nearest names.

    Each name is a row of length one, as a title is; a term counts by the square root of the names that have it, and
    all names by the square root of their number. A document of one name is thus ranked by its title and its text. The
    nearest names are met by the mean of a high power of nearness, which several near ones raise a little.
    """
    asked, every = [Document("", query) for query in queries], [name for some in names for name in some]
    wholes = ["\n".join((*some, one.body)) for one, some in zip(documents, names, strict=True)]
    frequencies = text.fit_frequencies(text.count([*queries, *wholes]))
    of_names = _joined(text.rows([Document("", name) for name in every], frequencies), names)
    bodies = text.rows([Document("", one.body) for one in documents], frequencies)
    rows, nearness, first_of_each = text.rows(asked, frequencies), Nearness(every), _first_of_each(names)
    turned = _discounted(normalize(of_names + bodies), rows).T.tocsr()
    for start in range(0, len(queries), AT_ONCE):
        near = nearness.of(queries[start : start + AT_ONCE]) ** NEARNESS_POWER
        nearest = np.add.reduceat(near, first_of_each, axis=1) ** (1 / NEARNESS_POWER)
        yield np.asarray((rows[start : start + AT_ONCE] @ turned).toarray()) + NEARNESS_WEIGHT * nearest


def _discounted(documents: sparse.csr_matrix, queries: sparse.csr_matrix) -> sparse.csr_matrix:
    """As an epoch's postings are; what a query itself would lose changes no order."""
    return crowds.discounted(documents, crowds.fit(queries, documents))


def _joined(rows: sparse.csr_matrix, parts: Sequence[Sequence[str]]) -> sparse.csr_matrix:
    """The rows of each document's names in one, weighed as a title is."""
    starts = np.concatenate((_first_of_each(parts), [rows.shape[0]]))
    ones, of_each = np.ones(rows.shape[0]), np.arange(rows.shape[0])
    of_document = sparse.csr_matrix((ones, of_each, starts), shape=(len(parts), rows.shape[0]))
    summed, holding = of_document @ rows, of_document @ rows.sign()
    numbers = sparse.diags_array(np.sqrt([len(some) for some in parts]))
    return text.TITLE_WEIGHT * numbers @ normalize(summed.multiply(holding.power(-0.5)))


def _first_of_each(parts: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    return np.cumsum([0, *map(len, parts)])[:-1]


def by_skill(queries: Sequence[str], documents: Sequence[Sequence[str]]) -> Iterator[Scores]:
    """How near some queries at a time come to the nearest name of each document: likeness first, then nearness."""
    names = [name for some in documents for name in some]
    first_of_each = _first_of_each(documents)
    nearness = Nearness(names)
    alike = _Likeness(names)
    for start in range(0, len(queries), AT_ONCE):
        some = queries[start : start + AT_ONCE]
        scores = nearness.of(some) + np.array([alike.of(query) for query in some])
        yield np.maximum.reduceat(scores, first_of_each, axis=1)


class _Likeness:
    """Likeness of a term to each of some names, 0…1, by the vocabulary that scores are made with."""

    def __init__(self, names: Sequence[str]) -> None:
        self._vocabulary = Vocabulary()
        self._numbers = np.array([self._number(name) for name in names])

    def of(self, term: str) -> Scores:
        asked = self._number(term)
        if asked < 0:
            return np.zeros(len(self._numbers))
        row = np.zeros(len(self._vocabulary) + 1)  # the last cell is for names that say nothing
        for other, share in self._vocabulary.alike(asked).items():
            row[other] = share / SAME
        return np.asarray(row[self._numbers])

    def _number(self, term: str) -> int:
        spelled = canonical(term)
        return self._vocabulary.number(spelled) if spelled else -1
