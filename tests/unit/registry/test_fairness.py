"""Sex, age, school, birthplace and photo: no contract has a place for them, and changing them changes nothing."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel
from sqlalchemy import Engine

from services.matching.engine.index import Epoch
from services.matching.engine.pair import explain
from services.matching.engine.scorer import Rules
from services.registry.intake.documents import check_posting, check_seeker, posting_facts, seeker_facts
from services.registry.intake.door import Arrival, receive
from services.registry.intake.importing import Source
from services.registry.intake.rows import Given
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.tables import Agency
from shared.contracts import MatchesFound, PostingFacts, PostingPublished, SeekerFacts, SeekerPublished
from shared.database import reading, transaction
from tests.unit.registry.conftest import said

NEVER = re.compile(r"sex|gender|(^|_)age(_|$)|birth|school|educat|degree|universit|origin|nativ|photo|image|marri|body")
AGENCY = UUID(int=1)
ASKED_BY_MANY = ("성별", "나이", "생년월일", "학력", "출신학교", "출신지", "사진")
ONE_KIND = dict(zip(ASKED_BY_MANY, ("남", "29", "1997-01-02", "대졸", "가나대", "부산", "a.jpg"), strict=True))
OTHER_KIND = dict(zip(ASKED_BY_MANY, ("여", "61", "1965-11-30", "중졸", "다라중", "대구", ""), strict=True))


def fields_of(model: type[BaseModel]) -> Iterator[str]:
    """Every name in a contract, however deep."""
    for definition in (model.model_json_schema(), *model.model_json_schema().get("$defs", {}).values()):
        yield from definition.get("properties", {})


@pytest.mark.parametrize("event", [SeekerPublished, PostingPublished, MatchesFound])
def test_no_contract_has_a_place_for_them(event: type[BaseModel]) -> None:
    names = set(fields_of(event))
    assert names
    assert {name for name in names if NEVER.search(name)} == set()
    assert NEVER.search("birth_year")
    assert NEVER.search("age_band")


@pytest.fixture
def document_of(tmp_path: Path) -> Callable[[Literal["seekers", "postings"], Mapping[str, str]], dict[str, Any]]:
    """A sheet's only row as it is sent, by the shipped mapping that fits its headers."""

    def document_of(kind: Literal["seekers", "postings"], cells: Mapping[str, str]) -> dict[str, Any]:
        path = tmp_path / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([cells.keys(), cells.values()])
        (row,) = Source(Given.on_disk(path), kind).open().rows
        document: dict[str, Any] = row["document"]
        return document

    return document_of


def test_a_seeker_s_are_left_behind_before_anything_is_said(
    engine: Engine, vault: Vault, document_of: Callable[..., dict[str, Any]]
) -> None:
    hers = {"구직번호": "S-1", "이름": "이하늘", "희망직종": "제빵사", "기술": "제빵", "희망지역": "서울 마포구"}
    outcomes = []
    for more in (ONE_KIND, OTHER_KIND):
        with transaction(engine) as session:
            rows = [SeekerRow("here", document_of("seekers", hers | more))]
            outcomes.append(register(session, rows, "consent", vault)[0].outcome)
    assert outcomes == ["accepted", "unchanged"]
    with reading(engine) as session:
        assert len(said(session, "seeker.published.v1")) == 1


def test_a_posting_s_are_left_behind_before_anything_is_said(
    engine: Engine, vault: Vault, agency: Agency, document_of: Callable[..., dict[str, Any]]
) -> None:
    order = {"구인번호": "K-1", "회사명": "지어낸빵집", "모집제목": "제빵사", "직무내용": "식빵을 굽는 일"}
    outcomes = []
    for number, more in enumerate((ONE_KIND, OTHER_KIND)):
        with transaction(engine) as session:
            arrival = Arrival(str(number), document_of("postings", order | more), "file")
            outcomes.append(receive(session, [arrival], agency, vault)[0].outcome)
    assert outcomes == ["accepted", "unchanged"]


def test_a_birth_date_is_sealed_and_nothing_is_said_of_it(engine: Engine, vault: Vault) -> None:
    hers = {"source_ref": "S-1", "name": "이하늘", "skills": ["제빵"]}
    with transaction(engine) as session:
        for born_on in ("1997-01-02", "1965-11-30"):
            assert (
                register(session, [SeekerRow("here", hers | {"birth_date": born_on})], "consent", vault)[0].revision
                == 1
            )
        (event,) = said(session, "seeker.published.v1")
        assert not re.search("birth|1997-01|1965-11", str(event))


@pytest.mark.parametrize("field", ["sex", "gender", "age", "school", "education", "birthplace", "photo"])
def test_written_under_a_name_of_its_own_it_sends_the_document_back(
    engine: Engine, vault: Vault, agency: Agency, field: str
) -> None:
    with transaction(engine) as session:
        seeker = register(session, [SeekerRow("here", {"skills": ["제빵"], field: "x"})], "consent", vault)[0]
        document = {"title": "제빵사", "employer": "빵집", "description": "굽는 일", field: "x"}
        posting = receive(session, [Arrival("here", document, "http")], agency, vault)[0]
    for receipt in (seeker, posting):
        assert receipt.outcome == "returned"
        assert ("FIELD_UNKNOWN", field) in [(found.code, found.where) for found in receipt.findings]


def test_the_score_is_the_same_to_the_last_byte(document_of: Callable[..., dict[str, Any]]) -> None:
    hers = {"이름": "이하늘", "희망직종": "제빵사", "기술": "제빵", "희망지역": "서울 마포구"}
    order = {"회사명": "지어낸빵집", "모집제목": "제빵사", "직무내용": "식빵을 굽는 일", "필요기술": "제빵, 엑셀"}
    told = set()
    for more in (ONE_KIND, OTHER_KIND):
        for wanted in (ONE_KIND, OTHER_KIND):
            seeker = check_seeker(document_of("seekers", hers | more)).seeker
            posting = check_posting(document_of("postings", order | wanted), AGENCY).posting
            assert seeker
            assert posting
            facts: tuple[SeekerFacts, PostingFacts] = seeker_facts(seeker), posting_facts(posting, AGENCY, "1")
            told.add(explain(*facts, Epoch(0, Rules())).model_dump_json())
    assert len(told) == 1
