"""How many more get a seat by the season planner than by repeating a month? `python -m tests.benchmarks.season_planner`

The cafés, seekers and closing dates of a year are invented, as is who wants what: demand follows closings by a power
that differs by kind and that the planner does not know, drifts by café, and is whole people by chance. Each month every
way of planning has the same staff hours and sees only what was seen before: who had a seat, who waited, who came.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

import numpy as np

from services.registry.cafes.program_kinds import kinds
from services.registry.cafes.season_planner import CafeFacts, Past, plan, weeks_of

CAFES, MONTHS, SEEDS = 10, 12, 20
CURVE = (0.6, 0.8, 1.7, 1.6, 1.0, 0.7, 0.6, 0.9, 1.7, 1.6, 1.0, 0.5)
"""Closing postings by month against the mean: the two seasons of open recruitment, spring and autumn."""
A_SEEKER = {"counseling": 0.15, "resume_clinic": 0.2, "mentoring": 0.12, "lecture": 0.4, "resume_photo": 0.1}
"""Who wants a seat in a usual month, for each seeker."""
FOLLOWS = {"counseling": 0.3, "resume_clinic": 1.2, "mentoring": 0.6, "lecture": 0.8, "resume_photo": 1.5}
"""The power by which demand follows closings."""
COMES = 0.8
PUBLISHED = 0.4
"""Of the postings that close in a month, those that are out when it is planned."""
SEASONAL = 1.5
"""A month with so many times the mean closings lies in a hiring season of the calendar."""

Sessions = Mapping[tuple[int, str], int]
"""How many sessions of a kind at a café."""


@dataclass
class Town:
    """A year of it."""

    seekers: list[int]
    closings: np.ndarray
    """By café and week of the year, and some weeks after."""
    published: np.ndarray
    """Of them, those that are out when their month is planned."""
    wants: list[dict[tuple[int, str], int]]
    """By month: who wants what where."""
    habit: dict[tuple[int, str], int]
    """What each café holds every month, as it always did."""


def invent(seed: int) -> Town:
    chance = np.random.default_rng(seed)
    seekers = [int(each) for each in chance.integers(10, 70, CAFES)]
    weekly = np.array([CURVE[(week * 12 // 52) % 12] for week in range(64)])
    closings = chance.poisson(np.outer(chance.uniform(2, 8, CAFES), weekly))
    taste = {(cafe, kind): chance.lognormal(0, 0.5) for cafe in range(CAFES) for kind in kinds()}
    wants = []
    for month in range(MONTHS):
        taste = {key: value * chance.lognormal(0, 0.1) for key, value in taste.items()}
        wants.append(
            {
                (cafe, kind): int(
                    chance.poisson(seekers[cafe] * A_SEEKER[kind] * taste[cafe, kind] * CURVE[month] ** FOLLOWS[kind])
                )
                for cafe in range(CAFES)
                for kind in kinds()
            }
        )
    habit = {(cafe, kind): int(chance.integers(0, 3)) for cafe in range(CAFES) for kind in kinds()}
    return Town(seekers, closings, chance.binomial(closings, PUBLISHED), wants, habit)


def hours(sessions: Sessions) -> float:
    return sum(count * kinds()[kind].minutes / 60 for (_, kind), count in sessions.items())


def served(sessions: Sessions, wants: Mapping[tuple[int, str], int]) -> tuple[int, float]:
    """How many of those who want a seat have one, and the share of them averaged over the kinds: the aim."""
    had = {key: min(wanted, sessions.get(key, 0) * kinds()[key[1]].seats) for key, wanted in wants.items()}
    shares = []
    for kind in kinds():
        whole = sum(wanted for (_, each), wanted in wants.items() if each == kind)
        if whole:
            shares.append(sum(count for (_, each), count in had.items() if each == kind) / whole)
    return sum(had.values()), sum(shares) / len(shares)


def one_of_each(budget: float) -> Sessions:
    """Café by café and kind by kind in turn, as long as the hours last."""
    found: defaultdict[tuple[int, str], int] = defaultdict(int)
    while True:
        for kind in kinds():
            for cafe in range(CAFES):
                budget -= kinds()[kind].minutes / 60
                if budget < -1e-9:
                    return found
                found[cafe, kind] += 1


def planned(
    town: Town, month: int, past: Sequence[Mapping[tuple[int, str], Past]], budget: float, knows: "Knows"
) -> Sessions:
    """What the planner proposes, counted."""
    first = date(2026, month + 1, 1)
    weeks = weeks_of(first)
    at = (first - date(2026, 1, 1)).days // 7
    closings = town.closings if knows.ahead else town.published
    facts = [
        CafeFacts(
            UUID(int=cafe + 1),
            town.seekers[cafe],
            tuple(int(each) for each in closings[cafe, at : at + len(weeks) + 1]),
            float(town.closings[cafe, max(0, at - 8) : at].mean()) if at else 0.0,
            {},
            {kind: [each[cafe, kind] for each in reversed(past) if (cafe, kind) in each] for kind in kinds()},
            (knows.calendar and CURVE[month] >= SEASONAL,) * (len(weeks) + 1),
        )
        for cafe in range(CAFES)
    ]
    found: defaultdict[tuple[int, str], int] = defaultdict(int)
    for each in plan(facts, first, budget):
        found[each.cafe_id.int - 1, each.kind] += 1
    return found


def seen(sessions: Sessions, wants: Mapping[tuple[int, str], int]) -> dict[tuple[int, str], Past]:
    """What a café knows after a month: where nothing was held it knows nothing."""
    found = {}
    for key, count in sessions.items():
        if count:
            seated = min(wants[key], count * kinds()[key[1]].seats)
            found[key] = Past(count, wants[key], seated, round(seated * COMES))
    return found


class Knows(NamedTuple):
    """What a planner knows of the month that it plans."""

    ahead: bool
    """Every posting that will close in it, published or not."""
    calendar: bool
    """Which months lie in a hiring season."""


PLANNERS = {
    "planner": Knows(ahead=True, calendar=False),
    f"planner, {PUBLISHED:.0%} published": Knows(ahead=False, calendar=False),
    f"planner, {PUBLISHED:.0%}, calendar": Knows(ahead=False, calendar=True),
}


def year(seed: int) -> dict[str, list[tuple[int, float]]]:
    """Each way of planning from the third month on: people with a seat, and the aim."""
    town = invent(seed)
    budget = hours(town.habit)
    told = {name: _planned_year(town, budget, knows) for name, knows in PLANNERS.items()}
    others = {"same as last month": town.habit, "one of each kind": one_of_each(budget)}
    return told | {
        name: [served(sessions, town.wants[month]) for month in range(2, MONTHS)] for name, sessions in others.items()
    }


def _planned_year(town: Town, budget: float, knows: Knows) -> list[tuple[int, float]]:
    past = [seen(town.habit, town.wants[month]) for month in range(2)]
    told = []
    for month in range(2, MONTHS):
        choice = planned(town, month, past, budget, knows)
        told.append(served(choice, town.wants[month]))
        past.append(seen(choice, town.wants[month]))
    return told


def main() -> None:
    years = [year(seed) for seed in range(SEEDS)]
    print(f"{CAFES} cafés, {SEEDS} invented years of {MONTHS - 2} planned months, the same staff hours for each")  # noqa: T201
    for name in years[0]:
        people = np.array([[count for count, _ in each[name]] for each in years]).sum(axis=1)
        aims = np.array([[aim for _, aim in each[name]] for each in years]).mean(axis=1)
        better = sum(aim > other for aim, other in zip(aims, _aims(years, "planner"), strict=True))
        print(  # noqa: T201
            f"{name:28} aim {aims.mean():.3f} ({aims.min():.3f} to {aims.max():.3f}), people with a seat a year"
            f" {people.mean():.0f}, years above the planner {better}"
        )


def _aims(years: Sequence[Mapping[str, list[tuple[int, float]]]], name: str) -> list[float]:
    return [float(np.mean([aim for _, aim in each[name]])) for each in years]


if __name__ == "__main__":
    main()
