"""Words that name the same work share a sense, in either language, and others do not."""

import csv
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.engine import text
from services.matching.engine.skills.senses import senses
from services.matching.engine.text import Document


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("자동차수리원", "차량정비원"),
        ("용접원", "welders"),
        ("배달", "delivery"),
        ("요리사", "chef"),
        ("판매원", "salesperson"),
        ("inspecting", "inspection"),
        ("휴대폰", "휴대전화"),
        ("선반공", "machinist"),
        ("청력검사", "audiology"),
        ("드론", "무인기"),
        ("cobbler", "shoe"),
        ("cobblers", "구두"),
        ("skycap", "baggage"),
        ("rn", "간호사"),
        ("우체부", "집배원"),
        ("추레라", "트레일러"),
        ("노가다", "막일꾼"),
        ("뻥끼공", "painter"),
    ],
)
def test_the_same_work_under_another_name(one: str, other: str) -> None:
    assert set(senses(one)) & set(senses(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("용접", "배송"), ("nurse", "driver"), ("cobbler", "baggage"), ("간호사", "요리사"), ("제빵", "빵")],
)
def test_other_work_shares_no_sense(one: str, other: str) -> None:
    assert not set(senses(one)) & set(senses(other))


def test_a_compound_speaks_of_all_that_is_in_it_and_an_unknown_word_of_nothing() -> None:
    assert set(senses("지게차운전원")) == {*senses("지게차"), *senses("운전원")} != set(senses("지게차"))
    assert senses("흐뭇") == senses("xyzzy") == senses("") == ()


def test_a_seeker_and_a_posting_in_other_words_are_alike() -> None:
    mechanic, welder = (
        text.rows([Document("", said)], text.neutral_frequencies()) for said in ("차량 정비", "금속 용접")
    )
    posting = text.rows([Document("Automobile repairer", "")], text.neutral_frequencies())
    assert (mechanic @ posting.T).toarray()[0, 0] > 0.1 > (welder @ posting.T).toarray()[0, 0]


@given(st.text(max_size=200))
def test_anything_may_be_asked_for(word: str) -> None:
    assert len(senses(word)) <= 2 * len(word)


def test_a_word_stands_once_in_a_sense_and_a_sense_has_another_word() -> None:
    table = files("services.matching.engine.skills").joinpath("senses.csv").read_text("utf-8").splitlines()
    for row in csv.DictReader(table):
        words = row["words"].split("|")
        assert len(words) == len(set(words)) > 1, row
        assert row["kind"] in {"doing", "person", "thing"}
        assert all(len(word) > 1 and word == word.casefold() and " " not in word for word in words), row


def test_a_gloss_tells_names_in_other_words() -> None:
    """No name is told by itself or stands twice in one gloss, and none is a word of every sentence."""
    table = files("services.matching.engine.skills").joinpath("glosses.csv").read_text("utf-8").splitlines()
    for row in csv.DictReader(table):
        plain, names = row["plainly"].split(), row["names"].split()
        assert plain, row
        assert names, row
        assert len({*plain, *names}) == len(plain) + len(names), row
        assert all(len(word) > 1 and word == word.casefold() and word.isalnum() for word in (*plain, *names)), row
        assert not {"or", "do", "he", "it", "is", "at", "no", "us", "me", "so", "his"} & set(names), row


def test_a_name_speaks_of_no_sense_twice() -> None:
    assert all(len(senses(name)) == len(set(senses(name))) for name in ("cobbler", "rn", "lineman", "zookeeper"))
