"""A registry that serves its pages by itself; Redis is away."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlmodel import Session

from services.registry.app import create_app
from services.registry.settings import RegistrySettings
from services.registry.tables import Table
from shared.database import SpineTable, transaction
from tests.journey.serving import serving
from tests.stores import store_with


@contextmanager
def registry_alone(folder: Path, fill: Callable[[Session], None]) -> Iterator[tuple[str, RegistrySettings]]:
    """Its address and settings, until the end of the block; it holds what is filled in."""
    settings = RegistrySettings(
        redis_url=f"unix://{folder}/no-redis.sock",
        database_url=f"sqlite:///{folder}/registry.sqlite",
        session_key=SecretStr("session-key"),
        operator_token=SecretStr("operator-token"),
        service_token=SecretStr("service-token"),
        vault_key=SecretStr("a house key for tests"),
        pseudonym_key=SecretStr("a pseudonym key for tests"),
    )
    engine = store_with(settings.database_url, Table.metadata, SpineTable.metadata)
    with transaction(engine) as session:
        fill(session)
    with ExitStack() as stack:
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        stack.enter_context(serving(create_app(settings), listener=door))
        yield f"http://127.0.0.1:{door.getsockname()[1]}", settings
    engine.dispose()
