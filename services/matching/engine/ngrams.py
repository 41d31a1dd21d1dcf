"""Which n-grams does a text hold, and how much does each tell? Compiled: one pass over a text, no object a term.

N-grams are those of scikit-learn's `HashingVectorizer(analyzer="char_wb")`: within words that stand between spaces, a
space put before and after each; a word shorter than the n-gram is one n-gram. Columns are those it hashes to, by
MurmurHash3 (Austin Appleby's MurmurHash3_x86_32, public domain, seed 0) of the UTF-8 bytes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.matching.engine.compiling import compiled, inlined

Array = NDArray[Any]
Arrays = tuple[Array, Array, Array]
SPACE = 32
SPACES = (0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)


@compiled
def columns_of(codes: Array, korean: Array, sizes: Array, firsts: Array, widths: Array) -> Array:
    """The column of every n-gram of a text, as often as it occurs.

    Args:
        codes: the text's code points.
        korean: of each kind of n-gram, whether it is of words between Latin letters and digits, or between Hangul.
        sizes: of each kind, how many characters it has, 2 to 4.
        firsts: of each kind, its first column.
        widths: of each kind, how many columns it is hashed to.
    """
    found = np.empty(len(sizes) * (2 * len(codes) + 2), np.int32)
    spelled, count = np.empty(16, np.uint8), 0
    for kind in range(len(sizes)):
        start = 0
        for at in range(len(codes) + 1):
            if at < len(codes) and not _parts_words(codes[at], korean[kind]):
                continue
            if start < at:
                length = at - start + 2
                for offset in range(max(length - sizes[kind] + 1, 1)):
                    size = 0
                    for place in range(offset, min(offset + sizes[kind], length)):
                        inside = 0 < place < length - 1
                        code = int(codes[start + place - 1]) if inside else SPACE
                        size = _spell(code, spelled, size)
                    found[count] = firsts[kind] + _hashed(spelled, size) % widths[kind]
                    count += 1
            start = at + 1
    return found[:count]


@compiled
def counted(columns: Array) -> Any:
    """Each of the columns, which rise, once, and how often it is there."""
    once, times, last = np.empty(len(columns), np.int32), np.empty(len(columns), np.float64), -1
    for at in range(len(columns)):
        if at == 0 or columns[at] != columns[at - 1]:
            last += 1
            once[last], times[last] = columns[at], 0.0
        times[last] += 1.0
    return once[: last + 1], times[: last + 1]


@compiled
def weighed(titles: Arrays, bodies: Arrays, telling: Arrays, title_weight: float, length: int) -> Any:
    """Rows of whole multiples of 1/`length`, of length one but for rounding: title and body, each of length one, added.

    Args:
        titles: counts as starts, columns (rising within a row) and how often.
        bodies: the same of the same documents.
        telling: what a column tells, by its frequency and by its kind, and what so many occurrences weigh; more weigh
            as much as the last.
    """
    starts = np.zeros(len(titles[0]), np.int64)
    most = len(titles[1]) + len(bodies[1])
    columns, values, count = np.empty(most, np.int32), np.empty(most, np.float64), 0
    for row in range(len(starts) - 1):
        of_title, of_body = _of_length_one(titles, row, telling), _of_length_one(bodies, row, telling)
        count = _add(titles, of_title, bodies, of_body, row, title_weight, columns, values, count)
        norm = _norm(values[starts[row] : count])
        for at in range(starts[row], count):
            values[at] = np.rint(values[at] / norm * length) / length
        starts[row + 1] = count
    return starts, columns[:count], values[:count]


@inlined
def _of_length_one(counts: Arrays, row: int, telling: Arrays) -> Array:
    starts, columns, times = counts
    frequencies, weights, logarithms = telling
    first, last = starts[row], starts[row + 1]
    values = np.empty(last - first, np.float64)
    for at in range(first, last):
        column = columns[at]
        told = frequencies[column] * weights[column]
        values[at - first] = logarithms[min(int(times[at]), len(logarithms) - 1)] * told
    norm = _norm(values)
    for at in range(len(values)):
        values[at] /= norm
    return values


@inlined
def _norm(values: Array) -> float:
    squares = 0.0
    for value in values:
        squares += value * value
    return float(np.sqrt(squares)) if squares else 1.0


@inlined
def _add(  # noqa: PLR0913, PLR0917
    titles: Arrays,
    of_title: Array,
    bodies: Arrays,
    of_body: Array,
    row: int,
    title_weight: float,
    columns: Array,
    values: Array,
    count: int,
) -> int:
    """Both rows into one, columns rising; the count of cells after it."""
    one, other = titles[0][row], bodies[0][row]
    first, first_other, last, last_other = one, other, titles[0][row + 1], bodies[0][row + 1]
    while one < last or other < last_other:
        here = titles[1][one] if one < last else np.int32(2**31 - 1)
        there = bodies[1][other] if other < last_other else np.int32(2**31 - 1)
        columns[count], values[count] = min(here, there), 0.0
        if here <= there:
            values[count] += title_weight * of_title[one - first]
            one += 1
        if there <= here:
            values[count] += of_body[other - first_other]
            other += 1
        count += 1
    return count


@inlined
def _parts_words(code: int, korean: bool) -> bool:
    """Space, as `str.split` knows it, or a character of the other script."""
    if code <= 0x7F:
        return 9 <= code <= 13 or 28 <= code <= SPACE or (korean and (48 <= code <= 57 or 97 <= code <= 122))
    if 0xAC00 <= code <= 0xD7A3:
        return not korean
    for space in SPACES:
        if code == space:
            return True
    return 0x2000 <= code <= 0x200A


@inlined
def _spell(code: int, spelled: Array, size: int) -> int:
    """Put down a character's UTF-8 bytes; how many there are now."""
    if code < 0x80:
        spelled[size] = code
        return size + 1
    if code < 0x800:
        spelled[size], spelled[size + 1] = 0xC0 | code >> 6, 0x80 | code & 63
        return size + 2
    if code < 0x10000:
        spelled[size], spelled[size + 1], spelled[size + 2] = 0xE0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63
        return size + 3
    spelled[size], spelled[size + 1] = 0xF0 | code >> 18, 0x80 | code >> 12 & 63
    spelled[size + 2], spelled[size + 3] = 0x80 | code >> 6 & 63, 0x80 | code & 63
    return size + 4


@inlined
def _hashed(spelled: Array, size: int) -> int:
    """MurmurHash3_x86_32 as a signed number, without its sign."""
    whole, mixed, tail = 0xFFFFFFFF, 0, 0
    for at in range(0, size - size % 4, 4):
        four = int(spelled[at]) | int(spelled[at + 1]) << 8 | int(spelled[at + 2]) << 16 | int(spelled[at + 3]) << 24
        mixed ^= _scrambled(four)
        mixed = (mixed << 13 | mixed >> 19) & whole
        mixed = (mixed * 5 + 0xE6546B64) & whole
    for at in range(size - size % 4, size):
        tail |= int(spelled[at]) << 8 * (at % 4)
    mixed ^= _scrambled(tail) ^ size
    mixed = (mixed ^ mixed >> 16) * 0x85EBCA6B & whole
    mixed = (mixed ^ mixed >> 13) * 0xC2B2AE35 & whole
    mixed ^= mixed >> 16
    return mixed if mixed < 0x80000000 else 0x100000000 - mixed


@inlined
def _scrambled(four: int) -> int:
    four = four * 0xCC9E2D51 & 0xFFFFFFFF
    return (four << 15 | four >> 17) * 0x1B873593 & 0xFFFFFFFF
