"""Two services that hear each other through a real Redis, behind one address; matching is spoken for."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from playwright.sync_api import Page
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import Session

from deploy.local.gateway import Gateway
from services.notify.app import create_app as create_notify
from services.notify.settings import NotifySettings
from services.notify.tables import PairStanding
from services.notify.tables import Table as NotifyTable
from services.registry.app import create_app as create_registry
from services.registry.people.master_keys import MasterKeys
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Table as RegistryTable
from shared.clock import stopped_at
from shared.database import SpineTable, reading, transaction
from shared.web import firm_links
from tests.journey.city import wait_for
from tests.journey.serving import serving
from tests.servers import local_redis
from tests.stores import store_with

PASSWORD = "봄날의 책 한 권"
HEARD_SECONDS = 30


@dataclass
class Town:
    """Registry and notify at work."""

    url: str
    registry: Engine
    notify: Engine
    settings: NotifySettings
    services: ExitStack
    serve: Callable[[], None]

    @contextmanager
    def at(self, instant: datetime) -> Iterator[None]:
        """Both services started anew, their clocks standing at this instant; afterwards with the real clock again."""
        self.services.close()
        with stopped_at(instant):
            self.serve()
            yield
        self.services.close()
        self.serve()

    def wait_until(self, seeker_id: UUID, posting_id: UUID, state: str) -> None:
        """Registry has recorded it and notify has heard."""

        def stands() -> bool:
            with reading(self.notify) as session:
                row = session.get(PairStanding, (seeker_id, posting_id))
                return row is not None and row.state == state

        wait_for(stands, HEARD_SECONDS, f"a pair that is {state}")

    def link(self, posting_id: UUID) -> str:
        return firm_links.path(self.settings.session_key, posting_id)


@contextmanager
def open_town(folder: Path, fill_registry: Callable[[Session, Vault], None]) -> Iterator[Town]:
    """Serve until the end of the block; registry holds what is filled in before it begins to speak."""
    with ExitStack() as stack:
        redis = stack.enter_context(local_redis("valkey"))
        secrets = {
            "redis_url": redis.url,
            "allow_unsafe_redis": True,
            "session_key": SecretStr("session-key"),
            "operator_token": SecretStr("operator-token"),
            "service_token": SecretStr("service-token"),
        }
        registry = RegistrySettings(
            database_url=f"sqlite:///{folder}/registry.sqlite",
            vault_key=SecretStr("a master key for tests"),
            pseudonym_key=SecretStr("a pseudonym key for tests"),
            **secrets,
        )
        notify = NotifySettings(
            database_url=f"sqlite:///{folder}/notify.sqlite",
            registry_url=str(folder / "registry.sock"),
            names_wait_seconds=5,
            **secrets,
        )
        stores = [
            store_with(settings.database_url, tables.metadata, SpineTable.metadata)
            for settings, tables in ((registry, RegistryTable), (notify, NotifyTable))
        ]
        for store in stores:
            stack.callback(store.dispose)
        with transaction(stores[0]) as session:
            fill_registry(session, Vault(MasterKeys(registry.vault_key), registry.pseudonym_key))
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        services = stack.enter_context(ExitStack())

        def serve() -> None:
            services.enter_context(serving(create_registry(registry), uds=str(folder / "registry.sock")))
            services.enter_context(serving(create_notify(notify), uds=str(folder / "notify.sock")))

        serve()
        stack.enter_context(serving(Gateway(folder).app(), listener=door))  # type: ignore[arg-type]
        yield Town(f"http://127.0.0.1:{door.getsockname()[1]}", stores[0], stores[1], notify, services, serve)


def come_in(page: Page, path: str, login: str) -> None:
    page.goto(path)
    page.get_by_label("아이디").fill(login)
    page.get_by_label("비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="로그인", exact=True).click()
