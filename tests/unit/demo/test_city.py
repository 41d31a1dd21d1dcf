"""The demo city: the same on the same day, believable in its figures, and nobody in it is real."""

import re
from collections import Counter
from datetime import date, timedelta

import pytest

from deploy.demo.city import City
from deploy.demo.make_city import make_city
from deploy.demo.vocabulary import trades
from services.registry.intake.documents import check_seeker
from services.registry.law.lint import lint
from services.registry.law.rules import shipped_rules
from services.registry.law.wages import Hours, judge_wage
from services.registry.orders.postings import content_hash_of
from services.registry.orders.same_order import fingerprint_of

PHONE = re.compile(r"(?<!\d)0\d{1,2}[-.\s]?\d{3,4}[-.\s]?\d{4}(?!\d)")
RESIDENT_NUMBER = re.compile(r"(?<!\d)\d{6}\s?-?\s?[1-8]\d{6}(?!\d)")
EMAIL = re.compile(r"[\w.+-]+@[\w.-]+", re.ASCII)  # a particle follows without a space


def words_of(city: City) -> str:
    postings = [posting.facts.model_dump_json(exclude={"agency_id"}) for posting in city.postings]
    seekers = [f"{each.name} {each.phone} {each.email} {each.facts.model_dump_json()}" for each in city.seekers]
    return "\n".join([*postings, *seekers, *map(str, city.agencies), *map(str, city.accounts)])


def test_the_city_is_the_same_whenever_it_is_made_on_a_day(city: City, today: date) -> None:
    assert make_city(today) == city


def test_on_another_day_only_the_dates_are_others(city: City, today: date) -> None:
    later = make_city(today + timedelta(days=30))
    dates = {"opened_on", "closes_on"}
    told = [each.facts.model_dump(exclude=dates) for each in city.postings]
    assert [each.facts.model_dump(exclude=dates) for each in later.postings] == told
    assert [each.facts for each in later.seekers] == [each.facts for each in city.seekers]
    assert later.postings[0].facts.opened_on == (city.postings[0].facts.opened_on or today) + timedelta(days=30)


def test_it_is_a_city_and_not_a_village(city: City) -> None:
    counts = (len(city.postings), len(city.seekers), len(city.agencies), len(city.cafes), len(trades()))
    assert counts == (480, 320, 12, 10, 25)
    assert {agency.licence for agency in city.agencies} == {"공공", "무료", "유료", "정보제공"}
    assert {cafe.venue_type for cafe in city.cafes} == {"대학", "청년공간", "공공시설", "민간시설"}


@pytest.mark.parametrize("trade", [trade.key for trade in trades()])
def test_every_trade_has_seekers_and_postings_that_meet(city: City, trade: str) -> None:
    codes = {str(each.facts.occupation_code) for each in city.postings if each.trade == trade}
    wished = {code for each in city.seekers if each.trade == trade for code in each.facts.wishes.occupation_codes}
    assert len(codes) >= 1
    assert any(code.startswith(wish) for code in codes for wish in wished)


def test_every_agency_and_every_cafe_has_work(city: City) -> None:
    assert {posting.agency_key for posting in city.postings} == {agency.key for agency in city.agencies}
    assert {seeker.cafe_key for seeker in city.seekers} == {cafe.key for cafe in city.cafes}


def test_no_reference_stands_twice_but_the_planted_one(city: City) -> None:
    references = Counter((posting.agency_key, posting.source_ref) for posting in city.postings)
    twice = [reference for (_, reference), times in references.items() if times > 1]
    assert tuple(twice) == city.planted["exact duplicate row"]
    assert len({seeker.ref for seeker in city.seekers}) == len({seeker.name for seeker in city.seekers}) == 320


def test_no_two_tell_the_same(city: City) -> None:
    planted = {*city.planted["exact duplicate row"], *city.planted["same order from two agencies"]}
    told = [(each.facts.title, each.facts.employer) for each in city.postings if each.source_ref not in planted]
    assert len(set(told)) == len(told)
    assert len({seeker.facts.summary for seeker in city.seekers}) == len(city.seekers)


def test_contacts_are_in_reserved_forms_alone(city: City) -> None:
    words = words_of(city)
    assert {phone[:9] for phone in PHONE.findall(words)} == {"010-0000-"}
    assert {email.partition("@")[2] for email in EMAIL.findall(words)} == {"example.invalid"}
    assert not RESIDENT_NUMBER.search(words)


def test_wages_are_lawful_but_for_the_planted_one(city: City, today: date) -> None:
    rules, below = shipped_rules(), []
    for posting in city.postings:
        verdict = judge_wage(posting.facts.wage, Hours(posting.facts.weekly_hours), 2026, rules).verdict
        below += [posting.source_ref] if verdict == "below" else []
    assert tuple(below) == city.planted["wage below the minimum"]


def test_the_law_has_something_to_say_of_the_planted_faults_alone(city: City, today: date) -> None:
    found = {
        posting.source_ref: {each.category for each in lint(posting.facts, on=today, work_on=date(2026, 12, 1))}
        for posting in city.postings
    }
    spoken_of = {reference for reference, categories in found.items() if categories & {"sex", "age", "looks"}}
    assert spoken_of == {*city.planted["discriminatory wording"]}
    assert found[city.planted["discriminatory wording"][0]] >= {"sex", "age", "looks"}


def test_dates_stand_around_today(city: City, today: date) -> None:
    past = set(city.planted["past closing date"])
    for posting in city.postings:
        opened, closes = posting.facts.opened_on, posting.facts.closes_on
        assert opened
        assert today - timedelta(days=40) <= opened <= today
        assert closes is None or (closes < today) == (posting.source_ref in past)
    assert all(timedelta(0) < today - seeker.applied_at.date() < timedelta(days=90) for seeker in city.seekers)


def test_the_planted_duplicates_are_what_they_say(city: City) -> None:
    first, second = [each.facts for each in city.postings if each.source_ref in city.planted["exact duplicate row"]]
    assert content_hash_of(first) == content_hash_of(second)
    orders = [each for each in city.postings if each.source_ref in city.planted["same order from two agencies"]]
    assert len({each.agency_key for each in orders}) == len(orders) == 2
    assert len({fingerprint_of(each.facts) for each in orders}) == 1


def test_contacts_in_summaries_are_found_by_the_intake(city: City) -> None:
    told = {}
    for seeker in city.seekers:
        checked = check_seeker({"source_ref": seeker.ref, "name": seeker.name, "summary": seeker.facts.summary})
        told[seeker.ref] = {found.code for found in checked.findings}
        assert checked.seeker
        assert "0000" not in checked.seeker.summary
        assert "@" not in checked.seeker.summary
    assert tuple(ref for ref, codes in told.items() if codes) == city.planted["contact in a summary"]


def test_near_misses_miss_by_what_they_say(city: City) -> None:
    seekers = {seeker.ref: seeker.facts for seeker in city.seekers}
    assert all(seekers[ref].certificates == () for ref in city.planted["certificate missing"])
    assert all(seekers[ref].wishes.commute_km == 10 for ref in city.planted["too far"])
    assert not any(str(seekers[ref].home.district).startswith("서울") for ref in city.planted["too far"])


def test_occupations_are_keco_codes_of_our_trades(city: City) -> None:
    codes = {role.code for trade in trades() for role in trade.roles}
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)
    assert {posting.facts.occupation_code for posting in city.postings} <= codes
    wished = {code for seeker in city.seekers for code in seeker.facts.wishes.occupation_codes}
    assert wished <= {code[:4] for code in codes}


def test_some_say_nothing_of_wage_or_place(city: City) -> None:
    wishes = [seeker.facts.wishes for seeker in city.seekers]
    assert 40 < sum(each.wage is None for each in wishes) < 160
    assert 40 < sum(not each.districts and each.commute_km is None for each in wishes) < 200
