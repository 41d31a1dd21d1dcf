"""The cheapest flow: what goes in comes out, nothing exceeds an arc, and no flow costs less."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from services.matching.season.cheapest_flow import Arcs, cheapest_circulation


@st.composite
def networks(draw: st.DrawFn) -> tuple[Arcs, int]:
    """Any network: loops, arcs side by side, arcs without room, costs of both signs."""
    nodes = draw(st.integers(1, 12))
    one = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1), st.integers(0, 5), st.integers(-50, 50))
    rows = draw(st.lists(one, max_size=40))
    return Arcs(*np.array(rows, dtype=np.int64).reshape(-1, 4).T.copy()), nodes


def least_cost(arcs: Arcs, nodes: int) -> float:
    """By the simplex method."""
    if not len(arcs.tail):
        return 0.0
    balance, each = np.zeros((nodes, len(arcs.tail))), np.arange(len(arcs.tail))
    np.add.at(balance, (arcs.tail, each), 1)
    np.add.at(balance, (arcs.head, each), -1)
    bounds = np.column_stack([np.zeros_like(arcs.capacity), arcs.capacity])
    return float(linprog(arcs.cost, A_eq=balance, b_eq=np.zeros(nodes), bounds=bounds, method="highs-ds").fun)


def is_a_flow(flow: np.ndarray, arcs: Arcs, nodes: int) -> bool:
    leaves, enters = (np.bincount(side, weights=flow, minlength=nodes) for side in (arcs.tail, arcs.head))
    return bool((flow >= 0).all() and (flow <= arcs.capacity).all() and (leaves == enters).all())


@given(networks())
@settings(max_examples=300, deadline=None)
def test_no_flow_costs_less(network: tuple[Arcs, int]) -> None:
    arcs, nodes = network
    flow = cheapest_circulation(arcs, nodes)
    assert is_a_flow(flow, arcs, nodes)
    assert int((flow * arcs.cost).sum()) == round(least_cost(arcs, nodes))


def test_a_city_small_enough_for_the_simplex_method() -> None:
    """Three hundred who each wish twenty of sixty, through five doors of unlike width."""
    chance = np.random.default_rng(5)
    wishes = np.array([(one, 300 + other) for one in range(300) for other in chance.choice(60, 20, replace=False)])
    seekers, postings, doors = np.arange(300), 300 + np.arange(60), 360 + np.arange(5)
    arcs = Arcs(
        np.concatenate([wishes[:, 0], doors[seekers % 5], postings, np.full(5, 365)]),
        np.concatenate([wishes[:, 1], seekers, np.full(60, 365), doors]),
        np.concatenate([np.ones(6_000), np.full(300, 3), chance.integers(1, 9, 60), [10, 20, 40, 80, 160]]).astype(
            np.int64
        ),
        np.concatenate([-chance.integers(1, 10_000, 6_000), np.zeros(365)]).astype(np.int64),
    )
    flow = cheapest_circulation(arcs, 366)
    assert is_a_flow(flow, arcs, 366)
    assert int((flow * arcs.cost).sum()) == round(least_cost(arcs, 366))
