"""What lies buried and is replayed before its cause was mended goes back, is counted, and the command says so."""

from contextlib import nullcontext

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

from deploy import buried
from services.notify.app import create_app
from services.notify.settings import NotifySettings
from shared.burial import BuriedMessage, bury, dump_fields
from shared.clock import now
from shared.contracts import PostingWithdrawn
from shared.database import transaction
from shared.wire import encode
from tests.unit.notify.examples import a_posting_withdrawn

GOOD = {name.encode(): value.encode() for name, value in encode(a_posting_withdrawn(0)).items()}


def lay(engine: Engine, fields: dict[bytes, bytes]) -> int:
    message = BuriedMessage(
        group="notify", stream=PostingWithdrawn.stream, entry_id="1-0", code="HANDLER_FAILED", cause="x", deliveries=5,
        fields=dump_fields(fields), buried_at=now(),
    )  # fmt: skip
    with transaction(engine) as session:
        bury(session, message)
        session.flush()
        return message.number or 0


def test_it_goes_back_until_it_can_be_handled(
    settings: NotifySettings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = TestClient(create_app(settings), headers={"authorization": "Bearer operator-token"})
    monkeypatch.setattr(buried, "open_system", lambda _data: nullcontext(client))
    number = lay(engine, GOOD | {b"data": b"[]"})
    for replays in (1, 2):
        ended = CliRunner().invoke(buried.app, ["replay", "notify", str(number)])
        assert (ended.exit_code, "[ENVELOPE_NOT_OBJECT]" in ended.stderr) == (1, True)
        (lying,) = client.get("/api/v1/notify/buried").json()
        assert (lying["replays"], lying["code"]) == (replays, "ENVELOPE_NOT_OBJECT")
    with transaction(engine) as session:
        session.get_one(BuriedMessage, number).fields = dump_fields(GOOD)
    ended = CliRunner().invoke(buried.app, ["replay", "notify", str(number)])
    assert (ended.exit_code, "Handled" in ended.stdout) == (0, True)
    assert client.get("/api/v1/notify/buried").json() == []
