"""Which lines of which ledger does someone ask for, and whose names may she be told?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from services.registry.access import not_found, of_cafes
from services.registry.ledgers.books import BOOKS, Book
from services.registry.orders.life_cycle import months_after
from services.registry.orders.postings import today
from services.registry.tables import Consent, JobOrder, Referral, Seeker
from shared.clock import KST
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn

KEPT_MONTHS = 24
"""Rules of the Employment Security Act, 26: two years."""


@dataclass(frozen=True)
class Whose:
    """Of whom the lines are: an agency's, some cafés', or everyone's."""

    agency_id: UUID | None = None
    cafes: tuple[UUID, ...] | None = None

    def orders(self) -> list[ColumnElement[bool]]:
        return [col(JobOrder.agency_id) == self.agency_id] if self.agency_id else []

    def seekers(self) -> list[ColumnElement[bool]]:
        """A café's own, and those whom an agency brought."""
        told: list[ColumnElement[bool]] = [] if self.cafes is None else [of_cafes(col(Seeker.cafe_id), self.cafes)]
        return [*told, col(Seeker.seeker_id).in_(brought_by(self.agency_id))] if self.agency_id else told

    def placements(self) -> list[ColumnElement[bool]]:
        told: list[ColumnElement[bool]] = [] if self.cafes is None else [of_cafes(col(Referral.cafe_id), self.cafes)]
        return [*told, col(Referral.agency_id) == self.agency_id] if self.agency_id else told


@dataclass(frozen=True)
class Span:
    """From which day to which, KST, both included; never older than the law has a ledger kept."""

    since: date
    until: date

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.since, time.min, KST)

    @property
    def ends_at(self) -> datetime:
        """The first instant after."""
        return datetime.combine(self.until + timedelta(days=1), time.min, KST)


@dataclass(frozen=True)
class Asked:
    """Which lines of which ledger."""

    book: Book
    whose: Whose
    span: Span


def kept_until(day: date) -> date:
    """How long a line of that day is kept."""
    return months_after(day, KEPT_MONTHS)


def span_of(since: date | None, until: date | None) -> Span:
    """The days asked for, without those whose time is over or has not come; this month where nothing is told."""
    day = today()
    since, until = since or day.replace(day=1), until or day
    if since > until:
        raise Problem(
            422, "SPAN_REVERSED", "The first day is after the last.", "시작일이 종료일보다 늦습니다.", where="since"
        )
    return Span(max(since, months_after(day, -KEPT_MONTHS)), max(min(until, day), months_after(day, -KEPT_MONTHS)))


def whose_of(who: SignedIn, book: Book, agency: UUID | None = None, cafe: UUID | None = None) -> Whose:
    """What is hers of a ledger, narrowed to what she asks for; another's is told as what does not exist."""
    if who.role == "agency":
        if agency not in (None, who.agency_id) or cafe is not None or who.agency_id is None:
            raise not_found()
        return Whose(agency_id=who.agency_id)
    if who.role == "counselor":
        if agency is not None or book == "orders" or (cafe is not None and cafe not in who.cafes):
            raise not_found()
        return Whose(cafes=who.cafes if cafe is None else (cafe,))
    return Whose(agency, None if cafe is None else (cafe,))


def books_of(who: SignedIn) -> tuple[Book, ...]:
    """Orders are taken in by agencies, so a café has no ledger of them."""
    return tuple(book for book in BOOKS if who.role != "counselor" or book != "orders")


def may_name(who: SignedIn) -> bool:
    """An official looks at how things go, which needs no names."""
    return who.role != "official"


def nameable(session: Session, who: SignedIn, seeker_ids: Sequence[UUID]) -> list[UUID]:
    """Of whom she may be told the name: a counselor of her cafés' people, an agency of those it brought itself."""
    if not may_name(who):
        return []
    if who.role != "agency":
        return list(dict.fromkeys(seeker_ids))
    hers = set(session.exec(brought_by(who.agency_id).where(col(Consent.seeker_id).in_(seeker_ids))))
    return [one for one in dict.fromkeys(seeker_ids) if one in hers]


def brought_by(agency_id: UUID | None) -> SelectOfScalar[UUID]:
    """Those whose data an agency brought."""
    return select(Consent.seeker_id).where(Consent.brought_by == agency_id)
