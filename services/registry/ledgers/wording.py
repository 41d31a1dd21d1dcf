"""How does a line of a ledger read? Its columns, in the reader's language."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args
from uuid import UUID

from services.registry.ledgers.books import Book
from services.registry.ledgers.half_year import PEOPLE, Age, Count, Report
from services.registry.ledgers.lines import Change, Line, OrderLine, PlacementLine, SeekerLine
from services.registry.people.seekers import ERASED
from services.registry.people.vault import Person
from services.registry.tables import Agency
from shared.contracts import Money
from shared.web import figures
from shared.web.catalogue import Language, occupation_name, say
from shared.web.spreadsheets import Cell

Ages = Mapping[Age, Mapping[Count, int]]
COLUMNS: dict[Book, tuple[str, ...]] = {
    "orders": (
        "day", "source_ref", "agency", "employer", "employer_number", "district", "title", "occupation", "headcount",
        "wage", "hours", "valid_until", "state", "referred", "hired", "changes", "kept_until",
    ),
    "seekers": (
        "day", "person", "birth_date", "occupation", "wage", "district", "certificates", "valid_until", "state",
        "referred", "hired", "kept_until",
    ),
    "placements": (
        "day", "person", "employer", "district", "title", "occupation", "wage", "agency", "interview_on", "state",
        "reason", "started_on", "ended_on", "changes", "kept_until",
    ),
}  # fmt: skip
NAMED_ITEMS: dict[Book, tuple[str, ...]] = {
    "orders": (),
    "seekers": ("name", "birth_date"),
    "placements": ("name",),
}
"""What the form of a ledger wants told of a person."""


def head(book: Book, language: Language) -> list[str]:
    return [say(language, f"ledger.column.{name}") for name in COLUMNS[book]]


def cells(line: Line, people: Mapping[UUID, Person], language: Language) -> list[Cell]:
    """A line as the cells of a row; who is not among `people` is called by an opaque label."""
    told = _told(line, people, language)
    return [_cell(told[name], language) for name in COLUMNS[_book(line)]]


def half_year_head(language: Language) -> list[str]:
    return [
        say(language, "ledger.half_year.occupation"),
        say(language, "ledger.half_year.orders"),
        say(language, "ledger.half_year.places"),
        say(language, "ledger.half_year.applications"),
        say(language, "ledger.half_year.referred"),
        say(language, "ledger.half_year.hired"),
    ]


def half_year_rows(report: Report, language: Language) -> list[list[Cell]]:
    """A row for each group of occupations, and the sum of all."""
    named = [(occupation_of(code, language) if code else "", counts) for code, counts in report.groups.items()]
    told = [(name or say(language, "ledger.half_year.unknown"), counts) for name, counts in named]
    told.append((say(language, "ledger.half_year.total"), report.total))
    return [[name, *(counts[what] for what in get_args(Count))] for name, counts in told]


def people_head(language: Language) -> list[str]:
    return [
        say(language, "ledger.half_year.people"),
        say(language, "ledger.half_year.applications"),
        say(language, "ledger.half_year.referred"),
        say(language, "ledger.half_year.hired"),
    ]


def people_rows(ages: Ages | None, language: Language) -> list[list[Cell]]:
    """A row for each sex, which is not held of anybody, and each age, where they were counted."""
    not_held: list[Cell] = [say(language, "ledger.half_year.not_held")] * len(PEOPLE)
    sexes = (say(language, "ledger.half_year.men"), say(language, "ledger.half_year.women"))
    told = [(say(language, f"ledger.half_year.age.{age}"), counts) for age, counts in (ages or {}).items()]
    rows: list[list[Cell]] = [[sex, *not_held] for sex in sexes]
    return rows + [[name, *(counts[what] for what in PEOPLE)] for name, counts in told]


def half_year_sheet(
    report: Report, ages: Ages | None, owner: Agency | None, language: Language
) -> Iterator[Sequence[Cell]]:
    """What stands under `half_year_head` in a file: all that the page shows, and whose report of which months it is."""
    yield from half_year_rows(report, language)
    yield []
    yield people_head(language)
    yield from people_rows(ages, language)
    yield []
    if owner:
        yield [owner.name, owner.registration_number or ""]
    span, half = report.half.span, report.half
    yield [say(language, "ledger.span", since=span.since, until=span.until)]
    yield [say(language, "ledger.half_year.due", day=half.due)]


def label_of(seeker_id: UUID) -> str:
    """How someone is called who may not be named here: the same in every ledger."""
    return seeker_id.hex[:8].upper()


def occupation_of(code: str, language: Language) -> str:
    """What a group of occupations is called, by the first two digits of its KECO code, beside the code."""
    name = occupation_name(code, language)
    return code if name == code else f"{code} {name}"


def _book(line: Line) -> Book:
    match line:
        case OrderLine():
            return "orders"
        case SeekerLine():
            return "seekers"
        case PlacementLine():
            return "placements"


def _told(line: Line, people: Mapping[UUID, Person], language: Language) -> dict[str, Any]:
    told = dict(line)
    match line:
        case OrderLine():
            told |= {
                "state": say(language, f"ledger.order.{line.state}"),
                "hours": line.hours or _weekly(line.weekly_hours, language),
                "occupation": _occupation(line.occupation_code, language),
                "changes": [
                    _change(each, f"ledger.order.{each.state}", each.reason, language) for each in line.changes
                ],
            }
        case SeekerLine():
            person = people.get(line.seeker_id)
            told |= {
                "state": say(language, f"ledger.seeker.{line.state}"),
                "person": _person(line.seeker_id, person, language, erased=line.state == ERASED),
                "birth_date": person.birth_date if person else "",
                "occupation": ", ".join(occupation_of(code, language) for code in line.occupation_codes),
            }
        case PlacementLine():
            told |= {
                "state": say(language, f"state.{line.state}"),
                "person": _person(line.seeker_id, people.get(line.seeker_id), language, erased=line.erased),
                "occupation": _occupation(line.occupation_code, language),
                "reason": say(language, f"given.{line.reason}") if line.reason else "",
                "changes": [_change(each, f"state.{each.state}", "", language) for each in line.changes],
            }
    return told


def _occupation(code: str, language: Language) -> str:
    return occupation_of(code, language) if code else ""


def _weekly(hours: float | None, language: Language) -> str:
    return say(language, "ledger.weekly", hours=f"{hours:g}") if hours else ""


def _person(seeker_id: UUID, person: Person | None, language: Language, *, erased: bool) -> str:
    if erased:
        return say(language, "ledger.erased", label=label_of(seeker_id))
    return person.name if person and person.name else label_of(seeker_id)


def _change(change: Change, state: str, reason: str, language: Language) -> str:
    by = ", ".join(filter(None, [say(language, f"ledger.by.{change.by}"), reason]))
    return f"{change.day} {say(language, state)} ({by})"


def _cell(value: Any, language: Language) -> Cell:
    match value:
        case None:
            return ""
        case int():
            return value
        case Money():
            return figures.wage(value, language)
        case list():
            return " → ".join(value)
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)
