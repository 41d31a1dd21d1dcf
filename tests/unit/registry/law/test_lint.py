"""What is found in a posting's facts: conditions, dates, wages, the sender's licence, named firms."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.registry.law.answers import findings_for
from services.registry.law.licences import AgencyLicence, read_defaulters
from services.registry.law.lint import MAY_MISS, lint
from services.registry.law.rules import shipped_rules
from shared.contracts import Money, Place, PostingFacts

TODAY = date(2026, 11, 24)
AGENCY = UUID(int=7)
WHOLE: dict[str, Any] = {
    "agency_id": AGENCY,
    "source_ref": "A-1",
    "title": "카페 직원",
    "employer": "(주)해든식품",
    "description": "음료를 만들고 매장을 정리합니다.",
    "wage": Money(unit="hour", minimum=12_000),
    "weekly_hours": 40,
    "place": Place(district="서울 마포구"),
}


def facts(**changes: Any) -> PostingFacts:
    return PostingFacts.model_validate(WHOLE | changes)


def rules_of(posting: PostingFacts, **circumstances: Any) -> list[str]:
    return [found.rule for found in lint(posting, on=TODAY, **circumstances)]


def test_nothing_speaks_against_a_whole_posting():
    assert rules_of(facts()) == []


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"wage": None}, ["conditions.wage"]),
        ({"wage": Money(unit="hour", minimum=0)}, ["conditions.wage"]),
        ({"weekly_hours": None}, ["conditions.hours"]),
        ({"weekly_hours": None, "work_hours": "09:00~18:00"}, []),
        ({"place": Place()}, ["conditions.place"]),
        ({"place": Place(remote=True)}, []),
        ({"closes_on": date(2026, 11, 23)}, ["closing.past"]),
        ({"closes_on": TODAY}, []),
        ({"opened_on": date(2026, 12, 2), "closes_on": date(2026, 12, 1)}, ["closing.order"]),
        ({"wage": Money(unit="hour", minimum=20_000, maximum=12_000)}, ["wage.inverted"]),
        ({"wage": Money(unit="hour", minimum=9_000)}, ["wage.below_minimum"]),
        ({"wage": Money(unit="hour", minimum=10_319)}, ["wage.below_minimum_probation"]),
        ({"wage": Money(unit="month", minimum=3_000_000), "weekly_hours": None}, ["wage.unjudged", "conditions.hours"]),
        (
            {"wage": Money(unit="month", minimum=2_000_000), "weekly_hours": None, "work_hours": "주 40시간"},
            ["wage.below_minimum_probation"],
        ),
        ({"qualification": "여직원 우대"}, ["sex.only"]),
        ({"description": "교육비 10만원 본인 부담"}, ["charges.seeker"]),
        ({"title": "시니어 인턴십 안내원", "qualification": "만 60세 이상"}, []),
    ],
)
def test_a_posting(changes: dict[str, Any], rules: list[str]):
    assert rules_of(facts(**changes)) == rules


def test_the_year_of_the_work_counts_not_the_year_of_the_check():
    posting = facts(wage=Money(unit="hour", minimum=10_030))

    assert rules_of(posting, work_on=date(2025, 6, 1)) == []
    assert rules_of(posting, work_on=date(2026, 6, 1)) == ["wage.below_minimum_probation"]
    assert rules_of(facts(wage=Money(unit="hour", minimum=10_030), opened_on=date(2025, 3, 1))) == []


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("시급 1만원", ["wage.below_minimum_probation"]),
        ("시급 만원", ["wage.below_minimum_probation"]),
        ("시급 9천5백원", ["wage.below_minimum_probation"]),
        ("시급 1만 2천원", []),
        ("시급 만족도 조사", []),
        ("일당 8만원, 하루 8시간", ["wage.below_minimum_probation"]),
        ("월급 150만원, 주 40시간", ["wage.below_minimum"]),
        ("월급 150만원, 주 20시간", []),
        ("월급 150만원", []),
        ("월급 150만원 + 수당, 주 40시간", []),
        ("연봉 2,400만원, 주 40시간", ["wage.below_minimum_probation"]),
        ("연봉 2,600만원, 주 40시간", []),
        ("연봉 2400~3000만원, 주 40시간", []),
        ("연봉 3,000만원, 주 52시간제 준수", []),
        ("연봉 3,000만원, 주 52 시간 제", []),
        ("월급 150만원, 주 40시간제", ["wage.below_minimum"]),
        ("월급 150만원, 주 40시간 이내", []),
        ("월급 150만원, 주 40시간 한도", []),
    ],
)
def test_a_wage_in_words_is_judged_by_the_hours_beside_it(text: str, rules: list[str]):
    assert [found.rule for found in lint(text, on=TODAY)] == rules


def test_where_a_wage_is_told_words_about_months_are_not_taken_for_it():
    assert rules_of(facts(description="기본급은 월급 150만원부터, 주 40시간")) == []


def test_the_gravest_comes_first():
    posting = facts(wage=None, qualification="대졸 이상, 여직원, 용모단정")

    assert [found.severity for found in lint(posting, on=TODAY)] == ["block", "warn", "note", "note"]


def test_a_rule_holds_from_its_day_on():
    text = "용모단정"

    assert [found.rule for found in lint(text, on=date(2019, 7, 17))] == ["looks.appearance"]
    assert lint(text, on=date(2019, 7, 16)) == ()


def test_a_paid_agency_shows_its_registration():
    paid = AgencyLicence("유료")

    assert rules_of(facts(), licence=paid) == ["licence.number_missing"]
    assert rules_of(facts(), licence=AgencyLicence("유료", "2026-3130000-14-5-00001")) == []
    assert rules_of(facts(description="직업소개소 등록번호 제2026-1호"), licence=paid) == []
    assert rules_of(facts(description="사업자등록번호 000"), licence=paid) == ["licence.number_missing"]
    assert rules_of(facts(), licence=AgencyLicence("공공")) == []


def test_an_information_provider_places_nobody():
    posting = facts(description="전문 상담사가 취업추천을 해 드립니다.")

    assert rules_of(posting, licence=AgencyLicence("정보제공")) == ["licence.placement_words"]
    assert rules_of(posting, licence=AgencyLicence("무료")) == []
    assert rules_of(facts(preferred="취업지원대상자 우대"), licence=AgencyLicence("정보제공")) == []


def test_named_defaulters_are_found():
    listed = read_defaulters(["사업장명,사업자등록번호\n", "주식회사 해든식품,\n"])

    assert rules_of(facts(), defaulters=listed) == ["defaulter.same_name"]
    assert rules_of(facts(employer="해든식품 마포점"), defaulters=listed) == []


def test_never_a_verdict_that_all_is_well():
    sentences = [MAY_MISS.ko, MAY_MISS.en]
    for rule in shipped_rules().rules:
        sentences += [rule.data.message.ko, rule.data.message.en, rule.data.suggestion.ko, rule.data.suggestion.en]

    assert not [each for each in sentences if "합법" in each or "lawful" in each or "legal" in each.casefold()]
    assert "놓친 것" in MAY_MISS.ko
    assert "may miss" in MAY_MISS.en


def test_intake_refuses_what_may_not_be_carried_and_warns_of_the_rest():
    posting = facts(
        wage=Money(unit="hour", minimum=9_000), qualification="용모단정, 여직원, 대졸 이상", description="보증금 10만원"
    )
    told = {found.code: found.severity for found in findings_for(posting, TODAY)}

    assert told == {
        "LAW_WAGE_BELOW_MINIMUM": "refusal",
        "LAW_CHARGES_SEEKER": "refusal",
        "LAW_LOOKS_APPEARANCE": "hold",
        "LAW_SEX_ONLY": "warning",
        "LAW_SCHOOLING_DEGREE": "remark",
    }


def test_intake_hears_article_words_and_a_hint():
    (told,) = findings_for(facts(qualification="여직원"), TODAY)

    assert "여직원" in told.message_ko
    assert "제7조" in told.message_ko
    assert "art. 7" in told.message
    assert told.where == "qualification"
    assert told.hint


def test_intake_is_not_told_what_it_tells_itself():
    assert findings_for(facts(wage=None, place=Place()), TODAY) == ()
