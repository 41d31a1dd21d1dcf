"""How does a ledger leave the system? As lines of a page or as a file; who looks at names, and why, is recorded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal
from uuid import UUID

from sqlalchemy import Engine
from starlette.responses import StreamingResponse

from services.registry.ledgers.lines import CHUNK, Line, OrderLine, all_lines
from services.registry.ledgers.reach import Asked, nameable
from services.registry.ledgers.wording import NAMED_ITEMS, cells, head
from services.registry.people.audit import Look
from services.registry.people.vault import Person, Vault
from shared.database import transaction
from shared.web.catalogue import Language, say
from shared.web.sign_in import SignedIn
from shared.web.spreadsheets import MEDIA, Cell, as_csv, as_workbook

Form = Literal["csv", "xlsx"]
NOBODY = UUID(int=0)


def names_of(engine: Engine, vault: Vault, who: SignedIn, found: Sequence[Line], look: Look) -> dict[UUID, Person]:
    """What the form wants told of these people, as far as she may know it; recorded before it is handed out."""
    return people_of(engine, vault, who, look, [line.seeker_id for line in found if not isinstance(line, OrderLine)])


def people_of(engine: Engine, vault: Vault, who: SignedIn, look: Look, ids: Sequence[UUID]) -> dict[UUID, Person]:
    """What she looks for of these people, as far as she may know it; recorded before it is handed out."""
    people: dict[UUID, Person] = {}
    for some in (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)):
        with transaction(engine) as session:
            people |= vault.read(session, nameable(session, who, some), look)
    return people


def file_of(  # noqa: PLR0913, PLR0917 - what a file is made of
    engine: Engine,
    vault: Vault,
    who: SignedIn,
    asked: Asked,
    form: Form,
    language: Language,
    look: Look,
    *,
    named: bool,
) -> StreamingResponse:
    """The whole ledger of these days. That it was taken along, and why, is a row about whose ledger it is."""
    book, look = asked.book, replace(look, items=NAMED_ITEMS[asked.book], action="export")
    with transaction(engine) as session:
        vault.audit.note(session, [_owner(asked)], look)

    def rows() -> Iterator[Sequence[Cell]]:
        for found in all_lines(engine, asked):
            people = names_of(engine, vault, who, found, look) if named else {}
            yield from (cells(line, people, language) for line in found)

    titles = head(book, language)
    content = sheet_of(_title(asked), titles, rows(), form)
    name = f"{book}-{asked.span.since}-{asked.span.until}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(content, media_type=MEDIA[form], headers=headers)


def sheet_of(name: str, titles: Sequence[str], rows: Iterable[Sequence[Cell]], form: Form) -> Iterator[bytes]:
    return as_csv(titles, rows) if form == "csv" else as_workbook(name, titles, rows)


def look_of(asked: Asked, who: str, why: str, place: str) -> Look:
    """A look for what the form of this ledger wants told."""
    return Look(who, f"{_title(asked)}: {why}", NAMED_ITEMS[asked.book], place)


def _title(asked: Asked) -> str:
    return say("ko", f"ledger.book.{asked.book}")


def _owner(asked: Asked) -> UUID:
    whose = asked.whose
    return whose.agency_id or (whose.cafes[0] if whose.cafes else NOBODY)
