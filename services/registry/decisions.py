"""What may the operator decide about orders? Release or refuse what is held, suspend, end, split, join again."""

from typing import get_args
from uuid import UUID

from sqlmodel import Session, select

from services.registry.intake.notices import tell
from services.registry.orders.life_cycle import Decision, State, Status
from services.registry.orders.postings import Shelf, change, one_at_a_time, set_alone
from services.registry.tables import JobOrder

BECOMES: dict[Decision, Status | State] = {
    "release": "reopened",
    "refuse": "refused",
    "suspend": "suspended",
    "reopen": "reopened",
    "renew": "renewed",
    "fill": "filled",
    "close": "closed",
    "withdraw": "withdrawn",
}
NOTICES = {"open": "ORDER_RELEASED", "refused": "ORDER_REFUSED", "suspended": "ORDER_SUSPENDED"}
assert set(get_args(Decision)) == {*BECOMES, "split", "join"}


def decide(session: Session, asked_id: UUID, decision: Decision, reason: str) -> list[JobOrder]:
    """Decide about the order of this id, or about all that the posting of this id shows; the orders, none if unknown.

    Raises:
        Illegal: the step does not exist.
    """
    one_at_a_time(session)
    shelf = Shelf(session, order_ids=[asked_id])
    order = shelf.order(asked_id)
    orders = [order] if order else shelf.shown_by(asked_id)
    for each in orders:
        if decision in ("split", "join"):
            set_alone(shelf, each, alone=decision == "split", reason=reason)
        elif change(shelf, each, BECOMES[decision], "operator", reason):
            tell(session, each, NOTICES.get(each.state, "ORDER_ENDED"), reason=reason, state=each.state)
    return orders


def orders_of(
    session: Session, agency_id: UUID | None, state: State | None, after: UUID | None, limit: int
) -> list[JobOrder]:
    """Orders by id, of one agency or of all, in one state or in any; `after`: the last of the page before."""
    wanted = [
        *([JobOrder.agency_id == agency_id] if agency_id else []),
        *([JobOrder.state == state] if state else []),
        *([JobOrder.order_id > after] if after else []),
    ]
    return list(session.exec(select(JobOrder).where(*wanted).order_by(JobOrder.order_id).limit(limit)))  # type: ignore[arg-type]
