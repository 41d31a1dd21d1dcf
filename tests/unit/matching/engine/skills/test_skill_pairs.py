"""Same, related or different: what a counselor would say of two terms, and by which rule we say it."""

import csv
from pathlib import Path

import pytest

from services.matching.engine.skills.comparison import compare


def _pairs(name: str) -> list[tuple[str, str, str]]:
    lines = Path(__file__).with_name(name).read_text("utf-8").splitlines()
    return [(row["relation"], row["a"], row["b"]) for row in csv.DictReader(lines, delimiter="\t")]


PAIRS = _pairs("skill_pairs.tsv")
HELD_OUT = _pairs("skill_pairs_held_out.tsv")
"""Written before anyone looked at what we say of them, and of no influence on rules and table: add none that fails."""


@pytest.mark.parametrize(("relation", "a", "b"), PAIRS, ids=lambda value: value)
def test_what_two_terms_are_to_each_other(relation: str, a: str, b: str) -> None:
    verdict = compare(a, b)
    assert (verdict.relation, compare(b, a)) == (relation, verdict)
    assert (verdict.likeness > 0) is (relation != "different")


@pytest.mark.parametrize(
    ("a", "b", "rule"),
    [
        ("", "C", "nothing written"),
        ("java", "JAVA", "identical"),
        ("자바", "Java", "alias"),
        ("엑셀 활용 가능", "Excel", "wording"),
        ("전기기사", "전기기능사", "level differs"),
        ("한국사 1급", "한국사 2급", "level differs"),
        ("컴활", "컴활 1급", "level unstated"),
        ("Java 17", "자바", "version unstated"),
        ("Java", "JavaScript", "known terms differ"),
        ("ISO 27001", "ISO 14001", "figures differ"),
        ("보안 정책", "security policy", "word for word"),
        ("파이썬 개발", "파이썬", "known term within"),
        ("쿠버네테스", "쿠버네티스", "typo"),
        ("스틸하트", "Steelhart", "transliteration"),
        ("조경사", "조리사", "nothing in common"),
    ],
)
def test_the_rule_that_decided_is_named(a: str, b: str, rule: str) -> None:
    assert compare(a, b).rule == rule


def test_enough_pairs_are_held() -> None:
    assert len({frozenset((a, b)) for _, a, b in PAIRS}) == len(PAIRS) >= 600


def test_held_out_pairs_are_seldom_taken_for_what_they_are_not() -> None:
    said = [(relation != "different", compare(a, b).relation != "different") for relation, a, b in HELD_OUT]
    alike, taken, both = (
        sum(of)
        for of in zip(*((is_alike, is_taken, is_alike and is_taken) for is_alike, is_taken in said), strict=True)
    )
    assert len(HELD_OUT) >= 200
    assert both / taken >= 0.98, "precision"
    assert both / alike >= 0.75, "recall; what is missed are words that the table does not know"
