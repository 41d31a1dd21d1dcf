"""Gates exclude by known facts alone; parts are told only where both sides say something."""

from typing import Any

import numpy as np
import pytest

from services.matching.engine.index import Epoch, Index
from services.matching.engine.scorer import PARTS, UNKNOWN, Rules
from services.matching.engine.wages import Basis, monthly_hours, on_common_basis
from services.matching.matcher import as_row
from services.matching.store import as_profile
from shared.contracts import Money
from shared.contracts.matches import PartName
from shared.places import centre, usual_name
from tests.unit.matching.examples import a_posting, a_seeker, posting_id, seeker_id

Facts = dict[str, Any]


def at_hand(seeker: Facts, posting: Facts) -> Index:
    index = Index(Epoch(0, Rules()))
    index.put("seeker", index.read("seeker", [as_profile(as_row(a_seeker(**seeker)))]))
    index.put("posting", index.read("posting", [as_profile(as_row(a_posting(**posting)))]))
    return index


def part(name: PartName, seeker: Facts, posting: Facts) -> int | None:
    scored = at_hand(seeker, posting).score(np.array([0]), np.array([0]))
    value = int(scored.values[PARTS.index(name), 0, 0])
    return None if value == UNKNOWN else value


def gates(seeker: Facts, posting: Facts) -> tuple[str, ...]:
    return at_hand(seeker, posting).excluded_by(seeker_id(1), posting_id(1))


def wish(**wishes: Any) -> Facts:
    return {"wishes": wishes}


MAPO, SONGPA, BUNDANG = ({"district": name} for name in ("서울 마포구", "서울 송파구", "경기 성남시 분당구"))


@pytest.mark.parametrize(
    ("seeker", "posting", "expected"),
    [
        (wish(occupation_codes=["0241"]), {"occupation_code": "0242"}, ("occupation",)),
        (wish(occupation_codes=["0241"], widened=True), {"occupation_code": "0242"}, ()),
        (wish(occupation_codes=["02"]), {"occupation_code": "0242"}, ()),
        (wish(occupation_codes=["0241"]), {"occupation_code": "02"}, ()),
        (wish(occupation_codes=["0241"]), {}, ()),
        ({}, {"occupation_code": "0242"}, ()),
        (wish(employment_types=["regular"]), {"employment_type": "daily"}, ("employment_type",)),
        (wish(employment_types=["regular", "daily"]), {"employment_type": "daily"}, ()),
        (wish(employment_types=["regular"]), {}, ()),
        (wish(districts=["마포구"]), {"place": SONGPA}, ("commute",)),
        (wish(districts=["마포구"]), {"place": {**SONGPA, "remote": True}}, ()),
        (wish(districts=["서울"]), {"place": SONGPA}, ()),
        (wish(districts=["서울 마포구"]), {"place": {"district": "서울"}}, ()),
        (wish(districts=["서울 마포구"]), {}, ()),
        ({"home": MAPO, **wish(commute_km=5)}, {"place": SONGPA}, ("commute",)),
        ({"home": MAPO, **wish(commute_km=30)}, {"place": SONGPA}, ()),
        ({"home": MAPO, **wish(commute_km=5, districts=["송파구"])}, {"place": SONGPA}, ()),
        (wish(commute_km=5), {"place": SONGPA}, ()),
        ({"certificates": ["간호조무사"]}, {"certificates": ["간호사"]}, ("certificate",)),
        ({"certificates": ["간호사", "요양보호사"]}, {"certificates": ["간호사"]}, ()),
        ({}, {"certificates": ["간호사"]}, ()),
        (
            wish(occupation_codes=["1"], employment_types=["daily"]),
            {"occupation_code": "2", "employment_type": "intern"},
            ("occupation", "employment_type"),
        ),
    ],
)
def test_only_known_facts_exclude(seeker: Facts, posting: Facts, expected: tuple[str, ...]) -> None:
    assert gates(seeker, posting) == expected


HOURLY = {"unit": "hour", "minimum": 12000}
MONTHLY = {"unit": "month", "minimum": 2_500_000}


@pytest.mark.parametrize(
    ("name", "seeker", "posting", "expected"),
    [
        ("occupation", wish(occupation_codes=["0241"]), {"occupation_code": "024101"}, 10_000),
        ("occupation", wish(occupation_codes=["0241"]), {"occupation_code": "02"}, 5_000),
        ("occupation", wish(occupation_codes=["0241"], widened=True), {"occupation_code": "0249"}, 7_500),
        ("occupation", {}, {"occupation_code": "0241"}, None),
        ("wage", wish(wage=MONTHLY), {"wage": MONTHLY}, 10_000),
        ("wage", wish(wage=MONTHLY), {"wage": HOURLY}, None),
        ("wage", wish(wage=MONTHLY), {"wage": HOURLY, "weekly_hours": 40}, 10_000),
        ("wage", wish(wage=HOURLY), {"wage": {"unit": "month", "minimum": 2_000_000}, "weekly_hours": 40}, 1_473),
        ("wage", wish(wage=MONTHLY), {"wage": {"unit": "year", "minimum": 27_000_000}}, 4_500),
        ("wage", wish(wage=MONTHLY), {"wage": {"unit": "month", "minimum": 2_000_000, "maximum": 3_000_000}}, 7_500),
        ("wage", {}, {"wage": MONTHLY}, None),
        ("hours", wish(weekly_hours=20), {"weekly_hours": 20}, 10_000),
        ("hours", wish(weekly_hours=20), {"weekly_hours": 25}, 5_000),
        ("hours", wish(weekly_hours=20), {}, None),
        ("experience", {"experience_months": 12}, {"experience_months": 24}, 5_000),
        ("experience", {"experience_months": 0}, {"experience_months": 0}, 10_000),
        ("experience", {}, {"experience_months": 0}, None),
        ("commute", {"home": MAPO}, {"place": MAPO}, 10_000),
        ("commute", {"home": MAPO}, {}, None),
        ("commute", {}, {"place": {"remote": True}}, None),
        ("commute", {"home": SONGPA}, {"place": {"remote": True}}, 10_000),
        ("commute", wish(districts=["서울 마포구"]), {"place": MAPO}, 10_000),
        ("required_skills", {"skills": ["Java", "엑셀"]}, {"required_skills": ["자바", "Python"]}, 5_000),
        ("required_skills", {"skills": ["엑셀"]}, {"required_skills": ["자바", "JAVA"]}, 0),
        ("required_skills", {}, {"required_skills": ["자바"]}, None),
        ("required_skills", {"skills": ["자바"]}, {}, None),
        ("preferred_skills", {"skills": ["파이선"]}, {"preferred_skills": ["Python"]}, 8_571),
        ("certificate", {"certificates": ["간호사"]}, {"certificates": ["간호사", "운전면허"]}, 5_000),
        ("certificate", {}, {"certificates": ["간호사"]}, None),
        ("text", {"summary": ""}, {}, None),
    ],
)
def test_a_part_is_what_both_sides_say(name: PartName, seeker: Facts, posting: Facts, expected: int | None) -> None:
    assert part(name, seeker, posting) == expected


def test_nearer_is_better() -> None:
    near, far = (part("commute", {"home": MAPO}, {"place": place}) for place in (SONGPA, BUNDANG))
    assert near is not None
    assert far is not None
    assert 10_000 > near > far > 0


def test_a_given_point_goes_before_the_centre_of_the_district() -> None:
    there = {"district": "서울 송파구", "latitude": 37.566, "longitude": 126.902}
    assert part("commute", {"home": MAPO}, {"place": there}) == 10_000


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        ("서울특별시 마포구", "서울 마포구"),
        ("마포구", "서울 마포구"),
        ("경기도 성남시 분당구", "경기 성남시 분당구"),
        ("경기 성남시 수정구", "경기 성남시 수정구"),
        ("어딘가", "어딘가"),
    ],
)
def test_a_district_has_one_usual_name(written: str, usual: str) -> None:
    assert usual_name(written) == usual


def test_a_part_of_a_city_we_do_not_know_stands_at_the_centre_of_the_city() -> None:
    assert centre("경기 성남시 수정구") == centre("경기 성남시")
    assert centre("어딘가") is None


def test_wages_meet_on_a_common_basis() -> None:
    full = Money(unit="month", minimum=2_085_714)
    assert on_common_basis(full, 40) == Basis(10_000, 10_000, 2_085_714, 2_085_714)
    assert on_common_basis(Money(unit="day", minimum=80_000), 40).hour_least == 10_000
    assert on_common_basis(Money(unit="hour"), 40) == Basis()
    assert monthly_hours(14) == pytest.approx(14 * 365 / 84), "no paid rest below fifteen hours"
    assert monthly_hours(52) == pytest.approx(60 * 365 / 84), "the paid rest ends at eight hours"
