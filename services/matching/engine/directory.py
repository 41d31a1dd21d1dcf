"""Where does a column's list start? Only columns that occur have a place: a bit a column, and how many come before.

A start for every column there is would be more than a megabyte a block, most of it for columns that nobody has, and to
write it would take longer than all else that a small block takes.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.matching.engine.compiling import compiled, inlined

Array = NDArray[Any]
NOWHERE = -1
_WORD, _LAST = 6, 63
_ONE, _TWO, _FOUR, _TOP = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)
_PAIRS, _QUADS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_HALVES, _BYTES = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)


class Directory(NamedTuple):
    """A bit for each column that occurs, 64 a word; how many occur before each word; where each one's list starts."""

    bits: Array
    before: Array
    starts: Array


@inlined
def place_of(bits: Array, before: Array, column: int) -> int:
    """Which of the columns that occur this is; `NOWHERE` where it does not, or is none that was known."""
    word = column >> _WORD
    if word >= len(bits):
        return NOWHERE
    bit = _ONE << np.uint64(column & _LAST)
    if not bits[word] & bit:
        return NOWHERE
    return int(before[word] + _ones(bits[word] & (bit - _ONE)))


@inlined
def _ones(bits: np.uint64) -> int:
    """How many bits are set."""
    in_pairs = bits - ((bits >> _ONE) & _PAIRS)
    in_quads = (in_pairs & _QUADS) + ((in_pairs >> _TWO) & _QUADS)
    in_bytes = (in_quads + (in_quads >> _FOUR)) & _HALVES
    return int((in_bytes * _BYTES) >> _TOP)


@inlined
def mark(bits: Array, column: int) -> None:
    """This column occurs."""
    bits[column >> _WORD] |= _ONE << np.uint64(column & _LAST)


@inlined
def counted(bits: Array) -> Array:
    """How many columns occur before each word, and in all at the end."""
    before = np.zeros(len(bits) + 1, np.int32)
    for word in range(len(bits)):
        before[word + 1] = before[word] + _ones(bits[word])
    return before


@compiled
def columns_of(bits: Array, before: Array) -> Array:
    """The columns that occur, rising."""
    columns = np.empty(before[-1], np.int32)
    for word in range(len(bits)):
        rest, at = bits[word], before[word]
        while rest:
            lowest = rest & (~rest + _ONE)
            columns[at] = (word << _WORD) + _ones(lowest - _ONE)
            rest, at = rest ^ lowest, at + 1
    return columns


@compiled
def sizes_of(directory: Directory, columns: Array) -> Array:
    """How long the list of each of these columns is."""
    bits, before, starts, sizes = directory.bits, directory.before, directory.starts, np.zeros(len(columns), np.int64)
    for at in range(len(columns)):
        place = place_of(bits, before, columns[at])
        if place != NOWHERE:
            sizes[at] = starts[place + 1] - starts[place]
    return sizes
