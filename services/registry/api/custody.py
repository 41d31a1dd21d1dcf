"""What an operator may do with people's data, under `/api/v1/registry`: rights for them, keys, the audit log."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import StringConstraints
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from services.registry.access import Operator, not_found
from services.registry.api.bodies import Asked, PlainBody
from services.registry.people import contacts, rights
from services.registry.people.audit import Action, Look, Verdict
from services.registry.people.erasure import ErasureRecord, about, erase, kept_shown
from services.registry.people.rights import seeker_named
from services.registry.people.seekers import ERASED
from services.registry.people.vault import Vault
from services.registry.tables import Contact, KeptByLaw, Seeker, Submission, Upload
from shared.database import beyond, reading, transaction
from shared.web.cursors import MOMENT, Paged
from shared.web.sign_in import SignedIn

CHUNK = 500

Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
]
"""Without control characters, which are blanks to Python alone."""
Anchor = Annotated[str, Query(pattern=r"^\d{1,18}:[0-9a-f]{64}$")]


SEALED: dict[Any, tuple[Any, Any]] = {
    Submission: (Submission.submission_id, Submission.kept),
    Upload: (Upload.upload_id, Upload.sealed),
    KeptByLaw: (KeptByLaw.line_id, KeptByLaw.sealed),
    Contact: (Contact.contact_id, Contact.sealed),
}
"""What else than persons' keys hangs on the master key: tables with their key and the sealed column."""


class Why(Asked):
    """The purpose of what is done with someone's data: no row of the audit log is without."""

    why: Words


class Named(Asked):
    """What someone is called by a sender, or signs in with."""

    reference: Words


Purposed = Annotated[Why, Depends(PlainBody(Why))]
Reference = Annotated[Named, Depends(PlainBody(Named))]


def named(who: SignedIn) -> str:
    """How the audit log calls someone."""
    return f"{who.account_id or who.role} {who.label}"[:100]


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def living(session: Session, seeker_id: UUID) -> Seeker:
    """Someone who is here and was not erased."""
    seeker = session.get(Seeker, seeker_id)
    if seeker is None or seeker.state == ERASED:
        raise not_found()
    return seeker


def custody(engine: Engine, vault: Vault, record: ErasureRecord) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry")

    def look_of(who: SignedIn, request: Request, why: str, action: Action) -> Look:
        return Look(named(who), why, place=address_of(request), action=action)

    @router.post("/seekers/find")
    def find(_who: Operator, asked: Reference) -> dict[str, Any]:
        """The id behind a sender's reference, or behind the e-mail address or phone number someone signs in with."""
        with reading(engine) as session:
            found = seeker_named(session, vault, asked.reference)
        if found is None:
            raise not_found()
        return {"seeker_id": found.seeker_id, "state": found.state}

    @router.post("/seekers/{seeker_id}/export")
    def export(seeker_id: UUID, who: Operator, request: Request, asked: Purposed) -> dict[str, Any]:
        """Everything that is held of someone."""
        look = look_of(who, request, asked.why, "export")
        with transaction(engine) as session:
            return rights.export(session, vault, living(session, seeker_id), look)

    @router.post("/seekers/{seeker_id}/stop")
    def stop(seeker_id: UUID, who: Operator, request: Request, asked: Purposed) -> dict[str, Any]:
        """Stop matching someone: her consent to it is taken back."""
        look = look_of(who, request, asked.why, "stop")
        with transaction(engine) as session:
            seeker = living(session, seeker_id)
            rights.stop(session, vault, seeker, look)
            return {"seeker_id": seeker_id, "state": seeker.state}

    @router.post("/seekers/{seeker_id}/erase", status_code=202)
    def erase_someone(seeker_id: UUID, who: Operator, request: Request, asked: Purposed) -> dict[str, Any]:
        """Erase someone. The answer is the same for who was erased before and for who was never here."""
        look = look_of(who, request, asked.why, "erase")
        with transaction(engine) as session:
            seeker = session.get(Seeker, seeker_id)
            kept = erase(session, vault, record, seeker, look) if seeker else None
        return {"seeker_id": seeker_id, "erased": True, "kept_by_law": kept_shown(kept)}

    @router.get("/kept-by-law")
    def list_kept(_who: Operator, paged: Paged) -> list[dict[str, Any]]:
        """The lines of erased people that a law makes us keep, unopened, with their ends."""
        key = (col(KeptByLaw.ends_at), col(KeptByLaw.line_id))
        wanted = select(KeptByLaw).where(*beyond(key, paged.after(MOMENT)))
        with reading(engine) as session:
            found = session.exec(wanted.order_by(*key).limit(paged.one_more)).all()
        return [kept_shown(line) or {} for line in paged.shown(found, lambda line: (line.ends_at, line.line_id))]

    @router.post("/kept-by-law/{line_id}/open")
    def open_kept(line_id: UUID, who: Operator, request: Request, asked: Purposed) -> dict[str, Any]:
        """Open one line, for an inspection; the look is recorded."""
        look = look_of(who, request, asked.why, "read")
        with transaction(engine) as session:
            line = session.get(KeptByLaw, line_id)
            if line is None:
                raise not_found()
            vault.audit.note(session, [line.seeker_id], look)
            opened: dict[str, Any] = json.loads(vault.unseal(line.sealed, about(line)))
        return (kept_shown(line) or {}) | opened

    @router.post("/vault/rotate")
    def rotate(_who: Operator) -> dict[str, Any]:
        """Wrap every key anew under a new master key, and forget the old. Cut short, it goes on when asked again."""
        vault.keys.begin_anew()
        told = {"rewrapped": _until_none(engine, vault.rewrap), "resealed": _reseal(engine, vault)}
        return told | {"master_key": vault.keys.newest.name, "old_keys_gone": vault.keys.forget_old()}

    @router.get("/audit/check")
    def check_audit(_who: Operator, anchor: Annotated[tuple[Anchor, ...], Query()] = ()) -> Verdict:
        """Go through the whole audit log; `anchor`, as an earlier check told it, finds a log that was cut or remade."""
        with reading(engine) as session:
            return vault.audit.check(session, anchor)

    return router


def _until_none(engine: Engine, some: Any) -> int:
    total = 0
    while True:
        with transaction(engine) as session:
            done = some(session, CHUNK)
        if not done:
            return total
        total += done


def _reseal(engine: Engine, vault: Vault) -> int:
    """Documents that came back, files that wait for their clerk, lines that a law makes us keep."""
    old: list[tuple[Any, UUID]] = []
    with reading(engine) as session:
        for table, (key, sealed) in SEALED.items():
            kept: Any = session.exec(select(key, sealed).where(sealed.is_not(None)))
            old += [(table, one) for one, words in kept if not vault.is_under_newest(words)]
    for start in range(0, len(old), CHUNK):
        with transaction(engine) as session:
            for table, one in old[start : start + CHUNK]:
                if row := session.get(table, one):
                    _reseal_one(vault, row)
    return len(old)


def _reseal_one(vault: Vault, row: Submission | Upload | KeptByLaw | Contact) -> None:
    column, bound_to = SEALED[type(row)][1].key, _bound_to(row)
    if sealed := getattr(row, column):
        setattr(row, column, vault.seal(vault.unseal(sealed, bound_to), bound_to))


def _bound_to(row: Submission | Upload | KeptByLaw | Contact) -> str:
    if isinstance(row, Contact):
        return contacts.about(row)
    if isinstance(row, Submission):
        return f"submission {row.submission_id}"
    return f"upload {row.upload_id}" if isinstance(row, Upload) else about(row)
