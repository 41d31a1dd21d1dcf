"""Where should the next cafés go, so that most people come into reach? Maximum coverage, solved and measured.

The maximal covering location problem (Church and ReVelle 1974): choose at most `count` of the candidate sites so that
the weight of the demand within reach of one of them is greatest,

    maximise  sum_i w_i y_i   where  y_i <= sum of x_j over the sites j that reach i,  sum_j x_j <= count,
    x_j in {0, 1},  0 <= y_i <= 1.

What present cafés reach is no demand any more. Beside the solver's answer stand the greedy one, which is never below
1 - 1/e of the best (Nemhauser, Wolsey and Fisher 1978), and the mean of random choices.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load at their first use: a registry starts without them
from numpy.typing import NDArray

Reach = NDArray[np.bool_]
"""Sites in rows, demand in columns."""
Weights = NDArray[np.float64]
SEED = 20160225


class NoSolution(Exception):
    """The solver found no choice in the time it was given."""


@dataclass(frozen=True)
class Choice:
    """Sites by their number, in the order of what each adds, and the weight that comes into reach."""

    sites: tuple[int, ...]
    adds: tuple[float, ...]
    gained: float
    seconds: float
    bound: float | None = None
    """No choice whatever gains more; None where that was not proved."""

    @property
    def gap(self) -> float | None:
        """How much below the bound, as a share of it; 0 is proved best."""
        if self.bound is None:
            return None
        return max(0.0, (self.bound - self.gained) / self.bound) if self.bound else 0.0


def best(reach: Reach, weights: Weights, count: int, seconds: float = 10.0) -> Choice:
    """The solver's choice (HiGHS, by way of SciPy), with its bound.

    Raises:
        NoSolution: none was found within the seconds.
    """
    started = time.perf_counter()
    columns, merged = _merged(reach, weights)
    sites, points = columns.shape
    if not sites or not points or count < 1:
        return Choice((), (), 0.0, time.perf_counter() - started, 0.0)
    rows = scipy.sparse.hstack(
        [-scipy.sparse.csr_array(columns.T.astype(float)), scipy.sparse.eye_array(points)], format="csr"
    )
    at_most = scipy.sparse.csr_array(np.concatenate([np.ones(sites), np.zeros(points)])[None, :])
    answer = scipy.optimize.milp(
        -np.concatenate([np.zeros(sites), merged]),
        constraints=[scipy.optimize.LinearConstraint(rows, ub=0), scipy.optimize.LinearConstraint(at_most, ub=count)],
        integrality=np.concatenate([np.ones(sites), np.zeros(points)]),
        bounds=scipy.optimize.Bounds(0, 1),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if answer.x is None:
        raise NoSolution(f"no choice within {seconds:g} s")
    bound = -float(answer.mip_dual_bound)
    return _choice(reach, weights, np.flatnonzero(answer.x[:sites] > 0.5).tolist(), started, bound)


def greedy(reach: Reach, weights: Weights, count: int) -> Choice:
    """Each time the site that adds most, the first among equals, until nothing is added."""
    started = time.perf_counter()
    chosen: list[int] = []
    left = weights.astype(float).copy()
    for _ in range(min(count, len(reach))):
        adds = reach @ left
        site = int(adds.argmax())
        if adds[site] <= 0:
            break
        chosen.append(site)
        left[reach[site]] = 0.0
    return _choice(reach, weights, chosen, started)


@dataclass(frozen=True)
class RandomChoices:
    """What choosing blindly gains."""

    mean: float
    least: float
    most: float
    times: int


def at_random(reach: Reach, weights: Weights, count: int, times: int = 200) -> RandomChoices:
    """The gain of so many random choices; the same each time it is asked."""
    numbers = np.random.default_rng(SEED)
    some = min(count, len(reach))
    gains = [gain(reach, weights, numbers.choice(len(reach), some, replace=False)) for _ in range(times)] or [0.0]
    return RandomChoices(float(np.mean(gains)), min(gains), max(gains), times)


def gain(reach: Reach, weights: Weights, sites: Sequence[int] | NDArray[np.int64]) -> float:
    """The weight within reach of one of these sites."""
    return float(weights[reach[np.asarray(sites, dtype=np.int64)].any(axis=0)].sum())


def _choice(reach: Reach, weights: Weights, sites: Sequence[int], started: float, bound: float | None = None) -> Choice:
    """In the order of what each adds after those before it."""
    left, rest = weights.astype(float).copy(), sorted(sites)
    order: list[int] = []
    adds: list[float] = []
    while rest:
        added = [float(left[reach[site]].sum()) for site in rest]
        at = int(np.argmax(added))
        site = rest.pop(at)
        left[reach[site]] = 0.0
        order.append(site)
        adds.append(added[at])
    return Choice(tuple(order), tuple(adds), float(sum(adds)), time.perf_counter() - started, bound)


def _merged(reach: Reach, weights: Weights) -> tuple[Reach, Weights]:
    """Demand that the same sites reach is one point; what none reaches, or weighs nothing, is left out."""
    counts = reach.any(axis=0) & (weights > 0)
    if not counts.any():
        return np.zeros((len(reach), 0), dtype=bool), np.zeros(0)
    columns, which = np.unique(reach[:, counts], axis=1, return_inverse=True)
    merged = np.bincount(which.ravel(), weights[counts])
    return columns, merged.astype(np.float64)
