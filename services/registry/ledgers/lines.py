"""What stands in a ledger? Lines made of the registry's rows and their revisions; nothing is typed, nobody is named.

Oldest first, some at a time: `after` is the key of the last line that was read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from services.registry.ledgers.books import Book
from services.registry.ledgers.reach import Asked, Whose, kept_until
from services.registry.people.seekers import ERASED
from services.registry.tables import (
    Agency,
    JobOrder,
    JobOrderRevision,
    Posting,
    PostingRevision,
    Referral,
    ReferralStep,
    Seeker,
)
from shared.clock import KST
from shared.contracts import Fact, Money, PostingFacts, SeekerFacts
from shared.contracts.envelope import Instant
from shared.database import beyond, reading

CHUNK = 500
Key = tuple[datetime | date, UUID]
Counts = dict[tuple[UUID, UUID | None], tuple[int, int]]


class Change(Fact):
    """What became of it, on which day and by whose hand."""

    day: date
    state: str
    by: str = ""
    reason: str = ""


class OrderLine(Fact):
    """구인접수대장: an order that was taken in."""

    key: tuple[datetime, UUID]
    day: date
    source_ref: str
    agency: str
    employer: str
    employer_number: str
    district: str
    title: str
    occupation_code: str
    headcount: int
    wage: Money | None
    hours: str
    """In the sender's words."""
    weekly_hours: float | None
    valid_until: date
    state: str
    referred: int
    """People who were referred to it, and who were hired."""
    hired: int
    changes: tuple[Change, ...]
    kept_until: date


class SeekerLine(Fact):
    """구직접수대장: an application that was taken in."""

    key: tuple[datetime, UUID]
    day: date
    seeker_id: UUID
    occupation_codes: tuple[str, ...]
    wage: Money | None
    district: str
    certificates: tuple[str, ...]
    valid_until: date
    state: str
    referred: int
    hired: int
    kept_until: date


class PlacementLine(Fact):
    """직업소개대장: someone who was referred to an order, and what came of it."""

    key: tuple[date, UUID]
    day: date
    seeker_id: UUID
    posting_id: UUID
    agency: str
    employer: str
    district: str
    title: str
    occupation_code: str
    wage: Money | None
    """As the posting stood when she was referred."""
    interview_on: date | None
    state: str
    reason: str
    started_on: date | None
    ended_on: date | None
    erased: bool
    changes: tuple[Change, ...]
    kept_until: date


Line = OrderLine | SeekerLine | PlacementLine
KEYS: dict[Book, TypeAdapter[Key]] = {
    "orders": TypeAdapter(tuple[Instant, UUID]),
    "seekers": TypeAdapter(tuple[Instant, UUID]),
    "placements": TypeAdapter(tuple[date, UUID]),
}
"""What a mark of the next page stands for."""
Reader = Callable[[Session, Asked, Key | None, int], Sequence[Line]]


def lines(session: Session, asked: Asked, after: Key | None = None, limit: int = CHUNK) -> Sequence[Line]:
    """The next lines of a ledger."""
    readers: dict[Book, Reader] = {"orders": _order_lines, "seekers": _seeker_lines, "placements": _placement_lines}
    return readers[asked.book](session, asked, after, limit)


def all_lines(engine: Engine, asked: Asked) -> Iterator[Sequence[Line]]:
    """All of them, some at a time, however long whoever takes them needs."""
    after: Key | None = None
    while True:
        with reading(engine) as session:
            found = lines(session, asked, after)
        if not found:
            return
        yield found
        after = found[-1].key


def _order_lines(session: Session, asked: Asked, after: Key | None, limit: int) -> Sequence[OrderLine]:
    key = (col(JobOrder.accepted_at), col(JobOrder.order_id))
    within = (key[0] >= asked.span.starts_at, key[0] < asked.span.ends_at)
    orders = session.exec(
        select(JobOrder).where(*within, *asked.whose.orders(), *beyond(key, after)).order_by(*key).limit(limit)
    ).all()
    before: defaultdict[UUID, list[JobOrderRevision]] = defaultdict(list)
    revisions = select(JobOrderRevision).where(col(JobOrderRevision.order_id).in_([each.order_id for each in orders]))
    for revision in session.exec(revisions.order_by(col(JobOrderRevision.revision))):
        before[revision.order_id].append(revision)
    agencies = _agencies(session)
    referred = _counted(session, Referral.posting_id, [each.posting_id for each in orders if each.posting_id])
    told = []
    for order in orders:
        facts, day = PostingFacts.model_validate(order.facts), day_of(order.accepted_at)
        went, hired = referred.get((order.posting_id, order.agency_id), (0, 0)) if order.posting_id else (0, 0)
        told.append(
            OrderLine(
                key=(order.accepted_at, order.order_id),
                day=day,
                agency=agencies[order.agency_id],
                state=order.state,
                valid_until=order.valid_until,
                referred=went,
                hired=hired,
                changes=_order_changes(order, before[order.order_id]),
                kept_until=kept_until(day),
                **_of_posting(facts),
                source_ref=order.source_ref,
                employer_number=order.employer_number,
                headcount=facts.headcount,
                hours=facts.work_hours,
                weekly_hours=facts.weekly_hours,
            )
        )
    return told


def _order_changes(order: JobOrder, before: Sequence[JobOrderRevision]) -> tuple[Change, ...]:
    """From its acceptance on: a revision tells until when it stood so, and the next one what followed."""
    since = [order.accepted_at, *(revision.until for revision in before)]
    stood: Sequence[JobOrder | JobOrderRevision] = [*before, order]
    return tuple(
        Change(day=day_of(start), state=each.state, by=each.decided_by, reason=each.reason)
        for start, each in zip(since, stood, strict=True)
    )


def _seeker_lines(session: Session, asked: Asked, after: Key | None, limit: int) -> Sequence[SeekerLine]:
    key = (col(Seeker.applied_at), col(Seeker.seeker_id))
    within = (key[0] >= asked.span.starts_at, key[0] < asked.span.ends_at)
    seekers = session.exec(
        select(Seeker).where(*within, *asked.whose.seekers(), *beyond(key, after)).order_by(*key).limit(limit)
    ).all()
    referred = _counted(session, Referral.seeker_id, [each.seeker_id for each in seekers])
    told = []
    for seeker in seekers:
        facts, day = SeekerFacts.model_validate(seeker.facts), day_of(seeker.applied_at)
        went, hired = _summed(referred, seeker.seeker_id, asked.whose)
        told.append(
            SeekerLine(
                key=(seeker.applied_at, seeker.seeker_id),
                day=day,
                seeker_id=seeker.seeker_id,
                occupation_codes=facts.wishes.occupation_codes,
                wage=facts.wishes.wage,
                district=facts.home.district or "",
                certificates=facts.certificates,
                valid_until=seeker.valid_until,
                state=seeker.state,
                referred=went,
                hired=hired,
                kept_until=kept_until(day),
            )
        )
    return told


def _placement_lines(session: Session, asked: Asked, after: Key | None, limit: int) -> Sequence[PlacementLine]:
    key = (col(Referral.referred_on), col(Referral.referral_id))
    within = (key[0] >= asked.span.since, key[0] <= asked.span.until)
    rows = session.exec(
        select(Referral).where(*within, *asked.whose.placements(), *beyond(key, after)).order_by(*key).limit(limit)
    ).all()
    agencies, facts, states = _agencies(session), facts_as_shown(session, rows), _states(session, rows)
    told = []
    for row in rows:
        if row.referred_on is None:
            raise ValueError("only who was referred has a line")
        told.append(
            PlacementLine(
                key=(row.referred_on, row.referral_id),
                day=row.referred_on,
                seeker_id=row.seeker_id,
                posting_id=row.posting_id,
                agency=agencies.get(row.agency_id, "") if row.agency_id else "",
                interview_on=row.interview_on,
                state=row.state,
                reason=row.reason or "",
                started_on=row.started_on,
                ended_on=row.ended_on,
                erased=states.get(row.seeker_id) == ERASED,
                changes=tuple(Change.model_validate(step) for step in row.path),
                kept_until=kept_until(row.referred_on),
                **_of_posting(facts.get(row.referral_id)),
            )
        )
    return told


def facts_as_shown(session: Session, rows: Iterable[Referral]) -> dict[UUID, PostingFacts]:
    """For each referral the words of the posting when the counselor accepted the pair, else as they are now."""
    rows = list(rows)
    accepted = select(ReferralStep).where(
        col(ReferralStep.referral_id).in_([row.referral_id for row in rows]), ReferralStep.answer == "accepted"
    )
    shown = {it.referral_id: it.posting_revision for it in session.exec(accepted.order_by(col(ReferralStep.revision)))}
    ids = list({row.posting_id for row in rows})
    now = {it.posting_id: it.facts for it in session.exec(select(Posting).where(col(Posting.posting_id).in_(ids)))}
    old = session.exec(select(PostingRevision).where(col(PostingRevision.posting_id).in_(ids)))
    then = {(it.posting_id, it.revision): it.facts for it in old}
    found = {
        row.referral_id: then.get((row.posting_id, shown.get(row.referral_id) or 0)) or now.get(row.posting_id)
        for row in rows
    }
    return {referral_id: PostingFacts.model_validate(facts) for referral_id, facts in found.items() if facts}


def day_of(instant: datetime) -> date:
    """The day in Korea."""
    return instant.astimezone(KST).date()


def _of_posting(facts: PostingFacts | None) -> dict[str, Any]:
    if facts is None:
        return {"employer": "", "district": "", "title": "", "occupation_code": "", "wage": None}
    told = {"employer": facts.employer, "district": facts.place.district or "", "title": facts.title}
    return told | {"occupation_code": facts.occupation_code or "", "wage": facts.wage}


def _agencies(session: Session) -> dict[UUID, str]:
    return {agency.agency_id: agency.name for agency in session.exec(select(Agency))}


def _states(session: Session, rows: Iterable[Referral]) -> dict[UUID, str]:
    ids = {row.seeker_id for row in rows}
    return dict(session.exec(select(Seeker.seeker_id, Seeker.state).where(col(Seeker.seeker_id).in_(ids))).all())


def _counted(session: Session, of: Any, ids: Sequence[UUID]) -> Counts:
    """How many were referred, and hired, by the id asked for and the agency that is credited."""
    counts = (func.count(col(Referral.referred_on)), func.count(col(Referral.started_on)))
    found = select(of, Referral.agency_id, *counts).where(of.in_(ids)).group_by(of, col(Referral.agency_id))
    return {(one, agency_id): (referred, hired) for one, agency_id, referred, hired in session.exec(found)}


def _summed(counted: Counts, seeker_id: UUID, whose: Whose) -> tuple[int, int]:
    """An agency counts what it brought about itself."""
    hers = [counts for (one, by), counts in counted.items() if one == seeker_id and whose.agency_id in (None, by)]
    return sum(each[0] for each in hers), sum(each[1] for each in hers)
