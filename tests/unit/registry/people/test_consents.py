"""Consents: each purpose for itself, nothing published without matching's, revoked at once and for files too."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from services.registry.people import consents, rights
from services.registry.people.audit import Look
from services.registry.people.consents import Ground, Matter
from services.registry.people.seekers import SeekerReceipt, SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.tables import AuditRow, Consent, Referral, Seeker
from shared.clock import now
from shared.database import reading, transaction
from tests.unit.registry.conftest import said

MATCHING = Matter("matching")
HERSELF = Look("구직자 본인", "own page", place="10.0.0.9", action="revoke")


def take(session: Session, vault: Vault, basis: Any = "consent", **but: Any) -> SeekerReceipt:
    document = {"source_ref": "S-1", "name": "홍길동", "summary": "빵을 구웠습니다"} | but
    return register(session, [SeekerRow("here", document)], basis, vault)[0]


def the_one(session: Session) -> Seeker:
    return session.exec(select(Seeker)).one()


def codes(receipt: SeekerReceipt) -> set[str]:
    return {found.code for found in receipt.findings}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_text_says_what_the_law_asks_for(language: str) -> None:
    texts = consents.present_texts()
    assert set(texts) == {"matching", "provision", "messages", "marketing"}
    for text in texts.values():
        words = getattr(text, language).told("새봄푸드")
        assert all(words.model_dump().values())
        assert "{" not in str(words)


def test_without_a_ground_a_row_comes_back_and_nothing_is_kept(engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        receipt = take(session, vault, None)
        assert (receipt.outcome, codes(receipt)) == ("returned", {"CONSENT_MISSING"})
        assert session.exec(select(Seeker)).all() == []


@pytest.mark.parametrize("stated", [[], ["messages"]])
def test_who_does_not_agree_to_matching_is_kept_and_not_published(
    engine: Engine, vault: Vault, stated: list[str]
) -> None:
    with transaction(engine) as session:
        receipt = take(session, vault, consents=stated)
        assert (receipt.outcome, codes(receipt)) == ("accepted", {"CONSENT_NOT_FOR_MATCHING"})
        assert the_one(session).state == "unseen"
        assert said(session, "seeker.published.v1") == said(session, "seeker.withdrawn.v1") == []
        again = take(session, vault, consents=[*stated, "matching"])
        assert (again.outcome, again.revision, the_one(session).state) == ("accepted", 1, "active")
        assert [row.purpose for row in session.exec(select(Consent))] == [*stated, "matching"]


def test_a_row_that_states_its_consents_needs_no_ground(engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        assert take(session, vault, None, consents=["matching"]).outcome == "accepted"
        row = session.exec(select(Consent)).one()
        assert (row.basis, row.given_through, row.text) == (
            "consent", "file", consents.present_texts()["matching"].version,
        )  # fmt: skip


def test_a_revoked_consent_withdraws_at_once_and_no_file_gives_it_back(engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        take(session, vault)
        rights.revoke(session, vault, the_one(session), MATCHING, HERSELF)
        assert the_one(session).state == "withdrawn"
        assert len(said(session, "seeker.withdrawn.v1")) == 1
        again = take(session, vault, skills=["제빵"])
        assert codes(again) == {"CONSENT_REVOKED"}
        assert (the_one(session).state, the_one(session).facts["skills"]) == ("withdrawn", ["제빵"])
        rights.agree(session, vault, the_one(session), MATCHING, Ground("consent", "herself"), HERSELF)
        assert (the_one(session).state, the_one(session).revision) == ("active", 3)
        assert [row.action for row in session.exec(select(AuditRow))] == ["revoke", "revoke"]


def test_provision_is_agreed_to_one_by_one(engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        seeker_id = take(session, vault).seeker_id
        assert seeker_id is not None
        bakery, cafe = Matter("provision", "새봄푸드"), Matter("provision", "망원카페")
        consents.give(session, seeker_id, bakery, Ground("consent", "herself"))
        assert consents.holds(session, seeker_id, bakery)
        assert not consents.holds(session, seeker_id, cafe)
        assert consents.revoke(session, seeker_id, bakery)
        assert not consents.revoke(session, seeker_id, bakery)
        assert not consents.holds(session, seeker_id, bakery)


def test_who_wants_people_alone_is_not_matched_until_she_says_so(engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        take(session, vault)
        rights.leave_to_people(session, vault, the_one(session), HERSELF, asked=True)
        assert (the_one(session).state, the_one(session).human_only) == ("withdrawn", True)
        take(session, vault, skills=["제빵"])
        assert the_one(session).state == "withdrawn"
        rights.leave_to_people(session, vault, the_one(session), HERSELF, asked=False)
        assert the_one(session).state == "active"


def test_what_was_taken_out_of_her_texts_can_be_shown_to_her(engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        take(session, vault, summary="저 홍길동, 연락 010-1111-2222, a@b.example")
        assert the_one(session).scrubbed == [
            {"where": "summary", "code": "PHONE_REMOVED"},
            {"where": "summary", "code": "EMAIL_REMOVED"},
            {"where": "summary", "code": "NAME_REMOVED"},
        ]


def test_the_export_tells_where_her_referrals_stand_and_nobody_elses(engine: Engine, vault: Vault) -> None:
    path = [{"state": "accepted", "day": "2026-11-02", "by": "counselor"}]
    with transaction(engine) as session:
        take(session, vault)
        for number, seeker_id in enumerate((the_one(session).seeker_id, UUID(int=99))):
            session.add(
                Referral(
                    referral_id=UUID(int=number), seeker_id=seeker_id, posting_id=UUID(int=7), revision=1, path=path,
                    state="accepted", answer_days=7, result_days=14, changed_at=now(),
                )
            )  # fmt: skip
        session.flush()
        told = rights.export(session, vault, the_one(session), HERSELF)["referrals"]
    assert [(each["posting_id"], each["state"], each["path"]) for each in told] == [
        (str(UUID(int=7)), "accepted", path)
    ]


def test_the_export_holds_everything_and_is_itself_recorded(engine: Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        take(session, vault, phone="010-1111-2222", birth_date="1990-02-03", home="서울 마포구 망원로 12")
        look = Look("operator", "asked at the counter", place="10.0.0.1", action="export")
        told = rights.export(session, vault, the_one(session), look)
    assert told["person"] == {
        "name": "홍길동", "phone": "010-1111-2222", "birth_date": "1990-02-03", "address": "서울 마포구 망원로 12"
    }  # fmt: skip
    assert told["profile"]["summary"] == "빵을 구웠습니다"
    assert [row["purpose"] for row in told["consents"]] == ["matching"]
    assert [(row["action"], row["place"]) for row in told["looked_at"]] == [("export", "10.0.0.1")]
    with reading(engine) as session:
        assert vault.audit.check(session).breaks == ()
