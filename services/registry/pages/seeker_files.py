"""A counselor's list of seekers, sent as a file at the counter: read, taken in, told; the file itself is never kept.

Of a sheet that is new at her café she is asked what its columns mean, and sends it along with the answer: once.
"""

import csv
from base64 import b64encode
from collections.abc import Iterable, Sequence
from io import StringIO
from itertools import count, islice, takewhile
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from services.registry.access import not_found
from services.registry.api.custody import address_of, named
from services.registry.intake.asking import fields_to_ask, guess, mapping_of, missing
from services.registry.intake.findings import Refused, finding
from services.registry.intake.importing import Rejections, Source, bring_in
from services.registry.intake.mapping import Mapping
from services.registry.intake.rows import Given
from services.registry.intake.saved import Keeper, TooManyMappings, as_mapping, save_mapping, saved_mappings
from services.registry.intake.uploads import LIMIT_BYTES, LIMIT_ROWS
from services.registry.intake.workbook import sheet_names
from services.registry.pages.agency import OTHER_PARTS_BYTES, body_within
from services.registry.pages.asked_columns import answered, columns_of
from services.registry.people.audit import Look
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.tables import SavedMapping
from shared.contracts import Finding
from shared.database import reading, transaction
from shared.web.catalogue import sentences
from shared.web.pages import Pages
from shared.web.sign_in import SignedIn, allow, from_our_form

AtCounter = Annotated[SignedIn, Depends(allow("counselor", "operator"))]
SHOWN = 20
"""Rows that came back and are told on the page; the others are in the file."""


def seeker_files(engine: Engine, vault: Vault, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/counter", include_in_schema=False)
    at = _Counter(engine, vault, pages)

    @router.get("/upload")
    def first_page(request: Request, who: AtCounter) -> Response:
        return at.show(request, who)

    @router.post("/upload", dependencies=[body_within(LIMIT_BYTES + OTHER_PARTS_BYTES), Depends(from_our_form)])
    async def send(request: Request, who: AtCounter) -> Response:
        async with request.form() as form:
            file = form.get("file")
            content = await file.read() if isinstance(file, UploadFile) else b""
            name = file.filename or "" if isinstance(file, UploadFile) else ""
            said = {field: value.strip() for field, value in form.items() if isinstance(value, str)}
        return await run_in_threadpool(at.take, request, who, Given.in_memory(name, content), said)

    @router.post("/mappings/{mapping_id}/remove", dependencies=[Depends(from_our_form)])
    def remove_mapping(mapping_id: UUID, who: AtCounter) -> Response:
        with transaction(engine) as session:
            saved = session.get(SavedMapping, mapping_id)
            if saved is None or not Keeper(cafe_id=who.cafe_id).keeps(saved):
                raise not_found()
            session.delete(saved)
        return RedirectResponse("/counter/upload#mappings", 303)

    return router


class _Counter:
    """What the pages have at hand."""

    def __init__(self, engine: Engine, vault: Vault, pages: Pages) -> None:
        self.engine, self.vault, self.pages = engine, vault, pages

    def take(self, request: Request, who: SignedIn, file: Given, said: dict[str, str]) -> Response:
        """Read it, by what was answered of its columns if she was asked, and tell what became of each row."""
        sheet, headers = said.get("sheet") or None, _headers(said)
        answers = answered("seekers", headers, said)
        returned: list[dict[str, Any]] = []
        try:
            if headers and missing("seekers", answers):
                return self.ask(request, who, Source(file, "seekers", sheet=sheet), answers)
            if headers:
                self.remember(who, mapping_of("seekers", said.get("name", "")[:100] or "표", answers))
            source = Source(file, "seekers", sheet=sheet, own=tuple(map(as_mapping, self.saved(who))))
            if sum(1 for _ in islice(source.open().rows, LIMIT_ROWS + 1)) > LIMIT_ROWS:
                raise Refused(finding("ROWS_TOO_MANY", limit=LIMIT_ROWS))
            tally = bring_in(source, lambda rows: self.registered(request, who, rows), returned.append, lambda *_: None)
        except Refused as refused:
            found = refused.finding
            if found.code == "MAPPING_UNKNOWN":
                return self.ask(request, who, Source(file, "seekers", sheet=sheet), refused=found)
            sheets = sheet_names(file) if found.code in ("SHEET_UNNAMED", "SHEET_UNKNOWN") else []
            return self.show(request, who, refused=found, sheets=sheets)
        return self.show(request, who, tally=tally, returned=returned)

    def ask(
        self,
        request: Request,
        who: SignedIn,
        source: Source,
        answers: dict[str, str] | None = None,
        refused: Finding | None = None,
    ) -> Response:
        """What do the columns mean? A guess stands where the header says it; what was answered already stays."""
        columns, name = columns_of(source.look()), source.file.name
        return self.show(
            request,
            who,
            refused=refused,
            columns=columns,
            meant=guess("seekers", [header for header, _ in columns]) if answers is None else answers,
            lacking=[] if answers is None else missing("seekers", answers),
            ours=fields_to_ask("seekers"),
            named=name.rpartition(".")[0] or name,
            sheet=source.sheet,
        )

    def saved(self, who: SignedIn) -> list[SavedMapping]:
        with reading(self.engine) as session:
            return saved_mappings(session, Keeper(cafe_id=who.cafe_id), "seekers")

    def remember(self, who: SignedIn, mapping: Mapping) -> None:
        try:
            with transaction(self.engine) as session:
                save_mapping(session, Keeper(cafe_id=who.cafe_id), mapping)
        except TooManyMappings:
            raise Refused(finding("MAPPINGS_TOO_MANY")) from None

    def registered(self, request: Request, who: SignedIn, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Whose row states no consent comes back: nobody at the counter agrees for her."""
        told = [_row_of(row) for row in rows]
        within = who.cafes if who.role == "counselor" else None
        look = Look(named(who), "접수 창구 파일 등록 registered from a file", (), address_of(request), "consent")
        with transaction(self.engine) as session:
            receipts = register(session, told, None, self.vault, who.cafe_id, within=within)
            taken = [one.seeker_id for one in receipts if one.seeker_id and one.outcome == "accepted"]
            self.vault.audit.note(session, dict.fromkeys(taken), look)
        return [receipt.model_dump(mode="json") for receipt in receipts]

    def show(
        self,
        request: Request,
        who: SignedIn,
        *,
        returned: Sequence[dict[str, Any]] = (),
        refused: Finding | None = None,
        **values: Any,
    ) -> Response:
        told = {"tally": None, "sheets": [], "sheet": None, "columns": []} | values
        return self.pages.show(
            request,
            "counter_upload.html",
            status=422 if refused or told["columns"] else 200,
            refused=refused,
            returned=returned[:SHOWN],
            rejected=_sheet_of(returned),
            limit_rows=LIMIT_ROWS,
            known=sentences("ko"),
            mappings=self.saved(who),
            **told,
        )


def _headers(said: dict[str, str]) -> list[str]:
    """The columns that were asked about, by the names they had then: another file is not read by these answers."""
    return list(takewhile(bool, (said.get(f"header-{number}", "") for number in count())))


def _row_of(row: dict[str, Any]) -> SeekerRow:
    """An empty cell of consents states none, like a list without that column."""
    document = row["document"]
    if document is not None and not document.get("consents"):
        document = {name: value for name, value in document.items() if name != "consents"}
    return SeekerRow(row["where"], document, tuple(map(Finding.model_validate, row["findings"])))


def _sheet_of(returned: Iterable[dict[str, Any]]) -> str:
    """What came back as a file within the page, so that nothing of it has to be kept; empty where nothing did."""
    text = StringIO(newline="")
    reject = Rejections(csv.writer(text))
    for receipt in returned:
        reject(receipt)
    content = b64encode(text.getvalue().encode("utf-8-sig")).decode()
    return f"data:text/csv;charset=utf-8;base64,{content}" if reject.lines else ""
