"""What did each posting of an agency bring? Candidates without names, where they stand, how it ended; its own alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import func
from sqlmodel import Session, col, select
from starlette.responses import Response

from services.notify import answers, noticing
from services.notify.surfaces.surface import Surface, id_of, not_found
from services.notify.tables import KeptPosting, PairStanding, PostingCard, SubmissionNote
from shared.web.pages import language_of
from shared.web.sign_in import SignedIn, allow
from shared.web.spoken import spoken_reason

PAGE_SIZE = 20
Clerk = Annotated[SignedIn, Depends(allow("agency"))]
PROPOSED = ("proposed", "agreed", "consented", "declined")
REFERRED = (*answers.AWAITING_RESULT, "not_hired")
HIRED = (*answers.AT_WORK, "left")


@dataclass(frozen=True)
class Result:
    """A posting and what came of it, in persons."""

    posting: KeptPosting
    live: bool
    proposed: int
    referred: int
    hired: int


@dataclass(frozen=True)
class PageOfResults:
    results: Sequence[Result]
    more: bool


def agency_results(at: Surface) -> APIRouter:
    router = APIRouter(prefix="/agency-results", include_in_schema=False)

    @router.get("")
    async def show(request: Request, who: Clerk, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
        agency_id = own(who)
        found = await at.read(lambda session: results_of(session, agency_id, page))
        sums = await at.read(lambda session: sums_of(session, agency_id))
        sent = await at.read(lambda session: submissions_of(session, agency_id))
        return at.pages.show(request, "agency_results.html", found=found, sums=sums, sent=sent, page=page)

    @router.get("/{posting_id}")
    async def show_posting(request: Request, who: Clerk, posting_id: str) -> Response:
        agency_id, asked = own(who), id_of(posting_id)
        posting = await at.read(lambda session: session.get(KeptPosting, asked))
        if posting is None or posting.agency_id != agency_id:
            raise not_found()
        found = await at.read(lambda session: noticing.candidates_of(session, at.settings.session_key, asked))
        language = language_of(request)
        return at.pages.show(
            request,
            "agency_result.html",
            posting=posting,
            found=found,
            spoken=lambda one: spoken_reason(one.reasons, language),
        )

    return router


def own(who: SignedIn) -> UUID:
    if who.agency_id is None:
        raise not_found()
    return who.agency_id


def results_of(session: Session, agency_id: UUID, page: int) -> PageOfResults:
    """Its postings, those of which anything changed last first."""
    touched = (
        select(PairStanding.posting_id, func.max(PairStanding.changed_at).label("at"))
        .group_by(col(PairStanding.posting_id))
        .subquery()
    )
    own_ones = (
        select(KeptPosting)
        .join(touched, touched.c.posting_id == col(KeptPosting.posting_id), isouter=True)
        .where(KeptPosting.agency_id == agency_id)
        .order_by(touched.c.at.desc().nulls_last(), col(KeptPosting.published_at).desc(), col(KeptPosting.posting_id))
    )
    rows = session.exec(own_ones.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)).all()
    shown = rows[:PAGE_SIZE]
    counted = _counted(session, [row.posting_id for row in shown])
    live = _live(session, [row.posting_id for row in shown])
    results = [_result(row, counted.get(row.posting_id, Counter()), live=row.posting_id in live) for row in shown]
    return PageOfResults(results, more=len(rows) > PAGE_SIZE)


def sums_of(session: Session, agency_id: UUID) -> dict[str, int]:
    """How many of all its postings' people stand in each state."""
    states = (
        select(PairStanding.state, func.count())
        .join(KeptPosting, col(KeptPosting.posting_id) == col(PairStanding.posting_id))
        .where(KeptPosting.agency_id == agency_id, col(PairStanding.state).in_((*PROPOSED, *REFERRED, *HIRED)))
    )
    return dict(session.exec(states.group_by(col(PairStanding.state)).order_by(col(PairStanding.state))).all())


def submissions_of(session: Session, agency_id: UUID) -> dict[str, int]:
    """How many of its submissions met with each outcome."""
    notes = select(SubmissionNote.outcome, SubmissionNote.count).where(SubmissionNote.agency_id == agency_id)
    return dict(session.exec(notes.order_by(col(SubmissionNote.outcome))).all())


def _counted(session: Session, ids: Sequence[UUID]) -> dict[UUID, Counter[str]]:
    states = (
        select(PairStanding.posting_id, PairStanding.state, func.count())
        .where(col(PairStanding.posting_id).in_(ids))
        .group_by(col(PairStanding.posting_id), col(PairStanding.state))
    )
    counted: dict[UUID, Counter[str]] = {}
    for posting_id, state, count in session.exec(states):
        counted.setdefault(posting_id, Counter())[state] = count
    return counted


def _live(session: Session, ids: Sequence[UUID]) -> set[UUID]:
    live = select(PostingCard.posting_id).where(col(PostingCard.posting_id).in_(ids), col(PostingCard.live))
    return set(session.exec(live))


def _result(posting: KeptPosting, states: Counter[str], *, live: bool) -> Result:
    referred = sum(states[state] for state in (*REFERRED, *HIRED))
    return Result(
        posting=posting,
        live=live,
        proposed=referred + sum(states[state] for state in PROPOSED),
        referred=referred,
        hired=sum(states[state] for state in HIRED),
    )
