"""How much memory does a long file need to be read? `python -m tests.benchmarks.intake_memory xlsx|ods|json ROWS …`"""

import json
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import xlsxwriter

from services.registry.intake.formats import open_rows
from services.registry.intake.rows import Row

HEADER = ("구인번호", "업체명", "직종", "담당업무", "급여구분", "급여", "근무장소", "마감일자", "모집인원", "고용형태")
DUTIES = "반죽과 굽기, 매장 청소, 진열, 고객 응대, 배송 준비, 포장과 검수, 월말 재고 조사"
ODS_START = "<office:document-content {}><office:body><office:spreadsheet><table:table table:name='구인'>".format(
    " ".join(f"xmlns:{name}='urn:oasis:names:tc:opendocument:xmlns:{name}:1.0'" for name in ("office", "table", "text"))
)
ODS_END = "</table:table></office:spreadsheet></office:body></office:document-content>"


def lines(count: int) -> Iterator[tuple[str | int, ...]]:
    """So many orders, of 600 bytes each."""
    for row in range(1, count + 1):
        firm, duties, wage = f"망원베이커리 {row % 5_000}", f"{row}번 자리: {DUTIES}", 2_500_000 + row % 100 * 1_000
        yield f"A-{row}", firm, "제빵사", duties, "월급", wage, "서울 마포구 망원로 10", "채용시까지", 1, "정규직"


def write_xlsx(path: Path, count: int) -> None:
    """Its texts are shared, as Excel shares them."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("구인")
        sheet.write_row(0, 0, HEADER)
        for number, line in enumerate(lines(count), 1):
            sheet.write_row(number, 0, line)


def write_ods(path: Path, count: int) -> None:
    def cell(value: str | int) -> str:
        kind = f"'float' office:value='{value}'" if isinstance(value, int) else "'string'"
        return f"<table:table-cell office:value-type={kind}><text:p>{value}</text:p></table:table-cell>"

    def row(cells: Sequence[str | int]) -> bytes:
        return f"<table:table-row>{''.join(map(cell, cells))}</table:table-row>".encode()

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("content.xml", "w") as content:
        content.write(ODS_START.encode() + row(HEADER))
        for line in lines(count):
            content.write(row(line))
        content.write(ODS_END.encode())


def write_json(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number, line in enumerate(lines(count)):
            file.write(",\n" if number else "[")
            file.write(json.dumps(dict(zip(HEADER, line, strict=True)), ensure_ascii=False))
        file.write("]")


WRITERS: dict[str, Callable[[Path, int], None]] = {"xlsx": write_xlsx, "ods": write_ods, "json": write_json}


def read(path: Path) -> tuple[int, float, float, float]:
    """Rows, seconds of work, and MiB held at most: before the first row, and in all."""
    before, start = _held(), time.process_time()
    count = sum(isinstance(row, Row) for row in open_rows(path).rows)
    return count, time.process_time() - start, before, _held()


def _held() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(kind: str, counts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            path = Path(folder) / f"long.{kind}"
            with ProcessPoolExecutor(1, get_context("spawn")) as writer:
                writer.submit(WRITERS[kind], path, count).result()
            with ProcessPoolExecutor(1, get_context("spawn")) as reader:
                rows, seconds, before, held = reader.submit(read, path).result()
            size = path.stat().st_size / 1e6
            print(  # noqa: T201
                f"{rows:>9,} rows, {size:5.1f} MB: {seconds:6.1f} s, {before:4.0f} MiB before, {held:4.0f} MiB at most"
            )


if __name__ == "__main__":
    main(sys.argv[1], [int(count) for count in sys.argv[2:]] or [20_000, 200_000])
