"""What an operator may ask of the vault, under `/api/registry`: new master keys, and whether the audit log is whole."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from services.registry.people.audit import Verdict
from services.registry.people.vault import Vault
from services.registry.tables import Submission
from shared.database import reading, transaction
from shared.web.sign_in import SignedIn, allow

CHUNK = 500

Operator = Annotated[SignedIn, Depends(allow("operator"))]
Anchor = Annotated[str, Query(pattern=r"^\d{1,18}:[0-9a-f]{64}$")]


def custody(engine: Engine, vault: Vault) -> APIRouter:
    router = APIRouter(prefix="/api/registry")

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
    """Documents that were returned and kept sealed."""
    with reading(engine) as session:
        kept = select(Submission.submission_id, Submission.kept).where(col(Submission.kept).is_not(None))
        old = [one for one, sealed in session.exec(kept) if sealed and not vault.is_under_newest(sealed)]
    for start in range(0, len(old), CHUNK):
        with transaction(engine) as session:
            for submission_id in old[start : start + CHUNK]:
                _reseal_one(session, vault, session.get_one(Submission, submission_id))
    return len(old)


def _reseal_one(session: Session, vault: Vault, submission: Submission) -> None:
    about = f"submission {submission.submission_id}"
    if submission.kept is not None:
        submission.kept = vault.seal(vault.unseal(submission.kept, about), about)
        session.add(submission)
