"""Staff's pages of calls for partners under `/counter`: a call, what organisations offer, the review, the decision."""

from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine
from starlette.responses import RedirectResponse, Response

from services.registry.api.cafes import the
from services.registry.cafes import partners, places
from services.registry.cafes.hours import day_of
from services.registry.cafes.life_cycle import Partnership, VenueType
from services.registry.cafes.partners import ApplicationState
from services.registry.cafes.refusals import Refused
from services.registry.pages.form_fields import Told, choice_told, day_told, name_told
from services.registry.tables import PartnerApplication, PartnerCall
from shared.clock import now
from shared.database import reading, transaction
from shared.web.pages import Pages
from shared.web.sign_in import SignedIn, allow, from_our_form

Operator = Annotated[SignedIn, Depends(allow("operator"))]
Overseer = Annotated[SignedIn, Depends(allow("operator", "official"))]
OFFER = ("organisation", "venue_type", "partnership", "district", "address", "offers")


def partner_pages(engine: Engine, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/counter", include_in_schema=False)

    @router.get("/partners")
    def show_calls(request: Request, who: Overseer) -> Response:
        return calls_page(request, who)

    @router.post("/partners", dependencies=[Depends(from_our_form)])
    def open_call(
        request: Request, who: Operator, title: Told = "", opens_on: Told = "", closes_on: Told = ""
    ) -> Response:
        told = {"title": title, "opens_on": opens_on, "closes_on": closes_on}
        try:
            days = day_told(opens_on, "opens_on"), day_told(closes_on, "closes_on")
            with transaction(engine) as session:
                call = partners.open_call(session, name_told(title, "title"), *days)
        except Refused as refused:
            return calls_page(request, who, refused, told)
        return RedirectResponse(f"/counter/partners/{call.call_id}", 303)

    @router.get("/partners/{call_id:uuid}")
    def show_call(request: Request, call_id: UUID, who: Overseer) -> Response:
        return call_page(request, who, call_id)

    @router.post("/partners/{call_id:uuid}/applications", dependencies=[Depends(from_our_form)])
    def take_application(  # noqa: PLR0913, PLR0917 - the fields of the form
        request: Request,
        call_id: UUID,
        who: Operator,
        organisation: Told = "",
        venue_type: Told = "",
        partnership: Told = "",
        district: Told = "",
        address: Told = "",
        offers: Told = "",
    ) -> Response:
        """Note what an organisation offers."""
        told = dict(zip(OFFER, (organisation, venue_type, partnership, district, address, offers), strict=True))
        try:
            with transaction(engine) as session:
                partners.apply(session, the(session, PartnerCall, call_id), **offer_told(told))
        except Refused as refused:
            return call_page(request, who, call_id, refused, told)
        return RedirectResponse(f"/counter/partners/{call_id}", 303)

    @router.post("/partner-applications/{application_id:uuid}/decision", dependencies=[Depends(from_our_form)])
    def decide(
        request: Request,
        application_id: UUID,
        who: Operator,
        state: Annotated[ApplicationState, Form()],
        reason: Told = "",
    ) -> Response:
        """Review it, then accept or refuse it, with the reason that the organisation is told."""
        with reading(engine) as session:
            call_id = the(session, PartnerApplication, application_id).call_id
        try:
            with transaction(engine) as session:
                application: PartnerApplication = the(session, PartnerApplication, application_id)
                partners.decide(session, application, state, reason, who.label)
        except Refused as refused:
            return call_page(request, who, call_id, refused, {"reason": reason}, application_id)
        return RedirectResponse(f"/counter/partners/{call_id}#application-{application_id}", 303)

    def calls_page(
        request: Request, who: SignedIn, refused: Refused | None = None, told: dict[str, str] | None = None
    ) -> Response:
        with reading(engine) as session:
            listed = [(call, partners.applications(session, call)) for call in partners.calls(session)]
        return show(request, who, "counter_partners.html", refused, told, listed=listed)

    def call_page(  # noqa: PLR0913, PLR0917 - what was asked, and what came of it
        request: Request,
        who: SignedIn,
        call_id: UUID,
        refused: Refused | None = None,
        told: dict[str, str] | None = None,
        application_id: UUID | None = None,
    ) -> Response:
        with reading(engine) as session:
            call: PartnerCall = the(session, PartnerCall, call_id)
            found = partners.applications(session, call)
            lives = {each.cafe_id: places.life(session, each.cafe_id) for each in found if each.cafe_id}
        values: dict[str, Any] = {"call": call, "applications": found, "lives": lives, "problem_at": application_id}
        values |= {"venue_types": get_args(VenueType), "partnerships": get_args(Partnership)}
        return show(request, who, "counter_partner_call.html", refused, told, **values)

    def show(
        request: Request,
        who: SignedIn,
        template: str,
        refused: Refused | None,
        told: dict[str, str] | None,
        **values: Any,
    ) -> Response:
        values |= {"problem": refused and refused.reason, "told": told or {}, "today": day_of(now())}
        status = refused.status if refused else 200
        return pages.show(request, template, status=status, may_change=who.role == "operator", **values)

    return router


def offer_told(told: dict[str, str]) -> dict[str, str]:
    """What the form says an organisation offers. Raises `Refused`."""
    for name in ("organisation", "district"):
        name_told(told[name], name)
    choice_told(told["venue_type"], VenueType, "venue_type")
    choice_told(told["partnership"], Partnership, "partnership")
    return told
