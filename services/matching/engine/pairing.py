"""Which pairs reach a list? Compiled loops: an honest bound, then exact pairs.

A score is (Σ weight·value) / (Σ weight) over known parts, what is lacking of the least evidence in the divisor. Text
and skills are sparse products, the rest are look-ups.
Per query and block: leave out the stretches that a gate shuts, and the block where none is left. Add up the inverted
lists of all but the block's most frequent columns, put ‖query head‖·‖document head‖ over what was left out
(Cauchy–Schwarz), the occupation's part as it is, the way to work at its best, every other dense part that may be known
at its full value, and compare with the least score that matters for that document. Where both sides speak of
certificates, who has nothing that is asked for is shut out at once. Who passes is worked out exactly, the cheapest
parts first, for as long as the rest can matter.
All sums of texts are of whole numbers, so in which order they are made is all the same, and scores are those of
`scorer.combine`.
"""

import numpy as np

from services.matching.engine.compiling import compiled, inlined
from services.matching.engine.conditions import EXCLUDED
from services.matching.engine.directory import place_of
from services.matching.engine.exact_pair import SQUARE, as_value, clear_row, cover, dot, judge, spread_row, sums
from services.matching.engine.kernels import (
    CERTIFICATE,
    COMMUTE,
    EXPERIENCE,
    HAS_CERTIFICATES,
    HAS_TEXT,
    HOURS,
    OCCUPATION,
    PART_COUNT,
    PREFERRED,
    REQUIRED,
    STEPS,
    TEXT,
    WAGE,
    Array,
    Block,
    Bound,
    Documents,
    Found,
    Law,
    Postings,
    Queries,
    Seekers,
    SparseRows,
    Stretches,
)
from services.matching.engine.prefetch import prefetch
from services.matching.engine.reaches import Wanted, best_occupation, best_way, wanted_by_posting, wanted_by_seeker
from services.matching.engine.scorer import FULL, UNKNOWN

ALL = tuple(range(PART_COUNT))
DENSE = (OCCUPATION, WAGE, HOURS, COMMUTE, EXPERIENCE)
HALF, LOW = np.uint32(16), np.uint32(STEPS)
"""Bits of an entry's value, and all of them set."""
AHEAD, LINES, LINE = 6, 4, 16
"""Lists that are asked for ahead, so many cache lines of each, of so many entries; what follows the processor guesses.
"""
NEVER = np.float32(-1e9)
"""Takes from a bound more than anything can bring."""


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
    row: Array,
) -> Found:
    """All documents of the block that reach a query's bar or their own floor, with their exact scores.

    The documents' side has the block's conditions, in its order, so that a gate which few pass is judged without a jump
    through memory for each.

    Raises each query's bar as it goes: whoever lies below the final bar may be among the found, nobody above it is
    missing. Writes on `row`, zeros as wide as the text, and leaves zeros.
    """
    # Trap: a named tuple's arrays are taken out once, here. Within a loop each taking counts references, tenfold slow.
    members, size, text_width = block.members, len(block.members), len(row)
    stretches, patterns = block.stretches.starts, block.stretches.patterns
    asking, asked = (postings.text, seekers.text) if by_postings else (seekers.text, postings.text)
    occupations, districts, weights = law.occupations, law.districts, law.weights
    alike = law.alike.starts, law.alike.columns, law.alike.values
    held, certified = (seekers.held.starts, seekers.held.terms), seekers.certified
    required = postings.required.starts, postings.required.terms
    preferred = postings.preferred.starts, postings.preferred.terms
    certificates = postings.certificates.starts, postings.certificates.terms
    of_seekers, of_postings = seekers.conditions, postings.conditions
    floors, live = documents.floors, documents.live
    divisors, sparse_weight, unproven, slack = bound.divisor, bound.sparse, bound.lacking, bound.slack
    entries, head_starts, head_entries = block.entries, block.head_starts, block.head_entries
    scale = np.float32(weights[TEXT] * FULL / SQUARE)
    all_skills = np.float32(FULL * (weights[REQUIRED] + weights[PREFERRED] + weights[CERTIFICATE]))
    # where the weight is none, lists do not tell who has the certificate that a gate asks for
    must_cover = weights[CERTIFICATE] > 0
    texts, gains, reach = np.empty(size, np.int32), np.empty(size, np.float32), np.empty(size, np.float32)
    head_values = np.empty(len(block.head), np.uint16)
    term_columns, term_values, term_starts = queries.terms.columns, queries.terms.values, queries.terms.starts
    lists = np.empty((max(_longest(queries.slots, asking.starts), len(term_columns)), 3), np.int64)
    lowest, leading = np.full(len(patterns), -1), np.empty(queries.bars.shape[1], np.float32)
    others, hopes = np.empty(len(patterns), np.float32), np.empty(len(patterns), np.float32)
    marked, nearest = np.zeros(len(alike[0]) - 1, np.bool_), np.zeros(len(alike[0]) - 1, np.int16)
    parts = np.empty(PART_COUNT, np.int64)
    found = _room(1024)
    count = 0
    for number in range(len(queries.slots)):
        slot, pattern, bars = queries.slots[number], queries.patterns[number], queries.bars[number]
        asks = wanted_by_posting(of_postings[slot]) if by_postings else wanted_by_seeker(of_seekers[slot])
        if not _besides(block.stretches, bound, pattern, asks, by_postings, law, others):
            continue
        low, high = asking.starts[slot], asking.starts[slot + 1]
        spread_row(low, high, asking.columns, asking.values, row)
        _mark(number, queries.terms, True, marked)
        if len(entries):
            texts[:] = 0
            gains[:] = 0
            of_text = lists[: _lists_of(low, high, asking.columns, 0, block, lists)]
            _add_text(of_text, entries, asking.values, texts)
            low, high = term_starts[number], term_starts[number + 1]
            of_terms = lists[: _lists_of(low, high, term_columns, text_width, block, lists)]
            _add_terms(of_terms, entries, term_values, gains)
        else:
            _look_through(stretches, others, members, asked, row, texts)
            gains[:] = all_skills
        missing = np.float32(_take_head(block.head, row, head_values) * scale * 1.000001)
        _reach(block, bound, pattern, scale, missing, must_cover, texts, gains, others, reach, hopes)
        for stretch in range(len(hopes)):
            if lowest[stretch] < 0 and hopes[stretch] >= threshold - 0.5:
                lowest[stretch] = _lowest(floors, members, stretches[stretch], stretches[stretch + 1])
        for turn in range(2):
            # the most promising come first, of each the best alone, so that the bar rises early
            enough_hope = _last_of_best(hopes, leading) if turn == 0 else NEVER
            for stretch in _promising(hopes, enough_hope, lowest, threshold, bars[0]):
                least = max(threshold, min(lowest[stretch], bars[0]))
                if hopes[stretch] < least - 0.5:
                    continue
                mask, other = patterns[stretch] & pattern, others[stretch]
                low, high = stretches[stretch], stretches[stretch + 1]
                if turn == 0:
                    low = _most_promising(reach, low, high)
                    high = low + 1
                enough = np.float32((least - 0.5) * divisors[mask] - other)
                for near in range(low, high):
                    if reach[near] < enough:
                        continue
                    document = members[near]
                    least = max(threshold, min(floors[document], bars[0]))
                    needed = (least - 0.5) * divisors[mask] - other
                    if reach[near] < needed or not live[document]:
                        continue
                    reach[near] = NEVER
                    text = texts[near] + _head_of(head_starts[near], head_starts[near + 1], head_entries, head_values)
                    at_most = text * scale + gains[near]
                    if at_most < needed:
                        continue
                    seeker, posting = (document, slot) if by_postings else (slot, document)
                    wishing, offered = (near, slot) if by_postings else (slot, near)
                    if not judge(of_seekers[wishing], of_postings[offered], occupations, districts, parts):
                        continue
                    gained, known = sums(parts, DENSE, weights)
                    needed = (least - 0.5) * (known + sparse_weight[mask] + unproven[mask]) - gained - slack
                    if at_most < needed:
                        continue
                    cover(
                        held,
                        certified,
                        seeker,
                        required,
                        preferred,
                        certificates,
                        posting,
                        alike,
                        marked,
                        nearest,
                        parts,
                    )
                    if parts[CERTIFICATE] == 0 and certified[seeker]:
                        continue
                    parts[TEXT] = as_value(text) if mask & HAS_TEXT else UNKNOWN
                    gained, known = sums(parts, ALL, weights)
                    divisor = known + unproven[mask]
                    score = (2 * gained + divisor) // (2 * divisor) if divisor else UNKNOWN
                    if score < least:
                        continue
                    _keep_best(bars, score)
                    if count == len(found.scores):
                        found = _more(found)
                    found.queries[count], found.documents[count] = number, document
                    found.scores[count] = score
                    count += 1
        clear_row(asking.starts[slot], asking.starts[slot + 1], asking.columns, row)
        _mark(number, queries.terms, False, marked)
    return Found(found.queries[:count], found.documents[:count], found.scores[:count])


@inlined
def _longest(slots: Array, starts: Array) -> int:
    """The most columns that any of these rows has."""
    longest = 0
    for slot in slots:
        longest = max(longest, starts[slot + 1] - starts[slot])
    return int(longest)


@inlined
def _besides(  # noqa: PLR0913, PLR0917
    stretches: Stretches, bound: Bound, pattern: int, asks: Wanted, by_postings: bool, law: Law, others: Array
) -> int:
    """The most that all but text and skills can bring each stretch, slack included, and `NEVER` where a gate shuts it;
    how many are open."""
    occupations, districts, weights = law.occupations, law.districts, law.weights
    patterns, ways, dense, slack = stretches.patterns, stretches.ways, bound.dense, bound.slack
    opened = 0
    for stretch in range(len(others)):
        others[stretch] = NEVER
        value = best_occupation(stretches, stretch, asks, by_postings, occupations)
        if value == EXCLUDED:
            continue
        way = best_way(ways[stretch], asks, by_postings, districts)
        if way == EXCLUDED:
            continue
        lost = weights[OCCUPATION] * (FULL - value) * (value >= 0) + weights[COMMUTE] * (FULL - way)
        others[stretch] = dense[patterns[stretch] & pattern] + slack - np.float32(lost)
        opened += 1
    return opened


@inlined
def _reach(  # noqa: PLR0913, PLR0917
    block: Block,
    bound: Bound,
    pattern: int,
    scale: np.float32,
    missing: np.float32,
    must_cover: bool,
    texts: Array,
    gains: Array,
    others: Array,
    reach: Array,
    hopes: Array,
) -> None:
    """The most that text and skills can bring each document of the open stretches, and the best score that a stretch
    can hope for."""
    stretches, patterns, norms, divisor = (
        block.stretches.starts,
        block.stretches.patterns,
        block.head_norms,
        bound.divisor,
    )
    # what is not negative is in the same order as its bits, and of whole numbers many are compared at once
    heights, highest = reach.view(np.int32), np.empty(1, np.float32)
    top = highest.view(np.int32)
    highest[0] = NEVER
    height_of_none = top[0]
    for stretch in range(len(hopes)):
        hopes[stretch] = NEVER
        if others[stretch] < 0:
            continue
        low, high = np.uint64(stretches[stretch]), np.uint64(stretches[stretch + 1])
        for near in range(low, high):
            reach[near] = np.float32(texts[near]) * scale + gains[near] + missing * norms[near]
        mask = patterns[stretch] & pattern
        # who states certificates, but none like what is asked, is shut out by the gate
        if must_cover and mask & HAS_CERTIFICATES:
            for near in range(low, high):
                reach[near] = reach[near] if gains[near] > 0 else NEVER
        height = height_of_none
        for near in range(low, high):
            height = max(height, heights[near])
        top[0] = height
        hopes[stretch] = (highest[0] + others[stretch]) / divisor[mask] * np.float32(1.000001)


@inlined
def _last_of_best(hopes: Array, leading: Array) -> np.float32:
    """The least of so many greatest hopes as `leading` holds."""
    leading[:] = NEVER
    for stretch in range(len(hopes)):
        _keep_best(leading, hopes[stretch])
    return np.float32(leading[0])


@inlined
def _promising(hopes: Array, enough_hope: np.float32, lowest: Array, threshold: int, bar: int) -> Array:
    """The stretches that hope for enough and for what matters, the most promising first."""
    hopeful, hoping = np.empty(len(hopes), np.int64), 0
    for stretch in range(len(hopes)):
        if hopes[stretch] >= enough_hope and hopes[stretch] >= max(threshold, min(lowest[stretch], bar)) - 0.5:
            hopeful[hoping] = stretch
            hoping += 1
    return hopeful[:hoping][np.argsort(-hopes[hopeful[:hoping]])]


@inlined
def _most_promising(reach: Array, low: int, high: int) -> int:
    best = low
    for near in range(low + 1, high):
        if reach[near] > reach[best]:
            best = near
    return best


@inlined
def _lowest(floors: Array, members: Array, low: int, high: int) -> int:
    """The lowest floor of a stretch."""
    least = floors[members[low]]
    for near in range(low + 1, high):
        least = min(least, floors[members[near]])
    return int(least)


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
def _lists_of(  # noqa: PLR0913, PLR0917
    first: int, last: int, columns: Array, before_all: int, block: Block, lists: Array
) -> int:
    """Where the lists of these columns start and end, and whose they are; how many the block has. What it does not know
    was met after it was made."""
    bits, before, starts = block.lists.bits, block.lists.before, block.lists.starts
    count = 0
    for at in range(first, last):
        place = place_of(bits, before, before_all + columns[at])
        if place >= 0:
            lists[count, 0], lists[count, 1], lists[count, 2] = starts[place], starts[place + 1], at
            count += 1
    return count


@inlined
def _add_text(lists: Array, entries: Array, values: Array, texts: Array) -> None:
    """Add up what these lists hold of the query's text. They are short and lie far apart: to wait for each would take
    longer than to add it, so each is asked for while others are added."""
    for at in range(-AHEAD, len(lists)):
        if at + AHEAD < len(lists):
            for line in range(LINES):
                prefetch(entries, lists[at + AHEAD, 0] + line * LINE)
        if at >= 0:
            value = np.int32(values[lists[at, 2]])
            for place in range(np.uint64(lists[at, 0]), np.uint64(lists[at, 1])):
                entry = entries[place]
                texts[entry >> HALF] += value * np.int32(entry & LOW)


@inlined
def _add_terms(lists: Array, entries: Array, values: Array, gains: Array) -> None:
    """Add up what these lists hold of the query's terms."""
    for at in range(len(lists)):
        value = np.float32(values[lists[at, 2]] / STEPS)
        for place in range(np.uint64(lists[at, 0]), np.uint64(lists[at, 1])):
            entry = entries[place]
            gains[entry >> HALF] += value * np.float32(entry & LOW)


@inlined
def _mark(number: int, terms: SparseRows, mark: bool, marked: Array) -> None:
    columns = terms.columns
    for at in range(terms.starts[number], terms.starts[number + 1]):
        marked[columns[at]] = mark


@inlined
def _look_through(  # noqa: PLR0913, PLR0917
    stretches: Array, others: Array, members: Array, rows: SparseRows, row: Array, texts: Array
) -> None:
    """The whole text of each document that no gate shuts out, where there are no lists."""
    starts, columns, values = rows.starts, rows.columns, rows.values
    for stretch in range(len(others)):
        if others[stretch] >= 0:
            for near in range(stretches[stretch], stretches[stretch + 1]):
                document = members[near]
                texts[near] = dot(starts[document], starts[document + 1], columns, values, row)


@inlined
def _take_head(head: Array, row: Array, head_values: Array) -> float:
    """The query's values in the head's columns, and their norm."""
    squares = 0
    for place in range(len(head)):
        head_values[place] = row[head[place]]
        squares += int(head_values[place]) * int(head_values[place])
    return float(np.sqrt(squares))


@inlined
def _head_of(first: int, last: int, entries: Array, head_values: Array) -> int:
    """What a document's head adds to its text."""
    alike = 0
    for at in range(first, last):
        alike += int(np.int64(head_values[entries[at] >> HALF]) * np.int64(entries[at] & LOW))
    return alike


@inlined
def _keep_best(best: Array, value: float) -> None:
    """Keep the best of all that come, least first."""
    if value <= best[0]:
        return
    at = 1
    while at < len(best) and best[at] < value:
        best[at - 1] = best[at]
        at += 1
    best[at - 1] = value
