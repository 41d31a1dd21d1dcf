"""Telling an agency unasked what became of an order of hers, or soon will: on its stream, and among its receipts."""

from typing import NamedTuple
from uuid import UUID, uuid5

from sqlmodel import Session, col, select

from services.registry.intake.findings import finding
from services.registry.intake.scrub import scrub
from services.registry.orders.postings import standing
from services.registry.tables import JobOrder, Submission
from shared.clock import now
from shared.contracts import AgencyAnswered
from shared.outbox import stage

NOTICED = "noticed"
ASKS_TO_RENEW = ("ORDER_EXPIRES", "ORDER_EXPIRED")


def tell(session: Session, order: JobOrder, code: str, *, reason: str = "", **facts: object) -> None:
    """Stage a notice and keep it; it is known by the order's revision: said again, it is the same and is not repeated.

    Args:
        reason: the operator's words, which travel without whatever points to a person.
    """
    notice_id = uuid5(order.order_id, f"{code}|{order.revision}|{order.valid_until}")
    if session.get(Submission, notice_id):
        return
    told = [finding(code, "status", **facts)]
    if reason:
        told.append(finding("OPERATOR_REASON", "status", reason=scrub(reason).text))
    answer = AgencyAnswered(
        submission_id=notice_id,
        agency_id=order.agency_id,
        outcome=NOTICED,
        findings=tuple(told),
        **standing(session, order),
    )
    _say(session, answer)


def tell_of_stream(session: Session, agency_id: UUID, notice_id: UUID, code: str, **facts: object) -> None:
    """Stage and keep a notice that speaks of the agency's stream and of no order; under the same id it is said once."""
    if session.get(Submission, notice_id):
        return
    told = (finding(code, "stream", **facts),)
    _say(session, AgencyAnswered(submission_id=notice_id, agency_id=agency_id, outcome=NOTICED, findings=told))


def _say(session: Session, answer: AgencyAnswered) -> None:
    session.add(_kept(answer))
    stage(session, answer, agency=answer.agency_id)


class Notice(NamedTuple):
    """What was told of an order, and whether saying that it still stands would answer it."""

    told: Submission
    renewable: bool


def newest(session: Session, agency_id: UUID, limit: int) -> list[Notice]:
    """What an agency was told last."""
    hers = (Submission.agency_id == agency_id, Submission.outcome == NOTICED)
    told = session.exec(select(Submission).where(*hers).order_by(col(Submission.received_at).desc()).limit(limit)).all()
    named = (JobOrder.agency_id == agency_id, col(JobOrder.source_ref).in_({each.source_ref for each in told}))
    orders = {order.source_ref: order for order in session.exec(select(JobOrder).where(*named))}
    return [Notice(each, _renewable(each, orders.get(str(each.source_ref)))) for each in told]


def _renewable(notice: Submission, order: JobOrder | None) -> bool:
    """As long as the order is as it was when its end was told."""
    if order is None or notice.findings[0]["code"] not in ASKS_TO_RENEW:
        return False
    return (order.state, order.valid_until) == (notice.state, notice.valid_until)


def _kept(notice: AgencyAnswered) -> Submission:
    """A stream forgets after three days, and a clerk has none: among the receipts it is found for ever."""
    words = notice.model_dump(exclude={"event_id", "occurred_at", "findings"})
    told = [found.model_dump() for found in notice.findings]
    return Submission(entry="notice", place="", content_hash="", received_at=now(), findings=told, **words)
