"""What public job data really look like, on files of our own making: read, or told; never lost."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.registry.intake.documents import check_posting
from services.registry.intake.findings import Refused
from services.registry.intake.importing import Source
from services.registry.intake.rows import Given
from shared.clock import KST, stopped_at

WANTED = {
    "wantedAuthNo": "K1",
    "company": "지어낸요양원",
    "busino": "1234567890",
    "title": "요양보호사",
    "salTpNm": "시급",
    "sal": "10,320원 이상",
    "region": "서울 마포구",
    "holidayTpNm": "주 5일 근무",
    "career": "관계없음",
    "regDt": "26-02-20",
    "closeDt": "26-10-31",
    "basicAddr": "서울특별시 마포구 망원로 10",
    "detailAddr": "",
    "empTpCd": "10",
    "jobsCd": "550100",
}
DETAIL = """<?xml version="1.0" encoding="UTF-8"?><wantedDtl><wantedAuthNo>K2</wantedAuthNo>
<corpInfo><corpNm>지어낸요양원</corpNm><reperNm>홍길동</reperNm><corpAddr>서울 은평구</corpAddr></corpInfo>
<wantedInfo><wantedTitle>요양보호사 &amp;lt;주간&amp;gt;</wantedTitle><jobCont>어르신 돌봄&lt;br/&gt;식사 도움</jobCont>
<empTpCd>11</empTpCd><salTpNm>월급 250만원</salTpNm><enterTpNm>경력 10년 이상</enterTpNm>
<certificate>요양보호사</certificate>
<collectPsncnt>1.0</collectPsncnt><workRegion>서울특별시 서울특별시 마포구 연남로 3</workRegion><jobsCd>550103</jobsCd>
<workdayWorkhrCont>(근무시간) (오전) 9시 00분 ~ (오후) 6시 00분, 주주야야비비</workdayWorkhrCont>
<receiptCloseDt>채용시까지 26-10-31</receiptCloseDt>
<keywordList><srchKeywordNm>돌봄</srchKeywordNm><srchKeywordNm>치매</srchKeywordNm></keywordList></wantedInfo>
<empchargeInfo><contactTelno>02-123-4567</contactTelno></empchargeInfo></wantedDtl>"""
SEOUL = {
    "JO_REQST_NO": "S1",
    "JO_REGIST_NO": "",
    "CMPNY_NM": "지어낸카페",
    "JO_SJ": "바리스타 &amp; 매장관리",
    "DTY_CN": "커피 제조",
    "RCRIT_JSSFC_CMMN_CODE_SE": 853102.0,
    "RCRIT_NMPR_CO": 1.0,
    "EMPLYM_STLE_CMMN_CODE_SE": "J01101",
    "WORK_PARAR_BASS_ADRES_CN": "서울특별시 마포구",
    "CAREER_CND_NM": "무관",
    "HOPE_WAGE": "시급 / 10330원",
    "WEEK_WORK_HR": "40",
    "RCEPT_CLOS_NM": "마감일 (2026-07-08)",
    "JO_REG_DT": "2026-02-27",
}


def wanted(**but: str) -> str:
    fields = "".join(f"<{name}>{text}</{name}>" for name, text in (WANTED | but).items())
    return f"<wanted>{fields}</wanted>"


def listed(*entries: str) -> str:
    return f"<?xml version='1.0'?><wantedRoot><total>{len(entries)}</total>{''.join(entries)}</wantedRoot>"


def read(tmp_path: Path, name: str, content: str) -> list[tuple[dict[str, Any], list[str]]]:
    path = tmp_path / name
    path.write_text(content)
    with stopped_at(datetime(2026, 3, 2, 9, tzinfo=KST)):
        rows = list(Source(Given.on_disk(path), "postings").open().rows)
    return [(row["document"], [found["code"] for found in row["findings"]]) for row in rows]


@pytest.mark.parametrize(
    ("but", "field", "value"),
    [
        ({"closeDt": "20260820"}, "closes_on", "2026-08-20"),
        ({"closeDt": "26-10-31"}, "closes_on", "2026-10-31"),
        ({"closeDt": "2026-12-31"}, "closes_on", "2026-12-31"),
        ({"closeDt": "채용시까지 26-10-31"}, "closes_on", "2026-10-31"),
        ({"closeDt": "99991231"}, "closes_on", None),
        ({"closeDt": "채용시까지"}, "closes_on", None),
        ({"sal": "5,000만원 이상", "salTpNm": "연봉"}, "wage", {"unit": "year", "minimum": 50_000_000}),
        ({"sal": "3000만원", "salTpNm": "연봉"}, "wage",
         {"unit": "year", "minimum": 30_000_000, "maximum": 30_000_000}),
        ({"sal": "250만원~300만원", "salTpNm": "월급"}, "wage",
         {"unit": "month", "minimum": 2_500_000, "maximum": 3_000_000}),
        ({"sal": "250만원 이상, ~", "salTpNm": "월급"}, "wage", {"unit": "month", "minimum": 2_500_000}),
        ({"career": "경력 10년 이상"}, "experience_months", 120),
        ({"career": "관계없음"}, "experience_months", 0),
        ({"wantedAuthNo": ""}, "source_ref", None),
        ({"title": "&amp;lt;b&amp;gt;요양보호사&amp;lt;/b&amp;gt; &amp;amp; 조리원"}, "title", "요양보호사 & 조리원"),
        ({"basicAddr": "서울특별시 서울특별시 마포구 망원로 10"}, "place",
         {"district": "서울 마포구", "address": "서울특별시 마포구 망원로 10"}),
        ({"basicAddr": "0", "region": "서울 마포구"}, "place", {"district": "서울 마포구", "address": "서울 마포구"}),
        ({"basicAddr": "***-***", "region": "서울 마포구"}, "place",
         {"district": "서울 마포구", "address": "서울 마포구"}),
        ({"basicAddr": ".", "region": "-"}, "place", None),
        ({"empTpCd": "Y"}, "employment_type", "contract"),
        ({"jobsCd": "550104"}, "occupation_code", "550104"),
        ({"minEdubg": "05"}, "education", None),
        ({"minEdubg": "대졸이상"}, "education", None),
    ],
)  # fmt: skip
def test_a_list_of_work24(tmp_path: Path, but: dict[str, str], field: str, value: Any) -> None:
    [(document, codes)] = read(tmp_path, "list.xml", listed(wanted(**but)))
    assert (document.get(field), codes) == (value, [])


@pytest.mark.parametrize("busino", ["1234567890", "123-45-67890"])
def test_a_firm_s_number_is_read_as_it_stands(tmp_path: Path, busino: str) -> None:
    [(document, _)] = read(tmp_path, "list.xml", listed(wanted(busino=busino)))
    assert document["employer_number"] == busino


def test_one_hit_or_many_and_no_more(tmp_path: Path) -> None:
    assert len(read(tmp_path, "one.xml", listed(wanted()))) == 1
    assert len(read(tmp_path, "many.xml", listed(*(wanted(wantedAuthNo=f"K{n}") for n in range(3))))) == 3
    for nothing in ("<wantedRoot><messageCd>006</messageCd><message>no more</message></wantedRoot>", listed()):
        with pytest.raises(Refused, match="FILE_EMPTY"):
            read(tmp_path, "none.xml", nothing)


def test_a_detail_page_is_one_posting_without_its_people(tmp_path: Path) -> None:
    [(document, codes)] = read(tmp_path, "detail.xml", DETAIL)
    assert codes == []
    assert document == {
        "source_ref": "K2",
        "title": "요양보호사 <주간>",
        "employer": "지어낸요양원",
        "description": "어르신 돌봄\n식사 도움",
        "required_skills": ["돌봄", "치매"],
        "certificates": ["요양보호사"],
        "occupation_code": "550103",
        "employment_type": "part_time",
        "wage": {"unit": "month", "minimum": 2_500_000, "maximum": 2_500_000},
        "work_hours": "(근무시간) (오전) 9시 00분 ~ (오후) 6시 00분, 주주야야비비",
        "experience_months": 120,
        "place": {"district": "서울 마포구", "address": "서울특별시 마포구 연남로 3"},
        "headcount": 1,
        "closes_on": "2026-10-31",
        "closing_note": "채용시까지 26-10-31",
    }


@pytest.mark.parametrize(
    ("but", "field", "value"),
    [
        ({}, "source_ref", "S1"),
        ({"JO_REGIST_NO": "K9"}, "source_ref", "K9"),
        ({}, "headcount", 1),
        ({}, "occupation_code", "853102"),
        ({}, "title", "바리스타 & 매장관리"),
        ({}, "closes_on", "2026-07-08"),
        ({}, "wage", {"unit": "hour", "minimum": 10_330, "maximum": 10_330}),
        ({"EMPLYM_STLE_CMMN_CODE_SE": "J01105"}, "employment_type", "part_time"),
        ({"CAREER_CND_NM": "신입"}, "experience_months", 0),
        ({"DTY_CN": None, "BSNS_SUMRY_CN": "카페 운영"}, "description", "카페 운영"),
        ({"ACDMCR_CMMN_CODE_SE": "J00110"}, "education", None),
    ],
)
def test_a_row_of_seoul(tmp_path: Path, but: dict[str, Any], field: str, value: Any) -> None:
    content = {"GetJobInfo": {"list_total_count": 1, "RESULT": {"CODE": "INFO-000"}, "row": [SEOUL | but]}}
    [(document, codes)] = read(tmp_path, "seoul.json", json.dumps(content))
    assert (document.get(field), codes) == (value, [])


@pytest.mark.parametrize(
    ("name", "content", "code", "answer"),
    [
        ("a.json", '{"RESULT": {"CODE": "INFO-200", "MESSAGE": "없음"}}', "SERVICE_EMPTY", "INFO-200"),
        ("a.json", '{"GetJobInfo": {"RESULT": {"CODE": "INFO-200", "MESSAGE": "없음"}}}', "SERVICE_EMPTY", "INFO-200"),
        ("a.json", '{"RESULT": {"CODE": "ERROR-336", "MESSAGE": "1000건"}}', "SERVICE_REFUSED", "ERROR-336"),
        ("a.json", '{"RESULT": {"CODE": "INFO-100", "MESSAGE": "인증키"}}', "SERVICE_REFUSED", "INFO-100"),
        ("a.xml", "<RESULT><CODE>INFO-200</CODE><MESSAGE>없음</MESSAGE></RESULT>", "SERVICE_EMPTY", "INFO-200"),
        ("a.xml", "<GetJobInfo><RESULT><CODE>ERROR-500</CODE></RESULT></GetJobInfo>", "SERVICE_REFUSED", "ERROR-500"),
        ("a.xml", "<GO24><error>개인회원은 사용할 수 없는 OPEN-API입니다.</error></GO24>", "SERVICE_REFUSED", "error"),
    ],
)  # fmt: skip
def test_a_service_that_sent_no_rows_is_told_by_its_answer(
    tmp_path: Path, name: str, content: str, code: str, answer: str
) -> None:
    with pytest.raises(Refused) as refused:
        read(tmp_path, name, content)
    told = refused.value.finding
    assert (told.code, told.message) == (code, f"No rows: the service answered {answer}.")
    assert answer in told.message_ko
    assert told.hint


def test_a_word_that_calls_itself_a_code_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read(tmp_path, "a.json", '{"RESULT": {"CODE": "홍길동 010-1234-5678"}}')
    assert "홍길동" not in refused.value.finding.model_dump_json()


def test_an_answer_beside_rows_is_no_row(tmp_path: Path) -> None:
    done = "<RESULT><CODE>INFO-000</CODE><MESSAGE>정상</MESSAGE></RESULT>"
    assert len(read(tmp_path, "a.xml", listed(wanted()).replace("<wanted>", f"{done}<wanted>"))) == 1


@pytest.mark.parametrize("declared", ["euc-kr", "EUC-KR", "cp949", "ks_c_5601-1987", "x-windows-949"])
def test_a_list_in_the_encoding_of_old_korean_programs(tmp_path: Path, declared: str) -> None:
    many = listed(*(wanted(wantedAuthNo=f"K{number}", title=f"똠양꿍 조리원 {number}") for number in range(200)))
    path = tmp_path / "list.xml"
    path.write_bytes(many.replace("?>", f" encoding='{declared}'?>").encode("cp949"))
    rows = list(Source(Given.on_disk(path), "postings").open().rows)
    assert [row["document"]["title"] for row in rows] == [f"똠양꿍 조리원 {number}" for number in range(200)]


@pytest.mark.parametrize(("content", "name"), [(listed(wanted()), "a.xml"), (DETAIL, "b.xml")])
def test_what_is_read_passes_the_door(tmp_path: Path, content: str, name: str) -> None:
    from uuid import uuid4

    [(document, _)] = read(tmp_path, name, content)
    with stopped_at(datetime(2026, 3, 2, 9, tzinfo=KST)):
        assert not check_posting(document, uuid4()).refused
