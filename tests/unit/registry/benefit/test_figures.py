"""Every figure of the benefit report beside a recount that knows nothing of it, over random lives of pairs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.benefit.figures import BY_NAME, KEY, MEASURES, behind, one_figure
from services.registry.benefit.pairs import Pair, Period, Quarter, wage_fits
from services.registry.benefit.report import Scope, reported
from services.registry.orders.life_cycle import months_after
from services.registry.orders.referral_states import MOVES, State
from shared.contracts import Money

TODAY = date(2026, 11, 29)
PERIOD = Period(Quarter(2026, 1), Quarter(2026, 3))
RETAINED = {1: "retained_1_month", 3: "retained_3_months", 6: "retained_6_months"}
AGENCIES = (None, UUID(int=3_000), UUID(int=3_001))
CAFES = {None: "", UUID(int=4_000): "서울 마포구", UUID(int=4_001): "서울 마포구", UUID(int=4_002): "서울 종로구"}
NEXT: dict[State, list[State]] = {}
for move in MOVES:
    for source in move.sources:
        NEXT.setdefault(source, []).append(move.to)
NEXT["consented"].append("referred")
for waiting in ("referred", "interview", "result_due"):
    NEXT[waiting].append("unanswered" if waiting == "result_due" else "result_due")
for at_work in ("hired", "retained_1_month", "retained_3_months"):
    NEXT[at_work] += ["retained_3_months", "retained_6_months"]


@st.composite
def a_pair(draw: st.DrawFn, number: int) -> Pair:
    """A walk over the states that may follow one another, each on a day."""
    state: State = ""
    day = date(2025, 11, 1) + timedelta(draw(st.integers(0, 300)))
    path: list[tuple[State, date]] = []
    started: date | None = None
    ended: date | None = None
    for _ in range(draw(st.integers(0, 9))):
        following = NEXT.get(state, [])
        if not following:
            break
        state = draw(st.sampled_from(following))
        day += timedelta(draw(st.integers(0, 40)))
        path.append((state, day))
        if state == "hired":
            started = day + timedelta(draw(st.integers(-2, 10)))
        if state == "left":
            ended = day
    return Pair(
        UUID(int=number + 1), UUID(int=1_000 + draw(st.integers(0, 3))), UUID(int=2_000 + draw(st.integers(0, 3))),
        state, tuple(path), draw(st.sampled_from(list(CAFES))), agency_id=draw(st.sampled_from(AGENCIES)),
        started_on=started, ended_on=ended, wage_fits=draw(st.sampled_from([None, True, False])),
    )  # fmt: skip


PAIRS = st.integers(0, 12).flatmap(lambda count: st.tuples(*(a_pair(number) for number in range(count))))


def day_of(pair: Pair, *states: str) -> date | None:
    days = [day for state, day in pair.path if state in states]
    return min(days) if days else None


def in_period(day: date | None) -> bool:
    return day is not None and date(2026, 1, 1) <= day <= date(2026, 9, 30)


def came(pair: Pair, *states: str) -> bool:
    return day_of(pair, *states) is not None


def counted(pairs: Any, key: str, *states: str) -> set[UUID]:
    return {getattr(p, key) for p in pairs if in_period(day_of(p, *states)) and getattr(p, key) is not None}


def shared_out(pairs: Any, key: str, chosen: Callable[[Pair], bool], told: Callable[[Pair], bool | None]) -> Any:
    """Numerator, denominator and unknown, by asking each one in turn."""
    yes, known, unknown = 0, 0, 0
    for one in {getattr(pair, key) for pair in pairs if chosen(pair)}:
        answers = [told(pair) for pair in pairs if chosen(pair) and getattr(pair, key) == one]
        if True in answers:
            yes, known = yes + 1, known + 1
        elif None in answers:
            unknown += 1
        else:
            known += 1
    return yes, known, unknown


def middle(pairs: Any, until: str, *since: str) -> Any:
    days = sorted(
        (day_of(p, until) - day_of(p, *since)).days  # type: ignore[operator]
        for p in pairs
        if in_period(day_of(p, until)) and came(p, *since)
    )
    if not days:
        return None, 0
    half = len(days) // 2
    return (days[half] if len(days) % 2 else Fraction(days[half - 1] + days[half], 2)), len(days)


WAITED = ("referred", "interview", "no_show", "result_due", "unanswered")
TAKEN = ("proposed", "agreed", "consented")


def result(pair: Pair) -> bool | None:
    return True if came(pair, "hired") else None if pair.state in WAITED else False


def owed(pair: Pair) -> bool:
    ended = came(pair, "hired", "not_hired", "unanswered") or pair.state in WAITED
    return in_period(day_of(pair, "referred")) and ended


def answered(pair: Pair) -> bool | None:
    return True if came(pair, "hired", "not_hired") else False if came(pair, "unanswered") else None


def in_time(pair: Pair) -> bool | None:
    return False if came(pair, "unanswered") else answered(pair)


def long_ago(pair: Pair, months: int) -> bool:
    return in_period(day_of(pair, "hired")) and months_after(pair.started_on, months) <= TODAY  # type: ignore[arg-type]


def kept(pair: Pair, months: int) -> bool | None:
    if came(pair, *(state for month, state in RETAINED.items() if month >= months)):
        return True
    return None if pair.ended_on is None else pair.ended_on >= months_after(pair.started_on, months)  # type: ignore[arg-type]


def referred(pair: Pair) -> bool:
    return in_period(day_of(pair, "referred"))


def taken(pair: Pair) -> bool:
    return in_period(day_of(pair, *TAKEN))


SHARES: dict[str, tuple[str, Callable[[Pair], bool], Callable[[Pair], bool | None]]] = {
    "people_hired": ("seeker_id", referred, result),
    "postings_hired": ("posting_id", referred, result),
    "applicants_answered": ("referral_id", owed, answered),
    "answered_in_time": ("referral_id", owed, in_time),
    "wage_as_wished": ("referral_id", lambda p: in_period(day_of(p, "hired")), lambda p: p.wage_fits),
    "no_shows": (
        "referral_id",
        lambda p: in_period(day_of(p, "interview", "no_show")),
        lambda p: True if came(p, "no_show") else False if came(p, "hired", "not_hired") else None,
    ),
    "postings_came_to_referral": (
        "posting_id",
        taken,
        lambda p: True if came(p, "referred") else None if p.state in (*TAKEN, "postponed") else False,
    ),
    "proposals_agreed": (
        "referral_id",
        lambda p: in_period(day_of(p, "proposed")),
        lambda p: True if came(p, "agreed", "consented", "referred") else False if came(p, "declined") else None,
    ),
    **{
        f"retained_{months}": ("referral_id", lambda p, m=months: long_ago(p, m), lambda p, m=months: kept(p, m))  # type: ignore[misc]
        for months in RETAINED
    },
}
COUNTS = {
    "people_proposed": ("seeker_id", *TAKEN),
    "people_referred": ("seeker_id", "referred"),
    "postings_referred": ("posting_id", "referred"),
    "agencies_referred": ("agency_id", "referred"),
    "postings_proposed": ("posting_id", *TAKEN),
    "pairs_hired": ("referral_id", "hired"),
}
MEDIANS = {
    "days_to_referral": ("referred", *TAKEN),
    "days_to_interview": ("interview", "referred"),
    "days_to_hire": ("hired", *TAKEN),
    "days_referral_to_hire": ("hired", "referred"),
    "days_posting_to_hire": ("hired", *TAKEN),
}


def test_every_figure_is_recounted() -> None:
    assert {*SHARES, *COUNTS, *MEDIANS, "referred_per_hire"} == set(BY_NAME)


@settings(max_examples=300, deadline=None)
@given(PAIRS)
def test_each_figure_is_what_a_recount_comes_to(pairs: tuple[Pair, ...]) -> None:
    for name, (key, chosen, told) in SHARES.items():
        figure, (yes, known, unknown) = one_figure(name, pairs, PERIOD, TODAY), shared_out(pairs, key, chosen, told)
        assert (figure.numerator or 0, figure.denominator or 0, figure.unknown) == (yes, known, unknown), name
        assert figure.value == (yes / known if known else None), name
        assert [row.adds for row in figure.rows].count(None) == unknown
    for name, (key, *states) in COUNTS.items():
        figure, found = one_figure(name, pairs, PERIOD, TODAY), counted(pairs, key, *states)
        anything = any(in_period(day) for pair in pairs for _, day in pair.path)
        assert figure.numerator == (len(found) if anything else None), name
        assert {row.id for row in figure.rows} == {str(one) for one in found}
    for name, (until, *since) in MEDIANS.items():
        figure, (value, count) = one_figure(name, pairs, PERIOD, TODAY), middle(pairs, until, *since)
        assert (figure.value, figure.denominator or 0) == (value, count), name


@settings(max_examples=200, deadline=None)
@given(PAIRS)
def test_referrals_for_one_hire(pairs: tuple[Pair, ...]) -> None:
    known = [p for p in pairs if referred(p) and came(p, "hired", "not_hired")]
    hired = [p for p in known if came(p, "hired")]
    assert one_figure("referred_per_hire", pairs, PERIOD, TODAY).value == (len(known) / len(hired) if hired else None)


@settings(max_examples=200, deadline=None)
@given(PAIRS)
def test_every_number_comes_down_to_rows_that_add_up_to_it(pairs: tuple[Pair, ...]) -> None:
    for name in BY_NAME:
        figure = one_figure(name, pairs, PERIOD, TODAY)
        added = [row.adds for row in figure.rows if row.adds is not None]
        if name == "referred_per_hire":
            assert (len(added), sum(added)) == (figure.numerator or 0, figure.denominator or 0)
        elif figure.unit == "days":
            assert len(added) == (figure.denominator or 0)
        else:
            assert sum(added) == (figure.numerator or 0)
        assert all(of for _, of in behind(pairs, figure.rows)), "a row without a pair"


@settings(max_examples=200, deadline=None)
@given(PAIRS)
def test_a_line_of_the_report_is_the_figure_of_its_pairs_alone(pairs: tuple[Pair, ...]) -> None:
    placed = [replace(pair, district=CAFES[pair.cafe_id]) for pair in pairs]
    report = reported(placed, Scope(PERIOD), TODAY, {cafe: f"{cafe}" for cafe in CAFES if cafe})
    assert {name.name for names in report.parties.values() for name in names} == set(BY_NAME)
    for figures in report.parties.values():
        assert list(figures) == [one_figure(each.name, placed, PERIOD, TODAY) for each in figures]
    for quarter, line in zip(PERIOD.quarters, report.lines["quarter"], strict=True):
        assert list(line.figures) == [one_figure(name, placed, Period(quarter, quarter), TODAY) for name in KEY]
    for line in report.lines["cafe"]:
        own = [pair for pair in placed if f"{pair.cafe_id}" == line.asked["cafe"]]
        assert list(line.figures) == [one_figure(name, own, PERIOD, TODAY) for name in KEY]
    for line in report.lines["district"]:
        own = [pair for pair in placed if pair.district == line.name]
        assert list(line.figures) == [one_figure(name, own, PERIOD, TODAY) for name in KEY]


@settings(max_examples=100, deadline=None)
@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_pairs_changes_nothing(pairs: tuple[Pair, ...], random: Any) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)
    for name in BY_NAME:
        assert one_figure(name, pairs, PERIOD, TODAY) == one_figure(name, shuffled, PERIOD, TODAY)


def test_nothing_noted_is_no_data_and_never_zero() -> None:
    for measures in MEASURES.values():
        for measure in measures:
            assert one_figure(measure.name, [], PERIOD, TODAY).value is None


def test_who_nobody_asked_is_not_measured_rather_than_gone() -> None:
    hired = date(2026, 2, 2)
    silent = Pair(UUID(int=1), UUID(int=2), UUID(int=3), "hired", (("hired", hired),), started_on=hired)
    stayed = Pair(UUID(int=4), UUID(int=5), UUID(int=3), "retained_3_months",
                  (("hired", hired), ("retained_3_months", date(2026, 6, 1))), started_on=hired)  # fmt: skip
    figure = one_figure("retained_3", [silent, stayed], PERIOD, TODAY)
    assert (figure.numerator, figure.denominator, figure.unknown, figure.value) == (1, 1, 1, 1.0)
    assert one_figure("retained_6", [silent], PERIOD, TODAY).value is None


@pytest.mark.parametrize(
    ("offered", "wished", "fits"),
    [
        (Money(unit="hour", minimum=12_000), Money(unit="hour", minimum=12_000), True),
        (Money(unit="hour", minimum=11_999), Money(unit="hour", minimum=12_000), False),
        (Money(unit="hour", minimum=11_000, maximum=13_000), Money(unit="hour", minimum=12_000), None),
        (Money(unit="month", minimum=2_500_000), Money(unit="hour", minimum=12_000), None),
        (None, Money(unit="hour", minimum=12_000), None),
        (Money(unit="hour", minimum=12_000), None, None),
    ],
)
def test_a_wage_is_compared_only_where_it_can_be(
    offered: Money | None, wished: Money | None, fits: bool | None
) -> None:
    assert wage_fits(offered, wished) is fits


def test_quarters_of_days() -> None:
    assert [str(Quarter.of(date(2026, month, 1))) for month in (1, 3, 4, 12)] == [
        "2026-Q1", "2026-Q1", "2026-Q2", "2026-Q4",
    ]  # fmt: skip
    assert str(Quarter(2026, 1).back(1)) == "2025-Q4"
    assert len(Period(Quarter(2025, 4), Quarter(2026, 4)).quarters) == 5
