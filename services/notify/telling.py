"""Which fact is whose news? Called by the handlers, in the transaction of the fact; each thing is told once."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from services.notify import match_lists, referrals
from services.notify.delivery.categories import Category, Recipient
from services.notify.delivery.digests import Filler, open_digests
from services.notify.delivery.messages import News, put_into, tell
from services.notify.match_lists import CallFilter, OneCafe
from services.notify.tables import (
    BookingMark,
    Digest,
    Enrolment,
    PairAnswer,
    PairStanding,
    PostingCard,
    SeekerCard,
    SessionCard,
)
from shared.clock import now
from shared.contracts import (
    MatchesFound,
    ProgramEnrolled,
    ProgramScheduled,
    ReferralRecorded,
    RoomBooked,
    RoomReleased,
    SubmissionAnswered,
    WishEnded,
)
from shared.forgetting import forgotten, is_forgotten

AT_ONCE = 500
SHORT_LIST = 5
"""Postings that a digest names: a short, explained list."""
PATIENCE_WITH_FIRMS = timedelta(days=3)
"""After a result was due, before the counselor is told that nobody answers."""
AWAITED = ("referred", "interview", "result_due")
"""States in which a firm's word on the result is awaited."""
AT_WORK = ("hired", "retained_1_month", "retained_3_months")
"""States in which its word is awaited on whether someone is still at work."""
ASKED_WITHIN = timedelta(days=7)
"""So long after its day a check of retention is still asked for."""
TOLD_SEEKERS = ("proposed", "referred", "interview", "hired", "not_hired", "no_show", "unanswered", "withdrawn")
"""Nobody who applied is left without an answer, not even by a firm that gives none."""
UNTOLD_STATES = ("dismissed", "postponed", "reopened")
"""What an agency is not told of: decisions at the desk that lead nowhere yet."""
TOLD_COUNSELORS = ("agreed", "declined", "consented", "hired", "not_hired", "no_show", "left")

CODES = (
    "match.new",
    *(f"pair.{state}" for state in TOLD_SEEKERS),
    "pair.dismissed",
    "firm.referred",
    "firm.result_due",
    "firm.retention_due",
    "agency.state",
    "agency.returned",
    "agency.candidates",
    "desk.today",
    "desk.unanswered",
    "desk.failed_seeker",
    "desk.failed_firm",
    *(f"desk.{state}" for state in TOLD_COUNSELORS),
    *(f"room.{code}" for code in ("booked", "from_waiting_list", "cancelled", "no_show", "room_closed", "wish_ended")),
    *(f"program.{code}" for code in ("enrolled", "moved_up", "waiting", "cancelled", "called_off", "moved")),
    "advert.program",
    "stopped",
)
"""Every sentence that anybody is told."""


def tell_of_matches(session: Session, events: Sequence[MatchesFound]) -> None:
    """New lists: their seekers hear of them when their digests close, their agencies how many candidates there are."""
    seekers = {event.scope_id for event in events if event.scope == "seeker" and event.pairs}
    reached = [Recipient("seeker", seeker_id) for seeker_id in seekers - forgotten(session, seekers)]
    open_digests(session, reached, "matches", now())
    _tell_agencies(session, {event.scope_id for event in events if event.scope == "posting"})


def tell_of_referrals(session: Session, events: Iterable[ReferralRecorded]) -> None:
    """Where pairs stand now, to those who wait to hear it."""
    tell(session, [news for event in events for news in _news_of(session, event)])


def remind_firms(session: Session) -> int:
    """Remind whose day has come, and tell counselors of those who stay silent; a chore of every minute."""
    today = referrals.today()
    state, due_on = col(PairStanding.state), col(PairStanding.due_on)
    rows = session.exec(select(PairStanding).where(state.in_(AWAITED), due_on <= today)).all()
    silent = [row for row in rows if row.due_on and row.due_on + PATIENCE_WITH_FIRMS <= today]
    checks = due_on.between(today - ASKED_WITHIN, today)
    at_work = session.exec(select(PairStanding).where(state.in_(AT_WORK), checks)).all()
    tell(session, [_reminder(row, "firm.result_due") for row in rows])
    tell(session, [news for row in silent for news in _escalated(row)])
    tell(session, [_reminder(row, "firm.retention_due") for row in at_work])
    return len(rows) + len(at_work)


def tell_of_booking(event: RoomBooked, session: Session) -> None:
    """Her room is hers, or is another or at another time now."""
    if _is_news(session, event.booking_id, event.seeker_id, event.revision):
        told: dict[str, object] = {"starts_at": event.starts_at, "ends_at": event.ends_at}
        code = "room.from_waiting_list" if event.from_waiting_list else "room.booked"
        _tell_seeker(session, event.seeker_id, "bookings", code, f"{event.booking_id}|{event.revision}", told)


def tell_of_release(event: RoomReleased, session: Session) -> None:
    """Her booking no longer stands; of a change the new booking tells."""
    if _is_news(session, event.booking_id, event.seeker_id, event.revision) and event.reason not in (
        "erased",
        "changed",
    ):
        code = f"room.{event.reason}"
        _tell_seeker(session, event.seeker_id, "bookings", code, f"{event.booking_id}|{event.revision}", {})


def tell_of_wish(event: WishEnded, session: Session) -> None:
    """The café is closed then, or has no such room any more: she need not wait."""
    if not is_forgotten(session, event.seeker_id):
        told: dict[str, object] = {"starts_at": event.starts_at, "ends_at": event.ends_at}
        _tell_seeker(session, event.seeker_id, "bookings", "room.wish_ended", f"{event.wish_id}", told)


def tell_of_session(event: ProgramScheduled, session: Session) -> None:
    """A session that is new is advertised to its café; one that changes is told to those enrolled."""
    card = session.get(SessionCard, event.session_id) or SessionCard(session_id=event.session_id)
    if event.revision <= card.revision:
        return
    is_new, moved = card.revision == 0, card.starts_at not in (None, event.starts_at)
    card.sqlmodel_update(event.model_dump(include=set(SessionCard.model_fields) - {"session_id"}))
    session.add(card)
    session.flush()
    if is_new and event.state == "planned":
        here = (SeekerCard.cafe_id == event.cafe_id, col(SeekerCard.live))
        reached = session.exec(select(SeekerCard.seeker_id).where(*here)).all()
        for start in range(0, len(reached), AT_ONCE):
            some = [Recipient("seeker", seeker_id) for seeker_id in reached[start : start + AT_ONCE]]
            open_digests(session, some, "adverts", now())
    if event.state == "called_off" or moved:
        code = "program.called_off" if event.state == "called_off" else "program.moved"
        enrolled = (Enrolment.session_id == event.session_id, col(Enrolment.state).in_(("enrolled", "waiting")))
        for row in session.exec(select(Enrolment).where(*enrolled)):
            told = {"title": event.title, "starts_at": event.starts_at}
            _tell_seeker(session, row.seeker_id, "programs", code, f"{event.session_id}|{event.revision}", told)


def tell_of_enrolment(event: ProgramEnrolled, session: Session) -> None:
    """She is in, or on the waiting list, or out."""
    row = session.get(Enrolment, event.enrolment_id) or Enrolment(
        enrolment_id=event.enrolment_id, session_id=event.session_id, seeker_id=event.seeker_id
    )
    if event.revision <= row.revision or is_forgotten(session, event.seeker_id):
        return
    row.revision, row.state = event.revision, event.state
    session.add(row)
    session.flush()
    if event.state in ("enrolled", "waiting", "cancelled"):
        code = "program.moved_up" if event.from_waiting_list and event.state == "enrolled" else f"program.{event.state}"
        key = f"{event.enrolment_id}|{event.revision}"
        _tell_seeker(session, event.seeker_id, "programs", code, key, {}, about_id=event.session_id)


def tell_of_receipt(event: SubmissionAnswered, session: Session) -> None:
    """A posting that came back; of what was taken in, the page and the stream tell."""
    if event.outcome == "returned":
        codes = [found.code for found in event.findings if found.severity == "refusal"]
        told = {"source_ref": event.source_ref, "codes": codes, "submission_id": str(event.submission_id)}
        agency = Recipient("agency", event.agency_id)
        tell(session, [News(agency, "receipts", "agency.returned", f"{event.submission_id}", told=told)])


def open_daily(session: Session) -> int:
    """See to it that every café has today's digest; a chore of every minute."""
    cafes = session.exec(select(SeekerCard.cafe_id).where(col(SeekerCard.live)).distinct()).all()
    open_digests(session, [Recipient("counselor", cafe_id) for cafe_id in cafes if cafe_id], "today", now())
    return len(cafes)


def _fill_matches(session: Session, digest: Digest) -> None:
    """Her best pairs as they stand now, those she was told of before left out."""
    card = session.get(SeekerCard, digest.recipient_id)
    if card is None or not card.live:
        return
    herself = Recipient("seeker", digest.recipient_id)
    best = [shown.posting.posting_id for shown in match_lists.for_seeker(session, card)][:SHORT_LIST]
    put_into(
        session,
        digest,
        [News(herself, "matches", "match.new", f"{posting}", posting, digest.recipient_id) for posting in best],
    )


def _fill_today(session: Session, digest: Digest) -> None:
    count = match_lists.count_calls(session, CallFilter(OneCafe(digest.recipient_id)))
    desk = Recipient("counselor", digest.recipient_id)
    if count:
        put_into(session, digest, [News(desk, "today", "desk.today", f"{digest.closes_at:%F}", told={"count": count})])


def _fill_adverts(session: Session, digest: Digest) -> None:
    """Sessions of her café that are still to come and were never offered to her."""
    card = session.get(SeekerCard, digest.recipient_id)
    if card is None or not card.live or card.cafe_id is None:
        return
    herself = Recipient("seeker", digest.recipient_id)
    here = (SessionCard.cafe_id == card.cafe_id, SessionCard.state == "planned", col(SessionCard.starts_at) > now())
    sessions = session.exec(select(SessionCard).where(*here).order_by(col(SessionCard.starts_at)).limit(SHORT_LIST))
    offers = [
        News(
            herself,
            "adverts",
            "advert.program",
            f"{one.session_id}",
            one.session_id,
            digest.recipient_id,
            {"title": one.title, "starts_at": one.starts_at},
        )
        for one in sessions
    ]
    put_into(session, digest, offers)


FILLERS: Mapping[str, Filler] = {"matches": _fill_matches, "today": _fill_today, "adverts": _fill_adverts}


def _tell_agencies(session: Session, postings: Collection[UUID]) -> None:
    live = select(PostingCard).where(col(PostingCard.posting_id).in_(postings), col(PostingCard.live))
    theirs = {it.posting_id: Recipient("agency", it.agency_id) for it in session.exec(live) if it.agency_id}
    digests = open_digests(session, theirs.values(), "candidates", now())
    for posting_id, agency in theirs.items():
        key = f"{posting_id}|{digests[agency].digest_id}"
        put_into(session, digests[agency], [News(agency, "candidates", "agency.candidates", key, posting_id)])


def _news_of(session: Session, event: ReferralRecorded) -> Iterator[News]:
    """Whose news it is where a pair stands now."""
    key, pair = f"{event.referral_id}|{event.revision}", (event.posting_id, event.seeker_id)
    told = {"interview_on": event.interview_on, "due_on": event.due_on}
    if event.decided_by != "seeker" and (event.state in TOLD_SEEKERS or _turns_her_down(session, event)):
        category: Category = "proposals" if event.state == "proposed" else "progress"
        yield News(Recipient("seeker", event.seeker_id), category, f"pair.{event.state}", key, *pair, told)
    if event.state == "referred":
        yield News(Recipient("firm", event.posting_id), "referrals", "firm.referred", key, *pair, told)
    if event.state == "result_due":
        yield _reminder(event, "firm.result_due")
    if event.state == "unanswered":
        yield from _escalated(event)
    if event.decided_by in ("seeker", "firm") and event.state in TOLD_COUNSELORS and event.cafe_id:
        yield News(Recipient("counselor", event.cafe_id), "troubles", f"desk.{event.state}", key, *pair, told)
    if event.agency_id and event.state not in UNTOLD_STATES:
        state = told | {"state": event.state}
        yield News(Recipient("agency", event.agency_id), "referrals", "agency.state", key, *pair, state)


def _reminder(about: PairStanding | ReferralRecorded, code: str) -> News:
    firm, told = Recipient("firm", about.posting_id), {"due_on": about.due_on}
    key = f"{about.referral_id}|{about.due_on}"
    return News(firm, "referrals", code, key, about.posting_id, about.seeker_id, told)


def _escalated(about: PairStanding | ReferralRecorded) -> Iterator[News]:
    if about.cafe_id:
        desk, told = Recipient("counselor", about.cafe_id), {"due_on": about.due_on}
        key = f"{about.referral_id}|{about.due_on}"
        yield News(desk, "troubles", "desk.unanswered", key, about.posting_id, about.seeker_id, told)


def _turns_her_down(session: Session, event: ReferralRecorded) -> bool:
    """Whether a counselor set aside what she had asked for herself: then she hears it."""
    hers = (PairAnswer.seeker_id == event.seeker_id, PairAnswer.posting_id == event.posting_id)
    asked = select(PairAnswer.number).where(*hers, col(PairAnswer.answer).in_(("agreed", "consented")))
    return event.state == "dismissed" and session.exec(asked.limit(1)).first() is not None


def _is_news(session: Session, booking_id: UUID, seeker_id: UUID, revision: int) -> bool:
    mark = session.get(BookingMark, booking_id) or BookingMark(booking_id=booking_id, seeker_id=seeker_id)
    if revision <= mark.revision or is_forgotten(session, seeker_id):
        return False
    mark.revision = revision
    session.add(mark)
    return True


def _tell_seeker(  # noqa: PLR0913, PLR0917 - the parts of a piece of news
    session: Session,
    seeker_id: UUID,
    category: Category,
    code: str,
    key: str,
    told: dict[str, object],
    about_id: UUID | None = None,
) -> None:
    tell(session, [News(Recipient("seeker", seeker_id), category, code, key, about_id, seeker_id, told)])
