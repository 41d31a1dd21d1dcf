"""An order lives, rests and ends: by its sender, the operator or time; every step is kept, and no other is possible."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.decisions import decide
from services.registry.intake.door import Arrival, Receipt, receive
from services.registry.orders.life_cycle import MOVES, STATES, Illegal, Status, last_day, months_after, state_after
from services.registry.orders.postings import order_id_of
from services.registry.people.vault import Vault
from services.registry.tables import Agency, JobOrder, JobOrderRevision, Posting
from shared.clock import stopped_at
from shared.database import reading, transaction
from tests.unit.registry.conftest import OPERATOR, a_document, said

Send = Callable[..., Receipt]
MakeAgency = Callable[[str], tuple[Agency, str]]
START = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "closes_on", "until"),
    [
        (date(2026, 11, 2), None, date(2027, 1, 2)),
        (date(2026, 12, 31), None, date(2027, 2, 28)),
        (date(2026, 11, 2), date(2026, 11, 20), date(2026, 11, 20)),
        (date(2026, 11, 2), date(2027, 6, 1), date(2027, 1, 2)),
    ],
)
def test_two_months_or_the_closing_date(since: date, closes_on: date | None, until: date) -> None:
    assert last_day(since, closes_on) == until


def test_three_months_end_in_a_shorter_month() -> None:
    assert months_after(date(2026, 11, 30), 3) == date(2027, 2, 28)


@pytest.mark.parametrize(("by", "state"), list(product(MOVES, STATES)))
def test_no_step_is_possible_that_is_not_in_the_table(by: Any, state: Any) -> None:
    possible = set()
    for status in STATES:
        try:
            possible.add(state_after(state, status, by, "agency"))
        except Illegal as illegal:
            assert illegal.code == "ORDER_STATE"
    assert possible == MOVES[by].get(state, frozenset()) | {state}


def test_every_status_of_a_sender_is_answered_with_the_state_it_leads_to(send: Send) -> None:
    send(a_document(source_ref="1"))
    steps: list[tuple[Status, str, str]] = [
        ("suspended", "accepted", "suspended"),
        ("suspended", "unchanged", "suspended"),
        ("reopened", "accepted", "open"),
        ("filled", "accepted", "filled"),
        ("open", "accepted", "open"),
        ("closed", "accepted", "closed"),
        ("renewed", "accepted", "open"),
        ("withdrawn", "accepted", "withdrawn"),
    ]
    assert {status for status, _, _ in steps} == set(get_args(Status))
    for status, outcome, state in steps:
        receipt = send({"source_ref": "1", "status": status})
        assert (receipt.outcome, receipt.state) == (outcome, state), status


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"source_ref": "unknown", "status": "withdrawn"}, "ORDER_UNKNOWN"),
        ({"status": "withdrawn"}, "FIELD_MISSING"),
        ({"source_ref": "ended", "status": "filled"}, "ORDER_STATE"),
        ({"source_ref": "open", "status": "gone"}, "VALUE_UNKNOWN"),
        ({"source_ref": "open", "status": "filled", "agency_id": "00000000-0000-0000-0000-000000000007"},
         "TENANT_MISMATCH"),
    ],
)  # fmt: skip
def test_what_cannot_become_of_an_order_is_refused_with_the_reason(
    send: Send, document: dict[str, Any], code: str
) -> None:
    send(a_document(source_ref="open"))
    send(a_document(source_ref="ended", title="바리스타"))
    send({"source_ref": "ended", "status": "withdrawn"})
    receipt = send(document)
    assert receipt.outcome == "returned"
    assert code in {found.code for found in receipt.findings}
    assert not any("{" in found.message for found in receipt.findings)


def test_every_step_is_kept_and_said(send: Send, engine: Engine) -> None:
    send(a_document(source_ref="1"))
    send(a_document(source_ref="1", title="야간 제과제빵사"))
    send({"source_ref": "1", "status": "suspended"})
    send({"source_ref": "1", "status": "reopened"})
    send({"source_ref": "1", "status": "filled"})
    with reading(engine) as session:
        kept = [(row.revision, row.state, row.facts["title"]) for row in session.exec(select(JobOrderRevision))]
        assert kept == [
            (1, "open", "제과제빵사 모집"),
            (2, "open", "야간 제과제빵사"),
            (3, "suspended", "야간 제과제빵사"),
            (4, "open", "야간 제과제빵사"),
        ]
        assert session.exec(select(JobOrder)).one().revision == 5
        assert session.exec(select(Posting)).one().state == "filled"
        assert len(said(session, "posting.published.v1")) == 3
        assert len(said(session, "posting.withdrawn.v1")) == 2


def test_what_has_ended_opens_by_other_content_and_not_by_the_same(send: Send) -> None:
    send(a_document(source_ref="1"))
    send({"source_ref": "1", "status": "closed"})
    same = send(a_document(source_ref="1"))
    assert (same.outcome, same.state, [found.code for found in same.findings]) == (
        "unchanged",
        "closed",
        ["ORDER_NOT_OPEN"],
    )
    assert send(a_document(source_ref="1", headcount=3)).state == "open"


def test_new_words_do_not_end_a_rest(send: Send) -> None:
    send(a_document(source_ref="1"))
    send({"source_ref": "1", "status": "suspended"})
    assert send(a_document(source_ref="1", headcount=3)).state == "suspended"
    assert send(a_document(source_ref="1", headcount=4, status="reopened")).state == "open"


def test_renewal_counts_from_its_day_and_not_beyond_the_closing_date(send: Send) -> None:
    with stopped_at(START):
        first = send(a_document(source_ref="1", closes_on="2027-01-20"))
    with stopped_at(START + timedelta(days=40)):
        renewed = send({"source_ref": "1", "status": "renewed"})
        assert send({"source_ref": "1", "status": "renewed"}).outcome == "unchanged"
    assert (first.valid_until, renewed.valid_until) == (date(2027, 1, 2), date(2027, 1, 20))
    with stopped_at(START + timedelta(days=90)):
        late = send({"source_ref": "1", "status": "renewed"})
    assert [found.code for found in late.findings] == ["CLOSED_ALREADY"]


def test_what_the_operator_stopped_she_alone_starts(send: Send, engine: Engine, agency: Agency) -> None:
    send(a_document(source_ref="1"))
    order_id = order_id_of(agency.agency_id, "1")
    with transaction(engine) as session:
        decide(session, order_id, "suspend", "신고")
    receipt = send({"source_ref": "1", "status": "reopened"})
    assert [found.code for found in receipt.findings] == ["ORDER_STOPPED"]
    assert send(a_document(source_ref="1", headcount=2)).state == "suspended"
    with transaction(engine) as session:
        decide(session, order_id, "reopen", "")
        told = said(session, f"submission.answered.v1:{agency.agency_id}")
        assert [line.fields.count("ORDER_SUSPENDED") + line.fields.count("ORDER_RELEASED") for line in told] == [
            0,
            1,
            0,
            0,
            1,
        ]
    assert send({"source_ref": "1", "status": "filled"}).state == "filled"


def test_the_operator_s_reason_reaches_the_agency_without_what_points_to_a_person(
    send: Send, engine: Engine, agency: Agency
) -> None:
    send(a_document(source_ref="1"))
    with transaction(engine) as session:
        decide(session, order_id_of(agency.agency_id, "1"), "refuse", "체불사업주, 문의 010-1234-5678")
        notice = json.loads(json.loads(said(session, f"submission.answered.v1:{agency.agency_id}")[-1].fields)["data"])
    assert [found["code"] for found in notice["findings"]] == ["ORDER_REFUSED", "OPERATOR_REASON"]
    assert notice["findings"][1]["message_ko"] == "운영자의 사유: 체불사업주, 문의 [비공개]"


@pytest.mark.parametrize(("decision", "state"), [("release", "open"), ("refuse", "refused")])
def test_what_is_held_waits_for_the_operator(
    send: Send, engine: Engine, agency: Agency, client: TestClient, decision: str, state: str
) -> None:
    send(a_document(source_ref="1", title="용모단정한 직원"))
    (held,) = client.get("/api/v1/registry/orders?state=held", headers=OPERATOR).json()
    assert (held["source_ref"], held["posting_id"], held["reason"]) == ("1", None, "LAW_LOOKS_APPEARANCE")
    asked = {"decision": decision, "reason": "확인함"}
    (decided,) = client.patch(f"/api/v1/registry/orders/{held['order_id']}", json=asked, headers=OPERATOR).json()
    assert (decided["state"], decided["reason"]) == (state, "확인함")
    with reading(engine) as session:
        assert len(said(session, "posting.published.v1")) == (state == "open")
    again = send(a_document(source_ref="1", title="용모단정한 직원"))
    assert again.outcome == ("unchanged" if state == "open" else "returned")


def test_the_end_of_one_agencys_order_leaves_the_others_open(
    send: Send, engine: Engine, make_agency: MakeAgency
) -> None:
    other, _ = make_agency("서대문 일자리센터")
    first = send(a_document(source_ref="A-1"))
    send(a_document(source_ref="B-7", title="제과제빵사 구인"), by=other)
    assert send({"source_ref": "A-1", "status": "withdrawn"}).posting_id == first.posting_id
    with reading(engine) as session:
        posting = session.get_one(Posting, first.posting_id)
        assert (posting.state, posting.facts["title"], posting.revision) == ("open", "제과제빵사 구인", 2)
        assert said(session, "posting.withdrawn.v1") == []
    assert send({"source_ref": "B-7", "status": "filled"}, by=other).state == "filled"
    with reading(engine) as session:
        assert session.get_one(Posting, first.posting_id).state == "filled"


def test_over_http_ones_own_alone_and_unknown_and_foreign_alike(
    client: TestClient, make_agency: MakeAgency, engine: Engine, vault: Vault
) -> None:
    (own, key), (_, foreign_key) = make_agency("마포"), make_agency("종로")
    with transaction(engine) as session:
        receipt = receive(session, [Arrival("1", a_document(source_ref="1"), "http")], own, vault)[0]
    path, unknown = f"/api/v1/registry/postings/{receipt.posting_id}", "/api/v1/registry/postings/" + str(own.agency_id)
    mine, foreign = ({"Authorization": f"Bearer {each}"} for each in (key, foreign_key))
    for method, body in (("PATCH", {"status": "filled"}), ("DELETE", None), ("GET", None)):
        answers = [client.request(method, each, json=body, headers=foreign) for each in (path, unknown)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    (told,) = client.patch(path, json={"status": "filled"}, headers=mine).json()["receipts"]
    assert (told["outcome"], told["state"]) == ("accepted", "filled")
    refused = client.delete(path, headers=mine)
    assert (refused.status_code, refused.json()["code"]) == (422, "ORDER_STATE")
    assert client.get(path, headers=mine).json()["state"] == "filled"
    decision = client.patch(f"/api/v1/registry/orders/{receipt.posting_id}", json={"decision": "split"}, headers=mine)
    assert decision.status_code == 401
