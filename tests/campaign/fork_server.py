"""How does a test get a fresh process of a service in milliseconds? Import it once, then fork one child a command.

    python -m tests.campaign.fork_server tests.campaign.small_scene

Commands come in as JSON lines and answers go out as JSON lines. A *held* child stops itself before it does anything, so
that a tracer can be attached: nothing that importing does is traced, and everything the service does is.
"""

import ctypes
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

LONGEST_SECONDS = 60


class ChildError(Exception):
    """A child that was not to be killed ended badly."""


class ForkServer:
    """The near end: runs functions of a module in children of a process that has imported it."""

    def __init__(self, module: str, log: Path) -> None:
        self.log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", __name__, module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )

    def run(self, task: str, **arguments: Any) -> Any:
        """Let a child run a function to its end; what it returned."""
        self._say(task, arguments, held=False)
        self._hear()
        return self._checked(self._hear())

    @contextmanager
    def held(self, task: str, **arguments: Any) -> Iterator[int]:
        """Make a child that waits for SIGCONT; its id. It runs within the `with` block: ask `was_killed` after."""
        self._say(task, arguments, held=True)
        yield int(self._hear()["pid"])

    def was_killed(self) -> bool:
        """Wait for the held child's end: killed by SIGKILL, or done."""
        ended = self._hear()
        killed = bool(ended["status"] == -signal.SIGKILL)
        if not killed:
            self._checked(ended)
        return killed

    def close(self) -> None:
        self.process.communicate(timeout=LONGEST_SECONDS)

    def _checked(self, ended: dict[str, Any]) -> Any:
        if ended["status"] != 0:
            raise ChildError(f"a child ended with {ended['status']}\n{self.log.read_text()[-4000:]}")
        return ended["answer"]

    def _say(self, task: str, arguments: dict[str, Any], *, held: bool) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"task": task, "arguments": arguments, "held": held}) + "\n")
        self.process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise ChildError(f"the fork server is gone\n{self.log.read_text()[-4000:]}")
        heard: dict[str, Any] = json.loads(line)
        return heard


def serve(module: str) -> None:
    """The far end."""
    tasks = importlib.import_module(module)
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what services print is not part of the protocol
    for line in sys.stdin:
        command = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            _be_the_child(getattr(tasks, command["task"]), command, writer)
        os.close(writer)
        if command["held"]:
            os.waitpid(child, os.WUNTRACED)
        _reply(replies, {"pid": child})
        with open(reader) as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        _reply(replies, {"status": os.waitstatus_to_exitcode(status), "answer": json.loads(answer or "null")})


def _reply(replies: TextIO, message: dict[str, Any]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()


def _be_the_child(task: Any, command: dict[str, Any], writer: int) -> None:
    """Never returns: a child must not go on with its parent's loop."""
    try:
        signal.alarm(LONGEST_SECONDS)
        if command["held"]:
            _let_be_traced()
            os.kill(os.getpid(), signal.SIGSTOP)
        answer = task(**command["arguments"])
        if not command["held"]:  # a traced child's last words would be one more call to count
            os.write(writer, json.dumps(answer).encode())
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(70)
    os._exit(0)


def _let_be_traced() -> None:
    """Where Yama restricts tracing to one's own children, allow it to strangers: strace is a sibling here."""
    set_ptracer, anybody = 0x59616D61, -1
    ctypes.CDLL(None).prctl(set_ptracer, ctypes.c_ulong(anybody), 0, 0, 0)


if __name__ == "__main__":
    serve(sys.argv[1])
