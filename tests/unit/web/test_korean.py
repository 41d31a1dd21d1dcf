"""Particles follow the last sound, of Korean words and of words that Korean reads as its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.korean import Word, listed, politely, with_particle


@pytest.mark.parametrize(
    ("word", "particle", "together"),
    [
        ("엑셀", "을/를", "엑셀을"),
        ("바리스타", "을/를", "바리스타를"),
        ("운전면허", "은/는", "운전면허는"),
        ("자격증", "이/가", "자격증이"),
        ("컴퓨터활용능력(1급)", "과/와", "컴퓨터활용능력(1급)과"),
        ("서울", "으로/로", "서울로"),
        ("부산", "으로/로", "부산으로"),
        ("Python", "을/를", "Python을"),
        ("Excel", "으로/로", "Excel로"),
        ("Java", "과/와", "Java와"),
        ("JavaScript", "을/를", "JavaScript를"),
        ("Docker", "은/는", "Docker는"),
        ("Spring", "이/가", "Spring이"),
        ("Photoshop", "을/를", "Photoshop을"),
        ("Git", "을/를", "Git을"),
        ("Slack", "을/를", "Slack을"),
        ("Oracle", "을/를", "Oracle을"),
        ("React", "을/를", "React를"),
        ("SQL", "을/를", "SQL을"),
        ("HTML", "은/는", "HTML은"),
        ("CSS", "은/는", "CSS는"),
        ("AWS", "이/가", "AWS가"),
        ("R", "을/를", "R을"),
        ("C++", "을/를", "C++를"),
        ("C#", "을/를", "C#을"),
        ("Node.js", "을/를", "Node.js를"),
        ("10", "을/를", "10을"),
        ("365", "을/를", "365를"),
        ("7", "으로/로", "7로"),
        ("“요리”", "을/를", "“요리”를"),
        ("🙂", "을/를", "🙂를"),
        ("", "을/를", "를"),
    ],
)
def test_a_word_takes_its_particle(word: str, particle: str, together: str) -> None:
    assert with_particle(word, particle) == together


@given(st.text(max_size=20), st.sampled_from(["은/는", "이/가", "을/를", "과/와", "으로/로"]))
def test_any_text_takes_one_of_the_two(word: str, particle: str) -> None:
    together = with_particle(word, particle)
    assert together.startswith(word)
    assert together[len(word) :] in particle.split("/")


@pytest.mark.parametrize(
    ("words", "row"),
    [
        (["엑셀"], "엑셀"),
        (["엑셀", "파이썬"], "엑셀과 파이썬"),
        (["라테", "엑셀", "파이썬"], "라테, 엑셀과 파이썬"),
        (["a", "b", "c", "d"], "a, b, c 등"),
        ([], ""),
    ],
)
def test_words_in_a_row(words: list[str], row: str) -> None:
    assert listed(words, 3) == row


def test_a_row_takes_its_particle() -> None:
    assert f"{listed(['엑셀', '파이썬'], 3):을/를}" == "엑셀과 파이썬을"
    assert f"{Word('엑셀')}" == "엑셀"


@pytest.mark.parametrize(
    ("stem", "ending"),
    [
        ("갖추었", "갖추었습니다"),
        ("희망하신 직종이", "희망하신 직종입니다"),
        ("비슷하", "비슷합니다"),
        ("가깝", "가깝습니다"),
        ("함께 나오", "함께 나옵니다"),
        ("모자라", "모자랍니다"),
    ],
)
def test_a_stem_is_closed_politely(stem: str, ending: str) -> None:
    assert politely(stem) == ending
