"""When is something told? Windows, quiet hours and waits, held to their laws at any instant."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.delivery.quiet_hours import first_chance, is_night
from services.notify.delivery.retries import PATIENCE, wait_after, widest_wait
from services.notify.delivery.windows import CADENCES, Cadence, window_of
from shared.clock import KST

INSTANTS = st.integers(946_684_800, 4_102_444_799).map(lambda second: datetime.fromtimestamp(second, UTC))
LEAP_AND_TURN = [date(2024, 2, 29), date(2028, 2, 28), date(2027, 12, 31)]
EDGES = st.builds(
    lambda day, hour, off: datetime(day.year, day.month, day.day, hour, tzinfo=KST) + off,
    st.dates(date(2000, 1, 1), date(2099, 12, 30)) | st.sampled_from(LEAP_AND_TURN),
    st.sampled_from([0, 8, 9, 21, 23]),
    st.sampled_from([timedelta(microseconds=-1), timedelta(0), timedelta(microseconds=1)]),
)
ANY = INSTANTS | EDGES


@given(st.sampled_from(CADENCES), ANY)
def test_every_instant_lies_in_exactly_one_window(cadence: Cadence, instant: datetime) -> None:
    window = window_of(cadence, instant)
    assert instant in window
    before, after = (
        window_of(cadence, window.opens_at - timedelta(microseconds=1)),
        window_of(cadence, window.closes_at),
    )
    assert (before.closes_at, after.opens_at) == (window.opens_at, window.closes_at)
    assert instant not in before
    assert instant not in after


@given(st.sampled_from(CADENCES), ANY, ANY)
def test_two_instants_share_a_window_or_keep_their_order(cadence: Cadence, one: datetime, other: datetime) -> None:
    first, second = window_of(cadence, min(one, other)), window_of(cadence, max(one, other))
    assert first == second or first.closes_at <= second.opens_at


@given(ANY)
def test_long_windows_close_at_eight_in_the_morning(instant: datetime) -> None:
    assert window_of("daily", instant).closes_at.astimezone(KST).time() == time(8)
    assert window_of("weekly", instant).closes_at.astimezone(KST).strftime("%a %H:%M") == "Mon 08:00"


@given(st.sampled_from(["service", "advert"]), ANY, st.booleans())
def test_nothing_unwanted_goes_at_night(rule_class: str, instant: datetime, at_night: bool) -> None:
    chance = first_chance(rule_class, instant, at_night=at_night)  # type: ignore[arg-type]
    assert chance >= instant
    if rule_class == "advert" or not at_night:
        assert not is_night(chance)
        assert chance == instant or chance.astimezone(KST).time() == time(8)
        assert chance - instant <= timedelta(hours=11)
    else:
        assert chance == instant


@pytest.mark.parametrize(
    ("hour", "minute", "second", "night"),
    [(20, 59, 59, False), (21, 0, 0, True), (23, 59, 59, True), (0, 0, 0, True), (7, 59, 59, True), (8, 0, 0, False)],
)
def test_the_edges_of_the_night(hour: int, minute: int, second: int, night: bool) -> None:
    assert is_night(datetime(2026, 11, 29, hour, minute, second, tzinfo=KST)) == night


@given(st.sampled_from(sorted(PATIENCE)), st.integers(1, 10_000))
def test_waits_grow_and_never_beyond_the_longest(channel: str, attempts: int) -> None:
    patience = PATIENCE[channel]
    assert widest_wait(patience, attempts) <= widest_wait(patience, attempts + 1) <= patience.longest
    assert timedelta(0) <= wait_after(patience, attempts) <= widest_wait(patience, attempts)
