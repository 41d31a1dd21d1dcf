"""Puts notify together: its store, its ears, its desk."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Engine, func
from sqlmodel import Session, select

from services.notify import noticing, telling
from services.notify.delivery import sending as delivery
from services.notify.delivery.addresses import Addresses
from services.notify.delivery.channels import AppriseWay, Way
from services.notify.delivery.mail import MailWay
from services.notify.delivery.sending import Courier
from services.notify.delivery.webhooks import HookWay
from services.notify.desk.at_desk import TEMPLATES, Desk
from services.notify.desk.message_pages import message_pages
from services.notify.desk.pages import desk
from services.notify.handlers import HEARINGS
from services.notify.match_lists import most_headed, wake_postponed
from services.notify.people import Names
from services.notify.settings import NotifySettings
from services.notify.surfaces import surface
from services.notify.surfaces.agency_results import agency_results
from services.notify.surfaces.firm_pages import firm_pages
from services.notify.surfaces.link_pages import link_pages
from services.notify.surfaces.surface import Surface
from services.notify.surfaces.worker_pages import worker_pages
from services.notify.tables import MatchList, PostingCard, SeekerCard
from services.notify.telling import FILLERS
from shared.contracts import RestatementRequested
from shared.database import open_engine, reading, transaction
from shared.outbox import stage
from shared.spine import Spine
from shared.web.description import describe
from shared.web.operations import operations
from shared.web.pages import furnish


def create_app(settings: NotifySettings) -> FastAPI:
    """The whole service; it hears and says while it serves."""
    engine = open_engine(settings.database_url)
    spine = Spine(
        service="notify",
        settings=settings,
        engine=engine,
        hearings=HEARINGS,
        facts=lambda: holdings(engine),
        chores=(
            wake_postponed,
            lambda session: noticing.notice_agencies(session, settings.session_key),
            lambda session: noticing.trim_notices(session, spine.redis, timedelta(hours=settings.keep_hours)),
            telling.remind_firms,
            telling.open_daily,
            delivery.purge,
        ),
    )
    names, addresses = Names(settings), Addresses(settings)
    courier = Courier(engine, settings, addresses, ways_of(settings), FILLERS)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with transaction(engine) as session:
            ask_if_empty(session)
        gc.collect()
        gc.freeze()  # what was made until now stays: walking through it at every collection cost a page 100 ms
        async with spine.lifespan(app):
            bringing = asyncio.create_task(courier.run())
            yield
            await courier.stop(bringing)
        addresses.close()
        await names.close()
        engine.dispose()

    app = FastAPI(title="Iljari notify", lifespan=lifespan, docs_url=None, redoc_url=None)
    pages = furnish(app, settings, engine, TEMPLATES, surface.TEMPLATES)
    app.include_router(operations(spine))
    app.include_router(desk(Desk(engine, spine, names, pages, settings)))
    app.include_router(message_pages(engine, pages, settings))
    at = Surface(engine, names, pages, settings)
    for router in (worker_pages(at), firm_pages(at), link_pages(at), agency_results(at)):
        app.include_router(router)
    describe(app)
    return app


def ways_of(settings: NotifySettings) -> dict[str, Way]:
    """The channels that this system can send by."""
    ways: dict[str, Way] = {"webhook": HookWay(inside=settings.webhooks_inside)}
    if settings.smtp_url:
        domain = settings.mail_from.rpartition("@")[2]
        ways["email"] = MailWay(settings.smtp_url, settings.mail_from, settings.sender_name, domain)
    if settings.apprise:
        ways["apprise"] = AppriseWay()
    return ways


def ask_if_empty(session: Session) -> None:
    """A new store holds nothing: ask registry to say everything again."""
    holds_something = (
        session.exec(select(PostingCard.posting_id).limit(1)).first()
        or session.exec(select(SeekerCard.seeker_id).limit(1)).first()
    )
    if not holds_something:
        stage(session, RestatementRequested(asked_by="notify", reason="new_store"))


def holdings(engine: Engine) -> dict[str, Any]:
    """How much notify holds, for `iljari status`."""
    with reading(engine) as session:
        return {
            "postings": session.exec(select(func.count()).where(PostingCard.live)).one(),
            "seekers": session.exec(select(func.count()).where(SeekerCard.live)).one(),
            "lists": session.exec(select(func.count()).select_from(MatchList)).one(),
            "most_lists_headed_by_one_posting": most_headed(session),
            "deliveries": delivery.figures(session),
        }
