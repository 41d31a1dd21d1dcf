"""What programs may ask about orders, under `/api/v1/registry`: how they stand, that they end, what is decided."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response
from sqlalchemy import Engine
from sqlmodel import Session, or_, select

from services.registry.access import Operator, Sender, agency_for, not_found
from services.registry.api.bodies import Asked, Line, PlainBody
from services.registry.api.intake import refusal
from services.registry.decisions import decide, orders_of
from services.registry.intake.door import Arrival, Receipt, receive
from services.registry.intake.findings import finding
from services.registry.law.rules import Rules
from services.registry.orders.life_cycle import Decision, Illegal, State, Status
from services.registry.orders.postings import one_at_a_time
from services.registry.people.vault import Vault
from services.registry.tables import Agency, JobOrder, Posting
from shared.database import reading, transaction
from shared.web.cursors import ID, Paged
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn

Seen = Annotated[str | None, Header(max_length=200)]
"""The `ETag` of the version that the sender has seen."""


class StatusAsked(Asked):
    status: Status


class DecisionAsked(Asked):
    decision: Decision
    reason: Line = ""


def order_api(engine: Engine, vault: Vault, law: Rules | None = None) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry")
    From = Annotated[SignedIn, Depends(Sender(engine))]  # noqa: N806 - a type

    def say(
        who: SignedIn, agency: UUID | None, posting_id: UUID, status: Status, seen: str | None
    ) -> dict[str, tuple[Receipt, ...]]:
        own = agency_for(engine, who, agency)
        with transaction(engine) as session:
            one_at_a_time(session)
            orders = _own_orders(session, own.agency_id, posting_id)
            if not orders:
                raise not_found()
            _refuse_stale(orders[0], seen)
            said = [Arrival("body", {"source_ref": each.source_ref, "status": status}, "http") for each in orders]
            receipts = receive(session, said, own, vault, law=law)
        if all(receipt.outcome == "returned" for receipt in receipts):
            raise refusal(receipts[0])
        return {"receipts": tuple(receipts)}

    @router.get("/postings/{posting_id}")
    def show_posting(posting_id: UUID, who: From, response: Response) -> dict[str, Any]:
        """A posting: the operator sees what is shown of it, an agency what she herself ordered, with its `ETag`."""
        with reading(engine) as session:
            if who.role == "operator":
                posting = session.get(Posting, posting_id)
                if posting is None:
                    raise not_found()
                return posting.model_dump(mode="json")
            orders = _own_orders(session, who.agency_id, posting_id)
            if not orders:
                raise not_found()
            response.headers["ETag"] = _etag(orders[0])
            return _shown(session, orders[0])

    @router.patch("/postings/{posting_id}")
    def move_posting(
        posting_id: UUID,
        who: From,
        asked: Annotated[StatusAsked, Depends(PlainBody(StatusAsked))],
        agency: UUID | None = None,
        if_match: Seen = None,
    ) -> dict[str, tuple[Receipt, ...]]:
        """Say what became of an order of one's own. The same again is `unchanged`. `If-Match`: only as it was seen."""
        return say(who, agency, posting_id, asked.status, if_match)

    @router.delete("/postings/{posting_id}")
    def withdraw_posting(
        posting_id: UUID, who: From, agency: UUID | None = None, if_match: Seen = None
    ) -> dict[str, tuple[Receipt, ...]]:
        """Withdraw an order of one's own; where others order the same, theirs stays open. `If-Match`: as with PATCH."""
        return say(who, agency, posting_id, "withdrawn", if_match)

    @router.get("/orders")
    def list_orders(
        who: From,
        paged: Paged,
        agency: UUID | None = None,
        state: State | None = None,
    ) -> list[dict[str, Any]]:
        """Orders by their id: an agency's own, or all for the operator."""
        own = None if who.role == "operator" and agency is None else agency_for(engine, who, agency).agency_id
        with reading(engine) as session:
            found = orders_of(session, own, state, paged.after(ID), paged.one_more)
            return [_shown(session, order) for order in paged.shown(found, lambda order: order.order_id)]

    @router.patch("/orders/{order_id}")
    def decide_order(
        order_id: UUID, _who: Operator, asked: Annotated[DecisionAsked, Depends(PlainBody(DecisionAsked))]
    ) -> list[dict[str, Any]]:
        """Release, refuse, suspend, end, split or join an order, or all that a posting shows."""
        try:
            with transaction(engine) as session:
                orders = decide(session, order_id, asked.decision, asked.reason)
                shown = [_shown(session, order) for order in orders]
        except Illegal as illegal:
            raise _no_such_step(illegal) from illegal
        if not shown:
            raise not_found()
        return shown

    return router


def _etag(order: JobOrder) -> str:
    return f'"{order.revision}"'


def _refuse_stale(order: JobOrder, seen: str | None) -> None:
    """Nothing is changed by someone who has not seen what it is now; who names no version has none to be stale."""
    if seen is None or {"*", _etag(order)} & {each.strip() for each in seen.split(",")}:
        return
    raise Problem(
        412,
        "VERSION_STALE",
        f"The order is at version {order.revision} now; another one is named in If-Match.",
        f"구인이 그사이 바뀌어 지금 {order.revision}번째 판입니다.",
        where="If-Match",
        hint="Get the posting again, look at what has changed, and send its ETag.",
        headers={"ETag": _etag(order)},
    )


def _own_orders(session: Session, agency_id: UUID | None, posting_id: UUID) -> Sequence[JobOrder]:
    """An agency's orders that a posting shows or showed, or the one of this id."""
    there = or_(JobOrder.posting_id == posting_id, JobOrder.order_id == posting_id)
    own = select(JobOrder).where(JobOrder.agency_id == agency_id, there)
    return session.exec(own.order_by(JobOrder.accepted_at, JobOrder.order_id)).all()  # type: ignore[arg-type]


def _shown(session: Session, order: JobOrder) -> dict[str, Any]:
    posting = session.get(Posting, order.posting_id) if order.posting_id else None
    kept = order.model_dump(mode="json", exclude={"content_hash", "fingerprint", "firm_key", "title_key", "told_until"})
    return kept | {
        "order_revision": order.revision,
        "revision": posting.revision if posting else None,
        "agency": session.get_one(Agency, order.agency_id).name,
    }


def _no_such_step(illegal: Illegal) -> Problem:
    found = finding(illegal.code, "decision", state=illegal.state, status=illegal.status)
    return Problem(409, found.code, found.message, found.message_ko, where=found.where, hint=found.hint)
