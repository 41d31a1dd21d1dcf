"""One pair explained: each figure is the sum of its parts, and what would change it is what changing it gives."""

from typing import Any

import pytest
from hypothesis import given, settings

from services.matching.commands.told import show_explanation
from services.matching.engine import crowds, text
from services.matching.engine.index import Epoch
from services.matching.engine.pair import Explanation, explain
from services.matching.engine.scorer import FULL, Rules
from services.matching.engine.text import neutral_frequencies
from tests.unit.matching import naive
from tests.unit.matching.drawn import postings, seekers
from tests.unit.matching.examples import posting_facts, seeker_facts

RULES = Rules()
EPOCH = Epoch(0, RULES)
FREQUENCIES = neutral_frequencies()


def explained(seeker: dict[str, Any], posting: dict[str, Any]) -> Explanation:
    return explain(seeker_facts(**seeker), posting_facts(**posting), EPOCH)


@settings(deadline=None, max_examples=60)
@given(seekers(), postings())
def test_it_is_what_one_works_out_on_paper(seeker: dict[str, Any], posting: dict[str, Any]) -> None:
    told = explained(seeker, posting)
    values, shut = naive.judge(seeker_facts(**seeker), posting_facts(**posting), FREQUENCIES)
    assert {part.name: part.value for part in told.parts} == values
    assert {*told.unknown} == {*RULES.weights} - {*values}
    assert {gate.name for gate in told.gates if gate.state == "shut"} == shut
    figures = {"score": told.score, "seeker": told.fit_for_seeker, "posting": told.fit_for_posting}
    for view, figure in figures.items():
        assert figure == naive.total(values, RULES, view)
        points = {part.name: getattr(part, view) for part in told.parts}
        assert sum(points.values()) == (figure or 0)
        assert {name: share for name, share in points.items() if share} == {
            name: share for name, share in naive.shares(values, RULES, view).items() if share
        }
    assert (told.verdict == "shut_out") == bool(shut)
    assert (told.but_for is not None) == (len(shut) == 1 and (told.score or 0) >= RULES.threshold)


@settings(deadline=None, max_examples=60)
@given(seekers(), postings())
def test_what_would_raise_the_score_does(seeker: dict[str, Any], posting: dict[str, Any]) -> None:
    """The text is left as it is: only the parts of skills and certificates are worked out anew."""
    s, p = seeker_facts(**seeker), posting_facts(**posting)
    values, _ = naive.judge(s, p, FREQUENCIES)
    for one in explained(seeker, posting).raises:
        field = "skills" if s.skills or not s.certificates else "certificates"
        more = s.model_copy(update={field: (*getattr(s, field), one.term)})
        taught = naive.judge(more, p, FREQUENCIES)[0]
        raised = {part: taught[part] if part in naive.SKILLED else value for part, value in values.items()}
        assert (naive.total(raised, RULES) or 0) - (naive.total(values, RULES) or 0) == one.score > 0


def test_a_text_like_everybodys_is_told_to_count_less(capsys: pytest.CaptureFixture[str]) -> None:
    trades = "용접 배관 절단", "제빵 반죽 오븐"
    seekers = text.rows([text.Document("", trades[at % 2]) for at in range(40)], FREQUENCIES)
    of_everybody, of_one = (posting_facts(title=said) for said in (" ".join(trades), "용접 천문 망원경"))
    postings = text.rows([*map(text.posting_document, (of_everybody, of_one, of_one))], FREQUENCIES)
    against = crowds.fit(seekers, postings)
    assert against is not None
    seeker = seeker_facts(summary=trades[0])
    with_crowds = Epoch(1, RULES, FREQUENCIES, {"posting": against})
    less, before = (explain(seeker, of_everybody, epoch) for epoch in (with_crowds, EPOCH))
    assert less.posting_text < FULL == less.seeker_text == before.posting_text
    told, fully = ({part.name: part.value for part in one.parts}["text"] for one in (less, before))
    assert told == pytest.approx(fully * less.posting_text / FULL, abs=2)
    assert explain(seeker, of_one, with_crowds).posting_text == FULL
    show_explanation(less)
    shown = capsys.readouterr().out
    assert f"공고의 글은 누구의 글과도 닮은 편이라 {less.posting_text / 100:.0f} %만 셉니다." in shown
    assert "구직자의 글은" not in shown


def test_a_gate_says_what_each_side_said() -> None:
    wishes = {"districts": ["서울 마포구"], "commute_km": 5, "employment_types": ["regular"]}
    told = explained(
        {"home": {"district": "서울 마포구"}, "wishes": wishes},
        {"place": {"district": "서울 송파구"}, "employment_type": "regular", "certificates": ["제빵기능사"]},
    )
    gates = {gate.name: gate for gate in told.gates}
    assert {name: gate.state for name, gate in gates.items()} == {
        "occupation": "unknown",
        "employment_type": "open",
        "commute": "shut",
        "certificate": "unknown",
    }
    assert gates["commute"].wished == ("서울 마포구", "≤ 5 km")
    assert gates["commute"].offered[0] == "서울 송파구"
    assert gates["commute"].offered[1].endswith(" km")
    assert (told.verdict, told.but_for) == ("shut_out", "commute")


def test_of_two_shut_gates_neither_is_the_one_it_fails_by() -> None:
    told = explained(
        {"certificates": ["용접기능사"], "wishes": {"employment_types": ["daily"]}},
        {"certificates": ["제빵기능사"], "employment_type": "regular"},
    )
    assert (told.verdict, told.but_for) == ("shut_out", None)


@pytest.mark.parametrize("posting", [{}, {"required_skills": ["엑셀"], "weekly_hours": 40}])
def test_an_empty_profile_is_not_enough_data_and_no_number(posting: dict[str, Any]) -> None:
    told = explained({"summary": ""}, posting)
    assert told.verdict == "not_enough_data"
    assert (told.score, told.fit_for_seeker, told.fit_for_posting, told.known) == (None, None, None, 0)
    assert told.parts == ()


def test_wishes_alone_that_are_met_do_not_outrank_proven_ability() -> None:
    """Of the fit for the posting nothing is known, which is no number; the whole rests on what little there is."""
    wishes = {
        "occupation_codes": ["5301"],
        "wage": {"unit": "hour", "minimum": 11_000},
        "weekly_hours": 40,
        "districts": ["서울 마포구"],
    }
    posting = {
        "required_skills": ["제빵", "라떼아트"],
        "occupation_code": "530101",
        "wage": {"unit": "hour", "minimum": 12_000},
        "weekly_hours": 40,
        "place": {"district": "서울 마포구"},
    }
    wishing = explained({"summary": "", "wishes": wishes}, posting)
    proven = explained({"summary": "빵을 굽는 제빵사로 일했다", "skills": ["제빵"], "wishes": wishes}, posting)
    assert (wishing.fit_for_seeker, wishing.fit_for_posting) == (10_000, None)
    assert wishing.score == round(10_000 * 33 / (33 + 30))
    assert (proven.score or 0) > wishing.score
    assert wishing.known == 3_300
