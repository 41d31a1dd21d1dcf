"""Telling an agency on its own stream what became of an order of hers, or soon will, without having been asked."""

from uuid import uuid5

from sqlmodel import Session

from services.registry.intake.findings import finding
from services.registry.intake.scrub import scrub
from services.registry.orders.postings import standing
from services.registry.tables import JobOrder
from shared.contracts import AgencyAnswered
from shared.outbox import stage


def tell(session: Session, order: JobOrder, code: str, *, reason: str = "", **facts: object) -> None:
    """Stage a notice; it is known by the order's revision, so that saying it again is the same notice.

    Args:
        reason: the operator's words, which travel without whatever points to a person.
    """
    told = [finding(code, "status", **facts)]
    if reason:
        told.append(finding("OPERATOR_REASON", "status", reason=scrub(reason).text))
    answer = AgencyAnswered(
        submission_id=uuid5(order.order_id, f"{code}|{order.revision}|{order.valid_until}"),
        agency_id=order.agency_id,
        outcome="noticed",
        findings=tuple(told),
        **standing(session, order),
    )
    stage(session, answer, agency=order.agency_id)
