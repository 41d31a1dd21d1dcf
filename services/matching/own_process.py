"""How is a long job done without making arrivals wait? By a process of its own, at the lowest priority.

Python runs one thread at a time: a batch within the service would cost arrivals their latency. The process has its own
interpreter, reads and writes the store, and ends with the service that started it, whose other end of its standard
input it listens to.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import ClassVar, TypeVar

from pydantic import BaseModel
from sqlalchemy import Engine

from services.matching.engine.skills import own_aliases
from shared.database import open_engine

LOWEST_PRIORITY = 19
LOOK_SECONDS = 0.1


class OwnJob(BaseModel):
    """What is to be done, and where; `module` is run as a program and does it."""

    module: ClassVar[str]

    database_url: str
    aliases: Path | None = None


J = TypeVar("J", bound=OwnJob)


class JobFailed(Exception):
    """The process ended before its work was done; what it committed is kept."""


def run(job: OwnJob, closing: threading.Event) -> None:
    """Have a job done by a process of its own, and wait for it; it is killed when we close.

    Raises:
        JobFailed: it ended before its work was done.
    """
    command = [sys.executable, "-m", job.module]
    with Popen(command, stdin=PIPE, cwd=Path(__file__).parents[2]) as process:  # noqa: S603 -- our own module
        assert process.stdin is not None
        process.stdin.write(job.model_dump_json().encode() + b"\n")
        process.stdin.flush()
        while process.poll() is None:
            if closing.wait(LOOK_SECONDS):
                process.kill()
        if process.returncode and not closing.is_set():
            raise JobFailed(f"ended with {process.returncode}")


@contextmanager
def taken(kind: type[J]) -> Iterator[tuple[J, Engine]]:
    """The one job that stands on standard input, and its store; for a module that is run as a program."""
    job = kind.model_validate_json(_first_line())
    threading.Thread(target=_end_with_who_started_us, daemon=True).start()
    os.nice(LOWEST_PRIORITY)
    own_aliases.join(job.aliases)
    engine = open_engine(job.database_url)
    try:
        yield job, engine
    finally:
        engine.dispose()


def _first_line() -> bytes:
    read_so_far = b""
    while not read_so_far.endswith(b"\n") and (more := os.read(0, 65_536)):
        read_so_far += more
    return read_so_far


def _end_with_who_started_us() -> None:
    # no lock is held while waiting: workers are forked meanwhile
    os.read(0, 1)
    os._exit(1)
