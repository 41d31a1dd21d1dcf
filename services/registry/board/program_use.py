"""How many come to the programs? Figures of the sessions that were held, each a row."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from services.registry.cafes import programs
from services.registry.cafes.hours import at_minute
from services.registry.cafes.programs import Tally
from shared.figure import Figure, Row

PROGRAMS = ("program_sessions", "program_seats", "program_attended", "program_attendance")
AT_ONCE = 5_000
"""Sessions looked up in one question: a database takes only so many values."""


class Held(NamedTuple):
    """A session that was held at a café, and how many stand where with it."""

    cafe: UUID
    session_id: UUID
    tally: Tally


def program_use(session: Session, since: date, until: date, cafe: UUID | None = None) -> tuple[Figure, ...]:
    """Figures of the days from one to another, both included; over all cafés or of one."""
    return figures(held(session, since, until, cafe))


def held(session: Session, since: date, until: date, cafe: UUID | None = None) -> list[Held]:
    """The sessions of these days that took place: staff closed them, or someone came."""
    start, end = at_minute(since, 0), at_minute(until + timedelta(days=1), 0)
    found = programs.sessions(session, start, end, cafe)
    tallies: dict[UUID, Tally] = {}
    for at in range(0, len(found), AT_ONCE):
        tallies |= programs.tallies(session, [each.session_id for each in found[at : at + AT_ONCE]])
    told = [(each, Held(each.cafe_id, each.session_id, tallies[each.session_id])) for each in found]
    return [one for each, one in told if each.state == "held" or one.tally.attended]


def figures(sessions: Iterable[Held]) -> tuple[Figure, ...]:
    """Sessions, seats taken, who came, and the share of seats whose people came.

    A session that nobody counted is a session; of its people nothing is known.
    """
    whole = list(sessions)
    counted = [(str(each.session_id), each.tally) for each in whole if each.tally.counted]
    unknown = len(whole) - len(counted)
    seated = _rows((one, tally.seated) for one, tally in counted)
    came = _rows((one, tally.attended) for one, tally in counted)
    return (
        Figure("program_sessions", len(whole) or None, rows=_rows((str(each.session_id), 1) for each in whole)),
        Figure("program_seats", _sum(seated), rows=seated, unknown=unknown),
        Figure("program_attended", _sum(came), rows=came, unknown=unknown),
        Figure("program_attendance", _sum(came), _sum(seated), came, "share", divided=True, unknown=unknown),
    )


def _rows(counted: Iterable[tuple[str, int]]) -> tuple[Row, ...]:
    return tuple(Row(one, "program_session", people) for one, people in counted)


def _sum(rows: Sequence[Row]) -> int | None:
    return sum(int(row.adds or 0) for row in rows) if rows else None
