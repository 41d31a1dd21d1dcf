"""Does a plan stay within its hours, follow need, and show the numbers it was made of?"""

from collections import Counter
from dataclasses import replace
from datetime import date
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.cafes.program_kinds import kinds
from services.registry.cafes.season_facts import asked_skills, learners
from services.registry.cafes.season_planner import (
    A_WEEK,
    CafeFacts,
    Learners,
    Past,
    Standing,
    expected,
    plan,
    season_of,
    weeks_of,
)

MONTH = date(2026, 12, 1)


def a_cafe(number: int = 1, **but: object) -> CafeFacts:
    told: dict[str, object] = {"seekers": 30, "closings": (2, 2, 2, 2, 2), "usual_closings": 2.0} | but
    return CafeFacts(UUID(int=number), **told)  # type: ignore[arg-type]


def past(wanted: int) -> list[Past]:
    return [Past(2, wanted, wanted, wanted)] * 3


def hours(kind: str) -> float:
    return kinds()[kind].minutes / 60


def test_the_weeks_of_a_month_begin_with_its_first_day() -> None:
    assert weeks_of(MONTH) == [date(2026, 12, day) for day in (1, 7, 14, 21, 28)]
    assert weeks_of(date(2027, 2, 14))[0] == date(2027, 2, 1)


def test_where_more_want_seats_there_are_more_sessions() -> None:
    few, many = a_cafe(1, past={"counseling": past(2)}), a_cafe(2, past={"counseling": past(20)})
    held = [each.cafe_id for each in plan([few, many], MONTH, 6.0)]
    assert held.count(many.cafe_id) > held.count(few.cafe_id)


def test_seats_that_stand_already_are_not_proposed_again() -> None:
    cafe = a_cafe(past={"counseling": past(4)})
    assert plan([cafe], MONTH, 20.0, Standing(0.0, {(cafe.cafe_id, "counseling"): 8})) == []


def test_hours_and_weeks_of_what_stands_are_used_up() -> None:
    cafe = a_cafe(past={"counseling": past(40)})
    assert plan([cafe], MONTH, 20.0, Standing(hours=20.0)) == []
    full = Standing(sessions={(cafe.cafe_id, week): A_WEEK for week in weeks_of(MONTH)[1:]})
    assert {each.week for each in plan([cafe], MONTH, 20.0, full)} == {MONTH}


def test_a_month_of_closings_raises_demand_within_bounds() -> None:
    usual, busy = a_cafe(), a_cafe(closings=(40, 40, 40, 40, 40))
    assert (season_of(usual), season_of(busy), season_of(a_cafe(usual_closings=0.0))) == (1.0, 2.0, 1.0)


def test_in_a_hiring_season_no_fewer_than_usual_are_taken_to_close() -> None:
    few = {"closings": (1, 0, 0, 0, 0, 0), "past": {"resume_clinic": past(8)}}
    alone = a_cafe(**few)
    seasonal = a_cafe(**few, in_season=(False, False, True, True, False, False))
    assert (season_of(alone), season_of(a_cafe(**few, in_season=(True,) * 6))) == (0.5, 1.0)
    (before, *_), (within, *_) = (plan([cafe], MONTH, hours("resume_clinic")) for cafe in (alone, seasonal))
    assert (before.week, before.numbers.in_season) == (date(2026, 12, 1), False)
    assert (within.week, within.numbers.in_season, within.numbers.closings) == (date(2026, 12, 14), True, 0)
    busy = a_cafe(closings=(9,) * 6)
    assert season_of(replace(busy, in_season=(True,) * 6)) == season_of(busy), "what is known to close counts"


def test_sessions_come_before_most_postings_close() -> None:
    cafe = a_cafe(closings=(0, 0, 0, 9, 0, 0), past={"resume_clinic": past(8)})
    first = plan([cafe], MONTH, hours("resume_clinic"))[0]
    assert (first.week, first.numbers.closings) == (date(2026, 12, 14), 9)


def test_a_cafe_without_a_past_leans_on_the_others() -> None:
    known, new = a_cafe(1, past={"mentoring": past(30)}), a_cafe(2, seekers=15)
    assert expected(new, [known, new], "mentoring") == 15.0
    proposals = plan([known, new], MONTH, 100.0)
    assert {each.numbers.past_wanted for each in proposals if each.cafe_id == new.cafe_id} == {None}


def test_lectures_teach_what_most_people_lack_for_most_postings() -> None:
    lacked = {"엑셀": Learners(20, 9), "용접": Learners(1, 1)}
    proposals = plan([a_cafe(past={"lecture": past(30)}, learners=lacked)], MONTH, 100.0)
    assert {each.skill for each in proposals} == {"엑셀", "용접"}
    assert (proposals[0].skill, proposals[0].numbers.seekers, proposals[0].numbers.postings) == ("엑셀", 20, 9)


def test_who_lacks_a_skill_shares_another_with_the_posting() -> None:
    postings = [
        {"required_skills": ["MS 엑셀", "회계"]},
        {"required_skills": ["회계", "ms엑셀"]},
        {"required_skills": ["용접"]},
    ]
    people = [frozenset({"회계"}), frozenset({"회계", "ms엑셀"}), frozenset({"용접"}), frozenset[str]()]
    assert learners(asked_skills(postings), people) == {
        "MS 엑셀": Learners(1, 2),
        "회계": Learners(0, 2),
        "용접": Learners(0, 1),
    }


few_skills = st.frozensets(st.sampled_from("abcde"), max_size=3)


@given(st.lists(few_skills, max_size=6), st.lists(few_skills, max_size=6))
def test_who_lacks_what_is_what_asking_each_of_each_posting_finds(
    required: list[frozenset[str]], people: list[frozenset[str]]
) -> None:
    lacking = Counter(
        skill for hers in people for skill in {one for skills in required if skills & hers for one in skills - hers}
    )
    found = learners(asked_skills({"required_skills": sorted(skills)} for skills in required), people)
    assert found == {
        skill: Learners(lacking[skill], sum(skill in skills for skills in required))
        for skill in frozenset().union(*required)
    }


skills = st.dictionaries(
    st.sampled_from(["엑셀", "React", "회계"]), st.builds(Learners, st.integers(0, 20), st.integers(1, 9))
)
facts = st.builds(
    CafeFacts,
    st.uuids(),
    st.integers(0, 60),
    st.lists(st.integers(0, 20), min_size=6, max_size=6).map(tuple),
    st.floats(0, 10),
    skills,
    st.dictionaries(st.sampled_from(sorted(kinds())), st.integers(0, 60).map(past)),
    st.lists(st.booleans(), min_size=6, max_size=6).map(tuple),
)


@settings(deadline=None, max_examples=60)
@given(cafes=st.lists(facts, max_size=4, unique_by=lambda each: each.cafe_id), budget=st.floats(0, 60))
def test_whatever_is_known_a_plan_keeps_its_bounds(cafes: list[CafeFacts], budget: float) -> None:
    proposals = plan(cafes, MONTH, budget)
    assert sum(hours(each.kind) for each in proposals) <= budget + 1e-6
    for cafe in cafes:
        for week in weeks_of(MONTH):
            assert sum((each.cafe_id, each.week) == (cafe.cafe_id, week) for each in proposals) <= A_WEEK
        for kind in kinds():
            wanted = sum(each.wanted for each in proposals if (each.cafe_id, each.kind) == (cafe.cafe_id, kind))
            assert wanted <= expected(cafe, cafes, kind) + 1e-6
