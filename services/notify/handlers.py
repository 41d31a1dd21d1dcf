"""Which fact leads to what in notify.

Streams come in any order among each other; what is kept does not depend on it.
"""

from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from services.notify import changes, noticing, referrals, telling
from services.notify.delivery.messages import forget_person
from services.notify.match_lists import set_best
from services.notify.tables import MatchList, PostingCard, SeekerCard, SubmissionNote
from services.notify.words import searchable
from shared.clock import KST
from shared.contracts import (
    MatchesFound,
    PostingFacts,
    PostingPublished,
    PostingWithdrawn,
    ProgramEnrolled,
    ProgramScheduled,
    ReferralRecorded,
    RoomBooked,
    RoomReleased,
    SeekerFacts,
    SeekerPublished,
    SeekerWithdrawn,
    SubmissionAnswered,
    WishEnded,
)
from shared.forgetting import is_forgotten
from shared.places import spot, usual_name
from shared.streams import Hearing, each


def show_posting(event: PostingPublished, session: Session) -> None:
    """Keep what a pair with this posting shows of it."""
    noticing.keep_posting(session, event)
    card = session.get(PostingCard, event.posting_id) or PostingCard(posting_id=event.posting_id)
    if event.revision <= card.revision:
        return
    shown = _shown_of_posting(event.facts) | {
        "revision": event.revision,
        "live": True,
        "agency_name": event.agency_name,
        "accepted_at": event.accepted_at,
        "confirmed_at": event.occurred_at,
    }
    session.add(card.sqlmodel_update(shown))


def hide_posting(event: PostingWithdrawn, session: Session) -> None:
    """Empty the card but for its revision, and give its seekers their next best."""
    card = session.get(PostingCard, event.posting_id) or PostingCard(posting_id=event.posting_id)
    card.withdrawn_revision = max(card.withdrawn_revision, event.revision)
    if event.revision > card.revision:
        emptied = PostingCard(posting_id=event.posting_id, revision=event.revision)
        card.sqlmodel_update(emptied.model_dump(exclude={"posting_id", "withdrawn_revision"}))
    session.add(card)
    noticing.mark(session, [event.posting_id])
    for seeker in session.exec(select(SeekerCard).where(col(SeekerCard.best_posting_id) == event.posting_id)).all():
        set_best(session, seeker)


def show_seeker(event: SeekerPublished, session: Session) -> None:
    """Keep what a pair with this seeker shows of her."""
    card = session.get(SeekerCard, event.seeker_id) or SeekerCard(seeker_id=event.seeker_id)
    if event.revision <= card.revision:
        return
    shown = _shown_of_seeker(event.facts) | {
        "revision": event.revision,
        "live": True,
        "cafe_id": event.cafe_id,
        "applied_at": event.applied_at,
        "confirmed_at": event.occurred_at,
    }
    session.add(card.sqlmodel_update(shown))
    set_best(session, card)


def hide_seeker(event: SeekerWithdrawn, session: Session) -> None:
    """Empty the card but for its revision, and her lists with it."""
    card = session.get(SeekerCard, event.seeker_id) or SeekerCard(seeker_id=event.seeker_id)
    card.withdrawn_revision = max(card.withdrawn_revision, event.revision)
    if event.revision > card.revision:
        emptied = SeekerCard(seeker_id=event.seeker_id, revision=event.revision)
        card.sqlmodel_update(emptied.model_dump(exclude={"seeker_id", "withdrawn_revision"}))
    session.add(card)
    for held in _lists_of(session, event.seeker_id):
        _drop_void(held, card)
        held.before = changes.emptied(held.before)
    noticing.mark_pairs_of(session, event.seeker_id)
    if event.reason == "erased":
        referrals.forget_pairs(session, event.seeker_id)
        forget_person(session, event.seeker_id)
    set_best(session, card)


def keep_list(event: MatchesFound, session: Session) -> None:
    """Replace what was said before for this scope and shard."""
    held = session.get(MatchList, (event.scope, event.scope_id, event.shard))
    if held and event.revision <= held.revision:
        return
    held = held or MatchList(scope=event.scope, scope_id=event.scope_id, shard=event.shard, said_at=event.occurred_at)
    held.revision, held.epoch, held.said_at = event.revision, event.epoch, event.occurred_at
    if event.scope == "seeker":
        held.changed_on = event.occurred_at.astimezone(KST).date()
        held.before = changes.noted(held.before, held.changed_on, held.pairs)
    held.pairs = event.pairs
    session.add(held)
    if event.scope == "posting":
        noticing.mark(session, [event.scope_id])
    card = session.get(SeekerCard, event.scope_id) if event.scope == "seeker" else None
    if card:
        _drop_void(held, card)
        set_best(session, card)
    telling.tell_of_matches(session, event)


def keep_referral(event: ReferralRecorded, session: Session) -> None:
    """Note where the pair stands, and which of hers is now worth a call; of someone erased nothing is noted."""
    if is_forgotten(session, event.seeker_id) or not referrals.keep_standing(session, event):
        return
    noticing.mark(session, [event.posting_id])
    if card := session.get(SeekerCard, event.seeker_id):
        set_best(session, card)
    telling.tell_of_referral(session, event)


def count_submission(event: SubmissionAnswered, session: Session) -> None:
    """One more submission of this agency met with this outcome."""
    note = session.get(SubmissionNote, (event.agency_id, event.outcome)) or SubmissionNote(
        agency_id=event.agency_id, outcome=event.outcome, last_at=event.occurred_at
    )
    note.count += 1
    note.last_at = max(note.last_at, event.occurred_at)
    session.add(note)
    telling.tell_of_receipt(event, session)


HEARINGS: tuple[Hearing[Any], ...] = (
    Hearing(PostingPublished, each(show_posting)),
    Hearing(PostingWithdrawn, each(hide_posting)),
    Hearing(SeekerPublished, each(show_seeker)),
    Hearing(SeekerWithdrawn, each(hide_seeker)),
    Hearing(MatchesFound, each(keep_list)),
    Hearing(ReferralRecorded, each(keep_referral)),
    Hearing(SubmissionAnswered, each(count_submission)),
    Hearing(RoomBooked, each(telling.tell_of_booking)),
    Hearing(RoomReleased, each(telling.tell_of_release)),
    Hearing(WishEnded, each(telling.tell_of_wish)),
    Hearing(ProgramScheduled, each(telling.tell_of_session)),
    Hearing(ProgramEnrolled, each(telling.tell_of_enrolment)),
)


def _lists_of(session: Session, seeker_id: UUID) -> list[MatchList]:
    hers = (col(MatchList.scope) == "seeker", col(MatchList.scope_id) == seeker_id)
    return list(session.exec(select(MatchList).where(*hers)))


def _drop_void(held: MatchList, seeker: SeekerCard) -> None:
    """Keep nothing that was said of her before she withdrew."""
    held.pairs = tuple(pair for pair in held.pairs if pair.seeker_revision > seeker.withdrawn_revision)


def _shown_of_posting(facts: PostingFacts) -> dict[str, object]:
    skills = [*facts.required_skills, *facts.preferred_skills]
    place = facts.place.address or facts.place.district or ""
    return {
        "title": facts.title,
        "employer": facts.employer,
        "place": place,
        "district": usual_name(facts.place.district) if facts.place.district else "",
        "point": spot(facts.place).point,
        "occupation_code": facts.occupation_code or "",
        "remote": facts.place.remote,
        "wage": facts.wage.model_dump() if facts.wage else None,
        "weekly_hours": facts.weekly_hours,
        "work_hours": facts.work_hours,
        "employment_type": facts.employment_type,
        "skills": skills,
        "certificates": list(facts.certificates),
        "headcount": facts.headcount,
        "closes_on": facts.closes_on,
        "closing_note": facts.closing_note,
        "agency_id": facts.agency_id,
        "source_url": facts.source_url,
        "words": searchable([facts.title, facts.employer, place, *skills, *facts.certificates]),
    }


def _shown_of_seeker(facts: SeekerFacts) -> dict[str, object]:
    home = facts.home.district or ""
    return {
        "skills": list(facts.skills),
        "certificates": list(facts.certificates),
        "wishes": facts.wishes.model_dump(mode="json"),
        "home": home,
        "point": spot(facts.home).point,
        "experience_months": facts.experience_months,
        "words": searchable([*facts.skills, *facts.certificates, home, *facts.wishes.districts]),
    }
