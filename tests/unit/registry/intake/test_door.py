"""The one way in: each document answered with all there is to say, and one posting an order whatever came first."""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.intake.door import Arrival, Receipt, receive
from services.registry.orders.agencies import add_agency
from services.registry.orders.life_cycle import OPEN
from services.registry.orders.postings import order_id_of
from services.registry.people.master_keys import MasterKeys
from services.registry.people.vault import Vault
from services.registry.tables import Agency, JobOrder, Posting, PostingRevision, Submission, Table
from shared.clock import KST, now
from shared.database import SpineTable, reading, transaction
from tests.stores import store_with
from tests.unit.registry.conftest import a_document, said

Send = Callable[..., Receipt]
MakeAgency = Callable[[str], tuple[Agency, str]]


def refusals(receipt: Receipt) -> dict[str, str]:
    return {found.code: found.where for found in receipt.findings if found.severity == "refusal"}


def remarks(receipt: Receipt) -> set[str]:
    return {found.code for found in receipt.findings if found.severity != "refusal"}


def test_a_good_posting_is_accepted_and_said(send: Send, engine: Engine, agency: Agency) -> None:
    receipt = send(a_document(source_ref="A-1"))
    assert (receipt.outcome, receipt.revision, receipt.findings) == ("accepted", 1, ())
    assert receipt.posting_id == order_id_of(agency.agency_id, "A-1")
    with reading(engine) as session:
        assert len(said(session, "posting.published.v1")) == 1
        assert len(said(session, "submission.answered.v1")) == 1
        assert len(said(session, f"submission.answered.v1:{agency.agency_id}")) == 1


def test_the_same_again_is_unchanged_and_not_said_again(send: Send, engine: Engine) -> None:
    first, second = send(a_document(source_ref="A-1")), send(a_document(source_ref="A-1"))
    assert (second.outcome, second.posting_id, second.revision) == ("unchanged", first.posting_id, 1)
    with reading(engine) as session:
        assert len(said(session, "posting.published.v1")) == 1


def test_other_content_is_the_next_revision_and_the_old_is_kept(send: Send, engine: Engine) -> None:
    send(a_document(source_ref="A-1"))
    second = send(a_document(source_ref="A-1", title="야간 제과제빵사 모집"))
    assert (second.outcome, second.revision) == ("accepted", 2)
    with reading(engine) as session:
        old = session.exec(select(PostingRevision)).one()
        assert (old.revision, old.facts["title"]) == (1, "제과제빵사 모집")


def test_without_a_reference_the_content_is_one(send: Send) -> None:
    first, second = send(a_document()), send(a_document())
    assert first.source_ref is not None
    assert first.source_ref.startswith("auto-")
    assert (second.outcome, second.posting_id) == ("unchanged", first.posting_id)


def test_the_same_order_from_another_agency_is_merged(
    send: Send, engine: Engine, agency: Agency, make_agency: MakeAgency
) -> None:
    other, _ = make_agency("서대문 일자리센터")
    first = send(a_document(source_ref="A-1"))
    merged = send(a_document(source_ref="B-7", title="  제과 제빵사   모집!"), by=other)
    assert (merged.outcome, merged.posting_id, merged.revision) == ("merged", first.posting_id, 1)
    assert send(a_document(source_ref="B-7", title="  제과 제빵사   모집!"), by=other).outcome == "unchanged"
    with reading(engine) as session:
        credited = {credit.agency_id for credit in session.exec(select(JobOrder))}
        assert credited == {agency.agency_id, other.agency_id}
        assert len(said(session, "posting.published.v1")) == 1


@pytest.mark.parametrize(("one", "other"), [("C 개발자", "C++ 개발자"), ("경력 3.5년", "경력 35년"), ("제빵", "제과")])
def test_what_is_not_the_same_order_stays_apart(send: Send, one: str, other: str) -> None:
    assert send(a_document(source_ref="1", title=one)).outcome == "accepted"
    assert send(a_document(source_ref="2", title=other)).outcome == "accepted"


def test_who_shared_an_order_keeps_it_when_the_first_sender_changes_hers(
    send: Send, engine: Engine, make_agency: MakeAgency
) -> None:
    other, _ = make_agency("서대문 일자리센터")
    first = send(a_document(source_ref="A-1"))
    send(a_document(source_ref="B-7"), by=other)
    changed = send(a_document(source_ref="A-1", title="바리스타 모집"))
    assert (changed.posting_id, changed.revision) == (first.posting_id, 2)
    with reading(engine) as session:
        heir = session.get_one(Posting, order_id_of(other.agency_id, "B-7"))
        assert (heir.state, heir.facts["title"]) == (OPEN, "제과제빵사 모집")


def test_a_repeat_of_the_same_sending_is_answered_as_before(send: Send, engine: Engine) -> None:
    identity = uuid4()
    first = send(a_document(source_ref="A-1"), submission_id=identity)
    send(a_document(source_ref="A-1", title="바리스타"))
    again = send(a_document(source_ref="A-1"), submission_id=identity)
    assert again.repeated
    assert (again.outcome, again.revision) == (first.outcome, 1)
    with reading(engine) as session:
        assert session.get_one(Posting, first.posting_id).revision == 2
        assert len(session.exec(select(Submission)).all()) == 2


def test_the_same_id_with_other_content_is_a_conflict_and_the_first_stays(send: Send, engine: Engine) -> None:
    identity = uuid4()
    first = send(a_document(source_ref="A-1"), submission_id=identity)
    second = send(a_document(source_ref="A-2", title="바리스타"), submission_id=identity)
    assert (second.outcome, set(refusals(second))) == ("returned", {"IDEMPOTENCY_CONFLICT"})
    with reading(engine) as session:
        assert [posting.posting_id for posting in session.exec(select(Posting))] == [first.posting_id]


def test_all_that_is_wrong_is_told_at_once(send: Send) -> None:
    receipt = send(
        {
            "employer": "",
            "wage": {"unit": "fortnight"},
            "headcount": "many",
            "closes_on": "2026-1-1",
            "is_admin": True,
            "description": "연락은 010-1234-5678",
        }
    )
    assert receipt.outcome == "returned"
    assert refusals(receipt) == {
        "FIELD_MISSING": "employer",  # and title, under the same code
        "VALUE_UNKNOWN": "wage.unit",
        "NUMBER_INVALID": "headcount",
        "DATE_INVALID": "closes_on",
        "FIELD_UNKNOWN": "is_admin",
    }
    assert {found.where for found in receipt.findings if found.code == "FIELD_MISSING"} == {"title", "employer"}
    assert "PHONE_REMOVED" in remarks(receipt)


@pytest.mark.parametrize(
    ("but", "code", "where"),
    [
        ({"description": None}, "TEXT_MISSING", "description"),
        ({"title": "x" * 301}, "TEXT_TOO_LONG", "title"),
        ({"title": 7}, "TEXT_EXPECTED", "title"),
        ({"title": "제\0빵"}, "TEXT_INVALID", "title"),
        ({"title": "\ud800"}, "TEXT_INVALID", "title"),
        ({"wage": {"unit": "month", "minimum": 3, "maximum": 2}}, "RANGE_INVERTED", "wage"),
        ({"wage": {"unit": "month", "minimum": -1}}, "NUMBER_OUT_OF_RANGE", "wage.minimum"),
        ({"weekly_hours": 0}, "NUMBER_OUT_OF_RANGE", "weekly_hours"),
        ({"weekly_hours": float("inf")}, "NUMBER_INVALID", "weekly_hours"),
        ({"closes_on": "2026-02-30"}, "DATE_INVALID", "closes_on"),
        ({"closes_on": 45231}, "DATE_INVALID", "closes_on"),
        ({"closes_on": "2001-01-01"}, "CLOSED_ALREADY", "closes_on"),
        ({"opened_on": "2199-02-01", "closes_on": "2199-01-01"}, "DATE_ORDER", "closes_on"),
        ({"occupation_code": "요리"}, "VALUE_INVALID", "occupation_code"),
        ({"agency_id": str(uuid4())}, "TENANT_MISMATCH", "agency_id"),
        ({"description": "주민번호 900101-1234567"}, "IDENTIFIER_NOT_ALLOWED", "description"),
        ({"source_url": "https://example.com/?who=900101-1234568"}, "IDENTIFIER_NOT_ALLOWED", "source_url"),
        ({"required_skills": ["제빵", "900101-1234567"]}, "IDENTIFIER_NOT_ALLOWED", "required_skills"),
        ({"__proto__": {}, "constructor": 1}, "FIELD_UNKNOWN", "constructor"),
    ],
)
def test_bad_input_is_returned_with_code_and_place(send: Send, but: dict[str, Any], code: str, where: str) -> None:
    receipt = send(a_document(**but))
    assert receipt.outcome == "returned"
    assert refusals(receipt) == {code: where}
    assert "900101" not in receipt.model_dump_json()


def test_a_number_out_of_range_is_told_the_range_in_signs(send: Send) -> None:
    (found,) = send(a_document(weekly_hours=9999)).findings
    assert found.message_ko == "숫자가 허용 범위를 벗어났습니다: ≤ 168"


def test_a_posting_may_close_today(send: Send) -> None:
    today = now().astimezone(KST).date()
    assert send(a_document(closes_on=today.isoformat())).outcome == "accepted"
    yesterday = (today - timedelta(days=1)).isoformat()
    assert set(refusals(send(a_document(closes_on=yesterday)))) == {"CLOSED_ALREADY"}


def test_missing_place_and_wage_are_remarks(send: Send) -> None:
    receipt = send(a_document(place="", wage=None))
    assert receipt.outcome == "accepted"
    assert remarks(receipt) == {"PLACE_MISSING", "WAGE_MISSING"}


def test_a_district_that_nobody_knows_is_told_and_the_posting_taken(send: Send) -> None:
    receipt = send(a_document(place="한양 종로방 1"))
    assert (receipt.outcome, remarks(receipt)) == ("accepted", {"DISTRICT_UNKNOWN"})


def test_wage_and_place_may_come_in_words(send: Send, engine: Engine) -> None:
    assert send(a_document(wage="시급 10,320원 이상", place="마포구 망원로 10")).findings == ()
    with reading(engine) as session:
        facts = session.exec(select(Posting)).one().facts
    assert facts["wage"] == {"unit": "hour", "minimum": 10_320, "maximum": None}
    assert facts["place"]["district"] == "서울 마포구"


def test_a_wage_that_cannot_be_read_is_told_and_left_out(send: Send) -> None:
    receipt = send(a_document(wage="이백만원"))
    assert (receipt.outcome, remarks(receipt)) == ("accepted", {"WAGE_UNREADABLE"})


def test_contacts_are_kept_out_of_facts_events_and_receipts(send: Send, tmp_path: Path, engine: Engine) -> None:
    receipt = send(
        a_document(
            description="문의 010-9876-5432, boss@example.com",
            required_skills=["제빵", "call 02-555-0199"],
            source_ref="010-9876-5432",
        )
    )
    assert receipt.outcome == "accepted"
    assert {"PHONE_REMOVED", "EMAIL_REMOVED"} <= remarks(receipt)
    assert receipt.source_ref is not None
    assert receipt.source_ref.startswith("auto-")
    engine.dispose()
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("registry.sqlite*"))
    for value in ("9876-5432", "boss@example.com", "555-0199"):
        assert value.encode() not in stored


def test_what_is_returned_is_kept_sealed(send: Send, engine: Engine, vault: Vault, tmp_path: Path) -> None:
    send(a_document(담당자="홍길동 010-9876-5432"))
    with reading(engine) as session:
        row = session.exec(select(Submission)).one()
        kept, submission = row.kept, row.submission_id
    assert kept is not None
    assert "홍길동" in vault.unseal(kept, f"submission {submission}").decode()
    engine.dispose()
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("registry.sqlite*"))
    assert "홍길동".encode() not in stored


def test_hidden_characters_do_not_hide_a_number(send: Send, engine: Engine) -> None:
    receipt = send(a_document(description="문의 010\u200b-1234-\u202e5678 또는 ０１０-１２３４-９９９９"))
    assert "PHONE_REMOVED" in remarks(receipt)
    with reading(engine) as session:
        assert not any(digit in str(session.exec(select(Posting)).one().facts["description"]) for digit in "1234")


# One document for each (agency, reference); a few orders only, so that many of them meet.
TITLES = ("제빵사", "제 빵 사", "바리스타", "요양보호사")
documents = st.tuples(st.sampled_from("AB"), st.sampled_from(["1", "2", "3"]), st.sampled_from(TITLES))


class House:
    """A registry of its own for one example."""

    def __init__(self) -> None:
        self.engine = store_with("sqlite://", Table.metadata, SpineTable.metadata)
        self.vault = Vault(MasterKeys(SecretStr("key")), SecretStr("key"))
        with transaction(self.engine) as session:
            self.agencies = {
                name: add_agency(session, name, "무료", UUID(int=number))[0] for number, name in enumerate("AB", 1)
            }

    def send(self, sent: Sequence[tuple[str, str, str]], batch: int) -> None:
        for start in range(0, len(sent), batch):
            with transaction(self.engine) as session:
                for name, reference, title in sent[start : start + batch]:
                    document = a_document(title=title, source_ref=reference)
                    receive(session, [Arrival("here", document, "http")], self.agencies[name], self.vault)

    def check(self) -> dict[str, frozenset[tuple[UUID, str]]]:
        """The promises of `orders.postings`; the credits of each open order."""
        with reading(self.engine) as session:
            postings = {posting.posting_id: posting for posting in session.exec(select(Posting))}
            shown: defaultdict[UUID, dict[tuple[UUID, str], JobOrder]] = defaultdict(dict)
            for order in session.exec(select(JobOrder).where(JobOrder.state == OPEN)):
                assert order.posting_id is not None
                shown[order.posting_id][order.agency_id, order.source_ref] = order
        live = [posting for posting in postings.values() if posting.state == OPEN]
        assert {posting.posting_id for posting in live} == set(shown)
        for posting in live:
            assert posting.facts == shown[posting.posting_id][posting.agency_id, posting.source_ref].facts
        return {
            min(orders.values(), key=lambda order: order.fingerprint).fingerprint: frozenset(orders)
            for orders in shown.values()
        }


@settings(max_examples=40, deadline=None)
@given(sent=st.lists(documents, min_size=1, max_size=12), batch=st.integers(1, 5))
def test_whatever_is_sent_one_open_posting_stands_for_each_order(sent: list[tuple[str, str, str]], batch: int) -> None:
    house = House()
    house.send(sent, batch)
    orders = house.check()
    last = {(house.agencies[name].agency_id, reference): title for name, reference, title in sent}
    by_order: defaultdict[str, set[tuple[UUID, str]]] = defaultdict(set)
    for key, title in last.items():
        by_order[title.replace(" ", "")].add(key)
    assert sorted(map(sorted, orders.values())) == sorted(map(sorted, by_order.values()))
    house.engine.dispose()


@settings(max_examples=25, deadline=None)
@given(
    sent=st.lists(documents, min_size=1, max_size=8, unique_by=lambda document: document[:2]),
    seed=st.randoms(use_true_random=False),
)
def test_order_and_repetition_make_no_difference(sent: list[tuple[str, str, str]], seed: random.Random) -> None:
    shuffled = sent + [seed.choice(sent) for _ in range(len(sent))]
    seed.shuffle(shuffled)
    ends = []
    for order in (sent, shuffled):
        house = House()
        house.send(order, 3)
        ends.append(house.check())
        house.engine.dispose()
    assert ends[0] == ends[1]


def test_what_the_law_forbids_to_carry_comes_back_with_its_article(send: Send) -> None:
    receipt = send(a_document(wage={"unit": "hour", "minimum": 9_000}))
    assert receipt.outcome == "returned"
    told = next(found for found in receipt.findings if found.severity == "refusal")
    assert told.code.startswith("LAW_WAGE_BELOW_MINIMUM")
    assert "최저임금법" in told.message_ko
    assert "Minimum Wage Act" in told.message


def test_a_discriminating_wording_is_told_and_held_until_mended(send: Send, engine: Engine) -> None:
    receipt = send(a_document(title="용모단정 여직원 30세 이하", source_ref="1"))
    assert (receipt.outcome, receipt.state, receipt.posting_id) == ("held", "held", None)
    assert {found.code for found in receipt.findings if found.severity == "hold"} == {
        "LAW_LOOKS_APPEARANCE",
        "ORDER_HELD",
    }
    assert len({found.code for found in receipt.findings if found.code.startswith("LAW_")}) == 3
    with reading(engine) as session:
        assert said(session, "posting.published.v1") == []
    mended = send(a_document(title="매장 직원", source_ref="1"))
    assert (mended.outcome, mended.state, mended.revision) == ("accepted", "open", 1)


def test_nothing_is_said_of_a_lawful_posting(send: Send) -> None:
    assert send(a_document(title="제과제빵사 (성별·연령 무관)")).findings == ()


@pytest.mark.parametrize(("number", "told"), [(None, {"LAW_LICENCE_NUMBER_MISSING"}), ("2026-11-3456-01", set())])
def test_the_senders_licence_is_asked_for_what_its_kind_must_show(
    send: Send, engine: Engine, number: str | None, told: set[str]
) -> None:
    with transaction(engine) as session:
        paid, _ = add_agency(session, "새빛", "유료", registration_number=number)
    assert remarks(send(a_document(), by=paid)) == told
