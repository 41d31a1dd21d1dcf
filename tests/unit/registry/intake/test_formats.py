"""Files as agencies keep them: every row is found where it stands, or refused by name; nothing is lost."""

import time
from pathlib import Path

import pytest

from services.registry.intake.findings import Refused
from services.registry.intake.formats import open_rows
from services.registry.intake.rows import BadRow, Row


def rows_of(tmp_path: Path, name: str, content: bytes, *places: str) -> list[Row | BadRow]:
    path = tmp_path / name
    path.write_bytes(content)
    return list(open_rows(path, places).rows)


def codes(rows: list[Row | BadRow]) -> list[str]:
    return [row.finding.code if isinstance(row, BadRow) else "ok" for row in rows]


SHEET = "회사명,모집제목\n망원베이커리,제빵사\n연남카페,바리스타\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_sheet_in_the_encodings_that_offices_use(tmp_path: Path, encoding: str) -> None:
    rows = rows_of(tmp_path, "list.csv", SHEET.encode(encoding))
    assert rows[0] == Row("line 2", {"회사명": "망원베이커리", "모집제목": "제빵사"})
    assert len(rows) == 2


def test_tabs_blank_lines_and_line_ends_in_quotes(tmp_path: Path) -> None:
    content = '회사명\t모집제목\r\n망원베이커리\t"제빵사\n모집"\r\n\r\n연남카페\t바리스타\n'
    rows = rows_of(tmp_path, "list.tsv", content.encode())
    assert rows[0] == Row("line 2", {"회사명": "망원베이커리", "모집제목": "제빵사\n모집"})
    assert rows[1].where == "line 5"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", "회사명,모집제목\n가,나".encode("utf-16"), "ENCODING_UNKNOWN"),
        ("a.csv", b"name,title\ncaf\xe9 x,y\n", "ENCODING_UNKNOWN"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\x00\x00", "NOT_TEXT"),
        ("a.csv", b"", "FILE_EMPTY"),
        ("a.csv", b"a,b\n", "FILE_EMPTY"),
        ("a.csv", b"\n\n  \n", "FILE_EMPTY"),
        ("a.csv", b"a,b,a\n1,2,3\n", "HEADER_DUPLICATE"),
        ("a.csv", b"a,,c\n1,2,3\n", "HEADER_MISSING"),
        ("a.csv", b"a;b;c\n1;2;3\n", "DELIMITER_MISMATCH"),
        ("a.zip", b"PK\x03\x04....", "ARCHIVE_NOT_SUPPORTED"),
        ("a.csv", b"\x1f\x8b\x08....", "ARCHIVE_NOT_SUPPORTED"),
        ("a.xlsx", b"PK\x03\x04....", "WORKBOOK_UNREADABLE"),
        ("a.jsonl", b'[{"a": 1}]', "JSONL_EXPECTED"),
        ("a.json", b'{"a": ', "JSON_INVALID"),
        ("a.json", b"[" * 10_000, "JSON_TOO_DEEP"),
        ("a.json", b"[]", "FILE_EMPTY"),
        ("a.json", b'{"GetJobInfo": {"RESULT": {"CODE": "INFO-000"}}}', "FILE_EMPTY"),
        ("a.xml", b"<wantedRoot><total>0</total><messageCd>006</messageCd></wantedRoot>", "FILE_EMPTY"),
        ("a.xml", b"<a><b>", "XML_INVALID"),
        ("a.xml", b'<?xml version="1.0" encoding="zlib"?><a/>', "ENCODING_MISMATCH"),
        ("a.xml", b"<a><b><c>" + b"x" * 1_100_000 + b"</c></b></a>", "LINE_TOO_LONG"),
        ("a.xml", b'<?xml version="1.0" encoding="euc-kr"?><!DOCTYPE a [<!ENTITY x "y">]><a/>', "XML_DTD_FORBIDDEN"),
        (
            "a.xml",
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b><c>&x;</c></b></a>',
            "XML_DTD_FORBIDDEN",
        ),
        ("a.xml", b"<a>" * 10_000, "XML_TOO_DEEP"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        rows_of(tmp_path, name, content, "GetJobInfo.row", "wantedRoot.wanted")
    assert refused.value.finding.code == code


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(Refused, match="FILE_UNREADABLE"):
            open_rows(path)


def test_the_place_of_a_wrong_byte_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        rows_of(tmp_path, "a.csv", b"name,title\nok,ok\nab\xff ,y\n")
    assert "line 3, byte 3" in refused.value.finding.message


def test_laughs_by_the_billion_end_at_once(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE z [<!ENTITY l0 "lol">{entities}]><z><r><t>&l9;</t></r></z>'
    started = time.perf_counter()
    with pytest.raises(Refused, match="XML_DTD_FORBIDDEN"):
        rows_of(tmp_path, "a.xml", bomb.encode())
    assert time.perf_counter() - started < 1


def test_a_row_that_is_wrong_leaves_the_others(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "a.csv", b"a,b\n1,2\n1,2,3\n1\n3,4\n")
    assert codes(rows) == ["ok", "ROW_WIDTH", "ROW_WIDTH", "ok"]
    assert rows[1].where == "line 3"


def test_an_open_quote_is_told_where_it_opened(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "a.csv", b'a,b\n1,2\n"3,4\n5,6\n')
    assert codes(rows) == ["ok", "QUOTE_UNCLOSED"]
    assert rows[1].where == "line 3"


def test_json_lines(tmp_path: Path) -> None:
    content = b"\n".join(
        [
            b'\xef\xbb\xbf{"a": 1}',
            b'{"a": ',
            b"",
            b"[1]",
            b'{"a": NaN}',
            b'{"a": 1e400}',
            b'{"a": 1, "a": 2}',
            b'{"a": ' + b"9" * 5_000 + b"}",
            b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}",
            b'{"a": "\\ud800"}',
            b'{"a": "' + b"x" * 1_100_000 + b'"}',
            b'{"a": "\xff"}',
            b'{"a": 2}',
        ]
    )
    rows = rows_of(tmp_path, "a.jsonl", content)
    assert codes(rows) == [
        "ok",
        "JSON_INVALID",
        "ENVELOPE_NOT_OBJECT",
        "NUMBER_NOT_FINITE",
        "NUMBER_NOT_FINITE",
        "JSON_DUPLICATE_KEY",
        "NUMBER_TOO_LARGE",
        "JSON_TOO_DEEP",
        "TEXT_INVALID",
        "LINE_TOO_LONG",
        "ENCODING_UNKNOWN",
        "ok",
    ]
    assert rows[-1] == Row("line 13", {"a": 2})


@pytest.mark.parametrize("row", [b'[{"n": 1}]', b'{"n": 1}'])
def test_rows_within_a_json_document_one_or_many(tmp_path: Path, row: bytes) -> None:
    content = b'{"GetJobInfo": {"list_total_count": 1, "RESULT": {"CODE": "INFO-000"}, "row": ' + row + b"}}"
    assert rows_of(tmp_path, "a.json", content, "GetJobInfo.row") == [Row("GetJobInfo.row[0]", {"n": 1})]


@pytest.mark.parametrize("times", [1, 2])
def test_xml_rows_one_or_many(tmp_path: Path, times: int) -> None:
    one = "<wanted><wantedAuthNo>K1</wantedAuthNo><corpInfo><corpNm>가</corpNm></corpInfo><k>a</k><k>b</k></wanted>"
    content = f"<wantedRoot><total>{times}</total>{one * times}</wantedRoot>"
    rows = rows_of(tmp_path, "a.xml", content.encode())
    assert rows[0] == Row("wanted[1]", {"wantedAuthNo": "K1", "corpInfo.corpNm": "가", "k": ["a", "b"]})
    assert len(rows) == times


def test_an_xml_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "a.xml", b"<r><w><a>1</a></w><w><a>2")
    assert codes(rows) == ["ok", "XML_INVALID"]


def test_a_long_file_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write("a,b\n")
        file.writelines(f"{n},{'x' * 100}\n" for n in range(200_000))
    rows = open_rows(path).rows
    assert next(rows).where == "line 2"
    import tracemalloc

    tracemalloc.start()
    assert sum(1 for _ in rows) == 199_999
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()
