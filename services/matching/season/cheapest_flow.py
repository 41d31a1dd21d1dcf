"""Which flow through a network costs least? Whole numbers throughout, so that the answer is exact.

Cost scaling (Goldberg and Tarjan 1990): a flow may at first be off by so much an arc, then by an eighth of it, until it
is off by less than one part in all nodes, and then by nothing. Each time every arc that looks cheap is filled, and what
stands at a node that got more than it gave is pushed on over cheap arcs; where none is left the node's price falls.

Why not a library: the simplex method of SciPy's solver did not plan a city under its cafés' limits in 200 seconds, and
OR-Tools asks for another protobuf than OpenTelemetry does (docs/decisions/0034).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.matching.engine.compiling import compiled

Numbers = NDArray[np.int64]
FINER = 8
"""By how much each round is more exact than the one before. Eight was quicker than sixteen."""


class Arcs(NamedTuple):
    """Arcs between nodes that are counted from 0, in columns of one length."""

    tail: Numbers
    head: Numbers
    capacity: Numbers
    """At least 0."""
    cost: Numbers
    """Of one unit; below 0 where it pays."""


class _Ends(NamedTuple):
    """Both ends of every arc, node by node: at its tail one may push on, at its head push back."""

    first: Numbers
    """Where the ends of each node begin."""
    to: Numbers
    mate: Numbers
    """The other end of the same arc."""
    room: Numbers
    """How much more can go from here."""
    cost: Numbers
    """Times all nodes and one, so that an error of 1 is none."""


def cheapest_circulation(arcs: Arcs, nodes: int) -> Numbers:
    """How much goes over each arc, so that as much leaves each node as enters it and the sum of costs is least.

    Costs of all nodes together must stay below 2^62 in amount: a million nodes and costs of a million do by far.
    """
    ends, back = _both_ends(arcs, nodes)
    error = int(np.abs(ends.cost).max(initial=0))
    price = np.zeros(nodes, dtype=np.int64)
    while error > 1:
        error = max(1, error // FINER)
        _refine(ends, price, error)
    return ends.room[back]


def _both_ends(arcs: Arcs, nodes: int) -> tuple[_Ends, Numbers]:
    """And where the head of each arc is: what can be pushed back from there is what flows."""
    of = np.concatenate([arcs.tail, arcs.head])
    first = np.zeros(nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(of, minlength=nodes), out=first[1:])
    order = np.argsort(of, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    there, back = np.split(place, 2)
    to, mate, room, cost = (np.zeros(len(order), dtype=np.int64) for _ in range(4))
    to[there], to[back] = arcs.head, arcs.tail
    mate[there], mate[back] = back, there
    room[there] = arcs.capacity
    cost[there], cost[back] = arcs.cost * (nodes + 1), -arcs.cost * (nodes + 1)
    return _Ends(first, to, mate, room, cost), back


@compiled
def _refine(ends: Any, price: Any, error: int) -> None:
    """Make a flow in which no arc with room left costs less than `-error` at these prices."""
    first, to, mate, room, cost = ends
    excess = _fill_cheap_arcs(ends, price)
    nodes = len(price)
    at = first[:-1].copy()
    queue = np.empty(nodes, dtype=np.int64)
    waits = excess > 0
    begin, length = 0, 0
    for node in range(nodes):
        if waits[node]:
            queue[length] = node
            length += 1
    while length:
        node = queue[begin]
        begin, length = (begin + 1) % nodes, length - 1
        waits[node] = False
        while excess[node] > 0:
            if at[node] == first[node + 1]:
                price[node] = _dearest_that_leads_on(ends, price, node) - error
                at[node] = first[node]
            arc = at[node]
            other = to[arc]
            if room[arc] > 0 and cost[arc] + price[node] < price[other]:
                moved = min(excess[node], room[arc])
                room[arc] -= moved
                room[mate[arc]] += moved
                excess[node] -= moved
                excess[other] += moved
                if excess[other] > 0 and not waits[other]:
                    waits[other] = True
                    queue[(begin + length) % nodes] = other
                    length += 1
            if excess[node] > 0:
                at[node] += 1


@compiled
def _fill_cheap_arcs(ends: Any, price: Any) -> Any:
    """Returns how much more each node then gets than it gives."""
    first, to, mate, room, cost = ends
    excess = np.zeros(len(price), dtype=np.int64)
    for node in range(len(price)):
        for arc in range(first[node], first[node + 1]):
            other = to[arc]
            if room[arc] > 0 and cost[arc] + price[node] < price[other]:
                excess[node] -= room[arc]
                excess[other] += room[arc]
                room[mate[arc]] += room[arc]
                room[arc] = 0
    return excess


@compiled
def _dearest_that_leads_on(ends: Any, price: Any, node: int) -> int:
    """The price at which one of the node's arcs would cost nothing. It has one: what it got, it can give back."""
    first, to, _, room, cost = ends
    found = False
    best = 0
    for arc in range(first[node], first[node + 1]):
        if room[arc] > 0 and (not found or price[to[arc]] - cost[arc] > best):
            found, best = True, price[to[arc]] - cost[arc]
    return best
