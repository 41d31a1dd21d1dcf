"""Of all words that both sides use, those are said that tell something of this work."""

import math

from hypothesis import given
from hypothesis import strategies as st

from services.matching.engine.said_aloud import LEAST_TELLING, MOST_WORDS, said_aloud

RARE = LEAST_TELLING + 1


def said(words: str) -> list[str]:
    """What is said of words that all tell alike."""
    return said_aloud(words.split(), lambda _: RARE)


def test_what_stands_in_every_posting_is_not_said() -> None:
    assert said("또는 그리고 관리 업무 통해 기타 관련 자격증 경력 우대 and the experience") == []


def test_endings_of_verbs_and_bare_figures_are_not_said() -> None:
    assert (
        said("능동적인 많으신분 갖추신 갖고있어 즐겨보거나 놓치지 보유하신 생겨나고 포괄해야 유의해주세요 10ghz 3년 83")
        == []
    )


def test_nouns_that_look_like_endings_are_said() -> None:
    for noun in ("통신", "창고", "광고", "언어", "편지", "돼지", "자전거", "서포터즈", "지게차", "홍보", "영업실적"):
        assert said(noun) == [noun]


def test_a_widespread_word_is_not_said_and_rare_ones_come_first() -> None:
    telling = {"매장": LEAST_TELLING - 0.1, "제빵": RARE + 1, "커피": RARE, "원두": RARE}
    assert said_aloud(telling, telling.__getitem__) == ["제빵", "원두", "커피"]


def test_before_anything_is_known_of_words_all_may_be_said() -> None:
    assert said_aloud({"매장", "또는"}, lambda _: math.inf) == ["매장"]


def test_a_compound_is_said_instead_of_its_parts() -> None:
    telling = {"품질": RARE + 1, "품질경영기사": RARE, "경영": RARE, "용접": RARE}
    assert said_aloud(telling, telling.__getitem__) == ["품질경영기사", "용접"]


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 20)))
def test_the_same_few_words_are_said_in_whatever_order_they_come(telling: dict[str, float]) -> None:
    told = said_aloud(telling, telling.__getitem__)
    assert told == said_aloud(reversed(telling), telling.__getitem__)
    assert len(told) <= MOST_WORDS
    assert all(telling[word] >= LEAST_TELLING for word in told)
    assert not any(a != b and a in b for a in told for b in told)
