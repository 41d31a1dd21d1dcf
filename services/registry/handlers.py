"""Which fact leads to what in the registry."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlmodel import Session, col, select

from services.registry import seasons
from services.registry.cafes import bookings, enrolments, programs
from services.registry.cafes.rooms import STANDING
from services.registry.orders import ledger, postings
from services.registry.orders.life_cycle import OPEN
from services.registry.orders.referral_states import Periods
from services.registry.people import contacts, seekers
from services.registry.referrals import hearing
from services.registry.tables import Agency, Booking, Enrolment, Posting, ProgramSession, Referral, Seeker
from shared import sessions
from shared.clock import now
from shared.contracts import DeliveryFailed, MatchReviewed, ReferralAnswered, RematchFinished, RestatementRequested
from shared.outbox import stage
from shared.streams import Hearing, each

CHUNK = 500
T = TypeVar("T", Posting, Seeker, Referral, Booking, ProgramSession, Enrolment)


def say_everything_again(events: Sequence[RestatementRequested], session: Session) -> None:
    """Every open posting, active seeker, pair, booking and session ahead at its revision; once, however many asked.

    And which sign-ins have ended, for a store that knows none.
    """
    if not events:
        return
    names = {agency.agency_id: agency.name for agency in session.exec(select(Agency))}
    for posting in _in_chunks(session, Posting, Posting.posting_id, Posting.state == OPEN):
        stage(session, postings.published(posting, names[posting.agency_id]))
    for seeker in _in_chunks(session, Seeker, Seeker.seeker_id, Seeker.state == seekers.ACTIVE):
        stage(session, seekers.published(seeker))
    for referral in _in_chunks(session, Referral, Referral.referral_id, Referral.state != ""):
        ledger.say(session, referral)
    ahead = col(Booking.state).in_(STANDING) & (col(Booking.ends_at) > now())
    for booking in _in_chunks(session, Booking, Booking.booking_id, ahead):
        stage(session, bookings.booked(booking))
    coming = col(ProgramSession.ends_at) > now()
    for program in _in_chunks(session, ProgramSession, ProgramSession.session_id, coming):
        stage(session, programs.scheduled(program))
    seats = col(Enrolment.session_id).in_(select(ProgramSession.session_id).where(coming))
    for enrolment in _in_chunks(session, Enrolment, Enrolment.enrolment_id, seats):
        stage(session, enrolments.enrolled(enrolment))
    sessions.say_again(session)


def _in_chunks(session: Session, table: type[T], key: Any, live: Any) -> Iterator[T]:
    """Live rows, some at a time by their key; what was staged for them is written and let go before the next come."""
    last: Any = None
    while True:
        after = [] if last is None else [key > last]
        chunk = session.exec(select(table).where(live, *after).order_by(key).limit(CHUNK)).all()
        if not chunk:
            return
        last = inspect(chunk[-1]).identity[0]
        yield from chunk
        session.flush()
        session.expunge_all()


def hearings(periods: Periods) -> tuple[Hearing[Any], ...]:
    """What the registry hears; an answer is waited for as long as `periods` has it."""
    return (
        Hearing(RestatementRequested, say_everything_again),
        Hearing(MatchReviewed, each(lambda event, session: hearing.hear_review(event, session, periods))),
        Hearing(ReferralAnswered, each(lambda event, session: hearing.hear_answer(event, session, periods))),
        Hearing(DeliveryFailed, each(contacts.note_failure)),
        Hearing(RematchFinished, each(seasons.note_finished)),
    )


HEARINGS = hearings(Periods())
