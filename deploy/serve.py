"""How does one service run: settings from the environment, its database at the newest revision, then uvicorn."""

import os
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from shared.command import CommandError, ExitCode

if TYPE_CHECKING:
    from pydantic import ValidationError

    from shared.settings import ServiceSettings

ServiceName = Literal["registry", "matching", "notify"]
SERVICES: tuple[ServiceName, ...] = get_args(ServiceName)
GRACE_SECONDS = 15
ALMOST = 0.85
"""Likeness of names (difflib) from which one is taken for a slip of the hand."""


def serve(service: ServiceName, *, socket: Path | None, host: str, port: int) -> None:
    """Run a service until it is told to stop; on a unix socket if one is given, else on host and port."""
    import uvicorn

    from shared import telemetry

    settings = load_settings(service)
    telemetry.start(service, settings.otlp_endpoint)
    migrate(service, settings.database_url)
    app = import_module(f"services.{service}.app").create_app(settings)
    where: dict[str, Any] = {"uds": str(socket)} if socket else {"host": host, "port": port}
    configuration = uvicorn.Config(
        app,
        **where,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=65,  # longer than the gateway keeps a connection, so that it never writes into a closed one
        timeout_graceful_shutdown=GRACE_SECONDS,
        forwarded_allow_ips="*" if socket else None,  # only the gateway can open the socket
    )
    server = uvicorn.Server(configuration)
    server.run()
    if not server.started:
        sys.exit(1)  # uvicorn's own code is our ExitCode.UNREACHABLE, which tells a supervisor not to try again


def migrate(service: ServiceName, database_url: str) -> None:
    """Bring a service's database to the newest revision."""
    from sqlalchemy.exc import OperationalError

    from deploy.schema import upgrade
    from shared.database import open_engine

    engine = open_engine(database_url)
    try:
        upgrade(service, engine)
    except OperationalError as error:
        raise CommandError(
            "DATABASE_UNREACHABLE",
            ExitCode.UNREACHABLE,
            ko=f"{service} 데이터베이스를 열 수 없습니다.",
            en=f"The database of {service} cannot be opened: {error.orig}",
            where=engine.url.render_as_string(hide_password=True),
            hint=f"Is it running, does it exist, and may this user write there? See {service.upper()}_DATABASE_URL.",
        ) from error
    finally:
        engine.dispose()


def settings_class(service: str) -> "type[ServiceSettings]":
    """The class that a service's settings are read into."""
    from shared.settings import ServiceSettings

    module = import_module(f"services.{service}.settings")
    own = (value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__)
    return next(value for value in own if issubclass(value, ServiceSettings))


def load_settings(service: ServiceName) -> "ServiceSettings":
    """A service's settings; all faults are told at once."""
    from pydantic import ValidationError

    settings = settings_class(service)
    faults = list(_misspelt(service, settings))
    try:
        held = settings()
    except ValidationError as error:
        raise _bad_settings(service, [*_faults_of(service, error), *faults]) from error
    if faults:
        raise _bad_settings(service, faults)
    return held


def _faults_of(service: str, error: "ValidationError") -> list[str]:
    return [
        f"{service.upper()}_{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    ]


def _misspelt(service: str, settings: "type[ServiceSettings]") -> Iterator[str]:
    """Variables that are almost a setting. Others may bear our prefix too, such as systemd's NOTIFY_SOCKET."""
    prefix = f"{service.upper()}_"
    known = [name.upper() for name in settings.model_fields]
    for name in sorted(name.removeprefix(prefix) for name in map(str.upper, os.environ) if name.startswith(prefix)):
        if name not in known and (near := get_close_matches(name, known, 1, ALMOST)):
            yield f"{prefix}{name}: there is no such setting; {prefix}{near[0]} there is"


def _bad_settings(service: str, faults: Sequence[str]) -> CommandError:
    return CommandError(
        "SETTINGS_INVALID",
        ExitCode.USAGE,
        ko=f"{service}의 설정이 잘못되었습니다.",
        en="Settings are missing or wrong:\n    " + "\n    ".join(faults),
        where="environment",
        hint="deploy/.env.example explains every setting.",
    )
