"""Is the operator told of what an agency's stream lost until she says what became of it, and then no more?"""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import select
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from deploy.cli import app
from services.registry.app import create_app
from services.registry.intake.losses import tell
from services.registry.intake.trimmed import Gap
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency, StreamLoss
from shared.command import ExitCode
from shared.database import reading, transaction
from tests.journey.serving import serving


@pytest.fixture
def iljari(engine: Engine, settings: RegistrySettings) -> Iterator[Callable[..., Result]]:
    """The command, given to a registry that serves."""
    with (
        capture_logs(),  # of the registry, which would stand amid what the command says
        socket.create_server(("127.0.0.1", 0)) as door,
        serving(create_app(settings), listener=door, lifespan="off"),
    ):
        address = f"http://127.0.0.1:{door.getsockname()[1]}"
        named = {"ILJARI_URL": address, "ILJARI_OPERATOR_TOKEN": "operator-token", "ILJARI_DATA_DIR": None}
        yield lambda *words: CliRunner().invoke(app, [*words, "--json"], env=named)


def examined(told: Result) -> dict[str, Any]:
    """What `iljari doctor` says of agencies' streams."""
    (check,) = (each for each in json.loads(told.stdout)["checks"] if each["name"].endswith("agencies' streams"))
    return dict(check)


def test_doctor_names_what_was_lost_until_it_is_settled(
    iljari: Callable[..., Result], agency: Agency, engine: Engine
) -> None:
    with transaction(engine) as session:
        tell(session, agency.agency_id, Gap(lost=4, last_read=b"1-0", read=9))
    check = examined(iljari("doctor"))
    assert not check["ok"]
    assert check["found"] == f"posting.received.v1:{agency.agency_id}: STREAM_TRIMMED 4"
    assert "iljari agency settle" in check["mend"]

    told = iljari("agency", "settle", agency.name, "--reason", "다시 보냄")
    assert json.loads(told.stdout)["settled"] == 4
    assert examined(iljari("doctor"))["found"] == "all read"
    with reading(engine) as session:
        assert session.exec(select(StreamLoss)).one().settled_why == "다시 보냄"
    assert json.loads(iljari("agency", "settle", agency.name, "--reason", "다시").stdout)["settled"] == 0


def test_nothing_is_settled_without_saying_why(iljari: Callable[..., Result], agency: Agency) -> None:
    assert iljari("agency", "settle", agency.name, "--reason", "  ").exit_code == ExitCode.SOME_REFUSED
