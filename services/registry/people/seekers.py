"""Seekers: taken in with a ground for keeping them, revised, withdrawn. Who they are goes to the vault alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlmodel import Session, col, select

from services.registry.intake.documents import Checked, ConsentBasis, SeekerDocument, check_seeker, seeker_facts
from services.registry.intake.findings import finding
from services.registry.people.vault import Person, Vault
from services.registry.tables import Cafe, Consent, Seeker
from shared.clock import now
from shared.contracts import Fact, Finding, SeekerFacts, SeekerPublished, SeekerWithdrawn
from shared.outbox import stage

ACTIVE = "active"
ERASED = "erased"
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
    basis: ConsentBasis,
    vault: Vault,
    cafe_id: UUID | None = None,
    *,
    brought_by: UUID | None = None,
) -> list[SeekerReceipt]:
    """Take seekers in, or revise them: the same reference is the same person.

    Args:
        basis: on what ground they are kept; there is no way in without one.
        cafe_id: the café that looks after those whose document names none.
        brought_by: the agency that sends them, where it is not the people themselves.
    """
    checked = [_checked(row) for row in rows]
    ids = [_id_of(check, vault) for check in checked]
    held = {seeker.seeker_id: seeker for seeker in session.exec(select(Seeker).where(col(Seeker.seeker_id).in_(ids)))}
    cafes = set(session.exec(select(Cafe.cafe_id)))
    receipts = []
    for row, check, seeker_id in zip(rows, checked, ids, strict=True):
        check.findings += _against(check.seeker, held.get(seeker_id), cafes, cafe_id)
        if check.refused or check.seeker is None:
            receipts.append(SeekerReceipt(where=row.where, outcome="returned", findings=tuple(check.findings)))
            continue
        document = check.seeker
        home = document.cafe_id or cafe_id
        before = held.get(seeker_id)
        seeker = held[seeker_id] = before or _new(seeker_id, document)
        session.add(seeker)
        person = _person(document)
        changed = _say(session, seeker, seeker_facts(document), home, is_new=before is None)
        sealed = _seal(session, vault, seeker, person)
        _note_consent(session, seeker_id, (basis, brought_by), person)
        receipts.append(
            SeekerReceipt(
                where=row.where,
                outcome="accepted" if changed or sealed else "unchanged",
                seeker_id=seeker_id,
                revision=seeker.revision,
                findings=tuple(check.findings),
            )
        )
    return receipts


def withdraw(session: Session, seeker: Seeker, reason: LeavingReason) -> None:
    """Stop matching someone; her row stays as a tombstone, so that nothing older brings her back."""
    seeker.state = reason
    seeker.revision += 1
    seeker.changed_at = now()
    session.add(seeker)
    stage(session, SeekerWithdrawn(seeker_id=seeker.seeker_id, revision=seeker.revision, reason=reason))


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
        state=ACTIVE,
        facts={},
        applied_at=document.applied_at or now(),
        changed_at=now(),
    )


def _say(session: Session, seeker: Seeker, facts: SeekerFacts, cafe_id: UUID | None, *, is_new: bool) -> bool:
    """Publish her next revision if there is anything new to say."""
    values = facts.model_dump(mode="json")
    if not is_new and (seeker.facts, seeker.cafe_id, seeker.state) == (values, cafe_id, ACTIVE):
        return False
    seeker.facts, seeker.cafe_id, seeker.state = values, cafe_id, ACTIVE
    seeker.revision += 1
    seeker.changed_at = now()
    stage(session, published(seeker))
    return True


def _seal(session: Session, vault: Vault, seeker: Seeker, person: Person) -> bool:
    if person == Person():
        return False
    session.flush()  # the vault's row refers to hers
    return vault.keep(session, seeker.seeker_id, person)


def _note_consent(session: Session, seeker_id: UUID, ground: tuple[ConsentBasis, UUID | None], person: Person) -> None:
    basis, brought_by = ground
    items = ["profile", *(item for item, value in person.model_dump().items() if value)]
    last = select(Consent).where(Consent.seeker_id == seeker_id).order_by(col(Consent.number).desc())
    held = session.exec(last).first()
    if held is None or (held.basis, held.brought_by, held.items) != (basis, brought_by, items):
        session.flush()
        session.add(Consent(seeker_id=seeker_id, basis=basis, brought_by=brought_by, items=items, given_at=now()))
