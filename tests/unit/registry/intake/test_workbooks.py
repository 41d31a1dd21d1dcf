"""Workbooks as offices keep them: titles, merged headers, formulas, days, several sheets; and what is none."""

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from services.registry.intake.findings import Refused
from services.registry.intake.formats import open_rows
from services.registry.intake.importing import Source
from services.registry.intake.rows import BadRow, Given, Row

HEADER = ["구인번호", "업체명", "직종", "담당업무", "급여구분", "급여", "근무장소", "마감일자"]
LINE = ["A-1", "망원베이커리", "제빵사", "반죽과 굽기", "월급", 2_500_000, "서울 마포구 망원로 10", "채용시까지"]


def a_workbook(path: Path, **sheets: Callable[[Worksheet, Any], None]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, write in sheets.items():
            write(book.add_worksheet(name), book)
    return path


def rows_of(path: Path, sheet: str | None = None) -> list[Row | BadRow]:
    return list(open_rows(path, sheet=sheet).rows)


def values_of(path: Path, sheet: str | None = None) -> list[dict[str, Any]]:
    rows = rows_of(path, sheet)
    assert all(isinstance(row, Row) for row in rows), rows
    return [row.values for row in rows if isinstance(row, Row)]


def plain(sheet: Worksheet, _book: Any) -> None:
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, LINE)


def test_a_sheet_is_read_by_the_words_it_uses(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "구인.xlsx", 구인=plain)
    opened = Source(Given.on_disk(path), "postings").open()
    assert opened.mapping is not None
    assert opened.mapping.name == "sheet_ko"
    document = next(opened.rows)["document"]
    assert document == {
        "source_ref": "A-1",
        "employer": "망원베이커리",
        "title": "제빵사",
        "description": "반죽과 굽기",
        "wage": {"unit": "month", "minimum": 2_500_000, "maximum": 2_500_000},
        "place": {"district": "서울 마포구", "address": "서울 마포구 망원로 10"},
        "closing_note": "채용시까지",
    }


def test_a_title_and_a_merged_header_of_two_rows(tmp_path: Path) -> None:
    def write(sheet: Worksheet, _book: Any) -> None:
        sheet.merge_range(0, 0, 0, 5, "2026년 3월 구인 목록")
        sheet.write(1, 5, "작성: 3월 2일")
        for column, name in ((0, "번호"), (1, "업체명"), (2, "직종"), (5, "근무지")):
            sheet.merge_range(3, column, 4, column, name)
        sheet.merge_range(3, 3, 3, 4, "임금")
        sheet.write_row(4, 3, ["형태", "금액"])
        for row in range(5, 9):
            sheet.write_row(row, 0, [row, "가", "나", "시급", 12_000, "서울 마포구"])

    path = a_workbook(tmp_path / "a.xlsx", 목록=write)
    first = rows_of(path)[0]
    assert isinstance(first, Row)
    assert first.where == "row 6"
    assert first.values == {
        "번호": "5",
        "업체명": "가",
        "직종": "나",
        "임금 형태": "시급",
        "임금 금액": "12000",
        "근무지": "서울 마포구",
    }
    opened = Source(Given.on_disk(path), "postings").open()
    assert next(opened.rows)["document"]["wage"] == {"unit": "hour", "minimum": 12_000, "maximum": 12_000}


def test_a_row_is_named_by_its_number_in_the_sheet(tmp_path: Path) -> None:
    def write(sheet: Worksheet, _book: Any) -> None:
        sheet.write_row(3, 1, HEADER)
        sheet.write_row(4, 1, LINE)
        sheet.merge_range(6, 2, 7, 2, "합친 업체")
        sheet.write_row(6, 3, LINE[2:])
        sheet.write_row(7, 3, LINE[2:])

    rows = rows_of(a_workbook(tmp_path / "a.xlsx", a=write))
    assert [row.where for row in rows] == ["row 5", "row 7", "row 8"]
    assert [row.values["업체명"] for row in rows if isinstance(row, Row)] == ["망원베이커리", "합친 업체", "합친 업체"]


def test_a_heading_that_divides_without_any_tall_cell(tmp_path: Path) -> None:
    def write(sheet: Worksheet, _book: Any) -> None:
        sheet.write_row(0, 0, ["업체명", "직종"])
        sheet.merge_range(0, 2, 0, 3, "임금")
        sheet.write_row(1, 2, ["형태", "금액"])
        sheet.write_row(2, 0, ["가", "나", "시급", 12_000])

    assert values_of(a_workbook(tmp_path / "a.xlsx", a=write))[0]["임금 금액"] == "12000"


def test_what_is_merged_over_rows_is_said_in_each_and_a_band_is_no_posting(tmp_path: Path) -> None:
    def write(sheet: Worksheet, _book: Any) -> None:
        sheet.write_row(0, 0, ["회사명", "모집제목", "직무내용"])
        sheet.merge_range(1, 0, 2, 0, "망원베이커리")
        sheet.write_row(1, 1, ["제빵사", "굽기"])
        sheet.write_row(2, 1, ["판매원", "팔기"])
        sheet.merge_range(3, 0, 3, 2, "■ 마포 지역")

    rows = values_of(a_workbook(tmp_path / "a.xlsx", a=write))
    assert [row["회사명"] for row in rows] == ["망원베이커리", "망원베이커리", "■ 마포 지역"]
    assert rows[2]["모집제목"] == ""


def test_cells_are_read_as_a_person_reads_them(tmp_path: Path) -> None:
    def write(sheet: Worksheet, book: Any) -> None:
        sheet.write_row(0, 0, ["whole", "part", "day", "instant", "formula", "number as text", "error", "mark"])
        sheet.write_row(1, 0, [3.0, 37.5])
        minute = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_datetime(1, 2, date(2026, 3, 2), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_datetime(1, 3, datetime.fromisoformat("2026-03-02T09:30"), minute)
        sheet.write_formula(1, 4, "=B2*2", None, 75)
        sheet.write_string(1, 5, "0101234")
        sheet.write_formula(1, 6, "=1/0", None, "#DIV/0!")
        sheet.write_string(1, 7, "'=danger")

    assert list(values_of(a_workbook(tmp_path / "a.xlsx", a=write))[0].values()) == [
        "3",
        "37.5",
        "2026-03-02",
        "2026-03-02 09:30",
        "75",
        "0101234",
        "",
        "=danger",
    ]


def test_of_several_sheets_one_is_named(tmp_path: Path) -> None:
    def other(sheet: Worksheet, _book: Any) -> None:
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["B-1", *LINE[1:]])

    def hidden(sheet: Worksheet, book: Any) -> None:
        other(sheet, book)
        sheet.hide()

    path = a_workbook(tmp_path / "a.xlsx", 삼월=plain, 사월=other, 숨김=hidden, 빈=lambda *_: None)
    with pytest.raises(Refused) as refused:
        rows_of(path)
    assert refused.value.finding.code == "SHEET_UNNAMED"
    assert refused.value.finding.message.endswith("삼월, 사월.")
    assert values_of(path, "사월")[0]["구인번호"] == "B-1"
    with pytest.raises(Refused, match="SHEET_UNKNOWN"):
        rows_of(path, "오월")


def test_hidden_and_empty_sheets_are_not_looked_at(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "a.xlsx", 빈=lambda *_: None, 삼월=plain)
    assert values_of(path)[0]["구인번호"] == "A-1"


def test_a_workbook_is_known_whatever_it_is_called(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "a.xlsx", 삼월=plain)
    for name in ("b.csv", "c"):
        renamed = tmp_path / name
        renamed.write_bytes(path.read_bytes())
        assert values_of(renamed)[0]["구인번호"] == "A-1"


def test_text_that_calls_itself_a_workbook_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "export.xls"
    path.write_text("회사명\t모집제목\n가\t나\n", "cp949")
    assert values_of(path) == [{"회사명": "가", "모집제목": "나"}]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "WORKBOOK_UNREADABLE"),
        (b"\x89PNG\r\n\x1a\n\0\0", "WORKBOOK_UNREADABLE"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(Refused, match=code):
        rows_of(path)


def test_a_small_file_that_swells_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "bomb.xlsx", 삼월=plain)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/zeros.bin", b"\0" * 50_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(Refused, match="FILE_TOO_LARGE"):
        rows_of(path)


def test_a_part_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "liar.xlsx", 삼월=plain)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/zeros.bin", b"\0" * 9_000_000)
    size = (9_000_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(Refused, match="WORKBOOK_UNREADABLE"):
        rows_of(path)


def test_how_much_was_read_is_told(tmp_path: Path) -> None:
    def write(sheet: Worksheet, _book: Any) -> None:
        for row in range(100):
            sheet.write_row(row, 0, [f"a{row}", f"b{row}"])

    table = open_rows(a_workbook(tmp_path / "a.xlsx", a=write))
    shares = [table.share() for _ in table.rows]
    assert shares == sorted(shares)
    assert shares[-1] == 1
