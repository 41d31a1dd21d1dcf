"""Calls for partners (공모): an organisation applies, is reviewed, and what is accepted becomes a café."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, cast
from uuid import uuid4

from sqlmodel import Session, col, select

from services.registry.cafes.hours import day_of
from services.registry.cafes.places import CafeExists, add_cafe, move
from services.registry.cafes.refusals import Refused
from services.registry.tables import Cafe, PartnerApplication, PartnerCall
from shared.clock import now

ApplicationState = Literal["received", "reviewed", "accepted", "refused"]
"""접수, 심사, 선정, 탈락."""
FOLLOWS: dict[ApplicationState, tuple[ApplicationState, ...]] = {
    "received": ("reviewed",),
    "reviewed": ("accepted", "refused"),
    "accepted": (),
    "refused": (),
}


def open_call(session: Session, title: str, opens_on: date, closes_on: date) -> PartnerCall:
    """Raises `Refused`."""
    if closes_on < opens_on:
        raise Refused("PERIOD_WRONG", "closes_on")
    call = PartnerCall(call_id=uuid4(), title=title, opens_on=opens_on, closes_on=closes_on)
    session.add(call)
    session.flush()
    return call


def apply(session: Session, call: PartnerCall, **told: Any) -> PartnerApplication:
    """Take in what an organisation offers. Raises `Refused`."""
    today = day_of(now())
    if not call.opens_on <= today <= call.closes_on:
        raise Refused("CALL_CLOSED")
    application = PartnerApplication(
        application_id=uuid4(), call_id=call.call_id, state="received", received_on=today, **told
    )
    session.add(application)
    session.flush()
    return application


def decide(session: Session, application: PartnerApplication, state: ApplicationState, reason: str, by: str) -> None:
    """The next step; accepted, it is a café that was called for, with an agreement to be made. Raises `Refused`."""
    if state not in FOLLOWS[cast(ApplicationState, application.state)]:
        raise Refused("DECISION_WRONG")
    if state == "refused" and not reason:
        raise Refused("REASON_MISSING")
    application.state, application.reason = state, reason
    if state != "reviewed":
        application.decided_on = day_of(now())
    if state == "accepted":
        application.cafe_id = _cafe_of(session, application, by).cafe_id
    session.add(application)


def calls(session: Session) -> Sequence[PartnerCall]:
    """All, the latest first."""
    return session.exec(select(PartnerCall).order_by(col(PartnerCall.opens_on).desc(), col(PartnerCall.title))).all()


def applications(session: Session, call: PartnerCall) -> Sequence[PartnerApplication]:
    """Of one call, in the order they came."""
    of_it = select(PartnerApplication).where(PartnerApplication.call_id == call.call_id)
    return session.exec(of_it.order_by(col(PartnerApplication.received_on), col(PartnerApplication.organisation))).all()


def _cafe_of(session: Session, application: PartnerApplication, by: str) -> Cafe:
    told = {name: getattr(application, name) for name in ("address", "venue_type", "partnership")}
    told |= {"state": "called", "on": session.get_one(PartnerCall, application.call_id).opens_on}
    try:
        cafe = add_cafe(session, application.organisation, application.district, by=by, **told)
    except CafeExists:
        raise Refused("CAFE_NAME_TAKEN", "state") from None
    move(session, cafe, "agreed", day_of(now()), by)
    return cafe
