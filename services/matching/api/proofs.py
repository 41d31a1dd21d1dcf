"""What operators ask over HTTP of proofs: make one now, what did each find."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from sqlalchemy import Engine

from services.matching.proof import proofs
from services.matching.proof.certificate import Certificate
from services.matching.tables import ProofRow
from shared.contracts import Fact
from shared.database import reading, transaction
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow

Operator = Annotated[SignedIn, Depends(allow("operator"))]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
SHOWN = 60


class AskedProof(Fact):
    """What is to be done."""

    repair: bool = False
    """Make anew whatever list is wrong, and count them."""


class ShownProof(Fact):
    """One run of the certificate."""

    number: int
    asked_by: str
    asked_at: datetime
    night: date | None
    shards: int
    repair: bool
    repaired: int
    finished_at: datetime | None
    certificate: Certificate | None
    """Empty until it is made, and for ever where the number of shards changed before."""


def proof_api(engine: Engine, shard_count: int) -> APIRouter:
    router = APIRouter(prefix="/api/v1/matching/proofs")

    @router.post("", status_code=202)
    def ask_for_proof(_who: Operator, asked: AskedProof) -> ShownProof:
        """Have every list compared with a recompute of everything, in the background, as of one moment."""
        with transaction(engine) as session:
            return shown(proofs.ask(session, shard_count, repair=asked.repair))

    @router.get("")
    def list_proofs(_who: Operator) -> tuple[ShownProof, ...]:
        """The newest sixty, the newest first."""
        with reading(engine) as session:
            return tuple(map(shown, proofs.newest(session, SHOWN)))

    @router.get("/{number}")
    def show_proof(_who: Operator, number: Number) -> ShownProof:
        with reading(engine) as session:
            row = session.get(ProofRow, number)
        if row is None:
            raise Problem(
                404, "NOT_FOUND", "There is no such proof.", "그런 증명이 없습니다.", where="number",
                hint="`iljari certify --history` shows them.",
            )  # fmt: skip
        return shown(row)

    return router


def shown(row: ProofRow) -> ShownProof:
    return ShownProof.model_validate(row.model_dump())
