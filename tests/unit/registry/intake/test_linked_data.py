"""JobPostings as sites publish them and résumés as people keep them, read into our documents."""

import json
import tracemalloc
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.registry.intake import json_rows, json_stream
from services.registry.intake.documents import check_posting, check_seeker, seeker_facts
from services.registry.intake.findings import Refused
from services.registry.intake.formats import open_rows
from services.registry.intake.importing import Source
from services.registry.intake.rows import BadRow, Given, Row
from shared.clock import KST, stopped_at

POSTING: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "JobPosting",
    "identifier": {"@type": "PropertyValue", "name": "망원베이커리", "value": "MB-7"},
    "title": "제빵사",
    "description": "<p>반죽과 굽기</p><ul><li>성형</li></ul>",
    "hiringOrganization": {"@type": "Organization", "name": "망원베이커리", "sameAs": "https://example.com"},
    "jobLocation": {
        "@type": "Place",
        "address": {
            "@type": "PostalAddress",
            "streetAddress": "망원로 10",
            "addressLocality": "마포구",
            "addressRegion": "서울특별시",
            "addressCountry": "KR",
        },
    },
    "employmentType": ["FULL_TIME"],
    "baseSalary": {
        "@type": "MonetaryAmount",
        "currency": "KRW",
        "value": {"@type": "QuantitativeValue", "minValue": 2_500_000, "maxValue": 3_000_000, "unitText": "MONTH"},
    },
    "experienceRequirements": {"@type": "OccupationalExperienceRequirements", "monthsOfExperience": 36},
    "skills": ["제빵", "제과"],
    "occupationalCategory": "853102",
    "totalJobOpenings": 2,
    "datePosted": "2026-02-01",
    "validThrough": "2026-10-31T23:59:59+09:00",
    "url": "https://example.com/jobs/7",
    "applicationContact": {"@type": "ContactPoint", "telephone": "02-123-4567"},
}
DOCUMENT = {
    "source_ref": "MB-7",
    "title": "제빵사",
    "employer": "망원베이커리",
    "description": "반죽과 굽기\n성형",
    "required_skills": ["제빵", "제과"],
    "occupation_code": "853102",
    "wage": {"unit": "month", "minimum": 2_500_000, "maximum": 3_000_000},
    "experience_months": 36,
    "place": {"district": "서울 마포구", "address": "서울특별시 마포구 망원로 10"},
    "headcount": 2,
    "opened_on": "2026-02-01",
    "closes_on": "2026-10-31",
    "closing_note": "2026-10-31T23:59:59+09:00",
    "source_url": "https://example.com/jobs/7",
}


def documents(path: Path, kind: Any = "postings") -> list[tuple[dict[str, Any], list[str]]]:
    with stopped_at(datetime(2026, 3, 2, 9, tzinfo=KST)):
        rows = list(Source(Given.on_disk(path), kind).open().rows)
    return [(row["document"], [found["code"] for found in row["findings"]]) for row in rows]


def written(tmp_path: Path, name: str, content: Any) -> Path:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))
    return path


PAGE = """<!doctype html><html><head><title>{title}</title><script>var a = "<b>";</script>
<script type="application/ld+json">{broken}</script>
<script type="application/ld+json; charset=utf-8">{posting}</script></head><body><p>…</p></body></html>"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("one.jsonld", POSTING),
        ("one.json", POSTING),
        ("list.jsonld", [POSTING]),
        ("lines.jsonl", json.dumps(POSTING) + "\n"),
        ("graph.jsonld", {"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, POSTING]}),
        (
            "items.json",
            {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "position": 1, "item": POSTING}]},
        ),
        ("typed.json", POSTING | {"@type": ["Thing", "https://schema.org/JobPosting"]}),
        ("page.html", PAGE.format(title="x", broken='{"@type": "WebSite"}', posting=json.dumps(POSTING))),
        ("page", PAGE.format(title="x", broken='{"@type": "WebSite"}', posting=json.dumps([POSTING]))),
    ],
)
def test_a_job_posting_however_it_is_wrapped(tmp_path: Path, name: str, content: Any) -> None:
    assert documents(written(tmp_path, name, content)) == [(DOCUMENT, [])]


@pytest.mark.parametrize(
    ("but", "field", "value", "codes"),
    [
        ({"baseSalary": {"currency": "KRW", "value": {"value": 12_000.0, "unitText": "HOUR"}}}, "wage",
         {"unit": "hour", "minimum": 12_000, "maximum": 12_000}, []),
        ({"baseSalary": {"currency": "KRW", "value": {"minValue": 12_000, "unitText": "HOUR"}}}, "wage",
         {"unit": "hour", "minimum": 12_000}, []),
        ({"baseSalary": {"currency": "KRW", "minValue": 30_000_000, "maxValue": 40_000_000, "unitText": "YEAR"}},
         "wage", {"unit": "year", "minimum": 30_000_000, "maximum": 40_000_000}, []),
        ({"baseSalary": {"currency": "USD", "value": {"value": 30, "unitText": "HOUR"}}}, "wage", None,
         ["WAGE_CURRENCY"]),
        ({"baseSalary": {"currency": "KRW", "value": {"value": 500_000, "unitText": "WEEK"}}}, "wage", None,
         ["WAGE_UNIT_UNKNOWN"]),
        ({"baseSalary": {"currency": "KRW", "value": {}}}, "wage", None, []),
        ({"employmentType": "PART_TIME"}, "employment_type", "part_time", []),
        ({"employmentType": ["CONTRACTOR", "INTERN"]}, "employment_type", None, ["CODE_SEVERAL"]),
        ({"employmentType": "SEASONAL"}, "employment_type", None, ["CODE_UNKNOWN"]),
        ({"experienceRequirements": "경력 3년 이상"}, "experience_months", 36, []),
        ({"experienceRequirements": "no requirements, any"}, "experience_months", 0, []),
        ({"jobLocationType": "TELECOMMUTE", "jobLocation": None}, "place", {"address": "재택", "remote": True}, []),
        ({"jobLocation": [{"address": "서울 은평구"}]}, "place",
         {"district": "서울 은평구", "address": "서울 은평구"}, []),
        ({"hiringOrganization": "연남카페"}, "employer", "연남카페", []),
        ({"identifier": "X-1"}, "source_ref", "X-1", []),
        ({"title": {"@value": "제빵사", "@language": "ko"}}, "title", "제빵사", []),
    ],
)  # fmt: skip
def test_the_ways_in_which_sites_say_the_same(
    tmp_path: Path, but: dict[str, Any], field: str, value: Any, codes: list[str]
) -> None:
    [(document, told)] = documents(written(tmp_path, "a.jsonld", POSTING | but))
    assert (document.get(field), told) == (value, codes)


def test_beside_postings_no_other_row_is_lost(tmp_path: Path) -> None:
    rows = [POSTING, {"@type": "Organization", "name": "가"}, {"title": "제빵사"}, POSTING | {"@type": "JobPostng"}, 7]
    found = list(open_rows(written(tmp_path, "a.json", rows)).rows)
    assert len(found) == 4, "only what says that it is something else is none"


def test_a_person_to_call_never_leaves_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonld", POSTING)
    assert "123-4567" not in str(documents(path))


def test_a_page_tells_what_of_it_is_broken_and_what_it_lacks(tmp_path: Path) -> None:
    page = written(tmp_path, "a.html", PAGE.format(title="x", broken='{"@type": ', posting=json.dumps(POSTING)))
    assert [codes for _, codes in documents(page)] == [["JSON_INVALID"], []]
    with pytest.raises(Refused, match="JOB_POSTING_MISSING"):
        open_rows(written(tmp_path, "b.html", "<!doctype html><html><p>JobPosting</p></html>"))


@pytest.mark.parametrize("size", [100, 900])
def test_a_posting_nested_deep_is_found_without_climbing(tmp_path: Path, size: int) -> None:
    content = '{"a":' * size + json.dumps(POSTING) + "}" * size
    assert documents(written(tmp_path, "a.json", content)) == [(DOCUMENT, [])]


def test_rows_of_a_document_are_held_to_what_lines_are_held_to(tmp_path: Path) -> None:
    rows = '[{"a": NaN}, {"a": 1e400}, {"a": "\\ud800"}, {"a": ' + "[" * 40 + "]" * 40 + "}, 7]"
    found = list(open_rows(written(tmp_path, "a.json", rows)).rows)
    codes = [row.finding.code for row in found if not hasattr(row, "values")]
    assert codes == ["NUMBER_NOT_FINITE", "NUMBER_NOT_FINITE", "TEXT_INVALID", "JSON_TOO_DEEP", "ENVELOPE_NOT_OBJECT"]


LONG: list[tuple[str, str, list[str]]] = [
    ("", "[{rows}]\n", ["[0]", "[1]", "[2]"]),
    ("A.row", '{"A": {"count": 3, "none": {}, "row": [{rows}]}}', [f"A.row[{n}]" for n in range(3)]),
    ("", '{"@context": "https://schema.org", "@graph": [{rows}]}', ["[0]", "[1]", "[2]"]),
]  # fmt: skip


@pytest.mark.parametrize(("rows_at", "document", "places"), LONG)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_a_long_document_gives_the_same_rows_as_a_short_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows_at: str,
    document: str,
    places: list[str],
    mark: bytes,
    piece: int,
) -> None:
    postings = [POSTING | {"title": f"{n}번", "estimate": 0.5 + n} for n in range(3)]
    path = tmp_path / "a.json"
    path.write_bytes(mark + document.replace("{rows}", json.dumps(postings)[1:-1]).encode())
    short = list(open_rows(path, [rows_at] if rows_at else []).rows)
    monkeypatch.setattr(json_rows, "WHOLE_LIMIT_BYTES", 10)
    monkeypatch.setattr(json_stream, "PIECE", piece)
    assert list(open_rows(path, [rows_at] if rows_at else []).rows) == short
    assert [row.where for row in short] == places


@pytest.mark.parametrize(
    ("tail", "code"),
    [
        (b', {"a": ', "JSON_INVALID"),
        (b', {"a": 2},]', "JSON_INVALID"),
        (b', {"a": NaN}]', "NUMBER_NOT_FINITE"),
        (b', {"a": ' + b"9" * 5_000 + b"}]", "NUMBER_TOO_LARGE"),
        (b', {"a": ' + b"[" * 100_000, "JSON_TOO_DEEP"),
        (b', {"a": 1e400}]', "NUMBER_NOT_FINITE"),
        (b', {"a": "\xff"}]', "ENCODING_UNKNOWN"),
        (b', {"a": "\\ud800"}]', "TEXT_INVALID"),
        (b', {"a": ' + b"[" * 40 + b"]" * 40 + b"}]", "JSON_TOO_DEEP"),
        (b", 7]", "ENVELOPE_NOT_OBJECT"),
    ],
)  # fmt: skip
def test_a_long_document_that_is_wrong_in_its_midst_keeps_what_came_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tail: bytes, code: str
) -> None:
    monkeypatch.setattr(json_rows, "WHOLE_LIMIT_BYTES", 10)
    monkeypatch.setattr(json_stream, "PIECE", 5)
    path = tmp_path / "a.json"
    path.write_bytes(b'[{"a": 1}\n' + tail)
    good, *_, bad = open_rows(path).rows
    assert good == Row("[0]", {"a": 1})
    assert isinstance(bad, BadRow)
    assert bad.finding.code == code
    assert bad.where in ("[1]", "line 2")


def test_a_long_document_without_a_list_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "WHOLE_LIMIT_BYTES", 10)
    with pytest.raises(Refused, match="FILE_TOO_LARGE"):
        open_rows(written(tmp_path, "a.json", '{"title": "제빵사", "skills": ["반죽"]}'))


def test_a_long_document_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("w") as file:
        file.write('[{"a": 0}')
        file.writelines(f', {{"a": {n}, "b": "{"x" * 2_000}"}}' for n in range(17_000))
        file.write("]")
    table = open_rows(path)
    tracemalloc.start()
    assert sum(1 for _ in table.rows) == 17_001
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()
    assert table.share() == 1


RESUME: dict[str, Any] = {
    "$schema": "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.0.0/schema.json",
    "basics": {
        "name": "지어낸이",
        "label": "제과제빵사",
        "image": "https://example.com/face.jpg",
        "email": "made.up@example.com",
        "phone": "010-1234-5678",
        "url": "https://example.com/me",
        "summary": "지어낸이입니다. 빵을 굽습니다. 연락은 010-1234-5678.",
        "location": {"address": "망원로 10", "postalCode": "04000", "city": "마포구", "region": "서울특별시"},
        "profiles": [{"network": "x", "username": "madeup", "url": "https://example.com/madeup"}],
    },
    "work": [
        {"name": "망원베이커리", "position": "제빵사", "startDate": "2020-01-01", "endDate": "2021-12-31",
         "summary": "식빵", "highlights": ["신제품 개발"]},
        {"name": "연남카페", "position": "판매", "startDate": "2021-11", "endDate": "2022-03"},
    ],
    "education": [{"institution": "지어낸대학교", "area": "제과", "studyType": "학사"}],
    "certificates": [{"name": "제빵기능사", "date": "2019-01-01"}],
    "skills": [{"name": "제빵", "level": "Master", "keywords": ["반죽, 성형", "굽기"]}],
    "languages": [{"language": "영어", "fluency": "초급"}],
    "references": [{"name": "다른이", "reference": "좋은 사람"}],
}  # fmt: skip


def test_a_resume_says_what_someone_can_and_keeps_who_she_is_apart(tmp_path: Path) -> None:
    [(document, codes)] = documents(written(tmp_path, "resume.json", RESUME), "seekers")
    assert codes == []
    assert {name: document.pop(name) for name in ("name", "email", "phone", "source_ref")} == {
        "name": "지어낸이",
        "email": "made.up@example.com",
        "phone": "010-1234-5678",
        "source_ref": "made.up@example.com",
    }
    assert document["skills"] == ["제빵", "반죽, 성형", "굽기", "영어"]
    assert document["certificates"] == ["제빵기능사"]
    assert document["experience_months"] == 26, "two jobs at once count once"
    assert document["home"] == {"district": "서울 마포구", "address": "서울특별시 마포구"}
    for never in ("지어낸대학교", "다른이", "face.jpg", "madeup", "망원로", "망원베이커리"):
        assert never not in str(document)


def test_what_a_resume_says_of_her_is_scrubbed_before_it_is_kept(tmp_path: Path) -> None:
    [(document, _)] = documents(written(tmp_path, "resume.json", RESUME), "seekers")
    checked = check_seeker(document)
    assert not checked.refused
    assert checked.seeker is not None
    travels = seeker_facts(checked.seeker).model_dump_json()
    assert "빵을 굽습니다" in travels
    assert not [word for word in ("지어낸이", "made.up", "1234") if word in travels]


def test_many_resumes_in_a_file_and_one_without_an_end(tmp_path: Path) -> None:
    still = RESUME | {"work": [{"position": "제빵사", "startDate": "2025-04"}, {"position": "?", "startDate": "soon"}]}
    found = documents(written(tmp_path, "all.json", [RESUME, still]), "seekers")
    assert [document["experience_months"] for document, _ in found] == [26, 11]


def test_postings_pass_the_door(tmp_path: Path) -> None:
    from uuid import uuid4

    [(document, _)] = documents(written(tmp_path, "a.jsonld", POSTING))
    with stopped_at(datetime(2026, 3, 2, 9, tzinfo=KST)):
        assert check_posting(document, uuid4()).findings == []
