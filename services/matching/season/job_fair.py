"""Who meets whom when at a job fair, so that nobody is in two places at once?

Every meeting gets a round. A bipartite graph whose busiest vertex has d edges can be coloured with d colours (Kőnig
1916): so many rounds as the busiest party has meetings are enough, and never fewer would do.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Meeting(NamedTuple):
    """A seeker at a table of a firm; both count from 0."""

    seeker: int
    table: int


def rounds(meetings: Sequence[Meeting]) -> list[int]:
    """The round of each meeting, from 0: no seeker and no table has two meetings in one.

    Needs exactly as many rounds as the busiest seeker or table has meetings. A meeting may stand twice; it is then held
    twice.
    """
    held: list[int] = [-1] * len(meetings)
    at: dict[tuple[str, int], dict[int, int]] = {}
    """Of each seeker and table: the meeting of every round taken."""
    for number, meeting in enumerate(meetings):
        seeker, table = _ends(meeting)
        free_here, free_there = _first_free(at.setdefault(seeker, {})), _first_free(at.setdefault(table, {}))
        if free_here != free_there:
            _swap_along(meetings, held, at, table, (free_here, free_there))
        _hold(meetings, held, at, number, free_here)
    return held


def tables(candidates: Sequence[int], firm: Sequence[int], tables_of_firm: int) -> list[Meeting]:
    """Meetings of candidates with firms, dealt evenly to each firm's tables.

    `candidates` and `firm` say seeker and firm of each meeting; tables are numbered firm by firm.
    """
    seen: dict[int, int] = {}
    dealt = []
    for seeker, host in zip(candidates, firm, strict=True):
        turn = seen.get(host, 0)
        seen[host] = turn + 1
        dealt.append(Meeting(seeker, host * tables_of_firm + turn % tables_of_firm))
    return dealt


def _ends(meeting: Meeting) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("seeker", meeting.seeker), ("table", meeting.table)


def _first_free(taken: dict[int, int]) -> int:
    return next(number for number in range(len(taken) + 1) if number not in taken)


def _hold(
    meetings: Sequence[Meeting], held: list[int], at: dict[tuple[str, int], dict[int, int]], number: int, when: int
) -> None:
    held[number] = when
    for end in _ends(meetings[number]):
        at[end][when] = number


def _swap_along(
    meetings: Sequence[Meeting],
    held: list[int],
    at: dict[tuple[str, int], dict[int, int]],
    start: tuple[str, int],
    two: tuple[int, int],
) -> None:
    """Exchange two rounds along the path of meetings held in them, from a table on; the first is then free there.

    The path cannot come back to the seeker for whom the first round is free: it would have to arrive by that round.
    """
    path, end, when = [], start, two[0]
    while (number := at[end].get(when)) is not None:
        path.append(number)
        seeker, table = _ends(meetings[number])
        end = seeker if end == table else table
        when = two[1] if when == two[0] else two[0]
    for number in path:
        for at_end in _ends(meetings[number]):
            del at[at_end][held[number]]
    for number in path:
        _hold(meetings, held, at, number, two[1] if held[number] == two[0] else two[0])
