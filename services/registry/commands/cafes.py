"""The command's way to cafés: `iljari cafes list|import`."""

import csv
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

app = command_group("Job cafés: where they are, what they are, and how far in their life.")

PATH = "/api/v1/registry/cafes"
ALREADY_THERE = "ALREADY_THERE"
PLAIN = ("name", "district", "address", "venue_type", "partnership", "state", "on")
PLACE = ("latitude", "longitude")
WEEK = ("weekdays",) * 5 + ("saturday", "sunday")


@app.command("list")
def list_cafes(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the cafés.

    \b
    Example:
      iljari cafes list --json | jq '.[] | {name, state}'
    """
    with open_system(data) as client:
        found = client.get(PATH).json()
    if as_json:
        show_json(found)
        return
    columns = ("cafe_id", "name", "district", "venue_type", "partnership", "state")
    heads = ("카페 café", "이름 name", "지역 district", "공간 유형 venue", "협력 partnership", "단계 state")
    show_table(heads, [tuple(cafe[name] or "" for name in columns) for cafe in found])


@app.command("import")
def import_cafes(
    file: Annotated[Path, typer.Argument(help="CSV, UTF-8.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in cafés that are not there yet; one of the same name stays as it is.

    \b
    name, district                       required
    address, latitude, longitude
    venue_type                           대학, 청년공간, 공공시설, 민간시설
    partnership                          직영, 자치구, 대학, 민간
    is_anchor                            yes for an anchor
    state, on                            planned … ended, and since which day
    weekdays, saturday, sunday           hours such as 09:00-21:00; empty: closed; all empty: not known

    \b
    Example:
      iljari cafes import 카페.csv
    """
    rows = []
    with open_system(data) as client:
        for line, row in enumerate(_rows(file), 2):
            outcome, reason = "made", ""
            try:
                client.post(PATH, json=_told(row))
            except CommandError as error:
                if error.exit_code != ExitCode.SOME_REFUSED:
                    raise
                outcome = "unchanged" if error.code == ALREADY_THERE else "returned"
                reason = "" if outcome == "unchanged" else f"{error.where}: {error.ko}"
            rows.append((line, row.get("name", ""), outcome, reason))
    if as_json:
        show_json([dict(zip(("line", "name", "outcome", "reason"), row, strict=True)) for row in rows])
    else:
        show_table(("줄 line", "이름 name", "결과 outcome", "이유 reason"), rows)
    if any(outcome == "returned" for _, _, outcome, _ in rows):
        raise typer.Exit(ExitCode.SOME_REFUSED)


def _told(row: dict[str, str]) -> dict[str, Any]:
    """A row as the registry is told of it; a cell that is no number goes as it is, and is refused beside its field."""
    told: dict[str, Any] = {name: row[name] for name in PLAIN if row.get(name)}
    told |= {name: _number(row[name]) for name in PLACE if row.get(name)}
    if any(row.get(name) for name in WEEK):
        told["hours"] = [row[name].split("-") if row.get(name) else None for name in WEEK]
    return told | ({"is_anchor": True} if row.get("is_anchor") in ("yes", "예") else {})


def _number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return [{name: (cell or "").strip() for name, cell in row.items() if name} for row in csv.DictReader(lines)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(
            "FILE_UNREADABLE", ExitCode.USAGE, ko="파일을 읽을 수 없습니다.",
            en=f"The file cannot be read ({type(error).__name__}).", where=str(file), hint="Save it as CSV in UTF-8.",
        ) from error  # fmt: skip
