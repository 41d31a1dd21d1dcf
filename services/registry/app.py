"""Puts the registry together: its store, its vault, its ears, the queue of agencies' streams, its door and its API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Engine, func
from sqlmodel import select

from services.registry.api import api
from services.registry.custody import custody
from services.registry.doorstep import TEMPLATES, doorstep
from services.registry.handlers import HEARINGS
from services.registry.intake.queue import IntakeQueue
from services.registry.law.rules import load_rules
from services.registry.orders.postings import OPEN
from services.registry.people.master_keys import MasterKeys
from services.registry.people.seekers import ACTIVE
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency, Posting, Seeker
from shared.database import open_engine, reading
from shared.spine import Spine
from shared.web.description import describe
from shared.web.operations import operations
from shared.web.pages import furnish


def create_app(settings: RegistrySettings) -> FastAPI:
    """The whole service; it hears, reads agencies' streams and says while it serves."""
    engine = open_engine(settings.database_url)
    vault = Vault(MasterKeys(settings.vault_key, settings.vault_key_file), settings.pseudonym_key)
    law = load_rules(*filter(None, [settings.law_rules]))
    queue = IntakeQueue(settings, engine, vault, law)

    def facts() -> dict[str, Any]:
        return holdings(engine) | {"broken_agency_streams": queue.streams.problems}

    spine = Spine(service="registry", settings=settings, engine=engine, hearings=HEARINGS, facts=facts)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with spine.lifespan(app):
            reader = asyncio.create_task(queue.run())
            yield
            await queue.stop(reader)
        engine.dispose()

    app = FastAPI(title="Iljari registry", lifespan=lifespan, docs_url=None, redoc_url=None)
    pages = furnish(app, settings, TEMPLATES)
    app.include_router(operations(spine))
    app.include_router(doorstep(engine, settings, pages))
    app.include_router(api(engine, vault, law))
    app.include_router(custody(engine, vault))
    describe(app)
    return app


def holdings(engine: Engine) -> dict[str, Any]:
    """How much the registry holds, for `iljari status`."""
    with reading(engine) as session:
        return {
            "agencies": session.exec(select(func.count()).select_from(Agency)).one(),
            "open_postings": session.exec(select(func.count()).where(Posting.state == OPEN)).one(),
            "active_seekers": session.exec(select(func.count()).where(Seeker.state == ACTIVE)).one(),
        }
