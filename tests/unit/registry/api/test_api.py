"""The API: who may do what, what a bad request is told, and the walls between agencies."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.api import intake as intake_routes
from services.registry.app import create_app
from services.registry.digest import digest_of
from services.registry.law.licence_kinds import LICENCES
from services.registry.settings import RegistrySettings
from services.registry.tables import Agency, AuditRow, Posting, Submission
from shared.database import reading, transaction
from tests.unit.registry.conftest import OPERATOR, SERVICE, a_document

MakeAgency = Callable[[str], tuple[Agency, str]]


def bearer(key: str, idempotency_key: str | None = None) -> dict[str, str]:
    named = {"Idempotency-Key": idempotency_key} if idempotency_key is not None else {}
    return {"Authorization": f"Bearer {key}"} | named


@pytest.fixture
def mapo(make_agency: MakeAgency) -> tuple[Agency, str]:
    return make_agency("마포")


@pytest.fixture
def jongno(make_agency: MakeAgency) -> tuple[Agency, str]:
    return make_agency("종로")


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_an_agency_is_made_and_its_key_works_once_shown(client: TestClient, engine: Engine) -> None:
    made = client.post("/api/v1/registry/agencies", json={"name": "마포", "licence": "유료"}, headers=OPERATOR)
    assert made.status_code == 201
    key = made.json()["api_key"]
    assert made.json()["sends_to"] == f"posting.received.v1:{made.json()['agency_id']}"
    answer = client.post("/api/v1/registry/postings", json=a_document(source_ref="1"), headers=bearer(key, "k"))
    assert (answer.status_code, answer.json()["outcome"]) == (200, "accepted")
    listed = client.get("/api/v1/registry/agencies", headers=OPERATOR)
    assert key not in listed.text
    with reading(engine) as session:
        assert key not in session.exec(select(Agency.api_key_hash)).one()
    again = client.post("/api/v1/registry/agencies", json={"name": "마포", "licence": "유료"}, headers=OPERATOR)
    assert code_of(again) == (409, "ALREADY_THERE")


def test_a_new_key_opens_and_the_one_before_does_not(client: TestClient, mapo: tuple[Agency, str]) -> None:
    agency, before = mapo
    changed = client.post(f"/api/v1/registry/agencies/{agency.agency_id}/key", headers=OPERATOR).json()
    assert changed["agency_id"] == str(agency.agency_id)
    asked = [client.get("/api/v1/registry/orders", headers=bearer(key)) for key in (before, changed["api_key"])]
    assert [answer.status_code for answer in asked] == [401, 200]
    unknown = client.post(f"/api/v1/registry/agencies/{uuid4()}/key", headers=OPERATOR)
    assert code_of(unknown) == (404, "NOT_FOUND")


@pytest.mark.parametrize(("word", "kind"), LICENCES.items())
def test_a_licence_is_named_in_either_language(client: TestClient, word: str, kind: str) -> None:
    made = client.post("/api/v1/registry/agencies", json={"name": "마포", "licence": word}, headers=OPERATOR)
    assert made.json()["licence"] == kind


def test_a_licence_that_does_not_exist_is_refused(client: TestClient) -> None:
    refused = client.post("/api/v1/registry/agencies", json={"name": "마포", "licence": "gold"}, headers=OPERATOR)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["where"] == "licence"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/agencies"),
        ("GET", "/agencies"),
        ("POST", "/cafes"),
        ("GET", "/cafes"),
        ("POST", "/accounts"),
        ("POST", "/postings"),
        ("POST", "/postings/batch"),
        ("GET", "/postings/00000000-0000-4000-8000-000000000000"),
        ("GET", "/submissions"),
        ("POST", "/seekers/batch"),
        ("POST", "/people/reveal"),
        ("GET", "/digest"),
        ("GET", "/status"),
        ("GET", "/buried"),
    ],
)
def test_strangers_and_wrong_roles_stay_out(
    client: TestClient, mapo: tuple[Agency, str], method: str, path: str
) -> None:
    send = {"json": {}, "headers": {"Idempotency-Key": "k"}} if method == "POST" else {"headers": {}}
    assert code_of(client.request(method, f"/api/v1/registry{path}", **send)) == (401, "SIGN_IN_NEEDED")
    for token in ("ilj_forged", "nonsense"):
        headers = send["headers"] | bearer(token)
        assert client.request(method, f"/api/v1/registry{path}", **send | {"headers": headers}).status_code == 401
    wrong = mapo[1] if "postings" not in path and "submissions" not in path else "service-token"
    headers = send["headers"] | bearer(wrong)
    assert client.request(method, f"/api/v1/registry{path}", **send | {"headers": headers}).status_code in (401, 403)


def test_only_the_service_learns_names(client: TestClient) -> None:
    asked = {"seeker_ids": [], "who": "김", "purpose": "list"}
    assert client.post("/api/v1/registry/people/reveal", json=asked, headers=OPERATOR).status_code == 403


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        (b"{", "application/json", (400, "JSON_INVALID")),
        (b"", "application/json", (400, "JSON_INVALID")),
        (b'{"a": 1,}', "application/json", (400, "JSON_INVALID")),
        (b"[]", "application/json", (400, "ENVELOPE_NOT_OBJECT")),
        (b'{"a": 1, "a": 2}', "application/json", (400, "JSON_DUPLICATE_KEY")),
        (b'{"a": ' + b"[" * 10_000, "application/json", (400, "JSON_TOO_DEEP")),
        (b"{}", "text/plain", (415, "CONTENT_TYPE")),
        (b"{}", "application/json; charset=euc-kr", (415, "CONTENT_TYPE")),
        (b'{"title": "' + b"x" * 70_000 + b'"}', "application/json", (413, "TOO_LARGE")),
        (b'{"is_admin": true, "title": "a", "employer": "b", "description": "c"}', "application/json; charset=utf-8",
         (422, "FIELD_UNKNOWN")),
    ],
)  # fmt: skip
def test_a_bad_body_is_told_what_it_is(
    client: TestClient, mapo: tuple[Agency, str], content: bytes, kind: str, expected: tuple[int, str]
) -> None:
    headers = bearer(mapo[1], "k") | {"Content-Type": kind}
    answer = client.post("/api/v1/registry/postings", content=content, headers=headers)
    assert code_of(answer) == expected
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["message_ko"]


def test_every_wrong_field_is_listed(client: TestClient, mapo: tuple[Agency, str]) -> None:
    document = {"description": "빵", "headcount": "많이"}
    answer = client.post("/api/v1/registry/postings", json=document, headers=bearer(mapo[1], "k"))
    assert answer.status_code == 422
    told = {(wrong["code"], wrong["where"]) for wrong in answer.json()["errors"]}
    assert told == {("FIELD_MISSING", "title"), ("FIELD_MISSING", "employer"), ("NUMBER_INVALID", "headcount")}
    assert "많이" not in answer.text


@pytest.mark.parametrize(
    ("key", "code"),
    [(None, "IDEMPOTENCY_KEY_REQUIRED"), ("", "IDEMPOTENCY_KEY_INVALID"), ("x" * 300, "IDEMPOTENCY_KEY_INVALID")],
)
def test_a_key_is_needed(client: TestClient, mapo: tuple[Agency, str], key: str | None, code: str) -> None:
    answer = client.post("/api/v1/registry/postings", json=a_document(), headers=bearer(mapo[1], key))
    assert code_of(answer) == (400, code)


def test_the_same_key_again(client: TestClient, mapo: tuple[Agency, str], engine: Engine) -> None:
    headers = bearer(mapo[1], "monday-1")
    first = client.post("/api/v1/registry/postings", json=a_document(source_ref="1"), headers=headers).json()
    again = client.post("/api/v1/registry/postings", json=a_document(source_ref="1"), headers=headers).json()
    assert again == first | {"repeated": True}
    other = client.post("/api/v1/registry/postings", json=a_document(source_ref="2"), headers=headers)
    assert code_of(other) == (409, "IDEMPOTENCY_CONFLICT")
    with reading(engine) as session:
        assert len(session.exec(select(Posting)).all()) == 1


def test_the_same_key_while_the_first_still_runs(
    client: TestClient, mapo: tuple[Agency, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, sound, seconds = bearer(mapo[1], "monday-1"), intake_routes.receive, []

    def send() -> Any:
        return client.post("/api/v1/registry/postings", json=a_document(source_ref="1"), headers=headers)

    def receive_while_it_is_sent_again(*given: Any, **named: Any) -> Any:
        seconds.append(other.submit(send).result(timeout=10))  # one that is let in waits for the first one's lock
        return sound(*given, **named)

    with ThreadPoolExecutor(1) as other, monkeypatch.context() as patch:
        patch.setattr(intake_routes, "receive", receive_while_it_is_sent_again)
        first = send()
    assert first.json()["outcome"] == "accepted"
    assert code_of(seconds[0]) == (409, "IN_PROGRESS")
    assert seconds[0].headers["retry-after"] == "1"
    assert send().json() == first.json() | {"repeated": True}


def test_an_order_that_changed_since_it_was_seen_is_not_moved(client: TestClient, mapo: tuple[Agency, str]) -> None:
    key = {"Authorization": f"Bearer {mapo[1]}"}
    receipt = client.post("/api/v1/registry/postings", json=a_document(), headers=bearer(mapo[1], "1")).json()
    posting = f"/api/v1/registry/postings/{receipt['posting_id']}"
    seen = client.get(posting, headers=key).headers["etag"]

    def suspend(version: str) -> Any:
        return client.patch(posting, json={"status": "suspended"}, headers=key | {"If-Match": version})

    assert suspend(seen).json()["receipts"][0]["state"] == "suspended"
    stale = client.delete(posting, headers=key | {"If-Match": seen})
    assert code_of(stale) == (412, "VERSION_STALE")
    now_is = client.get(posting, headers=key)
    assert (now_is.json()["state"], now_is.headers["etag"]) == ("suspended", stale.headers["etag"])
    withdrawn = client.delete(posting, headers=key | {"If-Match": stale.headers["etag"]})
    assert withdrawn.json()["receipts"][0]["state"] == "withdrawn"
    assert suspend("*").status_code != 412


def test_two_agencies_may_use_the_same_key(
    client: TestClient, mapo: tuple[Agency, str], jongno: tuple[Agency, str]
) -> None:
    for _, key in (mapo, jongno):
        answer = client.post("/api/v1/registry/postings", json=a_document(title=key[:9]), headers=bearer(key, "1"))
        assert answer.json()["repeated"] is False


def test_nobody_sees_or_sends_what_is_anothers(
    client: TestClient, mapo: tuple[Agency, str], jongno: tuple[Agency, str]
) -> None:
    (owner, own_key), (_, foreign_key) = mapo, jongno
    posting = client.post("/api/v1/registry/postings", json=a_document(), headers=bearer(own_key, "1")).json()[
        "posting_id"
    ]
    assert client.get(f"/api/v1/registry/postings/{posting}", headers=bearer(own_key)).status_code == 200
    foreign = client.get(f"/api/v1/registry/postings/{posting}", headers=bearer(foreign_key))
    unknown = client.get(f"/api/v1/registry/postings/{uuid4()}", headers=bearer(foreign_key))
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    for path in (
        f"/api/v1/registry/submissions?agency={owner.agency_id}",
        f"/api/v1/registry/submissions?agency={uuid4()}",
    ):
        answer = client.get(path, headers=bearer(foreign_key))
        assert (answer.status_code, answer.content) == (404, unknown.content)
    headers = bearer(foreign_key, "2")
    sent = client.post(f"/api/v1/registry/postings?agency={owner.agency_id}", json=a_document(), headers=headers)
    assert sent.status_code == 404
    batch = {"agency_id": str(owner.agency_id), "rows": [{"where": "1", "document": a_document()}]}
    assert client.post("/api/v1/registry/postings/batch", json=batch, headers=headers).status_code == 404
    assert client.get("/api/v1/registry/submissions", headers=bearer(foreign_key)).json()["total"] == 0


def test_a_batch_answers_each_row_and_counts_add_up(client: TestClient, mapo: tuple[Agency, str]) -> None:
    finding = {
        "code": "ROW_WIDTH", "severity": "refusal", "where": "line 3", "message": "x", "message_ko": "가", "hint": ""
    }  # fmt: skip
    rows = [
        {"where": "line 2", "document": a_document(source_ref="1")},
        {"where": "line 3", "document": None, "findings": [finding]},
        {"where": "line 4", "document": a_document(source_ref="2")},
        {"where": "line 5", "document": a_document(source_ref="1")},
        {"where": "line 6", "document": {"title": "x"}},
    ]
    batch = {"agency_id": str(mapo[0].agency_id), "rows": rows}
    dry = client.post("/api/v1/registry/postings/batch", json=batch | {"dry_run": True}, headers=OPERATOR)
    wet = client.post("/api/v1/registry/postings/batch", json=batch, headers=OPERATOR)
    expected = ["accepted", "returned", "merged", "unchanged", "returned"]
    for answer in (dry, wet):
        assert [receipt["outcome"] for receipt in answer.json()["receipts"]] == expected
    listed = client.get(f"/api/v1/registry/submissions?agency={mapo[0].agency_id}", headers=OPERATOR).json()
    assert listed["counts"] == {"accepted": 1, "merged": 1, "unchanged": 1, "returned": 2, "held": 0}
    assert listed["total"] == 5
    only = client.get(
        f"/api/v1/registry/submissions?agency={mapo[0].agency_id}&outcome=returned", headers=OPERATOR
    ).json()
    assert len(only["rows"]) == 2
    assert "kept" not in only["rows"][0]


@pytest.mark.parametrize("asked", ["limit=0", "limit=-1", "limit=x", "limit=501", "after=x"])
def test_a_wrong_page_is_refused(client: TestClient, mapo: tuple[Agency, str], asked: str) -> None:
    assert client.get(f"/api/v1/registry/submissions?{asked}", headers=bearer(mapo[1])).status_code == 422


def test_seekers_names_and_the_record_of_the_look(client: TestClient, engine: Engine) -> None:
    batch = {"consent": "consent", "rows": [{"where": "1", "document": {"name": "홍길동", "summary": "빵"}}]}
    sent = client.post("/api/v1/registry/seekers/batch", json=batch, headers=OPERATOR).json()["receipts"][0]
    asked = {"seeker_ids": [sent["seeker_id"], str(uuid4())], "who": "상담사 김", "purpose": "desk"}
    answer = client.post("/api/v1/registry/people/reveal", json=asked, headers=SERVICE)
    assert answer.json() == {"people": [{"seeker_id": sent["seeker_id"], "name": "홍길동"}]}
    with reading(engine) as session:
        assert session.exec(select(AuditRow.who)).all() == ["상담사 김"]


def test_a_seeker_without_a_ground_comes_back(client: TestClient) -> None:
    batch = {"rows": [{"where": "1", "document": {"summary": "빵"}}]}
    receipt = client.post("/api/v1/registry/seekers/batch", json=batch, headers=OPERATOR).json()["receipts"][0]
    assert (receipt["outcome"], [found["code"] for found in receipt["findings"]]) == ("returned", ["CONSENT_MISSING"])
    assert client.get("/api/v1/registry/digest", headers=OPERATOR).json()["seekers"]["count"] == 0


def test_the_digest_is_of_what_is_live(client: TestClient, mapo: tuple[Agency, str], engine: Engine) -> None:
    headers = bearer(mapo[1])
    for number in ("1", "2"):
        document = a_document(source_ref=number, title=f"제빵사 {number}")
        client.post("/api/v1/registry/postings", json=document, headers=headers | {"Idempotency-Key": number})
    with reading(engine) as session:
        live = [(posting.posting_id, posting.revision) for posting in session.exec(select(Posting))]
    told = client.get("/api/v1/registry/digest", headers=SERVICE).json()
    assert told["postings"] == digest_of(reversed(live)).model_dump()
    assert told["postings"]["count"] == 2
    assert told["seekers"]["count"] == 0


def test_accounts_and_cafes(client: TestClient) -> None:
    cafe = client.post(
        "/api/v1/registry/cafes", json={"name": "망원", "district": "서울 마포구"}, headers=OPERATOR
    ).json()
    account = {
        "login": "kim",
        "display_name": "상담사 김",
        "role": "counselor",
        "password": "short",
        "cafe_ids": [cafe["cafe_id"]],
    }
    refused = client.post("/api/v1/registry/accounts", json=account, headers=OPERATOR)
    assert refused.status_code == 422
    made = client.post("/api/v1/registry/accounts", json=account | {"password": "long enough"}, headers=OPERATOR)
    assert made.status_code == 201
    assert "password" not in made.text
    clerk = account | {"login": "lee", "password": "long enough", "role": "agency", "cafe_ids": []}
    assert client.post("/api/v1/registry/accounts", json=clerk, headers=OPERATOR).json()["code"] == "AGENCY_MISSING"


def test_nothing_is_half_written_when_one_row_breaks_the_transaction(
    client: TestClient, mapo: tuple[Agency, str], engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE outbox")
    answer = client.post("/api/v1/registry/postings", json=a_document(), headers=bearer(mapo[1], "1"))
    assert code_of(answer) == (500, "INTERNAL_SERVER_ERROR")
    with reading(engine) as session:
        assert session.exec(select(Submission)).all() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("agencies", {"name": "홍길동 900101-1234567", "licence": "무료"}),
        ("cafes", {"name": "망원", "district": "9001011234568"}),
        ("accounts", {"login": "a", "display_name": "900101-1234567", "role": "counselor", "password": "long enough"}),
    ],
)
def test_no_form_takes_a_resident_registration_number(client: TestClient, path: str, body: dict[str, str]) -> None:
    answer = client.post(f"/api/v1/registry/{path}", json=body, headers=OPERATOR)
    assert (answer.status_code, answer.json()["code"]) == (422, "IDENTIFIER_NOT_ALLOWED")
    assert "900101" not in answer.text


def test_while_the_store_is_locked_nothing_is_taken_and_the_same_can_be_sent_again(
    engine: Engine, settings: RegistrySettings, mapo: tuple[Agency, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.database.SQLITE_WAIT_SECONDS", 0.05)
    client = TestClient(create_app(settings))

    def send() -> Any:
        return client.post("/api/v1/registry/postings", json=a_document(), headers=bearer(mapo[1], "k"))

    with transaction(engine):
        refused = send()
    assert code_of(refused) == (503, "UNAVAILABLE")
    assert refused.headers["retry-after"] == "5"
    assert "sqlite" not in refused.text.lower()
    taken = send().json()
    assert (taken["outcome"], taken["repeated"]) == ("accepted", False)


def test_while_the_store_is_down_programs_and_people_are_told_so(settings: RegistrySettings) -> None:
    nowhere = settings.model_copy(update={"database_url": "postgresql+psycopg://nobody:secret@127.0.0.1:1/none"})
    client = TestClient(create_app(nowhere))
    told = client.get("/api/v1/registry/agencies", headers=OPERATOR)
    assert code_of(told) == (503, "UNAVAILABLE")
    page = client.get("/cafes", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert not {"secret", "127.0.0.1"} & set(re.findall(r"[\w.]+", told.text + page.text))


def test_while_redis_is_away_a_posting_is_taken_and_the_status_tells_what_waits(
    client: TestClient, mapo: tuple[Agency, str]
) -> None:
    answer = client.post("/api/v1/registry/postings", json=a_document(), headers=bearer(mapo[1], "k"))
    assert (answer.status_code, answer.json()["outcome"]) == (200, "accepted")
    status = client.get("/api/v1/registry/status", headers=OPERATOR).json()
    assert (status["ready"], status["unsaid"] > 0) == (False, True)
    assert "Redis cannot be reached" in status["problems"][0]
