"""A counselor's list of seekers, sent as a file at the counter: read, taken in, told; the file itself is never kept."""

import csv
from base64 import b64encode
from collections.abc import Iterable
from io import StringIO
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import Response

from services.registry.api.custody import address_of, named
from services.registry.intake.findings import Refused, finding
from services.registry.intake.importing import Rejections, Source, Tally, bring_in
from services.registry.intake.rows import Given
from services.registry.intake.uploads import LIMIT_BYTES, LIMIT_ROWS
from services.registry.intake.workbook import sheet_names
from services.registry.pages.agency import OTHER_PARTS_BYTES, body_within
from services.registry.people.audit import Look
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from shared.contracts import Finding
from shared.database import transaction
from shared.web.catalogue import sentences
from shared.web.pages import Pages
from shared.web.sign_in import SignedIn, allow, from_our_form

AtCounter = Annotated[SignedIn, Depends(allow("counselor", "operator"))]
SHOWN = 20
"""Rows that came back and are told on the page; the others are in the file."""


def seeker_files(engine: Engine, vault: Vault, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/counter", include_in_schema=False)

    @router.get("/upload")
    def ask(request: Request, _who: AtCounter) -> Response:
        return show(request)

    @router.post("/upload", dependencies=[body_within(LIMIT_BYTES + OTHER_PARTS_BYTES), Depends(from_our_form)])
    async def send(request: Request, who: AtCounter) -> Response:
        async with request.form() as form:
            file, sheet = form.get("file"), form.get("sheet")
            content = await file.read() if isinstance(file, UploadFile) else b""
            name = file.filename or "" if isinstance(file, UploadFile) else ""
        wanted = sheet.strip() if isinstance(sheet, str) else ""
        return await run_in_threadpool(take, request, who, Given.in_memory(name, content), wanted or None)

    def take(request: Request, who: SignedIn, file: Given, sheet: str | None) -> Response:
        source = Source(file, "seekers", sheet=sheet)
        try:
            if sum(1 for _ in islice(source.open().rows, LIMIT_ROWS + 1)) > LIMIT_ROWS:
                raise Refused(finding("ROWS_TOO_MANY", limit=LIMIT_ROWS))
            returned: list[dict[str, Any]] = []
            tally = bring_in(source, lambda rows: registered(request, who, rows), returned.append, lambda *_: None)
        except Refused as refused:
            sheets = sheet_names(file) if refused.finding.code in ("SHEET_UNNAMED", "SHEET_UNKNOWN") else []
            return show(request, refused=refused.finding, sheets=sheets)
        return show(request, tally=tally, returned=returned)

    def registered(request: Request, who: SignedIn, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Whose row states no consent comes back: nobody at the counter agrees for her."""
        told = [_row_of(row) for row in rows]
        within = who.cafes if who.role == "counselor" else None
        look = Look(named(who), "접수 창구 파일 등록 registered from a file", (), address_of(request), "consent")
        with transaction(engine) as session:
            receipts = register(session, told, None, vault, who.cafe_id, within=within)
            taken = [one.seeker_id for one in receipts if one.seeker_id and one.outcome == "accepted"]
            vault.audit.note(session, dict.fromkeys(taken), look)
        return [receipt.model_dump(mode="json") for receipt in receipts]

    def show(
        request: Request,
        *,
        tally: Tally | None = None,
        returned: Iterable[dict[str, Any]] = (),
        refused: Finding | None = None,
        sheets: Iterable[str] = (),
    ) -> Response:
        returned = list(returned)
        return pages.show(
            request, "counter_upload.html", status=422 if refused else 200, tally=tally, returned=returned[:SHOWN],
            rejected=_sheet_of(returned), refused=refused, sheets=list(sheets), limit_rows=LIMIT_ROWS,
            known=sentences("ko"),
        )  # fmt: skip

    return router


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
