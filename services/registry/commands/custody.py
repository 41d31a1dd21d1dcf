"""The command's way to the vault's keys and the audit log: `iljari vault rotate`, `iljari audit verify`."""

from typing import Annotated, Any

import typer

from shared.command import DataOption, ExitCode, JsonOption, command_group, open_system, show_json, show_table

vault = command_group("Keep the vault of personal data.")
audit = command_group("The log of who saw whose personal data.")

LONGEST_SECONDS = 3_600.0
"""Every key, and every row, takes its time."""

FAULTS = {
    "changed": "행이 바뀌었거나 끼어들었습니다. This row was changed, or put in.",
    "missing": "여기부터 행이 없습니다. Rows are missing from here on.",
    "unlinked": "앞의 행과 이어지지 않습니다. This row does not follow the one before.",
    "cut": "끝이 잘렸습니다. The end was cut off here.",
    "anchor": "적어 둔 기준과 다릅니다. This is not as the anchor says.",
}


@vault.command("rotate")
def rotate(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Wrap every person's key under a new master key, and forget the old one.

    Backups made before are unreadable from then on, for those erased since and for everyone else: make one after it.
    Where the keys are given by the environment, put the new key first, restart, run this, and remove the old one.

    \b
    Example:
      iljari vault rotate
    """
    with open_system(data, timeout=LONGEST_SECONDS) as client:
        told = client.post("/api/v1/registry/vault/rotate").json()
    if as_json:
        show_json(told)
        return
    show_table(("항목 item", "값 value"), list(told.items()))
    if not told["old_keys_gone"]:
        typer.echo("이제 REGISTRY_VAULT_KEY에서 옛 키를 지우세요. Now remove the old keys from REGISTRY_VAULT_KEY.")


@audit.command("verify")
def verify(
    anchor: Annotated[
        list[str] | None, typer.Option("--anchor", help="What an earlier check printed; may be said again.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find rows of the audit log that were changed, removed or put in, and say where. Ends with 1 if there are any.

    Note the anchor that it prints outside of this system: a later check against it finds a log that was cut or remade.

    \b
    Examples:
      iljari audit verify
      iljari audit verify --anchor 1042:9f3c…
    """
    with open_system(data, timeout=LONGEST_SECONDS) as client:
        answer = client.get("/api/v1/registry/audit/check", params={"anchor": anchor or []})
    verdict: dict[str, Any] = answer.json()
    if as_json:
        show_json(verdict)
    else:
        rows = [(found["number"], FAULTS[found["fault"]]) for found in verdict["breaks"]]
        if rows:
            show_table(("행 row", "무엇 what"), rows)
        typer.echo(f"{verdict['rows']}행을 확인했습니다. Rows checked: {verdict['rows']}; faults: {len(rows)}")
        typer.echo(f"기준 anchor: {verdict['anchor']}")
    if verdict["breaks"]:
        raise typer.Exit(ExitCode.SOME_REFUSED)
