"""An xlsx is read a row at a time: what another reader finds in it as a whole, in memory that does not grow."""

import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from xlsxwriter.worksheet import Worksheet

from services.registry.intake import set_aside
from services.registry.intake.findings import Refused
from services.registry.intake.formats import open_rows
from services.registry.intake.rows import Given, Row
from services.registry.intake.set_aside import SetAside
from services.registry.intake.xlsx import XlsxBook

FORMATS = (
    "yyyy-mm-dd",
    'yyyy"년" m"월" d"일"',
    "[$-412]yyyy. m. d.",
    "yyyy-mm-dd hh:mm:ss",
    "h:mm",
    "[h]:mm",
    "ss.0",
    "0.00",
    '#,##0"원"',
    "[Red]0",
    '0 "days"',
    "[<=99]0;h",
    "@",
    14,
    22,
    27,
    46,
    57,
)


def moments(sheet: Worksheet, book: Any) -> None:
    for row, shown in enumerate(FORMATS):
        style = book.add_format({"num_format": shown})
        for column, number in enumerate((45231.395833333, 0.395833333, 59.5, 61.25, 0)):
            sheet.write_number(row, column, number, style)


def everything_else(sheet: Worksheet, book: Any) -> None:
    bold = book.add_format({"bold": True})
    sheet.write_row(3, 2, ["a", 1, 2.5, True, 1e20])
    sheet.write_row(7, 1, ["x_x000D_y", "줄\n바꿈", " blank ", "a"])
    sheet.write_formula(8, 4, '="a"', None, "a_x000D_b")
    sheet.write_formula(8, 5, "=1/0", None, "#DIV/0!")
    sheet.write_rich_string(9, 2, "a", bold, " b ", "c")
    sheet.write_blank(9, 200, None, bold)
    sheet.merge_range(10, 2, 12, 2, "합친")
    sheet.merge_range(10, 3, 10, 4, "")


@pytest.mark.parametrize("write", [moments, everything_else])
@pytest.mark.parametrize("options", [{}, {"constant_memory": True}, {"date_1904": True}])
def test_it_reads_what_a_reader_of_whole_workbooks_reads(
    tmp_path: Path, write: Callable[[Worksheet, Any], None], options: dict[str, bool]
) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, options) as book:
        write(book.add_worksheet("구인"), book)
    ours, whole = XlsxBook(Given.on_disk(path)).sheets[0], CalamineWorkbook.from_path(path).get_sheet_by_name("구인")
    assert (ours.start, ours.height) == (whole.start, whole.height)
    assert sorted(ours.merged_cell_ranges) == sorted(whole.merged_cell_ranges or [])
    assert list(ours.iter_rows()) == list(whole.iter_rows())


SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TITLES = '<c t="inlineStr"><is><t>회사명</t></is></c><c t="inlineStr"><is><t>모집제목</t></is></c>'
LINE = '<c t="s"><v>0</v></c><c t="s"><v>1</v></c>'
LONG_RUN = f"<r><t>{'가' * 1_000}</t></r>"
TEXTS = "<si><t>가</t><rPh><t>ga</t></rPh></si><si><r><t>나</t></r><r><t>다</t></r></si>"


def by_hand(path: Path, rows: str, texts: str = TEXTS, before: str = "", mark: str = "") -> Path:
    """A workbook as small as it may be; `mark` stands before each of its own tags."""

    def spoken(xml: str) -> str:
        return xml.replace("</", "<\0").replace("<", f"<{mark}").replace(f"<{mark}\0", f"</{mark}") if mark else xml

    space = f'xmlns:{mark[:-1]}="{SPACE}"' if mark else f'xmlns="{SPACE}"'
    related = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    one = '<Relationship Id="{}" Type="' + KINDS + '/{}" Target="{}"/>'
    book = spoken('<sheets><sheet name="구인" sheetId="1" r:id="r1"/></sheets>')
    parts = {
        "_rels/.rels": related.format(one.format("r0", "officeDocument", "/xl/workbook2.xml")),
        "xl/_rels/workbook2.xml.rels": related.format(
            one.format("r1", "worksheet", "sheets/one.xml") + one.format("r2", "sharedStrings", "texts.xml")
        ),
        "xl/workbook2.xml": f'<{mark}workbook {space} xmlns:r="{KINDS}">{book}</{mark}workbook>',
        "xl\\sheets\\One.xml": before + f"<{mark}worksheet {space}>{spoken(rows)}</{mark}worksheet>",
        "xl/texts.xml": f"<{mark}sst {space}>{spoken(texts)}</{mark}sst>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return path


def data(*rows: str) -> str:
    return f"<sheetData>{''.join(f'<row>{row}</row>' for row in rows)}</sheetData>"


@pytest.mark.parametrize("mark", ["", "x:"])
def test_other_programs_write_it_otherwise(tmp_path: Path, mark: str) -> None:
    """Parts by other names, tags with a mark, no places told, hints at the pronunciation within the texts."""
    path = by_hand(tmp_path / "a.xlsx", data(TITLES, LINE), mark=mark)
    assert list(open_rows(path).rows) == [Row("row 2", {"회사명": "가", "모집제목": "나다"})]


def test_a_title_that_is_merged_beyond_what_is_written(tmp_path: Path) -> None:
    title = '<c r="A1" t="inlineStr"><is><t>구인 목록</t></is></c>'
    merged = '<mergeCells><mergeCell ref="A1:H1"/><mergeCell ref="J1:K9"/></mergeCells>'
    path = by_hand(tmp_path / "a.xlsx", data(title, TITLES, LINE) + merged)
    assert list(open_rows(path).rows) == [Row("row 3", {"회사명": "가", "모집제목": "나다"})]


@pytest.mark.parametrize(
    ("rows", "texts", "before", "code"),
    [
        (data(TITLES, LINE), TEXTS, '<!DOCTYPE x [<!ENTITY a "b">]>', "XML_DTD_FORBIDDEN"),
        (data(TITLES, LINE), "<si><t>가</t></si>", "", "WORKBOOK_UNREADABLE"),
        (data(TITLES, '<c t="s"><v>none</v></c>'), TEXTS, "", "WORKBOOK_UNREADABLE"),
        ('<sheetData><row r="2"/><row r="1"/></sheetData>', TEXTS, "", "WORKBOOK_UNREADABLE"),
        ('<sheetData><row r="9999999"><c r="A1"><v>1</v></c></row></sheetData>', TEXTS, "", "WORKBOOK_UNREADABLE"),
        (data('<c r="ZZZ1"><v>1</v></c>'), TEXTS, "", "WORKBOOK_UNREADABLE"),
        ("<sheetData><row>", TEXTS, "", "WORKBOOK_UNREADABLE"),
        (data(TITLES, f'<c t="inlineStr"><is><t>{"가" * 1_100_000}</t></is></c>'), TEXTS, "", "LINE_TOO_LONG"),
        (data(TITLES, f'<c r="{"A" * 1_100_000}"/>'), TEXTS, "", "LINE_TOO_LONG"),
        (data(TITLES, LINE), "<si>" + LONG_RUN * 1_100 + "</si>", "", "LINE_TOO_LONG"),
    ],
)
def test_what_is_broken_or_made_to_hurt_is_refused_by_name(
    tmp_path: Path, rows: str, texts: str, before: str, code: str
) -> None:
    path = by_hand(tmp_path / "a.xlsx", rows, texts, before)
    with pytest.raises(Refused, match=code):
        list(open_rows(path).rows)


def most_held(path: Path) -> int:
    """Bytes held at most while every row is read once."""
    tracemalloc.start()
    assert all(isinstance(row, Row) for row in open_rows(path).rows)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return held


def test_four_times_the_rows_need_no_more_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_aside, "IN_MEMORY_BYTES", 100_000)
    monkeypatch.setattr(set_aside, "BLOCKS_AT_HAND", 4)
    held = []
    for count in (1_000, 4_000):
        path = tmp_path / f"{count}.xlsx"
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["회사명", "직무내용"])
            for row in range(1, count):
                sheet.write_row(row, 0, [f"업체 {row}", f"{row:06} " * 150])
        held.append(most_held(path))
    assert held[1] < held[0] * 1.2


def test_what_is_set_aside_comes_back_and_lies_on_the_disk_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_aside, "IN_MEMORY_BYTES", 1_000)
    aside = SetAside()
    texts = [f"홍길동 {number}" * (number % 5) for number in range(1_000)]
    for text in texts:
        aside.add(text)
    assert len(aside) == 1_000
    assert [aside[number] for number in (0, 63, 64, 500, 999)] == [texts[number] for number in (0, 63, 64, 500, 999)]
    aside._file.seek(0)
    assert isinstance(aside._file.name, int), "it is a file, and has no name"
    assert "홍길동".encode() not in aside._file.read()
    aside.close()
