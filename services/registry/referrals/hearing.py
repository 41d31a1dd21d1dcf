"""What follows from a word about a pair: it moves, a consent is noted, someone hired is placed, an order is filled.

A word is refused here for what registry knows of others: one side is not there any more, or she works elsewhere.
"""

from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, col, select

from services.registry.orders import ledger, postings
from services.registry.orders import referral_states as states
from services.registry.orders.ledger import Pair, known_day, one_at_a_time, open_pair
from services.registry.orders.postings import Shelf
from services.registry.orders.referral_states import Periods
from services.registry.people import consents, seekers
from services.registry.people.consents import Ground, Matter
from services.registry.people.seekers import ERASED
from services.registry.tables import Posting, Referral, ReferralStep, Seeker
from shared.contracts import MatchReviewed, ReferralAnswered

TAKEN: frozenset[str] = frozenset(states.EMPLOYED)
"""A place is taken by whoever works there as far as we know."""
PLACED: Literal["placed"] = "placed"
PROVIDED = ("name", "phone", "email", "experience", "skills", "certificates")
"""What the text of the consent names."""
SWEEP = 200


def hear_review(event: MatchReviewed, session: Session, periods: Periods) -> None:
    """A counselor decided about a pair."""
    pair = _heard(session, event, periods)
    if pair is None:
        return
    told = event.model_dump(
        include={"reason", "until", "cafe_id", "seeker_revision", "posting_revision", "score", "epoch", "rank"}
    )
    step = pair.add(
        "counselor",
        event.decision,
        event_id=event.event_id,
        spoken_at=event.occurred_at,
        account_id=event.reviewed_by,
        **told,
    )
    settle(pair, [step], known_day(session))


def hear_answer(event: ReferralAnswered, session: Session, periods: Periods) -> None:
    """The worker, the firm, or a counselor for one of them answered."""
    pair = _heard(session, event, periods)
    if pair is None:
        return
    told = event.model_dump(include={"reason", "on_day", "consent_text", "account_id"})
    step = pair.add(event.answered_by, event.answer, event_id=event.event_id, spoken_at=event.occurred_at, **told)
    settle(pair, [step], known_day(session))


def pass_time(session: Session, day: date) -> int:
    """Move some of the pairs whose day has come; how many."""
    one_at_a_time(session)
    due = select(Referral).where(col(Referral.wakes_on) <= day).order_by(col(Referral.wakes_on)).limit(SWEEP)
    rows = session.exec(due).all()
    for row in rows:
        settle(Pair(session, row, list(ledger.steps_of(session, row.referral_id))), [], day)
    return len(rows)


def settle(pair: Pair, fresh: list[ReferralStep], day: date) -> None:
    """Read the pair anew, refuse what cannot be, write it down, and let it have its effects."""
    was_hired_by, was_referred = pair.row.hired_by, pair.row.referred_on is not None
    pair.read(day)
    while objection := _objection(pair, was_hired_by, was_referred=was_referred):
        fresh.append(objection)
        pair.read(day)
    standing = pair.standing
    if standing.referred_on and not was_referred:
        _note_consent(pair)
    is_new = standing.state == "hired" and standing.hired_by != was_hired_by
    if is_new:
        pair.row.over_headcount = _taken(pair.session, pair.row) >= _headcount(pair)
    ledger.write(pair, fresh)
    if is_new:
        _place(pair)


def _heard(session: Session, event: MatchReviewed | ReferralAnswered, periods: Periods) -> Pair | None:
    """The pair that a word is about; None where it was heard before, or she was erased and nothing is kept of her."""
    one_at_a_time(session)
    seeker = session.get(Seeker, event.seeker_id)
    if seeker is not None and seeker.state == ERASED:
        return None
    pair = open_pair(session, event.seeker_id, event.posting_id, periods)
    return None if pair.knows(event.event_id) else pair


def _objection(pair: Pair, was_hired_by: UUID | None, *, was_referred: bool) -> ReferralStep | None:
    """What registry has to say against where the pair would stand; None when nothing."""
    standing = pair.standing
    newly_hired = standing.hired_by is not None and standing.hired_by != was_hired_by
    if newly_hired and standing.hired_by and _works_elsewhere(pair):
        return ledger.strike(pair, standing.hired_by, "PLACED_ELSEWHERE")
    cause = ledger.absence(pair.session, pair.row)
    if cause and standing.referred_by and not was_referred:
        return ledger.strike(pair, standing.referred_by, "NOT_VALID_NOW")
    if cause and standing.state in states.BEFORE_REFERRAL:
        return ledger.withdraw(pair, cause)
    return None


def _works_elsewhere(pair: Pair) -> bool:
    """Whether another firm has hired her and she is still there, as far as we know."""
    others = (
        Referral.seeker_id == pair.row.seeker_id,
        Referral.referral_id != pair.row.referral_id,
        col(Referral.state).in_(TAKEN),
    )
    return pair.session.exec(select(Referral.referral_id).where(*others)).first() is not None


def _note_consent(pair: Pair) -> None:
    """She agreed that this firm is given her data, after the text that she was shown."""
    session, standing = pair.session, pair.standing
    posting = session.get(Posting, pair.row.posting_id)
    if posting is None or not standing.consent_text:
        return
    to_the_firm = Matter("provision", ledger.firm_of(posting))
    given = consents.all_of(session, pair.row.seeker_id)
    before = consents.last(given, Matter("matching"))
    invented = before is not None and before.basis == "invented"
    ground = Ground("invented" if invented else "consent", "herself" if standing.consent_by == "seeker" else "counter")
    if not consents.stands(given, to_the_firm):
        row = consents.row_of(pair.row.seeker_id, to_the_firm, ground, PROVIDED)
        row.text = standing.consent_text
        session.add(row)
        session.flush()


def _place(pair: Pair) -> None:
    """She works now: nobody else is offered her, and an order whose places are all taken is filled."""
    session = pair.session
    seeker = session.get(Seeker, pair.row.seeker_id)
    if seeker is not None and seeker.state != PLACED:
        seekers.withdraw(session, seeker, PLACED)
    if _taken(session, pair.row) + 1 >= _headcount(pair):
        postings.one_at_a_time(session)
        shelf = Shelf(session)
        for order in shelf.shown_by(pair.row.posting_id):
            postings.change(shelf, order, "filled", "ledger")


def _taken(session: Session, row: Referral) -> int:
    """How many others were hired for this posting, whether or not they stayed."""
    others = (Referral.posting_id == row.posting_id, Referral.referral_id != row.referral_id)
    return session.exec(select(func.count()).where(*others, col(Referral.started_on).is_not(None))).one()


def _headcount(pair: Pair) -> int:
    posting = pair.session.get(Posting, pair.row.posting_id)
    return int(posting.facts.get("headcount") or 1) if posting else 1
