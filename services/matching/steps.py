"""How does a thread work beside the live flow? Step after step, looking now and then, until it is told to stop."""

import threading
from collections.abc import Callable

import structlog

LONGEST_WAIT_SECONDS = 60.0


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
