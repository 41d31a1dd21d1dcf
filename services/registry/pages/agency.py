"""A clerk's page: one posting in a form, many in a file, what became of them, and what her agency has open."""

import csv
from collections.abc import Sequence
from io import StringIO
from itertools import islice
from typing import Annotated, Any
from uuid import UUID, uuid4, uuid5

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from services.registry.access import agency_for, not_found
from services.registry.exporting import Form, exported
from services.registry.intake import notices, uploads
from services.registry.intake.asking import fields_to_ask, guess, mapping_of, missing
from services.registry.intake.door import Arrival, Receipt, receive
from services.registry.intake.findings import Refused, finding
from services.registry.intake.importing import Rejections, Source, bring_in
from services.registry.intake.mapping import Mapping
from services.registry.intake.rows import Given
from services.registry.intake.saved import Keeper, TooManyMappings, as_mapping, save_mapping, saved_mappings
from services.registry.intake.workbook import sheet_names
from services.registry.law.rules import Rules
from services.registry.orders.life_cycle import HELD
from services.registry.pages.asked_columns import answered, columns_of
from services.registry.pages.posting_form import FIELDS, document_of, placed
from services.registry.people.vault import Vault
from services.registry.tables import Agency, SavedMapping, Submission, Upload
from shared.contracts import Finding, Money
from shared.database import reading, transaction
from shared.web.catalogue import sentences
from shared.web.pages import Pages
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow, from_our_form

Clerk = Annotated[SignedIn, Depends(allow("agency"))]
OTHER_PARTS_BYTES = 200_000
"""What a form may hold beside its file."""
NEWEST = 10


def body_within(limit: int) -> Any:
    """A dependency for forms, asked before they are read: a body without a length, or of too great a one, goes back."""

    def told(request: Request) -> None:
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > limit:
            raise Problem(
                413,
                "TOO_LARGE",
                f"The file is larger than {limit - OTHER_PARTS_BYTES} bytes. Split it.",
                f"파일이 {limit - OTHER_PARTS_BYTES}바이트를 넘습니다. 나누어 보내 주세요.",
                headers={"Connection": "close"},
            )

    return Depends(told)


def agency_pages(engine: Engine, vault: Vault, law: Rules | None, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/agency", include_in_schema=False)
    at = _Counter(engine, vault, law, pages)
    small = [body_within(OTHER_PARTS_BYTES), Depends(from_our_form)]

    @router.get("")
    def show(request: Request, who: Clerk, sent: UUID | None = None) -> Response:
        return at.first_page(request, at.agency(who), sent=sent)

    @router.post("/postings", dependencies=small)
    async def send_posting(request: Request, who: Clerk) -> Response:
        form = await request.form()
        said = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
        return await run_in_threadpool(at.take_posting, request, at.agency(who), said)

    @router.post("/file", dependencies=[body_within(uploads.LIMIT_BYTES + OTHER_PARTS_BYTES), Depends(from_our_form)])
    async def send_file(request: Request, who: Clerk) -> Response:
        async with request.form() as form:
            file = form.get("file")
            content = await file.read() if isinstance(file, UploadFile) else b""
            name = file.filename or "" if isinstance(file, UploadFile) else ""
        return await run_in_threadpool(at.hold_file, at.agency(who), name, content)

    @router.get("/file/{upload_id}")
    def show_file(request: Request, upload_id: UUID, who: Clerk, sheet: str = "", ask: bool = False) -> Response:
        return at.file_page(request, at.agency(who), upload_id, sheet or None, ask=ask)

    @router.post("/file/{upload_id}", dependencies=small)
    async def take_file(request: Request, upload_id: UUID, who: Clerk) -> Response:
        form = await request.form()
        said = {name: value for name, value in form.items() if isinstance(value, str)}
        return await run_in_threadpool(at.take_file, request, at.agency(who), upload_id, said)

    @router.get("/file/{upload_id}/rejected.csv")
    def rejected(upload_id: UUID, who: Clerk) -> Response:
        upload = at.upload(at.agency(who), upload_id)
        if upload.result is None:
            raise not_found()
        return at.rejected(upload.result["returned"])

    @router.get("/postings.{form}")
    def export(form: Form, who: Clerk) -> Response:
        return exported(engine, at.agency(who).agency_id, form)

    @router.post("/mappings/{mapping_id}/remove", dependencies=small)
    def remove_mapping(mapping_id: UUID, who: Clerk) -> Response:
        with transaction(engine) as session:
            saved = session.get(SavedMapping, mapping_id)
            if saved is None or saved.agency_id != who.agency_id:
                raise not_found()
            session.delete(saved)
        return RedirectResponse("/agency#mappings", 303)

    return router


class _Counter:
    """What the clerk's pages have at hand."""

    def __init__(self, engine: Engine, vault: Vault, law: Rules | None, pages: Pages) -> None:
        self.engine, self.vault, self.law, self.pages = engine, vault, law, pages

    def agency(self, who: SignedIn) -> Agency:
        return agency_for(self.engine, who, None)

    def first_page(  # noqa: PLR0913 - what one page shows
        self,
        request: Request,
        agency: Agency,
        *,
        said: dict[str, str] | None = None,
        findings: Sequence[Finding] = (),
        sent: UUID | None = None,
        status: int = 200,
    ) -> Response:
        with reading(self.engine) as session:
            answers = select(Submission).where(
                Submission.agency_id == agency.agency_id, Submission.outcome != notices.NOTICED
            )
            recent = list(session.exec(answers.order_by(col(Submission.received_at).desc()).limit(NEWEST)))
            told = notices.newest(session, agency.agency_id, NEWEST)
            receipt = session.get(Submission, sent) if sent else None
            mappings = saved_mappings(session, Keeper(agency.agency_id))
        if receipt is not None and receipt.agency_id != agency.agency_id:
            receipt = None
        beside, above = placed(findings)
        return self.pages.show(
            request,
            "agency.html",
            status=status,
            agency=agency,
            fields=FIELDS,
            said=said or {},
            beside=beside,
            above=above,
            sending=uuid4(),
            receipt=receipt,
            recent=recent,
            notices=told,
            mappings=mappings,
            limit_rows=uploads.LIMIT_ROWS,
        )

    def take_posting(self, request: Request, agency: Agency, said: dict[str, str]) -> Response:
        """A form sent twice, by a double click or after going back, is taken once."""
        identity = uuid5(agency.agency_id, f"form|{said.pop('sending', '') or uuid4()}")
        arrival = Arrival("form", document_of(said), "form", identity)
        receipt = self._receive(agency, [arrival])[0]
        if receipt.outcome == "returned":
            return self.first_page(request, agency, said=said, findings=receipt.findings, status=422)
        return RedirectResponse(f"/agency?sent={receipt.submission_id}", 303)

    def hold_file(self, agency: Agency, name: str, content: bytes) -> Response:
        with transaction(self.engine) as session:
            upload = uploads.hold(session, agency, self.vault, name, content)
        return RedirectResponse(f"/agency/file/{upload.upload_id}", 303)

    def upload(self, agency: Agency, upload_id: UUID) -> Upload:
        with reading(self.engine) as session:
            upload = uploads.held(session, agency.agency_id, upload_id)
        if upload is None:
            raise not_found()
        return upload

    def file_page(  # noqa: PLR0913 - what one page shows
        self,
        request: Request,
        agency: Agency,
        upload_id: UUID,
        sheet: str | None,
        *,
        ask: bool = False,
        answers: dict[str, str] | None = None,
    ) -> Response:
        upload = self.upload(agency, upload_id)
        values: dict[str, Any] = {"upload": upload, "sheet": sheet, "sheets": [], "refused": None, "columns": []}
        values |= {
            "lacking": [],
            "mapping": None,
            "known": sentences("ko"),
            "money": _money,
            "ours": fields_to_ask("postings"),
            "first": None,
            "asked": False,
            "meant": {},
        }
        file = uploads.given(upload, self.vault)
        if file is not None:
            try:
                values |= self._look(agency, file, sheet, ask=ask, answers=answers)
            except Refused as refused:
                values |= {"refused": refused.finding}
                if refused.finding.code in ("SHEET_UNNAMED", "SHEET_UNKNOWN"):
                    values |= {"sheets": sheet_names(file)}
        wrong = values["refused"] is not None or bool(values["lacking"])
        return self.pages.show(request, "upload.html", status=422 if wrong else 200, agency=agency, **values)

    def _look(
        self, agency: Agency, file: Given, sheet: str | None, *, ask: bool, answers: dict[str, str] | None
    ) -> dict[str, Any]:
        """How the file is read, or what is to be asked of it."""
        source = self._source(agency, file, sheet)
        rows = source.look()
        columns = columns_of(rows)
        names = tuple(name for name, _ in columns)
        if answers is not None:
            lacking = missing("postings", answers)
            return {"columns": columns, "meant": answers, "lacking": lacking, "asked": True}
        try:
            opened = source.open()
        except Refused as refused:
            if refused.finding.code != "MAPPING_UNKNOWN":
                raise
            opened = None
        if opened is None or ask:
            return {"columns": columns, "meant": guess("postings", names), "asked": True}
        uses = opened.mapping.uses(names) if opened.mapping else {name: [name] for name in names}
        first = next(opened.rows, None)
        return {"columns": columns, "meant": uses, "mapping": opened.mapping, "first": first, "asked": False}

    def _source(self, agency: Agency, file: Given, sheet: str | None) -> Source:
        with reading(self.engine) as session:
            own = tuple(map(as_mapping, saved_mappings(session, Keeper(agency.agency_id), "postings")))
        return Source(file, "postings", sheet=sheet, own=own)

    def take_file(self, request: Request, agency: Agency, upload_id: UUID, said: dict[str, str]) -> Response:
        upload, sheet = self.upload(agency, upload_id), said.get("sheet") or None
        file = uploads.given(upload, self.vault)
        here = RedirectResponse(f"/agency/file/{upload_id}", 303)
        if file is None:
            return here  # a second click: it is taken in already
        try:
            source = self._source(agency, file, sheet)
            if "asked" in said:
                names = [name for name, _ in columns_of(source.look())]
                answers = answered("postings", names, said)
                if missing("postings", answers):
                    return self.file_page(request, agency, upload_id, sheet, answers=answers)
                self._remember(agency, mapping_of("postings", said.get("name", "").strip()[:100] or "표", answers))
                source = self._source(agency, file, sheet)
            if sum(1 for _ in islice(source.open().rows, uploads.LIMIT_ROWS + 1)) > uploads.LIMIT_ROWS:
                raise Refused(finding("ROWS_TOO_MANY", limit=uploads.LIMIT_ROWS))
            result = self._bring_in(agency, upload_id, source)
        except Refused as refused:
            result = {"refused": refused.finding.model_dump(), "returned": []}
        with transaction(self.engine) as session:
            uploads.settle(session, session.get_one(Upload, upload_id), result)
        return here

    def _remember(self, agency: Agency, mapping: Mapping) -> None:
        try:
            with transaction(self.engine) as session:
                save_mapping(session, Keeper(agency.agency_id), mapping)
        except TooManyMappings:
            raise Refused(finding("MAPPINGS_TOO_MANY")) from None

    def _bring_in(self, agency: Agency, upload_id: UUID, source: Source) -> dict[str, Any]:
        """Every row through the one door; a row of the same upload is the same sending: a second run adds nothing."""

        def send(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            arrivals = [
                Arrival(
                    row["where"],
                    row["document"],
                    "file",
                    uuid5(upload_id, row["where"]),
                    tuple(Finding.model_validate(found) for found in row["findings"]),
                )
                for row in rows
            ]
            receipts = [receipt.model_dump(mode="json") for receipt in self._receive(agency, arrivals)]
            held.extend(receipt for receipt in receipts if receipt["state"] == HELD)  # since an earlier file, perhaps
            return receipts

        returned: list[dict[str, Any]] = []
        held: list[dict[str, Any]] = []
        tally = bring_in(source, send, returned.append, lambda _rows, _share: None)
        told = {"returned": _as_told(returned), "held": _as_told(held)}
        return {"outcomes": dict(tally.outcomes), "codes": dict(tally.codes), "read": tally.read} | told

    def _receive(self, agency: Agency, arrivals: Sequence[Arrival]) -> list[Receipt]:
        def take(session: Session) -> list[Receipt]:
            return receive(session, arrivals, agency, self.vault, law=self.law)

        with transaction(self.engine) as session:
            return take(session)

    def rejected(self, returned: list[dict[str, Any]]) -> Response:
        text = StringIO(newline="")
        reject = Rejections(csv.writer(text))
        for receipt in returned:
            reject(receipt)
        headers = {"Content-Disposition": 'attachment; filename="rejected.csv"'}
        return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


def _as_told(receipts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where each row stood and what was found in it; never what stood there."""
    return [{"where": receipt["where"], "findings": receipt["findings"]} for receipt in receipts]


def _money(value: Any) -> Money | None:
    """A wage as it was read, if it can be told in words: what a file says itself is not checked before it is taken."""
    try:
        return Money.model_validate(value)
    except ValidationError:
        return None
