"""How much faster are two workers than one? `python -m tests.benchmarks.cluster [SEEKERS]`: one core each, by Dask."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack

from deploy.bench import _patterns
from services.matching.bench.season import people
from services.matching.engine.batch import blocks_of
from services.matching.engine.profiles import SIDES
from services.matching.rematch.cluster import on_cluster
from tests.unit.matching.rematch.test_cluster import JOINED, LISTENS, QUIET, program

ROUNDS = 3


def main(seekers: int) -> None:
    """Time the blocks of one season with one worker and with two, in turn."""
    world = people(_patterns(None), seekers, seekers // 5, seed=1)
    index = world.whole
    blocks = blocks_of([(side, one) for side in SIDES for one in index.shelves[side].slot])
    print(f"{world.data}, {len(blocks)} blocks, load {os.getloadavg()[0]:.1f}")  # noqa: T201
    for _ in range(ROUNDS):
        for workers in (1, 2):
            with ExitStack() as opened:
                _, address = opened.enter_context(program("dask_scheduler", *QUIET, "--port", "0", until=LISTENS))
                for core in range(workers):
                    own = ("dask_worker", address, *QUIET, "--nthreads", "1", "--no-nanny")
                    process, _ = opened.enter_context(program(*own, until=JOINED))
                    subprocess.run(["taskset", "-acp", str(core), str(process.pid)], check=True, capture_output=True)
                list(on_cluster(address, index, blocks[:workers]))  # compiled code is loaded
                started = time.perf_counter()
                made = sum(len(block) for block in on_cluster(address, index, blocks))
                print(f"{workers} workers: {time.perf_counter() - started:.2f} s, {made} lists")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
