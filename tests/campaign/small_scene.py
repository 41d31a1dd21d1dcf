"""The smallest scene: one service that hears two withdrawals and says one thing about each. Run in forked children."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from redis import Redis
from sqlalchemy import Engine

from shared.clock import stopped_at
from shared.contracts import PostingWithdrawn
from shared.database import SpineTable, open_engine
from shared.wire import encode
from tests.campaign.kept import Kept, kept, refuse_failures
from tests.campaign.planted import plant
from tests.integration.small_service import SmallTable, a_withdrawal, small_spine

SERVICES: tuple[str, ...] = ("small",)
TODAY = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)


def begin(directory: str, redis_url: str, bug: str | None = None) -> None:
    """Make the store, and let two facts be said before the service has ever started."""
    engine = _store(directory)
    SpineTable.metadata.create_all(engine)
    SmallTable.metadata.create_all(engine)
    engine.dispose()
    for number in (1, 2):
        event = a_withdrawal(posting_id=UUID(int=number))
        Redis.from_url(redis_url).xadd(PostingWithdrawn.stream, encode(event))  # type: ignore[arg-type]


def drain(directory: str, redis_url: str, service: str, bug: str | None = None) -> None:
    """Start the service, let it hear and say everything, and stop it."""
    assert service in SERVICES
    plant(bug, Redis.from_url(redis_url))
    engine = _store(directory)
    with stopped_at(TODAY):
        small_spine(engine, redis_url).drain()
    engine.dispose()
    refuse_failures()


def recover(directory: str, redis_url: str, bug: str | None = None) -> Kept:
    """Start it twice more, and tell what is kept."""
    for _ in range(2):
        drain(directory, redis_url, "small", bug)
    return kept([Path(directory) / "small.sqlite"], Redis.from_url(redis_url))


def _store(directory: str) -> Engine:
    return open_engine(f"sqlite:///{directory}/small.sqlite")
