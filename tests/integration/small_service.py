"""The smallest service that has everything: it hears postings withdrawn, notes each, and says a restatement request."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel, func, select

from shared.contracts import PostingWithdrawn, RestatementRequested
from shared.database import reading
from shared.outbox import stage
from shared.settings import ServiceSettings
from shared.spine import Spine
from shared.streams import Hearing, each

_mapping = registry()


class SmallTable(SQLModel, registry=_mapping):
    metadata = _mapping.metadata


class Noted(SmallTable, table=True):
    """One effect of one event: two rows of an event would be two effects."""

    number: int | None = Field(default=None, primary_key=True)
    posting_id: UUID
    revision: int


def a_withdrawal(**but: object) -> PostingWithdrawn:
    return PostingWithdrawn.model_validate({"posting_id": uuid4(), "revision": 1, "reason": "closed"} | but)


def note(event: PostingWithdrawn, session: Session) -> None:
    session.add(Noted(posting_id=event.posting_id, revision=event.revision))
    stage(session, RestatementRequested(asked_by="matching", reason="operator"))


def small_settings(redis_url: str, **but: object) -> ServiceSettings:
    """Settings under which nothing takes long."""
    quick: dict[str, object] = {
        "allow_unsafe_redis": True,
        "consumer": "one",
        "reclaim_after_ms": 300,
        "burial_limit": 3,
        "burial_fuse": 1_000,
    }
    secret = SecretStr("for tests only")
    return ServiceSettings(
        redis_url=redis_url,
        database_url="",
        session_key=secret,
        operator_token=secret,
        service_token=secret,
        **(quick | but),  # type: ignore[arg-type]
    )


def small_spine(
    engine: Engine,
    redis_url: str,
    handle: Callable[[PostingWithdrawn, Session], None] = note,
    **but: object,
) -> Spine:
    return Spine(
        service="matching",
        settings=small_settings(redis_url, **but),
        engine=engine,
        hearings=(Hearing(PostingWithdrawn, each(handle)),),
    )


@asynccontextmanager
async def running(spine: Spine) -> AsyncIterator[Spine]:
    async with spine.lifespan():
        await until(lambda: spine.seen.redis_away is None)
        yield spine


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for a condition; fail when it does not come."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await asyncio.to_thread(condition):
        assert asyncio.get_running_loop().time() < deadline, "the awaited condition did not come"
        await asyncio.sleep(0.02)


def noted(engine: Engine) -> int:
    """How many effects there were in all."""
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(Noted)).one()
