"""Who can reach a list? Compiled loops over arrays: an inverted index in blocks, an honest bound, exact pairs.

A score is (Σ weight·value) / (Σ weight) over known parts. Text and skills are sparse products, the rest are look-ups.
Per query and block: add up the inverted lists of all but the block's most frequent columns, put
‖query head‖·‖document head‖ over what was left out (Cauchy–Schwarz), every dense part that may be known at its full
value, and compare with the least score that matters for that document. Only who passes is worked out exactly, with the
same additions in the same order as SciPy's products, so scores are those of `scorer.combine`, bit for bit.

Weighted gains are in ten-thousandths times weight, up to 1,000,000. Everything is in arrays; nothing here knows of
brokers, databases or clocks. Nothing runs in parallel within a call and the interpreter's lock is let go: callers
spread queries over threads.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from services.matching.conditions import EXCLUDED, REACH_M, WITHIN_RANGE
from services.matching.places import EARTH_RADIUS_M
from services.matching.scorer import FULL, PARTS, UNKNOWN
from services.matching.skills.likeness import SAME

Array = NDArray[Any]
Pairs = tuple[Array, Array]
Likeness = tuple[Array, Array, Array]
Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compiled at its first call, and kept on disk for the next start where there is a place for it."""
    return _kept_if_possible(function)


def inlined(function: Function) -> Function:
    """Compiled into its callers: a call would pass dozens of arrays, and count references to each."""
    return _kept_if_possible(function, forceinline=True)


def _kept_if_possible(function: Function, **options: Any) -> Function:
    made: Any
    try:
        made = njit(nogil=True, error_model="numpy", cache=True, **options)(function)
    except RuntimeError:  # a read-only machine: compiled at every start
        made = njit(nogil=True, error_model="numpy", **options)(function)
    return cast(Function, made)


OCCUPATION, TEXT, WAGE, HOURS, COMMUTE, REQUIRED, PREFERRED, EXPERIENCE, CERTIFICATE = range(len(PARTS))
PART_COUNT = len(PARTS)
_ORDER = "occupation text wage hours commute required_skills preferred_skills experience certificate"
# Trap: what is compiled is kept on disk, under this file's date alone. A change elsewhere must be made here as well.
if (" ".join(PARTS), FULL, UNKNOWN, SAME, EXCLUDED, REACH_M, WITHIN_RANGE, EARTH_RADIUS_M) != (
    _ORDER, 10_000, -1, 10_000, -2, 40_000, 7_500, 6_371_000,
):  # fmt: skip
    raise ImportError("the scorer's constants are not those that the kernels were written for")
OUT_OF_REACH = 2**30
"""A floor that no score reaches."""

PRESENCE = tuple(1 << bit for bit in range(10))
"""What a profile says, a bit each: a part is known only where both sides' bits are set."""
(
    HAS_TEXT, HAS_OCCUPATION, HAS_HOUR, HAS_MONTH, HAS_HOURS, HAS_EXPERIENCE, HAS_GROUND, HAS_REQUIRED, HAS_PREFERRED,
    HAS_CERTIFICATES,
) = PRESENCE  # fmt: skip
PATTERNS = 1 << len(PRESENCE)

STEPS = 65_535
"""Stored values are whole steps, rounded up: a sum of them is never too small."""
SLACK = 100.0
"""A hundredth of a percent of a score: covers the rounding of four parts (30) and of sums in single precision (12)."""
STRETCH = 256
"""Documents looked at together; each stretch's most promising is worked out first, so that the bar rises early."""


class SparseRows(NamedTuple):
    """Rows of columns and values; columns rise within a row."""

    starts: Array
    columns: Array
    values: Array


class Terms(NamedTuple):
    """Rows of terms."""

    starts: Array
    terms: Array


class Seekers(NamedTuple):
    """All of the seekers' shelf."""

    conditions: Array
    text: SparseRows
    held: Terms
    certified: Array


class Postings(NamedTuple):
    """All of the postings' shelf."""

    conditions: Array
    text: SparseRows
    required: Terms
    preferred: Terms
    certificates: Terms


class Law(NamedTuple):
    """What judges a pair: look-up tables, likeness of terms, and the weight of each part."""

    occupations: Array
    districts: Array
    alike: SparseRows
    weights: Array


class Block(NamedTuple):
    """An inverted index over the documents `first` to `last`; `lists` says where each column's entries start.

    The most frequent columns are the `head`: they have no lists, a document's stand together, as places in the head.
    """

    first: int
    last: int
    lists: Array
    documents: Array
    steps: Array
    head: Array
    head_norms: Array
    head_starts: Array
    head_places: Array
    head_steps: Array


class Bound(NamedTuple):
    """By what two profiles say together: the weight of what is known, the weight of what is known of text and skills,
    and the most that the dense parts bring."""

    known: Array
    sparse: Array
    dense: Array


class Documents(NamedTuple):
    """The side that is searched: the least score that matters to each, what each says, and who is still there."""

    floors: Array
    patterns: Array
    live: Array


class Queries(NamedTuple):
    """Rows of the other side that ask, their terms spread over the documents' term columns, and their bars."""

    slots: Array
    patterns: Array
    terms: SparseRows
    bars: Array
    """The best scores so far, least first; a bar is raised only by documents at hand, so it is never too high."""


class Found(NamedTuple):
    """Pairs that reach a bar or a floor: number of the query, slot of the document, score."""

    queries: Array
    documents: Array
    scores: Array


def bound_of(weights: Array) -> Bound:
    """The bound for every pattern of presence."""
    patterns = np.arange(PATTERNS)
    known, sparse = np.zeros(PATTERNS), np.zeros(PATTERNS)
    for part, bits in _KNOWN_WHERE.items():
        holds = np.zeros(PATTERNS, dtype=bool)
        for bit in bits:
            holds |= (patterns & bit) != 0
        known += holds * weights[part]
        sparse += holds * weights[part] * (part in _SPARSE)
    return Bound(known.astype(np.float32), sparse.astype(np.float32), ((known - sparse) * FULL).astype(np.float32))


_ALL = tuple(range(PART_COUNT))
_SPARSE = (TEXT, REQUIRED, PREFERRED, CERTIFICATE)
_DENSE = (OCCUPATION, WAGE, HOURS, COMMUTE, EXPERIENCE)
_KNOWN_WHERE = {
    OCCUPATION: (HAS_OCCUPATION,),
    TEXT: (HAS_TEXT,),
    WAGE: (HAS_HOUR, HAS_MONTH),
    HOURS: (HAS_HOURS,),
    COMMUTE: (HAS_GROUND,),
    REQUIRED: (HAS_REQUIRED,),
    PREFERRED: (HAS_PREFERRED,),
    EXPERIENCE: (HAS_EXPERIENCE,),
    CERTIFICATE: (HAS_CERTIFICATES,),
}


@compiled
def invert(  # noqa: PLR0913, PLR0917 - arrays in, arrays out
    text: SparseRows, terms: SparseRows, first: int, last: int, head: Array, width: int, text_width: int
) -> Any:
    """An inverted index over documents `first` to `last`: text columns but the head, then term columns.

    Args:
        terms: of these documents alone.

    Returns:
        Where each column's entries start, the documents of the entries (from 0) and their values in steps; the norm of
        each document's head, where its entries start, their places in the head and their values in steps.
    """
    place_of = np.full(width, -1, np.int32)
    place_of[head] = np.arange(len(head))
    lists, head_starts = np.zeros(width + 1, np.int32), np.zeros(last - first + 1, np.int32)
    for row in range(first, last):
        for at in range(text.starts[row], text.starts[row + 1]):
            column = text.columns[at]
            lists[column + 1] += place_of[column] < 0
            head_starts[row - first + 1] += place_of[column] >= 0
        for at in range(terms.starts[row - first], terms.starts[row - first + 1]):
            lists[text_width + terms.columns[at] + 1] += 1
    lists, head_starts = np.cumsum(lists).astype(np.int32), np.cumsum(head_starts).astype(np.int32)
    filled, head_filled = lists[:-1].copy(), 0
    documents, steps = np.empty(lists[-1], np.uint16), np.empty(lists[-1], np.uint16)
    head_places, head_steps = np.empty(head_starts[-1], np.uint16), np.empty(head_starts[-1], np.uint16)
    head_norms = np.zeros(last - first, np.float32)
    for row in range(first, last):
        squares = 0.0
        for at in range(text.starts[row], text.starts[row + 1]):
            column, value = text.columns[at], text.values[at]
            if place_of[column] >= 0:
                squares += value * value
                head_places[head_filled], head_steps[head_filled] = place_of[column], _in_steps(value)
                head_filled += 1
            else:
                documents[filled[column]], steps[filled[column]] = row - first, _in_steps(value)
                filled[column] += 1
        head_norms[row - first] = np.sqrt(squares) * 1.000001
        for at in range(terms.starts[row - first], terms.starts[row - first + 1]):
            column = text_width + terms.columns[at]
            documents[filled[column]], steps[filled[column]] = row - first, _in_steps(terms.values[at])
            filled[column] += 1
    return lists, documents, steps, head_norms, head_starts, head_places, head_steps


@inlined
def _in_steps(value: float) -> int:
    return int(min(np.ceil(value * STEPS), STEPS))


@compiled
def often(text: SparseRows, first: int, last: int, text_width: int, least: int) -> Array:
    """The text columns that at least so many of these documents have."""
    counts = np.zeros(text_width, np.int32)
    for at in range(text.starts[first], text.starts[last]):
        counts[text.columns[at]] += 1
    return np.flatnonzero(counts >= least).astype(np.int32)


@compiled
def search(  # noqa: PLR0912, PLR0913, PLR0915, PLR0917 - a call a pair would cost more than the pair
    block: Block,
    documents: Documents,
    queries: Queries,
    by_postings: bool,
    seekers: Seekers,
    postings: Postings,
    law: Law,
    bound: Bound,
    threshold: int,
    dense_row: Array,
) -> Found:
    """All documents of the block that reach a query's bar or their own floor, with their exact scores.

    Raises each query's bar as it goes: whoever lies below the final bar may be among the found, nobody above it is
    missing. Writes on `dense_row`, zeros as wide as the text, and leaves zeros.
    """
    # Trap: a named tuple's arrays are taken out once, here. Within a loop each taking counts references, tenfold slow.
    size, text_width, text_gain = block.last - block.first, len(dense_row), law.weights[TEXT] * FULL
    asking, asked = (postings.text, seekers.text) if by_postings else (seekers.text, postings.text)
    rows, columns, values = asked.starts, asked.columns, asked.values
    occupations, districts, weights = law.occupations, law.districts, law.weights
    alike = law.alike.starts, law.alike.columns, law.alike.values
    held, certified = (seekers.held.starts, seekers.held.terms), seekers.certified
    required = postings.required.starts, postings.required.terms
    preferred = postings.preferred.starts, postings.preferred.terms
    certificates = postings.certificates.starts, postings.certificates.terms
    of_seekers, of_postings = seekers.conditions, postings.conditions
    floors, patterns, live = documents.floors, documents.patterns, documents.live
    known_weight, sparse_weight = bound.known, bound.sparse
    norms, head_starts, head_places, head_steps = (
        block.head_norms, block.head_starts, block.head_places, block.head_steps,
    )  # fmt: skip
    gains, reach = np.zeros(size, np.float32), np.empty(size, np.float32)
    head_weights = np.empty(len(block.head), np.float32)
    promising = np.empty((size + STRETCH - 1) // STRETCH, np.int64)
    parts = np.empty(PART_COUNT, np.int64)
    found = _room(1024)
    count = 0
    for number in range(len(queries.slots)):
        slot, pattern, bars = queries.slots[number], queries.patterns[number], queries.bars[number]
        _spread(asking, slot, dense_row)
        _add_lists(block, asking, slot, text_gain, queries.terms, number, text_width, gains)
        missing = _take_head(block.head, dense_row, text_gain, head_weights)
        _reach(block, documents, bound, pattern, missing, gains, reach, promising)
        for turn in range(2):
            for stretch in range(len(promising)):
                low, high = stretch * STRETCH, min(size, (stretch + 1) * STRETCH)
                if turn == 0:
                    low, high = promising[stretch], promising[stretch] + 1
                for near in range(low, high):
                    document = block.first + near
                    least = max(threshold, min(floors[document], bars[0]))
                    mask = patterns[document] & pattern
                    if reach[near] < (least - 0.5) * known_weight[mask] or not live[document]:
                        continue
                    reach[near] = -1.0
                    seeker, posting = (document, slot) if by_postings else (slot, document)
                    if not _judge(of_seekers[seeker], of_postings[posting], occupations, districts, parts):
                        continue
                    gained, known = _sums(parts, _DENSE, weights)
                    lacking = (least - 0.5) * (known + sparse_weight[mask]) - gained - SLACK - gains[near]
                    if missing * norms[near] < lacking:
                        continue
                    first, last = head_starts[near], head_starts[near + 1]
                    if _head_gain(first, last, head_places, head_steps, head_weights) < lacking:
                        continue
                    _cover(held, certified, seeker, required, preferred, certificates, posting, alike, parts)
                    if parts[CERTIFICATE] == 0 and certified[seeker]:
                        continue
                    parts[TEXT] = UNKNOWN
                    if mask & HAS_TEXT:
                        parts[TEXT] = _text(rows[document], rows[document + 1], columns, values, dense_row)
                    gained, known = _sums(parts, _ALL, weights)
                    score = (2 * gained + known) // (2 * known) if known else UNKNOWN
                    if score < least:
                        continue
                    _raise_bar(bars, score)
                    if count == len(found.scores):
                        found = _more(found)
                    found.queries[count], found.documents[count] = number, document
                    found.scores[count] = score
                    count += 1
        gains[:] = 0
        _clear(asking, slot, dense_row)
    return Found(found.queries[:count], found.documents[:count], found.scores[:count])


@compiled
def _room(size: int) -> Found:
    return Found(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64))


@compiled
def _more(found: Found) -> Found:
    size = len(found.scores)
    more = _room(2 * size)
    more.queries[:size], more.documents[:size], more.scores[:size] = found.queries, found.documents, found.scores
    return more


@inlined
def _spread(rows: SparseRows, row: int, dense_row: Array) -> None:
    for at in range(rows.starts[row], rows.starts[row + 1]):
        dense_row[rows.columns[at]] = rows.values[at]


@inlined
def _clear(rows: SparseRows, row: int, dense_row: Array) -> None:
    for at in range(rows.starts[row], rows.starts[row + 1]):
        dense_row[rows.columns[at]] = 0.0


@inlined
def _add_lists(  # noqa: PLR0913, PLR0917
    block: Block,
    asking: SparseRows,
    slot: int,
    text_gain: int,
    terms: SparseRows,
    number: int,
    text_width: int,
    gains: Array,
) -> None:
    """Add up what the lists hold of the query's text and terms."""
    for at in range(asking.starts[slot], asking.starts[slot + 1]):
        column = asking.columns[at]
        weight = np.float32(asking.values[at] * text_gain / STEPS)
        _add(block, block.lists[column], block.lists[column + 1], weight, gains)
    for at in range(terms.starts[number], terms.starts[number + 1]):
        column = text_width + terms.columns[at]
        if column + 1 < len(block.lists):
            weight = np.float32(terms.values[at] / STEPS)
            _add(block, block.lists[column], block.lists[column + 1], weight, gains)


@inlined
def _take_head(head: Array, dense_row: Array, text_gain: int, head_weights: Array) -> np.float32:
    """What a step in each of the head's columns brings; the most that all of them bring a head of norm one."""
    squares = 0.0
    for place in range(len(head)):
        value = dense_row[head[place]]
        head_weights[place] = value * text_gain / STEPS
        squares += value * value
    return np.float32(np.sqrt(squares) * text_gain * 1.000001)


@inlined
def _add(block: Block, low: int, high: int, weight: np.float32, gains: Array) -> None:
    documents, steps = block.documents, block.steps
    for at in range(np.uint64(low), np.uint64(high)):
        gains[documents[at]] += weight * np.float32(steps[at])


@inlined
def _reach(  # noqa: PLR0913, PLR0917
    block: Block,
    documents: Documents,
    bound: Bound,
    pattern: int,
    missing: np.float32,
    gains: Array,
    reach: Array,
    promising: Array,
) -> None:
    """The most each document can gain, slack included, and the most promising of every stretch."""
    slack = np.float32(SLACK)
    for stretch in range(len(promising)):
        best, best_mean = stretch * STRETCH, np.float32(-1.0)
        for near in range(stretch * STRETCH, min(len(gains), (stretch + 1) * STRETCH)):
            mask = documents.patterns[block.first + near] & pattern
            reach[near] = gains[near] + missing * block.head_norms[near] + bound.dense[mask] + slack
            if bound.known[mask] > 0 and reach[near] > best_mean * bound.known[mask]:
                best, best_mean = near, reach[near] / bound.known[mask]
        promising[stretch] = best


@inlined
def _raise_bar(bars: Array, score: int) -> None:
    """Keep the best scores, least first."""
    if score <= bars[0]:
        return
    at = 1
    while at < len(bars) and bars[at] < score:
        bars[at - 1] = bars[at]
        at += 1
    bars[at - 1] = score


@inlined
def _head_gain(first: int, last: int, places: Array, steps: Array, weights: Array) -> np.float32:
    """What a document's head brings, rounded up; in two sums, since each addition waits for the one before."""
    even = odd = np.float32(0.0)
    for at in range(first, last - 1, 2):
        even += weights[places[at]] * np.float32(steps[at])
        odd += weights[places[at + 1]] * np.float32(steps[at + 1])
    if (last - first) % 2:
        even += weights[places[last - 1]] * np.float32(steps[last - 1])
    return even + odd


@inlined
def _sums(values: Array, parts: tuple[int, ...], weights: Array) -> tuple[int, int]:
    gained, known = 0, 0
    for part in parts:
        if values[part] >= 0:
            gained += values[part] * weights[part]
            known += weights[part]
    return gained, known


@inlined
def _text(first: int, last: int, columns: Array, values: Array, dense_row: Array) -> int:
    """As SciPy adds it up: over common columns, in rising order."""
    alike = 0.0
    for at in range(first, last):
        alike += dense_row[columns[at]] * values[at]
    return min(int(np.floor(alike * FULL + 0.5)), FULL)


@inlined
def _cover(  # noqa: PLR0913, PLR0917
    held: Pairs,
    certified: Array,
    seeker: int,
    required: Pairs,
    preferred: Pairs,
    certificates: Pairs,
    posting: int,
    alike: Likeness,
    parts: Array,
) -> None:
    """How much of what a posting asks a seeker covers; unknown where either says nothing."""
    parts[REQUIRED] = parts[PREFERRED] = parts[CERTIFICATE] = UNKNOWN
    first, last = held[0][seeker], held[0][seeker + 1]
    if first < last:
        parts[REQUIRED] = _share(required[0], required[1], posting, held[1], first, last, alike)
        parts[PREFERRED] = _share(preferred[0], preferred[1], posting, held[1], first, last, alike)
    if certified[seeker]:
        parts[CERTIFICATE] = _share(certificates[0], certificates[1], posting, held[1], first, last, alike)


@inlined
def _share(  # noqa: PLR0913, PLR0917
    starts: Array, terms: Array, posting: int, held: Array, first: int, last: int, alike: Likeness
) -> int:
    count = starts[posting + 1] - starts[posting]
    if count == 0:
        return UNKNOWN
    covered = 0
    for at in range(starts[posting], starts[posting + 1]):
        best = 0
        for own in range(first, last):
            best = max(best, _likeness(held[own], terms[at], alike[0], alike[1], alike[2]))
        covered += best
    return int((2 * covered * FULL + count * SAME) // (2 * count * SAME))


@inlined
def _likeness(own: int, term: int, starts: Array, others: Array, shares: Array) -> int:
    if own == term:
        return SAME
    first, last = starts[own], starts[own + 1]
    if last - first == 1:  # nothing but itself
        return 0
    for at in range(first, last):
        if others[at] == term:
            return int(shares[at])
    return 0


@inlined
def _judge(s: Any, p: Any, occupations: Array, districts: Array, values: Array) -> bool:
    """`Conditions.judge` for one pair: false where a gate keeps the two apart."""
    occupation = occupations[s["occupations"], p["occupation"]]
    if occupation == EXCLUDED:
        return False
    if s["types"] != 0 and p["type"] != 0 and (s["types"] & p["type"]) == 0:
        return False
    within = districts[s["areas"], p["district"]]
    distance = UNKNOWN
    if s["known"] and p["known"]:
        squares = (s["x"] - p["x"]) ** 2 + (s["y"] - p["y"]) ** 2 + (s["z"] - p["z"]) ** 2
        distance = int(np.rint(np.sqrt(squares) * EARTH_RADIUS_M))
    if _is_too_far(s, p, within, distance):
        return False
    values[OCCUPATION] = occupation
    values[COMMUTE] = _commute(s, p, within, distance)
    values[WAGE] = _wage(s, p)
    values[HOURS] = UNKNOWN
    if s["hours"] > 0 and p["hours"] > 0:
        values[HOURS] = max(FULL - 2 * FULL * max(p["hours"] - s["hours"], 0) // s["hours"], 0)
    values[EXPERIENCE] = UNKNOWN
    if s["experience"] >= 0 and p["experience"] >= 0:
        asked = p["experience"]
        values[EXPERIENCE] = FULL if asked == 0 else min(FULL * s["experience"] // asked, FULL)
    return True


@inlined
def _is_too_far(s: Any, p: Any, within: int, distance: int) -> bool:
    limit = s["limit"]
    limited = limit > 0
    inside = within == 1 or (limited and 0 <= distance <= limit)
    left_open = (s["states_area"] and within == UNKNOWN) or (limited and distance < 0)
    outside = within == 0 or (limited and distance > limit)
    return bool(outside and not inside and not left_open and not p["remote"])


@inlined
def _commute(s: Any, p: Any, within: int, distance: int) -> int:
    if within == 1 or (p["remote"] and (s["known"] or s["states_area"])):
        return FULL
    if distance < 0:
        return UNKNOWN
    reach = 2 * s["limit"] if s["limit"] > 0 else REACH_M
    return int(max(FULL - FULL * distance // reach, 0))


@inlined
def _wage(s: Any, p: Any) -> int:
    if s["hour"] >= 0 and p["hour_most"] >= 0:
        return _paid(s["hour"], p["hour_least"], p["hour_most"])
    if s["month"] >= 0 and p["month_most"] >= 0:
        return _paid(s["month"], p["month_least"], p["month_most"])
    return UNKNOWN


@inlined
def _paid(wished: int, least: int, most: int) -> int:
    if least >= wished:
        return FULL
    short = max(wished - most, 0)
    return int(max(WITHIN_RANGE - 4 * WITHIN_RANGE * short // max(wished, 1), 0))


@compiled
def values_of(  # noqa: PLR0913, PLR0917 - arrays in, arrays out
    of_seekers: Array, of_postings: Array, seekers: Seekers, postings: Postings, law: Law, width: int
) -> Any:
    """The values of the parts of these pairs, a row a pair; pairs of the same posting are best kept together."""
    rows, columns, values = seekers.text.starts, seekers.text.columns, seekers.text.values
    asking = postings.text
    occupations, districts = law.occupations, law.districts
    alike = law.alike.starts, law.alike.columns, law.alike.values
    held, certified = (seekers.held.starts, seekers.held.terms), seekers.certified
    required = postings.required.starts, postings.required.terms
    preferred = postings.preferred.starts, postings.preferred.terms
    certificates = postings.certificates.starts, postings.certificates.terms
    told = np.empty((len(of_seekers), PART_COUNT), np.int16)
    parts, dense_row = np.empty(PART_COUNT, np.int64), np.zeros(width, np.float64)
    spread = -1
    for at in range(len(of_seekers)):
        seeker, posting = of_seekers[at], of_postings[at]
        if posting != spread:
            if spread >= 0:
                _clear(asking, spread, dense_row)
            _spread(asking, posting, dense_row)
            spread = posting
        _judge(seekers.conditions[seeker], postings.conditions[posting], occupations, districts, parts)
        _cover(held, certified, seeker, required, preferred, certificates, posting, alike, parts)
        parts[TEXT] = UNKNOWN
        if rows[seeker] < rows[seeker + 1] and asking.starts[posting] < asking.starts[posting + 1]:
            parts[TEXT] = _text(rows[seeker], rows[seeker + 1], columns, values, dense_row)
        told[at] = parts
    return told
