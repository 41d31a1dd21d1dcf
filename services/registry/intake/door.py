"""The one way in: every document is checked, settled, kept and answered here, whichever way it came."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from services.registry.intake.documents import Checked, check_posting, posting_facts
from services.registry.intake.findings import finding
from services.registry.law.answers import findings_for
from services.registry.law.licence_kinds import licence_kept
from services.registry.law.licences import AgencyLicence
from services.registry.law.rules import Rules
from services.registry.orders.defaulters import listed_among
from services.registry.orders.life_cycle import HELD, OPEN, Illegal
from services.registry.orders.postings import (
    Said,
    Settled,
    Shelf,
    change,
    one_at_a_time,
    order_id_of,
    settle,
    standing,
    today,
)
from services.registry.orders.same_order import fingerprint_of
from services.registry.people.contacts import keep_contact
from services.registry.people.vault import Vault
from services.registry.tables import Agency, JobOrder, Submission
from shared.clock import now
from shared.contracts import AgencyAnswered, Fact, Finding, SubmissionAnswered
from shared.contracts.submissions import OrderState, Outcome
from shared.outbox import stage
from shared.wire import DOCUMENT_LIMIT_BYTES

Entry = Literal["queue", "http", "file", "form"]


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
    state: OrderState | None = None
    valid_until: date | None = None
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
    one_at_a_time(session)
    answered = _answered_before(session, arrivals)
    checked = [_checked(arrival, agency) for arrival in arrivals]
    _lint(session, checked, agency, law)
    all_said = [None if each.refused else _said(each, agency) for each in checked]
    named = [order_id_of(agency.agency_id, each.source_ref) for each in checked if each.status and each.source_ref]
    shelf = Shelf(session, [said for said in all_said if said], named)
    receipts = []
    for arrival, check, said in zip(arrivals, checked, all_said, strict=True):
        before = answered.get(arrival.submission_id)
        if before and before.content_hash == arrival.content_hash:
            receipts.append(_as_before(before, arrival))
            continue
        if before:
            receipt = _returned(_another(arrival), [finding("IDEMPOTENCY_CONFLICT", "id")], check.source_ref)
        elif check.refused:
            receipt = _returned(arrival, check.findings, check.source_ref)
        else:
            receipt = _settled(shelf, arrival, check, said or order_id_of(agency.agency_id, str(check.source_ref)))
            _keep_contact(session, vault, receipt, check)
        answered[receipt.submission_id] = _keep(session, arrival, receipt, agency, vault)
        receipts.append(receipt)
    return receipts


def _answered_before(session: Session, arrivals: Sequence[Arrival]) -> dict[UUID, Submission]:
    ids = [arrival.submission_id for arrival in arrivals]
    found = session.exec(select(Submission).where(col(Submission.submission_id).in_(ids)))
    return {submission.submission_id: submission for submission in found}


def _checked(arrival: Arrival, agency: Agency) -> Checked:
    if arrival.document is None:
        return Checked(list(arrival.findings))
    return check_posting(arrival.document, agency.agency_id, arrival.findings)


def _lint(session: Session, checked: Sequence[Checked], agency: Agency, law: Rules | None) -> None:
    """Add what the law says to what is known of each document."""
    sound = [(each, each.posting) for each in checked if each.posting and not each.refused]
    listed = listed_among(session, [(posting.employer, posting.employer_number) for _, posting in sound])
    licence = AgencyLicence(licence_kept(agency.licence), agency.registration_number)
    for each, posting in sound:
        facts, number = posting_facts(posting, agency.agency_id, "-"), posting.employer_number
        each.findings += findings_for(facts, today(), licence, employer_number=number, defaulters=listed, rules=law)


def _said(checked: Checked, agency: Agency) -> Said | None:
    """What a document says under its reference; without one its content is the reference."""
    posting = checked.posting
    if posting is None:
        return None
    facts = posting_facts(posting, agency.agency_id, posting.source_ref or "-")
    if not posting.source_ref:
        facts = facts.model_copy(update={"source_ref": f"auto-{fingerprint_of(facts)[:24]}"})
    return Said.of(facts, employer_number=posting.employer_number, held_for=checked.held_for, status=posting.status)


def _settled(shelf: Shelf, arrival: Arrival, checked: Checked, said: Said | UUID) -> Receipt:
    """The receipt for what is said of an order, or became of the order of this id."""
    findings = list(checked.findings)
    try:
        outcome, order = settle(shelf, said) if isinstance(said, Said) else _changed(shelf, said, checked)
    except Illegal as illegal:
        findings.append(finding(illegal.code, "status", state=illegal.state, status=illegal.status))
        return _returned(arrival, findings, checked.source_ref)
    findings += _told_of(order, outcome)
    return Receipt(
        where=arrival.where,
        submission_id=arrival.submission_id,
        outcome=outcome,
        findings=tuple(findings),
        **standing(shelf.session, order),
    )


def _keep_contact(session: Session, vault: Vault, receipt: Receipt, checked: Checked) -> None:
    """Where the firm is written to goes to its sealed place: not into facts, receipts or submissions."""
    if receipt.posting_id and checked.posting and checked.posting.contact_email:
        keep_contact(session, vault, "firm", receipt.posting_id, "email", checked.posting.contact_email)


def _changed(shelf: Shelf, order_id: UUID, checked: Checked) -> tuple[Settled, JobOrder]:
    order = shelf.order(order_id)
    if order is None or checked.status is None:
        raise Illegal("ORDER_UNKNOWN", "closed", str(checked.status))
    return ("accepted" if change(shelf, order, checked.status, "agency") else "unchanged"), order


def _told_of(order: JobOrder, outcome: Settled) -> list[Finding]:
    """What the sender should know of the order beside what speaks against the document."""
    if order.state == HELD:
        return [finding("ORDER_HELD")]
    if outcome == "merged":
        return [finding("SAME_ORDER")]
    if outcome == "unchanged" and order.state != OPEN:
        return [finding("ORDER_NOT_OPEN", "status", state=order.state)]
    return []


def _returned(arrival: Arrival, findings: Sequence[Finding], source_ref: str | None) -> Receipt:
    return Receipt(
        where=arrival.where,
        submission_id=arrival.submission_id,
        outcome="returned",
        source_ref=source_ref,
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
        state=receipt.state,
        valid_until=receipt.valid_until,
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
    answered = {name: getattr(before, name) for name in Receipt.model_fields.keys() - {"where", "repeated"}}
    return Receipt.model_validate(answered | {"where": arrival.where, "repeated": True})


def _canonical(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, default=str).encode("utf-8", "replace")
