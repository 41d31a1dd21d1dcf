"""How near is a search to what this machine can do at all? Adding up entries, scanning documents, reading memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.matching.bench.figures import Figure
from services.matching.bench.made import World
from services.matching.bench.peers import plain
from services.matching.bench.timing import interleaved, median
from services.matching.engine.compiling import compiled
from services.matching.engine.directory import sizes_of
from services.matching.engine.index import Index
from services.matching.engine.search import THREADS
from services.matching.engine.shelf import SKILL_PARTS, Slots
from services.matching.engine.text import COLUMNS

BLOCK = 2**15
ENTRIES = 2**20
STREAM = 2**25
"""Numbers of four bytes that no cache holds."""
ENTRY_BYTES = 4
"""A document and a value, two bytes each."""
SCANS = 2
"""A search looks at every document at least twice: to bound it, and to compare it with the bar."""


class Machine(NamedTuple):
    """What one core takes for an entry added to a sum and for a document compared, and what memory gives to all."""

    scatter_ns: float
    scan_ns: float
    read_gb_s: float
    triad_gb_s: float


@compiled
def _scatter(documents: NDArray[np.uint16], steps: NDArray[np.uint16], sums: NDArray[np.float32]) -> None:
    weight = np.float32(0.5)
    for at in range(np.uint64(len(documents))):
        sums[documents[at]] += weight * np.float32(steps[at])


@compiled
def _scan(sums: NDArray[np.float32], bar: np.float32) -> int:
    reaching = 0
    for at in range(np.uint64(len(sums))):
        reaching += sums[at] >= bar
    return reaching


@compiled
def _read(numbers: NDArray[np.int32]) -> int:
    total = np.int32(0)
    for at in range(np.uint64(len(numbers))):
        total ^= numbers[at]
    return int(total)


@compiled
def _triad(into: NDArray[np.float32], one: NDArray[np.float32], other: NDArray[np.float32]) -> None:
    for at in range(np.uint64(len(into))):
        into[at] = one[at] + np.float32(0.5) * other[at]


def machine(rounds: int) -> Machine:
    """Measured round by round, the four in turn."""
    chance = np.random.default_rng(1)
    documents = np.sort(chance.integers(0, BLOCK, (ENTRIES // 1024, 1024)), axis=1).ravel().astype(np.uint16)
    steps, sums = chance.integers(0, 2**16, ENTRIES).astype(np.uint16), np.zeros(BLOCK, np.float32)
    streams = [np.ones(STREAM, np.float32) for _ in range(3)]
    taken = interleaved(
        {
            "scatter": lambda: _scatter(documents, steps, sums),
            "scan": lambda: [_scan(sums, np.float32(1)) for _ in range(ENTRIES // BLOCK)],
            "read": lambda: _on_all(lambda at: _read(streams[0].view(np.int32)[at])),
            "triad": lambda: _on_all(lambda at: _triad(*(some[at] for some in streams))),
        },
        rounds,
    )
    ns, gb = 1e9 / ENTRIES, 4 * STREAM / 1e9
    return Machine(
        median(taken["scatter"].processor) * ns,
        median(taken["scan"].processor) * ns,
        gb / median(taken["read"].clock),
        3 * gb / median(taken["triad"].clock),
    )


def _on_all(work: Callable[[slice], object]) -> object:
    """A share of the streams for each thread."""
    share = STREAM // THREADS
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, [slice(at * share, (at + 1) * share) for at in range(THREADS)]))


def entries_a_pair(index: Index, asked: Slots) -> float:
    """How many entries of lists these postings' searches add up, for each seeker there is."""
    seekers, postings = index.shelves["seeker"], index.shelves["posting"]
    width = len(index.vocabulary)
    terms = sum(postings.skills[part].take(asked, width) for part in SKILL_PARTS) @ index.vocabulary.matrix()
    columns = np.concatenate([postings.text.take(asked, COLUMNS).indices, COLUMNS + terms.indices])
    starts = seekers.text.arrays().starts
    added = 0
    for block in seekers.layers.blocks:
        if len(block.entries):
            added += int(sizes_of(block.lists, columns).sum())
        else:  # a small block has no lists: its rows are looked through
            added += len(asked) * int((starts[block.members + 1] - starts[block.members]).sum())
    return added / len(asked) / len(seekers.slot)


def figures(world: World, rounds: int, queries: int) -> Iterator[Figure]:
    """The plain sum's processor time beside the floor of its own index."""
    asked, system = world.evenly("posting", queries), plain(world)
    spent = interleaved({"ours": lambda: system.ask("posting", asked)}, rounds)["ours"].processor
    ours = median(spent) * 1e9 / len(asked) / world.sizes["seeker"]
    limits, entries = machine(rounds), entries_a_pair(world.plain, asked)
    lowest = entries * limits.scatter_ns + SCANS * limits.scan_ns
    question, data = "distance to the floor, posting → seekers", world.data
    yield Figure(question, data, "ours, plain sum", ours, "ns/pair", "processor time of all threads")
    yield Figure(question, data, "an entry added to a sum, in cache", limits.scatter_ns, "ns", "one core")
    yield Figure(question, data, "a document scanned, in cache", limits.scan_ns, "ns", "one core")
    yield Figure(question, data, "entries of our lists", entries, "a pair")
    yield Figure(question, data, "the floor: entries added, two scans", lowest, "ns/pair", "processor time")
    yield Figure(question, data, "ours ÷ the floor", ours / lowest, "×", goal="G4")
    yield Figure(question, data, "memory, reading", limits.read_gb_s, "GB/s", f"{THREADS} threads")
    yield Figure(question, data, "memory, triad", limits.triad_gb_s, "GB/s", f"{THREADS} threads")
    streamed = entries * ENTRY_BYTES / limits.read_gb_s * THREADS
    note = f"if every list came from memory, {ENTRY_BYTES} bytes an entry"
    yield Figure(question, data, "ours ÷ memory bandwidth", ours / streamed, "×", note)
