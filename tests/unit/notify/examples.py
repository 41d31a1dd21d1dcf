"""A small city to show: made-up seekers, postings and the lists between them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from shared.contracts import (
    MatchedPair,
    MatchesFound,
    Money,
    Part,
    Place,
    PostingFacts,
    PostingPublished,
    PostingWithdrawn,
    Reason,
    ReferralRecorded,
    SeekerFacts,
    SeekerPublished,
    SeekerWithdrawn,
    Wishes,
)

CITY = UUID("5e0a1c1a-0000-4000-8000-000000000001")
HONGDAE, SILLIM = UUID(int=0xCAFE0001), UUID(int=0xCAFE0002)
MONDAY = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)

JOBS = (
    ("주말 바리스타", "연남커피", "서울 마포구", ("에스프레소", "라테아트"), Money(unit="hour", minimum=11_000)),
    (
        "웹 백엔드 개발자",
        "한빛소프트",
        "서울 강남구",
        ("Python", "SQL", "Docker"),
        Money(unit="year", minimum=38_000_000),
    ),
    (
        "요양보호사 (주간)",
        "새봄요양원",
        "서울 관악구",
        ("돌봄",),
        Money(unit="month", minimum=2_300_000, maximum=2_600_000),
    ),
    ("물류센터 재고관리", "서울풀필먼트", "서울 금천구", ("엑셀", "지게차"), Money(unit="month", minimum=2_500_000)),
    ("전산회계 사무원", "정직회계법인", "서울 종로구", ("전산회계", "엑셀"), None),
)


def id_of(kind: str, number: int) -> UUID:
    return uuid5(CITY, f"{kind} {number}")


def a_posting(number: int = 0, revision: int = 1, **but: Any) -> PostingPublished:
    title, employer, district, skills, wage = JOBS[number % len(JOBS)]
    facts: dict[str, Any] = {
        "agency_id": UUID(int=900 + number % 3),
        "source_ref": f"K-{number}",
        "title": title,
        "employer": employer,
        "required_skills": skills,
        "wage": wage,
        "employment_type": ("part_time", "regular", "contract")[number % 3],
        "weekly_hours": 40.0,
        "place": Place(district=district),
        "closes_on": date(2026, 3, 31) if number % 2 else None,
        "source_url": f"https://jobs.example/{number}",
    }
    return PostingPublished(
        posting_id=id_of("posting", number),
        revision=revision,
        agency_name="마포직업소개소",
        accepted_at=MONDAY - timedelta(days=3, minutes=number),
        occurred_at=MONDAY - timedelta(days=1),
        facts=PostingFacts(**(facts | but)),
    )


def a_posting_withdrawn(number: int = 0, revision: int = 2) -> PostingWithdrawn:
    return PostingWithdrawn(posting_id=id_of("posting", number), revision=revision, reason="filled")


def a_seeker(number: int = 0, revision: int = 1, cafe_id: UUID | None = HONGDAE, **but: Any) -> SeekerPublished:
    _, _, district, skills, _ = JOBS[number % len(JOBS)]
    facts: dict[str, Any] = {
        "skills": (*skills, "한글 문서"),
        "certificates": ("컴퓨터활용능력 1급",) if number % 2 else (),
        "experience_months": 18 if number % 3 else 0,
        "home": Place(district=district),
        "wishes": Wishes(wage=Money(unit="month", minimum=2_200_000), weekly_hours=40, districts=(district,)),
    }
    return SeekerPublished(
        seeker_id=id_of("seeker", number),
        revision=revision,
        cafe_id=cafe_id,
        applied_at=MONDAY - timedelta(days=10, minutes=number),
        occurred_at=MONDAY - timedelta(days=2),
        facts=SeekerFacts(**(facts | but)),
    )


def a_seeker_withdrawn(number: int = 0, revision: int = 2) -> SeekerWithdrawn:
    return SeekerWithdrawn(seeker_id=id_of("seeker", number), revision=revision, reason="erased")


def a_pair(seeker: int, posting: int, score: int = 8_000, **but: Any) -> MatchedPair:
    _, _, _, skills, _ = JOBS[posting % len(JOBS)]
    values: dict[str, Any] = {
        "seeker_id": id_of("seeker", seeker),
        "seeker_revision": 1,
        "posting_id": id_of("posting", posting),
        "posting_revision": 1,
        "score": score,
        "fit_for_seeker": min(10_000, score + 300),
        "fit_for_posting": max(0, score - 300),
        "parts": parts_of(score),
        "unknown": ("experience", "hours"),
        "reasons": (
            Reason(code="occupation.wished"),
            Reason(code="skill.found", terms=skills[:2]),
            Reason(code="wage.meets"),
            Reason(code="skill.missing", terms=("운전면허",)),
        ),
    }
    return MatchedPair(**(values | but))


def parts_of(score: int) -> tuple[Part, ...]:
    shares = {"required_skills": 4, "occupation": 3, "text": 1, "wage": 1}
    points = {name: score * share // 10 for name, share in shares.items()}
    points["commute"] = score - sum(points.values())
    return tuple(
        Part(name=name, value=min(10_000, score + 500), score=each)  # type: ignore[arg-type]
        for name, each in points.items()
    )


def a_referral(seeker: int, posting: int, revision: int = 1, state: str = "proposed", **but: Any) -> ReferralRecorded:
    values: dict[str, Any] = {
        "referral_id": id_of("referral", seeker * 1_000 + posting),
        "seeker_id": id_of("seeker", seeker),
        "posting_id": id_of("posting", posting),
        "revision": revision,
        "state": state,
        "decided_by": "counselor",
        "cafe_id": HONGDAE,
        "occurred_at": MONDAY,
    }
    return ReferralRecorded(**(values | but))


def a_list(
    scope: str, number: int, pairs: Sequence[MatchedPair], revision: int = 1, shard: str = "0/1", **but: Any
) -> MatchesFound:
    values: dict[str, Any] = {
        "scope": scope,
        "scope_id": id_of(scope, number),
        "shard": shard,
        "revision": revision,
        "epoch": 1,
        "pairs": tuple(pairs),
        "occurred_at": MONDAY,
    }
    return MatchesFound(**(values | but))
