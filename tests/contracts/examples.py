"""One full example of every fact: what the golden messages were written from."""

from datetime import UTC, date, datetime
from uuid import UUID

from shared.contracts import (
    AgencyAnswered,
    Event,
    Finding,
    MatchedPair,
    MatchesFound,
    Money,
    Part,
    Place,
    PostingFacts,
    PostingPublished,
    PostingReceived,
    PostingWithdrawn,
    Reason,
    RestatementRequested,
    SeekerFacts,
    SeekerPublished,
    SeekerWithdrawn,
    SubmissionAnswered,
    Wishes,
)

AGENCY = UUID("a0000000-0000-4000-8000-000000000001")
POSTING = UUID("b0000000-0000-5000-8000-000000000001")
SEEKER = UUID("c0000000-0000-4000-8000-000000000001")
CAFE = UUID("d0000000-0000-4000-8000-000000000001")
SUBMISSION = UUID("e0000000-0000-4000-8000-000000000001")
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
    )
    return {type(event): event.model_copy(update={"event_id": EVENT, "occurred_at": WHEN}) for event in events}
