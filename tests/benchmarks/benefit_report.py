"""How long does the benefit report of a city take? `python -m tests.benchmarks.benefit_report [PAIRS]`

Invented pairs of four quarters, 100 cafés in 25 districts, in memory: processor time, least of two.
"""

import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from services.registry.benefit.figures import KEY, MEASURES, PARTIES, behind, one_figure
from services.registry.benefit.pairs import Pair, Period, Quarter, by_days
from services.registry.benefit.report import Scope, reported
from services.registry.orders.referral_states import State
from shared.command import show_table
from shared.figure import Figure

TODAY = date(2026, 11, 29)
PERIOD = Period(Quarter(2026, 1), Quarter(2026, 4))
CAFES = {UUID(int=number): f"Café {number}" for number in range(1, 101)}
AGENCIES = tuple(UUID(int=number) for number in range(1, 41))
LIVES: tuple[tuple[State, ...], ...] = (
    ("proposed", "declined"),
    ("proposed", "agreed", "consented", "referred", "result_due", "unanswered"),
    ("proposed", "agreed", "consented", "referred", "interview", "not_hired"),
    ("proposed", "agreed", "consented", "referred", "interview", "hired"),
    ("consented", "referred", "hired", "retained_1_month", "retained_3_months"),
)


def main(number: int) -> None:
    chance = random.Random(1)
    pairs = [invented(chance, number // 8) for _ in range(number)]
    figure = one_figure("people_hired", pairs, PERIOD, TODAY)
    report, anew = reported(pairs, Scope(PERIOD), TODAY, CAFES), each_line_anew(pairs)
    told = [line.figures for by in ("quarter", "cafe", "district") for line in report.lines[by]]
    assert [*report.parties.values(), *told] == anew, "the report differs from its figures reckoned one by one"
    rows = [
        ("the whole report", least(lambda: reported(fresh(pairs), Scope(PERIOD), TODAY, CAFES))),
        ("the same, every figure of every line by itself", least(lambda: each_line_anew(fresh(pairs)))),
        ("one figure", least(lambda: one_figure("people_hired", fresh(pairs), PERIOD, TODAY))),
        ("200 rows with their pairs", least(lambda: behind(pairs, figure.rows[:200]))),
    ]
    show_table(("what", "processor s"), rows, title=f"{number:,} pairs")


def each_line_anew(pairs: list[Pair]) -> list[tuple[Figure, ...]]:
    """What the definition says: each line is the figures of its own pairs, in its own quarters."""
    by_quarter, by_cafe, by_district = by_days(pairs, Quarter.of), defaultdict(list), defaultdict(list)
    for pair in pairs:
        by_cafe[CAFES[pair.cafe_id]].append(pair)  # type: ignore[index]
        by_district[pair.district].append(pair)
    return [
        *(tuple(one_figure(each.name, pairs, PERIOD, TODAY) for each in MEASURES[party]) for party in PARTIES),
        *(key(by_quarter[one], Period(one, one)) for one in PERIOD.quarters),
        *(key(by_cafe[name]) for name in sorted(by_cafe)),
        *(key(by_district[name]) for name in sorted(by_district)),
    ]


def key(pairs: list[Pair], period: Period = PERIOD) -> tuple[Figure, ...]:
    return tuple(one_figure(name, pairs, period, TODAY) for name in KEY)


def invented(chance: random.Random, seekers: int) -> Pair:
    life, day = chance.choice(LIVES), date(2025, 10, 1) + timedelta(chance.randrange(420))
    path: list[tuple[State, date]] = []
    for state in life:
        path.append((state, day))
        day += timedelta(chance.randrange(20))
    days = dict(path)
    cafe = chance.randrange(1, 101)
    return Pair(
        UUID(int=chance.getrandbits(128)), UUID(int=chance.randrange(seekers)), UUID(int=chance.randrange(seekers)),
        life[-1], tuple(path), UUID(int=cafe), f"District {cafe % 25}", chance.choice(AGENCIES),
        started_on=days.get("hired"), wage_fits=chance.choice((None, True, False)),
    )  # fmt: skip


def fresh(pairs: list[Pair]) -> list[Pair]:
    """As they come out of the store, with nothing remembered of an earlier look."""
    for pair in pairs:
        pair.__dict__.pop("days", None)
        pair.__dict__.pop("ids", None)
    return pairs


def least(doing: Callable[[], object]) -> str:
    taken = []
    for _ in range(2):
        started = time.process_time()
        doing()
        taken.append(time.process_time() - started)
    return f"{min(taken):.2f}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
