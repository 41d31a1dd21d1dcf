"""A whole system as a user starts it: `iljari up` in a folder, and the command beside it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

START_SECONDS = 120.0
STOP_SECONDS = 60.0
QUIET_SECONDS = 900.0
COMMAND = (sys.executable, "-P", "-m", "deploy.cli")


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Look again and again until the condition holds; fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.05)
    return found


def iljari(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=QUIET_SECONDS,
    )


def iljari_json(*words: str | Path, data: Path, allowed: Sequence[int] = (0,)) -> Any:
    """What the command says to programs; its exit code must be one of `allowed`."""
    done = iljari(*words, "--json", "--data", data)
    assert done.returncode in allowed, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


def lives(number: int) -> bool:
    """Whether this process still runs; one that ended and was not yet collected by its parent does not."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@dataclass
class City:
    """A system that `iljari up` runs in a folder."""

    data: Path
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def said(self) -> str:
        return (self.data.parent / "said.txt").read_text("utf-8")

    @property
    def url(self) -> str:
        return str(self._state()["url"])

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.data / "iljari.json").read_text("utf-8"))
        return state

    @property
    def secrets(self) -> dict[str, str]:
        secrets: dict[str, str] = json.loads((self.data / "secrets.json").read_text("utf-8"))
        return secrets

    def parts(self) -> dict[str, int]:
        """Who runs, by name: the number of each process."""
        noted = json.loads((self.data / "processes.json").read_text("utf-8"))["children"]
        return {child["name"]: child["pid"] for child in noted}

    def is_ready(self) -> bool:
        """Whether this start is ready: what a killed one left behind may still answer while it ends."""
        with suppress(OSError, ValueError, httpx.TransportError):
            state = self._state()
            with self.client() as client:
                return state["pid"] == self.process.pid and client.get("/health/ready", timeout=5).is_success
        return False

    def wait_until_ready(self) -> None:
        def ready_or_ended() -> bool:
            assert self.runs, self.said
            return self.is_ready()

        wait_for(ready_or_ended, START_SECONDS, "a ready system")

    def client(self) -> httpx.Client:
        """HTTP as the operator. Reading the certificates of the world takes longer than most answers of a city."""
        key = {"Authorization": f"Bearer {self.secrets['operator_token']}"}
        return httpx.Client(base_url=self.url, headers=key, timeout=60, verify=False)

    def wait_until_quiet(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait until nothing is unsaid, unheard or pending, twice in a row: the first look may fall between two."""
        calm = 0
        with self.client() as client:

            def quiet() -> bool:
                nonlocal calm
                meanwhile()
                calm = calm + 1 if all(_is_quiet(client, s) for s in ("registry", "matching", "notify")) else 0
                return calm > 2

            wait_for(quiet, QUIET_SECONDS, "a quiet system")

    def start(self, *options: str) -> None:
        """Start a supervisor on the folder, and wait for all of it; what it says is kept beside the folder."""
        command = [*COMMAND, "up", "--data", str(self.data), "--port", "0", *(options or ("--no-demo",))]
        with (self.data.parent / "said.txt").open("ab") as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()  # who waited in vain leaves nothing running
            raise

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> int:
        if self.runs:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


def _is_quiet(client: httpx.Client, service: str) -> bool:
    answer = client.get(f"/api/v1/{service}/status")
    if not answer.is_success:
        return False
    status = answer.json()
    waiting = [stream["lag"] or stream["pending"] for stream in status["streams"]]
    return bool(status["ready"]) and status["unsaid"] == 0 and not any(waiting)


@contextmanager
def started_city(folder: Path, *options: str) -> Iterator[City]:
    """A system on `folder/data` for a while."""
    city = City(folder / "data")
    city.start(*options)
    try:
        yield city
    finally:
        city.stop()
