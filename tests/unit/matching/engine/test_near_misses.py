"""What a seeker nearly gets is what one finds on paper, and asking leaves no trace."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.matching.engine.index import Epoch, Index
from services.matching.engine.near_misses import NearMisses, near_misses
from services.matching.engine.scorer import Rules
from services.matching.engine.text import neutral_frequencies
from services.matching.matcher import as_row
from services.matching.store import as_profile
from shared.contracts import PostingPublished
from tests.unit.matching import naive
from tests.unit.matching.drawn import postings, seekers
from tests.unit.matching.examples import SMALL, a_posting, a_seeker


def asked(seeker: dict[str, Any], published: list[PostingPublished], rules: Rules = SMALL) -> NearMisses:
    index = Index(Epoch(0, rules))
    index.put("posting", index.read("posting", [as_profile(as_row(one)) for one in published]))
    told = near_misses(index, as_profile(as_row(a_seeker(**seeker))), ())
    assert len(index.shelves["seeker"].slot) == 0
    return told


@settings(deadline=None, max_examples=60)
@given(seekers(), st.lists(postings(), max_size=8))
def test_they_are_what_one_finds_on_paper(seeker: dict[str, Any], offers: list[dict[str, Any]]) -> None:
    published = [a_posting(number, minutes=number % 2, **offer) for number, offer in enumerate(offers)]
    told = asked(seeker, published)
    by_hand = naive.near_misses(
        a_seeker(**seeker).facts, {one.posting_id: one for one in published}, SMALL, neutral_frequencies()
    )
    assert (told.bar, [(one.posting_id, one.gate, one.score, one.would_be) for one in told.near]) == by_hand


BAKER = {"summary": "빵을 굽는다", "skills": ["제빵"], "wishes": {"employment_types": ["regular"]}}


def test_what_they_lack_between_them_is_summed_up() -> None:
    lacking = [a_posting(1, required_skills=["제빵", "엑셀"]), a_posting(2, required_skills=["제빵", "엑셀", "용접"])]
    told = asked(BAKER, lacking, Rules(threshold=7_000))
    assert [[one.term for one in miss.raises] for miss in told.near] == [["엑셀"], ["엑셀", "용접"]]
    assert [(gap.term, gap.missing_in, gap.brings_over) for gap in told.skills] == [("엑셀", 2, 1), ("용접", 1, 0)]
    assert told.gates == {}


def test_a_posting_that_one_gate_shuts_out_is_near_and_one_that_two_do_is_not() -> None:
    shut = {"employment_type": "daily", "required_skills": ["제빵"]}
    far = BAKER | {"wishes": {"employment_types": ["regular"], "districts": ["서울 마포구"]}}
    once, twice = a_posting(1, **shut), a_posting(2, **shut, place={"district": "서울 송파구"})
    told = asked(far, [once, twice])
    assert [(miss.posting_id, miss.gate) for miss in told.near] == [(once.posting_id, "employment_type")]
    assert told.gates == {"employment_type": 1}


def test_nobody_is_near_to_an_empty_profile() -> None:
    assert asked({"summary": ""}, [a_posting(required_skills=["제빵"])]).near == ()


def test_an_occupation_is_near_only_in_the_same_field() -> None:
    hers = BAKER | {"wishes": {"occupation_codes": ["5301"]}}
    neighbour, foreign = a_posting(1, occupation_code="5399"), a_posting(2, occupation_code="5001")
    assert [miss.posting_id for miss in asked(hers, [neighbour, foreign]).near] == [neighbour.posting_id]
