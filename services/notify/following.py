"""What became of the pairs that were referred? By what is due, what has no answer, and who goes to an interview."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select

from services.notify import changes, referrals
from services.notify.changes import ListChanges
from services.notify.match_lists import PAGE_SIZE, Reach, within
from services.notify.referrals import Standing
from services.notify.tables import (
    Delivery,
    FirmLinksEnded,
    KeptPosting,
    MatchList,
    PairStanding,
    PostingCard,
    Review,
    SeekerCard,
)

View = Literal["due", "unanswered", "interviews", "all"]
VIEWS: tuple[View, ...] = get_args(View)
SET_ASIDE = ("dismissed", "postponed", "reopened")
"""Pairs that nobody was referred for."""
OVER = ("not_hired", "declined", "left", "withdrawn", "retained_6_months")


@dataclass(frozen=True)
class Followed:
    """A referral, and what is known of the two sides."""

    standing: Standing
    row: PairStanding
    posting: PostingCard | None
    """None once it is withdrawn."""
    kept: KeptPosting | None
    """What stays of it then."""

    @property
    def title(self) -> str:
        return self.posting.title if self.posting else self.kept.title if self.kept else ""

    @property
    def employer(self) -> str:
        return self.posting.employer if self.posting else self.kept.employer if self.kept else ""

    @property
    def key(self) -> str:
        return f"{self.row.seeker_id}/{self.row.posting_id}"


@dataclass(frozen=True)
class PageOfReferrals:
    """Some of them, and whether there are more."""

    referrals: tuple[Followed, ...]
    more: bool


@dataclass(frozen=True)
class Changed:
    """A seeker whose list is another than yesterday."""

    seeker: SeekerCard
    changes: ListChanges


def followed(  # noqa: PLR0913, PLR0917 - what is asked, and which part of it
    session: Session, reach: Reach, view: View, account_id: UUID | None, page: int, size: int = PAGE_SIZE
) -> PageOfReferrals:
    """Referrals of a view, the most urgent first; with an account only those that she made."""
    found = select(PairStanding).where(*_of_view(view), *_within(reach, account_id))
    urgent = (col(PairStanding.due_on).nulls_last(), col(PairStanding.changed_at).desc(), col(PairStanding.referral_id))
    rows = session.exec(found.order_by(*urgent).offset((page - 1) * size).limit(size + 1)).all()
    return PageOfReferrals(_followed(session, rows[:size]), more=len(rows) > size)


def counts(session: Session, reach: Reach, account_id: UUID | None) -> dict[View, int]:
    """How many referrals each view has."""
    return {view: _count(session, *_of_view(view), *_within(reach, account_id)) for view in VIEWS}


def being_recorded(session: Session, account_id: UUID) -> int:
    """How many of her decisions registry has not answered yet."""
    newest = session.exec(select(Review).where(Review.account_id == account_id).order_by(col(Review.number).desc()))
    some = newest.fetchmany(PAGE_SIZE)
    standings = referrals.standings_of_seekers(session, [review.seeker_id for review in some])
    return sum(not standings[pair].recorded for pair in {(it.seeker_id, it.posting_id) for it in some})


def moved_since(session: Session, reach: Reach, instant: datetime, account_id: UUID | None) -> tuple[Followed, ...]:
    """Referrals about which anything was recorded since then, the newest first."""
    moved = (col(PairStanding.changed_at) >= instant, col(PairStanding.state).not_in(SET_ASIDE))
    found = select(PairStanding).where(*moved, *_within(reach, account_id))
    return _followed(session, session.exec(found.order_by(col(PairStanding.changed_at).desc()).limit(PAGE_SIZE)).all())


def lists_changed_since(session: Session, reach: Reach, day: date, page: int) -> tuple[list[Changed], bool]:
    """Seekers whose list changed on that day or later, the best pair first, and whether there are more."""
    # Seekers' lists alone have a day. Asked for their scope too, SQLite would walk over every list there is.
    touched = select(MatchList.scope_id).where(col(MatchList.changed_on) >= day)
    found = select(SeekerCard).where(col(SeekerCard.live), col(SeekerCard.seeker_id).in_(touched), *within(reach))
    best_first = found.order_by(col(SeekerCard.best_score).desc().nulls_last(), col(SeekerCard.seeker_id))
    cards = session.exec(best_first.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)).all()
    shown = cards[:PAGE_SIZE]
    lists: dict[UUID, list[MatchList]] = {card.seeker_id: [] for card in shown}
    for held in session.exec(select(MatchList).where(MatchList.scope == "seeker", col(MatchList.scope_id).in_(lists))):
        lists[held.scope_id].append(held)
    told = [Changed(card, changes.since(lists[card.seeker_id], day)) for card in shown]
    return [one for one in told if one.changes], len(cards) > PAGE_SIZE


def postings_of(session: Session, changed: Sequence[Changed]) -> dict[UUID, PostingCard]:
    """The postings that are told of."""
    ids = {it for one in changed for it in (*one.changes.new, *one.changes.gone, *(at for at, _ in one.changes.risen))}
    return {
        card.posting_id: card for card in session.exec(select(PostingCard).where(col(PostingCard.posting_id).in_(ids)))
    }


def mails_to_firms(session: Session, found: Sequence[Followed]) -> dict[UUID, Delivery]:
    """The last mail to the firm of each posting about who was referred to it, whose link still leads there."""
    ids = {one.row.posting_id for one in found}
    to_them = (Delivery.recipient == "firm", Delivery.channel == "email", Delivery.category == "referrals")
    of_these = col(Delivery.recipient_id).in_(ids)
    mails = session.exec(select(Delivery).where(*to_them, of_these).order_by(col(Delivery.made_at)))
    ended = {
        one.posting_id: one.ended_at
        for one in session.exec(select(FirmLinksEnded).where(col(FirmLinksEnded.posting_id).in_(ids)))
    }
    return {
        mail.recipient_id: mail
        for mail in mails
        if not (mail.ended_at and mail.recipient_id in ended and mail.ended_at <= ended[mail.recipient_id])
    }


def _of_view(view: View) -> list[ColumnElement[bool]]:
    day = referrals.today()
    state, referred = col(PairStanding.state), col(PairStanding.state).not_in(SET_ASIDE)
    by_view: dict[View, list[ColumnElement[bool]]] = {
        "due": [
            referred,
            state.not_in(OVER),
            or_(col(PairStanding.due_on) <= day, col(PairStanding.interview_on) == day),
        ],
        "unanswered": [state.in_(("unanswered", "result_due"))],
        "interviews": [state == "interview"],
        "all": [referred],
    }
    return by_view[view]


def _within(reach: Reach, account_id: UUID | None) -> list[ColumnElement[bool]]:
    limits = within(reach, PairStanding.cafe_id)
    if account_id is None:
        return limits
    hers = select(Review.number).where(
        Review.account_id == account_id,
        Review.decision == "accepted",
        Review.seeker_id == PairStanding.seeker_id,
        Review.posting_id == PairStanding.posting_id,
    )
    return [*limits, hers.exists()]


def _followed(session: Session, rows: Sequence[PairStanding]) -> tuple[Followed, ...]:
    standings = referrals.standings_of_seekers(session, [row.seeker_id for row in rows])
    ids = {row.posting_id for row in rows}
    known = session.exec(select(PostingCard).where(col(PostingCard.posting_id).in_(ids)))
    cards = {it.posting_id: it for it in known if it.live}
    kept = {it.posting_id: it for it in session.exec(select(KeptPosting).where(col(KeptPosting.posting_id).in_(ids)))}
    return tuple(
        Followed(standings[row.seeker_id, row.posting_id], row, cards.get(row.posting_id), kept.get(row.posting_id))
        for row in rows
    )


def _count(session: Session, *asked: ColumnElement[bool]) -> int:
    return session.exec(select(func.count()).select_from(PairStanding).where(*asked)).one()
