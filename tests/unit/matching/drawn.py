"""Profiles drawn at random from few words, skills and places: pairs fit, tie and miss."""

from typing import Any

from hypothesis import strategies as st

SUMMARIES = ["", "빵을 굽는다", "빵을 굽고 판다", "용접을 한다"]
SKILLS = ["제빵", "제과제빵", "용접", "파이썬", "파이선", "Python", "엑셀"]
DISTRICTS = ["서울 마포구", "서울 송파구", "경기 성남시"]
some = st.sampled_from


@st.composite
def seekers(draw: st.DrawFn) -> dict[str, Any]:
    wishes = {
        "occupation_codes": draw(some([[], ["0241"], ["24", "5301"]])),
        "widened": draw(st.booleans()),
        "employment_types": draw(some([[], ["regular"], ["part_time", "daily"]])),
        "wage": draw(some([None, {"unit": "hour", "minimum": 11000}, {"unit": "month", "minimum": 2400000}])),
        "weekly_hours": draw(some([None, 20, 40])),
        "districts": draw(some([[], DISTRICTS[:1]])),
        "commute_km": draw(some([None, 5])),
    }
    return {
        "summary": draw(some(SUMMARIES)),
        "skills": draw(st.lists(some(SKILLS), max_size=3)),
        "certificates": draw(some([[], ["제빵기능사"]])),
        "experience_months": draw(some([None, 0, 24])),
        "home": {"district": draw(some([None, *DISTRICTS]))},
        "wishes": wishes,
    }


@st.composite
def postings(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "title": draw(some(["제빵사", "용접공"])),
        "description": draw(some(SUMMARIES)),
        "required_skills": draw(st.lists(some(SKILLS), max_size=3)),
        "preferred_skills": draw(st.lists(some(SKILLS), max_size=1)),
        "certificates": draw(some([[], ["제빵기능사"], ["용접기능사"]])),
        "occupation_code": draw(some([None, "0241", "02", "5301"])),
        "employment_type": draw(some([None, "regular", "daily"])),
        "wage": draw(some([None, {"unit": "hour", "minimum": 10500}, {"unit": "year", "minimum": 3 * 10**7}])),
        "weekly_hours": draw(some([None, 30, 40])),
        "experience_months": draw(some([None, 0, 36])),
        "place": {"district": draw(some([None, *DISTRICTS])), "remote": draw(st.booleans())},
    }
