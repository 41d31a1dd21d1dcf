"""Whose seeker is it? Each process keeps its share of the seekers, by a hash of the id that never changes."""

import hashlib
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Shard:
    """Share `number` of `count`."""

    number: int = 0
    count: int = 1

    @classmethod
    def named(cls, name: str) -> "Shard":
        number, count = map(int, name.split("/"))
        if number >= count:
            raise ValueError(f"shard {name}: the first is 0/{count}, the last {count - 1}/{count}")
        return cls(number, count)

    def keeps(self, seeker: UUID) -> bool:
        digest = hashlib.blake2b(seeker.bytes, digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.number

    @property
    def group(self) -> str:
        """The consumer group: every shard hears everything."""
        return f"matching-{self.number}of{self.count}"

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
