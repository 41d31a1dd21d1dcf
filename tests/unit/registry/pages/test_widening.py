"""Does a counselor widen the wishes of her own seekers alone, as a new revision with a row of the audit log?"""

import re
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from services.registry.app import create_app
from services.registry.cafes.places import add_cafe
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import AuditRow, Seeker
from shared.database import reading, transaction
from shared.outbox import OutboxLine
from shared.web.sign_in import SESSION_COOKIE, SignedIn, make_cookie


@pytest.fixture
def cafes(engine: Engine) -> tuple[UUID, UUID]:
    with transaction(engine) as session:
        return add_cafe(session, "홍대", "서울 마포구").cafe_id, add_cafe(session, "신림", "서울 관악구").cafe_id


@pytest.fixture
def seeker_id(engine: Engine, vault: Vault, cafes: tuple[UUID, UUID]) -> UUID:
    document = {"name": "김하늘", "skills": ["제빵"], "wishes": {"occupation_codes": ["53"]}}
    with transaction(engine) as session:
        receipt = register(session, [SeekerRow("row", document)], "invented", vault, cafes[0])[0]
    assert receipt.seeker_id
    return receipt.seeker_id


def widen(settings: RegistrySettings, cafe: UUID, seeker_id: UUID, asked: str) -> int:
    who = SignedIn(role="counselor", account_id=uuid4(), cafe_ids=(uuid4(), cafe), label="상담사")
    cookies = {SESSION_COOKIE: make_cookie(settings, who)}
    browser = TestClient(create_app(settings), headers={"accept": "text/html"}, cookies=cookies, follow_redirects=False)
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', browser.get("/counter/register").text)
    assert token
    fields = {"form_token": token[1], "seeker_id": str(seeker_id), "asked": asked}
    return browser.post("/counter/widen", data=fields).status_code


def test_it_is_said_as_a_new_revision_and_recorded(
    engine: Engine, settings: RegistrySettings, cafes: tuple[UUID, UUID], seeker_id: UUID
) -> None:
    assert [widen(settings, cafes[0], seeker_id, asked) for asked in ("yes", "yes", "no")] == [303] * 3
    with reading(engine) as session:
        seeker = session.get_one(Seeker, seeker_id)
        looks = session.exec(select(AuditRow).where(AuditRow.seeker_id == seeker_id)).all()
        said = session.exec(select(OutboxLine.fields).where(col(OutboxLine.stream) == "seeker.published.v1")).all()
    assert (seeker.revision, seeker.facts["wishes"]["widened"]) == (3, False)
    assert [look.action for look in looks if "widened" in look.purpose] == ["correct", "correct"]
    assert ['widened\\": true' in line or 'widened\\":true' in line for line in said] == [False, True, False]


def test_another_cafe_s_seeker_is_not_found(
    settings: RegistrySettings, cafes: tuple[UUID, UUID], seeker_id: UUID
) -> None:
    assert widen(settings, cafes[1], seeker_id, "yes") == 404
    assert widen(settings, cafes[0], uuid4(), "yes") == 404
