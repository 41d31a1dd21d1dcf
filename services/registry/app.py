"""Puts the registry together: its store, its vault, its ears, the queue of agencies' streams, its door and its API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from anyio import to_thread
from fastapi import FastAPI
from sqlalchemy import Engine, func
from sqlmodel import select

from services.registry.api.accounts import account_api
from services.registry.api.agencies import agency_api
from services.registry.api.cafes import cafe_api
from services.registry.api.contacts import contact_api
from services.registry.api.custody import custody
from services.registry.api.firms import firm_door
from services.registry.api.ground import ground_api
from services.registry.api.intake import intake_api
from services.registry.api.ledgers import ledger_api
from services.registry.api.orders import order_api
from services.registry.api.plan import plan_api
from services.registry.api.programs import program_api
from services.registry.api.proposals import proposal_api
from services.registry.api.referrals import referral_api
from services.registry.api.seasons import season_api
from services.registry.api.services import service_api
from services.registry.api.upkeep import upkeep
from services.registry.cafes.booking_law import Rules
from services.registry.cafes.forgetting import fold_old
from services.registry.cafes.room_clock import RoomClock
from services.registry.expiry import Sweeper
from services.registry.handlers import hearings
from services.registry.intake import losses
from services.registry.intake.queue import IntakeQueue
from services.registry.law.rules import load_rules
from services.registry.orders.life_cycle import OPEN
from services.registry.orders.referral_states import Periods
from services.registry.pages.agency import agency_pages
from services.registry.pages.benefit import benefit_pages
from services.registry.pages.board import board_pages
from services.registry.pages.cafes import cafe_pages
from services.registry.pages.counter import counter_pages
from services.registry.pages.districts import district_pages
from services.registry.pages.doorstep import TEMPLATES, doorstep
from services.registry.pages.keeping import keeping_pages
from services.registry.pages.kiosk import kiosk_pages
from services.registry.pages.ledgers import ledger_pages
from services.registry.pages.me import my_pages
from services.registry.pages.papers import paper_pages
from services.registry.pages.partners import partner_pages
from services.registry.pages.program_counter import program_counter
from services.registry.pages.programs import program_pages
from services.registry.pages.proposals import proposal_pages
from services.registry.pages.seasons import season_pages
from services.registry.pages.seeker_files import seeker_files
from services.registry.pages.staff import staff_pages
from services.registry.people.contacts import purge_contacts
from services.registry.people.erasure import ErasureRecord, erase_again, purge_ledger
from services.registry.people.master_keys import MasterKeys
from services.registry.people.seekers import ACTIVE
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency, Posting, Seeker
from shared.database import open_engine, reading, transaction
from shared.spine import Spine
from shared.web.description import describe
from shared.web.operations import operations
from shared.web.pages import furnish


def create_app(settings: RegistrySettings) -> FastAPI:  # noqa: PLR0915 - the list of what it is made of
    """The whole service; it hears, reads agencies' streams and says while it serves."""
    engine = open_engine(settings.database_url)
    vault = Vault(MasterKeys(settings.vault_key, settings.vault_key_file), settings.pseudonym_key)
    record = ErasureRecord(settings.erasure_record)
    law = load_rules(*filter(None, [settings.law_rules]))
    rules = Rules(
        settings.room_late_minutes, settings.room_points_limit, settings.room_points_days, settings.room_block_days
    )
    sweeper = Sweeper(engine)
    room_clock = RoomClock(engine, rules)
    queue = IntakeQueue(settings, engine, vault, law)

    def facts() -> dict[str, Any]:
        return holdings(engine) | {
            "broken_agency_streams": queue.streams.problems,
            "expiry_stopped": sweeper.refused,
        }

    periods = Periods(settings.referral_answer_days, settings.referral_result_days)
    spine = Spine(
        service="registry",
        settings=settings,
        engine=engine,
        hearings=hearings(periods),
        facts=facts,
        chores=[purge_ledger, fold_old, purge_contacts],
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await to_thread.run_sync(mend_what_was_restored, engine, vault, record)
        async with spine.lifespan(app):
            reader, clock = asyncio.create_task(queue.run()), asyncio.create_task(sweeper.run())
            freeing = asyncio.create_task(room_clock.run())
            yield
            await queue.stop(reader)
            await sweeper.stop(clock)
            await room_clock.stop(freeing)
        engine.dispose()

    app = FastAPI(title="Iljari registry", lifespan=lifespan, docs_url=None, redoc_url=None)
    pages = furnish(app, settings, engine, TEMPLATES)
    app.include_router(operations(spine))
    app.include_router(doorstep(engine, settings, pages, vault))
    app.include_router(my_pages(engine, vault, record, settings, pages))
    app.include_router(counter_pages(engine, vault, pages))
    app.include_router(seeker_files(engine, vault, pages))
    app.include_router(cafe_pages(engine, vault, settings, pages, rules))
    app.include_router(program_pages(engine, pages))
    app.include_router(program_counter(engine, vault, pages))
    app.include_router(proposal_pages(engine, pages))
    app.include_router(kiosk_pages(engine, settings, pages))
    app.include_router(staff_pages(engine, vault, pages, rules))
    app.include_router(keeping_pages(engine, settings, pages, rules))
    app.include_router(partner_pages(engine, pages))
    app.include_router(season_pages(engine, pages))
    app.include_router(agency_pages(engine, vault, law, pages))
    app.include_router(ledger_pages(engine, vault, pages))
    app.include_router(paper_pages(engine, vault, pages))
    for of_the_city in (board_pages, benefit_pages, district_pages):
        app.include_router(of_the_city(engine, pages))
    app.include_router(account_api(engine))
    app.include_router(agency_api(engine))
    app.include_router(intake_api(engine, vault, law))
    app.include_router(service_api(engine, vault))
    app.include_router(ground_api(engine))
    app.include_router(plan_api(engine))
    app.include_router(season_api(engine))
    app.include_router(order_api(engine, vault, law))
    app.include_router(firm_door(engine, vault))
    app.include_router(cafe_api(engine, rules))
    app.include_router(proposal_api(engine))  # before the one that takes any word for a session
    app.include_router(program_api(engine))
    app.include_router(referral_api(engine, periods))
    app.include_router(ledger_api(engine, vault))
    app.include_router(upkeep(engine))
    app.include_router(contact_api(engine, vault, hooks_inside=settings.webhooks_inside))
    app.include_router(custody(engine, vault, record))
    describe(app)
    return app


def mend_what_was_restored(engine: Engine, vault: Vault, record: ErasureRecord) -> None:
    """Whoever was erased stays so, whichever backup this store was made from."""
    with transaction(engine) as session:
        put_right = erase_again(session, vault, record)
    if put_right:
        structlog.get_logger().warning("erased_again", people=put_right)


def holdings(engine: Engine) -> dict[str, Any]:
    """How much the registry holds, for `iljari status`."""
    with reading(engine) as session:
        return {
            "agencies": session.exec(select(func.count()).select_from(Agency)).one(),
            "open_postings": session.exec(select(func.count()).where(Posting.state == OPEN)).one(),
            "active_seekers": session.exec(select(func.count()).where(Seeker.state == ACTIVE)).one(),
            "trimmed_agency_streams": losses.unsettled(session),
        }
