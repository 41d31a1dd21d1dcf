"""Laws of the plan that hold for any entries."""

from hypothesis import given
from hypothesis import strategies as st

from services.registry.plan.contradictions import contradictions
from services.registry.plan.derived import budget, figure, money, opened, openings
from services.registry.plan.entries import (
    AnyEntry,
    Budget,
    Event,
    Milestone,
    Noted,
    OpeningSummary,
    Part,
    Statement,
    Target,
)

YEARS, COUNTS = st.integers(2015, 2018), st.integers(0, 300)
QUARTERS = st.integers(1, 4)
SOURCE = st.sampled_from(["계획", "보도"])
WITH = st.sampled_from(["직영", "자치구", "대학", "민간", None])
PARTS = st.lists(st.builds(Part, count=COUNTS, partnership=WITH), max_size=3).map(tuple)
FIGURES = st.sampled_from(["openings.2016", "openings.2016-Q2", "budget_planned.total", "participation.press"])
ENTRIES: st.SearchStrategy[AnyEntry] = st.one_of(
    st.builds(Target, year=YEARS, count=COUNTS, source=SOURCE),
    st.builds(Milestone, year=YEARS, quarter=QUARTERS | st.none(), count=COUNTS, parts=PARTS, source=SOURCE),
    st.builds(
        OpeningSummary, year=YEARS, quarter=QUARTERS, count=COUNTS, heading=WITH, parts=PARTS, source=SOURCE
    ),
    st.builds(
        Budget,
        stage=st.sampled_from(["planned", "executed"]), term=st.sampled_from(["in", "after"]), year=YEARS,
        million_won=COUNTS, fund=st.sampled_from(["시비", "국비"]), source=SOURCE,
    ),
    st.builds(
        Event, type=st.sampled_from(["press", "survey"]), title=st.just("x"), asked=COUNTS | st.none(), source=SOURCE
    ),
    COUNTS.flatmap(lambda value: st.builds(Statement, figure=FIGURES, value=st.just(value), source=SOURCE)),
    st.builds(Statement, figure=FIGURES, value=st.none(), dash=st.just(True), source=SOURCE),
)  # fmt: skip
LEDGERS = st.lists(ENTRIES, max_size=12).map(
    lambda held: [Noted(ref=f"entry-{number}", revision=1, facts=facts) for number, facts in enumerate(held)]
)


@given(LEDGERS)
def test_the_parts_of_every_total_add_up_to_it(ledger: list[Noted]) -> None:
    assert sum(line.actual.value or 0 for line in openings(ledger)) == (opened(ledger).value or 0)
    planned = [line.planned.value or 0 for line in budget(ledger) if line.term == "in"]
    assert sum(planned) == (money(ledger, "planned").value or 0)


@given(LEDGERS.flatmap(lambda held: st.tuples(st.just(held), st.permutations(held))))
def test_contradictions_do_not_depend_on_the_order_of_entries(ledgers: tuple[list[Noted], list[Noted]]) -> None:
    assert contradictions(ledgers[0]) == contradictions(ledgers[1])


@given(LEDGERS, FIGURES)
def test_a_statement_that_agrees_with_the_log_makes_no_contradiction(ledger: list[Noted], name: str) -> None:
    value = figure(ledger, name).value
    agreeing = Statement(figure=name, value=value, dash=value is None, source="계획")
    assert contradictions([*ledger, Noted(ref="new", revision=1, facts=agreeing)]) == contradictions(ledger)


@given(LEDGERS, PARTS)
def test_a_total_of_its_own_parts_makes_no_contradiction(ledger: list[Noted], parts: tuple[Part, ...]) -> None:
    whole = Milestone(year=2030, count=sum(part.count for part in parts), parts=parts, source="계획")
    assert contradictions([*ledger, Noted(ref="new", revision=1, facts=whole)]) == contradictions(ledger)
