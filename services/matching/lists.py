"""Who is on a list? The exact best, in one order: score falling, who came first, id rising."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.matching.index import Scored, Shelf

NOBODY = -1
"""Below every key: a score that may be on a list is at least 1."""


class Key(NamedTuple):
    """A pair's place in a list: keys sort as the list does."""

    falling_score: int
    since: int
    other: UUID


class Candidate(NamedTuple):
    """A pair that may enter a list, with its parts' values; without them it is on the list already."""

    key: Key
    values: tuple[int, ...] | None


def best(scored: Scored, others: Shelf, size: int, floors: NDArray[np.int64]) -> Iterator[list[Candidate]]:
    """For each row its best columns at or above the row's floor, at most `size` of them, best first."""
    keys = scored.scores.astype(np.int64) * 2**32 - others.order(scored.columns)
    keys[scored.scores < floors[:, None]] = NOBODY
    chosen = _largest(keys, size)
    found = np.take_along_axis(keys, chosen, axis=1) > NOBODY
    rows, places = np.nonzero(found)
    columns = chosen[rows, places]
    values = scored.values[:, rows, columns].T.tolist()
    scores = scored.scores[rows, columns].tolist()
    slots = scored.columns[columns].tolist()
    since = others.kept["since"][slots].tolist()
    at = 0
    for count in found.sum(axis=1).tolist():
        yield [
            Candidate(Key(-scores[i], since[i], others.profiles[slots[i]][0]), tuple(values[i]))
            for i in range(at, at + count)
        ]
        at += count


def _largest(keys: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Columns of the largest keys of each row, largest first."""
    if keys.shape[1] > size:
        chosen = np.argpartition(keys, keys.shape[1] - size, axis=1)[:, keys.shape[1] - size :]
    else:
        chosen = np.broadcast_to(np.arange(keys.shape[1]), keys.shape)
    order = np.argsort(-np.take_along_axis(keys, chosen, axis=1), axis=1)
    return np.take_along_axis(chosen, order, axis=1)


def merge(held: Sequence[Key], gone: set[UUID], offered: Sequence[Candidate], size: int) -> list[Candidate] | None:
    """The list after some pairs left and others were offered; None where only a look at everyone can tell.

    Whoever is neither held nor offered ranks after the last one held: the result is exact as long as it needs no one
    from behind that line, or if the list was not full, for then nobody is behind it.
    """
    kept = [Candidate(key, None) for key in held if key.other not in gone]
    merged = sorted([*kept, *offered])[:size]
    was_full = len(held) >= size
    if was_full and (len(merged) < size or merged[-1].key > held[-1]):
        return None
    return merged
