"""Which terms does a query ask for? Those of its own profile, and all that are like them."""

import numpy as np

from services.matching.engine.compiling import compiled
from services.matching.engine.kernels import (
    CERTIFICATE,
    PREFERRED,
    REQUIRED,
    Array,
    Postings,
    SparseRows,
    Terms,
)


@compiled
def terms_held(slots: Array, held: Terms) -> SparseRows:
    """The terms of these seekers, at one each."""
    starts, of_held, terms = np.zeros(len(slots) + 1, np.int64), held.starts, held.terms
    for at in range(len(slots)):
        starts[at + 1] = starts[at] + of_held[slots[at] + 1] - of_held[slots[at]]
    columns = np.empty(starts[-1], np.int32)
    for at in range(len(slots)):
        columns[starts[at] : starts[at + 1]] = terms[of_held[slots[at]] : of_held[slots[at] + 1]]
    return SparseRows(starts, columns, np.ones(len(columns), np.float64))


@compiled
def terms_asked(slots: Array, postings: Postings, weights: Array) -> SparseRows:
    """The terms of these postings, a part's weight shared among its terms; one asked for twice stands twice."""
    parts = (
        (postings.required.starts, postings.required.terms, weights[REQUIRED]),
        (postings.preferred.starts, postings.preferred.terms, weights[PREFERRED]),
        (postings.certificates.starts, postings.certificates.terms, weights[CERTIFICATE]),
    )
    starts, count = np.zeros(len(slots) + 1, np.int64), 0
    for at in range(len(slots)):
        for of_part, _, _ in parts:
            count += of_part[slots[at] + 1] - of_part[slots[at]]
        starts[at + 1] = count
    columns, values = np.empty(count, np.int32), np.empty(count, np.float64)
    count = 0
    for at in range(len(slots)):
        for of_part, terms, weight in parts:
            first, last = of_part[slots[at]], of_part[slots[at] + 1]
            for place in range(first, last):
                columns[count], values[count] = terms[place], weight / (last - first)
                count += 1
    return SparseRows(starts, columns, values)


@compiled
def spread_over(terms: SparseRows, alike: SparseRows) -> SparseRows:
    """Each term as all that are like it, its value times their likeness."""
    of_terms, columns, values = terms.starts, terms.columns, terms.values
    of_alike, others, shares = alike.starts, alike.columns, alike.values
    starts, count = np.zeros(len(of_terms), np.int64), 0
    for row in range(len(of_terms) - 1):
        for at in range(of_terms[row], of_terms[row + 1]):
            count += of_alike[columns[at] + 1] - of_alike[columns[at]]
        starts[row + 1] = count
    spread, gains, count = np.empty(count, np.int32), np.empty(count, np.float64), 0
    for at in range(len(columns)):
        for place in range(of_alike[columns[at]], of_alike[columns[at] + 1]):
            spread[count], gains[count] = others[place], values[at] * shares[place]
            count += 1
    return SparseRows(starts, spread, gains)
