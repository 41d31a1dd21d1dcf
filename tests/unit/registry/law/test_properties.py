"""What holds for every text: the same answer twice, nothing lost by adding words, time in proportion to length."""

import csv
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.law.lint import lint
from services.registry.law.rules import shipped_rules
from services.registry.law.wording import MOST_PLACES, readable

TODAY = date(2026, 11, 24)
ROWS = list(csv.DictReader((Path(__file__).parent / "wordings.csv").read_text("utf-8").splitlines()))
FOUND = [row["text"] for row in ROWS if row["kind"] == "found"]
NEUTRAL = [
    "매장을 함께 꾸려 갈 동료를 찾습니다.",
    "근무지는 지하철역에서 가깝습니다.",
    "주 5일 근무하고 주말에는 쉽니다.",
    "문서를 작성하고 재고를 정리합니다.",
    "We look forward to your application.",
    "• 4대 보험 • 퇴직연금 • 점심 제공",
    "",
]
MORE_TEXT = st.lists(st.sampled_from(NEUTRAL), max_size=5).map("\n".join)


def rules_of(text: str) -> set[str]:
    return {found.rule for found in lint(text, on=TODAY)}


@given(st.text(max_size=300))
def test_any_text_is_read_alike_twice(text: str):
    assert lint(text, on=TODAY) == lint(text, on=TODAY) == lint(readable(text), on=TODAY)


@given(st.lists(st.sampled_from([row["text"] for row in ROWS]), max_size=4).map("\n".join))
def test_words_stand_where_they_are_said_to_stand(text: str):
    plain = readable(text)
    places = [(found, place) for found in lint(text, on=TODAY) for place in found.found]

    assert all(plain[place.start : place.end].strip() == place.words for _, place in places)


@given(before=MORE_TEXT, text=st.sampled_from(FOUND), after=MORE_TEXT)
def test_neutral_text_takes_no_finding_away(before: str, text: str, after: str):
    assert rules_of(text) <= rules_of(f"{before}\n{text}\n{after}")


@given(st.sampled_from(FOUND), st.sampled_from(FOUND))
def test_findings_of_two_texts_add_up(one: str, other: str):
    assert rules_of(one) | rules_of(other) <= rules_of(f"{one}\n{other}")


@given(MORE_TEXT)
def test_neutral_text_is_neutral(text: str):
    assert rules_of(text) == set()


@pytest.mark.parametrize(
    "piece",
    [
        "여직원 ",
        "여직원 휴게실 ",
        "만 35세 ~ ",
        "보증금 은 는 이 ",
        "키,체중,용모,성별,나이,",
        "수습 수습 수습 ",
        "매장을 함께 꾸려 갈 동료를 찾습니다.\n",
        "((((",
        '<a b="',
        "<a b ",
        "남남남여여여",
    ],
)
def test_time_grows_with_the_length_of_the_text_and_no_faster(piece: str):
    """Ten times the text may not take a hundred times as long: 40 leaves room for a noisy machine."""
    short, long = (piece * (length // len(piece)) for length in (30_000, 300_000))

    assert _least_seconds(long, 2) < 40 * max(_least_seconds(short, 3), 0.005)


def test_places_of_one_rule_are_limited():
    (found,) = lint("여직원\n" * 10_000, on=TODAY)

    assert len(found.found) == MOST_PLACES


def test_every_rule_about_words_is_in_the_table():
    spoken = {rule.id for rule in shipped_rules().rules if rule.sought and not rule.data.licences}

    assert spoken - {rule for text in FOUND for rule in rules_of(text)} == set()


def _least_seconds(text: str, times: int) -> float:
    taken = []
    for _ in range(times):
        begun = time.process_time()
        lint(text, on=TODAY)
        taken.append(time.process_time() - begun)
    return min(taken)
