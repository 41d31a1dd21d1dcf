"""Staff's page of next month's proposals under `/counter`: each with its numbers, to accept, change or refuse."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine
from starlette.responses import RedirectResponse, Response

from services.registry.api.cafes import Staff, the
from services.registry.api.proposals import Month, first_day
from services.registry.cafes import proposals
from services.registry.cafes.program_kinds import kinds
from services.registry.cafes.refusals import Refused
from services.registry.cafes.season_facts import facts_of, next_month
from services.registry.pages.form_fields import told_beside
from services.registry.pages.program_counter import FilledIn, Told, read
from services.registry.tables import ProgramProposal
from shared.clock import now
from shared.database import reading, transaction
from shared.web.pages import Pages
from shared.web.sign_in import from_our_form


def proposal_pages(engine: Engine, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/counter", include_in_schema=False)

    @router.get("/programs/plan")
    def show(request: Request, _who: Staff, month: Month | None = None) -> Response:
        return plan_page(request, first_day(month) if month else next_month(now()))

    @router.post("/programs/plan", dependencies=[Depends(from_our_form)])
    def propose(_who: Staff, month: Annotated[Month, Form()]) -> Response:
        with reading(engine) as session:
            cafes = facts_of(session, first_day(month))
        with transaction(engine) as session:
            proposals.propose(session, first_day(month), cafes)
        return RedirectResponse(f"/counter/programs/plan?month={month}", 303)

    @router.post("/proposals/{proposal_id:uuid}/accept", dependencies=[Depends(from_our_form)])
    def accept(request: Request, proposal_id: UUID, who: Staff, filled: FilledIn) -> Response:
        try:
            with transaction(engine) as session:
                proposal: ProgramProposal = the(session, ProgramProposal, proposal_id)
                month = proposal.month
                told = read(filled | {"kind": proposal.kind})
                program = proposals.accept(session, proposal, told, who.label)
        except Refused as refused:
            return plan_page(request, month, proposal_id, refused, filled)
        return RedirectResponse(f"/counter/programs/{program.session_id}", 303)

    @router.post("/proposals/{proposal_id:uuid}/refuse", dependencies=[Depends(from_our_form)])
    def refuse(request: Request, proposal_id: UUID, who: Staff, reason: Told = "") -> Response:
        try:
            with transaction(engine) as session:
                proposal: ProgramProposal = the(session, ProgramProposal, proposal_id)
                month = proposal.month
                proposals.refuse(session, proposal, reason, who.label)
        except Refused as refused:
            return plan_page(request, month, proposal_id, refused, {"reason": reason})
        return RedirectResponse(f"/counter/programs/plan?month={month:%Y-%m}#proposal-{proposal_id}", 303)

    def plan_page(
        request: Request,
        month: date,
        proposal_id: UUID | None = None,
        refused: Refused | None = None,
        told: dict[str, str] | None = None,
    ) -> Response:
        with reading(engine) as session:
            found = proposals.compared(session, proposals.of_month(session, month))
        values: dict[str, Any] = {
            "found": found,
            "month": f"{month:%Y-%m}",
            "kinds": kinds(),
            "problem_at": str(proposal_id),
        }
        status = refused.status if refused else 200
        values |= {"problem": told_beside(refused), "told": told or {}}
        return pages.show(request, "counter_plan.html", status=status, **values)

    return router
