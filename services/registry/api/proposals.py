"""What programs may ask about the season planner's proposals, under `/api/v1/registry`."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints
from sqlalchemy import Engine

from services.registry.api.bodies import Asked, PlainBody
from services.registry.api.cafes import Looking, Staff, answering, the
from services.registry.api.programs import SessionTold, Words, shown
from services.registry.cafes import proposals
from services.registry.cafes.season_facts import facts_of
from services.registry.tables import ProgramProposal
from shared.database import reading, transaction

Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


class PlanTold(Asked):
    """What to plan."""

    month: Month
    hours: Annotated[float, Field(ge=1, le=100_000, allow_inf_nan=False)] | None = None
    """Staff hours of all cafés; those of the month before if not told."""


class RefusalTold(Asked):
    reason: Words


def proposal_api(engine: Engine) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry")

    @router.post("/programs/plan")
    def propose(_who: Staff, told: Annotated[PlanTold, Depends(PlainBody(PlanTold))]) -> list[dict[str, Any]]:
        """Plan a month anew; what was accepted or refused stays."""
        month = first_day(told.month)
        with reading(engine) as session:
            cafes = facts_of(session, month)
        with transaction(engine) as session:
            return proposals.compared(session, proposals.propose(session, month, cafes, told.hours))

    @router.get("/programs/plan")
    def show(_who: Looking, month: Month) -> list[dict[str, Any]]:
        """A month's proposals with their numbers, each beside what happened."""
        with reading(engine) as session:
            return proposals.compared(session, proposals.of_month(session, first_day(month)))

    @router.post("/proposals/{proposal_id}/accept", status_code=201)
    def accept(
        proposal_id: UUID, who: Staff, told: Annotated[SessionTold, Depends(PlainBody(SessionTold))]
    ) -> dict[str, Any]:
        """Let it become a session, as proposed or changed."""
        with transaction(engine) as session, answering():
            proposal: ProgramProposal = the(session, ProgramProposal, proposal_id)
            return shown(session, [proposals.accept(session, proposal, told.told(), who.label)])[0]

    @router.post("/proposals/{proposal_id}/refuse")
    def refuse(
        proposal_id: UUID, who: Staff, told: Annotated[RefusalTold, Depends(PlainBody(RefusalTold))]
    ) -> dict[str, Any]:
        with transaction(engine) as session, answering():
            proposal: ProgramProposal = the(session, ProgramProposal, proposal_id)
            proposals.refuse(session, proposal, told.reason, who.label)
            return proposals.compared(session, [proposal])[0]

    return router


def first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
