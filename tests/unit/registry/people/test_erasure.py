"""Erased means gone: key, profile, account, copies; and no file, replay or restored backup brings anybody back."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from services.registry.app import create_app
from services.registry.people.accounts import add_account, login_of
from services.registry.people.audit import Look
from services.registry.people.erasure import ErasureRecord, erase, erase_again, purge_ledger
from services.registry.people.seekers import SeekerReceipt, SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Account, Consent, KeptByLaw, Seeker, VaultItem, VaultKey
from shared.burial import BuriedMessage, bury
from shared.clock import now, stopped_at
from shared.database import open_engine, reading, transaction
from shared.outbox import OutboxLine
from tests.unit.registry.conftest import OPERATOR, said

BY_HERSELF = Look("구직자 본인", "own page", place="10.0.0.9", action="erase")


@pytest.fixture
def record(tmp_path: Path) -> ErasureRecord:
    return ErasureRecord(tmp_path / "erasures.jsonl")


def take(session: Session, vault: Vault, basis: Any = "consent", **but: Any) -> SeekerReceipt:
    document = {"source_ref": "S-1", "name": "홍길동", "phone": "010-2222-3333", "summary": "빵을 구웠습니다"} | but
    return register(session, [SeekerRow("here", document)], basis, vault)[0]


def erased(session: Session, vault: Vault, record: ErasureRecord, **but: Any) -> UUID:
    seeker = session.get_one(Seeker, take(session, vault, **but).seeker_id)
    erase(session, vault, record, seeker, BY_HERSELF)
    return seeker.seeker_id


def test_nothing_of_her_is_left_but_a_tombstone(engine: Engine, vault: Vault, record: ErasureRecord) -> None:
    with transaction(engine) as session:
        seeker_id = take(session, vault).seeker_id
        assert seeker_id is not None
        add_account(
            session, login=login_of(vault, "010-2222-3333"), display_name="구직자", role="seeker",
            password="a long password", seeker_id=seeker_id,
        )  # fmt: skip
        published = said(session, "seeker.published.v1")[0].fields
        lying = BuriedMessage(
            group="registry", stream="s", entry_id="1-0", code="X", cause="", deliveries=5, fields=published,
            buried_at=now(),
        )  # fmt: skip
        bury(session, lying)
        erase(session, vault, record, session.get_one(Seeker, seeker_id), BY_HERSELF)
    with reading(engine) as session:
        for table in (VaultKey, VaultItem, Account, BuriedMessage):
            assert session.exec(select(table)).all() == []  # type: ignore[var-annotated]
        seeker = session.exec(select(Seeker)).one()
        assert (seeker.state, seeker.facts, seeker.cafe_id, seeker.revision) == ("erased", {}, None, 2)
        assert all(row.revoked_at for row in session.exec(select(Consent)))
        assert said(session, "seeker.published.v1") == []
        streams = [line.stream for line in session.exec(select(OutboxLine))]
        assert sorted(streams) == ["seeker.withdrawn.v1", "sessions.ended.v1"]
        (withdrawn,) = said(session, "seeker.withdrawn.v1")
        assert json.loads(json.loads(withdrawn.fields)["data"])["reason"] == "erased"
    with transaction(engine) as session:
        assert erase(session, vault, record, session.get_one(Seeker, seeker_id), BY_HERSELF) is None
        assert take(session, vault).outcome == "returned"


def test_the_ledgers_line_is_kept_sealed_until_its_end(engine: Engine, vault: Vault, record: ErasureRecord) -> None:
    with transaction(engine) as session:
        erased(session, vault, record)
        line = session.exec(select(KeptByLaw)).one()
        assert "홍길동".encode() not in line.sealed
        assert line.ends_at - now() > timedelta(days=729)
        assert purge_ledger(session) == 0
        with stopped_at(line.ends_at):
            assert purge_ledger(session) == 1


def test_the_invented_have_no_line_that_a_law_makes_us_keep(
    engine: Engine, vault: Vault, record: ErasureRecord
) -> None:
    with transaction(engine) as session:
        erased(session, vault, record, basis="invented")
        assert session.exec(select(KeptByLaw)).all() == []


def test_a_restored_backup_brings_nobody_back(
    engine: Engine, vault: Vault, record: ErasureRecord, tmp_path: Path
) -> None:
    with transaction(engine) as session:
        take(session, vault)
    engine.dispose()
    shutil.copy(tmp_path / "registry.sqlite", tmp_path / "backup.sqlite")
    with transaction(engine) as session:
        first = session.exec(select(Seeker)).one()
        erase(session, vault, record, first, BY_HERSELF)
        later = erased(session, vault, record, source_ref="S-2", name="가나다")
    restored = open_engine(f"sqlite:///{tmp_path / 'backup.sqlite'}")
    with transaction(restored) as session:
        assert erase_again(session, vault, record) == 1
    with transaction(restored) as session:
        states = {row.seeker_id: (row.state, row.revision) for row in session.exec(select(Seeker))}
        assert states == {first.seeker_id: ("erased", 2), later: ("erased", 2)}
        assert session.exec(select(VaultKey)).all() == []
        assert said(session, "seeker.published.v1") == []
        for reference in ("S-1", "S-2"):
            receipt = take(session, vault, source_ref=reference)
            assert [found.code for found in receipt.findings] == ["PERSON_ERASED"]
    with transaction(restored) as session:
        assert erase_again(session, vault, record) == 0
        assert {row.revision for row in session.exec(select(Seeker))} == {2}
    restored.dispose()


def test_a_record_whose_last_line_was_cut_short_is_read(record: ErasureRecord, engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        one = erased(session, vault, record)
    assert record.path is not None
    with record.path.open("a") as lines:
        lines.write('{"seeker_id": "00')
    assert record.revisions() == {one: 2}


@pytest.fixture
def recorded(engine: Engine, settings: RegistrySettings, record: ErasureRecord) -> TestClient:
    app = create_app(settings.model_copy(update={"erasure_record": record.path}))
    return TestClient(app, headers=OPERATOR, raise_server_exceptions=False)


def test_an_operator_exports_stops_and_erases(recorded: TestClient, engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        seeker_id = take(session, vault).seeker_id
    why = {"why": "asked at the counter"}
    found = recorded.post("/api/v1/registry/seekers/find", json={"reference": "S-1"}).json()
    assert found == {"seeker_id": str(seeker_id), "state": "active"}
    at = f"/api/v1/registry/seekers/{seeker_id}"
    assert recorded.post(f"{at}/export", json=why).json()["person"]["name"] == "홍길동"
    assert recorded.post(f"{at}/stop", json=why).json()["state"] == "withdrawn"
    told = recorded.post(f"{at}/erase", json=why)
    assert (told.status_code, told.json()["erased"]) == (202, True)
    kept = told.json()["kept_by_law"]
    assert recorded.get("/api/v1/registry/kept-by-law").json() == [kept]
    opened = recorded.post(f"/api/v1/registry/kept-by-law/{kept['line_id']}/open", json=why).json()
    assert opened["name"] == "홍길동"
    assert recorded.post("/api/v1/registry/vault/rotate").json()["resealed"] == 0
    again = recorded.post(f"{at}/erase", json=why)
    nobody = recorded.post("/api/v1/registry/seekers/00000000-0000-4000-8000-000000000000/erase", json=why)
    assert (again.status_code, nobody.status_code) == (202, 202)
    for action in ("export", "stop"):
        assert recorded.post(f"{at}/{action}", json=why).status_code == 404
    verdict = recorded.get("/api/v1/registry/audit/check").json()
    assert verdict["breaks"] == []
    assert verdict["rows"] >= 4


def test_nothing_is_done_without_a_purpose(recorded: TestClient, engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        seeker_id = take(session, vault).seeker_id
    for action in ("export", "stop", "erase"):
        assert recorded.post(f"/api/v1/registry/seekers/{seeker_id}/{action}", json={"why": " "}).status_code == 422
    with reading(engine) as session:
        assert session.exec(select(Seeker.state).where(col(Seeker.state) == "erased")).all() == []
