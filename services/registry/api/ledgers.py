"""The ledgers for programs, under `/api/v1/registry/ledgers`: lines without names, and files with a reason."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Engine
from starlette.responses import StreamingResponse

from services.registry.access import Sender
from services.registry.api.bodies import Asked as AskedBody
from services.registry.api.bodies import PlainBody
from services.registry.api.custody import Words, address_of, named
from services.registry.ledgers.books import Book
from services.registry.ledgers.handing_out import Form, file_of, look_of
from services.registry.ledgers.lines import KEYS, lines
from services.registry.ledgers.reach import Asked, span_of, whose_of
from services.registry.people.vault import Vault
from shared.database import reading
from shared.web.cursors import Paged
from shared.web.sign_in import SignedIn


class FileAsked(AskedBody):
    """Which ledger is taken along, why, and whether with the names that may be told."""

    since: date | None = None
    until: date | None = None
    form: Form
    why: Words
    names: bool = False
    agency_id: UUID | None = None
    cafe_id: UUID | None = None


def ledger_api(engine: Engine, vault: Vault) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry/ledgers")
    From = Annotated[SignedIn, Depends(Sender(engine))]  # noqa: N806 - a type

    @router.get("/{book}")
    def list_lines(  # noqa: PLR0913, PLR0917 - one filter each
        book: Book,
        who: From,
        paged: Paged,
        since: date | None = None,
        until: date | None = None,
        agency: UUID | None = None,
        cafe: UUID | None = None,
    ) -> list[dict[str, Any]]:
        """Lines of these days, oldest first, without names."""
        asked = Asked(book, whose_of(who, book, agency, cafe), span_of(since, until))
        with reading(engine) as session:
            found = lines(session, asked, paged.after(KEYS[book]), paged.one_more)
        return [line.model_dump(mode="json", exclude={"key"}) for line in paged.shown(found, lambda line: line.key)]

    @router.post("/{book}/file", response_class=StreamingResponse)
    def take_file(
        book: Book, who: From, request: Request, asked: Annotated[FileAsked, Depends(PlainBody(FileAsked))]
    ) -> StreamingResponse:
        """The whole ledger of these days as CSV or as a workbook; who took it, and why, is recorded."""
        wanted = Asked(book, whose_of(who, book, asked.agency_id, asked.cafe_id), span_of(asked.since, asked.until))
        look = look_of(wanted, named(who), asked.why, address_of(request))
        return file_of(engine, vault, who, wanted, asked.form, "ko", look, named=asked.names)

    return router
