"""Whom do gates shut out, many at once? Neighbours that want and offer much the same, and the way that lies between.

A stretch is some documents that stand next to each other, say the same, and wish or offer the same occupation and
types; how far they would go, or where they are, is told of all of them together. What is told of a stretch holds for
each of it: it is shut only where `judge` would shut everyone out, and the way to work is worth no less than told.
"""

from typing import Any, NamedTuple

import numpy as np

from services.matching.engine.compiling import compiled, inlined
from services.matching.engine.conditions import EXCLUDED, REACH_M
from services.matching.engine.kernels import Array, Stretches
from services.matching.engine.scorer import FULL, UNKNOWN
from shared.places import EARTH_RADIUS_M

LONGEST = 64
"""So many documents are looked at together at most, and passed over where none can reach."""
SHORTEST = 16
"""From here on a stretch ends where the way to work differs: shorter ones would take more time than they spare."""
MANY = -1
"""Where not all of a stretch name the same areas, or the same district."""
BAND_M = 5_000
"""Homes and workplaces are put in order by bands from south to north, within a band from west to east."""
_WAY = np.dtype(
    [
        ("number", "i4"),
        ("states_area", "?"),
        ("remote", "?"),
        ("known", "?"),
        ("limit_least", "i4"),
        ("limit_most", "i4"),
        *((f"{axis}_{end}", "f8") for axis in "xyz" for end in ("least", "most")),
    ]
)
"""The way to work of a stretch: the number of the areas or the district, whether anyone states areas or is for any
place, whether all points are known and between which, metres."""


class Wanted(NamedTuple):
    """What gates ask of one profile or of many, the same for both sides: what only the other side has is nothing."""

    occupation: Any
    types: Any
    number: Any
    """Of the areas, or of the district."""
    states_area: Any
    remote: Any
    limit: Any
    known: Any
    x: Any
    y: Any
    z: Any


def of_seeker(s: Any) -> Wanted:
    """Of one row of conditions, or of many."""
    return Wanted(
        np.int64(s["occupations"]),
        np.int64(s["types"]),
        np.int64(s["areas"]),
        np.bool_(s["states_area"]),
        np.bool_(False),
        np.int64(s["limit"]),
        np.bool_(s["known"]),
        s["x"],
        s["y"],
        s["z"],
    )


def of_posting(p: Any) -> Wanted:
    """Of one row of conditions, or of many."""
    return Wanted(
        np.int64(p["occupation"]),
        np.int64(p["type"]),
        np.int64(p["district"]),
        np.bool_(False),
        np.bool_(p["remote"]),
        np.int64(0),
        np.bool_(p["known"]),
        p["x"],
        p["y"],
        p["z"],
    )


wanted_by_seeker, wanted_by_posting = inlined(of_seeker), inlined(of_posting)


def order(conditions: Array, occupation_ranks: Array, patterns: Array) -> Array:
    """Whom gates let in together, next to each other: places in `conditions`, a row a document.

    Args:
        occupation_ranks: each document's occupation's place among all, like ones near each other.
        patterns: what each document says, where that comes before the way to work; else all zeros.
    """
    wanted = wanted_of(conditions)
    band = np.floor(wanted.z * (EARTH_RADIUS_M / BAND_M))
    return np.lexsort(
        (*np.broadcast_arrays(wanted.x, band, wanted.limit, wanted.number, patterns, wanted.types), occupation_ranks)
    )


def wanted_of(conditions: Array) -> Wanted:
    return of_seeker(conditions) if "areas" in (conditions.dtype.names or ()) else of_posting(conditions)


def stretches_of(conditions: Array, patterns: Array) -> Stretches:
    """Neighbours that say the same, in stretches; and what holds for all of each stretch."""
    wanted = Wanted(*np.broadcast_arrays(*wanted_of(conditions)))
    says_otherwise = _changes(wanted.occupation, wanted.types, patterns)
    starts = _starts(says_otherwise, _changes(wanted.number, wanted.limit, *wanted[-3:]))
    firsts = starts[:-1]
    least, most = (Wanted(*(bound.reduceat(each, firsts) for each in wanted)) for bound in (np.minimum, np.maximum))
    return Stretches(starts, least.occupation, least.types, patterns[firsts], _ways(least, most, len(firsts)))


def each_alone(conditions: Array, patterns: Array) -> Stretches:
    """A stretch for each document."""
    wanted, count = wanted_of(conditions), len(conditions)
    starts = np.arange(count + 1, dtype=np.int32)
    return Stretches(starts, wanted.occupation, wanted.types, patterns, _ways(wanted, wanted, count))


def _ways(least: Wanted, most: Wanted, count: int) -> Array:
    ways = np.empty(count, dtype=_WAY)
    ways["number"] = np.where(least.number == most.number, least.number, MANY)
    ways["states_area"], ways["remote"], ways["known"] = most.states_area, most.remote, least.known
    for end, wanted in (("least", least), ("most", most)):
        for name in ("limit", "x", "y", "z"):
            ways[f"{name}_{end}"] = getattr(wanted, name)
    return ways


def _changes(*said: Array) -> Array:
    """Where a document does not say what the one before it says."""
    changes = np.zeros(len(said[0]), dtype=bool)
    for each in said:
        changes[1:] |= each[1:] != each[:-1]
    return changes


@compiled
def _starts(differs: Array, differs_in_way: Array) -> Array:
    """Where each stretch starts, and the end."""
    starts, count = np.empty(len(differs) + 1, np.int32), 0
    for near in range(len(differs)):
        size = near - starts[count - 1] if count else LONGEST
        if size == LONGEST or differs[near] or (differs_in_way[near] and size >= SHORTEST):
            starts[count] = near
            count += 1
    starts[count] = len(differs)
    return starts[: count + 1].copy()


@compiled
def open_blocks(  # noqa: PLR0913, PLR0917 - arrays in, arrays out
    stretches: Stretches,
    ends: Array,
    slots: Array,
    by_postings: bool,
    seekers: Array,
    postings: Array,
    occupations: Array,
    districts: Array,
) -> Array:
    """Which blocks of a layer have anyone whom no gate shuts out from all of these queries.

    Args:
        ends: where each block's stretches end.
        slots: who asks; of the postings, or else of the seekers.
    """
    opened, first = np.zeros(len(ends), np.bool_), 0
    for block in range(len(ends)):
        for query in range(len(slots)):
            slot = slots[query]
            asks = wanted_by_posting(postings[slot]) if by_postings else wanted_by_seeker(seekers[slot])
            for stretch in range(first, ends[block]):
                if (
                    best_occupation(stretches, stretch, asks, by_postings, occupations) != EXCLUDED
                    and best_way(stretches.ways[stretch], asks, by_postings, districts) != EXCLUDED
                ):
                    opened[block] = True
                    break
            if opened[block]:
                break
        first = ends[block]
    return opened


@inlined
def best_occupation(stretches: Stretches, stretch: int, asks: Wanted, by_postings: bool, occupations: Array) -> int:
    """What the occupation is worth to this stretch, `EXCLUDED` where it or the types shut all out."""
    own = stretches.types[stretch]
    if asks.types and own and not asks.types & own:
        return EXCLUDED
    number = stretches.occupations[stretch]
    return int(occupations[number, asks.occupation] if by_postings else occupations[asks.occupation, number])


@inlined
def best_way(way: Any, asks: Wanted, by_postings: bool, districts: Array) -> int:
    """The most that the way to work can be worth to any of this stretch, `EXCLUDED` where all are shut out."""
    states_area, within = way["states_area"] or asks.states_area, UNKNOWN
    if way["number"] != MANY:
        within = districts[way["number"], asks.number] if by_postings else districts[asks.number, way["number"]]
    if way["remote"] or asks.remote or within == 1 or (states_area and way["number"] == MANY):
        return FULL
    least, most = max(way["limit_least"], asks.limit), max(way["limit_most"], asks.limit)
    metres = _least_metres(way, asks) if way["known"] and asks.known else UNKNOWN
    # who names no limit is kept apart by her areas alone, who names no areas by her limit alone
    outside = within == 0 or (not states_area and least > 0)
    if outside and (metres > most or (within == 0 and most <= 0)):
        return EXCLUDED
    if metres < 0:
        return FULL
    reach = max(2 * most, REACH_M if least <= 0 else 0)
    return int(max(FULL - FULL * metres // reach, 0))


@inlined
def _least_metres(way: Any, asks: Wanted) -> int:
    """No more than the distance to any of the stretch."""
    x = max(way["x_least"] - asks.x, asks.x - way["x_most"], 0.0)
    y = max(way["y_least"] - asks.y, asks.y - way["y_most"], 0.0)
    z = max(way["z_least"] - asks.z, asks.z - way["z_most"], 0.0)
    return int(max(np.sqrt(x * x + y * y + z * z) * EARTH_RADIUS_M - 1, 0))
