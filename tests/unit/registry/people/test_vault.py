"""The vault: bound to person and item, opened by its master key alone, rotated without loss, never read unrecorded."""

import re
import stat
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import Session, select

from services.registry.app import create_app
from services.registry.people.audit import Look
from services.registry.people.master_keys import MasterKeys, VaultLocked, write_keys
from services.registry.people.vault import Person, Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency, AuditRow, Seeker, Submission, Upload, VaultItem, VaultKey
from shared.clock import now
from shared.database import reading, transaction
from tests.unit.registry.conftest import OPERATOR, a_document

GILDONG = Person(
    name="홍길동", phone="010-2222-3333", email="gildong@example.com", birth_date="1990-02-03", address="망원로 12"
)
EVERYTHING = Look("상담사 김", "test", tuple(Person.model_fields))


def a_person(session: Session, vault: Vault, person: Person = GILDONG) -> UUID:
    seeker = Seeker(
        seeker_id=uuid4(),
        revision=1,
        state="active",
        facts={},
        applied_at=now(),
        changed_at=now(),
        valid_until=now().date(),
    )
    session.add(seeker)
    session.flush()
    vault.keep(session, seeker.seeker_id, person)
    return seeker.seeker_id


def test_what_is_kept_is_read_and_only_what_is_asked(engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        one = a_person(session, vault)
        assert vault.read(session, [one], EVERYTHING) == {one: GILDONG}
        assert vault.read(session, [one], Look("상담사 김", "call", ("phone",))) == {one: Person(phone="010-2222-3333")}
        assert not vault.keep(session, one, GILDONG)
        assert vault.keep(session, one, Person(name="홍길순"))
        assert vault.read(session, [one], EVERYTHING) == {one: Person(name="홍길순")}


@pytest.mark.parametrize("moved", ["to another person", "to another item", "one bit"])
def test_what_was_moved_or_changed_does_not_open(engine: Engine, vault: Vault, moved: str) -> None:
    with transaction(engine) as session:
        one, other = a_person(session, vault), a_person(session, vault, Person(name="가나다", phone="010-0000-1111"))
        name, phone = session.get_one(VaultItem, (one, "name")), session.get_one(VaultItem, (one, "phone"))
        if moved == "to another person":
            key = session.get_one(VaultKey, one)
            key.wrapped = session.get_one(VaultKey, other).wrapped
        elif moved == "to another item":
            name.sealed = phone.sealed
        else:
            name.sealed = name.sealed[:-1] + bytes([name.sealed[-1] ^ 1])
        session.flush()
        with pytest.raises(VaultLocked):
            vault.read(session, [one], EVERYTHING)


def test_a_destroyed_key_takes_the_person_with_it(engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        one, other = a_person(session, vault), a_person(session, vault)
        vault.destroy(session, one)
        assert vault.read(session, [one, other], EVERYTHING) == {other: GILDONG}
        assert session.exec(select(VaultItem.seeker_id).distinct()).all() == [other]


def test_another_master_key_opens_nothing(engine: Engine, vault: Vault) -> None:
    stranger = Vault(MasterKeys(SecretStr("another key")), SecretStr("a pseudonym key for tests"))
    with transaction(engine) as session:
        one = a_person(session, vault)
        with pytest.raises(VaultLocked):
            stranger.read(session, [one], EVERYTHING)


def test_keys_given_by_words_are_rewrapped_and_the_old_ones_are_the_operators_to_remove(
    engine: Engine, settings: RegistrySettings
) -> None:
    old = Vault(MasterKeys(SecretStr("old")), settings.pseudonym_key)
    with transaction(engine) as session:
        one = a_person(session, old)
    both = create_app(settings.model_copy(update={"vault_key": SecretStr("new old")}))
    told = TestClient(both).post("/api/v1/registry/vault/rotate", headers=OPERATOR).json()
    assert (told["rewrapped"], told["old_keys_gone"]) == (1, False)
    with transaction(engine) as session:
        assert Vault(MasterKeys(SecretStr("new")), settings.pseudonym_key).read(session, [one], EVERYTHING)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    write_keys(tmp_path / "vault.keys", "the-first-key")
    return tmp_path / "vault.keys"


@pytest.fixture
def filed(engine: Engine, settings: RegistrySettings, key_file: Path) -> TestClient:
    keys = {"vault_key": None, "vault_key_file": key_file}
    return TestClient(create_app(settings.model_copy(update=keys)), raise_server_exceptions=False)


def test_rotation_wraps_everything_anew_and_forgets_the_old_key(
    engine: Engine, filed: TestClient, key_file: Path, make_agency: Callable[[str], tuple[Agency, str]]
) -> None:
    old = Vault(MasterKeys(file=key_file), SecretStr("a pseudonym key for tests"))
    with transaction(engine) as session:
        people = [a_person(session, old) for _ in range(3)]
    agency, api_key = make_agency("마포 일자리센터")
    key = {"Authorization": f"Bearer {api_key}", "Idempotency-Key": "1"}
    returned = filed.post("/api/v1/registry/postings", json=a_document(title="", employer="홍길동"), headers=key)
    assert returned.status_code == 422
    with transaction(engine) as session:
        upload = Upload(agency_id=agency.agency_id, file_name="a", sent_at=now(), upload_id=uuid4())
        upload.sealed = old.seal("홍길동".encode(), f"upload {upload.upload_id}")
        session.add(upload)
    before = key_file.read_text()

    told = filed.post("/api/v1/registry/vault/rotate", headers=OPERATOR).json()

    assert (told["rewrapped"], told["resealed"], told["old_keys_gone"]) == (3, 2, True)
    assert "the-first-key" not in key_file.read_text() != before
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    fresh = Vault(MasterKeys(file=key_file), SecretStr("a pseudonym key for tests"))
    with transaction(engine) as session:
        assert fresh.read(session, people, EVERYTHING) == dict.fromkeys(people, GILDONG)
        assert {row.wrapped_by for row in session.exec(select(VaultKey))} == {fresh.keys.newest.name}
        kept = session.exec(select(Submission)).one()
        assert kept.kept is not None
        assert "홍길동" in fresh.unseal(kept.kept, f"submission {kept.submission_id}").decode()
        waiting = session.exec(select(Upload)).one()
        assert waiting.sealed is not None
        assert fresh.unseal(waiting.sealed, f"upload {waiting.upload_id}").decode() == "홍길동"
    gone = Vault(MasterKeys(SecretStr("the-first-key")), SecretStr("a pseudonym key for tests"))
    with transaction(engine) as session, pytest.raises(VaultLocked):
        gone.read(session, people, EVERYTHING)


def test_a_rotation_that_was_cut_short_goes_on_with_its_key(engine: Engine, filed: TestClient, key_file: Path) -> None:
    vault = Vault(MasterKeys(file=key_file), SecretStr("a pseudonym key for tests"))
    with transaction(engine) as session:
        one = a_person(session, vault)
    vault.keys.begin_anew()
    begun = vault.keys.newest.name
    with transaction(engine) as session:
        other = a_person(session, vault)
    told = filed.post("/api/v1/registry/vault/rotate", headers=OPERATOR).json()
    assert (told["master_key"], told["rewrapped"]) == (begun, 1)
    with transaction(engine) as session:
        assert set(vault.read(session, [one, other], EVERYTHING)) == {one, other}


def test_pseudonyms_do_not_depend_on_the_master_key(vault: Vault) -> None:
    other = Vault(MasterKeys(SecretStr("a newer key")), SecretStr("a pseudonym key for tests"))
    assert vault.pseudonym("010-2222-3333") == other.pseudonym("010-2222-3333")


def test_nothing_reads_past_the_door() -> None:
    registry = Path(__file__).parents[4] / "services" / "registry"
    past = [
        path.name
        for path in registry.rglob("*.py")
        if path.name != "vault.py"
        and path.parent.name != "tables"
        and re.search(r"\bVaultItem\b|\bVaultKey\b|vault\._open\b", path.read_text())
    ]
    assert past == []


def test_every_read_leaves_a_row_for_each_person_once(engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        one = a_person(session, vault)
        vault.read(session, [one, uuid4(), one], Look("상담사 김", "call", ("phone",), place="10.0.0.7"))
    with reading(engine) as session:
        row = session.exec(select(AuditRow)).one()
        assert (row.seeker_id, row.who, row.purpose, row.items, row.place, row.action) == (
            one, "상담사 김", "call", ["phone"], "10.0.0.7", "read",
        )  # fmt: skip
