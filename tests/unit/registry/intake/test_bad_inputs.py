"""The list of bad inputs, as far as they touch intake: each is answered with its code, and the next good one is taken.

The numbers are those of `tests/architecture/bad_inputs.tsv`, which says where all the others are tried.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.registry.intake.door import Arrival, Receipt, receive
from services.registry.intake.findings import Refused
from services.registry.intake.importing import Source
from services.registry.intake.queue import Entry, arrival_of
from services.registry.intake.rows import Given
from services.registry.intake.uploads import hold
from services.registry.people.vault import Vault
from services.registry.tables import Agency
from shared.database import transaction
from tests.unit.registry.conftest import a_document

MARK = "홍길동표식"
"""Stands in every value that is wrong: no answer may repeat it."""
HEAD = "구인번호,회사명,모집제목,직무내용\n"
GOOD = "A-1,가,제빵사,굽기\n"


def doc(**but: Any) -> bytes:
    return json.dumps(a_document(**but), ensure_ascii=False).encode()


STREAM: list[tuple[str, dict[bytes, bytes], str]] = [
    ("S1", {b"foo": MARK.encode()}, "ENVELOPE_MISSING"),
    ("S2", {b"data": b"\xff\xfe\x00"}, "ENVELOPE_NOT_UTF8"),
    ("S3", {b"__data__": b"\x89BIN\x0d\x0a\x1a\x0a\x00\x01\x00"}, "ENVELOPE_MISSING"),
    ("S4", {b"\xff\xfe": b"x"}, "ENVELOPE_NOT_UTF8"),
    *(("S5", {b"data": raw}, "ENVELOPE_NOT_OBJECT") for raw in (b"[]", b'"x"', b"null", b"7")),
    ("S6", {b"data": b'{"title": 1, "title": 2}'}, "JSON_DUPLICATE_KEY"),
    *(("S7", {b"data": b'{"headcount": %s}' % raw}, "NUMBER_NOT_FINITE") for raw in (b"NaN", b"Infinity", b"1e400")),
    ("S8", {b"data": b'{"headcount": ' + b"9" * 5_000 + b"}"}, "NUMBER_TOO_LARGE"),
    ("S9", {b"data": (b'{"a":' * 10_000)[:60_000]}, "JSON_TOO_DEEP"),
    ("S10", {b"data": b'{"description": "' + b"x" * 5_000_000 + b'"}'}, "TOO_LARGE"),
    ("S14", {b"data": doc(), b"id": b"x" * 201}, "EVENT_ID_INVALID"),
    ("S21", {b"data": doc(agency_id=str(UUID(int=7)))}, "TENANT_MISMATCH"),
    ("S22", {b"data": doc(), b"time": b"2026-03-02T25:61:00Z"}, "TIME_INVALID"),
    ("S22", {b"data": doc(), b"time": b"2026-03-02T09:00"}, "TIME_INVALID"),
    *(("S22", {b"data": doc(), b"time": b"%d-01-01T00:00:00Z" % year}, "TIME_OUT_OF_RANGE") for year in (1900, 9999)),
    ("S23", {b"data": b"\x1f\x8b\x08\x00\xff"}, "ENVELOPE_NOT_UTF8"),
    *(("S24", {b"data": doc(**{name: MARK})}, "FIELD_UNKNOWN") for name in ("__proto__", "constructor", "$ref")),
]  # fmt: skip

HTTP: list[tuple[str, bytes, dict[str, str], int, str]] = [
    *(("H4", raw, {}, 400, "JSON_INVALID") for raw in (b"{", b"", b'{"a": 1,}', b"\xef\xbb\xbf{}")),
    ("H5", doc(), {"Content-Type": "text/plain"}, 415, "CONTENT_TYPE"),
    ("H5", doc(), {"Content-Type": "application/json; charset=euc-kr"}, 415, "CONTENT_TYPE"),
    ("H6", b"x" * 70_000, {}, 413, "TOO_LARGE"),
    ("H7", doc(is_admin=True), {}, 422, "FIELD_UNKNOWN"),
    ("H8", b'{"description": "d", "headcount": "many"}', {}, 422, "FIELD_MISSING"),
    ("H9", doc(wage={"unit": "month", "minimum": 3_000_000, "maximum": 2_000_000}), {}, 422, "RANGE_INVERTED"),
    ("H9", doc(weekly_hours=0), {}, 422, "NUMBER_OUT_OF_RANGE"),
    ("H9", doc(headcount=-1), {}, 422, "NUMBER_OUT_OF_RANGE"),
    ("H9", doc(headcount="이백만원" + MARK), {}, 422, "NUMBER_INVALID"),
    ("H12", doc(opened_on="2099-03-02", closes_on="2099-03-01"), {}, 422, "DATE_ORDER"),
    ("H12", doc(closes_on="2099-02-30"), {}, 422, "DATE_INVALID"),
    ("H12", doc(closes_on="2099-1-1"), {}, 422, "DATE_INVALID"),
    ("H14", doc(), {"Idempotency-Key": ""}, 400, "IDEMPOTENCY_KEY_INVALID"),
    ("H14", doc(), {"Idempotency-Key": "x" * 300}, 400, "IDEMPOTENCY_KEY_INVALID"),
    ("H20", doc(title="빵\0"), {}, 422, "TEXT_INVALID"),
    ("H20", b'{"title": "\\ud800", "employer": "a", "description": "b"}', {}, 400, "TEXT_INVALID"),
    ("H21", doc(employer=MARK * 2_000), {}, 422, "TEXT_TOO_LONG"),
    ("H22", doc(description=f"{MARK} 900101-1234567"), {}, 422, "IDENTIFIER_NOT_ALLOWED"),
]

FETCHING = b"""<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1:9/x"?>
<wantedRoot xmlns:xi="http://www.w3.org/2001/XInclude" xml:base="file:///etc/"><wanted><wantedAuthNo>K1</wantedAuthNo>
<company>a</company><title>b</title><closeDt>99991231</closeDt><xi:include href="passwd"/></wanted></wantedRoot>"""

FILES: list[tuple[str, str, bytes, list[str]]] = [
    ("C1", "a.csv", b"name,title\ncaf\xe9 x,y\n", ["ENCODING_UNKNOWN"]),
    ("C2", "a.csv", (HEAD + GOOD).encode("utf-16"), ["ENCODING_UNKNOWN"]),
    ("C2", "a.csv", (HEAD + GOOD).encode("utf-8-sig"), []),
    ("C3", "a.csv", b"a,,c\n1,2,3\n", ["HEADER_MISSING"]),
    ("C3", "a.csv", b"a,b,a\n1,2,3\n", ["HEADER_DUPLICATE"]),
    ("C3", "a.csv", b"a,b\n1,2\n", ["MAPPING_UNKNOWN"]),
    ("C4", "a.csv", (HEAD + GOOD).replace(",", ";").encode(), ["DELIMITER_MISMATCH"]),
    ("C5", "a.csv", (HEAD + GOOD + "B,1\nC,1,2,3,4\n").encode(), ["ROW_WIDTH", "ROW_WIDTH"]),
    ("C6", "a.csv", (HEAD + GOOD + '"B,1\n').encode(), ["QUOTE_UNCLOSED"]),
    ("C7", "a.csv", (HEAD + 'A-1,가,"제빵\r\n사",굽기\r\n').encode(), []),
    ("C8", "a.csv", (HEAD + "1.2E+10,가,제빵사,굽기\n").encode(), ["NUMBER_LOOKS_EXCEL"]),
    ("C8", "a.csv", (HEAD.strip() + ",마감일\nA-1,가,제빵사,굽기,45231\n").encode(), ["DATE_INVALID"]),
    ("C9", "a.csv", (HEAD.strip() + ",임금,모집인원\nA-1,가,제빵사,굽기,월급 ２５０만원,\"1,000\"\n").encode(), []),
    ("C10", "a.csv", (HEAD + "A-1,=가,+제빵사,@굽기\n").encode(), []),
    *(("C11", "a.csv", raw, ["FILE_EMPTY"]) for raw in (b"", HEAD.encode(), b"\n\n  \n")),
    ("C14", "a.csv", (HEAD + GOOD + GOOD.replace("제빵사", "다른 일")).encode(), ["DUPLICATE_IN_FILE"]),
    ("C17", "a.csv", b"a\0b,c\n1,2\n", ["NOT_TEXT"]),
    ("C17", "a.csv", b"\x89PNG\r\n\x1a\n\0\0", ["NOT_TEXT"]),
    ("J1", "a.jsonl", b'{"a": \n' + doc(), ["JSON_INVALID"]),
    ("J2", "a.jsonl", b"[" + doc() + b"]", ["JSONL_EXPECTED"]),
    ("J3", "a.jsonl", b'{"description": "' + b"x" * 10_000_000 + b'"}\n' + doc(), ["LINE_TOO_LONG"]),
    ("X1", "a.xml", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', ["XML_DTD_FORBIDDEN"]),
    ("X2", "a.xml", b"<!DOCTYPE a [<!ENTITY b 'aa'><!ENTITY c '&b;&b;'>]><a><d>&c;</d></a>", ["XML_DTD_FORBIDDEN"]),
    ("X6", "a.xml", FETCHING, []),
    ("X3", "a.xml", b"<other><leaf>1</leaf></other>", ["XML_SCHEMA"]),
    ("X4", "a.xml", b'<?xml version="1.0" encoding="utf-8"?><a><b><c>\xb0\xa1</c></b></a>', ["ENCODING_MISMATCH"]),
    ("X4", "a.xml", b'<?xml version="1.0" encoding="euc-kr"?><a><b><c>\xea\xb0\x80</c></b></a>', ["ENCODING_MISMATCH"]),
    ("X4", "a.xml", b'<?xml version="1.0" encoding="x-none"?><a><b><c>1</c></b></a>', ["ENCODING_MISMATCH"]),
    ("X5", "a.xml", b"<a></a><b></b>", ["XML_INVALID"]),
    ("X5", "a.xml", b"<a><b>", ["XML_INVALID"]),
    ("Z1", "a.zip", b"PK\x03\x04....", ["ARCHIVE_NOT_SUPPORTED"]),
    ("Z1", "a.csv.gz", b"\x1f\x8b\x08....", ["ARCHIVE_NOT_SUPPORTED"]),
    ("L2", "not there.csv", b"-", ["FILE_UNREADABLE"]),
]  # fmt: skip


@pytest.mark.parametrize("name", ["../../etc/x.csv", "CON.csv", "n" * 300 + ".csv", "a\nb.csv", "..\\..\\x.csv"])
def test_a_file_s_name_is_only_shown(name: str, agency: Agency, engine: Engine, vault: Vault) -> None:
    given = Given.in_memory(name, (HEAD + GOOD).encode())
    assert len(list(Source(given, "postings").open().rows)) == 1
    with transaction(engine) as session:
        kept = hold(session, agency, vault, name, b"x").file_name
    assert len(kept) <= 100
    assert not set(kept) & set("/\\\n")


@pytest.fixture
def take(engine: Engine, vault: Vault) -> Callable[..., list[Receipt]]:
    def take(agency: Agency, arrivals: list[Arrival]) -> list[Receipt]:
        with transaction(engine) as session:
            return receive(session, arrivals, agency, vault)

    return take


def refusals(receipt: Receipt) -> list[str]:
    return [found.code for found in receipt.findings if found.severity == "refusal"]


@pytest.mark.parametrize(("number", "fields", "code"), STREAM)
def test_an_entry_of_a_stream(
    number: str, fields: dict[bytes, bytes], code: str, agency: Agency, take: Callable[..., list[Receipt]]
) -> None:
    entries = [Entry(agency, b"1-1", fields), Entry(agency, b"1-2", {b"data": doc(source_ref="good")})]
    bad, good = take(agency, [arrival_of(entry) for entry in entries])
    assert (refusals(bad), bad.outcome, good.outcome) == ([code], "returned", "accepted"), number
    assert MARK not in bad.model_dump_json()


@pytest.mark.parametrize(("number", "body", "headers", "status", "code"), HTTP)
def test_a_request(
    number: str, body: bytes, headers: dict[str, str], status: int, code: str, client: TestClient, make_agency: Any
) -> None:
    key = {"Authorization": f"Bearer {make_agency('마포')[1]}", "Idempotency-Key": "k"}
    sent = {"Content-Type": "application/json"} | headers
    answer = client.post("/api/v1/registry/postings", content=body, headers=key | sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code), number
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["message_ko"]
    assert MARK not in answer.text
    assert "Traceback" not in answer.text
    good = client.post("/api/v1/registry/postings", json=a_document(), headers=key | {"Idempotency-Key": "next"})
    assert good.json()["outcome"] == "accepted"


@pytest.mark.parametrize(("number", "name", "content", "codes"), FILES)
def test_a_file(number: str, name: str, content: bytes, codes: list[str], tmp_path: Path) -> None:
    path = tmp_path / name
    if content != b"-":
        path.write_bytes(content)
    told: list[str] = []
    try:
        for row in Source(Given.on_disk(path), "postings").open().rows:
            told += [found["code"] for found in row["findings"] if found["severity"] == "refusal"]
    except Refused as refused:
        told.append(refused.finding.code)
    assert told == codes, number
