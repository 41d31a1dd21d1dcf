"""Who is on a list? The exact best, in one order: score falling, who came first, id rising."""

import struct
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from services.matching.engine.profiles import Scope, Side

_PACKED_KEY = struct.Struct("<iq16s")


class Key(NamedTuple):
    """A pair's place in a list: keys sort as the list does."""

    falling_score: int
    since: int
    other: UUID


class Candidate(NamedTuple):
    """A pair that may enter a list, with its parts' values; without them it is on the list already."""

    key: Key
    values: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Held:
    """A list in memory: as of what it was made, and who is on it, packed: a city holds millions of lines."""

    revision: int
    profile_revision: int
    epoch: int
    packed: bytes = b""

    @property
    def keys(self) -> tuple[Key, ...]:
        lines = _PACKED_KEY.iter_unpack(self.packed)
        return tuple(Key(falling_score, since, UUID(bytes=other)) for falling_score, since, other in lines)

    @property
    def others(self) -> list[bytes]:
        """Who is on it, as the bytes of their ids: to compare, an id need not be an object."""
        size = _PACKED_KEY.size
        return [self.packed[at + size - 16 : at + size] for at in range(0, len(self.packed), size)]

    def __len__(self) -> int:
        return len(self.packed) // _PACKED_KEY.size

    @property
    def last_score(self) -> int:
        return int(-_PACKED_KEY.unpack_from(self.packed, len(self.packed) - _PACKED_KEY.size)[0])


def packed(keys: Iterable[Key]) -> bytes:
    return b"".join(_PACKED_KEY.pack(key.falling_score, key.since, key.other.bytes) for key in keys)


NOTHING_HELD = Held(revision=0, profile_revision=0, epoch=0)


class HeldLists:
    """All lists of a shard as last committed, and on which of them somebody is."""

    def __init__(self) -> None:
        self._lists: dict[Scope, Held] = {}
        self._scopes: list[Scope] = []
        self._numbers: dict[Scope, int] = {}
        self._named_by: dict[tuple[Side, bytes], array[int]] = defaultdict(lambda: array("I"))
        """By side of the list and id on it: numbers of the scopes that name it, or once did."""

    def __contains__(self, scope: Scope) -> bool:
        return scope in self._lists

    def of(self, scope: Scope) -> Held:
        return self._lists.get(scope, NOTHING_HELD)

    def update(self, lists: Mapping[Scope, Held]) -> None:
        for scope, held in lists.items():
            new = set(held.others).difference(self.of(scope).others)
            self._lists[scope] = held
            for other in new:
                self._named_by[scope[0], other].append(self._number(scope))

    def naming(self, side: Side, some: Collection[UUID]) -> set[UUID]:
        """Whose lists of this side name one of these."""
        others = {one.bytes for one in some}
        numbers = {number for other in others for number in self._named_by.get((side, other), ())}
        scopes = [self._scopes[number] for number in numbers]
        return {scope[1] for scope in scopes if not others.isdisjoint(self.of(scope).others)}

    def _number(self, scope: Scope) -> int:
        number = self._numbers.setdefault(scope, len(self._scopes))
        if number == len(self._scopes):
            self._scopes.append(scope)
        return number


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
