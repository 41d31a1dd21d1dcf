"""What goes out can come in again: word for word from a sheet, nothing invented as linked data, harmless in Excel."""

import csv
import json
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine

from services.registry.intake.door import Arrival, Receipt, receive
from services.registry.intake.importing import Source
from services.registry.intake.rows import Given
from services.registry.people.vault import Vault
from services.registry.tables import Agency
from shared.database import transaction
from shared.web.spreadsheets import FORMULA_STARTS, as_written, harmless
from tests.unit.registry.conftest import OPERATOR, a_document

DANGEROUS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1")
POSTINGS: list[dict[str, Any]] = [
    a_document(source_ref="A-1", employer_number="123-45-67890"),
    a_document(
        source_ref="B/2;",
        title="=HYPERLINK(\"http://evil.example\";\"제빵사\")",
        description="- 반죽\n- 굽기\n\n따옴표 \" 쉼표, 탭\t끝",
        qualification="'작은따옴표",
        preferred="+α 경험자",
        required_skills=["CI/CD", "반죽, 성형", "C++"],
        preferred_skills=["@라떼"],
        certificates=["제빵기능사"],
        occupation_code="0531",
        employment_type="part_time",
        wage={"unit": "month", "minimum": 2_600_000, "maximum": 3_100_000},
        weekly_hours=37.5,
        work_hours="09:00~18:00",
        experience_months=18,
        place={"district": "경기 성남시 분당구", "address": "판교로 1", "latitude": 37.4, "longitude": 127.1},
        headcount=3,
        opened_on="2026-03-01",
        closes_on="2099-10-31",
        closing_note="채용시까지 99-10-31",
        source_url="https://example.com/a?b=1&c=2",
    ),
    a_document(source_ref="C-3", title="재택", wage={"unit": "year", "minimum": 40_000_000}, place="재택",
               experience_months=0),
    a_document(source_ref="D-4", title="상한", wage={"unit": "day", "minimum": 110_000, "maximum": 110_000},
               closes_on="2099-12-01"),
]  # fmt: skip


@pytest.fixture
def take(engine: Engine, vault: Vault) -> Callable[..., list[Receipt]]:
    def take(agency: Agency, documents: list[dict[str, Any] | None]) -> list[Receipt]:
        with transaction(engine) as session:
            arrivals = [Arrival(str(number), document, "file") for number, document in enumerate(documents)]
            return receive(session, arrivals, agency, vault)

    return take


def exported(client: TestClient, form: str, agency: Agency | None = None) -> bytes:
    params = {"agency": str(agency.agency_id)} if agency else {}
    answer = client.get(f"/api/v1/registry/exports/postings.{form}", params=params, headers=OPERATOR)
    assert answer.status_code == 200
    return answer.content


def read_again(tmp_path: Path, name: str, content: bytes) -> tuple[str, list[dict[str, Any] | None]]:
    path = tmp_path / name
    path.write_bytes(content)
    opened = Source(Given.on_disk(path), "postings").open()
    assert opened.mapping is not None
    return opened.mapping.name, [row["document"] for row in opened.rows]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_sheet_that_goes_out_changes_nothing_when_it_comes_in(
    form: str, client: TestClient, agency: Agency, take: Callable[..., list[Receipt]], tmp_path: Path
) -> None:
    assert {receipt.outcome for receipt in take(agency, POSTINGS)} == {"accepted"}
    name, documents = read_again(tmp_path, f"out.{form}", exported(client, form, agency))
    assert name == "exported"
    assert [receipt.outcome for receipt in take(agency, documents)] == ["unchanged"] * len(POSTINGS)


def test_a_clerk_writes_over_the_status_what_became_of_an_order(
    client: TestClient, agency: Agency, take: Callable[..., list[Receipt]], tmp_path: Path
) -> None:
    take(agency, POSTINGS[:1])
    sheet = exported(client, "csv", agency).decode("utf-8-sig")
    assert "123-45-67890" in sheet
    _, documents = read_again(tmp_path, "out.csv", sheet.replace("모집중", "채용완료").encode())
    assert [receipt.state for receipt in take(agency, documents)] == ["filled"]


def test_no_cell_is_a_formula(client: TestClient, agency: Agency, take: Callable[..., list[Receipt]]) -> None:
    take(agency, POSTINGS)
    rows = list(csv.reader(StringIO(exported(client, "csv", agency).decode("utf-8-sig"))))
    assert not [cell for row in rows for cell in row if cell.startswith(FORMULA_STARTS)]
    sheet = CalamineWorkbook.from_filelike(BytesIO(exported(client, "xlsx", agency))).get_sheet_by_index(0)
    assert [list(map(str, row)) for row in sheet.to_python()] == rows


@pytest.mark.parametrize("cell", [*DANGEROUS, "\n=1", "＝1+1", "제빵사", "", "'", "it's"])
def test_the_mark_that_makes_a_cell_harmless_comes_off_again(cell: str) -> None:
    assert not harmless(cell).startswith(FORMULA_STARTS)
    assert as_written(harmless(cell)) == cell


def test_linked_data_say_what_is_known_and_no_more(
    client: TestClient, agency: Agency, take: Callable[..., list[Receipt]], tmp_path: Path
) -> None:
    take(agency, POSTINGS)
    content = exported(client, "jsonld", agency)
    document = json.loads(content)
    assert document["@context"] == "https://schema.org"
    plain, rich, home, day = document["@graph"]
    assert "employmentType" not in plain
    assert "validThrough" not in plain
    assert "directApply" not in rich
    assert rich["validThrough"] == "2099-10-31T23:59:59+09:00"
    assert rich["baseSalary"]["value"] == {
        "@type": "QuantitativeValue",
        "minValue": 2_600_000,
        "maxValue": 3_100_000,
        "unitText": "MONTH",
    }
    assert home["jobLocationType"] == "TELECOMMUTE"
    assert day["baseSalary"]["value"]["value"] == 110_000
    name, documents = read_again(tmp_path, "out.jsonld", content)
    assert name == "schema_org"
    kept = ("source_ref", "title", "employer", "wage", "experience_months", "headcount", "closes_on")
    for again, sent in zip(documents, POSTINGS, strict=True):
        assert again is not None
        assert {field: again[field] for field in kept if field in sent} == {
            field: sent[field] for field in kept if field in sent
        }
        assert again["place"].get("district") == (
            sent["place"] if isinstance(sent["place"], dict) else again["place"]
        ).get("district")


def test_an_agency_gets_its_own_and_nobody_else_s(
    client: TestClient,
    make_agency: Callable[[str], tuple[Agency, str]],
    take: Callable[..., list[Receipt]],
) -> None:
    (mine, key), (other, _) = make_agency("가 직업소개소"), make_agency("나 직업소개소")
    take(mine, [a_document(source_ref="M-1")])
    take(other, [a_document(source_ref="O-1", title="다른 일"), a_document(source_ref="O-2")])
    own = client.get("/api/v1/registry/exports/postings.csv", headers={"Authorization": f"Bearer {key}"}).text
    assert "M-1" in own
    assert "O-1" not in own
    asked = {"Authorization": f"Bearer {key}"}
    assert (
        client.get(f"/api/v1/registry/exports/postings.csv?agency={other.agency_id}", headers=asked).status_code == 404
    )
    everything = exported(client, "csv").decode()
    assert ("M-1" in everything, "O-1" in everything, "O-2" in everything) == (True, True, False), "merged: once"
    assert "O-2" in exported(client, "csv", other).decode(), "who is credited has it under her own number"


def test_what_is_no_longer_open_is_not_in_it(
    client: TestClient, agency: Agency, take: Callable[..., list[Receipt]]
) -> None:
    assert exported(client, "csv", agency).decode("utf-8-sig").count("\r\n") == 1
    assert json.loads(exported(client, "jsonld", agency))["@graph"] == []
    assert client.get("/api/v1/registry/exports/postings.pdf", headers=OPERATOR).status_code == 422
    assert client.get("/api/v1/registry/exports/postings.csv").status_code == 401
