"""Asked to say everything again, the registry says each live posting and seeker at its present revision."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import delete, select

from services.registry import handlers
from services.registry.handlers import say_everything_again
from services.registry.people.seekers import SeekerRow, register, withdraw
from services.registry.people.vault import Vault
from services.registry.tables import Seeker
from shared import sessions
from shared.contracts import RestatementRequested
from shared.database import transaction
from shared.outbox import OutboxLine
from tests.unit.registry.conftest import a_document, said


def test_the_live_are_said_again_and_the_withdrawn_are_not(
    send: Callable[..., Any], engine: Engine, vault: Vault, monkeypatch: Any
) -> None:
    monkeypatch.setattr(handlers, "CHUNK", 2)
    for number in range(5):
        send(a_document(source_ref=str(number), title=f"제빵사 {number}"))
    send(a_document(source_ref="0", title="새 제목"))
    send({"source_ref": "4", "status": "filled"})
    with transaction(engine) as session:
        rows = [SeekerRow(str(n), {"source_ref": str(n), "summary": "빵"}) for n in range(3)]
        register(session, rows, "invented", vault)
        withdraw(session, session.exec(select(Seeker)).first() or Seeker(), "placed")
        sessions.end(session, UUID(int=9))
        session.connection().execute(delete(OutboxLine))
    ask = RestatementRequested(asked_by="matching", reason="new_store")
    with transaction(engine) as session:
        say_everything_again([ask, ask], session)
    with transaction(engine) as session:
        postings = [json.loads(json.loads(line.fields)["data"]) for line in said(session, "posting.published.v1")]
        seekers = said(session, "seeker.published.v1")
        (ended,) = said(session, "sessions.ended.v1")
    assert sorted((posting["facts"]["source_ref"], posting["revision"]) for posting in postings) == [
        ("0", 2),
        ("1", 1),
        ("2", 1),
        ("3", 1),
    ]
    assert postings[0]["agency_name"] == "마포 일자리센터"
    assert len(seekers) == 2
    assert str(UUID(int=9)) in ended.fields
