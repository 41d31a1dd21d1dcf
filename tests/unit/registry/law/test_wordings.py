"""Which wordings are found, and which are not: a table of sentences written for it."""

import csv
from datetime import date
from pathlib import Path

import pytest

from services.registry.law.lint import lint

TODAY = date(2026, 11, 24)
CASES = list(csv.DictReader((Path(__file__).parent / "wordings.csv").read_text("utf-8").splitlines()))


def categories(text: str) -> list[str]:
    return sorted({found.category for found in lint(text, on=TODAY)})


def test_the_table_is_large_and_has_every_kind():
    assert len(CASES) >= 150
    assert {case["kind"] for case in CASES} == {"found", "negated", "lawful", "trap"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}: {case['text']}")
def test_a_wording(case: dict[str, str]):
    assert categories(case["text"]) == sorted(case["categories"].split())


def test_three_findings_with_articles():
    found = lint("용모단정 여직원 30세 이하", on=TODAY)

    assert [(each.category, each.words) for each in found] == [
        ("looks", ("용모단정",)),
        ("age", ("30세 이하",)),
        ("sex", ("여직원",)),
    ]
    assert all("조" in each.article.ko and "art." in each.article.en for each in found)


def test_words_are_given_with_their_place():
    text = "카페 직원을 모십니다.\n남자만 지원"
    (found,) = lint(text, on=TODAY)
    place = found.found[0]

    assert text[place.start : place.end] == place.words == "남자만"
    assert place.where == "text"


def test_a_negation_elsewhere_excuses_nothing():
    assert categories("여직원 모집, 학력 무관") == ["sex"]
    assert categories("학력 무관, 나이 30세 이하") == ["age"]


def test_hidden_letters_hide_nothing():
    assert categories("여\u200b직원 모집") == ["sex"]
    assert categories("３０세 이하") == ["age"]
