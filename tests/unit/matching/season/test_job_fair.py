"""The fair's rounds: nobody in two places at once, and not one round more than needed."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.matching.season.job_fair import Meeting, rounds, tables

meetings = st.lists(st.builds(Meeting, st.integers(0, 7), st.integers(0, 7)), max_size=40)


@given(meetings)
def test_nobody_is_in_two_places_at_once_and_no_round_is_wasted(asked: list[Meeting]) -> None:
    held = rounds(asked)
    assert len({(meeting.seeker, when) for meeting, when in zip(asked, held, strict=True)}) == len(asked)
    assert len({(meeting.table, when) for meeting, when in zip(asked, held, strict=True)}) == len(asked)
    busiest = max([*Counter(m.seeker for m in asked).values(), *Counter(m.table for m in asked).values()], default=0)
    assert max(held, default=-1) + 1 == busiest


def test_a_firm_with_two_tables_sees_twice_as_many_in_a_round() -> None:
    one_table, two_tables = (tables(range(6), [0] * 6, each) for each in (1, 2))
    assert max(rounds(one_table)) + 1 == 6
    assert max(rounds(two_tables)) + 1 == 3
