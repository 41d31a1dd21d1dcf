"""Each agency's file holds what the agency knows, and the shipped mappings read it back."""

from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from deploy.demo.city import City, Posting
from deploy.demo.shapes import PostingFile, write_shapes
from deploy.demo.vocabulary import Shape
from services.registry.intake.documents import Checked, check_posting
from services.registry.intake.importing import Source
from services.registry.intake.rows import Given
from shared.contracts import Finding

COMMON = {"title", "employer", "occupation_code", "wage", "work_hours", "experience_months", "opened_on", "closes_on"}
HELD: dict[Shape, set[str]] = {
    "work24": COMMON | {"headcount", "required_skills", "certificates"},
    "seoul": COMMON | {"headcount", "weekly_hours"},
    "sheet_utf8": COMMON
    | {"headcount", "weekly_hours", "description", "qualification", "preferred", "required_skills", "certificates"},
    "json_lines": COMMON
    | {"headcount", "weekly_hours", "description", "qualification", "preferred", "required_skills", "certificates"}
    | {"preferred_skills", "place"},
}
HELD["sheet_cp949"] = HELD["sheet_utf8"]


@pytest.fixture(scope="module")
def files(city: City, tmp_path_factory: pytest.TempPathFactory) -> list[PostingFile]:
    return write_shapes(city, tmp_path_factory.mktemp("shapes"))


def file_of(files: list[PostingFile], agency_key: str) -> Path:
    return next(file.path for file in files if file.agency_key == agency_key)


def read_back(city: City, file: PostingFile) -> list[Checked]:
    agency = next(each for each in city.agencies if each.key == file.agency_key)
    opened = Source(Given.on_disk(file.path), "postings").open()
    assert (opened.mapping.name if opened.mapping else None) == file.mapping, "chosen by its fields alone"
    findings = [(row["document"], [Finding(**found) for found in row["findings"]]) for row in opened.rows]
    return [check_posting(document, agency.agency_id, found) for document, found in findings]


def test_every_posting_is_read_back_as_it_was_written(city: City, files: list[PostingFile]) -> None:
    shapes = {agency.key: agency.shape for agency in city.agencies}
    for file in files:
        sent = [posting for posting in city.postings if posting.agency_key == file.agency_key]
        for posting, checked in zip(sent, read_back(city, file), strict=True):
            held = HELD[shapes[file.agency_key]]
            assert checked.posting
            assert checked.posting.model_dump(include=held) == posting.facts.model_dump(include=held)
            assert checked.posting.place
            assert checked.posting.place.district == posting.facts.place.district
            assert (checked.posting.source_ref or "")[1:] == posting.source_ref[1:]


def test_only_the_planted_fault_comes_back(city: City, files: list[PostingFile]) -> None:
    refused, remarked = [], []
    for file in files:
        for checked in read_back(city, file):
            assert checked.posting
            refused += [checked.posting.source_ref] if checked.refused else []
            remarked += [(found.code, checked.posting.source_ref) for found in checked.findings]
    assert tuple(refused) == city.planted["past closing date"]
    assert ("WAGE_MISSING", city.planted["missing wage"][0]) in remarked
    assert {code for code, _ in remarked} == {"WAGE_MISSING", "CLOSED_ALREADY"}


def test_the_quirks_of_real_files_are_there(city: City, files: list[PostingFile]) -> None:
    xml, seoul = file_of(files, "saedari").read_text("utf-8"), file_of(files, "gaon").read_text("utf-8")
    for quirk in ("채용시까지 ", "99991231", "&amp;lt;", "***-***", "서울특별시 서울특별시"):
        assert quirk in xml
    for quirk in ("시급 / ", "마감일 (", '"RCRIT_NMPR_CO": 1.0', "&lt;"):
        assert quirk in seoul
    assert len(parse(file_of(files, "saedari")).getroot().findall("wanted")) == _count(city, "saedari")


def test_one_sheet_is_utf8_with_a_mark_and_one_is_cp949(files: list[PostingFile]) -> None:
    assert file_of(files, "neoreunpum").read_bytes().startswith(b"\xef\xbb\xbf")
    old = file_of(files, "bareunson").read_bytes()
    assert old.decode("cp949").startswith("구인번호,")
    with pytest.raises(UnicodeDecodeError):
        old.decode("utf-8")


def _count(city: City, agency_key: str) -> int:
    mine: list[Posting] = [posting for posting in city.postings if posting.agency_key == agency_key]
    return len(mine)
