"""Sessions as rows of a file: read, taken in once however often they are sent, and written again."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, or_, select

from services.registry.cafes import programs
from services.registry.cafes.hours import Span
from services.registry.cafes.program_kinds import kinds
from services.registry.cafes.programs import MOST_SEATS, Tally, Told
from services.registry.cafes.refusals import Refused
from services.registry.tables import Cafe, ProgramSession
from shared.clock import KST, now

Outcome = Literal["planned", "recorded", "unchanged", "left_out"]

COLUMNS = (
    "cafe", "kind", "title", "starts_at", "minutes", "seats", "skill", "staff", "enrolled", "attended", "state",
)  # fmt: skip
"""Of `state` only `called_off` is read: such a row is left out. Any other session that is over was held."""
COUNTS = COLUMNS[8:10]
LONGEST = 200
MOST_PEOPLE = 10_000


def take(session: Session, row: Mapping[str, str], by: str) -> Outcome:
    """Take in one row: plan a coming session, record one that is over. Raises `Refused`.

    Two files at once must not both miss what the other brings: call `one_at_a_time` before.
    """
    told, cafe = read(row), cafe_named(session, _cell(row, "cafe"))
    same = select(ProgramSession).where(
        ProgramSession.cafe_id == cafe.cafe_id,
        ProgramSession.kind == told.kind,
        ProgramSession.title == told.title,
        ProgramSession.starts_at == told.span.starts_at,
        ProgramSession.state != "called_off",
    )
    if session.exec(same).first():
        return "unchanged"
    if _cell(row, "state") == "called_off":
        return "left_out"
    counts = read_counts(row)
    if told.span.ends_at > now():
        if any(counts.values()):
            raise Refused("COUNTS_WRONG")
        programs.schedule(session, cafe, told, by)
        return "planned"
    programs.record(session, cafe, told, counts, by)
    return "recorded"


def read(row: Mapping[str, str]) -> Told:
    """What a row says of a session. Times without a zone are Korea's. Raises `Refused`."""
    named = {name.casefold(): code for code, kind in kinds().items() for name in (code, kind.ko, kind.en)}
    kind = kinds().get(named.get(_cell(row, "kind").casefold(), ""))
    if kind is None:
        raise Refused("KIND_WRONG")
    title = _cell(row, "title") or kind.ko
    staff = tuple(filter(None, map(str.strip, _cell(row, "staff").split(";"))))
    seats = _number(_cell(row, "seats") or str(kind.seats), MOST_SEATS, "SEATS_WRONG")
    if not seats:
        raise Refused("SEATS_WRONG")
    return Told(kind.code, title, _span(row, kind.minutes), seats, _cell(row, "skill"), staff)


def read_counts(row: Mapping[str, str]) -> dict[str, int]:
    """How many had a seat and how many came; nothing where neither is known. Raises `Refused`."""
    if not any(_cell(row, name) for name in COUNTS):
        return {}
    enrolled, attended = (_number(_cell(row, name), MOST_PEOPLE, "COUNTS_WRONG") for name in COUNTS)
    if attended > enrolled:
        raise Refused("COUNTS_WRONG")
    return {"attended": attended, "absent": enrolled - attended}


def cafe_named(session: Session, told: str) -> Cafe:
    """By its name or id. Raises `Refused`."""
    try:
        cafe_id: UUID | None = UUID(told)
    except ValueError:
        cafe_id = None
    cafe = session.exec(select(Cafe).where(or_(col(Cafe.name) == told, col(Cafe.cafe_id) == cafe_id))).first()
    if cafe is None:
        raise Refused("CAFE_UNKNOWN")
    return cafe


def written(program: ProgramSession, cafe: Cafe, tally: Tally) -> dict[str, str]:
    """A row that reads back as the session it came from."""
    counted = program.state == "held" and tally.counted
    cells: Sequence[object] = (
        cafe.name,
        program.kind,
        program.title,
        f"{program.starts_at.astimezone(KST):%Y-%m-%dT%H:%M}",
        programs.span_of(program).minutes,
        program.seats,
        program.skill,
        "; ".join(program.staff),
        tally.seated if counted else "",
        tally.attended if counted else "",
        program.state,
    )
    return dict(zip(COLUMNS, map(str, cells), strict=True))


def _cell(row: Mapping[str, str], name: str) -> str:
    told = (row.get(name) or "").strip()
    if len(told) > LONGEST or not told.isprintable():
        raise Refused("ROW_WRONG")
    return told


def _span(row: Mapping[str, str], usual: int) -> Span:
    minutes = _number(_cell(row, "minutes") or str(usual), 24 * 60, "TIME_WRONG")
    try:
        starts = datetime.fromisoformat(_cell(row, "starts_at"))
        starts = starts if starts.tzinfo else starts.replace(tzinfo=KST)
        span = Span(starts, starts + timedelta(minutes=minutes))
        span.ends_at.astimezone(KST)
    except (ValueError, OverflowError):
        raise Refused("TIME_WRONG") from None
    if not minutes or not datetime(2000, 1, 1, tzinfo=KST) < starts < datetime(2200, 1, 1, tzinfo=KST):
        raise Refused("TIME_WRONG")
    return span


def _number(told: str, most: int, otherwise: str) -> int:
    if not (told.isascii() and told.isdigit() and len(told) <= 6) or int(told) > most:
        raise Refused(otherwise)
    return int(told)
