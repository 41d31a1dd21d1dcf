"""Every state × answer × party: either the one move that the table has, or a refusal with its reason."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, get_args
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.orders.referral_states import MOVES, Answered, Party, Periods, Standing, Word, stand, take
from shared.clock import KST
from shared.contracts.referrals import Answer, Decision, ReferralState

PERIODS = Periods(answer_days=14, result_days=7)
START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
ANSWERS = [*get_args(Decision), *get_args(Answer), "withdrawn"]
PARTIES = ("counselor", "seeker", "firm", "registry")
STATES: list[Any] = ["", *get_args(ReferralState)]
SPACE = UUID("0a9e7c1e-0000-4000-8000-000000000002")

# answer: by whom: from: to. Written by hand, apart from the table under test.
EXPECTED = """
accepted        c    . reopened withdrawn postponed              proposed
accepted        c    agreed                                      agreed
accepted        c    consented                                   referred
dismissed       c    . reopened withdrawn postponed agreed consented  dismissed
postponed       c    . reopened withdrawn postponed              postponed
undone          c    proposed dismissed postponed                reopened
agreed          cs   . reopened withdrawn proposed postponed declined  agreed
consented       cs   . reopened withdrawn proposed agreed        consented
declined        cs   . reopened withdrawn proposed postponed agreed consented referred interview no_show result_due unanswered  declined
interview_set   cf   referred interview no_show result_due unanswered  interview
no_show         cf   referred interview result_due unanswered    no_show
hired           cf   referred interview no_show result_due unanswered not_hired  hired
not_hired       cf   referred interview no_show result_due unanswered  not_hired
still_employed  csf  hired retained_1_month retained_3_months retained_6_months  retained_1_month
left            csf  hired retained_1_month retained_3_months retained_6_months  left
withdrawn       r    proposed postponed agreed consented referred interview no_show result_due unanswered  withdrawn
"""  # noqa: E501


def expected() -> dict[tuple[str, str, str], str]:
    moves = {}
    for line in EXPECTED.strip().splitlines():
        answer, parties, *sources, to = line.split()
        for party, source in product(PARTIES, sources):
            if party[0] in parties:
                moves[party, "" if source == "." else source, answer] = to
    return moves


def a_word(number: int, by: Party, answer: Answered, days: int = 0, **told: Any) -> Word:
    at = START + timedelta(days=days, minutes=number)
    return Word(uuid5(SPACE, f"{number}"), at, at.astimezone(KST).date(), by, answer, **told)


def standing_in(state: Any) -> Standing:
    return Standing(state=state, started_on=date(2026, 1, 2), cause="seeker_expired")


@pytest.mark.parametrize("answer", ANSWERS)
def test_each_word_moves_as_the_table_has_it_or_is_refused(answer: Any) -> None:
    told = {"consent_text": "2026-11", "on_day": date(2026, 3, 2), "until": date(2026, 3, 9)}
    parties = {each for move in MOVES if move.answer == answer for each in move.parties}
    for party, state in product(PARTIES, STATES):
        after = take(standing_in(state), a_word(1, party, answer, **told), PERIODS)
        wanted = expected().get((party, state, answer))
        if wanted is None:
            assert after == ("NOT_AT_THIS_STAGE" if party in parties else "NOT_BY_THIS_PARTY"), (party, state)
        else:
            assert isinstance(after, Standing)
            assert after.state == wanted, (party, state)


def came_to(*words: Word, day: date | None = None) -> Standing:
    return stand(words, day or words[-1].day, PERIODS)[0]


REFERRED = (
    a_word(1, "counselor", "accepted"),
    a_word(2, "seeker", "agreed"),
    a_word(3, "seeker", "consented", consent_text="2026-11"),
)


def test_a_consent_to_an_accepted_pair_is_a_referral() -> None:
    at = came_to(*REFERRED)
    assert [step.state for step in at.path] == ["proposed", "agreed", "consented", "referred"]
    assert at.due_on == date(2026, 3, 16)


def test_nobody_is_referred_whom_no_counselor_accepted() -> None:
    assert came_to(*REFERRED[1:]).state == "consented"


def test_time_alone_makes_a_result_due_and_then_gives_it_up() -> None:
    words = (*REFERRED, a_word(4, "firm", "interview_set", on_day=date(2026, 3, 9)))
    days = {day: came_to(*words, day=date(2026, 3, day)).state for day in (9, 10, 16, 17)}
    assert days == {9: "interview", 10: "result_due", 16: "result_due", 17: "unanswered"}
    assert came_to(*REFERRED, day=date(2026, 3, 17)).state == "result_due"
    assert came_to(*words, a_word(5, "firm", "hired", days=40)).state == "hired"


def test_a_postponed_pair_comes_back_on_its_day() -> None:
    word = a_word(1, "counselor", "postponed", until=date(2026, 3, 5))
    assert came_to(word, day=date(2026, 3, 4)).state == "postponed"
    assert came_to(word, day=date(2026, 3, 5)).state == "reopened"
    assert came_to(word, a_word(2, "counselor", "accepted", days=4)).state == "proposed"


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (date(2026, 4, 2), "retained_1_month"),
        (date(2026, 6, 1), "retained_1_month"),
        (date(2026, 6, 2), "retained_3_months"),
        (date(2026, 9, 2), "retained_6_months"),
    ],
)
def test_still_employed_counts_the_months_since_the_first_day(day: date, state: str) -> None:
    hired = a_word(4, "firm", "hired", on_day=date(2026, 3, 2))
    at = came_to(*REFERRED, hired, a_word(5, "seeker", "still_employed", days=300, on_day=day))
    assert at.state == state
    assert at.due_on == {"1": date(2026, 6, 2), "3": date(2026, 9, 2), "6": None}[state[9]]


def test_refusals_name_what_is_missing() -> None:
    hired = a_word(4, "firm", "hired")
    words = (
        a_word(5, "firm", "still_employed", days=20),
        a_word(6, "counselor", "undone", days=20),
    )
    refused = stand([*REFERRED, hired, *words], date(2026, 4, 1), PERIODS)[1]
    assert list(refused.values()) == ["TOO_EARLY", "OTHERS_ACTED"]
    assert take(standing_in("referred"), a_word(1, "firm", "interview_set"), PERIODS) == "DAY_MISSING"
    assert take(standing_in("proposed"), a_word(1, "seeker", "consented"), PERIODS) == "CONSENT_TEXT_MISSING"


def test_a_decision_is_taken_back_only_while_nobody_else_acted() -> None:
    accepted, undone = a_word(1, "counselor", "accepted"), a_word(3, "counselor", "undone")
    assert came_to(accepted, undone).state == "reopened"
    assert came_to(accepted, a_word(2, "seeker", "agreed"), undone).state == "agreed"


@st.composite
def some_words(draw: st.DrawFn) -> list[Word]:
    """A plausible start, then anything by anyone."""
    said: list[Word] = [*REFERRED[: draw(st.integers(0, 3))]]
    for number in range(4, 4 + draw(st.integers(0, 8))):
        by, answer = draw(st.sampled_from([(party, move.answer) for move in MOVES for party in sorted(move.parties)]))
        days = draw(st.integers(0, 60))
        on_day = date(2026, 3, 2) + timedelta(days=draw(st.integers(0, 90)))
        said.append(a_word(number, by, answer, days, on_day=on_day, until=on_day, consent_text="2026-11"))
    return said


@given(words=some_words(), data=st.data())
def test_the_order_in_which_words_are_heard_and_repeats_do_not_matter(words: list[Word], data: st.DataObject) -> None:
    again: Sequence[Word] = data.draw(st.lists(st.sampled_from(words), max_size=3)) if words else []
    shuffled = data.draw(st.permutations([*words, *again]))
    day = date(2026, 7, 1)
    assert stand(shuffled, day, PERIODS) == stand(words, day, PERIODS)
