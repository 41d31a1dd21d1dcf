"""How is long work done? Beside the live flow step after step until told to stop; before it, telling how far it is."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import structlog

LONGEST_WAIT_SECONDS = 60.0
TOLD_EVERY_SECONDS = 10.0

T = TypeVar("T")


def step_by_step(name: str, step: Callable[[], bool], closing: threading.Event, look_seconds: float) -> None:
    """Take steps while there are any, then look again after a while; after a step that fails, ever later.

    Args:
        step: takes the next step; whether there was one.
    """
    wait = look_seconds
    while not closing.wait(wait):
        try:
            while not closing.is_set() and step():
                pass
            wait = look_seconds
        except Exception as error:
            structlog.get_logger().error(f"{name}_failed", error=type(error).__name__)
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)


def told(work: Sequence[T], what: str) -> Iterator[T]:
    """Each piece of the work in turn; the log hears now and then how many are done, of how many."""
    told_at = time.monotonic()
    for done, piece in enumerate(work):
        if time.monotonic() - told_at >= TOLD_EVERY_SECONDS:
            structlog.get_logger().info(what, done=done, of=len(work))
            told_at = time.monotonic()
        yield piece
