"""Frees the rooms that nobody came for, as long as the service runs."""

import asyncio

import structlog
from anyio import to_thread
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from services.registry.cafes.booking_law import Rules
from services.registry.cafes.no_shows import free_unused

LOOK_SECONDS = 30.0

log = structlog.get_logger()


class RoomClock:
    """Looks at the clock twice a minute; what it did not watch it does not judge."""

    def __init__(self, engine: Engine, rules: Rules) -> None:
        self.engine, self.rules = engine, rules
        self._closing = asyncio.Event()

    async def run(self) -> None:
        while not self._closing.is_set():
            try:
                if freed := await to_thread.run_sync(free_unused, self.engine, self.rules):
                    log.info("rooms_freed", rooms=freed)
            except (OperationalError, InterfaceError) as error:
                log.warning("room_clock_waits", error=type(error).__name__)
            except Exception as error:
                log.error("room_clock_failed", error=type(error).__name__)
            try:
                await asyncio.wait_for(self._closing.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue

    async def stop(self, task: "asyncio.Task[None]") -> None:
        """Let the look in hand end, then stop."""
        self._closing.set()
        await asyncio.gather(task, return_exceptions=True)
