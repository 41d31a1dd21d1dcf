"""What may someone ask for about her own data: to see and take it, to put it right, to stop, to be left to people."""

from typing import Any, get_args
from uuid import UUID

from sqlmodel import Session, select

from services.registry.cafes.bookings import bookings_of
from services.registry.cafes.enrolments import enrolments_of
from services.registry.intake.documents import Checked
from services.registry.orders import ledger
from services.registry.people import consents
from services.registry.people.accounts import login_of
from services.registry.people.audit import Look, rows_about
from services.registry.people.consents import Ground, Matter
from services.registry.people.seekers import revise, settle
from services.registry.people.vault import ITEMS, Person, Vault
from services.registry.tables import Account, Referral, Seeker
from shared.clock import now
from shared.contracts import SeekerFacts
from shared.contracts.matches import PartName

FORMAT = "iljari.person.v1"
ELSEWHERE = {
    "matching": "Features made of `profile`, and lists of postings by score: derived, and gone with the profile.",
    "notify": "Lists of postings shown at the desk, by the id below: derived, and gone with the profile.",
}
OF_A_REFERRAL = {
    "referral_id", "posting_id", "state", "path", "referred_on", "interview_on", "started_on", "ended_on",
}  # fmt: skip
PARTS = get_args(PartName)
"""What a score is the sum of; sex, age, school, birthplace and looks are never among them."""


def export(session: Session, vault: Vault, seeker: Seeker, look: Look) -> dict[str, Any]:
    """Everything that is held of someone, as one document that another system can read."""
    look = Look(look.who, look.purpose, ITEMS, look.place, "export")
    person = vault.read(session, [seeker.seeker_id], look).get(seeker.seeker_id, Person())
    account = session.exec(select(Account).where(Account.seeker_id == seeker.seeker_id)).first()
    return {
        "format": FORMAT,
        "made_at": now().isoformat(),
        "seeker_id": str(seeker.seeker_id),
        "person": {item: value for item, value in person if value},
        "profile": seeker.facts,
        "removed_from_texts": seeker.scrubbed,
        "application": {
            "state": seeker.state,
            "revision": seeker.revision,
            "human_only": seeker.human_only,
            "applied_at": seeker.applied_at.isoformat(),
            "changed_at": seeker.changed_at.isoformat(),
            "cafe_id": str(seeker.cafe_id) if seeker.cafe_id else None,
        },
        "rooms": [
            row.model_dump(mode="json", exclude={"seeker_id", "code"}) for row in bookings_of(session, seeker.seeker_id)
        ],
        "programs": [
            enrolment.model_dump(mode="json", exclude={"seeker_id", "code"})
            | program.model_dump(mode="json", include={"kind", "title", "skill", "starts_at", "ends_at"})
            for enrolment, program in enrolments_of(session, seeker.seeker_id)
        ],
        "referrals": [
            row.model_dump(mode="json", include=OF_A_REFERRAL)
            for row in session.exec(
                select(Referral).where(Referral.seeker_id == seeker.seeker_id, Referral.state != "")
            )
        ],
        "account": {"made_at": account.made_at.isoformat()} if account else None,
        "consents": [
            row.model_dump(mode="json", exclude={"number", "seeker_id"})
            for row in consents.all_of(session, seeker.seeker_id)
        ],
        "looked_at": [
            row.model_dump(mode="json", include={"at", "who", "action", "purpose", "items", "place"})
            for row in rows_about(session, seeker.seeker_id)
        ],
        "automated_decisions": {"parts_of_a_score": PARTS, "decided_by": "a counselor confirms every referral"},
        "elsewhere": ELSEWHERE,
    }


def agree(session: Session, vault: Vault, seeker: Seeker, matter: Matter, ground: Ground, look: Look) -> None:  # noqa: PLR0913, PLR0917 - a consent and who tells of it
    """Note a consent and let it have its effect."""
    if consents.give(session, seeker.seeker_id, matter, ground):
        vault.audit.note(session, [seeker.seeker_id], look)
        _tell_firms(session, seeker, matter)
    settle(session, seeker)


def revoke(session: Session, vault: Vault, seeker: Seeker, matter: Matter, look: Look) -> None:
    """Take a consent back; without the one to matching nothing of her stays published."""
    if consents.revoke(session, seeker.seeker_id, matter):
        vault.audit.note(session, [seeker.seeker_id], look)
        _tell_firms(session, seeker, matter)
    settle(session, seeker)


def _tell_firms(session: Session, seeker: Seeker, matter: Matter) -> None:
    if matter.purpose == "provision":
        session.flush()
        ledger.provision_changed(session, seeker.seeker_id, matter.recipient)


def stop(session: Session, vault: Vault, seeker: Seeker, look: Look) -> None:
    """Stop matching someone until she agrees anew."""
    revoke(session, vault, seeker, Matter("matching"), look)


def leave_to_people(session: Session, vault: Vault, seeker: Seeker, look: Look, *, asked: bool) -> None:
    """No automated matching: a counselor looks for her; or matching again, if she agrees to it."""
    if seeker.human_only != asked:
        seeker.human_only = asked
        session.add(seeker)
        vault.audit.note(session, [seeker.seeker_id], look)
    settle(session, seeker)


def widen(session: Session, vault: Vault, seeker: Seeker, look: Look, *, asked: bool) -> None:
    """Look beyond the occupations she wishes for, or no longer: a new revision of her, and a row of the audit log."""
    facts = SeekerFacts.model_validate(seeker.facts)
    if facts.wishes.widened == asked:
        return
    wishes = facts.wishes.model_copy(update={"widened": asked})
    seeker.facts = facts.model_copy(update={"wishes": wishes}).model_dump(mode="json")
    session.add(seeker)
    vault.audit.note(session, [seeker.seeker_id], look)
    settle(session, seeker, changed=True)


def correct(session: Session, vault: Vault, seeker: Seeker, check: Checked, look: Look) -> None:
    """Put right what is held of someone."""
    vault.audit.note(session, [seeker.seeker_id], look)
    revise(session, vault, seeker, check, seeker.cafe_id)


def seeker_named(session: Session, vault: Vault, reference: str) -> Seeker | None:
    """Who is behind a sender's reference, or behind the e-mail address or phone number that someone signs in with."""
    if seeker := session.get(Seeker, vault.pseudonym(reference)):
        return seeker
    account = session.exec(select(Account).where(Account.login == login_of(vault, reference))).first()
    return session.get(Seeker, account.seeker_id) if account and account.seeker_id else None


def account_seeker(session: Session, account_id: UUID | None) -> Seeker | None:
    """The seeker who signs in with this account; None once she was erased."""
    account = session.get(Account, account_id) if account_id else None
    return session.get(Seeker, account.seeker_id) if account and account.seeker_id else None
