"""How does each agency's file look? The same postings in the forms that agencies hold, with the quirks of each."""

import csv
import html
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from deploy.demo.city import City, Posting
from deploy.demo.invent_postings import EMPLOYMENT_KO
from deploy.demo.korean import span
from deploy.demo.vocabulary import Shape, WageUnit
from shared.contracts import Money, PostingFacts

UNIT_KO: dict[WageUnit, str] = {"hour": "시급", "day": "일급", "month": "월급", "year": "연봉"}
WORK24_UNITS: dict[WageUnit, str] = {"hour": "H", "day": "D", "month": "M", "year": "Y"}
WORK24_EMPLOYMENT = {"regular": "10", "contract": "20", "part_time": "11", "dispatch": "4"}
SEOUL_EMPLOYMENT = {"regular": "J01101", "contract": "J01102", "part_time": "J01105"}
# fmt: off
SHEET_HEADERS = [
    "구인번호", "회사명", "모집제목", "직무내용", "자격요건", "우대사항", "필요기술", "자격증", "직종코드", "고용형태",
    "임금형태", "임금", "주당근로시간", "근무시간", "경력", "근무지", "모집인원", "등록일", "마감일",
]
# fmt: on
MAN = 10_000


@dataclass(frozen=True)
class PostingFile:
    """A file of one agency, and the mapping that reads it; None where the fields are our own."""

    path: Path
    agency_key: str
    mapping: str | None


def write_shapes(city: City, folder: Path) -> list[PostingFile]:
    """Write each agency's postings as that agency holds them."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _write(agency.shape, agency.key, [each for each in city.postings if each.agency_key == agency.key], folder)
        for agency in city.agencies
    ]


def _write(shape: Shape, agency_key: str, postings: Sequence[Posting], folder: Path) -> PostingFile:
    write, suffix, mapping = WRITERS[shape]
    path = folder / f"{agency_key}{suffix}"
    path.write_bytes(write([posting.facts for posting in postings]))
    return PostingFile(path, agency_key, mapping)


def _work24(postings: Sequence[PostingFacts]) -> bytes:
    """Work24's list, each entry with the duties of its detail page; texts escaped twice, as portals do."""
    root = Element("wantedRoot")
    for head, count in (("total", len(postings)), ("startPage", 1), ("display", 100)):
        SubElement(root, head).text = str(count)
    for number, facts in enumerate(postings):
        wanted = SubElement(root, "wanted")
        for name, value in _work24_fields(facts, number).items():
            SubElement(wanted, name).text = value
        keywords = SubElement(wanted, "keywordList")
        for skill in facts.required_skills:
            SubElement(keywords, "srchKeywordNm").text = skill
    indent(root)
    written = io.BytesIO()
    ElementTree(root).write(written, encoding="UTF-8", xml_declaration=True)
    return written.getvalue()


def _work24_fields(facts: PostingFacts, number: int) -> dict[str, str]:
    wage = facts.wage or Money(unit="month")
    return {
        "wantedAuthNo": facts.source_ref,
        "company": html.escape(facts.employer),
        "busino": f"000-00-{number:05d}",
        "title": html.escape(facts.title),
        "jobCont": html.escape(_everything(facts)).replace("\n", "&lt;br/&gt;" if number % 2 else "\n"),
        "salTpNm": UNIT_KO[wage.unit],
        "sal": _amount(facts.wage, ""),
        "minSal": str(wage.minimum or ""),
        "maxSal": str(wage.maximum or ""),
        "region": str(facts.place.district).replace("서울 ", "서울특별시 "),
        "holidayTpNm": html.escape(facts.work_hours),
        "minEdubg": ("학력무관", "00", "고졸")[number % 3],
        "career": _experience(facts),
        "regDt": _compact_day(facts.opened_on, number),
        "closeDt": _closing(facts.closes_on, number, open_ended="99991231"),
        "infoSvc": "VALIDATION",
        "wantedInfoUrl": f"https://work24.example.invalid/wanted?wantedAuthNo={facts.source_ref}",
        "basicAddr": str(facts.place.address).replace(
            "서울 ", ("서울특별시 ", "서울특별시 서울특별시 ")[number % 5 == 0], 1
        ),
        "detailAddr": ("", "0", ".", "-", "***-***")[number % 5],
        "empTpCd": WORK24_EMPLOYMENT.get(str(facts.employment_type), ""),
        "jobsCd": str(facts.occupation_code),
        "certificate": ", ".join(facts.certificates),
        "collectPsncnt": str(facts.headcount),
        "smodifyDtm": f"{facts.opened_on:%Y%m%d}0910",
    }


def _seoul(postings: Sequence[PostingFacts]) -> bytes:
    """The city portal's `GetJobInfo`: wages and closing dates in prose, a headcount with a decimal point."""
    rows = [_seoul_fields(facts, number) for number, facts in enumerate(postings)]
    result = {"CODE": "INFO-000", "MESSAGE": "정상 처리되었습니다"}
    document = {"GetJobInfo": {"list_total_count": len(rows), "RESULT": result, "row": rows}}
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _seoul_fields(facts: PostingFacts, number: int) -> dict[str, object]:
    return {
        "JO_REQST_NO": f"R{facts.source_ref[1:]}",
        "JO_REGIST_NO": facts.source_ref if number % 7 else "",
        "CMPNY_NM": facts.employer,
        "BSNS_SUMRY_CN": "-",
        "RCRIT_JSSFC_CMMN_CODE_SE": facts.occupation_code,
        "RCRIT_NMPR_CO": float(facts.headcount),
        "ACDMCR_NM": "관계없음",
        "EMPLYM_STLE_CMMN_CODE_SE": SEOUL_EMPLOYMENT.get(str(facts.employment_type), ""),
        "EMPLYM_STLE_CMMN_MM": EMPLOYMENT_KO[str(facts.employment_type)],
        "WORK_PARAR_BASS_ADRES_CN": str(facts.place.address).replace("서울 ", "서울특별시 ", 1),
        "DTY_CN": html.escape(_everything(facts)),
        "CAREER_CND_NM": _experience(facts),
        "HOPE_WAGE": _amount(facts.wage, " / "),
        "WORK_TM_NM": facts.work_hours,
        "WEEK_WORK_HR": f"주 {facts.weekly_hours:g}시간",
        "RCEPT_CLOS_NM": f"마감일 ({facts.closes_on})" if facts.closes_on else "채용시까지",
        "MNGR_INSTT_NM": "가상 일자리지원 창구",
        "JO_SJ": html.escape(facts.title),
        "JO_REG_DT": str(facts.opened_on),
    }


def _sheet(encoding: str) -> Callable[[Sequence[PostingFacts]], bytes]:
    def sheet(postings: Sequence[PostingFacts]) -> bytes:
        written = io.StringIO(newline="")
        writer = csv.writer(written)
        writer.writerow(SHEET_HEADERS)
        for facts in postings:
            number = int(facts.source_ref[-4:])
            writer.writerow(_sheet_cells(facts, number))
        return written.getvalue().encode(encoding)

    return sheet


def _sheet_cells(facts: PostingFacts, number: int) -> list[str]:
    unit, _, amount = _amount(facts.wage, "|").partition("|")
    return [
        facts.source_ref,
        facts.employer,
        facts.title,
        facts.description,
        facts.qualification,
        facts.preferred,
        (", ", "/")[number % 2].join(facts.required_skills),
        ", ".join(facts.certificates),
        f"{facts.occupation_code}.0" if number % 4 == 0 else str(facts.occupation_code),
        EMPLOYMENT_KO[str(facts.employment_type)],
        unit,
        amount,
        f"{facts.weekly_hours:g}시간",
        facts.work_hours,
        _experience(facts),
        str(facts.place.address),
        f"{facts.headcount}명",
        _day(facts.opened_on, number),
        _closing(facts.closes_on, number, open_ended="채용시까지"),
    ]


def _json_lines(postings: Sequence[PostingFacts]) -> bytes:
    """Our own field names, a posting a line."""
    lines = [facts.model_dump_json(exclude={"agency_id"}, exclude_defaults=True) for facts in postings]
    return "".join(f"{line}\n" for line in lines).encode()


WRITERS: dict[Shape, tuple[Callable[[Sequence[PostingFacts]], bytes], str, str | None]] = {
    "work24": (_work24, ".xml", "work24"),
    "seoul": (_seoul, ".json", "seoul"),
    "sheet_utf8": (_sheet("utf-8-sig"), ".csv", "sheet_ko"),
    "sheet_cp949": (_sheet("cp949"), ".csv", "sheet_ko"),
    "json_lines": (_json_lines, ".jsonl", None),
}


def _everything(facts: PostingFacts) -> str:
    """Duties and all that is asked for, in the one text that a portal has."""
    return "\n".join([facts.description, "[자격요건]", facts.qualification, "[우대사항]", facts.preferred])


def _amount(wage: Money | None, between: str) -> str:
    """`시급 / 10800원`, `월급 / 250만원 ~ 280만원`, `연봉 / 3,000만원 이상`; nothing where no wage is stated."""
    if wage is None or wage.minimum is None:
        return ""
    head = f"{UNIT_KO[wage.unit]}{between}" if between else ""
    if wage.maximum is None:
        return f"{head}{_won(wage.minimum)} 이상"
    if wage.maximum == wage.minimum:
        return f"{head}{_won(wage.minimum)}"
    return f"{head}{_won(wage.minimum)} ~ {_won(wage.maximum)}"


def _won(amount: int) -> str:
    return f"{amount // MAN:,}만원" if amount >= 100 * MAN and amount % MAN == 0 else f"{amount}원"


def _experience(facts: PostingFacts) -> str:
    months = facts.experience_months
    if months is None:
        return ""
    return f"경력 {span(months)} 이상" if months else "관계없음"


def _day(day: date | None, number: int) -> str:
    if day is None:
        return ""
    return (f"{day:%Y-%m-%d}", f"{day:%Y. }{day.month}. {day.day}.", f"{day:%Y.%m.%d}", f"{day:%y-%m-%d}")[number % 4]


def _compact_day(day: date | None, number: int) -> str:
    return "" if day is None else (f"{day:%Y%m%d}", f"{day:%y-%m-%d}")[number % 2]


def _closing(day: date | None, number: int, open_ended: str) -> str:
    if day is None:
        return open_ended
    return f"채용시까지 {day:%y-%m-%d}" if number % 3 == 0 else _day(day, number)
