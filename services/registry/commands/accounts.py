"""The command's way to let someone sign in: `iljari account add`."""

import sys
from typing import Annotated, Any, Literal
from uuid import UUID

import typer

from services.registry.commands.named_agency import agency_id_of
from shared.command import DataOption, JsonOption, command_group, open_system, show_json, show_table

app = command_group("Let people sign in.")


@app.command("add")
def add_account(  # noqa: PLR0913, PLR0917 - the options of the command
    login: Annotated[str, typer.Argument(help="The name she signs in with.", show_default=False)],
    name: Annotated[str, typer.Option("--name", help="What pages call her.", show_default=False)],
    role: Annotated[
        Literal["counselor", "official", "agency", "operator"], typer.Option("--role", help="What she may do.")
    ] = "counselor",
    cafe: Annotated[list[UUID] | None, typer.Option("--cafe", help="A counselor's café; may be said again.")] = None,
    agency: Annotated[str | None, typer.Option("--agency", help="The agency she belongs to: id or name.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let someone sign in. The password is asked for, or read from standard input; never given on the command line.

    \b
    Examples:
      iljari account add mapo --name "마포 상담사"
      pass show iljari/official | iljari account add official --name "담당 주무관" --role official
      iljari account add clerk --name "접수 담당" --role agency --agency "새빛직업소개소"
    """
    account: dict[str, Any] = {"login": login, "display_name": name, "role": role, "password": _password()}
    account |= {"cafe_ids": [str(one) for one in cafe or ()]}
    with open_system(data) as client:
        account |= {"agency_id": agency_id_of(client, agency) if agency else None}
        made = client.post("/api/v1/registry/accounts", json=account).json()
    if as_json:
        show_json(made)
        return
    show_table(("", ""), [(key, made[key]) for key in ("account_id", "login", "display_name", "role")])


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("비밀번호 password", hide_input=True, confirmation_prompt=True))
