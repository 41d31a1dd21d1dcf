"""The reason as one sentence to be read aloud."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import GateName, Reason
from shared.contracts.matches import ReasonCode
from shared.web.catalogue import LANGUAGES, Language, sentences
from shared.web.spoken import ASKS_CARE, SPEAKS_FOR, no_match, spoken_reason, would_fit_but_for

CODES = get_args(ReasonCode)


def told(*reasons: tuple[ReasonCode, tuple[str, ...]], language: Language = "ko") -> str:
    return spoken_reason([Reason(code=code, terms=terms) for code, terms in reasons], language)


def test_good_news_first_then_what_to_mind() -> None:
    reasons: tuple[tuple[ReasonCode, tuple[str, ...]], ...] = (
        ("skill.missing", ("SQL",)),
        ("skill.found", ("엑셀", "Python")),
        ("occupation.wished", ("0413",)),
        ("commute.far", ("서울 강남구",)),
    )
    assert told(*reasons) == (
        "희망하신 직종이고 엑셀과 Python을 갖추었지만, SQL은 아직 확인되지 않았고 서울 강남구는 집에서 먼 편입니다."
    )
    assert told(*reasons, language="en") == (
        "This is work of the kind they wish for and they have 엑셀 and Python; "
        "but we have not yet confirmed SQL and 서울 강남구 is rather far from home."
    )


def test_good_news_alone_and_care_alone_are_sentences() -> None:
    assert told(("wage.meets", ())) == "임금이 희망에 맞습니다."
    assert told(("wage.below", ())) == "임금은 희망보다 낮습니다."
    assert told(("commute.near", ()), language="en") == "It is close to home."


def test_no_reason_is_said_to_be_none() -> None:
    assert told() == "읽어 드릴 이유가 아직 없습니다."


def test_a_sentence_is_short_enough_to_read_aloud() -> None:
    everything = tuple((code, tuple(f"기술{number}" for number in range(9))) for code in CODES)
    for language in LANGUAGES:
        assert len(told(*everything, language=language)) < 400
    assert "기술0, 기술1, 기술2 등을 갖추었고" in told(*everything)


def test_one_thing_said_twice_is_said_once() -> None:
    assert told(("skill.found", ("엑셀",)), ("skill.found", ("엑셀", "SQL"))) == "엑셀과 SQL을 갖추었습니다."


def test_what_is_named_as_a_skill_is_not_said_again_as_a_word_of_both() -> None:
    skill: tuple[ReasonCode, tuple[str, ...]] = ("skill.found", ("Excel", "CNC 7"))
    assert told(skill, ("text.shared", ("excel", "cnc"))) == "Excel과 CNC 7을 갖추었습니다."
    assert told(skill, ("text.shared", ("excel", "도면")), language="en") == (
        "They have Excel and CNC 7 and their profile and the posting both speak of 도면."
    )


def test_every_code_has_its_place_and_its_words() -> None:
    assert sorted((*SPEAKS_FOR, *ASKS_CARE)) == sorted(CODES)
    for language in LANGUAGES:
        assert {f"reason.{code}" for code in CODES} <= sentences(language).keys()


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
def test_any_reasons_make_one_sentence(language: Language, data: st.DataObject) -> None:
    terms = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)
    reason = st.builds(Reason, code=st.sampled_from(CODES), terms=st.lists(terms, max_size=4).map(tuple))
    spoken = spoken_reason(data.draw(st.lists(reason, max_size=8)), language)
    assert spoken.endswith(".")
    assert "{" not in spoken
    assert "\n" not in spoken


def test_a_near_miss_names_the_gate_it_fails_by() -> None:
    assert would_fit_but_for("commute", "ko") == "통근권만 맞으면 추천할 수 있는 짝입니다."
    assert would_fit_but_for("commute", "en") == "They would fit but for the commuting area."


def test_what_is_no_match_says_why() -> None:
    shut: tuple[GateName, ...] = ("employment_type", "certificate")
    assert no_match("shut_out", shut, "ko") == "고용형태와 자격증이 맞지 않아 추천할 수 없습니다."
    assert no_match("shut_out", shut, "en") == (
        "They cannot be put forward because of the employment type and the certificate."
    )
    assert no_match("not_enough_data", (), "ko") == "자료가 부족해 점수를 낼 수 없습니다."
