"""What do the lists of the desk say as a table? A title for each column and a row for each pair; no clock, no store."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.notify.desk import shown
from services.notify.desk.shown import Row
from services.notify.following import Followed
from services.notify.tables import PostingCard
from shared.clock import KST
from shared.web import figures
from shared.web.catalogue import Language, say

NameOf = Callable[[UUID], str]

NAMED, NAMES_AWAY, NUMBERED = "sheet.seeker", "sheet.names_away", "sheet.number"
"""What stands above the first column: names, numbers in place of names that could not be had, or numbers by right."""
CALLS = (
    "sheet.score",
    "sheet.job",
    "sheet.employer",
    "sheet.place",
    "sheet.wage",
    "sheet.closes",
    "sheet.kilometres",
    "sheet.reason",
    "sheet.unknown",
    "sheet.posting_confirmed",
    "sheet.seeker_confirmed",
    "sheet.state",
)
REFERRALS = (
    "sheet.job",
    "sheet.employer",
    "sheet.state",
    "sheet.said_by",
    "sheet.changed_on",
    "sheet.given",
    "sheet.interview_on",
    "sheet.due_on",
    "sheet.names_shown",
)


@dataclass(frozen=True)
class Table:
    """Titles and rows, as they are read."""

    head: list[str]
    rows: list[list[str]]


def of_calls(rows: Sequence[Row], first: str, language: Language) -> Table:
    """Today's pairs in their order; the name is already in the row."""
    return Table(_head(first, CALLS, language), [[row.name, *_call(row, language)] for row in rows])


def of_referrals(found: Sequence[Followed], name_of: NameOf, first: str, language: Language) -> Table:
    """Referrals in the order of the page."""
    rows = [[name_of(one.row.seeker_id), *_referral(one, language)] for one in found]
    return Table(_head(first, REFERRALS, language), rows)


def _head(first: str, columns: Sequence[str], language: Language) -> list[str]:
    return [say(language, key) for key in (first, *columns)]


def _call(row: Row, language: Language) -> list[str]:
    posting, unknown = row.posting, row.shown.pair.unknown
    return [
        str(row.points),
        posting.title,
        posting.employer,
        posting.place,
        figures.wage(shown.wage_of(posting), language),
        _closes(posting, language),
        "" if row.kilometres is None else str(row.kilometres),
        row.spoken,
        ", ".join(say(language, f"part.{name}") for name in unknown),
        _day(posting.confirmed_at),
        _day(row.seeker.confirmed_at),
        say(language, f"state.{row.standing.state}") if row.standing else "",
    ]


def _referral(one: Followed, language: Language) -> list[str]:
    row = one.row
    return [
        one.title or say(language, "done.posting_gone"),
        one.employer,
        say(language, f"state.{one.standing.state}"),
        say(language, f"referrals.by.{row.decided_by}"),
        _day(row.changed_at),
        say(language, f"given.{row.reason}") if row.reason else "",
        _day(row.interview_on),
        _day(row.due_on),
        say(language, "sheet.yes" if row.names_shown else "sheet.no"),
    ]


def _closes(posting: PostingCard, language: Language) -> str:
    if posting.closes_on:
        return _day(posting.closes_on)
    return posting.closing_note or say(language, "posting.until_filled")


def _day(when: date | datetime | None) -> str:
    """As a spreadsheet sorts it; an instant by its day in Korea."""
    local = when.astimezone(KST).date() if isinstance(when, datetime) else when
    return local.isoformat() if local else ""
