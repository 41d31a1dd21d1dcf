"""Which pairs reach a list, and what are their parts worth? Compiled loops: an honest bound, then exact pairs.

A score is (Σ weight·value) / (Σ weight) over known parts, what is lacking of the least evidence in the divisor. Text
and skills are sparse products, the rest are look-ups.
Per query and block: add up the inverted lists of all but the block's most frequent columns, put
‖query head‖·‖document head‖ over what was left out (Cauchy–Schwarz), the occupation's part as it is, every other dense
part that may be known at its full value, and compare with the least score that matters for that document. Only who
passes is worked out exactly. All sums of texts are of whole numbers, so in which order they are made is all the same,
and scores are those of `scorer.combine`.
"""

from typing import Any

import numpy as np

from services.matching.engine.compiling import compiled, inlined
from services.matching.engine.conditions import EXCLUDED, REACH_M, WITHIN_RANGE
from services.matching.engine.kernels import (
    CERTIFICATE,
    COMMUTE,
    EXPERIENCE,
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
    Terms,
)
from services.matching.engine.scorer import FULL, PARTS, UNKNOWN
from services.matching.engine.skills.likeness import SAME
from services.matching.engine.text import LENGTH
from shared.places import EARTH_RADIUS_M

_ORDER = "occupation text wage hours commute required_skills preferred_skills experience certificate"
# Trap: what is compiled is kept on disk, under this file's date alone. A change elsewhere must be made here as well.
if (" ".join(PARTS), FULL, UNKNOWN, SAME, EXCLUDED, REACH_M, WITHIN_RANGE, EARTH_RADIUS_M, LENGTH, STEPS) != (
    _ORDER, 10_000, -1, 10_000, -2, 40_000, 7_500, 6_371_000, 32_768, 65_535,
):  # fmt: skip
    raise ImportError("the scorer's constants are not those that the kernels were written for")

Pairs = tuple[Array, Array]
Likeness = tuple[Array, Array, Array]
ALL = tuple(range(PART_COUNT))
DENSE = (OCCUPATION, WAGE, HOURS, COMMUTE, EXPERIENCE)
SQUARE = LENGTH * LENGTH
HALF_SQUARE = SQUARE // 2
HALF, LOW = np.uint32(16), np.uint32(STEPS)
"""Bits of an entry's value, and all of them set."""
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
    first, size, text_width = block.first, block.last - block.first, len(row)
    members, stretches, patterns = block.members, block.stretches, block.patterns
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
    head_starts, head_entries = block.head_starts, block.head_entries
    scale = np.float32(weights[TEXT] * FULL / SQUARE)
    all_skills = np.float32(FULL * (weights[REQUIRED] + weights[PREFERRED] + weights[CERTIFICATE]))
    texts, gains, reach = np.zeros(size, np.int32), np.zeros(size, np.float32), np.empty(size, np.float32)
    wished = np.empty(occupations.shape[0] if by_postings else occupations.shape[1], np.float32)
    head_values = np.empty(len(block.head), np.uint16)
    lowest = _lowest(floors, first, members, stretches)
    others, hopes = np.empty(len(lowest), np.float32), np.empty(len(lowest), np.float32)
    hopeful = np.empty(len(lowest), np.int64)
    marked, nearest = np.zeros(len(alike[0]) - 1, np.bool_), np.zeros(len(alike[0]) - 1, np.int16)
    best_hopes, parts = np.empty(queries.bars.shape[1], np.float32), np.empty(PART_COUNT, np.int64)
    found = _room(1024)
    count = 0
    for number in range(len(queries.slots)):
        slot, pattern, bars = queries.slots[number], queries.patterns[number], queries.bars[number]
        low, high = asking.starts[slot], asking.starts[slot + 1]
        _spread(low, high, asking.columns, asking.values, row)
        _mark(number, queries.terms, True, marked)
        if len(block.lists):
            _add_text(low, high, asking, block, texts)
            _add_terms(number, queries.terms, text_width, block, gains)
        else:
            _look_through(first, members, asked, row, texts)
            gains[:] = all_skills
        missing = np.float32(_take_head(block.head, row, head_values) * scale * 1.000001)
        if by_postings:
            own, types = of_postings[slot]["occupation"], of_postings[slot]["type"]
        else:
            own, types = of_seekers[slot]["occupations"], of_seekers[slot]["types"]
        _fill_wished(occupations, own, by_postings, weights[OCCUPATION], wished)
        _reach(block, bound, pattern, types, wished, scale, missing, texts, gains, reach, others, hopes)
        hoping = 0
        best_hopes[:] = NEVER
        for stretch in range(len(hopes)):
            if hopes[stretch] >= max(threshold, min(lowest[stretch], bars[0])) - 0.5:
                hopeful[hoping] = stretch
                hoping += 1
                _keep_best(best_hopes, hopes[stretch])
        for turn in range(2):
            for place in range(hoping):
                stretch = hopeful[place]
                least = max(threshold, min(lowest[stretch], bars[0]))
                if hopes[stretch] < least - 0.5 or (turn == 0 and hopes[stretch] < best_hopes[0]):
                    continue
                mask, other = patterns[stretch] & pattern, others[stretch]
                low, high = stretches[stretch], stretches[stretch + 1]
                if turn == 0:  # the most promising come first of all, so that the bar rises early
                    low = _most_promising(reach, low, high)
                    high = low + 1
                enough = np.float32((least - 0.5) * divisors[mask] - other)
                for near in range(low, high):
                    if reach[near] < enough:
                        continue
                    document = first + members[near]
                    least = max(threshold, min(floors[document], bars[0]))
                    needed = (least - 0.5) * divisors[mask] - other
                    if reach[near] < needed or not live[document]:
                        continue
                    text = texts[near] + _head_of(head_starts[near], head_starts[near + 1], head_entries, head_values)
                    if text * scale + gains[near] < needed:
                        continue
                    reach[near] = NEVER
                    seeker, posting = (document, slot) if by_postings else (slot, document)
                    wishing, offered = (near, slot) if by_postings else (slot, near)
                    if not _judge(of_seekers[wishing], of_postings[offered], occupations, districts, parts):
                        continue
                    gained, known = _sums(parts, DENSE, weights)
                    lacking = (
                        (least - 0.5) * (known + sparse_weight[mask] + unproven[mask]) - gained - slack - gains[near]
                    )
                    if text * scale < lacking:
                        continue
                    _cover(
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
                    parts[TEXT] = _as_value(text) if mask & HAS_TEXT else UNKNOWN
                    gained, known = _sums(parts, ALL, weights)
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
        texts[:] = 0
        gains[:] = 0
        _clear(asking.starts[slot], asking.starts[slot + 1], asking.columns, row)
        _mark(number, queries.terms, False, marked)
    return Found(found.queries[:count], found.documents[:count], found.scores[:count])


@compiled
def values_of(  # noqa: PLR0913, PLR0917 - arrays in, arrays out
    of_seekers: Array, of_postings: Array, seekers: Seekers, postings: Postings, law: Law, row: Array
) -> Any:
    """The values of the parts of these pairs, a row a pair; pairs of the same posting are best kept together.

    Writes on `row`, zeros as wide as the text, and leaves zeros.
    """
    starts, columns, values = seekers.text.starts, seekers.text.columns, seekers.text.values
    own_starts, own_columns, own_values = postings.text.starts, postings.text.columns, postings.text.values
    occupations, districts = law.occupations, law.districts
    alike = law.alike.starts, law.alike.columns, law.alike.values
    held, certified = (seekers.held.starts, seekers.held.terms), seekers.certified
    required = postings.required.starts, postings.required.terms
    preferred = postings.preferred.starts, postings.preferred.terms
    certificates = postings.certificates.starts, postings.certificates.terms
    told = np.empty((len(of_seekers), PART_COUNT), np.int16)
    marked, nearest = np.ones(len(alike[0]) - 1, np.bool_), np.zeros(len(alike[0]) - 1, np.int16)
    parts = np.empty(PART_COUNT, np.int64)
    low, high, spread = 0, 0, -1
    for at in range(len(of_seekers)):
        seeker, posting = of_seekers[at], of_postings[at]
        if posting != spread:
            _clear(low, high, own_columns, row)
            low, high, spread = own_starts[posting], own_starts[posting + 1], posting
            _spread(low, high, own_columns, own_values, row)
        _judge(seekers.conditions[seeker], postings.conditions[posting], occupations, districts, parts)
        _cover(held, certified, seeker, required, preferred, certificates, posting, alike, marked, nearest, parts)
        parts[TEXT] = UNKNOWN
        if starts[seeker] < starts[seeker + 1] and low < high:
            parts[TEXT] = _as_value(_dot(starts[seeker], starts[seeker + 1], columns, values, row))
        told[at] = parts
    _clear(low, high, own_columns, row)
    return told


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


@inlined
def _reach(  # noqa: PLR0913, PLR0917
    block: Block,
    bound: Bound,
    pattern: int,
    types: int,
    wished: Array,
    scale: np.float32,
    missing: np.float32,
    texts: Array,
    gains: Array,
    reach: Array,
    others: Array,
    hopes: Array,
) -> None:
    """The most that text and skills can bring each document of the stretches that no gate shuts; the most that all else
    can bring a stretch, slack included, and the best score it can hope for."""
    stretches, patterns, occupations, of_types = block.stretches, block.patterns, block.occupations, block.types
    norms, dense, divisor, slack = block.head_norms, bound.dense, bound.divisor, bound.slack
    # what is not negative is in the same order as its bits, and of whole numbers many are compared at once
    heights, highest = reach.view(np.int32), np.empty(1, np.float32)
    top = highest.view(np.int32)
    for stretch in range(len(hopes)):
        mask, own = patterns[stretch] & pattern, of_types[stretch]
        most = dense[mask] + slack + wished[occupations[stretch]]
        hopes[stretch] = NEVER
        if most < 0 or (types and own and not types & own):
            continue
        low, high = np.uint64(stretches[stretch]), np.uint64(stretches[stretch + 1])
        for near in range(low, high):
            reach[near] = np.float32(texts[near]) * scale + gains[near] + missing * norms[near]
        height = np.int32(0)
        for near in range(low, high):
            height = max(height, heights[near])
        top[0] = height
        others[stretch] = most
        hopes[stretch] = (highest[0] + most) / divisor[mask] * np.float32(1.000001)


@inlined
def _most_promising(reach: Array, low: int, high: int) -> int:
    best = low
    for near in range(low + 1, high):
        if reach[near] > reach[best]:
            best = near
    return best


@inlined
def _lowest(floors: Array, first: int, members: Array, stretches: Array) -> Array:
    """The lowest floor of every stretch."""
    lowest = np.empty(len(stretches) - 1, np.int64)
    for stretch in range(len(lowest)):
        least = floors[first + members[stretches[stretch]]]
        for near in range(stretches[stretch] + 1, stretches[stretch + 1]):
            least = min(least, floors[first + members[near]])
        lowest[stretch] = least
    return lowest


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
def _spread(first: int, last: int, columns: Array, values: Array, row: Array) -> None:
    for at in range(first, last):
        row[columns[at]] = values[at]


@inlined
def _clear(first: int, last: int, columns: Array, row: Array) -> None:
    for at in range(first, last):
        row[columns[at]] = 0


@inlined
def _add_text(first: int, last: int, asking: SparseRows, block: Block, texts: Array) -> None:
    """Add up what the lists hold of the query's text."""
    columns, values, lists, entries = asking.columns, asking.values, block.lists, block.entries
    for at in range(first, last):
        value = np.int32(values[at])
        for place in range(np.uint64(lists[columns[at]]), np.uint64(lists[columns[at] + 1])):
            entry = entries[place]
            texts[entry >> HALF] += value * np.int32(entry & LOW)


@inlined
def _add_terms(number: int, terms: SparseRows, text_width: int, block: Block, gains: Array) -> None:
    """Add up what the lists hold of the query's terms; what the block does not know was met after it was made."""
    columns, values, lists, entries = terms.columns, terms.values, block.lists, block.entries
    for at in range(terms.starts[number], terms.starts[number + 1]):
        column = text_width + columns[at]
        if column + 1 < len(lists):
            value = np.float32(values[at] / STEPS)
            for place in range(np.uint64(lists[column]), np.uint64(lists[column + 1])):
                entry = entries[place]
                gains[entry >> HALF] += value * np.float32(entry & LOW)


@inlined
def _mark(number: int, terms: SparseRows, mark: bool, marked: Array) -> None:
    columns = terms.columns
    for at in range(terms.starts[number], terms.starts[number + 1]):
        marked[columns[at]] = mark


@inlined
def _look_through(first: int, members: Array, rows: SparseRows, row: Array, texts: Array) -> None:
    """Each document's whole text, where there are no lists."""
    starts, columns, values = rows.starts, rows.columns, rows.values
    for near in range(len(texts)):
        document = first + members[near]
        texts[near] = _dot(starts[document], starts[document + 1], columns, values, row)


@inlined
def _dot(first: int, last: int, columns: Array, values: Array, row: Array) -> int:
    alike = 0
    for at in range(first, last):
        alike += int(row[columns[at]]) * int(values[at])
    return alike


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
def _as_value(alike: int) -> int:
    """A sum of products of steps as whole ten-thousandths, half rounded up."""
    return min((alike * FULL + HALF_SQUARE) // SQUARE, FULL)


@inlined
def _fill_wished(table: Array, own: int, of_seekers: bool, weight: int, most: Array) -> None:
    """What the occupation can take from the most that is known to be reached, for each number on the other side."""
    for number in range(len(most)):
        value = table[number, own] if of_seekers else table[own, number]
        most[number] = NEVER if value == EXCLUDED else np.float32(weight * (value - FULL) * (value >= 0))


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


@inlined
def _sums(values: Array, parts: tuple[int, ...], weights: Array) -> tuple[int, int]:
    gained, known = 0, 0
    for part in parts:
        if values[part] >= 0:
            gained += values[part] * weights[part]
            known += weights[part]
    return gained, known


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
    marked: Array,
    nearest: Array,
    parts: Array,
) -> None:
    """How much of what a posting asks a seeker covers; unknown where either says nothing.

    Args:
        marked: the terms that are like any of one side's; no other can count.
        nearest: zeros, one a term, to be left as zeros: the greatest likeness of any of hers to that term.
    """
    parts[REQUIRED] = parts[PREFERRED] = parts[CERTIFICATE] = UNKNOWN
    first, last = held[0][seeker], held[0][seeker + 1]
    for at in range(first, last):
        if marked[held[1][at]]:
            for place in range(alike[0][held[1][at]], alike[0][held[1][at] + 1]):
                nearest[alike[1][place]] = max(nearest[alike[1][place]], alike[2][place])
    if first < last:
        parts[REQUIRED] = _share(required[0], required[1], posting, nearest)
        parts[PREFERRED] = _share(preferred[0], preferred[1], posting, nearest)
    if certified[seeker]:
        parts[CERTIFICATE] = _share(certificates[0], certificates[1], posting, nearest)
    for at in range(first, last):
        if marked[held[1][at]]:
            for place in range(alike[0][held[1][at]], alike[0][held[1][at] + 1]):
                nearest[alike[1][place]] = 0


@inlined
def _share(starts: Array, terms: Array, posting: int, nearest: Array) -> int:
    count, covered = starts[posting + 1] - starts[posting], 0
    if count == 0:
        return UNKNOWN
    for at in range(starts[posting], starts[posting + 1]):
        covered += int(nearest[terms[at]])
    return int((2 * covered * FULL + count * SAME) // (2 * count * SAME))


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
