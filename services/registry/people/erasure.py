"""How is someone erased, so that nothing brings her back: no replay, no file sent again, no backup that is restored?

Her key goes first, then all that is held of her; the row of her id stays, empty, as a tombstone. What a law makes us
keep is a sealed line with an end date. Who was erased is also noted in a file beside the database: a backup that is
older than an erasure is put right by it at the next start.
"""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.registry.cafes.forgetting import forget_bookings, forget_enrolments
from services.registry.people import consents
from services.registry.people.audit import Look
from services.registry.people.contacts import forget_contacts
from services.registry.people.master_keys import VaultLocked
from services.registry.people.seekers import ERASED, withdraw
from services.registry.people.vault import Vault
from services.registry.tables import Account, KeptByLaw, Seeker
from shared import sessions
from shared.clock import now
from shared.contracts import SeekerFacts
from shared.forgetting import forget

LEDGER_ARTICLE = "직업안정법 시행규칙 제26조 (구직접수대장, 2년)"
LEDGER_PERIOD = timedelta(days=2 * 365 + 1)
"""Counted from the application, which is when the line was due."""
LEDGER_ITEMS = ("name", "birth_date")


class ErasureRecord:
    """The file of erasures: one line each, only ever added to, on the disk before the erasure is committed."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def add(self, seeker_id: UUID, revision: int) -> None:
        if self.path is None:
            return
        with self.path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"seeker_id": str(seeker_id), "revision": revision, "at": f"{now():%FT%TZ}"}) + "\n")
            lines.flush()
            os.fsync(lines.fileno())

    def revisions(self) -> Mapping[UUID, int]:
        """Who was erased, with the revision of the tombstone."""
        if self.path is None or not self.path.exists():
            return {}
        return {UUID(line["seeker_id"]): int(line["revision"]) for line in self._lines()}

    def _lines(self) -> Iterator[dict[str, Any]]:
        for line in (self.path or Path()).read_text("utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:  # the last one, cut short by a power cut before anything was committed
                continue


def erase(session: Session, vault: Vault, record: ErasureRecord, seeker: Seeker, look: Look) -> KeptByLaw | None:
    """Erase someone; the line that a law makes us keep, if there is one. Once more changes nothing."""
    if seeker.state == ERASED:
        return None
    kept = _ledger_line(session, vault, seeker, look)
    vault.audit.note(session, [seeker.seeker_id], look)
    record.add(seeker.seeker_id, seeker.revision + 1)
    _empty(session, vault, seeker)
    return kept


def erase_again(session: Session, vault: Vault, record: ErasureRecord) -> int:
    """Put right what a restored backup brought back, and say every erasure again; how many were put right.

    Who has heard of an erasure before has nothing to do; a service that was itself restored erases once more.
    """
    revisions = record.revisions()
    put_right = 0
    for seeker_id, revision in revisions.items():
        seeker = session.get(Seeker, seeker_id) or _nobody(seeker_id)
        session.add(seeker)
        put_right += seeker.state != ERASED
        seeker.revision = max(seeker.revision, revision) - 1
        _empty(session, vault, seeker)
    return put_right


def purge_ledger(session: Session) -> int:
    """Drop the lines whose time is over; how many."""
    done: Any = session.connection().execute(delete(KeptByLaw).where(col(KeptByLaw.ends_at) <= now()))
    return int(done.rowcount)


def kept_of(session: Session, seeker_id: UUID) -> KeptByLaw | None:
    return session.exec(select(KeptByLaw).where(KeptByLaw.seeker_id == seeker_id)).first()


def kept_shown(line: KeptByLaw | None) -> dict[str, Any] | None:
    """What may be told of a line without opening it."""
    told = {"line_id", "seeker_id", "article", "ends_at"}
    return line.model_dump(mode="json", include=told) if line else None


def about(line: KeptByLaw) -> str:
    """What a line's seal is bound to."""
    return f"kept by law {line.line_id}"


def _empty(session: Session, vault: Vault, seeker: Seeker) -> None:
    session.flush()
    forget(session, [seeker.seeker_id])
    forget_bookings(session, seeker.seeker_id)
    forget_enrolments(session, seeker.seeker_id)
    vault.destroy(session, seeker.seeker_id)
    forget_contacts(session, seeker.seeker_id)
    for account in session.exec(select(Account).where(Account.seeker_id == seeker.seeker_id)):
        sessions.end(session, account.account_id)
        session.delete(account)
    for consent in consents.all_of(session, seeker.seeker_id):
        consent.revoked_at = consent.revoked_at or now()
    seeker.facts, seeker.scrubbed, seeker.human_only = {}, [], False  # her café's ledger keeps a line without a name
    withdraw(session, seeker, "erased")
    session.flush()


def _nobody(seeker_id: UUID) -> Seeker:
    """A tombstone for someone whom this database never knew, or does not know any more."""
    instant = now()
    return Seeker(
        seeker_id=seeker_id,
        revision=1,
        state=ERASED,
        facts={},
        applied_at=instant,
        changed_at=instant,
        valid_until=instant.date(),
    )


def _never_applied(session: Session, seeker: Seeker) -> bool:
    """Whether she registered to use rooms alone: she told nothing of what she can or seeks, and was never matched."""
    agreed = any(consent.purpose == "matching" for consent in consents.all_of(session, seeker.seeker_id))
    return not agreed and SeekerFacts.model_validate(seeker.facts) == SeekerFacts()


def _ledger_line(session: Session, vault: Vault, seeker: Seeker, look: Look) -> KeptByLaw | None:
    """The intake ledger's line of an application; invented people have none."""
    invented = {consent.basis for consent in consents.all_of(session, seeker.seeker_id)} <= {"invented"}
    ends_at = seeker.applied_at + LEDGER_PERIOD
    if invented or _never_applied(session, seeker) or ends_at <= now():
        return None
    reading = Look(look.who, "statutory ledger", LEDGER_ITEMS, look.place)
    try:
        person = vault.read(session, [seeker.seeker_id], reading).get(seeker.seeker_id)
    except VaultLocked:
        return None  # a key that was lost may not stand in the way of an erasure
    if person is None:
        return None
    facts = SeekerFacts.model_validate(seeker.facts)
    words = {
        "name": person.name,
        "birth_date": person.birth_date,
        "applied_at": seeker.applied_at.isoformat(),
        "wished_occupations": facts.wishes.occupation_codes,
        "district": facts.home.district,
    }
    line = KeptByLaw(line_id=uuid4(), seeker_id=seeker.seeker_id, article=LEDGER_ARTICLE, sealed=b"", ends_at=ends_at)
    line.sealed = vault.seal(json.dumps(words, ensure_ascii=False).encode(), about(line))
    session.add(line)
    return line
