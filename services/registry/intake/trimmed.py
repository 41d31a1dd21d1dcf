"""Were entries of an agency's stream taken away before we read them? Redis's own counters tell.

A stream's writer may trim it (`XADD … MAXLEN`), and Redis's rights forbid no such word. All that was ever added is
read, or still there to be read, or gone: what this sum misses was trimmed. Some servers count anew from the next entry
that is read and forget what was missing, others never: so each finding is followed by `recount`.
"""

from dataclasses import dataclass
from typing import Any

from redis import Redis


@dataclass(frozen=True)
class Gap:
    """Where a group's count and the stream's differ.

    Args:
        lost: entries that were added and can no longer be read; below 0 where deleted ones were counted as lost before.
        last_read: id of the last entry that the group was given.
        read: what the group should have counted as read.
    """

    lost: int
    last_read: bytes
    read: int


def gap_in(redis: Redis, key: str, group: str) -> Gap | None:
    """What is missing between the stream and its group; None where the sum is right, or there is no such group."""
    with redis.pipeline(transaction=True) as pipe:  # both as of one moment
        pipe.xinfo_stream(key)
        pipe.xinfo_groups(key)
        stream, groups = pipe.execute()
    ours: Any = next((each for each in groups if each["name"] == group.encode()), None)
    if ours is None:
        return None
    to_be_read = stream["length"] - ours["pending"]
    read = stream["entries-added"] - to_be_read
    if ours["entries-read"] == read:
        return None
    # a group that never counted (a new one, or one made by an older server) has nothing to compare with
    lost = 0 if ours["entries-read"] is None else read - ours["entries-read"]
    return Gap(lost, ours["last-delivered-id"], read)


def recount(redis: Redis, key: str, group: str, gap: Gap) -> None:
    """Let the group count from here: the same gap is not found again."""
    redis.xgroup_setid(key, group, gap.last_read, entries_read=gap.read)
