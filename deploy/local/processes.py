"""How are the processes of a local system started, kept alive, stopped, and found again after a crash?"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from deploy.local.folder import write_whole
from shared.command import ExitCode

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""Who ran this long is well: the next restart is quick again."""
LOOK_SECONDS = 0.05
CLOCK_PLAY_SECONDS = 5.0
HOPELESS = (ExitCode.USAGE, ExitCode.UNREACHABLE, ExitCode.NOT_ALLOWED)
LOG_BYTES = 10_000_000


@dataclass(frozen=True)
class Identity:
    """One process and no later one of the same number."""

    name: str
    pid: int
    started: float

    def process(self) -> psutil.Process | None:
        """The process, if it still lives."""
        try:
            process = psutil.Process(self.pid)
            # a clock that was set moves what the kernel reckons a start time to be
            same = abs(process.create_time() - self.started) < CLOCK_PLAY_SECONDS
            alive = same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if alive else None


@dataclass
class Child:
    """A process that is started again whenever it ends, with whatever exit code: FastStream can end with 0."""

    name: str
    command: Sequence[str]
    log: Path
    keep_open: tuple[int, ...] = ()
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started: float = field(default=0.0, init=False)
    due: float | None = field(default=None, init=False)
    log_from: int = field(default=0, init=False)
    delay: float = field(default=FIRST_DELAY_SECONDS, init=False)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def identity(self) -> Identity | None:
        if self.process is None:
            return None
        with contextlib.suppress(psutil.NoSuchProcess):
            return Identity(self.name, self.process.pid, psutil.Process(self.process.pid).create_time())
        return None

    @property
    def exit_code(self) -> ExitCode | None:
        """The code it ended with, if that says that no restart mends it: wrong settings, a missing right."""
        code = self.process.poll() if self.process else None
        return ExitCode(code) if code in HOPELESS else None

    def start(self) -> None:
        _keep_short(self.log)
        leash = [sys.executable, "-P", "-m", "deploy.local.leash", str(os.getpid()), *self.command]
        with self.log.open("ab") as log:
            self.log_from = log.tell()
            self.process = subprocess.Popen(  # noqa: S603 -- our own command
                leash,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                pass_fds=self.keep_open,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops them in order
            )
        self.started = time.monotonic()

    def tend(self) -> bool:
        """Start it again if it ended and its delay is over; whether it was started."""
        moment = time.monotonic()
        if self.alive:
            return False
        if self.due is None:
            self.delay = FIRST_DELAY_SECONDS if moment - self.started > STEADY_SECONDS else self.delay
            self.due = moment + self.delay
            self.delay = min(self.delay * 2, LONGEST_DELAY_SECONDS)
        if moment < self.due:
            return False
        self.due = None
        self.start()
        return True

    def last_words(self, lines: int = 8) -> str:
        """The end of what it wrote since it was last started."""
        with self.log.open("rb") as log:
            log.seek(max(self.log_from, self.log.stat().st_size - 8_000))
            return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-lines:])


def stop_all(children: Iterable[Child], grace: float) -> None:
    """Ask all at once to end, wait, and kill who does not."""
    running = [child.process for child in children if child.process is not None and child.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + grace
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def note_processes(file: Path, children: Iterable[Child]) -> None:
    """Remember who was started, for the start after one that was killed."""
    write_whole(file, {"children": [asdict(child.identity) for child in children if child.identity]})


def take_down_noted(file: Path, grace: float) -> list[str]:
    """End processes that an earlier, killed start left behind; the names of those that still lived."""
    try:
        noted = [Identity(**entry) for entry in json.loads(file.read_text("utf-8"))["children"]]
    except FileNotFoundError:
        return []
    found = [orphan for orphan in noted if orphan.process()]
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for orphan in found:
            if process := orphan.process():
                with contextlib.suppress(psutil.NoSuchProcess):
                    end(process)
        if _ended(found, grace):
            break
    return [orphan.name for orphan in found]


def _ended(orphans: Iterable[Identity], seconds: float) -> bool:
    """Whether all have ended within so many seconds.

    An orphan that ended may stand as a zombie until process 1 looks after it, so its number alone says nothing.
    """
    deadline = time.monotonic() + seconds
    while any(orphan.process() for orphan in orphans):
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def _keep_short(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
