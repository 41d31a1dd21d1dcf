"""Finding a seeker or a posting on the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from services.notify.match_lists import PAGE_SIZE, Reach, within
from services.notify.tables import PostingCard, SeekerCard
from services.notify.words import holds_all

C = TypeVar("C")


@dataclass(frozen=True)
class PageOfCards(Generic[C]):
    """Some cards, and whether there are more."""

    cards: Sequence[C]
    more: bool


def find_seekers(session: Session, reach: Reach, words: str, page: int) -> PageOfCards[SeekerCard]:
    """Seekers within reach, the best pair first; whoever has none comes last."""
    asked = (col(SeekerCard.live), *within(reach), *holds_all(words, SeekerCard.words))
    found = select(SeekerCard).where(*asked).order_by(*_SEEKER_ORDER)
    return _page(session.exec(found.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)).all())


def find_postings(session: Session, words: str, page: int) -> PageOfCards[PostingCard]:
    """Open postings, the newest first."""
    asked = (col(PostingCard.live), *holds_all(words, PostingCard.words))
    found = select(PostingCard).where(*asked).order_by(*_POSTING_ORDER)
    return _page(session.exec(found.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)).all())


@dataclass(frozen=True)
class Choices:
    """What open postings have, for choosing from."""

    districts: tuple[str, ...]
    occupations: tuple[str, ...]
    """The first two digits of their KECO codes."""


def choices(session: Session) -> Choices:
    districts = select(PostingCard.district).where(col(PostingCard.live), PostingCard.district != "")
    codes = select(func.substr(PostingCard.occupation_code, 1, 2)).where(col(PostingCard.live))
    return Choices(
        tuple(sorted(session.exec(districts.distinct()))),
        tuple(sorted(code for code in session.exec(codes.distinct()) if len(code) == 2)),
    )


def seeker_within(session: Session, seeker_id: UUID, reach: Reach) -> SeekerCard | None:
    """Her card, if she is looking for work and the reader may see her."""
    one = (col(SeekerCard.seeker_id) == seeker_id, col(SeekerCard.live), *within(reach))
    return session.exec(select(SeekerCard).where(*one)).first()


def open_posting(session: Session, posting_id: UUID) -> PostingCard | None:
    card = session.get(PostingCard, posting_id)
    return card if card and card.live else None


def cafes(session: Session) -> list[UUID]:
    """The cafés that look after anyone."""
    known = select(SeekerCard.cafe_id).where(col(SeekerCard.live), col(SeekerCard.cafe_id).is_not(None))
    return [cafe_id for cafe_id in session.exec(known.distinct().order_by(col(SeekerCard.cafe_id))) if cafe_id]


_SEEKER_ORDER: tuple[Any, ...] = (
    col(SeekerCard.best_score).desc().nulls_last(),
    col(SeekerCard.applied_at),
    col(SeekerCard.seeker_id),
)
_POSTING_ORDER: tuple[Any, ...] = (col(PostingCard.accepted_at).desc(), col(PostingCard.posting_id))


def _page(found: Sequence[C]) -> PageOfCards[C]:
    return PageOfCards(found[:PAGE_SIZE], more=len(found) > PAGE_SIZE)
