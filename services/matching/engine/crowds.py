"""Which texts resemble everybody's, and how much less do they count?

Some texts are near to all others and come too high on every list (hubs: Radovanović, Nanopoulos and Ivanović, Hubs in
Space, JMLR 11, 2010). What groups of like profiles of the other side say is frozen in an epoch (spherical k-means:
Dhillon and Modha, Machine Learning 42, 2001), and a text that is nearer to its nearest groups than is usual on its side
gets a shorter row. The row stays a function of the profile and the epoch alone, and no row is longer than one.

A group is the mean of at least `LEAST[-1]` profiles, and holds only what `HELD_BY` of them say: nobody's own words are
in it, so that an erasure has as little to do here as with frequencies. How and why: docs/decisions/0035.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.preprocessing import normalize

from services.matching.engine.compiling import compiled
from services.matching.engine.kernels import Array
from services.matching.engine.text import LENGTH, Floats

MOST = 5_000
"""Profiles of a side that groups are made of."""
SIZE = 20
"""Profiles to a group, on average."""
LEAST = (1, 1, 1, 1, 1, 10, 10, 10)
"""In each round, the fewest that a group may have: smaller ones are given up, their members go to the next nearest."""
HELD_BY = 5
"""Members of a group that say what the group says, at least."""
NEAREST = 3
"""Groups that a text is held against: the mean of its nearest."""
EASE = 0.5
"""The greater, the less a text loses; at 0, one twice as near to its groups as is usual would count half."""


class Crowds(NamedTuple):
    """What groups of one side say, column by column, and how near to its nearest a text of the other side usually is.

    Values are whole steps of 1/`LENGTH`, and so are those of rows: sums of their products are exact in any order.
    """

    starts: Array
    groups: Array
    values: Array
    usual: float


def fit(theirs: sparse.csr_matrix, ours: sparse.csr_matrix) -> Crowds | None:
    """What discounts our texts, from rows of both sides; none where the others are too few for a group."""
    theirs, ours = _telling(theirs), _telling(ours)
    groups = _groups(theirs[:MOST])
    if groups.nnz == 0 or ours.shape[0] == 0:
        return None
    columns = groups.T.tocsr()
    values = np.rint(columns.data * LENGTH).astype(np.uint16)
    crowds = Crowds(columns.indptr.astype(np.int32), columns.indices.astype(np.int16), values, 0.0)
    return crowds._replace(usual=float(np.median(_nearness(ours, crowds))))


def shares(rows: sparse.csr_matrix, crowds: Crowds) -> Floats:
    """How much each text counts: one, or less if it is nearer to its nearest groups than is usual."""
    return np.minimum(1.0, (EASE + crowds.usual) / (EASE + _nearness(rows, crowds)))


def discounted(rows: sparse.csr_matrix, crowds: Crowds | None) -> sparse.csr_matrix:
    """The rows, each as long as its text counts; nothing is lost where there are no groups."""
    if crowds is None:
        return rows
    of_each = np.repeat(shares(rows, crowds), np.diff(rows.indptr))
    values = np.rint(rows.data * of_each * LENGTH) / LENGTH
    shorter = sparse.csr_matrix((values, rows.indices, rows.indptr), shape=rows.shape)
    shorter.has_sorted_indices = True
    return shorter


def _telling(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    return rows[np.diff(rows.indptr) > 0]


def _groups(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """What each group says, at length one; evenly chosen profiles are the first groups."""
    count, wanted = rows.shape[0], rows.shape[0] // SIZE
    if wanted == 0:
        return rows[:0]
    common = np.flatnonzero(np.bincount(rows.indices, minlength=rows.shape[1]) >= HELD_BY)
    some = rows[:, common]
    groups = some[np.arange(wanted) * count // wanted].toarray()
    for least in LEAST:
        nearest = (some @ groups.T).argmax(axis=1)
        belongs = sparse.csr_matrix((np.ones(count), (nearest, np.arange(count))), shape=(len(groups), count))
        members = belongs[np.bincount(nearest, minlength=len(groups)) >= least]  # never none: the mean is `SIZE`
        groups = normalize((members @ some).toarray())
    said = np.where((members @ some.sign()).toarray() >= HELD_BY, groups, 0.0)
    kept = sparse.csr_matrix(normalize(said))
    return sparse.csr_matrix((kept.data, common[kept.indices], kept.indptr), shape=(len(said), rows.shape[1]))


def _nearness(rows: sparse.csr_matrix, crowds: Crowds) -> Floats:
    """The mean likeness of each text to its nearest groups, 0…1."""
    starts, columns = rows.indptr.astype(np.int32), rows.indices.astype(np.int32)
    near: NDArray[np.float64] = _means_of_nearest(starts, columns, rows.data, *crowds[:3], NEAREST)
    return near / LENGTH


@compiled
def _means_of_nearest(  # noqa: PLR0913, PLR0917
    starts: Array, columns: Array, data: Array, crowd_starts: Array, groups: Array, values: Array, most: int
) -> Array:
    alike, near = np.zeros(groups.max() + 1, np.float64), np.empty(len(starts) - 1, np.float64)
    for row in range(len(near)):
        alike[:] = 0.0
        for at in range(starts[row], starts[row + 1]):
            column = columns[at]
            for place in range(crowd_starts[column], crowd_starts[column + 1]):
                alike[groups[place]] += data[at] * values[place]
        nearest = np.sort(alike)[-most:]
        near[row] = nearest.sum() / len(nearest)
    return near
