"""How does an agency say, once, what the columns of its sheet mean? Asked at a terminal, listed, shown and removed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.registry.commands.named_agency import agency_id_of
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

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from services.registry.intake.importing import Source
    from services.registry.intake.mapping import Kind, Mapping
    from services.registry.intake.rows import Row

app = command_group("What the columns of an agency's own sheets mean, as it was answered once.")

AgencyOption = Annotated[str, typer.Option("--agency", help="The agency's id or name.", show_default=False)]
NameArgument = Annotated[str, typer.Argument(help="Its name.", show_default=False)]
LONGEST_EXAMPLE = 30


@app.command("list")
def list_mappings(agency: AgencyOption, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the mappings that an agency saved.

    \b
    Example:
      iljari mapping list --agency "마포 일자리센터"
    """
    with open_system(data) as client:
        saved = _saved(client, agency_id_of(client, agency))
    if as_json:
        show_json(saved)
        return
    rows = [(each["name"], each["kind"], ", ".join(each["mapping"]["recognised_by"])) for each in saved]
    show_table(("이름 name", "종류 kind", "열 columns"), rows)


@app.command("add")
def add_mapping(
    file: Annotated[Path, typer.Argument(help="A mapping file (TOML).", show_default=False)],
    agency: AgencyOption,
    data: DataOption = None,
) -> None:
    """Save a mapping file for an agency: sheets that it fits are read by it from now on.

    \b
    Example:
      iljari mapping add 우리표.toml --agency "마포 일자리센터"
    """
    from services.registry.intake.importing import told_as_error
    from services.registry.intake.mapping import load_mapping

    with open_system(data) as client, told_as_error(file):
        mapping = load_mapping(file)
        _save(client, agency_id_of(client, agency), mapping)
    typer.echo(f"저장했습니다. Saved: {mapping.name}")


@app.command("remove")
def remove_mapping(name: NameArgument, agency: AgencyOption, data: DataOption = None) -> None:
    """Remove a saved mapping; sheets that it read are asked about anew.

    \b
    Example:
      iljari mapping remove 우리표 --agency "마포 일자리센터"
    """
    with open_system(data) as client:
        found = [each for each in _saved(client, agency_id_of(client, agency)) if each["name"] == name]
        if not found:
            raise CommandError(
                "MAPPING_UNKNOWN",
                ExitCode.USAGE,
                ko="그런 이름으로 저장한 연결표가 없습니다.",
                en="No mapping is saved under this name.",
                where="NAME",
                hint="`iljari mapping list --agency …` shows them.",
            )
        for each in found:
            client.delete(f"/api/v1/registry/mappings/{each['mapping_id']}")
    typer.echo(f"지웠습니다. Removed: {name}")


def saved_for(client: "httpx.Client", agency_id: str, kind: "Kind") -> "tuple[Mapping, ...]":
    """The mappings that an agency saved, to read its files by."""
    from services.registry.intake.mapping import Mapping

    saved = (each for each in _saved(client, agency_id) if each["kind"] == kind)
    return tuple(Mapping.model_validate({"name": each["name"]} | each["mapping"]) for each in saved)


def ask_and_save(client: "httpx.Client", source: "Source", agency_id: str | None) -> "Mapping":
    """Ask what each column means, and remember it for the agency."""
    from services.registry.intake.asking import mapping_of

    answers = _ask(source.kind, source.look())
    name = typer.prompt("이 연결표의 이름 name of this mapping", default=Path(source.file.name).stem)[:100]
    mapping = mapping_of(source.kind, name, answers)
    if agency_id:
        _save(client, agency_id, mapping)
        typer.echo(f"저장했습니다. 다음부터 묻지 않습니다. Saved; it will not be asked again: {name}", err=True)
    return mapping


def _ask(kind: "Kind", rows: "Sequence[Row]") -> dict[str, str]:
    from services.registry.intake.asking import fields_to_ask, guess, missing
    from shared.web.catalogue import say

    columns, ours = list(rows[0].values), fields_to_ask(kind)
    typer.echo("이 표는 처음입니다. 열마다 뜻을 번호로 골라 주세요. 보내지 않을 열은 0.", err=True)
    typer.echo("This sheet is new here. Say by number what each column means; 0 for what is not to be sent.", err=True)
    for number, field in enumerate(ours, 1):
        typer.echo(f"  {number:2}  {say('ko', f'field.{field}')} {say('en', f'field.{field}')}", err=True)
    guessed = guess(kind, columns)
    while True:
        answers: dict[str, str] = {}
        for column in columns:
            example = next((str(row.values[column]) for row in rows if row.values.get(column)), "")[:LONGEST_EXAMPLE]
            default = ours.index(guessed[column]) + 1 if column in guessed else 0
            chosen = _number(f"{column} (예 e.g. {example})", default, len(ours))
            answers |= {column: ours[chosen - 1]} if chosen else {}
        lacking = missing(kind, answers)
        if not lacking:
            return answers
        told = "; ".join(" / ".join(say("ko", f"field.{field}") for field in group) for group in lacking)
        typer.echo(f"꼭 필요한 항목이 빠졌습니다. Needed and not named: {told}", err=True)
        guessed = answers


def _number(asked: str, default: int, most: int) -> int:
    while not 0 <= (chosen := int(typer.prompt(asked, default=default, type=int, err=True))) <= most:
        typer.echo(f"0 … {most}", err=True)
    return chosen


def _saved(client: "httpx.Client", agency_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/v1/registry/mappings", params={"agency": agency_id}).json()
    return found


def _save(client: "httpx.Client", agency_id: str, mapping: "Mapping") -> None:
    words = mapping.model_dump(mode="json", by_alias=True, exclude={"name"})
    client.put("/api/v1/registry/mappings", json={"agency_id": agency_id, "name": mapping.name, "mapping": words})
