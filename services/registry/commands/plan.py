"""The command's way to the plan: `iljari plan import|withdraw`, `iljari report plan`."""

import csv
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from io import StringIO
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.command import (
    CommandError,
    DataOption,
    ExitCode,
    JsonOption,
    command_group,
    open_system,
    show_json,
    show_table,
)

plan = command_group("The city's plan: targets, milestones, openings, budget, participation.")
reports = command_group("Reports, made of what is kept.")

NO_DATA = "자료 없음 no data"
TYPES = {
    "briefing": "설명회·공청회 briefings",
    "survey": "설문·만족도조사 surveys",
    "advice": "민간전문가 자문 expert advice",
    "press": "언론·방송 보도 press",
    "report": "보고서 발간 reports",
    "meeting": "회의 meetings",
}
RULES = {
    "parts": "합계 ≠ 내역 total ≠ parts",
    "log": "표 ≠ 기록 stated ≠ log",
    "dash": "표에 –, 기록 있음 stated – against entries",
    "targets": "같은 해 목표가 둘 two targets",
    "heading": "제목 유형 ≠ 내역 유형 heading ≠ parts",
}


@plan.command("import")
def import_plan(
    file: Annotated[Path, typer.Argument(help="TOML or CSV, UTF-8; see docs/plan.md.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count, keep nothing.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in entries. The same file again changes nothing; a known ref with other facts is corrected, the old kept.

    \b
    TOML   [target-2016] kind = "target", year = 2016, count = 50, source = "…"
    CSV    ref, kind, source, … one column a field; lists as JSON

    \b
    Example:
      iljari plan import 계획.toml --dry-run
    """
    rows = list(rows_of(file))
    with open_system(data) as client:
        told = client.post("/api/v1/registry/plan/entries", json={"rows": rows, "dry_run": dry_run}).json()
    returned = [row for row in told["rows"] if row["outcome"] == "returned"]
    if as_json:
        show_json(told)
    else:
        words = {"noted": "새로 적음", "corrected": "정정", "unchanged": "그대로", "returned": "돌려보냄"}
        counts = [(f"{ko} {en}", sum(row["outcome"] == en for row in told["rows"])) for en, ko in words.items()]
        show_table(("결과 outcome", "건 rows"), counts)
        faults = [
            (row["ref"], f["field"], f["code"], f["message"], f["hint"]) for row in returned for f in row["faults"]
        ]
        if faults:
            show_table(("ref", "항목 field", "코드 code", "이유 reason", "고치는 법 hint"), faults)
    if returned:
        raise typer.Exit(ExitCode.SOME_REFUSED)


@plan.command("withdraw")
def withdraw(
    ref: Annotated[str, typer.Argument(help="The entry's ref.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.", show_default=False)],
    data: DataOption = None,
) -> None:
    """Let an entry no longer count; it stays readable.

    \b
    Example:
      iljari plan withdraw opening-2016-05-30 --reason "두 번 적음"
    """
    with open_system(data) as client:
        client.post(f"/api/v1/registry/plan/entries/{ref}/withdraw", json={"reason": reason})
    typer.echo(f"{ref}: 더 이상 세지 않습니다. No longer counted.")


@reports.command("plan")
def report_plan(
    as_csv: Annotated[bool, typer.Option("--csv", help="Flat CSV, each number with its entries.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the plan's tables and what in it disagrees, all made of the entries. To print: the page /plan.

    \b
    Examples:
      iljari report plan
      iljari report plan --csv > 계획.csv
    """
    from services.registry.plan.report import flat

    with open_system(data) as client:
        told = client.get("/api/v1/registry/plan/report").json()
    if as_json:
        show_json(told)
    elif as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(flat(told))
    else:
        show_report(told)


def show_report(told: dict[str, Any]) -> None:
    """The tables, for people."""
    show_table(
        ("연도 year", "분기 quarter", "계획 planned", "개소 itemised", "집계만 not itemised", "실적 actual", "차이 ±"),
        [
            (it["year"], f"{it['quarter']}/4" if it["quarter"] else "", *map(_sum, _four(it)), _or_no(it["variance"]))
            for it in told["openings"]
        ]
        + [
            (it["year"], "계 total", _sum(it["planned"]), "", "", _sum(it["actual"]), "")
            for it in told["openings_by_year"]
        ],
        title="개소 Openings",
    )
    show_table(
        ("연도 year", "유형 type", "계획 planned", "실적 actual"),
        [
            (it["year"], it["type"] or "유형 없음 untold", _sum(it["planned"]), _sum(it["actual"]))
            for it in told["openings_by_type"]
        ],
        title="유형별 개소 Openings by type",
    )
    show_table(
        ("연도 year", "목표 target", "실적 actual", "달성 reached", "발표 stated on", "출처 source"),
        [
            (
                it["year"],
                _sum(it["target"]),
                _sum(it["actual"]),
                _share(it["reached"]),
                _or_no(it["stated_on"]),
                it["source"],
            )
            for it in told["targets"]
        ],
        title="목표 Targets",
    )
    _show_budget(told)
    show_table(
        ("구분 kind", "표 stated", "기록 logged", "개별 itemised", "응답자 people asked"),
        [
            (TYPES[it["type"]], _stated(it), _sum(it["logged"]), it["itemised"], _or_no(it["asked"]))
            for it in told["participation"]
        ],
        title="시민 참여 Participation",
    )
    show_table(
        ("규칙 rule", "대상 about", "한쪽 says", "다른 쪽 but", "차이 ±", "출처 sources"),
        [
            (
                RULES[it["rule"]],
                it["about"],
                it["one"]["says"],
                it["other"]["says"],
                _or_dash(it["difference"]),
                _sources(it),
            )
            for it in told["contradictions"]
        ],
        title="서로 다른 점 Contradictions",
    )


def rows_of(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a TOML or CSV file, as the API takes them."""
    try:
        text = file.read_text("utf-8-sig")
        if file.suffix.lower() == ".csv":
            yield from _csv_rows(text)
        else:
            for ref, told in tomllib.loads(text).items():
                if not isinstance(told, dict):
                    raise ValueError("not a table for each entry")
                facts = {name: value.isoformat() if isinstance(value, date) else value for name, value in told.items()}
                yield {"ref": ref, "facts": facts}
    except (OSError, ValueError, csv.Error) as error:
        raise CommandError(
            "FILE_UNREADABLE", ExitCode.USAGE, ko="파일을 읽을 수 없습니다.",
            en=f"The file cannot be read ({type(error).__name__}).", where=str(file), hint="UTF-8 TOML, or CSV.",
        ) from error  # fmt: skip


def _csv_rows(text: str) -> Iterator[dict[str, Any]]:
    head, *lines = csv.reader(StringIO(text, newline=""))
    for line in filter(any, lines):
        cells = {name: value for name, value in zip_longest(head, line, fillvalue="") if value}
        ref, reason = cells.pop("ref", ""), cells.pop("reason", "")
        yield {"ref": ref, "reason": reason, "facts": {name: _cell(value) for name, value in cells.items()}}


def _cell(value: str) -> Any:
    """Lists come as JSON; numbers and days are read by the registry."""
    import json

    if value.startswith(("[", "{")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _show_budget(told: dict[str, Any]) -> None:
    total = told["budget_total"]
    rows = [
        (_period(it), it["fund"], _sum(it["planned"]), _sum(it["executed"]), _share(it["rate"]))
        for it in told["budget"]
    ]
    whole = (_sum(total["planned_in_term"]), _sum(total["executed_in_term"]), _share(total["rate"]))
    show_table(
        ("기간 period", "재원 fund", "계획 planned", "집행 executed", "집행률 rate"),
        [*rows, ("임기 내 계 total in term", "", *whole)],
        title="예산 Budget (백만원 million won)",
    )


def _period(line: dict[str, Any]) -> str:
    if line["term"] == "after":
        return "임기 후 after the term"
    return f"{line['year']}" + (f".1–{line['until_month']}" if line["until_month"] else "")


def _four(line: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(line[name] for name in ("planned", "itemised", "not_itemised", "actual"))


def _sum(told: dict[str, Any]) -> str:
    return _or_no(told["value"])


def _stated(line: dict[str, Any]) -> str:
    return NO_DATA if not line["is_stated"] else _or_dash(line["stated"])


def _or_no(value: object) -> str:
    return NO_DATA if value is None else f"{value:,}" if isinstance(value, int) and value > 999 else str(value)


def _or_dash(value: object) -> str:
    return "–" if value is None else str(value)


def _share(value: float | None) -> str:
    return NO_DATA if value is None else f"{value:.1%}"


def _sources(found: dict[str, Any]) -> str:
    return " / ".join(dict.fromkeys([*found["one"]["sources"], *found["other"]["sources"]]))
