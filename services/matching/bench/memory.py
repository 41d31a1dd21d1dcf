"""How many bytes does a seeker take? In arrays, and in all that a process holds of her."""

import gc
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import cycle
from multiprocessing import get_context
from uuid import UUID

import numpy as np

from services.matching.bench.figures import Data, Figure
from services.matching.bench.made import World
from services.matching.bench.materials import Patterns
from services.matching.engine.index import Epoch, Index
from services.matching.engine.profiles import Profile
from services.matching.engine.scorer import Rules
from shared.contracts import SeekerFacts

READ = 4_000
"""Seekers read from their texts for the process as a whole."""
AT_ONCE = 500
_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def of_arrays(thing: object) -> int:
    """Bytes of all arrays that can be reached from here, each once; room to grow is counted too."""
    bytes_of: dict[int, int] = {}
    seen: set[int] = set()
    waiting = [thing]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            owner = one if one.base is None else one.base
            bytes_of[id(owner)] = getattr(owner, "nbytes", one.nbytes)
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, tuple | list):
            waiting.extend(one)
        else:
            waiting.extend(getattr(one, "__dict__", {}).values())
    return sum(bytes_of.values())


def figures(world: World) -> Iterator[Figure]:
    """Of the seekers of a world, lists laid out."""
    seekers = world.sizes["seeker"]
    shelf = world.whole.shelves["seeker"]
    terms = shelf.text.arrays().starts[seekers] / seekers
    note = f"{terms:.0f} text terms; all arrays of the seekers' shelf, lists included"
    goal = "G10" if world.data.name == "words" else ""
    yield Figure("bytes a seeker", world.data, "ours, arrays", of_arrays(shelf) / seekers, "B", note, goal)


def of_process(patterns: Patterns) -> Iterator[Figure]:
    """Of seekers who say as much as these postings do, everything that a process keeps of them."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as one:
        grown, arrays = one.submit(_growth, [_as_seeker(*each) for each in _some(patterns)]).result()
    data = Data("texts", READ)
    yield Figure(
        "bytes a seeker",
        data,
        "ours, everything held",
        grown / READ,
        "B",
        "all that Python and NumPy hold of them; texts read whole",
    )
    yield Figure("bytes a seeker", data, "ours, arrays of that process", arrays / READ, "B")


def _some(patterns: Patterns) -> Iterator[tuple[int, SeekerFacts, str]]:
    wishing, saying = cycle(patterns.seekers), cycle(patterns.postings)
    for number in range(1, READ + 1):
        posting = next(saying)
        summary = "\n".join((posting.description, posting.qualification, posting.preferred))
        yield number, next(wishing), summary


def _as_seeker(number: int, wishing: SeekerFacts, summary: str) -> Profile:
    facts = wishing.model_copy(update={"summary": summary})
    return Profile("seeker", UUID(int=number), 1, _DAY, facts)


def _growth(profiles: list[Profile]) -> tuple[int, int]:
    index = Index(Epoch(0, Rules()))
    index.read("seeker", profiles[:AT_ONCE])  # what is compiled, imported or remembered at first use is nobody's
    tracemalloc.start()
    for first in range(0, len(profiles), AT_ONCE):
        index.put("seeker", index.read("seeker", profiles[first : first + AT_ONCE]))
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held, of_arrays(index.shelves["seeker"])
