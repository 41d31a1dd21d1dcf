"""In what form do compiled loops take everyone at hand? Arrays, and an inverted index in blocks.

Weighted gains are in ten-thousandths times weight, up to 1,000,000. Everything is in arrays; nothing here knows of
brokers, databases or clocks. Nothing runs in parallel within a call and the interpreter's lock is let go: callers
spread queries over threads.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.matching.engine.compiling import compiled, inlined
from services.matching.engine.directory import Directory, columns_of, counted, mark, place_of
from services.matching.engine.scorer import FULL, PARTS

Array = NDArray[Any]
PART_COUNT = len(PARTS)
OCCUPATION, TEXT, WAGE, HOURS, COMMUTE, REQUIRED, PREFERRED, EXPERIENCE, CERTIFICATE = range(PART_COUNT)
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
"""What a term brings is kept in whole steps, rounded up: a sum of them is never too small."""


class SparseRows(NamedTuple):
    """Rows of columns and values; columns rise within a row. Of texts, values are whole steps of 1/`text.LENGTH`."""

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


class Stretches(NamedTuple):
    """Neighbours that say the same and are the same to gates: where each stretch starts, what it wants and says, and
    the way to work of all of it (`reaches`)."""

    starts: Array
    occupations: Array
    types: Array
    patterns: Array
    ways: Array


class Block(NamedTuple):
    """Some documents, those that say the same next to each other, and an inverted index of them.

    `members` are their slots and `conditions` their rows, in the order of `stretches`: a gate is judged once for all of
    a stretch. `lists` says where each column's entries start. The most frequent columns are the `head`: their lists are
    empty, a document's stand together, as places in the head. An entry is a document or a place in its upper half, and
    a value in steps.
    A block of few documents, just come, has no index at all: their rows are looked through one by one.
    """

    members: Array
    conditions: Array
    stretches: Stretches
    lists: Directory
    entries: Array
    head: Array
    head_norms: Array
    head_starts: Array
    head_entries: Array


class Bound(NamedTuple):
    """By what two profiles say together: what a gain is divided by, the weight of what is known of text and skills, the
    most that the dense parts bring, what is lacking of the least evidence; and how much less a sum can be than what it
    stands for."""

    divisor: Array
    sparse: Array
    dense: Array
    lacking: Array
    slack: np.float32


class Documents(NamedTuple):
    """The side that is searched: the least score that matters to each, and who is still there."""

    floors: Array
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


def bound_of(weights: Array, least_evidence: int) -> Bound:
    """The bound for every pattern of presence. What a seeker can do is known exactly where both sides say it."""
    patterns = np.arange(PATTERNS)
    known, sparse, telling = np.zeros(PATTERNS), np.zeros(PATTERNS), np.zeros(PATTERNS)
    for part, bits in _KNOWN_WHERE.items():
        holds = np.zeros(PATTERNS, dtype=bool)
        for bit in bits:
            holds |= (patterns & bit) != 0
        known += holds * weights[part]
        sparse += holds * weights[part] * (part in SPARSE)
        telling += holds * weights[part] * (part in TELLING)
    lacking = np.maximum(least_evidence - telling, 0)
    # half a ten-thousandth of each part that is rounded, and the last bits of a dozen sums in single precision
    slack = np.float32(weights[list(SPARSE)].sum() / 2 + 2)
    dense = ((known - sparse) * FULL).astype(np.float32)
    divisor = (known + lacking).astype(np.float32)
    return Bound(divisor, sparse.astype(np.float32), dense, lacking.astype(np.int64), slack)


SPARSE = (TEXT, REQUIRED, PREFERRED, CERTIFICATE)
TELLING = (*SPARSE, EXPERIENCE)
"""The parts of the fit for the posting."""
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
    text: SparseRows, terms: SparseRows, members: Array, text_width: int, width: int, often: int
) -> Any:
    """An inverted index over these documents: text columns but the head, then term columns.

    Args:
        terms: of these documents alone, in their order.
        often: so many documents have a text column that belongs to the head.

    Returns:
        Where each column's entries start and the entries; the head; the norm of each document's head, where its
        entries start and the entries.
    """
    starts, columns, values = text.starts, text.columns, text.values
    term_starts, term_columns, term_values = terms.starts, terms.columns, terms.values
    bits = np.zeros((width >> 6) + 1, np.uint64)
    count = _mark_all(bits, text, terms, members, text_width)
    before = counted(bits)
    known = columns_of(bits, before)
    places, had, count = np.empty(count, np.int32), np.zeros(len(known) + 1, np.int32), 0
    for near in range(len(members)):
        for at in range(starts[members[near]], starts[members[near] + 1]):
            places[count] = place_of(bits, before, columns[at])
            had[places[count] + 1] += 1
            count += 1
    in_head, head_size = np.full(len(known), -1, np.int32), 0
    for place in range(len(known)):
        if known[place] < text_width and had[place + 1] >= often:
            in_head[place], had[place + 1] = head_size, 0
            head_size += 1
    for at in range(len(term_columns)):
        had[place_of(bits, before, text_width + term_columns[at]) + 1] += 1
    listed, lists = had.sum() - len(term_columns), np.cumsum(had).astype(np.int32)
    filled, entries = lists[:-1].copy(), np.empty(lists[-1], np.uint32)
    head_starts, head_entries = np.zeros(len(members) + 1, np.int32), np.empty(count - listed, np.uint32)
    head_norms, count, head_filled = np.zeros(len(members), np.float32), 0, 0
    for near in range(len(members)):
        squares = 0
        for at in range(starts[members[near]], starts[members[near] + 1]):
            place, value = places[count], int(np.int64(values[at]))
            count += 1
            if in_head[place] >= 0:
                squares += value * value
                head_entries[head_filled] = (in_head[place] << 16) | value
                head_filled += 1
            else:
                entries[filled[place]] = (near << 16) | value
                filled[place] += 1
        head_starts[near + 1], head_norms[near] = head_filled, np.sqrt(squares) * 1.000001
        for at in range(term_starts[near], term_starts[near + 1]):
            place = place_of(bits, before, text_width + term_columns[at])
            entries[filled[place]] = (near << 16) | _in_steps(term_values[at])
            filled[place] += 1
    return Directory(bits, before, lists), entries, known[in_head >= 0], head_norms, head_starts, head_entries


@inlined
def _mark_all(bits: Array, text: SparseRows, terms: SparseRows, members: Array, text_width: int) -> int:
    """Which columns occur; how many entries of texts there are."""
    starts, columns, term_columns, count = text.starts, text.columns, terms.columns, 0
    for near in range(len(members)):
        for at in range(starts[members[near]], starts[members[near] + 1]):
            mark(bits, columns[at])
            count += 1
    for at in range(len(term_columns)):
        mark(bits, text_width + term_columns[at])
    return count


@inlined
def _in_steps(value: float) -> int:
    return int(min(np.ceil(value * STEPS), STEPS))
