"""What is kept up for the door and by the clock: the list of wage defaulters, what streams lost, what runs out."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field, TypeAdapter
from sqlalchemy import Engine

from services.registry.access import Operator, not_found
from services.registry.api.bodies import Asked, Line, PlainBody
from services.registry.expiry import sweep, trust_clock
from services.registry.intake import losses
from services.registry.orders.defaulters import Listed, replace_list
from services.registry.orders.postings import today
from services.registry.people import seekers
from services.registry.tables import Agency, Seeker
from shared.database import reading, transaction
from shared.web.cursors import Paged
from shared.web.sign_in import SignedIn, allow

LIST_LIMIT_BYTES = 4_000_000


class ListedFirm(Asked):
    name: Line
    registration_number: Line = ""


class DefaultersAsked(Asked):
    firms: Annotated[tuple[ListedFirm, ...], Field(max_length=50_000)]


class Settled(Asked):
    reason: Annotated[Line, Field(min_length=1)]


ENDING = TypeAdapter(tuple[date, UUID])


def upkeep(engine: Engine) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry")

    @router.put("/defaulters")
    def take_defaulters(
        _who: Operator, asked: Annotated[DefaultersAsked, Depends(PlainBody(DefaultersAsked, LIST_LIMIT_BYTES))]
    ) -> dict[str, int]:
        """Take the published list of wage defaulters instead of the present one."""
        firms = [Listed(firm.name, firm.registration_number) for firm in asked.firms]
        with transaction(engine) as session:
            return {"firms": replace_list(session, firms)}

    @router.post("/agencies/{agency_id}/losses/settled")
    def settle_losses(
        agency_id: UUID, _who: Operator, asked: Annotated[Settled, Depends(PlainBody(Settled))]
    ) -> dict[str, Any]:
        """What became of all that an agency's stream lost unread so far; how many entries that settles."""
        with transaction(engine) as session:
            if session.get(Agency, agency_id) is None:
                raise not_found()
            return {"agency_id": agency_id, "settled": losses.settle(session, agency_id, asked.reason)}

    @router.get("/seekers/ending")
    def list_ending(
        _who: Annotated[SignedIn, Depends(allow("operator", "service"))], paged: Paged, cafe: UUID | None = None
    ) -> list[dict[str, Any]]:
        """Whose applications end within a week, the soonest first: a counselor asks whether they go on looking."""
        with reading(engine) as session:
            found = seekers.ending(session, today(), cafe, paged.after(ENDING), paged.one_more)
        return [
            {"seeker_id": each.seeker_id, "cafe_id": each.cafe_id, "valid_until": each.valid_until}
            for each in paged.shown(found, lambda each: (each.valid_until, each.seeker_id))
        ]

    @router.post("/seekers/{seeker_id}/renew")
    def renew_application(seeker_id: UUID, _who: Operator) -> dict[str, Any]:
        """She goes on looking: her application stands for three months from today."""
        with transaction(engine) as session:
            seeker = session.get(Seeker, seeker_id)
            if seeker is None or not seekers.renew(session, seeker):
                raise not_found()
            return {"seeker_id": seeker_id, "state": seeker.state, "valid_until": seeker.valid_until}

    @router.post("/expiry")
    def run_expiry(_who: Operator, *, trust: bool = False) -> dict[str, Any]:
        """End what has run out, now. `trust`: the clock is right, whatever it looked like."""
        if trust:
            with transaction(engine) as session:
                trust_clock(session)
        swept = sweep(engine)
        return {
            "orders": swept.orders,
            "seekers": swept.seekers,
            "told": swept.told,
            "pairs": swept.pairs,
            "rematches": swept.rematches,
            "refused": swept.refused,
        }

    return router
