"""An ods is read a row at a time: what another reader finds in it as a whole, in memory that does not grow."""

import tracemalloc
import zipfile
from datetime import datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from services.registry.intake.findings import Refused
from services.registry.intake.formats import open_rows
from services.registry.intake.ods import OdsBook
from services.registry.intake.rows import Given, Row
from services.registry.intake.workbook import sheet_names

SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "style", "table", "text")
)
KIND = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{KIND}">{{}}</manifest:file-entry>'
    "</manifest:manifest>"
)
STYLE = '<style:style style:name="{0}" style:family="table"><style:table-properties table:display="{1}"/></style:style>'
STYLES = STYLE.format("shown", "true") + STYLE.format("hidden", "false")


def cell(text: str = "", kind: str = "string", **told: str) -> str:
    """A cell; `number_columns_repeated="2"` is an attribute of tables, `value="1"` one of values."""
    marks = {"value", "date_value", "time_value", "boolean_value", "string_value"}
    attributes = "".join(
        f' {"office" if name in marks else "table"}:{name.replace("_", "-")}="{value}"' for name, value in told.items()
    )
    words = "".join(f"<text:p>{line}</text:p>" for line in text.split("\n")) if text else ""
    return f'<table:table-cell office:value-type="{kind}"{attributes}>{words}</table:table-cell>'


EMPTY = "<table:table-cell/>"


def row(*cells: str, times: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


def table(*rows: str, name: str = "구인", style: str = "shown") -> str:
    return f'<table:table table:name="{name}" table:style-name="{style}">{"".join(rows)}</table:table>'


TITLES = row(cell("회사명"), cell("모집제목"))
LINE = row(cell("가"), cell("나"))
TRAILING = row('<table:table-cell table:number-columns-repeated="16384"/>', times=1_048_000)
"""What programs write below the last row that says something."""


def by_hand(path: Path, *tables: str, before: str = "", manifest: str = "") -> Path:
    body = f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
    styles = f"<office:automatic-styles>{STYLES}</office:automatic-styles>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", KIND, zipfile.ZIP_STORED)
        packed.writestr("META-INF/manifest.xml", MANIFEST.format(manifest))
        content = f"<office:document-content {SPACES}>{styles}{body}</office:document-content>"
        packed.writestr("content.xml", before + content)
    return path


MANY = table(
    row(EMPTY, times=2),
    row(EMPTY, cell("a"), cell("1.5", "float", value="1.5"), cell("2", "percentage", value="0.02")),
    row(EMPTY, cell("둘", number_columns_repeated="2"), EMPTY, cell("끝"), times=3),
    row(EMPTY, cell("한 줄\n다음 줄"), cell("참", "boolean", boolean_value="true")),
    row(EMPTY, cell("", string_value="말"), cell("3원", "currency", value="3")),
    TRAILING,
)


def test_it_reads_what_a_reader_of_whole_workbooks_reads(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.ods", MANY)
    ours, whole = OdsBook(Given.on_disk(path)).sheets[0], CalamineWorkbook.from_path(path).get_sheet_by_name("구인")
    assert (ours.name, ours.start, ours.height) == ("구인", whole.start, whole.height)
    assert list(ours.iter_rows()) == list(whole.iter_rows())


TIMES = st.integers(1, 4)
SAID = (EMPTY, cell("가"), cell("두\n줄"), cell("2.5", "float", value="2.5"), cell("", string_value="말"))


def again(written: str, times: int) -> str:
    """The same cell so many times, as programs write it."""
    return written.replace("-cell", f'-cell table:number-columns-repeated="{times}"', 1)


CELLS = st.builds(again, st.sampled_from(SAID), TIMES)
ROWS = st.builds(lambda cells, times: row(*cells, times=times), st.lists(CELLS, min_size=1, max_size=6), TIMES)


@given(st.lists(ROWS, min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_however_cells_and_rows_are_repeated_both_readers_agree(rows: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = by_hand(Path(folder) / "a.ods", table(row(cell("말")), *rows))
        ours = OdsBook(Given.on_disk(path)).sheets[0]
        whole = CalamineWorkbook.from_path(path).get_sheet_by_name("구인")
        assert (ours.start, ours.height) == (whole.start, whole.height)
        assert list(ours.iter_rows()) == list(whole.iter_rows())


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (cell("2026. 12. 31.", "date", date_value="2026-12-31"), datetime.fromisoformat("2026-12-31")),
        (cell("31일 9시", "date", date_value="2026-12-31T09:30:00"), datetime.fromisoformat("2026-12-31T09:30:00")),
        (cell("9시 반", "time", time_value="PT09H30M00S"), time(9, 30)),
        (cell("52시간", "time", time_value="PT52H00M00S"), timedelta(hours=52)),
        (cell("모름", "float", value="없음"), "모름"),
        (cell("a<text:s text:c='2'/>b<text:tab/>c<text:line-break/>d"), "a  b\tc\nd"),
        (cell("<text:span>굵은</text:span> 말"), "굵은 말"),
        (f"<table:table-cell>{'<office:annotation><text:p>메모</text:p></office:annotation>'}<text:p>말</text:p>"
         "</table:table-cell>", "말"),
        ('<table:table-cell xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" '
         'office:value-type="string" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>', None),
        ("<table:covered-table-cell><text:p>덮인 말</text:p></table:covered-table-cell>", None),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_a_person_reads_it(tmp_path: Path, written: str, value: Any) -> None:
    path = by_hand(tmp_path / "a.ods", table(row(written, cell("다음"))))
    rows = list(OdsBook(Given.on_disk(path)).sheets[0].iter_rows())
    assert rows == ([[value, "다음"]] if value is not None else [["다음"]])


def test_merged_titles_and_rows_are_said_in_each(tmp_path: Path) -> None:
    covered = "<table:covered-table-cell/>"
    path = by_hand(
        tmp_path / "a.ods",
        table(
            row(cell("구인 목록", number_columns_spanned="3", number_rows_spanned="1"), covered, covered),
            row(cell("회사명"), cell("모집제목"), cell("직무내용")),
            row(cell("망원베이커리", number_rows_spanned="2", number_columns_spanned="1"), cell("제빵"), cell("굽기")),
            row(covered, cell("판매"), cell("계산")),
            TRAILING,
        ),
    )
    assert [each.values["회사명"] for each in open_rows(path).rows if isinstance(each, Row)] == ["망원베이커리"] * 2


def test_of_several_sheets_the_shown_ones_are_told(tmp_path: Path) -> None:
    path = by_hand(
        tmp_path / "a.ods",
        table(TITLES, LINE, name="하나"),
        table(TITLES, LINE, name="둘"),
        table(TITLES, LINE, name="숨은", style="hidden"),
        table(TRAILING, name="빈"),
    )
    assert sheet_names(Given.on_disk(path)) == ["하나", "둘"]
    assert list(open_rows(path, sheet="둘").rows) == [Row("row 2", {"회사명": "가", "모집제목": "나"})]
    with pytest.raises(Refused, match="SHEET_UNNAMED"):
        open_rows(path)


@pytest.mark.parametrize(
    ("rows", "before", "manifest", "code"),
    [
        (LINE, '<!DOCTYPE x [<!ENTITY a "b">]>', "", "XML_DTD_FORBIDDEN"),
        (LINE, "", "<manifest:encryption-data/>", "WORKBOOK_LOCKED"),
        (row(cell("가", number_columns_repeated="20000")), "", "", "WORKBOOK_UNREADABLE"),
        (row(cell("가"), times=2_000_000), "", "", "WORKBOOK_UNREADABLE"),
        (row(cell("가", number_columns_repeated="16000"), times=1_000), "", "", "WORKBOOK_UNREADABLE"),
        (row(cell("가", number_columns_repeated="many")), "", "", "WORKBOOK_UNREADABLE"),
        ("<table:table-row>", "", "", "WORKBOOK_UNREADABLE"),
        (row(cell("가" * 1_100_000)), "", "", "LINE_TOO_LONG"),
        (row(cell("<text:s text:c='1000000'/>" * 1_100)), "", "", "LINE_TOO_LONG"),
        (row(cell("가", formula="가" * 1_100_000)), "", "", "LINE_TOO_LONG"),
    ],
)
def test_what_is_broken_or_made_to_hurt_is_refused_by_name(
    tmp_path: Path, rows: str, before: str, manifest: str, code: str
) -> None:
    path = by_hand(tmp_path / "a.ods", table(TITLES, rows), before=before, manifest=manifest)
    with pytest.raises(Refused, match=code):
        list(open_rows(path).rows)


def most_held(path: Path) -> int:
    """Bytes held at most while every row is read once."""
    tracemalloc.start()
    assert all(isinstance(each, Row) for each in open_rows(path).rows)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return held


def test_four_times_the_rows_need_no_more_memory(tmp_path: Path) -> None:
    held = []
    for count in (1_000, 4_000):
        lines = (row(cell(f"업체 {number}"), cell(f"{number:06} " * 150)) for number in range(count))
        held.append(most_held(by_hand(tmp_path / f"{count}.ods", table(TITLES, *lines, TRAILING))))
    assert held[1] < held[0] * 1.2
