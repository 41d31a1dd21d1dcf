"""The command's way to programs: `iljari programs list|import|export|plan|refuse`."""

import csv
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

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
from shared.web.spreadsheets import as_written, harmless

app = command_group("Sessions of programs: counselling, résumé clinics, mentoring, lectures, résumé photos.")

PATH = "/api/v1/registry/programs"
ROWS_A_REQUEST = 1_000
OUTCOMES = {
    "planned": "새로 계획",
    "recorded": "지난 회차 기록",
    "unchanged": "그대로",
    "left_out": "제외",
    "returned": "반려",
}

SinceOption = Annotated[
    str | None, typer.Option("--since", help="From this day, such as 2026-12-01; today by default.")
]
UntilOption = Annotated[str | None, typer.Option("--until", help="To this day; a month later by default.")]
CafeOption = Annotated[str | None, typer.Option("--cafe", help="Of this café alone: its id or name.")]


@app.command("list")
def list_sessions(
    since: SinceOption = None,
    until: UntilOption = None,
    cafe: CafeOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List sessions with their seats, who is enrolled, who waits and who came.

    \b
    Examples:
      iljari programs list --cafe "일자리카페 와우뜰"
      iljari programs list --since 2026-11-01 --until 2026-11-30 --json
    """
    found = _sessions(since, until, cafe, data)
    if as_json:
        show_json(found)
        return
    heads = (
        "때 when",
        "카페 café",
        "프로그램 program",
        "좌석 seats",
        "신청 enrolled",
        "대기 waiting",
        "참석 came",
        "상태 state",
    )
    show_table(heads, [_line(each) for each in found])


@app.command("import")
def import_sessions(
    file: Annotated[Path, typer.Argument(help="CSV, UTF-8.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count, keep nothing.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan the coming sessions of a file and record those that are over. The same file again changes nothing.

    \b
    cafe       its name or id                       kind       counseling, resume_clinic, mentoring, lecture,
    title      else the name of the kind                       resume_photo, or its Korean or English name
    starts_at  2026-12-02T14:00, in Korea           minutes, seats   else as usual for the kind
    skill      what it teaches                      staff      names apart by ;
    enrolled, attended   counts of a session that is over

    \b
    Example:
      iljari programs import 12월.csv --dry-run
    """
    rows = _rows(file)
    outcomes: list[dict[str, Any]] = []
    with open_system(data, timeout=300) as client:
        for start in range(0, len(rows), ROWS_A_REQUEST):
            asked = {"rows": rows[start : start + ROWS_A_REQUEST], "dry_run": dry_run}
            told = client.post(f"{PATH}/import", json=asked).json()["rows"]
            outcomes += [row | {"line": row["line"] + start} for row in told]
    returned = [row for row in outcomes if row["outcome"] == "returned"]
    if as_json:
        show_json({"rows": outcomes})
    else:
        counts = [(f"{ko} {en}", sum(row["outcome"] == en for row in outcomes)) for en, ko in OUTCOMES.items()]
        show_table(("결과 outcome", "건 rows"), counts)
        if returned:
            heads = ("줄 line", "항목 field", "코드 code", "이유 reason")
            show_table(heads, [(row["line"], row["field"], row["code"], row["message_ko"]) for row in returned])
    if returned:
        raise typer.Exit(ExitCode.SOME_REFUSED)


@app.command("export")
def export_sessions(
    since: SinceOption = None, until: UntilOption = None, cafe: CafeOption = None, data: DataOption = None
) -> None:
    """Write sessions as CSV to standard output, as `import` reads them.

    \b
    Example:
      iljari programs export --since 2026-11-01 > 프로그램.csv
    """
    from services.registry.cafes.program_rows import COLUMNS

    lines = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    lines.writeheader()
    for each in _sessions(since, until, cafe, data):
        lines.writerow({name: harmless(str(cell)) for name, cell in each["row"].items()})


@app.command("plan")
def plan_month(
    month: Annotated[str, typer.Argument(help="Such as 2026-12.", show_default=False)],
    hours: Annotated[
        float | None, typer.Option("--hours", help="Staff hours of all cafés; by default those of the month before.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Show what was proposed, plan nothing anew.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose a month's sessions by closing dates, missing skills and past attendance; people decide.

    What was accepted or refused stays. Sessions are accepted and changed at /counter/programs/plan.

    \b
    Examples:
      iljari programs plan 2026-12
      iljari programs plan 2026-11 --show      # the forecasts beside what happened
    """
    told = {"month": month} | ({"hours": hours} if hours else {})
    with open_system(data, timeout=300) as client:
        answer = client.get(f"{PATH}/plan", params={"month": month}) if show else client.post(f"{PATH}/plan", json=told)
        found: list[dict[str, Any]] = answer.json()
    if as_json:
        show_json(found)
        return
    heads = (
        "제안 proposal", "카페 café", "프로그램 program", "주 week", "예상 신청 wanted", "예상 참석 come",
        "지난 평균 past", "마감 비 season", "마감 closings", "실제 was", "상태 state",
    )  # fmt: skip
    show_table(heads, [_proposal(each) for each in found])


@app.command("refuse")
def refuse_proposal(
    proposal: Annotated[UUID, typer.Argument(help="As planned.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.", show_default=False)],
    data: DataOption = None,
) -> None:
    """Refuse a proposal; the same is not proposed again for that week.

    \b
    Example:
      iljari programs refuse 0b6f… --reason "상담사 휴가"
    """
    with open_system(data) as client:
        client.post(f"/api/v1/registry/proposals/{proposal}/refuse", json={"reason": reason})
    typer.echo(f"{proposal}: 거절했습니다. Refused.")


def _proposal(told: dict[str, Any]) -> tuple[object, ...]:
    numbers, was = told["numbers"], told["happened"]
    past = "–" if numbers["past_wanted"] is None else f"{numbers['past_wanted']:.1f}"
    what = told["kind"] + (f" {told['skill']}" if told["skill"] else "")
    forecast = (f"{told['wanted']:.1f}", f"{told['attended']:.1f}", past, f"{numbers['season']:.2f}")
    happened = f"{was['wanted']}, {was['attended']}" if was else "–"
    return (
        told["proposal_id"], told["cafe"], what, told["week"], *forecast, numbers["closings"], happened, told["state"],
    )  # fmt: skip


def _sessions(since: str | None, until: str | None, cafe: str | None, data: Path | None) -> list[dict[str, Any]]:
    with open_system(data) as client:
        asked = {name: told for name, told in (("since", since), ("until", until)) if told}
        found: list[dict[str, Any]] = client.get(PATH, params=asked).json()
    return [each for each in found if cafe in (None, each["cafe"], each["cafe_id"])]


def _line(told: dict[str, Any]) -> tuple[object, ...]:
    counts, row = told["counts"], told["row"]
    seated = counts["enrolled"] + counts["attended"] + counts["absent"]
    when = row["starts_at"].replace("T", " ")
    what = told["title"] + (f" ({told['skill']})" if told["skill"] else "")
    return (when, told["cafe"], what, told["seats"], seated, counts["waiting"], counts["attended"], told["state"])


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            return [{name: as_written(cell) for name, cell in row.items() if name and cell} for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(
            "FILE_UNREADABLE", ExitCode.USAGE, ko="파일을 읽을 수 없습니다.",
            en=f"The file cannot be read ({type(error).__name__}).", where=str(file), hint="Save it as CSV in UTF-8.",
        ) from error  # fmt: skip
