"""docs/mappings.md is true: its example file reads its example sheet, and it names all there is and no more."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import get_args

import pytest

from services.registry.intake.documents import check_seeker
from services.registry.intake.formats import open_rows
from services.registry.intake.mapping import Mapping, Rule, choose_mapping, load_mapping, shipped_mappings
from services.registry.intake.readings import NOTHING_SAID, ReadingName
from services.registry.intake.rows import Row
from shared.clock import KST, stopped_at
from shared.contracts import Finding, Money

PAGE = (Path(__file__).parents[4] / "docs" / "mappings.md").read_text("utf-8")
EXAMPLES: dict[str, str] = dict(re.findall(r"<!-- example: (\S+) -->\n```\w+\n(.*?)```\n", PAGE, re.DOTALL))
READINGS_TOLD = PAGE.split("### The readings\n", 1)[1].split("\n#", 1)[0]
READING_NAMES = get_args(ReadingName)


def named_in(heading: str) -> list[str]:
    """What the first column of the table under a heading names."""
    section = PAGE.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


@pytest.fixture
def own(tmp_path: Path) -> Mapping:
    path = tmp_path / "list.toml"
    path.write_text(EXAMPLES["list.toml"], "utf-8")
    return load_mapping(path)


def test_the_example_reads_the_sheet_into_the_documents(own: Mapping, tmp_path: Path) -> None:
    sheet = tmp_path / "list.csv"
    sheet.write_text(EXAMPLES["list.csv"], "utf-8")
    with stopped_at(datetime(2026, 3, 2, 9, tzinfo=KST)):
        read = [own.document(row.values) for row in open_rows(sheet).rows if isinstance(row, Row)]
    assert [document for document, _ in read] == json.loads(EXAMPLES["documents.json"])
    assert [[found.code for found in findings] for _, findings in read] == [[], ["CLOSING_PAST"]]
    assert "홍길동" not in str(read)


def test_the_example_uses_every_key_of_a_rule_and_every_reading_of_a_posting(own: Mapping) -> None:
    used = {key for rule in own.fields.values() for key in rule.model_fields_set}
    assert used == set(Rule.model_fields)
    readings = {rule.read for rule in own.fields.values()}
    assert set(READING_NAMES) - readings == {
        "employment",
        "districts",
        "phone",
        "consents",
    }  # a code says it; of seekers alone


def test_the_example_for_seekers_makes_documents_that_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "people.toml"
    path.write_text(EXAMPLES["people.toml"], "utf-8")
    row = {
        "번호": "7",
        "이름": "홍길동",
        "기술": "제빵, 제과",
        "경력": "1년",
        "주소": "서울 마포구",
        "희망임금": "시급 13000원",
    }
    document, findings = load_mapping(path).document(
        row | {"희망지역": "서울 마포구; 서울 은평구", "소개": "빵을 굽습니다"}
    )
    checked = check_seeker(document)
    assert (findings, checked.findings) == ([], [])
    assert checked.seeker is not None
    assert checked.seeker.wishes.districts == ("서울 마포구", "서울 은평구")
    assert checked.seeker.wishes.wage == Money(unit="hour", minimum=13_000, maximum=13_000)


def test_every_key_is_told_and_no_other() -> None:
    assert named_in("### The keys of the file") == [name for name in Mapping.model_fields if name != "name"]
    aliases = [field.alias or name for name, field in Rule.model_fields.items()]
    assert sorted(named_in("### The keys of a rule")) == sorted(aliases)


def test_every_reading_is_told_and_no_other() -> None:
    assert sorted(named_in("### The readings")) == sorted(READING_NAMES)


@pytest.mark.parametrize("kind", ["postings", "seekers"])
def test_every_shipped_mapping_is_told_with_what_it_is_known_by(kind: str) -> None:
    told = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", PAGE.split("\n## ")[1], re.MULTILINE))
    for mapping in shipped_mappings("postings" if kind == "postings" else "seekers"):
        assert re.findall(r"`([\w.@]+)`", told[mapping.name]) == list(mapping.recognised_by)


def test_no_mapping_is_told_that_is_not_shipped() -> None:
    shipped = [*shipped_mappings("postings"), *shipped_mappings("seekers")]
    assert sorted(named_in("## Shipped")) == sorted(mapping.name for mapping in shipped)


def read(reading: str, text: str) -> list[Finding]:
    """What is found when a cell is read."""
    mapping = Mapping.model_validate(
        {
            "name": "one",
            "title": "one",
            "fields": {"title": {"from": "cell", "read": reading, "codes": "c"}},
            "codes": {"c": {}},
        }
    )
    return mapping.document({"cell": text})[1]


@pytest.mark.parametrize(
    ("reading", "examples"), re.findall(r"^\| `(\w+)` \| (.*?) \| .* \|$", READINGS_TOLD, re.MULTILINE)
)
def test_every_text_that_is_told_of_a_reading_is_understood(reading: str, examples: str) -> None:
    texts = re.findall(r"`([^`…]+)`", examples) if reading != "code" else []
    assert [found.code for text in texts for found in read(reading, text) if found.code != "CLOSING_PAST"] == []


def test_what_says_nothing_is_told() -> None:
    told = re.findall(r"`([^`]+)`", READINGS_TOLD.split("empty", 1)[1].split("What cannot", 1)[0])
    assert {"", *told} == NOTHING_SAID


@pytest.mark.parametrize("reading", READING_NAMES)
def test_only_a_date_that_cannot_be_read_sends_its_row_back(reading: str) -> None:
    returned = any(found.severity == "refusal" for found in read(reading, "어느 봄날"))
    assert returned == (reading in {"date", "closing"})


def test_a_mapping_of_ones_own_is_taken_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "list.toml"
    path.write_text(EXAMPLES["list.toml"], "utf-8")
    chosen = choose_mapping("postings", str(path), ())
    assert chosen is not None
    assert chosen.name == "list"
