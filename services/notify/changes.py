"""What changed on a seeker's list since yesterday? Told from what each of the last days found there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.notify.tables import MatchList

KEPT_DAYS = 3
RISES = 300
"""Points in ten thousand by which a score must grow to be told as risen: less is noise to a reader."""

Scores = Mapping[UUID, int]


@dataclass(frozen=True)
class ListChanges:
    """What is different for one seeker."""

    new: tuple[UUID, ...] = ()
    risen: tuple[tuple[UUID, int], ...] = ()
    """Postings, and by how much."""
    gone: tuple[UUID, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.risen or self.gone)


def noted(held: MatchList, day: date) -> dict[str, Any]:
    """What the days found, with the list as it stands before the first change of this one."""
    days = dict(held.before or {})
    if days and f"{day}" <= max(days):
        return days
    days[f"{day}"] = {UUID(pair["posting_id"]).hex: pair["score"] for pair in held.as_written()}
    return {known: days[known] for known in sorted(days)[-KEPT_DAYS:]}


def emptied(before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The same days without anything of the list."""
    return {day: {} for day in before} if before is not None else None


def since(lists: Iterable[MatchList], day: date) -> ListChanges:
    """What the lists of one seeker have that they had not at the beginning of that day, and the other way round."""
    new: list[UUID] = []
    risen: list[tuple[UUID, int]] = []
    gone: list[UUID] = []
    for held in lists:
        found = _found(held, day)
        if found is None:
            continue
        scores = {UUID(pair["posting_id"]): pair["score"] for pair in held.as_written()}
        new += [posting for posting in scores if posting not in found]
        risen += [(it, scores[it] - found[it]) for it in scores if it in found and scores[it] - found[it] >= RISES]
        gone += [posting for posting in found if posting not in scores]
    return ListChanges(tuple(new), tuple(sorted(risen, key=lambda it: -it[1])), tuple(gone))


def came_on(held: Iterable[MatchList], posting_id: UUID) -> date | None:
    """The day on which a posting came to the list; None where every day that is noted had it."""
    days = [day for one in held for day, found in (one.before or {}).items() if posting_id.hex not in found]
    return date.fromisoformat(max(days)) if days else None


def _found(held: MatchList, day: date) -> Scores | None:
    """The list at the beginning of that day; None where it has not changed since."""
    later = sorted(known for known in held.before or {} if known >= f"{day}")
    return {UUID(posting): score for posting, score in (held.before or {})[later[0]].items()} if later else None
