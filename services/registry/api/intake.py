"""What is sent under `/api/v1/registry`, how it was answered, and what of it goes out again as a file."""

from collections import Counter
from typing import Annotated, Any, get_args
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends
from pydantic import Field, RootModel, StringConstraints
from sqlalchemy import Engine, func
from sqlmodel import Session, col, select
from starlette.responses import StreamingResponse

from services.registry.access import Operator, Sender, agency_for, refuse_unknown
from services.registry.api.bodies import Asked, Body, UnderWay, idempotency_key
from services.registry.exporting import Form as ExportForm
from services.registry.exporting import exported
from services.registry.intake.documents import ConsentBasis
from services.registry.intake.door import Arrival, Receipt, receive
from services.registry.intake.notices import NOTICED
from services.registry.law.rules import Rules
from services.registry.people.seekers import SeekerReceipt, SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.tables import Agency, Cafe, Submission
from shared.contracts import Finding
from shared.contracts.submissions import Outcome
from shared.database import beyond, reading, transaction
from shared.web.cursors import MOMENT, Paged, Paging
from shared.web.problems import Problem, WrongField
from shared.web.sign_in import SignedIn

MOST_ROWS = 1_000
BATCH_LIMIT_BYTES = 64_000_000

Key = Annotated[str, Depends(idempotency_key)]


class PostingDocument(RootModel[dict[str, Any]]):
    """One posting under the sender's own names or ours: title, employer, description and place at the least."""


class SentRow(Asked):
    """One row of a file; without a document where its reader could make none of it."""

    where: Annotated[str, StringConstraints(max_length=200)]
    document: dict[str, Any] | None = None
    findings: tuple[Finding, ...] = ()


class PostingBatch(Asked):
    agency_id: UUID | None = None
    rows: Annotated[tuple[SentRow, ...], Field(min_length=1, max_length=MOST_ROWS)]
    dry_run: bool = False
    """Answer as if, and keep nothing."""


class SeekerBatch(Asked):
    consent: ConsentBasis | None = None
    """On what ground those are kept whose row states no consents of its own; without either a row comes back."""
    agency_id: UUID | None = None
    """The agency that brings them."""
    cafe_id: UUID | None = None
    rows: Annotated[tuple[SentRow, ...], Field(min_length=1, max_length=MOST_ROWS)]
    dry_run: bool = False


class _DryRun(Exception):
    """Thrown to undo what was only tried."""


def intake_api(engine: Engine, vault: Vault, law: Rules | None = None) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry")
    From = Annotated[SignedIn, Depends(Sender(engine))]  # noqa: N806 - a type
    under_way = UnderWay()

    @router.post("/postings")
    def send_posting(
        who: From,
        key: Key,
        document: Annotated[PostingDocument, Depends(Body(PostingDocument))],
        agency: UUID | None = None,
    ) -> Receipt:
        """One posting. The answer is its receipt; a repeat under the same key is answered as before.

        While the first is not answered yet, a repeat is refused with `IN_PROGRESS`.
        """
        own = agency_for(engine, who, agency)
        arrival = Arrival("body", document.root, "http", uuid5(own.agency_id, f"key|{key}"))
        with under_way.alone(arrival.submission_id), transaction(engine) as session:
            receipt = receive(session, [arrival], own, vault, law=law)[0]
        if receipt.outcome == "returned":
            raise refusal(receipt)
        return receipt

    @router.post("/postings/batch")
    def send_postings(
        who: From, batch: Annotated[PostingBatch, Depends(Body(PostingBatch, BATCH_LIMIT_BYTES))]
    ) -> dict[str, tuple[Receipt, ...]]:
        """The rows of a file, taken together in one transaction; a receipt for each, in their order."""
        own = agency_for(engine, who, batch.agency_id)
        arrivals = [Arrival(row.where, row.document, "file", findings=row.findings) for row in batch.rows]
        receipts = _kept_unless_dry(
            engine, lambda session: receive(session, arrivals, own, vault, law=law), dry_run=batch.dry_run
        )
        return {"receipts": tuple(receipts)}

    @router.get("/submissions")
    def list_submissions(
        who: From,
        paged: Paged,
        agency: UUID | None = None,
        outcome: Outcome | None = None,
    ) -> dict[str, Any]:
        """What an agency sent and how it was answered, and what it was told unasked; newest first, with counts."""
        own = agency_for(engine, who, agency)
        with reading(engine) as session:
            return _submissions(session, own, outcome, paged)

    @router.post("/seekers/batch")
    def send_seekers(
        who: Operator, batch: Annotated[SeekerBatch, Depends(Body(SeekerBatch, BATCH_LIMIT_BYTES))]
    ) -> dict[str, tuple[SeekerReceipt, ...]]:
        """Seekers from a file or a form, with the ground on which they are kept."""
        brought_by = agency_for(engine, who, batch.agency_id).agency_id if batch.agency_id else None
        refuse_unknown(engine, Cafe, [batch.cafe_id], "cafe_id")
        rows = [SeekerRow(row.where, row.document, row.findings) for row in batch.rows]
        receipts = _kept_unless_dry(
            engine,
            lambda session: register(session, rows, batch.consent, vault, batch.cafe_id, brought_by=brought_by),
            dry_run=batch.dry_run,
        )
        return {"receipts": tuple(receipts)}

    @router.get("/exports/postings.{form}", response_class=StreamingResponse)
    def export_postings(form: ExportForm, who: From, agency: UUID | None = None) -> StreamingResponse:
        """The open postings of an agency, or of all for the operator: CSV, a workbook, or schema.org JSON-LD."""
        own = agency_for(engine, who, agency).agency_id if agency or who.role == "agency" else None
        return exported(engine, own, form)

    return router


def _kept_unless_dry(engine: Engine, take: Any, *, dry_run: bool) -> Any:
    receipts: Any = ()
    try:
        with transaction(engine) as session:
            receipts = take(session)
            if dry_run:
                session.flush()
                raise _DryRun
    except _DryRun:
        pass
    return receipts


def _submissions(session: Session, agency: Agency, outcome: Outcome | None, paged: Paging) -> dict[str, Any]:
    own = Submission.agency_id == agency.agency_id
    counted = session.exec(select(Submission.outcome, func.count()).where(own).group_by(col(Submission.outcome)))
    counts: Counter[str] = Counter(dict(counted.all()))
    wanted = select(Submission).where(own, *([Submission.outcome == outcome] if outcome else []))
    key = (col(Submission.received_at), col(Submission.submission_id))
    older = wanted.where(*beyond(key, paged.after(MOMENT), falling=True))
    found = session.exec(older.order_by(*(column.desc() for column in key)).limit(paged.one_more)).all()
    rows = paged.shown(found, lambda row: (row.received_at, row.submission_id))
    return {
        "counts": {name: counts[name] for name in get_args(Outcome) if name != NOTICED},
        "total": counts.total() - counts[NOTICED],
        "rows": [row.model_dump(mode="json", exclude={"kept", "content_hash"}) for row in rows],
    }


def refusal(receipt: Receipt) -> Problem:
    """A returned document as a problem: the first reason on top, all of them in `errors`."""
    refusals = [found for found in receipt.findings if found.severity == "refusal"]
    first = refusals[0]
    return Problem(
        409 if first.code == "IDEMPOTENCY_CONFLICT" else 422,
        first.code,
        first.message,
        first.message_ko,
        where=first.where,
        hint=first.hint,
        errors=tuple(
            WrongField(code=found.code, where=found.where, message=found.message, message_ko=found.message_ko)
            for found in refusals
        ),
    )
