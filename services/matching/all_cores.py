"""How does a batch take all cores? By processes born with all it needs at hand, which end with who started them."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_all_start_methods, get_context, parent_process
from typing import Any, TypeVar

H = TypeVar("H")
P = TypeVar("P")
R = TypeVar("R")

_born_with: list[Any] = []
"""The work, and what is at hand for it."""


def cores() -> int:
    """How many may work at once; one where processes cannot be forked."""
    if "fork" not in get_all_start_methods():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_all_cores(work: Callable[[H, P], R], at_hand: H, parts: Sequence[P]) -> Iterator[R]:
    """What `work` makes of each part, in order; of few parts here, else by as many processes as there are cores.

    What is at hand is shared as it stands when the first result is asked for, and never sent.
    """
    if cores() == 1 or len(parts) < cores():
        yield from (work(at_hand, part) for part in parts)
        return
    _born_with[:] = [work, at_hand]
    with ProcessPoolExecutor(cores(), mp_context=get_context("fork"), initializer=_end_with_our_parent) as pool:
        yield from pool.map(_worked, parts)


def _worked(part: Any) -> Any:
    work, at_hand = _born_with
    return work(at_hand, part)


def _end_with_our_parent() -> None:
    """Trap: a worker whose parent was killed would wait for its next part for ever, all of it in its hands."""

    def wait() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
