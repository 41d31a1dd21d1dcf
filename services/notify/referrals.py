"""Where does a pair stand? As registry last said, and before that as a counselor decided a moment ago."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.notify.tables import PairAnswer, PairStanding, Review
from shared.clock import KST, now
from shared.contracts import ReferralRecorded
from shared.contracts.referrals import Decision, ReferralState

Pair = tuple[UUID, UUID]
"""Seeker and posting."""

OPEN: tuple[ReferralState, ...] = ("reopened", "withdrawn")
"""Nobody has decided about such a pair; one that is postponed is open again on its day."""
SAID_YES: tuple[ReferralState, ...] = ("agreed", "consented")
"""The seeker did; it waits for a counselor as long as none has accepted it."""
OF_DECISION: dict[Decision, ReferralState] = {
    "accepted": "proposed",
    "dismissed": "dismissed",
    "postponed": "postponed",
    "undone": "reopened",
}
"""The state that registry is expected to record."""


@dataclass(frozen=True)
class Standing:
    """Where a pair stands, and who knows."""

    state: ReferralState
    recorded: bool
    """False while registry has not answered the last decision."""
    until: date | None = None
    held: PairStanding | None = None
    review: Review | None = None
    """The last decision at this desk, whether recorded or not."""


def today() -> date:
    """The day at the desk, KST."""
    return now().astimezone(KST).date()


def keep_standings(session: Session, events: Sequence[ReferralRecorded]) -> list[ReferralRecorded]:
    """Replace what was said before of these pairs; those that were news."""
    hers = select(PairStanding).where(col(PairStanding.seeker_id).in_({event.seeker_id for event in events}))
    held = {(row.seeker_id, row.posting_id): row for row in session.exec(hers)}
    news = []
    for event in events:
        row = held.get(pair := (event.seeker_id, event.posting_id))
        if row and event.revision <= row.revision:
            continue
        said = event.model_dump(exclude={"event_id", "occurred_at"}) | {"changed_at": event.occurred_at}
        held[pair] = row.sqlmodel_update(said) if row else PairStanding(**said)
        session.add(held[pair])
        news.append(event)
    session.flush()
    return news


def standings_of_seekers(session: Session, seeker_ids: Iterable[UUID]) -> dict[Pair, Standing]:
    """Every pair of these seekers of which anything was decided."""
    ids = set(seeker_ids)
    held = session.exec(select(PairStanding).where(col(PairStanding.seeker_id).in_(ids)))
    decided = session.exec(select(Review).where(col(Review.seeker_id).in_(ids)).order_by(col(Review.number)))
    return _together(held, decided)


def standing_of(session: Session, pair: Pair) -> Standing | None:
    """Where one pair stands; None when nobody has decided anything."""
    return standings_of_seekers(session, [pair[0]]).get(pair)


def is_open(standing: Standing | None, day: date) -> bool:
    """Whether the pair waits for somebody to decide."""
    if standing is None or standing.state in OPEN:
        return True
    if standing.state in SAID_YES:
        return standing.held is not None and not standing.held.confirmed
    return standing.state == "postponed" and standing.until is not None and standing.until <= day


def forget_pairs(session: Session, seeker_id: UUID) -> None:
    """Keep nothing that was decided about someone who was erased."""
    for table in (PairStanding, Review, PairAnswer):
        session.connection().execute(delete(table).where(col(table.seeker_id) == seeker_id))


def _together(held: Iterable[PairStanding], decided: Iterable[Review]) -> dict[Pair, Standing]:
    rows = {(row.seeker_id, row.posting_id): row for row in held}
    last = {(review.seeker_id, review.posting_id): review for review in decided}
    return {pair: _standing(rows.get(pair), last.get(pair)) for pair in rows | last}


def _standing(held: PairStanding | None, review: Review | None) -> Standing:
    if review and (held is None or held.revision < review.answered_from):
        decision: Decision = "undone" if review.undone_at else cast(Decision, review.decision)
        until = review.until if decision == "postponed" else None
        return Standing(OF_DECISION[decision], recorded=False, until=until, held=held, review=review)
    if held is None:
        raise ValueError("a pair of which nothing was said stands nowhere")
    return Standing(cast(ReferralState, held.state), recorded=True, until=held.until, held=held, review=review)


def last_change(standing: Standing) -> datetime | None:
    """When anything was last said or decided about it."""
    times = [standing.held.changed_at if standing.held else None]
    times += [standing.review.undone_at or standing.review.decided_at] if standing.review else []
    return max((time for time in times if time), default=None)
