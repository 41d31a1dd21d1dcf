"""The registry's share of the command: bringing files in. Agencies come in at `deploy.agency`, with a Redis user."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer

from shared.command import (
    CommandError,
    DataOption,
    ExitCode,
    JsonOption,
    command_group,
    open_system,
    progress_bar,
    show_json,
    show_table,
)

if TYPE_CHECKING:
    import httpx

    from services.registry.importing import Send, Source, Tally

imports = command_group("Bring in postings or seekers from a file: JSON Lines, JSON, CSV, TSV or XML.")

FileArgument = Annotated[Path, typer.Argument(help="The file.", show_default=False)]
MappingOption = Annotated[
    str | None,
    typer.Option("--mapping", help="A shipped mapping or a mapping file; by default known from the fields."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check and count, keep nothing.")]
WholeOption = Annotated[bool, typer.Option("--all-or-nothing", help="Take nothing if any row would come back.")]
RejectedOption = Annotated[
    Path | None,
    typer.Option("--rejected", help="Where returned rows go; by default FILE.rejected.csv beside the file."),
]


@dataclass(frozen=True)
class Way:
    """How an import is to go, and how it is told."""

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
    from services.registry.importing import Source

    with open_system(data) as client:
        agency_id = _agency_id(client, agency)
        source = Source(file, "postings", mapping)
        _import(source, client, {"agency_id": agency_id}, Way(dry_run, all_or_nothing, rejected, as_json))


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
    from services.registry.importing import Source

    source = Source(file, "seekers", mapping)
    basis, stated_by = (consent, "--consent") if consent else _consent_of(source)
    with open_system(data) as client:
        brought_by = _agency_id(client, agency) if agency else None
        about = {"consent": basis, "agency_id": brought_by, "cafe_id": str(cafe) if cafe else None}
        told = {"consent": basis, "consent_stated_by": stated_by}
        _import(source, client, about, Way(dry_run, all_or_nothing, rejected, as_json, told))


def list_agencies(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the agencies.

    \b
    Example:
      iljari agency list
    """
    with open_system(data) as client:
        found = client.get("/api/registry/agencies").json()
    if as_json:
        show_json(found)
        return
    show_table(("id", "이름 name", "종류 licence"), [(a["agency_id"], a["name"], a["licence"]) for a in found])


def _agency_id(client: "httpx.Client", named: str) -> str:
    known = client.get("/api/registry/agencies").json()
    found = [agency["agency_id"] for agency in known if named in (agency["agency_id"], agency["name"])]
    if found:
        return str(found[0])
    raise CommandError(
        "AGENCY_UNKNOWN",
        ExitCode.USAGE,
        ko="그런 기관이 없습니다.",
        en="There is no such agency.",
        where="--agency",
        hint="`iljari agency list` shows them; `iljari agency add NAME --licence TYPE` makes one.",
    )


def _consent_of(source: "Source") -> tuple[str, str]:
    """The ground that the mapping declares, and which mapping that is."""
    mapping = source.chosen_mapping()
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
    from services.registry.importing import bring_in, rejections

    path = way.rejected or source.path.with_name(f"{source.path.name}.rejected.csv")
    trials = (True,) if way.dry_run else (True, False) if way.all_or_nothing else (False,)
    with rejections(path) as reject, progress_bar() as progress:
        for trial in trials:
            task = progress.add_task("확인 checking" if trial else "접수 importing", total=None)
            send = _sender(client, source.kind, {**about, "dry_run": trial})
            tally = bring_in(source, send, reject, partial(progress.advance, task))
            if tally.outcomes["returned"]:
                break
    _show(tally, path, way, kept=not trial)
    if tally.outcomes["returned"]:
        raise typer.Exit(ExitCode.SOME_REFUSED)


def _sender(client: "httpx.Client", kind: str, about: dict[str, Any]) -> "Send":
    def send(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answer = client.post(f"/api/registry/{kind}/batch", json={**about, "rows": rows})
        receipts: list[dict[str, Any]] = answer.json()["receipts"]
        return receipts

    return send


def _show(tally: "Tally", rejected: Path, way: Way, *, kept: bool) -> None:
    from services.registry.importing import OUTCOMES

    counts = {outcome: tally.outcomes[outcome] for outcome in OUTCOMES}
    returned = str(rejected) if counts["returned"] else None
    if way.as_json:
        told = way.told | {"kept": kept, "mapping": tally.mapping, "read": tally.read, **counts, "rejected": returned}
        show_json(told | {"findings": dict(tally.codes.most_common())})
        return
    rows: Sequence[tuple[str, object]] = [
        ("접수 accepted", counts["accepted"]),
        ("합침 merged", counts["merged"]),
        ("그대로 unchanged", counts["unchanged"]),
        ("반려 returned", counts["returned"]),
        ("읽은 행 rows read", tally.read),
    ]
    show_table(("결과 outcome", "행 rows"), rows)
    if tally.codes:
        show_table(("알림 finding", "행 rows"), tally.codes.most_common())
    if way.told:
        typer.echo("보관 근거 kept on the ground of: {consent} ({consent_stated_by})".format_map(way.told))
    if not kept:
        typer.echo("아무것도 저장하지 않았습니다. Nothing was kept.")
    if returned:
        typer.echo(f"반려된 행: Returned rows are in {returned}")
