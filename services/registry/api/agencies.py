"""What programs may ask of the registry, under `/api/v1/registry`."""

from collections import Counter
from typing import Annotated, Any, Literal, get_args
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, TypeAdapter
from sqlalchemy import Engine, func
from sqlmodel import Session, col, select
from starlette.responses import StreamingResponse

from services.registry.access import Sender, agency_for, not_found, refuse_unknown
from services.registry.api.bodies import Body, PlainBody, idempotency_key
from services.registry.digest import Digest, digests
from services.registry.exporting import Form as ExportForm
from services.registry.exporting import exported
from services.registry.intake.documents import ConsentBasis
from services.registry.intake.door import Arrival, Receipt, receive
from services.registry.intake.mapping import Mapping
from services.registry.intake.notices import NOTICED
from services.registry.intake.saved import MOST, Keeper, TooManyMappings, save_mapping, saved_mappings
from services.registry.law.licence_kinds import LicenceWord, licence_of
from services.registry.law.rules import Rules
from services.registry.orders.agencies import AgencyExists, add_agency, give_key, some_agencies
from services.registry.people.accounts import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    AccountExists,
    AccountRole,
    add_account,
)
from services.registry.people.audit import Look
from services.registry.people.seekers import SeekerReceipt, SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.tables import Agency, Cafe, SavedMapping, Submission
from shared.contracts import AgencyAnswered, Finding, PostingReceived
from shared.contracts.submissions import Outcome
from shared.database import beyond, reading, transaction
from shared.outbox import stream_of
from shared.web.cursors import MOMENT, Paged, Paging
from shared.web.problems import Problem, WrongField
from shared.web.sign_in import SignedIn, allow

MOST_ROWS = 1_000
BATCH_LIMIT_BYTES = 64_000_000

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
]
NAMED = TypeAdapter(tuple[Name, UUID])
"""Without control characters: some of them are blanks to Python and none to whoever checked before."""
Operator = Annotated[SignedIn, Depends(allow("operator"))]
Key = Annotated[str, Depends(idempotency_key)]


class Asked(BaseModel):
    """A request's body: only what it names is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PostingDocument(RootModel[dict[str, Any]]):
    """One posting under the sender's own names or ours: title, employer, description and place at the least."""


class NewAgency(Asked):
    name: Name
    licence: LicenceWord
    registration_number: Name | None = None
    """Of the licence, as the authority gave it."""
    agency_id: UUID | None = None


class NewAccount(Asked):
    login: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]{2,60}$")]
    display_name: Name
    role: AccountRole
    password: Annotated[str, StringConstraints(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)]
    cafe_ids: tuple[UUID, ...] = ()
    agency_id: UUID | None = None
    shown: bool = False
    """A demo account: its password stands on the sign-in page for everyone to use."""


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


class MappingAsked(Asked):
    """A mapping as its file would hold it, under a name."""

    agency_id: UUID | None = None
    name: Name
    mapping: dict[str, Any]


class RevealAsked(Asked):
    seeker_ids: Annotated[tuple[UUID, ...], Field(max_length=500)]
    who: Name
    purpose: Name
    place: Annotated[str, StringConstraints(max_length=100)] = ""
    """From where it is asked: the address of whoever looks."""
    items: Annotated[tuple[Literal["name", "phone", "email"], ...], Field(min_length=1)] = ("name",)
    action: Literal["read", "export"] = "read"
    """Shown on a page, or taken along in a file."""


class _DryRun(Exception):
    """Thrown to undo what was only tried."""


def api(engine: Engine, vault: Vault, law: Rules | None = None) -> APIRouter:  # noqa: PLR0915 - the list of what can be asked
    router = APIRouter(prefix="/api/v1/registry")
    From = Annotated[SignedIn, Depends(Sender(engine))]  # noqa: N806 - a type

    @router.post("/agencies", status_code=201)
    def make_agency(
        _who: Operator,
        asked: Annotated[NewAgency, Depends(PlainBody(NewAgency))],
    ) -> dict[str, Any]:
        """Take in an agency. Its API key is shown this once."""
        try:
            with transaction(engine) as session:
                agency, key = add_agency(
                    session,
                    asked.name,
                    licence_of(asked.licence),
                    asked.agency_id,
                    registration_number=asked.registration_number,
                )
        except AgencyExists:
            raise _exists("name") from None
        return _shown_agency(agency) | {"api_key": key}

    @router.post("/agencies/{agency_id}/key")
    def change_key(agency_id: UUID, _who: Operator) -> dict[str, Any]:
        """A new API key for an agency, shown this once; the one before ends at once."""
        with transaction(engine) as session:
            agency = session.get(Agency, agency_id)
            if agency is None:
                raise not_found()
            return _shown_agency(agency) | {"api_key": give_key(session, agency)}

    @router.get("/agencies")
    def list_agencies(_who: Operator, paged: Paged) -> list[dict[str, Any]]:
        """Agencies by name."""
        with reading(engine) as session:
            found = some_agencies(session, paged.after(NAMED), paged.one_more)
        return [_shown_agency(agency) for agency in paged.shown(found, lambda each: (each.name, each.agency_id))]

    @router.post("/accounts", status_code=201)
    def make_account(
        _who: Operator,
        asked: Annotated[NewAccount, Depends(PlainBody(NewAccount))],
    ) -> dict[str, Any]:
        if asked.role == "agency" and asked.agency_id is None:
            raise Problem(
                422, "AGENCY_MISSING", "Name the agency whose clerk this is.", "어느 기관의 담당자인지 지정해 주세요.",
                where="agency_id",
            )  # fmt: skip
        refuse_unknown(engine, Agency, [asked.agency_id], "agency_id")
        refuse_unknown(engine, Cafe, asked.cafe_ids, "cafe_ids")
        try:
            with transaction(engine) as session:
                account = add_account(session, **dict(asked))
        except AccountExists:
            raise _exists("login") from None
        return account.model_dump(mode="json", exclude={"password_hash", "shown_password"})

    @router.post("/postings")
    def send_posting(
        who: From,
        key: Key,
        document: Annotated[PostingDocument, Depends(Body(PostingDocument))],
        agency: UUID | None = None,
    ) -> Receipt:
        """One posting. The answer is its receipt; a repeat under the same key is answered as before."""
        own = agency_for(engine, who, agency)
        arrival = Arrival("body", document.root, "http", uuid5(own.agency_id, f"key|{key}"))
        with transaction(engine) as session:
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

    @router.get("/mappings")
    def list_mappings(who: From, agency: UUID | None = None) -> list[dict[str, Any]]:
        """What the columns of an agency's own sheets mean, as it was answered once."""
        own = agency_for(engine, who, agency)
        with reading(engine) as session:
            return [_shown_mapping(saved) for saved in saved_mappings(session, Keeper(own.agency_id))]

    @router.put("/mappings")
    def keep_mapping(
        who: From,
        asked: Annotated[MappingAsked, Depends(Body(MappingAsked))],
    ) -> dict[str, Any]:
        """Save a mapping for an agency, in place of one of the same name: files that it fits are read by it."""
        own = agency_for(engine, who, asked.agency_id)
        try:
            mapping = Mapping.model_validate({"name": asked.name} | asked.mapping)
            with transaction(engine) as session:
                return _shown_mapping(save_mapping(session, Keeper(own.agency_id), mapping))
        except TooManyMappings:
            raise Problem(
                409, "TOO_MANY", f"An agency keeps up to {MOST} mappings.", f"연결표는 {MOST}개까지 둘 수 있습니다."
            ) from None

    @router.delete("/mappings/{mapping_id}")
    def drop_mapping(mapping_id: UUID, who: From) -> dict[str, Any]:
        """Forget a saved mapping."""
        with transaction(engine) as session:
            saved = session.get(SavedMapping, mapping_id)
            if saved is None or (who.role != "operator" and saved.agency_id != who.agency_id):
                raise not_found()
            session.delete(saved)
            return {"mapping_id": mapping_id, "removed": True}

    @router.post("/people/reveal")
    def reveal_people(
        _who: Annotated[SignedIn, Depends(allow("service"))],
        asked: Annotated[RevealAsked, Depends(PlainBody(RevealAsked))],
    ) -> dict[str, Any]:
        """Names, at the moment of showing or sending; each look is recorded before it is answered."""
        look = Look(who=asked.who, purpose=asked.purpose, items=asked.items, place=asked.place, action=asked.action)
        with transaction(engine) as session:
            seen = vault.read(session, asked.seeker_ids, look)
        return {
            "people": [
                {"seeker_id": seeker_id} | {item: getattr(person, item) for item in asked.items}
                for seeker_id, person in seen.items()
            ]
        }

    @router.get("/digest")
    def show_digest(_who: Annotated[SignedIn, Depends(allow("operator", "service"))]) -> dict[str, Digest]:
        with reading(engine) as session:
            return digests(session)

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


def _shown_agency(agency: Agency) -> dict[str, Any]:
    return {
        "agency_id": agency.agency_id,
        "name": agency.name,
        "licence": agency.licence,
        "registration_number": agency.registration_number,
        "made_at": agency.made_at,
        "sends_to": stream_of(PostingReceived, agency.agency_id),
        "reads_from": stream_of(AgencyAnswered, agency.agency_id),
    }


def _shown_mapping(saved: SavedMapping) -> dict[str, Any]:
    told = saved.model_dump(mode="json", exclude={"words", "cafe_id"})
    return told | {"mapping": saved.words}


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


def _exists(where: str) -> Problem:
    return Problem(
        409,
        "ALREADY_THERE",
        "This is here already.",
        "이미 있습니다.",
        where=where,
        hint="Use another, or the present one.",
    )
