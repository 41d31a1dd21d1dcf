"""Which skills are the same, which look alike, and which must never be taken for each other."""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine

from services.matching.engine.skills.levels import split_grade
from services.matching.engine.skills.likeness import SAME, Vocabulary, likeness
from services.matching.engine.skills.terms import aliases, canonical, normalise, words
from tests.labelled_data import labelled
from tests.unit.matching.examples import a_posting, a_seeker, hear, said, started

ONE = [
    ("자바", "Java"), ("자바", "JAVA"), ("자바스크립트", "JavaScript"), ("자바스크립트", "자바 스크립트"),
    ("엑셀", "Excel"), ("엑셀", "MS 엑셀"), ("엑셀", "ＥＸＣＥＬ"), ("컴활", "컴퓨터활용능력"), ("React.js", "ReactJS"),
    ("리액트", "React"), ("Node.js", "NodeJS"), ("파워포인트", "PPT"), ("쿠버네티스", "k8s"),
    ("Spring Boot", "스프링부트"), ("요양보호사", "요양 보호사"),
    ("지게차운전기능사", "지게차 운전기능사"), ("postgres", "PostgreSQL"),
    ("데이터베이스", "데이타베이스"), ("프론트엔드", "프런트엔드"), ("포토샵", "포토숍"),
]  # fmt: skip
SLIPS = [
    ("파이선", "파이썬"), ("파이선", "Python"), ("엑샐", "엑셀"), ("쿠버네테스", "쿠버네티스"),
    ("바리스터", "바리스타"), ("Pyhton", "Python"), ("kubernets", "Kubernetes"),
    ("사회복찌사", "사회복지사"), ("재고관이사", "재고관이싸"),
]  # fmt: skip
STRANGERS = [
    ("자바", "자바스크립트"), ("Java", "JavaScript"), ("C", "C++"), ("C", "C#"), ("C++", "C#"), ("R", "React"),
    ("Go", "Google"), ("간호사", "간호조무사"), ("정보처리기사", "정보처리기능사"),
    ("정보처리기사", "정보처리산업기사"), ("전기기사", "전기기능사"), ("영어", "영업"), ("용접", "용역"),
    ("회계", "회의"), ("조리사", "조경사"),
    ("요양보호사", "요양병원"), ("SQL", "NoSQL"), ("MySQL", "MSSQL"), ("물리치료사", "작업치료사"),
    ("사회복지사", "사회조사분석사"), ("보육교사", "보육사"), ("경비원", "경비지도사"), ("세무사", "세무"),
    ("디자인", "디자이너"), ("nestjs", "nextjs"), ("awsecs", "awseks"), ("컴활 1급", "컴활 2급"), ("", "C"), ("·", "·"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), ONE)
def test_one_skill_written_in_two_ways(a: str, b: str) -> None:
    assert likeness(a, b) == likeness(b, a) == SAME


@pytest.mark.parametrize(("a", "b"), SLIPS)
def test_a_slip_of_the_hand_counts_almost_whole(a: str, b: str) -> None:
    assert SAME * 0.8 <= likeness(a, b) < SAME
    assert likeness(a, b) == likeness(b, a)


@pytest.mark.parametrize(("a", "b"), STRANGERS)
def test_different_skills_have_nothing_in_common(a: str, b: str) -> None:
    assert likeness(a, b) == likeness(b, a) == 0


def test_no_known_term_is_taken_for_another() -> None:
    terms = sorted(set(aliases().values()))
    vocabulary = Vocabulary()
    vocabulary.numbers(terms)
    alike = vocabulary.matrix().tocoo()
    pairs = {(terms[row], terms[column]) for row, column in zip(alike.row, alike.col, strict=True) if row != column}
    assert all(split_grade(a)[0] == split_grade(b)[0] for a, b in pairs)


def test_the_table_knows_a_thousand_terms_of_twenty_trades() -> None:
    rows = list(
        csv.DictReader(files("services.matching.engine.skills").joinpath("aliases.csv").read_text().splitlines())
    )
    assert len({normalise(row["term"]) for row in rows}) == len(rows) >= 1_000
    of_trade = Counter(row["trade"] for row in rows)
    assert sum(terms >= 20 for terms in of_trade.values()) >= 20
    both = Counter(row["trade"] for row in rows if _is_bilingual(row["term"] + row["aliases"]))
    assert sum(terms >= 15 for terms in both.values()) >= 20, "Korean and English"
    assert both.total() >= 2_000
    spelled = [normalise(way) for row in rows for way in (row["term"], *filter(None, row["aliases"].split("|")))]
    assert len(spelled) == len(set(spelled)), "a spelling stands twice"
    assert all(spelled)


def _is_bilingual(spelled: str) -> bool:
    return bool(re.search("[가-힣]", spelled) and re.search("[A-Za-z]", spelled))


def test_one_word_in_two_spellings_is_not_two_terms() -> None:
    """`modelling` and `modeling`, `centres` and `centers`; `Canvas` is no plural of `Canva`."""
    known = {spelled: term for spelled, term in aliases().items() if spelled.isascii() and len(spelled) > 4}
    american = {
        spelled: re.sub(r"isation", "ization", spelled.replace("lling", "ling").replace("centre", "center"))
        for spelled in known
    }
    pairs = [*((spelled, spelled[:-1]) for spelled in known if spelled.endswith("s")), *american.items()]
    twice = {(a, b) for a, b in pairs if known.get(b, known[a]) != known[a]}
    assert twice == {("canvas", "canva")}


def test_a_general_word_stands_for_one_english_word() -> None:
    rows = csv.DictReader(files("services.matching.engine.skills").joinpath("words.csv").read_text().splitlines())
    spelled = [normalise(way) for row in rows for way in (row["english"], *filter(None, row["others"].split("|")))]
    assert sorted(spelled) == sorted(words())


def test_a_vocabulary_says_what_the_pair_says_in_any_order() -> None:
    terms = sorted({normalise(term) for pair in (*ONE, *SLIPS, *STRANGERS) for term in pair} - {""})
    for order in (terms, terms[::-1]):
        vocabulary = Vocabulary()
        numbers = [vocabulary.number(canonical(term)) for term in order]
        told = vocabulary.matrix().toarray()
        for term, number in zip(order, numbers, strict=True):
            for other, number_of_other in zip(order, numbers, strict=True):
                assert told[number, number_of_other] == likeness(term, other), (term, other)


def test_the_signs_that_make_a_language_are_kept() -> None:
    assert normalise(" C ＋＋ / (v.17) ") == "c++v17"
    assert len({canonical(written) for written in ("C", "C++", "C#")}) == 3


def test_terms_of_any_script_are_taken_as_written() -> None:
    for term in ("Сварка", "経理", "ひらがな", "Ελληνικά", "हिन्दी", "การบัญชี", "العربية"):
        assert likeness(f" {term} ", term.upper()) == SAME
    assert likeness("カタカナ", "ｶﾀｶﾅ") == SAME
    for a, b in (
        ("Сварка", "Сварщик"),
        ("経理", "経営"),
        ("हिन्दी", "हिन्दू"),
        ("การ", "กาน"),
        ("Cварка", "Cvarka"),
        ("🙂", "🙂"),
    ):
        assert likeness(a, b) == 0


def _invented(count: int) -> list[str]:
    """Terms of this shape are unknown to every table, and no two of them are a slip apart."""
    syllables = "가나다라마바사아자차카타파하"
    base = len(syllables)
    return [
        "".join(syllables[number // base**place % base] for place in range(4)) + f"기{number}"
        for number in range(count)
    ]


def test_a_new_term_is_compared_with_few_however_many_are_known() -> None:
    vocabulary = Vocabulary()
    vocabulary.numbers([*_invented(20_000), *set(aliases().values())])
    before = vocabulary.compared
    vocabulary.numbers(["쿠버네테스", "Elastcsearch", "파이썬 개발", "컴활 1급", "전혀 새로운 낱말"])
    assert vocabulary.compared - before < 50
    vocabulary.numbers(["쿠버네테스", "Elastcsearch"])
    vocabulary.matrix()
    assert vocabulary.compared - before < 50


def _named() -> list[str]:
    rows = csv.DictReader(Path(__file__).with_name("skill_pairs.tsv").read_text().splitlines(), delimiter="\t")
    return [*sorted({row[side] for row in rows for side in "ab"})[::6], "pyhton", "pythno", "쿠버네테스"]


def _mistyped() -> list[str]:
    """Known spellings, each with a letter lost, doubled, swapped or wrong, or a word put to it."""
    draw = Random(3)
    terms = draw.sample(sorted(aliases()), 60)
    for spelled in list(terms):
        at = draw.randrange(len(spelled))
        other = draw.choice("가어디abz1+")
        terms += [
            spelled[:at] + spelled[at + 1 :],
            spelled[:at] + other + spelled[at + 1 :],
            spelled + draw.choice(("관리", "2급", "s")),
        ]
        terms.append(spelled[: at - 1] + spelled[at : at + 1] + spelled[at - 1 : at] + spelled[at + 1 :])
    return terms


def _real() -> list[str]:
    with (labelled("ko_postings") / "postings.jsonl").open(encoding="utf-8") as lines:
        written = {term for line in lines for term in json.loads(line).get("skills") or ()}
    return sorted(written)[::3]


@pytest.mark.parametrize("terms_of", [_named, _mistyped, _real])
def test_what_is_looked_up_misses_nothing_that_a_comparison_of_all_finds(terms_of: Callable[[], list[str]]) -> None:
    terms = sorted({canonical(term) for term in terms_of()} - {""})
    vocabulary = Vocabulary()
    numbers = [vocabulary.number(term) for term in terms]
    told = vocabulary.matrix().toarray()
    for term, number in zip(terms, numbers, strict=True):
        for other, number_of_other in zip(terms, numbers, strict=True):
            assert told[number, number_of_other] == likeness(term, other), (term, other)


def test_fuzzy_work_is_done_once_a_term_and_never_a_pair(engine: Engine) -> None:
    skills = ("쿠버네테스", "파이썬 개발", "Elastcsearch", "컴활 1급")
    matcher = started(engine)
    hear(matcher, engine, [a_seeker(1, skills=skills), a_posting(required_skills=("쿠버네티스", *skills))])
    vocabulary = matcher.index.vocabulary
    compared, known = vocabulary.compared, len(vocabulary)
    assert compared > 0
    hear(matcher, engine, [a_seeker(number, skills=skills) for number in range(2, 30)])
    assert len(said(engine)) > 1
    assert (vocabulary.compared, len(vocabulary)) == (compared, known), "28 more pairs, no more comparisons"


def test_very_long_and_odd_terms_are_bounded_work() -> None:
    vocabulary = Vocabulary()
    vocabulary.numbers(["가" * 10_000, "a" * 10_000, "가" * 9_999, "🙂🙂", "\x00\x07", "가a1+#" * 2_000])
    assert vocabulary.matrix().nnz == len(vocabulary)
