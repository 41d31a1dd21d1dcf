"""How do tests of pages serve them? With a real uvicorn, for a real browser."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from tests.journey.city import wait_for

OPTIONS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync",
    "--no-first-run",
)

KEEP_ALIVE_SECONDS = 60
"""Longer than the gateway keeps a connection: what the service closed first would be answered with 503."""


@contextmanager
def serving(app: ASGIApp, **where: object) -> Iterator[Callable[[], None]]:
    """Serve with a real uvicorn until the end of the block, or until the given function is called.

    A clock that stands still where this is called stands still for the server too.
    """
    listener = where.pop("listener", None)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_keep_alive=KEEP_ALIVE_SECONDS, **where))  # type: ignore[arg-type]
    run = partial(copy_context().run, server.run, sockets=[listener] if listener else None)
    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: server.started or not thread.is_alive(), 30, "the server to start")

    def stop() -> None:
        server.should_exit = True
        thread.join()

    yield stop
    stop()
