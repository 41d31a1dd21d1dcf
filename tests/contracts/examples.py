"""One full example of every fact: what the golden messages were written from."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from shared.contracts import (
    AgencyAnswered,
    CafeChanges,
    Candidate,
    DeliveryFailed,
    Event,
    Finding,
    MatchedPair,
    MatchesFound,
    MatchNoticed,
    MatchReviewed,
    Money,
    Part,
    Place,
    PostingFacts,
    PostingPublished,
    PostingReceived,
    PostingWithdrawn,
    ProgramEnrolled,
    ProgramScheduled,
    Reason,
    ReferralAnswered,
    ReferralRecorded,
    RematchFinished,
    RematchRequested,
    RestatementRequested,
    RoomBooked,
    RoomReleased,
    SeekerFacts,
    SeekerPublished,
    SeekerWithdrawn,
    SessionsEnded,
    SubmissionAnswered,
    WishEnded,
    Wishes,
)

AGENCY = UUID("a0000000-0000-4000-8000-000000000001")
POSTING = UUID("b0000000-0000-5000-8000-000000000001")
SEEKER = UUID("c0000000-0000-4000-8000-000000000001")
CAFE = UUID("d0000000-0000-4000-8000-000000000001")
SUBMISSION = UUID("e0000000-0000-4000-8000-000000000001")
ACCOUNT = UUID("e0000000-0000-4000-8000-000000000002")
REFERRAL = UUID("e0000000-0000-5000-8000-000000000003")
DELIVERY = UUID("e0000000-0000-4000-8000-000000000004")
ROOM = UUID("e0000000-0000-4000-8000-000000000005")
BOOKING = UUID("e0000000-0000-4000-8000-000000000006")
SESSION = UUID("e0000000-0000-4000-8000-000000000007")
ENROLMENT = UUID("e0000000-0000-4000-8000-000000000008")
REMATCH = UUID("e0000000-0000-4000-8000-000000000009")
EVENT = UUID("f0000000-0000-4000-8000-000000000001")
WHEN = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)

FACTS = PostingFacts(
    agency_id=AGENCY,
    source_ref="K1301126030001",
    title="주간 요양보호사 (주 5일)",
    employer="햇살재가센터",
    description="어르신 댁 방문 돌봄, 식사와 이동 보조",
    qualification="요양보호사 자격증 소지자",
    preferred="운전 가능자",
    required_skills=("방문요양",),
    preferred_skills=("운전",),
    certificates=("요양보호사",),
    occupation_code="5501",
    employment_type="regular",
    wage=Money(unit="hour", minimum=12_500),
    weekly_hours=40,
    work_hours="평일 09:00~18:00",
    experience_months=0,
    place=Place(district="서울 마포구", latitude=37.5663, longitude=126.9016),
    headcount=2,
    opened_on=date(2026, 3, 2),
    closes_on=date(2026, 4, 1),
    closing_note="2026-04-01",
    source_url="https://agency.example/jobs/1",
)

FINDING = Finding(
    code="WAGE_MISSING",
    severity="remark",
    where="wage",
    message="No wage is stated.",
    message_ko="임금이 적혀 있지 않습니다.",
    hint="State a wage: postings with one are answered sooner.",
)

ANSWER = {
    "submission_id": SUBMISSION,
    "agency_id": AGENCY,
    "outcome": "accepted",
    "source_ref": "K1301126030001",
    "posting_id": POSTING,
    "revision": 1,
    "findings": (FINDING,),
}

PAIR = MatchedPair(
    seeker_id=SEEKER,
    seeker_revision=1,
    posting_id=POSTING,
    posting_revision=1,
    score=7_400,
    fit_for_seeker=6_000,
    fit_for_posting=8_000,
    parts=(
        Part(name="text", value=6_000, score=3_600, seeker=6_000, posting=3_000),
        Part(name="certificate", value=10_000, score=3_800, posting=5_000),
    ),
    unknown=("wage", "commute"),
    reasons=(
        Reason(code="certificate.held", terms=("요양보호사",)),
        Reason(code="text.shared", terms=("방문", "돌봄")),
    ),
)


def examples() -> dict[type[Event], Event]:
    """By class; identities and times fixed."""
    events: tuple[Event, ...] = (
        PostingReceived(document={"title": "주간 요양보호사", "employer": "햇살재가센터", "description": "방문 돌봄"}),
        PostingPublished(posting_id=POSTING, revision=1, agency_name="마포일자리센터", accepted_at=WHEN, facts=FACTS),
        PostingWithdrawn(posting_id=POSTING, revision=2, reason="filled"),
        SeekerPublished(
            seeker_id=SEEKER,
            revision=1,
            cafe_id=CAFE,
            applied_at=WHEN,
            facts=SeekerFacts(
                summary="방문 돌봄을 3년 했습니다.",
                skills=("방문요양",),
                certificates=("요양보호사",),
                experience_months=36,
                home=Place(district="서울 서대문구"),
                wishes=Wishes(
                    occupation_codes=("5501",),
                    employment_types=("regular", "part_time"),
                    wage=Money(unit="hour", minimum=12_000),
                    weekly_hours=40,
                    districts=("서울 마포구",),
                    commute_km=8,
                ),
            ),
        ),
        SeekerWithdrawn(seeker_id=SEEKER, revision=2, reason="placed"),
        SubmissionAnswered.model_validate(ANSWER),
        AgencyAnswered.model_validate(ANSWER),
        MatchesFound(scope="seeker", scope_id=SEEKER, shard="0/1", revision=1, epoch=1, pairs=(PAIR,)),
        RestatementRequested(asked_by="matching", reason="new_store"),
        SessionsEnded(ended_id=ACCOUNT, begun_until=WHEN),
        MatchReviewed(
            seeker_id=SEEKER,
            seeker_revision=1,
            posting_id=POSTING,
            posting_revision=1,
            decision="dismissed",
            reason="distance",
            reviewed_by=ACCOUNT,
            cafe_id=CAFE,
            score=7_400,
            epoch=1,
            rank=2,
        ),
        ReferralAnswered(
            seeker_id=SEEKER,
            posting_id=POSTING,
            answered_by="firm",
            answer="hired",
            on_day=date(2026, 4, 1),
        ),
        ReferralRecorded(
            referral_id=REFERRAL,
            seeker_id=SEEKER,
            posting_id=POSTING,
            revision=5,
            state="interview",
            decided_by="firm",
            cafe_id=CAFE,
            agency_id=AGENCY,
            interview_on=date(2026, 3, 9),
            due_on=date(2026, 3, 16),
            names_shown=True,
        ),
        DeliveryFailed(
            delivery_id=DELIVERY,
            recipient="seeker",
            recipient_id=SEEKER,
            channel="email",
            code="ADDRESS_UNKNOWN",
            permanent=True,
            attempts=1,
            address_ref=UUID(int=0xADD5),
        ),
        MatchNoticed(
            agency_id=AGENCY,
            posting_id=POSTING,
            source_ref="K1301126030001",
            revision=1,
            candidates=(Candidate(candidate_id=REFERRAL, score=7_400, fit_for_posting=8_000, reasons=PAIR.reasons),),
        ),
        RoomBooked(
            booking_id=BOOKING,
            revision=1,
            seeker_id=SEEKER,
            cafe_id=CAFE,
            room_id=ROOM,
            starts_at=WHEN,
            ends_at=WHEN + timedelta(hours=2),
        ),
        RoomReleased(booking_id=BOOKING, revision=2, seeker_id=SEEKER, cafe_id=CAFE, room_id=ROOM, reason="no_show"),
        WishEnded(wish_id=BOOKING, seeker_id=SEEKER, cafe_id=CAFE, starts_at=WHEN, ends_at=WHEN + timedelta(hours=2)),
        ProgramScheduled(
            session_id=SESSION,
            revision=1,
            cafe_id=CAFE,
            kind="resume_clinic",
            title="이력서 클리닉",
            starts_at=WHEN,
            ends_at=WHEN + timedelta(hours=1),
            seats=12,
        ),
        ProgramEnrolled(enrolment_id=ENROLMENT, revision=1, session_id=SESSION, seeker_id=SEEKER, state="waiting"),
        RematchRequested(rematch_id=REMATCH, season="2026 상반기 공채", asked_by="calendar"),
        RematchFinished(
            rematch_id=REMATCH,
            season="2026 상반기 공채",
            shard="0/1",
            epoch=2,
            previous_epoch=1,
            pairs=18_240,
            changes=(CafeChanges(cafe_id=CAFE, seekers=120, new=340, risen=51, gone=298),),
        ),
    )
    return {type(event): event.model_copy(update={"event_id": EVENT, "occurred_at": WHEN}) for event in events}
