"""Which fact leads to what in notify.

Streams come in any order among each other; what is kept does not depend on it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session, col, select

from services.notify import changes, noticing, referrals, telling
from services.notify.delivery.messages import forget_person
from services.notify.match_lists import set_best
from services.notify.tables import MatchList, PostingCard, SeekerCard, SubmissionNote
from services.notify.words import searchable
from shared import sessions
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
    SeekerPublished,
    SeekerWithdrawn,
    SessionsEnded,
    SubmissionAnswered,
    WishEnded,
)
from shared.forgetting import forgotten
from shared.places import spot, usual_name
from shared.streams import Hearing, each, some


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
    set_best(session, session.exec(select(SeekerCard).where(SeekerCard.best_posting_id == event.posting_id)).all())


def show_seekers(events: Sequence[SeekerPublished], session: Session) -> None:
    """Keep what a pair with these seekers shows of them."""
    held, shown = _seekers(session, (event.seeker_id for event in events)), {}
    for event in events:
        card = held.setdefault(event.seeker_id, SeekerCard(seeker_id=event.seeker_id))
        if event.revision > card.revision:
            shown[event.seeker_id] = card.sqlmodel_update(_shown_of_seeker(event))
    session.add_all(shown.values())
    set_best(session, list(shown.values()))


def hide_seeker(event: SeekerWithdrawn, session: Session) -> None:
    """Empty the card but for its revision, and her lists with it."""
    card = session.get(SeekerCard, event.seeker_id) or SeekerCard(seeker_id=event.seeker_id)
    card.withdrawn_revision = max(card.withdrawn_revision, event.revision)
    if event.revision > card.revision:
        emptied = SeekerCard(seeker_id=event.seeker_id, revision=event.revision)
        card.sqlmodel_update(emptied.model_dump(exclude={"seeker_id", "withdrawn_revision"}))
    session.add(card)
    for held in _lists(session, "seeker", [event.seeker_id]):
        _drop_void(held, card)
        held.before = changes.emptied(held.before)
    noticing.mark_pairs_of(session, event.seeker_id)
    if event.reason == "erased":
        referrals.forget_pairs(session, event.seeker_id)
        forget_person(session, event.seeker_id)
    set_best(session, [card])


def keep_lists(events: Sequence[MatchesFound], session: Session) -> None:
    """Replace what was said before for these scopes and shards."""
    held = {(one.scope, one.scope_id, one.shard): one for one in _lists_before(session, events)}
    fresh = [event for event in events if _replace(held, event)]
    session.add_all(held.values())
    noticing.mark(session, (event.scope_id for event in fresh if event.scope == "posting"))
    cards = _seekers(session, (event.scope_id for event in fresh if event.scope == "seeker"))
    for one in held.values():
        if card := cards.get(one.scope_id):
            _drop_void(one, card)
    set_best(session, list(cards.values()))
    telling.tell_of_matches(session, fresh)


def keep_referrals(events: Sequence[ReferralRecorded], session: Session) -> None:
    """Note where the pairs stand, and which are now worth a call; of someone erased nothing is noted."""
    gone = forgotten(session, (event.seeker_id for event in events))
    news = referrals.keep_standings(session, [event for event in events if event.seeker_id not in gone])
    noticing.mark(session, (event.posting_id for event in news))
    set_best(session, list(_seekers(session, (event.seeker_id for event in news)).values()))
    telling.tell_of_referrals(session, news)


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
    Hearing(SeekerPublished, some(show_seekers)),
    Hearing(SeekerWithdrawn, each(hide_seeker)),
    Hearing(MatchesFound, some(keep_lists)),
    Hearing(ReferralRecorded, some(keep_referrals)),
    Hearing(SubmissionAnswered, each(count_submission)),
    Hearing(RoomBooked, each(telling.tell_of_booking)),
    Hearing(RoomReleased, each(telling.tell_of_release)),
    Hearing(WishEnded, each(telling.tell_of_wish)),
    Hearing(ProgramScheduled, each(telling.tell_of_session)),
    Hearing(ProgramEnrolled, each(telling.tell_of_enrolment)),
    Hearing(SessionsEnded, each(sessions.note)),
)


def _seekers(session: Session, ids: Iterable[UUID]) -> dict[UUID, SeekerCard]:
    known = select(SeekerCard).where(col(SeekerCard.seeker_id).in_(set(ids)))
    return {card.seeker_id: card for card in session.exec(known)}


def _lists(session: Session, scope: Literal["seeker", "posting"], ids: Iterable[UUID]) -> Iterable[MatchList]:
    return session.exec(select(MatchList).where(MatchList.scope == scope, col(MatchList.scope_id).in_(set(ids)))).all()


def _lists_before(session: Session, events: Iterable[MatchesFound]) -> Iterator[MatchList]:
    ids: dict[Literal["seeker", "posting"], list[UUID]] = {"seeker": [], "posting": []}
    for event in events:
        ids[event.scope].append(event.scope_id)
    return chain.from_iterable(_lists(session, scope, some) for scope, some in ids.items() if some)


def _replace(held: dict[tuple[str, UUID, str], MatchList], event: MatchesFound) -> bool:
    """Put this list in the place of what was said before; whether it was newer."""
    of_event = event.model_dump(include={"scope", "scope_id", "shard"})
    one = held.setdefault((event.scope, event.scope_id, event.shard), MatchList(**of_event, said_at=event.occurred_at))
    if event.revision <= one.revision:
        return False
    one.revision, one.epoch, one.said_at = event.revision, event.epoch, event.occurred_at
    if event.scope == "seeker":
        one.changed_on = event.occurred_at.astimezone(KST).date()
        one.before = changes.noted(one, one.changed_on)
    one.pairs = event.pairs
    return True


def _drop_void(held: MatchList, seeker: SeekerCard) -> None:
    """Keep nothing that was said of her before she withdrew."""
    if seeker.withdrawn_revision:
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


def _shown_of_seeker(event: SeekerPublished) -> dict[str, object]:
    facts = event.facts
    home = facts.home.district or ""
    return {
        "revision": event.revision,
        "live": True,
        "cafe_id": event.cafe_id,
        "applied_at": event.applied_at,
        "confirmed_at": event.occurred_at,
        "skills": list(facts.skills),
        "certificates": list(facts.certificates),
        "wishes": facts.wishes.model_dump(mode="json"),
        "home": home,
        "point": spot(facts.home).point,
        "experience_months": facts.experience_months,
        "words": searchable([*facts.skills, *facts.certificates, home, *facts.wishes.districts]),
    }
