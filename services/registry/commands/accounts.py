"""The command's way to let people sign in, and no more: `iljari account`."""

import sys
from typing import Annotated, Any, Literal
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
    show_json,
    show_table,
)

app = command_group("Let people sign in.")

ACCOUNTS = "/api/v1/registry/accounts"


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
        made = client.post(ACCOUNTS, json=account).json()
    if as_json:
        show_json(made)
        return
    show_table(("", ""), [(key, made[key]) for key in ("account_id", "login", "display_name", "role")])


@app.command("list")
def list_accounts(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show who of the staff may sign in, and who no longer."""
    with open_system(data) as client:
        known = list(every_page(client, ACCOUNTS))
    if as_json:
        show_json(known)
        return
    columns = ("login", "display_name", "role", "made_at", "closed_at")
    heads = ("이름 login", "표시 name", "역할 role", "만든 날 made", "닫은 날 closed")
    show_table(heads, [[account[name] or "" for name in columns] for account in known])


@app.command("close")
def close_account(
    login: Annotated[str, typer.Argument(help="The name she signed in with.", show_default=False)],
    data: DataOption = None,
) -> None:
    """Let someone in no more. Her sessions end at once, on every page; what she did stays in the record."""
    with open_system(data) as client:
        account = next((one for one in every_page(client, ACCOUNTS) if one["login"] == login), None)
        if account is None:
            raise _unknown(login)
        client.delete(f"{ACCOUNTS}/{account['account_id']}")
    typer.echo(f"{login}: 더는 로그인할 수 없습니다. May sign in no more.")


def _unknown(login: str) -> CommandError:
    return CommandError(
        "ACCOUNT_UNKNOWN",
        ExitCode.USAGE,
        ko="그런 계정이 없습니다.",
        en="Nobody of the staff signs in under this name.",
        where=login,
        hint="`iljari account list` shows them. Seekers end their own accounts at /me.",
    )


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("비밀번호 password", hide_input=True, confirmation_prompt=True))
