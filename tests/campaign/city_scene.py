"""The whole city in small: one posting's journey through registry, matching and notify. Run in forked children.

Each service takes its turn as a process of its own: it opens its store, hears and says everything there is, and ends.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from redis import Redis
from sqlalchemy import Engine

from services.matching.handlers import hearings
from services.matching.matcher import Matcher
from services.matching.proof.certificate import certify
from services.matching.settings import MatchingSettings
from services.matching.shards import Shard
from services.matching.tables import Table as MatchingTable
from services.notify.app import ask_if_empty
from services.notify.handlers import HEARINGS as HEARD_BY_NOTIFY
from services.notify.settings import NotifySettings
from services.notify.tables import Table as NotifyTable
from services.registry.handlers import HEARINGS as HEARD_BY_REGISTRY
from services.registry.intake.queue import IntakeQueue
from services.registry.orders.agencies import add_agency
from services.registry.people.master_keys import MasterKeys
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Table as RegistryTable
from shared.clock import stopped_at
from shared.contracts import PostingReceived
from shared.database import SpineTable, open_engine, reading, transaction
from shared.outbox import stream_of
from shared.spine import Spine
from tests.campaign.kept import Kept, kept, refuse_failures
from tests.campaign.planted import plant

SERVICES: tuple[str, ...] = ("registry", "matching", "notify")
TABLES = {"registry": RegistryTable, "matching": MatchingTable, "notify": NotifyTable}
FIRST_EPOCH_AT = 300
"""Profiles known at which matching fits its first epoch: not in this journey, see `epoch_scene`."""
NOON = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
AGENCY = UUID("0a9e7c1e-0000-4000-8000-000000000001")
SECRET = SecretStr("invented for the campaign, opens nothing")

SEEKERS: tuple[dict[str, Any], ...] = (
    {"summary": "요양보호사로 삼 년 일했습니다. 어르신 목욕과 식사를 도왔습니다.", "skills": ["요양보호", "식사 보조"]},
    {"summary": "식당 주방에서 한식을 조리했습니다.", "skills": ["한식조리", "식재료 관리"]},
    {"summary": "창고에서 상품을 포장하고 지게차를 몰았습니다.", "skills": ["지게차", "포장"]},
    {"summary": "사무실에서 엑셀로 장부를 정리했습니다.", "skills": ["엑셀", "문서 작성"]},
    {"summary": "어르신 돌봄과 집안일을 해 왔습니다.", "skills": ["요양보호", "청소"]},
)
POSTINGS: tuple[dict[str, Any], ...] = (
    {"title": "주방 조리원", "description": "한식 조리와 식재료 관리", "required_skills": ["한식조리"]},
    {"title": "물류 포장", "description": "상품 포장과 상차, 지게차 우대", "preferred_skills": ["지게차"]},
)
NEW_POSTING = {"title": "요양보호사", "description": "어르신 목욕과 식사 보조, 청소", "required_skills": ["요양보호"]}


def begin(directory: str, redis_url: str, bug: str | None = None) -> None:
    """A city at rest, and one new posting on its agency's own stream."""
    plant(bug, Redis.from_url(redis_url))
    with stopped_at(NOON):
        for service in SERVICES:
            _make_store(directory, service)
        _people_the_registry(directory)
        for number, document in enumerate(POSTINGS, 1):
            _write(redis_url, number, document)
        _everyone_until_rest(directory, redis_url)
        _write(redis_url, len(POSTINGS) + 1, NEW_POSTING)


def drain(directory: str, redis_url: str, service: str, bug: str | None = None) -> None:
    """Start one service, let it hear and say everything, and stop it."""
    plant(bug, Redis.from_url(redis_url))
    with stopped_at(NOON):
        _turn(directory, redis_url, service)


def recover(directory: str, redis_url: str, bug: str | None = None) -> Kept:
    """Start everything again until nothing moves, twice, and tell what is kept."""
    plant(bug, Redis.from_url(redis_url))
    with stopped_at(NOON):
        for _ in range(2):
            _everyone_until_rest(directory, redis_url)
        stores = [Path(_path(directory, service)) for service in SERVICES]
        return kept(stores, Redis.from_url(redis_url)) | {"unfinished certificate": _disagreements(directory)}


def _everyone_until_rest(directory: str, redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    before = None
    while before != (before := _said_so_far(redis)):
        for service in SERVICES:
            _turn(directory, redis_url, service)


def _said_so_far(redis: Redis) -> dict[bytes, Any]:
    keys: Any = redis.scan_iter(type="STREAM")
    return {key: redis.xinfo_stream(key)["entries-added"] for key in keys}


def _turn(directory: str, redis_url: str, service: str) -> None:
    engine = open_engine(f"sqlite:///{_path(directory, service)}")
    TURNS[service](engine, {"redis_url": redis_url, "database_url": str(engine.url)} | _quiet())
    engine.dispose()
    refuse_failures()


def _registry(engine: Engine, told: dict[str, Any]) -> None:
    settings = RegistrySettings(**told, vault_key=SECRET, pseudonym_key=SECRET)
    IntakeQueue(settings, engine, Vault(MasterKeys(SECRET), SECRET)).drain_once()
    Spine(service="registry", settings=settings, engine=engine, hearings=HEARD_BY_REGISTRY).drain()


def _matching(engine: Engine, told: dict[str, Any]) -> None:
    settings = MatchingSettings(**told, epoch_profiles=FIRST_EPOCH_AT)
    shard = Shard.named(settings.shard)
    matcher = Matcher(engine, settings.rules(), shard, settings.epoch_profiles)
    matcher.start()
    heard = hearings(matcher)
    Spine(service="matching", settings=settings, engine=engine, hearings=heard, group=shard.group).drain()


def _notify(engine: Engine, told: dict[str, Any]) -> None:
    with transaction(engine) as session:
        ask_if_empty(session)
    Spine(service="notify", settings=NotifySettings(**told), engine=engine, hearings=HEARD_BY_NOTIFY).drain()


TURNS: dict[str, Callable[[Engine, dict[str, Any]], None]] = {
    "registry": _registry,
    "matching": _matching,
    "notify": _notify,
}


def _quiet() -> dict[str, Any]:
    secrets = dict.fromkeys(("session_key", "operator_token", "service_token"), SECRET)
    return {"consumer": "one", "allow_unsafe_redis": True, **secrets}


def _make_store(directory: str, service: str) -> None:
    engine = open_engine(f"sqlite:///{_path(directory, service)}")
    SpineTable.metadata.create_all(engine)
    TABLES[service].metadata.create_all(engine)
    engine.dispose()


def _people_the_registry(directory: str) -> None:
    engine = open_engine(f"sqlite:///{_path(directory, 'registry')}")
    rows = [
        SeekerRow(f"line {number}", {"source_ref": f"S-{number}", "name": f"가나{number}", **document})
        for number, document in enumerate(SEEKERS, 1)
    ]
    with transaction(engine) as session:
        add_agency(session, "행복직업소개소", "유료", AGENCY)
        receipts = register(session, rows, "invented", Vault(MasterKeys(SECRET), SECRET))
    assert {receipt.outcome for receipt in receipts} == {"accepted"}, receipts
    engine.dispose()


def _write(redis_url: str, number: int, document: dict[str, Any]) -> None:
    """As an agency does, but with an entry id of our choosing, so that two runs can be compared."""
    whole = {"source_ref": f"P-{number}", "employer": "가상상사", "place": {"district": "서울 마포구"}, **document}
    data = json.dumps(whole, ensure_ascii=False)
    Redis.from_url(redis_url).xadd(stream_of(PostingReceived, AGENCY), {"data": data}, id=f"{number}-1")


def _disagreements(directory: str) -> list[str]:
    engine = open_engine(f"sqlite:///{_path(directory, 'matching')}")
    with reading(engine) as session:
        certificate = certify(session, shard_count=1)
    engine.dispose()
    counted = ("missed", "invented", "different", "pending")
    return [f"{name}: {count}" for name in counted if (count := getattr(certificate, name))]


def _path(directory: str, service: str) -> str:
    return f"{directory}/{service}.sqlite"
