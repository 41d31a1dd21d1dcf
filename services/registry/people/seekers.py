"""Seekers: taken in with a ground for keeping them, revised, withdrawn. Who they are goes to the vault alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from services.registry.intake.documents import (
    Checked,
    ConsentBasis,
    Purpose,
    SeekerDocument,
    check_seeker,
    seeker_facts,
)
from services.registry.intake.findings import finding
from services.registry.orders import ledger
from services.registry.orders.life_cycle import APPLICATION_MONTHS, NOTICE_DAYS, months_after
from services.registry.people import consents
from services.registry.people.consents import Ground, Matter, Through
from services.registry.people.vault import Person, Vault
from services.registry.tables import Cafe, Consent, Seeker
from shared.clock import KST, now
from shared.contracts import Fact, Finding, SeekerFacts, SeekerPublished, SeekerWithdrawn
from shared.database import beyond
from shared.outbox import stage

TAKEN_OUT = ("PHONE_REMOVED", "EMAIL_REMOVED", "NAME_REMOVED")
MATCHING = Matter("matching")
UNSEEN = "unseen"
"""Of someone who was never published."""
ACTIVE = "active"
ERASED = "erased"
PLACED = "placed"
"""She works now: she comes back by saying that she looks again, or by an application that says something new."""
LeavingReason = Literal["placed", "expired", "paused", "withdrawn", "erased"]


@dataclass(frozen=True)
class SeekerRow:
    """A seeker's document as it came, and what its reader has to say."""

    where: str
    document: dict[str, Any] | None
    findings: tuple[Finding, ...] = ()


class SeekerReceipt(Fact):
    """What became of a seeker's document."""

    where: str
    outcome: Literal["accepted", "unchanged", "returned"]
    seeker_id: UUID | None = None
    revision: int | None = None
    findings: tuple[Finding, ...] = ()


def register(  # noqa: PLR0913 - all that a batch of people comes with
    session: Session,
    rows: Sequence[SeekerRow],
    basis: ConsentBasis | None,
    vault: Vault,
    cafe_id: UUID | None = None,
    *,
    brought_by: UUID | None = None,
    through: Through = "file",
    within: Sequence[UUID] | None = None,
) -> list[SeekerReceipt]:
    """Take seekers in, or revise them: the same reference is the same person.

    Args:
        basis: on what ground those are kept, and matched, whose document states no consent. None: they come back.
        cafe_id: the café that looks after those whose document names none.
        brought_by: the agency that sends them, where it is not the people themselves.
        through: who says that they agree.
        within: the cafés whose people the sender may bring in or revise; others come back. None: all.
    """
    checked = [_checked(row) for row in rows]
    ids = [_id_of(check, vault) for check in checked]
    held = {seeker.seeker_id: seeker for seeker in session.exec(select(Seeker).where(col(Seeker.seeker_id).in_(ids)))}
    cafes = set(session.exec(select(Cafe.cafe_id)))
    fresh: dict[UUID, Seeker] = {}
    for check, seeker_id in zip(checked, ids, strict=True):
        check.findings += _against(check.seeker, held.get(seeker_id), cafes, cafe_id)
        if within is not None:
            check.findings += _beyond(within, check.seeker, held.get(seeker_id))
        if check.seeker and check.seeker.consents is None and basis is None:
            check.findings.append(finding("CONSENT_MISSING", "consents"))
        if check.seeker and not check.refused and seeker_id not in held:
            fresh[seeker_id] = held[seeker_id] = _new(seeker_id, check.seeker)
    session.add_all(fresh.values())
    session.flush()  # once for all: everything else refers to them
    receipts = []
    for row, check, seeker_id in zip(rows, checked, ids, strict=True):
        if check.refused or check.seeker is None:
            receipts.append(SeekerReceipt(where=row.where, outcome="returned", findings=tuple(check.findings)))
            continue
        seeker, is_new = held[seeker_id], fresh.pop(seeker_id, None) is not None
        given = [] if is_new else list(consents.all_of(session, seeker_id))
        agreed = _note_consents(session, seeker, check, Ground(basis or "consent", through, brought_by), given)
        changed = revise(session, vault, seeker, check, cafe_id, given=given, is_new=is_new)
        receipts.append(
            SeekerReceipt(
                where=row.where,
                outcome="accepted" if changed or agreed or is_new else "unchanged",
                seeker_id=seeker_id,
                revision=seeker.revision or None,
                findings=tuple(check.findings),
            )
        )
    return receipts


def revise(  # noqa: PLR0913 - a document, and what is known of whom it is about
    session: Session,
    vault: Vault,
    seeker: Seeker,
    check: Checked,
    cafe_id: UUID | None,
    *,
    given: Sequence[Consent] | None = None,
    is_new: bool = False,
) -> bool:
    """Let a document that was checked say who and what she is; whether anything is new.

    Args:
        given: her consents, where they are at hand.
        is_new: nothing is held of her yet, so nothing is looked up.
    """
    document = check.seeker
    if document is None:
        raise ValueError("a document that was refused revises nobody")
    scrubbed = [{"where": found.where, "code": found.code} for found in check.findings if found.code in TAKEN_OUT]
    values, home = seeker_facts(document).model_dump(mode="json"), document.cafe_id or cafe_id
    changed = (seeker.facts, seeker.cafe_id) != (values, home)
    seeker.facts, seeker.cafe_id, seeker.scrubbed = values, home, scrubbed
    session.add(seeker)
    said = settle(session, seeker, changed=changed, given=given)
    return vault.keep(session, seeker.seeker_id, _person(document), is_new=is_new) or said or changed


def settle(session: Session, seeker: Seeker, *, changed: bool = False, given: Sequence[Consent] | None = None) -> bool:
    """Publish her, or withdraw her, as her consents and wishes have it now; whether anything was said."""
    if seeker.state == ERASED or (seeker.state == PLACED and not changed):
        return False
    given = consents.all_of(session, seeker.seeker_id) if given is None else given
    if seeker.human_only or not consents.stands(given, MATCHING):
        if seeker.state != ACTIVE:
            return False
        withdraw(session, seeker, "withdrawn")
        return True
    if seeker.state == ACTIVE and seeker.revision and not changed:
        return False
    if seeker.state != ACTIVE:
        seeker.valid_until = application_ends()
    seeker.state = ACTIVE
    seeker.revision += 1
    seeker.changed_at = now()
    session.add(seeker)
    stage(session, published(seeker))
    return True


def withdraw(session: Session, seeker: Seeker, reason: LeavingReason) -> None:
    """Stop matching someone; her row stays as a tombstone, so that nothing older brings her back."""
    ledger.one_at_a_time(session)
    seeker.state = reason
    seeker.revision += 1
    seeker.changed_at = now()
    session.add(seeker)
    stage(session, SeekerWithdrawn(seeker_id=seeker.seeker_id, revision=seeker.revision, reason=reason))
    ledger.seeker_left(session, seeker.seeker_id, reason)


def renew(session: Session, seeker: Seeker) -> bool:
    """She goes on looking, also after her application has run out; whether she could still say so."""
    if seeker.state not in (ACTIVE, "expired", PLACED):
        return False
    if seeker.state == PLACED:
        seeker.state = UNSEEN
    seeker.valid_until = application_ends()
    session.add(seeker)
    settle(session, seeker)
    return True


def ending(
    session: Session, day: date, cafe_id: UUID | None, after: tuple[date, UUID] | None, limit: int
) -> Sequence[Seeker]:
    """Whose application ends soon, the soonest first; of one café, or of all; `after`: the last day and id before."""
    key = (col(Seeker.valid_until), col(Seeker.seeker_id))
    near = (Seeker.state == ACTIVE, key[0] <= day + timedelta(days=NOTICE_DAYS))
    wanted = select(Seeker).where(*near, *beyond(key, after), *([Seeker.cafe_id == cafe_id] if cafe_id else []))
    return session.exec(wanted.order_by(*key).limit(limit)).all()


def application_ends() -> date:
    """The last day of an application that is taken in or renewed today."""
    return months_after(now().astimezone(KST).date(), APPLICATION_MONTHS)


def published(seeker: Seeker) -> SeekerPublished:
    """What is said of an active seeker, now or when asked to say it again."""
    return SeekerPublished(
        seeker_id=seeker.seeker_id,
        revision=seeker.revision,
        cafe_id=seeker.cafe_id,
        applied_at=seeker.applied_at,
        facts=SeekerFacts.model_validate(seeker.facts),
    )


def _checked(row: SeekerRow) -> Checked:
    return Checked(list(row.findings)) if row.document is None else check_seeker(row.document, row.findings)


def _id_of(check: Checked, vault: Vault) -> UUID:
    reference = check.seeker.source_ref if check.seeker else None
    return vault.pseudonym(reference) if reference else uuid4()


def _against(
    document: SeekerDocument | None, before: Seeker | None, cafes: set[UUID], cafe_id: UUID | None
) -> list[Finding]:
    told = []
    if before is not None and before.state == ERASED:
        told.append(finding("PERSON_ERASED", "source_ref"))
    named = (document.cafe_id if document else None) or cafe_id
    if named is not None and named not in cafes:
        told.append(finding("CAFE_UNKNOWN", "cafe_id"))
    return told


def _beyond(within: Sequence[UUID], document: SeekerDocument | None, before: Seeker | None) -> list[Finding]:
    homes = {document.cafe_id if document else None, before.cafe_id if before else None}
    return [] if homes <= {None, *within} else [finding("CAFE_NOT_YOURS", "cafe_id")]


def _person(document: SeekerDocument) -> Person:
    """Who she is; of a home told in one line, what is beyond the district."""
    return Person(
        name=document.name,
        phone=document.phone,
        email=document.email,
        birth_date=document.birth_date.isoformat() if document.birth_date else "",
        address=document.address or (document.home and document.home.address) or "",
    )


def _new(seeker_id: UUID, document: SeekerDocument) -> Seeker:
    return Seeker(
        seeker_id=seeker_id,
        revision=0,
        state=UNSEEN,
        facts={},
        applied_at=document.applied_at or now(),
        changed_at=now(),
        valid_until=application_ends(),
    )


def _note_consents(session: Session, seeker: Seeker, check: Checked, ground: Ground, given: list[Consent]) -> bool:
    """What her document states, else matching on the ground of the batch; whether any is new."""
    document = check.seeker
    stated = document.consents if document else None
    items = ["profile", *(item for item, value in _person(document) if value)] if document else []
    wanted: tuple[Purpose, ...] = ("matching",) if stated is None else stated
    agreed = [consents.agreed(given, Matter(purpose), ground) for purpose in wanted]
    new = [consents.row_of(seeker.seeker_id, Matter(purpose), ground, items) for purpose in wanted]
    new = [row for row, already in zip(new, agreed, strict=True) if not already]
    given += new
    session.add_all(new)
    if not consents.stands(given, MATCHING):
        was_hers = consents.last(given, MATCHING) is not None
        check.findings.append(finding("CONSENT_REVOKED" if was_hers else "CONSENT_NOT_FOR_MATCHING", "consents"))
    return bool(new)
