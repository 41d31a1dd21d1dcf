"""Seekers and their vault: facts may travel, names may not; every look is recorded; the erased stay erased."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.cafes.places import add_cafe
from services.registry.people.audit import Look
from services.registry.people.seekers import SeekerReceipt, SeekerRow, register, withdraw
from services.registry.people.vault import Person, Vault
from services.registry.tables import AuditRow, Consent, Seeker, VaultKey
from shared.database import reading, transaction
from tests.unit.registry.conftest import said

Register = Callable[..., SeekerReceipt]


def a_seeker(**but: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "source_ref": "010-2222-3333",
        "name": "홍길동",
        "phone": "010-2222-3333",
        "email": "gildong@example.com",
        "summary": "저 홍길동은 3년간 빵을 구웠습니다. 연락 010-2222-3333",
        "skills": ["제빵"],
        "home": "서울 마포구 망원로 12, 101호",
        "wishes": {"districts": ["서울 마포구"]},
    }
    return document | but


@pytest.fixture
def take(engine: Engine, vault: Vault) -> Register:
    def take(document: dict[str, Any]) -> SeekerReceipt:
        with transaction(engine) as session:
            return register(session, [SeekerRow("here", document)], "consent", vault)[0]

    return take


def test_facts_travel_and_the_person_does_not(take: Register, engine: Engine, tmp_path: Path) -> None:
    receipt = take(a_seeker())
    assert (receipt.outcome, receipt.revision) == ("accepted", 1)
    with reading(engine) as session:
        facts = session.exec(select(Seeker)).one().facts
        assert facts["skills"] == ["제빵"]
        assert facts["home"] == {
            "district": "서울 마포구", "address": None, "latitude": None, "longitude": None, "remote": False
        }  # fmt: skip
        assert len(said(session, "seeker.published.v1")) == 1
    engine.dispose()
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("registry.sqlite*"))
    for value in ("홍길동", "2222-3333", "gildong", "망원로"):
        assert value.encode() not in stored


def test_the_same_reference_is_the_same_person(take: Register, engine: Engine) -> None:
    first, again = take(a_seeker()), take(a_seeker())
    revised = take(a_seeker(skills=["제빵", "제과"]))
    assert (again.outcome, again.seeker_id) == ("unchanged", first.seeker_id)
    assert (revised.outcome, revised.seeker_id, revised.revision) == ("accepted", first.seeker_id, 2)
    with reading(engine) as session:
        assert session.exec(select(Consent.basis)).all() == ["consent"]


def test_a_new_phone_number_is_sealed_and_nothing_is_said(take: Register, engine: Engine, vault: Vault) -> None:
    first = take(a_seeker())
    assert take(a_seeker(phone="010-4444-5555")).revision == 1
    with transaction(engine) as session:
        person = vault.read(session, [_id(first)], Look("상담사 김", "call", ("phone",)))[_id(first)]
        assert person.phone == "010-4444-5555"
        assert len(said(session, "seeker.published.v1")) == 1


@pytest.mark.parametrize(
    ("but", "code"),
    [
        ({"summary": "주민번호 900101-1234567"}, "IDENTIFIER_NOT_ALLOWED"),
        ({"name": "홍길동 900101-1234567"}, "IDENTIFIER_NOT_ALLOWED"),
        ({"source_ref": "900101-1234567"}, "IDENTIFIER_NOT_ALLOWED"),
        ({"phone": "9001011234568"}, "IDENTIFIER_NOT_ALLOWED"),
        ({"주민 9001011234568": "있음"}, "IDENTIFIER_NOT_ALLOWED"),
        ({"experience_months": 9001011234568}, "IDENTIFIER_NOT_ALLOWED"),
        ({"cafe_id": str(uuid4())}, "CAFE_UNKNOWN"),
        ({"school": "가나대학교"}, "FIELD_UNKNOWN"),
        ({"sex": "F"}, "FIELD_UNKNOWN"),
        ({"wishes": {"commute_km": -1}}, "NUMBER_OUT_OF_RANGE"),
    ],
)
def test_what_may_not_be_kept_comes_back(take: Register, engine: Engine, but: dict[str, Any], code: str) -> None:
    receipt = take(a_seeker(**but))
    assert receipt.outcome == "returned"
    assert code in {found.code for found in receipt.findings}
    assert "900101" not in receipt.model_dump_json()
    with reading(engine) as session:
        assert session.exec(select(Seeker)).all() == []
        assert session.exec(select(VaultKey)).all() == []


def test_a_seeker_belongs_to_her_cafe(engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        cafe = add_cafe(session, "망원 일자리카페", "서울 마포구")
        register(session, [SeekerRow("here", a_seeker())], "invented", vault, cafe.cafe_id)
        assert session.exec(select(Seeker.cafe_id)).one() == cafe.cafe_id


def test_the_withdrawn_leave_a_tombstone_and_may_return_but_the_erased_may_not(take: Register, engine: Engine) -> None:
    receipt = take(a_seeker())
    with transaction(engine) as session:
        withdraw(session, session.get_one(Seeker, receipt.seeker_id), "paused")
    assert take(a_seeker()).revision == 3
    with transaction(engine) as session:
        withdraw(session, session.get_one(Seeker, receipt.seeker_id), "erased")
    back = take(a_seeker())
    assert [found.code for found in back.findings if found.severity == "refusal"] == ["PERSON_ERASED"]
    with reading(engine) as session:
        assert len(said(session, "seeker.withdrawn.v1")) == 2


def test_every_look_is_recorded(take: Register, engine: Engine, vault: Vault) -> None:
    receipt = take(a_seeker())
    with transaction(engine) as session:
        seen = vault.read(session, [_id(receipt), uuid4(), _id(receipt)], Look("상담사 김", "match list"))
    assert seen == {receipt.seeker_id: Person(name="홍길동")}
    with reading(engine) as session:
        row = session.exec(select(AuditRow)).one()
        assert (row.seeker_id, row.who, row.purpose, row.items) == (
            receipt.seeker_id,
            "상담사 김",
            "match list",
            ["name"],
        )


def test_no_record_no_name(take: Register, engine: Engine, vault: Vault) -> None:
    receipt = take(a_seeker())
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE audit")
    with pytest.raises(Exception, match="audit"), transaction(engine) as session:
        vault.read(session, [_id(receipt)], Look("상담사 김", "match list"))


@pytest.mark.parametrize(("who", "purpose"), [("", "match list"), ("상담사 김", " ")])
def test_nobody_looks_without_name_and_purpose(who: str, purpose: str) -> None:
    with pytest.raises(ValueError, match="a look needs"):
        Look(who, purpose)


def test_a_person_is_never_printed() -> None:
    person = Person(name="홍길동", phone="010-2222-3333")
    assert "홍길동" not in f"{person} {person!r} {[person]}"


def _id(receipt: SeekerReceipt) -> UUID:
    assert receipt.seeker_id is not None
    return receipt.seeker_id
