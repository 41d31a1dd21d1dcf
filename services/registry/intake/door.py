"""The one way in: every document is checked, settled, kept and answered here, whichever way it came."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.registry.intake.documents import Checked, check_posting, posting_facts
from services.registry.intake.findings import finding
from services.registry.law.answers import findings_for
from services.registry.law.licences import AgencyLicence
from services.registry.law.rules import Rules
from services.registry.licence_kinds import licence_kept
from services.registry.orders.postings import Order, Shelf, settle
from services.registry.people.vault import Vault
from services.registry.tables import Agency, Posting, Submission
from shared.clock import KST, now
from shared.contracts import AgencyAnswered, Fact, Finding, SubmissionAnswered
from shared.contracts.submissions import Outcome
from shared.outbox import stage
from shared.wire import DOCUMENT_LIMIT_BYTES

Entry = Literal["queue", "http", "file"]

INTAKE_LOCK = 0x696C6A
"""Two documents may be the same order: on PostgreSQL intake goes one transaction at a time (SQLite does so anyway)."""


@dataclass(frozen=True)
class Arrival:
    """A document as it came.

    Args:
        where: its place among what was sent: a line, an entry id.
        document: None where it could not be read; `raw` is then what came.
        submission_id: the same for the same sending; a repeat is answered as before and has no further effect.
        findings: what its reader already has to say.
    """

    where: str
    document: dict[str, Any] | None
    entry: Entry
    submission_id: UUID = field(default_factory=uuid4)
    findings: tuple[Finding, ...] = ()
    raw: bytes = b""

    @property
    def words(self) -> bytes:
        return self.raw if self.document is None else _canonical(self.document)

    @property
    def content_hash(self) -> str:
        return sha256(self.words).hexdigest()


class Receipt(Fact):
    """What became of one document; given after the commit."""

    where: str
    submission_id: UUID
    outcome: Outcome
    source_ref: str | None = None
    posting_id: UUID | None = None
    revision: int | None = None
    findings: tuple[Finding, ...] = ()
    repeated: bool = False
    """The same sending was answered before: this is that answer."""


def receive(
    session: Session, arrivals: Sequence[Arrival], agency: Agency, vault: Vault, *, law: Rules | None = None
) -> list[Receipt]:
    """Take documents in, in their order; one receipt each. Rows and events are the caller's transaction's.

    Args:
        law: the rules that postings are checked against; the shipped ones if none are given.
    """
    _one_at_a_time(session)
    answered = _answered_before(session, arrivals)
    checked = [_checked(arrival, agency) for arrival in arrivals]
    orders = [None if each.refused else _order(each, agency) for each in checked]
    licence = AgencyLicence(licence_kept(agency.licence), agency.registration_number)
    orders = [_lawful(order, each, licence, law) for order, each in zip(orders, checked, strict=True)]
    shelf = Shelf(session, agency, [order for order in orders if order])
    receipts = []
    for arrival, check, order in zip(arrivals, checked, orders, strict=True):
        before = answered.get(arrival.submission_id)
        if before and before.content_hash == arrival.content_hash:
            receipts.append(_as_before(before, arrival))
            continue
        if before:
            receipt = _returned(_another(arrival), [finding("IDEMPOTENCY_CONFLICT", "id")], check.source_ref)
        elif order is None:
            receipt = _returned(arrival, check.findings, check.source_ref)
        else:
            receipt = _settled(shelf, arrival, order, check.findings)
        answered[receipt.submission_id] = _keep(session, arrival, receipt, agency, vault)
        receipts.append(receipt)
    return receipts


def _one_at_a_time(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": INTAKE_LOCK})


def _answered_before(session: Session, arrivals: Sequence[Arrival]) -> dict[UUID, Submission]:
    ids = [arrival.submission_id for arrival in arrivals]
    found = session.exec(select(Submission).where(col(Submission.submission_id).in_(ids)))
    return {submission.submission_id: submission for submission in found}


def _checked(arrival: Arrival, agency: Agency) -> Checked:
    if arrival.document is None:
        return Checked(list(arrival.findings))
    return check_posting(arrival.document, agency.agency_id, arrival.findings)


def _order(checked: Checked, agency: Agency) -> Order | None:
    """The order in a document that nothing speaks against; without a reference its content is one."""
    if checked.posting is None:
        return None
    reference = checked.posting.source_ref
    if reference:
        return Order.of(posting_facts(checked.posting, agency.agency_id, reference))
    unnamed = Order.of(posting_facts(checked.posting, agency.agency_id, "-"))
    return replace(unnamed, facts=unnamed.facts.model_copy(update={"source_ref": f"auto-{unnamed.fingerprint[:24]}"}))


def _lawful(order: Order | None, checked: Checked, licence: AgencyLicence, law: Rules | None) -> Order | None:
    """The order, unless the law says that it may not be carried; what the law says is told in either case."""
    if order is None:
        return None
    checked.findings.extend(findings_for(order.facts, now().astimezone(KST).date(), licence, rules=law))
    return None if checked.refused else order


def _settled(shelf: Shelf, arrival: Arrival, order: Order, findings: Sequence[Finding]) -> Receipt:
    outcome, posting = settle(shelf, order)
    return _receipt(arrival, outcome, findings, order.facts.source_ref, posting)


def _returned(arrival: Arrival, findings: Sequence[Finding], source_ref: str | None) -> Receipt:
    return _receipt(arrival, "returned", findings, source_ref, None)


def _receipt(
    arrival: Arrival, outcome: Outcome, findings: Sequence[Finding], source_ref: str | None, posting: Posting | None
) -> Receipt:
    return Receipt(
        where=arrival.where,
        submission_id=arrival.submission_id,
        outcome=outcome,
        source_ref=source_ref,
        posting_id=posting.posting_id if posting else None,
        revision=posting.revision if posting else None,
        findings=tuple(findings),
    )


def _another(arrival: Arrival) -> Arrival:
    """The same document under an id of its own: the id it came with belongs to another."""
    return Arrival(arrival.where, arrival.document, arrival.entry, raw=arrival.raw)


def _keep(session: Session, arrival: Arrival, receipt: Receipt, agency: Agency, vault: Vault) -> Submission:
    submission = Submission(
        submission_id=receipt.submission_id,
        agency_id=agency.agency_id,
        entry=arrival.entry,
        place=arrival.where,
        content_hash=arrival.content_hash,
        outcome=receipt.outcome,
        source_ref=receipt.source_ref,
        posting_id=receipt.posting_id,
        revision=receipt.revision,
        findings=[found.model_dump() for found in receipt.findings],
        kept=_sealed(arrival, receipt, vault) if receipt.outcome == "returned" else None,
        received_at=now(),
    )
    session.add(submission)
    told = receipt.model_dump(exclude={"where", "repeated"}) | {"agency_id": agency.agency_id}
    stage(session, SubmissionAnswered.model_validate(told))
    stage(session, AgencyAnswered.model_validate(told), agency=agency.agency_id)
    return submission


def _sealed(arrival: Arrival, receipt: Receipt, vault: Vault) -> bytes:
    return vault.seal(arrival.words[:DOCUMENT_LIMIT_BYTES], f"submission {receipt.submission_id}")


def _as_before(before: Submission, arrival: Arrival) -> Receipt:
    return Receipt(
        where=arrival.where,
        submission_id=before.submission_id,
        outcome=before.outcome,
        source_ref=before.source_ref,
        posting_id=before.posting_id,
        revision=before.revision,
        findings=tuple(Finding.model_validate(found) for found in before.findings),
        repeated=True,
    )


def _canonical(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, default=str).encode("utf-8", "replace")
