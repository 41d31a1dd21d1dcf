"""Shipped mappings against small files of our own making, with the quirks that the real ones have."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.registry.intake.findings import Refused, catalogue
from services.registry.intake.formats import open_rows
from services.registry.intake.mapping import Mapping, choose_mapping, load_mapping, shipped_mappings
from services.registry.intake.rows import Row
from shared.clock import KST, stopped_at

TODAY = datetime(2026, 3, 2, 9, tzinfo=KST)

WORK24 = """\
<?xml version="1.0" encoding="UTF-8"?>
<wantedRoot><total>1</total><startPage>1</startPage><display>10</display>
<wanted><wantedAuthNo>K120001</wantedAuthNo><company>망원베이커리 &amp;amp; 친구들</company>
<busino>123-45-67890</busino>
<title>&lt;b&gt;제빵사&lt;/b&gt; 모집</title><salTpNm>시급</salTpNm><sal>10,320원 이상</sal>
<region>서울 마포구</region><holidayTpNm>주 5일 근무</holidayTpNm><career>관계없음</career><regDt>26-02-20</regDt>
<closeDt>채용시까지 26-10-31</closeDt><wantedInfoUrl>https://www.work24.go.kr/x?wantedAuthNo=K120001</wantedInfoUrl>
<basicAddr>서울특별시 서울특별시 마포구 망원로 10</basicAddr><detailAddr>***-***</detailAddr><empTpCd>10</empTpCd>
<jobsCd>853102</jobsCd></wanted></wantedRoot>"""

SEOUL = {
    "GetJobInfo": {
        "list_total_count": 1,
        "RESULT": {"CODE": "INFO-000", "MESSAGE": "정상"},
        "row": {
            "JO_REQST_NO": "12345",
            "JO_REGIST_NO": "K9",
            "CMPNY_NM": "연남요양원",
            "JO_SJ": "요양보호사 채용",
            "DTY_CN": "어르신 돌봄",
            "RCRIT_JSSFC_CMMN_CODE_SE": "550100",
            "RCRIT_NMPR_CO": 2.0,
            "EMPLYM_STLE_CMMN_CODE_SE": "J01103",
            "WORK_PARAR_BASS_ADRES_CN": "서울특별시 마포구 연남로 3",
            "CAREER_CND_NM": "무관",
            "HOPE_WAGE": "시급 / 10330원",
            "WORK_TIME_NM": "(근무시간) (오전) 9시 00분 ~ (오후) 1시 00분",
            "WEEK_WORK_HR": "20",
            "RCEPT_CLOS_NM": "마감일 (2026-07-08)",
            "MNGR_NM": "홍길동",
            "MNGR_PHON_NO": "02-1234-5678",
            "JO_REG_DT": "2026-02-27",
        },
    }
}

SHEET = (
    "구인번호,회사명,모집제목,직무내용,필요기술,고용형태,임금형태,임금,주당근로시간,경력,근무지,모집인원,등록일,마감일,담당자\n"
    "A-1,망원베이커리,제빵사,반죽과 굽기,제빵;제과,정규직,월급,250만원,40,1년 이상,서울 마포구 망원로 10,2명,"
    "2026-02-01,99991231,홍길동\n"
)


def mapped(tmp_path: Path, name: str, content: str) -> tuple[Mapping, dict[str, Any], list[str]]:
    path = tmp_path / name
    path.write_text(content)
    places = [mapping.rows for mapping in shipped_mappings("postings") if mapping.rows]
    row = next(open_rows(path, places).rows)
    assert isinstance(row, Row)
    mapping = choose_mapping("postings", None, row.values)
    assert mapping is not None
    with stopped_at(TODAY):
        document, findings = mapping.document(row.values)
    return mapping, document, [found.code for found in findings]


def test_work24(tmp_path: Path) -> None:
    mapping, document, codes = mapped(tmp_path, "work24.xml", WORK24)
    assert (mapping.name, codes) == ("work24", [])
    assert document == {
        "source_ref": "K120001",
        "title": "제빵사 모집",
        "employer": "망원베이커리 & 친구들",
        "employer_number": "123-45-67890",
        "description": "제빵사 모집",
        "occupation_code": "853102",
        "employment_type": "regular",
        "wage": {"unit": "hour", "minimum": 10_320},
        "work_hours": "주 5일 근무",
        "experience_months": 0,
        "place": {"district": "서울 마포구", "address": "서울특별시 마포구 망원로 10"},
        "opened_on": "2026-02-20",
        "closes_on": "2026-10-31",
        "closing_note": "채용시까지 26-10-31",
        "source_url": "https://www.work24.go.kr/x?wantedAuthNo=K120001",
    }


def test_seoul_leaves_the_clerk_at_home(tmp_path: Path) -> None:
    mapping, document, codes = mapped(tmp_path, "seoul.json", json.dumps(SEOUL, ensure_ascii=False))
    assert (mapping.name, codes) == ("seoul", [])
    assert document["wage"] == {"unit": "hour", "minimum": 10_330, "maximum": 10_330}
    assert document["headcount"] == 2
    assert document["employment_type"] == "part_time"
    assert document["weekly_hours"] == 20
    assert document["closes_on"] == "2026-07-08"
    assert "홍길동" not in str(document)
    assert "5678" not in str(document)


def test_a_korean_sheet(tmp_path: Path) -> None:
    mapping, document, codes = mapped(tmp_path, "list.csv", SHEET)
    assert (mapping.name, codes) == ("sheet_ko", [])
    assert document["required_skills"] == ["제빵", "제과"]
    assert document["wage"] == {"unit": "month", "minimum": 2_500_000, "maximum": 2_500_000}
    assert document["headcount"] == 2
    assert document["experience_months"] == 12
    assert "closes_on" not in document
    assert "홍길동" not in str(document)


@pytest.mark.parametrize(("deadline", "told"), [("2024-01-31", ["CLOSING_PAST"]), ("2026-12-31", []), ("상시채용", [])])
def test_collected_postings_keep_past_dates_for_show(tmp_path: Path, deadline: str, told: list[str]) -> None:
    row = {"id": "w1", "company": "가", "title": "나", "duties": "", "deadline": deadline, "skills": ["SQL", "Python"]}
    mapping, document, codes = mapped(tmp_path, "rows.jsonl", json.dumps(row) + "\n" + json.dumps(row))
    assert (mapping.name, codes) == ("crawler_ko", told)
    assert document["closing_note"] == deadline
    assert ("closes_on" in document) == (deadline == "2026-12-31")
    assert document["description"] == "SQL\nPython"


def test_seekers_in_one_text() -> None:
    mapping = choose_mapping("seekers", None, {"id", "text", "edu", "skill_year"})
    assert mapping is not None
    document, _ = mapping.document({"id": "p1", "text": "빵을 굽습니다", "edu": "고졸", "skill_year": "1년"})
    assert document == {"source_ref": "p1", "summary": "빵을 굽습니다"}


def test_fields_of_our_own_need_no_mapping() -> None:
    assert choose_mapping("postings", None, {"title", "employer", "description", "place"}) is None


def test_unknown_fields_need_a_mapping_by_name() -> None:
    with pytest.raises(Refused, match="MAPPING_UNKNOWN"):
        choose_mapping("postings", None, {"foo", "bar"})


def test_what_cannot_be_read_is_told_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'title = "own"\n[fields]\ntitle = "t"\nemployer = "e"\nwage = { from = "w", read = "wage" }\n'
        'employment_type = { from = "k", read = "code", codes = "kinds" }\n[codes.kinds]\n"1" = "regular"\n'
    )
    mapping = load_mapping(path)
    document, findings = mapping.document({"t": "제빵사", "e": "가", "w": "이백만원", "k": "9"})
    assert document == {"title": "제빵사", "employer": "가"}
    assert {found.code: found.where for found in findings} == {"WAGE_UNREADABLE": "w", "CODE_UNKNOWN": "k"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = ", "Invalid value"),
        ('title = "x"\n[fields]\nsalary = "s"', "no such field of ours: salary"),
        ('title = "x"\n[fields]\nwage = { from = "s", read = "magic" }', "fields.wage.read"),
        ('title = "x"\n[fields]\nemployment_type = { from = "s", read = "code" }', "no such code table"),
        ('title = "x"\ncolour = 1\n[fields]\ntitle = "s"', "colour"),
    ],
)
def test_a_wrong_mapping_file_says_where(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(Refused) as refused:
        load_mapping(path)
    assert says in refused.value.finding.message


def test_every_finding_speaks_both_languages() -> None:
    for code, row in catalogue().items():
        assert row["message"], code
        assert any("가" <= letter <= "힣" for letter in row["message_ko"]), code
        assert row["severity"] in ("refusal", "hold", "warning", "remark"), code
        assert not row["hint"] or any("가" <= letter <= "힣" for letter in row["hint"]), code


@pytest.mark.parametrize(
    ("wage", "hours", "weekly"),
    [
        ("월 260만원 (주 40시간)", "", 40.0),
        ("월 260만원 (주 40시간)", "20", 20.0),
        ("시급 12,000원, 주 15.5 시간", "", 15.5),
        ("월 260만원, 주 52시간 준수", "", None),
        ("월 260만원", "", None),
    ],
)
def test_hours_that_stand_in_the_wage_s_column_are_read(wage: str, hours: str, weekly: float | None) -> None:
    mapping = choose_mapping("postings", "sheet_ko", ())
    assert mapping is not None
    document, findings = mapping.document({"회사명": "가", "모집제목": "나", "임금": wage, "주당근로시간": hours})
    assert (document.get("weekly_hours"), findings) == (weekly, [])
