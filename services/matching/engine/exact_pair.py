"""What are a pair's parts worth, and does a gate keep the two apart? One pair at a time, compiled, exact."""

from typing import Any

import numpy as np

from services.matching.engine.compiling import compiled, inlined
from services.matching.engine.conditions import EXCLUDED, REACH_M, WITHIN_RANGE
from services.matching.engine.kernels import (
    CERTIFICATE,
    COMMUTE,
    EXPERIENCE,
    HOURS,
    OCCUPATION,
    PART_COUNT,
    PREFERRED,
    REQUIRED,
    TEXT,
    WAGE,
    Array,
    Law,
    Postings,
    Seekers,
)
from services.matching.engine.scorer import FULL, UNKNOWN
from services.matching.engine.skills.likeness import SAME
from services.matching.engine.text import LENGTH
from shared.places import EARTH_RADIUS_M

Pairs = tuple[Array, Array]
Likeness = tuple[Array, Array, Array]
SQUARE = LENGTH * LENGTH
HALF_SQUARE = SQUARE // 2


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
            clear_row(low, high, own_columns, row)
            low, high, spread = own_starts[posting], own_starts[posting + 1], posting
            spread_row(low, high, own_columns, own_values, row)
        judge(seekers.conditions[seeker], postings.conditions[posting], occupations, districts, parts)
        cover(held, certified, seeker, required, preferred, certificates, posting, alike, marked, nearest, parts)
        parts[TEXT] = UNKNOWN
        if starts[seeker] < starts[seeker + 1] and low < high:
            parts[TEXT] = as_value(dot(starts[seeker], starts[seeker + 1], columns, values, row))
        told[at] = parts
    clear_row(low, high, own_columns, row)
    return told


@inlined
def spread_row(first: int, last: int, columns: Array, values: Array, row: Array) -> None:
    for at in range(first, last):
        row[columns[at]] = values[at]


@inlined
def clear_row(first: int, last: int, columns: Array, row: Array) -> None:
    for at in range(first, last):
        row[columns[at]] = 0


@inlined
def dot(first: int, last: int, columns: Array, values: Array, row: Array) -> int:
    alike = 0
    for at in range(first, last):
        alike += int(row[columns[at]]) * int(values[at])
    return alike


@inlined
def as_value(alike: int) -> int:
    """A sum of products of steps as whole ten-thousandths, half rounded up."""
    return min((alike * FULL + HALF_SQUARE) // SQUARE, FULL)


@inlined
def sums(values: Array, parts: tuple[int, ...], weights: Array) -> tuple[int, int]:
    gained, known = 0, 0
    for part in parts:
        if values[part] >= 0:
            gained += values[part] * weights[part]
            known += weights[part]
    return gained, known


@inlined
def cover(  # noqa: PLR0913, PLR0917
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
def judge(s: Any, p: Any, occupations: Array, districts: Array, values: Array) -> bool:
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
