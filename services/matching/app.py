"""Puts matching together: its store, its ears, the matcher between them."""

import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI

from services.matching.api.drift import drift_api
from services.matching.api.learning import learning_api
from services.matching.api.matches import api
from services.matching.api.needs import needs_api, needs_of
from services.matching.api.proofs import proof_api
from services.matching.api.rematches import rematch_api
from services.matching.api.seasons import season_api
from services.matching.engine.skills import own_aliases
from services.matching.handlers import hearings
from services.matching.matcher import Matcher
from services.matching.own_process import run
from services.matching.pages.cafe_names import CafeNames
from services.matching.pages.fairness import fairness_pages
from services.matching.pages.proofs import proof_pages
from services.matching.pages.skill_needs import skill_needs_pages
from services.matching.proof.proving import ProofJob, Proving
from services.matching.rematch.beside import Job
from services.matching.rematch.rematching import Rematching
from services.matching.settings import MatchingSettings
from services.matching.shards import Shard
from services.matching.tables import RematchRow
from shared.database import open_engine
from shared.spine import Spine
from shared.web.description import describe
from shared.web.operations import operations
from shared.web.pages import furnish

TEMPLATES = Path(__file__).parent / "pages"
FEWER_COLLECTIONS = (100_000, 50, 100)
"""A batch makes a million small tuples and no cycles; at Python's defaults a third of its time went into looking."""


def create_app(settings: MatchingSettings) -> FastAPI:
    """The whole service; it hears and says while it serves."""
    own_aliases.join(settings.aliases)
    engine = open_engine(settings.database_url)
    shard = Shard.named(settings.shard)
    matcher = Matcher(engine, settings.rules(), shard, settings.epoch_profiles)

    def job(row: RematchRow) -> Job:
        return Job(
            database_url=settings.database_url,
            shard=settings.shard,
            rematch_id=row.rematch_id,
            aliases=settings.aliases,
        )

    def proof_job(number: int) -> ProofJob:
        return ProofJob(database_url=settings.database_url, aliases=settings.aliases, number=number)

    rematching = Rematching(engine, matcher, job, run)
    proving = Proving(engine, matcher, settings.proof_hour, proof_job, run)
    spine = Spine(
        service="matching",
        settings=settings,
        engine=engine,
        hearings=hearings(matcher),
        group=shard.group,
        facts=matcher.holdings,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        gc.set_threshold(*FEWER_COLLECTIONS)
        await to_thread.run_sync(matcher.start)
        for beside in (rematching, proving):
            await to_thread.run_sync(beside.resume)
        threads = [threading.Thread(target=beside.work, name=beside.name) for beside in (rematching, proving)]
        for thread in threads:
            thread.start()
        try:
            async with spine.lifespan(app):
                yield
        finally:
            for beside in (rematching, proving):
                beside.closing.set()
            for thread in threads:
                await to_thread.run_sync(thread.join)
        engine.dispose()

    app = FastAPI(title="Iljari matching", lifespan=lifespan, docs_url=None, redoc_url=None)
    pages = furnish(app, settings, engine, TEMPLATES)
    app.include_router(operations(spine))
    app.include_router(api(engine, shard.count, matcher.near_misses))
    needs = needs_of(engine, matcher.near_misses)
    app.include_router(needs_api(needs))
    app.include_router(rematch_api(engine, shard.count))
    app.include_router(season_api(engine, shard.count))
    app.include_router(learning_api(engine, shard.count))
    app.include_router(drift_api(engine))
    app.include_router(proof_api(engine, shard.count))
    app.include_router(proof_pages(engine, shard.count, pages))
    app.include_router(fairness_pages(engine, shard.count, pages, CafeNames(settings)))
    app.include_router(skill_needs_pages(needs, pages))
    describe(app)
    return app
