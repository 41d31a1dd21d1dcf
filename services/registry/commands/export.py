"""How does someone at the command get postings out? `iljari export FILE`: the form is known by the file's name."""

from pathlib import Path
from typing import Annotated

import typer

from services.registry.commands.named_agency import agency_id_of
from shared.command import CommandError, DataOption, ExitCode, command_group, download, open_system

app = command_group()

FORMS = {".csv": "csv", ".xlsx": "xlsx", ".jsonld": "jsonld", ".json": "jsonld"}


@app.command("export")
def export_postings(
    file: Annotated[Path, typer.Argument(help="Where to write: .csv, .xlsx or .jsonld.", show_default=False)],
    agency: Annotated[str | None, typer.Option("--agency", help="An agency's id or name; without it, all.")] = None,
    data: DataOption = None,
) -> None:
    """Write the open postings of an agency, or of all, as CSV, as a workbook or as schema.org JSON-LD.

    A sheet can be mended and imported again: what was not changed stays as it is.

    \b
    Examples:
      iljari export 구인.xlsx --agency "마포 일자리센터"
      iljari export open.jsonld
    """
    form = FORMS.get(file.suffix.lower())
    if form is None:
        raise CommandError(
            "FORM_UNKNOWN",
            ExitCode.USAGE,
            ko="파일 이름이 .csv, .xlsx, .jsonld 가운데 하나로 끝나야 합니다.",
            en="The file's name must end in .csv, .xlsx or .jsonld.",
            where="FILE",
        )
    with open_system(data) as client:
        of_whom = {"agency": agency_id_of(client, agency)} if agency else {}
        download(client.stream("GET", f"/api/v1/registry/exports/postings.{form}", params=of_whom), file)
