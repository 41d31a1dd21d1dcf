"""The way to the ledgers at the command: `iljari ledger orders|seekers|placements`, as a table or into a file."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from services.registry.commands.named_agency import agency_id_of
from services.registry.ledgers.books import Book
from shared.command import (
    CommandError,
    DataOption,
    ExitCode,
    JsonOption,
    command_group,
    download,
    every_page,
    open_system,
    show_json,
    show_table,
)

app = command_group()

PATH = "/api/v1/registry/ledgers"
FORMS = {".csv": "csv", ".xlsx": "xlsx"}
COLUMNS: dict[Book, tuple[tuple[str, str], ...]] = {
    "orders": (
        ("접수일 day", "day"),
        ("구인번호 reference", "source_ref"),
        ("직업소개소 agency", "agency"),
        ("구인업체 firm", "employer"),
        ("모집 제목 title", "title"),
        ("상태 state", "state"),
        ("소개 referred", "referred"),
        ("채용 hired", "hired"),
    ),
    "seekers": (
        ("접수일 day", "day"),
        ("구직자 seeker", "seeker_id"),
        ("거주지 district", "district"),
        ("유효기간 until", "valid_until"),
        ("상태 state", "state"),
        ("소개 referred", "referred"),
        ("채용 hired", "hired"),
    ),
    "placements": (
        ("소개일 day", "day"),
        ("구직자 seeker", "seeker_id"),
        ("구인업체 firm", "employer"),
        ("모집 제목 title", "title"),
        ("상태 state", "state"),
        ("사유 reason", "reason"),
        ("채용일 hired on", "started_on"),
    ),
}


@app.command("ledger")
def show_ledger(  # noqa: PLR0913, PLR0917 - one option each
    book: Annotated[Book, typer.Argument(help="Which ledger.", show_default=False)],
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="First day; else this month's.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day; else today.")
    ] = None,
    agency: Annotated[str | None, typer.Option("--agency", help="Of an agency, by id or name.")] = None,
    cafe: Annotated[UUID | None, typer.Option("--cafe", help="Of a café.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write it here: .xlsx or .csv. Asks for --why.")] = None,
    why: Annotated[str, typer.Option("--why", help="What it is taken along for; recorded.")] = "",
    names: Annotated[bool, typer.Option("--names", help="With names in the file; each is recorded.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a ledger that the law has kept for two years, without names; or take it along as a file, and say why.

    orders: 구인접수대장. seekers: 구직접수대장. placements: 직업소개대장.

    \b
    Examples:
      iljari ledger placements --since 2026-07-01 --until 2026-12-31
      iljari ledger seekers --agency "마포 일자리센터" --to 구직접수대장.xlsx --why "구청 지도점검" --names
    """
    days = {"since": since, "until": until}
    asked: dict[str, Any] = {name: day.date().isoformat() for name, day in days.items() if day}
    with open_system(data) as client:
        of_whom = {"agency": agency_id_of(client, agency) if agency else None, "cafe": str(cafe) if cafe else None}
        if to is not None:
            told = asked | {f"{name}_id": one for name, one in of_whom.items() if one}
            told |= {"form": _form_of(to), "why": _reason(why), "names": names}
            download(client.stream("POST", f"{PATH}/{book}/file", json=told), to)
            return
        asked |= {name: one for name, one in of_whom.items() if one}
        found = list(every_page(client, f"{PATH}/{book}", asked))
    if as_json:
        show_json(found)
        return
    columns = COLUMNS[book]
    show_table(
        tuple(head for head, _ in columns), [tuple(str(line[key] or "") for _, key in columns) for line in found]
    )


def _form_of(to: Path) -> str:
    if to.suffix.lower() in FORMS:
        return FORMS[to.suffix.lower()]
    raise CommandError(
        "FORM_UNKNOWN",
        ExitCode.USAGE,
        ko="파일 이름이 .csv나 .xlsx로 끝나야 합니다.",
        en="The file's name must end in .csv or .xlsx.",
        where="--to",
    )


def _reason(why: str) -> str:
    if why.strip():
        return why.strip()
    raise CommandError(
        "REASON_MISSING",
        ExitCode.USAGE,
        ko="왜 가져가는지 적어 주세요. 기록에 남습니다.",
        en="Say what it is taken along for; it is recorded.",
        where="--why",
        hint='--why "구청 지도점검"',
    )
