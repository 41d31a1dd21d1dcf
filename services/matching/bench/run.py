"""What is measured, on which data, in which order?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from services.matching.bench import arrival, batch, changes, floor, memory, season, start, vectorising, vocabulary
from services.matching.bench.figures import GOALS, Figure
from services.matching.bench.made import SEEKERS_A_POSTING, World, made
from services.matching.bench.materials import Materials, Patterns, texts, words

Question = Literal["batch", "arrival", "changes", "memory", "floor", "vectorising", "vocabulary", "start", "season"]
OF_A_WORLD: frozenset[Question] = frozenset({"batch", "arrival", "changes", "memory", "floor"})
"""What is measured with many profiles at hand; the rest needs texts alone."""
Shape = Literal["words", "texts"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
Step = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What a run is asked for."""

    size: int
    """Seekers at once the size; a fifth as many postings."""
    times: Sequence[int]
    shapes: Sequence[Shape]
    questions: Sequence[Question]
    rounds: int
    queries: int
    arrivals: int
    seed: int


def figures(plan: Plan, patterns: Patterns, step: Step) -> Iterator[Figure]:
    """Everything that is asked for, as it becomes known."""
    for shape in plan.shapes if OF_A_WORLD & {*plan.questions} else ():
        materials = words(patterns, plan.seed) if shape == "words" else texts(patterns)
        yield from _of_materials(plan, materials, step)
    if "season" in plan.questions:
        yield from _of_seasons(plan, patterns, step)
    yield from _of_texts(plan, patterns, step)


def _of_materials(plan: Plan, materials: Materials, step: Step) -> Iterator[Figure]:
    batches = []
    for times in sorted(plan.times):
        seekers = plan.size * times
        step(f"{materials.name} {seekers:,}: make")
        world = made(materials, seekers, max(1, seekers // SEEKERS_A_POSTING), plan.seed)
        if "batch" in plan.questions:
            step(f"{world.data}: batch")
            batches.append(batch.run(world, plan.rounds, plan.queries))
            yield from batch.figures(batches[-1])
        if times == max(plan.times):
            yield from _of_largest(plan, world, materials, step)
    if len(batches) > 1:
        yield from batch.growth(batches)


def _of_seasons(plan: Plan, patterns: Patterns, step: Step) -> Iterator[Figure]:
    """A whole season of each size, the smallest first."""
    seasons = []
    for seekers in (plan.size * times for times in sorted(plan.times)):
        step(f"{seekers:,} people: make")
        world = season.people(patterns, seekers, max(1, seekers // SEEKERS_A_POSTING), plan.seed)
        step(f"{world.data}: season")
        seasons.append(season.run(world, plan.arrivals))
        yield from season.figures(seasons[-1])
    if len(seasons) > 1:
        yield from season.growth(seasons)


def _of_largest(plan: Plan, world: World, materials: Materials, step: Step) -> Iterator[Figure]:
    """What is measured once, where it is hardest."""
    measures: dict[Question, Callable[[], Iterator[Figure]]] = {
        "arrival": lambda: arrival.figures(world, plan.arrivals),
        "memory": lambda: memory.figures(world),
        "floor": lambda: floor.figures(world, plan.rounds, plan.queries),
        "changes": lambda: changes.figures(world, materials, plan.arrivals, plan.seed),
    }
    yield from _asked_for(plan, measures, str(world.data), step)


def _of_texts(plan: Plan, patterns: Patterns, step: Step) -> Iterator[Figure]:
    """What does not depend on how many there are."""
    measures: dict[Question, Callable[[], Iterator[Figure]]] = {
        "memory": lambda: memory.of_process(patterns),
        "vectorising": lambda: vectorising.figures(patterns, plan.rounds),
        "vocabulary": lambda: vocabulary.figures(sorted(plan.times)),
        "start": lambda: start.figures(patterns, plan.rounds),
    }
    yield from _asked_for(plan, measures, "texts", step)


def _asked_for(
    plan: Plan, measures: Mapping[Question, Callable[[], Iterator[Figure]]], data: str, step: Step
) -> Iterator[Figure]:
    for question, measure in measures.items():
        if question in plan.questions:
            step(f"{data}: {question}")
            yield from measure()


def held_against_goals(told: Sequence[Figure]) -> Iterator[tuple[str, ...]]:
    """Each goal, and every figure that speaks to it."""
    for goal in GOALS:
        speaking = [figure for figure in told if figure.goal == goal.name]
        for figure in speaking:
            yield (goal.name, goal.what, str(figure.data), *goal.written, figure.written, goal.verdict(figure))
        if not speaking:
            yield (goal.name, goal.what, "", *goal.written, "-", "not measured")
