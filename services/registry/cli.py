"""The registry's share of the command: bringing files in. Agencies come in at `deploy.agency`, with a Redis user."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer

from services.registry.commands.named_agency import agency_id_of
from shared.command import (
    CommandError,
    DataOption,
    ExitCode,
    JsonOption,
    command_group,
    every_page,
    open_system,
    share_progress,
    show_json,
    show_table,
)

if TYPE_CHECKING:
    import httpx

    from services.registry.intake.importing import Send, Source, Tally
    from services.registry.intake.mapping import Kind

imports = command_group(
    "Bring in postings or seekers from a file: Excel, CSV, TSV, JSON, JSON Lines, XML or a web page."
)

FileArgument = Annotated[Path, typer.Argument(help="The file.", show_default=False)]
MappingOption = Annotated[
    str | None,
    typer.Option("--mapping", help="A saved or shipped mapping, or a mapping file; by default known from the fields."),
]
SheetOption = Annotated[str | None, typer.Option("--sheet", help="Which sheet of a workbook, if it has several.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check and count, keep nothing.")]
WholeOption = Annotated[bool, typer.Option("--all-or-nothing", help="Take nothing if any row would come back.")]
RejectedOption = Annotated[
    Path | None,
    typer.Option("--rejected", help="Where returned rows go; by default FILE.rejected.csv beside the file."),
]


@dataclass(frozen=True)
class Way:
    """How an import is to go, and how it is told."""

    file: Path
    dry_run: bool
    all_or_nothing: bool
    rejected: Path | None
    as_json: bool
    told: dict[str, str] = field(default_factory=dict)
    """What else to say of it."""


@imports.command("postings")
def import_postings(  # noqa: PLR0913, PLR0917 - the options of the command
    file: FileArgument,
    agency: Annotated[str, typer.Option("--agency", help="The agency's id or name.", show_default=False)],
    mapping: MappingOption = None,
    sheet: SheetOption = None,
    dry_run: DryRunOption = False,
    all_or_nothing: WholeOption = False,
    rejected: RejectedOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in an agency's postings. Run it again as often as you like: what is here already stays as it is.

    \b
    Examples:
      iljari import postings work24.xml --agency "마포 일자리센터"
      iljari import postings list.csv --agency 5f0c… --mapping sheet_ko --dry-run
    """
    from services.registry.intake.importing import told_as_error

    with open_system(data) as client, told_as_error(file):
        agency_id = agency_id_of(client, agency)
        source = _source(client, file, "postings", agency_id, (mapping, sheet))
        way = Way(file, dry_run, all_or_nothing, rejected, as_json)
        _import(source, client, {"agency_id": agency_id}, way)


@imports.command("seekers")
def import_seekers(  # noqa: PLR0913, PLR0917 - the options of the command
    file: FileArgument,
    consent: Annotated[
        Literal["consent", "law", "invented"] | None,
        typer.Option(
            "--consent",
            help="On what ground they are kept: their consent, a law, or made up for a demo; else as the mapping says.",
        ),
    ] = None,
    agency: Annotated[str | None, typer.Option("--agency", help="The agency that brings them: id or name.")] = None,
    cafe: Annotated[UUID | None, typer.Option("--cafe", help="The café that looks after them.")] = None,
    mapping: MappingOption = None,
    sheet: SheetOption = None,
    dry_run: DryRunOption = False,
    all_or_nothing: WholeOption = False,
    rejected: RejectedOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in seekers. Names and contacts go to the vault; texts are scrubbed of them.

    \b
    Examples:
      iljari import seekers list.csv --consent consent --agency "마포 일자리센터"
      iljari import seekers profiles.jsonl --mapping profiles_text
    """
    from services.registry.intake.importing import told_as_error

    with open_system(data) as client, told_as_error(file):
        brought_by = agency_id_of(client, agency) if agency else None
        source = _source(client, file, "seekers", brought_by, (mapping, sheet))
        basis, stated_by = (consent, "--consent") if consent else _consent_of(source)
        about = {"consent": basis, "agency_id": brought_by, "cafe_id": str(cafe) if cafe else None}
        told = {"consent": basis, "consent_stated_by": stated_by}
        _import(source, client, about, Way(file, dry_run, all_or_nothing, rejected, as_json, told))


def list_agencies(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the agencies.

    \b
    Example:
      iljari agency list
    """
    with open_system(data) as client:
        found = list(every_page(client, "/api/v1/registry/agencies"))
    if as_json:
        show_json(found)
        return
    show_table(("id", "이름 name", "종류 licence"), [(a["agency_id"], a["name"], a["licence"]) for a in found])


def _source(
    client: "httpx.Client", file: Path, kind: "Kind", agency_id: str | None, named: tuple[str | None, str | None]
) -> "Source":
    """The file, read by the mapping and sheet that are named; else by what is known, or is now asked and remembered."""
    from services.registry.commands.mappings import ask_and_save, saved_for
    from services.registry.intake.findings import Refused
    from services.registry.intake.importing import Source
    from services.registry.intake.rows import Given

    mapping, sheet = named
    own = saved_for(client, agency_id, kind) if agency_id else ()
    source = Source(Given.on_disk(file), kind, mapping, sheet, own)
    try:
        source.open()
    except Refused as refused:
        if refused.finding.code != "MAPPING_UNKNOWN" or not sys.stdin.isatty():
            raise
        answered = ask_and_save(client, source, agency_id)
        return replace(source, own=(*own, answered))
    return source


def _consent_of(source: "Source") -> tuple[str, str]:
    """The ground that the mapping declares, and which mapping that is."""
    mapping = source.open().mapping
    if mapping and mapping.consent:
        return mapping.consent, f"mapping {mapping.name}"
    raise CommandError(
        "CONSENT_MISSING",
        ExitCode.USAGE,
        ko="어떤 근거로 구직자를 보관하는지 알 수 없습니다.",
        en="Nothing says on what ground these seekers are kept.",
        where="--consent",
        hint='Say --consent consent, law or invented, or write consent = "…" into the mapping file.',
    )


def _import(source: "Source", client: "httpx.Client", about: dict[str, Any], way: Way) -> None:
    from services.registry.intake.importing import bring_in, rejections

    path = way.rejected or way.file.with_name(f"{way.file.name}.rejected.csv")
    trials = (True,) if way.dry_run else (True, False) if way.all_or_nothing else (False,)
    with rejections(path) as reject:
        for trial in trials:
            send = _sender(client, source.kind, {**about, "dry_run": trial})
            with share_progress("확인 checking" if trial else "접수 importing") as step:
                tally = bring_in(source, send, reject, step)
            if tally.outcomes["returned"]:
                break
    _show(tally, path, way, kept=not trial)
    if tally.outcomes["returned"]:
        raise typer.Exit(ExitCode.SOME_REFUSED)


def _sender(client: "httpx.Client", kind: str, about: dict[str, Any]) -> "Send":
    def send(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answer = client.post(f"/api/v1/registry/{kind}/batch", json={**about, "rows": rows})
        receipts: list[dict[str, Any]] = answer.json()["receipts"]
        return receipts

    return send


def _show(tally: "Tally", rejected: Path, way: Way, *, kept: bool) -> None:
    from services.registry.intake.importing import OUTCOMES

    counts = {outcome: tally.outcomes[outcome] for outcome in OUTCOMES}
    returned = str(rejected) if counts["returned"] else None
    if way.as_json:
        told = way.told | {"kept": kept, "mapping": tally.mapping, "read": tally.read, **counts, "rejected": returned}
        show_json(told | {"findings": dict(tally.codes.most_common()), "left_out": tally.left_out})
        return
    rows: Sequence[tuple[str, object]] = [
        ("접수 accepted", counts["accepted"]),
        ("합침 merged", counts["merged"]),
        ("그대로 unchanged", counts["unchanged"]),
        ("보류 held", counts["held"]),
        ("반려 returned", counts["returned"]),
        ("읽은 행 rows read", tally.read),
    ]
    show_table(("결과 outcome", "행 rows"), rows)
    if tally.codes:
        show_table(("알림 finding", "행 rows"), tally.codes.most_common())
    if counts["held"]:
        typer.echo("보류된 행과 이유: `iljari held` names what is held, and by which findings.")
    if tally.left_out:
        typer.echo(f"읽지 않은 열 columns not read: {', '.join(tally.left_out)}")
    if way.told:
        typer.echo("보관 근거 kept on the ground of: {consent} ({consent_stated_by})".format_map(way.told))
    if not kept:
        typer.echo("아무것도 저장하지 않았습니다. Nothing was kept.")
    if returned:
        typer.echo(f"반려된 행: Returned rows are in {returned}")
