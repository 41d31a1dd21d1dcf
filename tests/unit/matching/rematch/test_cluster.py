"""The blocks of a rematch on a real Dask cluster of separate processes, one of which is killed in the middle."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.matching.engine import batch
from services.matching.engine.batch import Block, Listed, blocks_of
from services.matching.engine.index import Index
from services.matching.rematch.beside import here, score_share
from services.matching.rematch.cluster import on_cluster
from tests.unit.matching.examples import certified, open_store
from tests.unit.matching.rematch.test_rematching import a_town, ask, finish, lists, rematching

pytestmark = pytest.mark.integration

LISTENS = re.compile(r"Scheduler at:\s+(tcp://[0-9.:]+)")
JOINED = re.compile(r"Registered to:\s+tcp://")
QUIET = ("--host", "127.0.0.1", "--no-dashboard")


@contextmanager
def program(*command: str, until: re.Pattern[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program of Dask's that has said this line; and what the line tells."""
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + command[0], *command[1:]],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=Path(__file__).parents[4],
    )  # fmt: skip
    try:
        assert process.stderr is not None
        told = next((found for line in process.stderr if (found := until.search(line))), None)
        assert told, f"{command[0]} ended with {process.wait()}"
        yield process, told.group(told.re.groups)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A scheduler and two workers, each a process of its own, without a nanny that would start them again.

    The last test kills one; any test after it would have one fewer.
    """
    with program("dask_scheduler", *QUIET, "--port", "0", until=LISTENS) as (_, address):
        own = ("--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path_factory.mktemp("workers")))
        with (
            program("dask_worker", address, *QUIET, *own, until=JOINED) as (first, _),
            program("dask_worker", address, *QUIET, *own, until=JOINED) as (second, _),
        ):
            yield address, [first, second]


def test_a_block_is_the_same_wherever_it_is_made(cluster: tuple[str, list[subprocess.Popen[str]]]) -> None:
    engine = open_store()
    matcher = a_town(engine, size=30)
    blocks = blocks_of(sorted(lists(engine)))  # type: ignore[arg-type]
    ours = sorted(one for made in here(matcher.index, blocks) for one in made)
    assert sorted(one for made in on_cluster(cluster[0], matcher.index, blocks) for one in made) == ours
    engine.dispose()


def test_a_rematch_with_a_worker_killed_in_the_middle_is_the_same_to_the_byte(
    sqlite_url: str, cluster: tuple[str, list[subprocess.Popen[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "LARGEST", 1)
    address, workers = cluster
    engine, alone = open_store(sqlite_url), open_store()
    matcher, other = a_town(engine, size=30), a_town(alone, size=30)
    came: list[int] = []

    def scoring(index: Index, blocks: Sequence[Block]) -> Iterator[list[Listed]]:
        for made in on_cluster(address, index, blocks):
            if len(came) == 5:
                os.kill(workers[0].pid, signal.SIGKILL)
            came.append(len(made))
            yield made

    for store in (engine, alone):
        ask(store)
    finish(rematching(engine, matcher, lambda job: score_share(engine, job, scoring)))
    finish(rematching(alone, other))
    assert workers[0].wait() == -signal.SIGKILL
    assert len(came) == 60, "every block came, once"
    assert lists(engine) == lists(alone)
    assert certified(engine).agrees
    engine.dispose()
    alone.dispose()
