"""What lies buried, and what becomes of it? `iljari buried list|show|replay|drop`."""

from typing import Annotated

import typer

from deploy.serve import SERVICES, ServiceName
from shared.command import (
    DataOption,
    ExitCode,
    JsonOption,
    command_group,
    every_page,
    open_system,
    show_json,
    show_table,
)

app = command_group(
    """List, look at, replay or drop messages that a service could not handle.

    A message that still fails after its last delivery is buried in that service's database, with its cause. Nothing is
    lost: mend the cause, then replay it.
    """
)

Service = Annotated[ServiceName, typer.Argument(help="The service that buried it.", show_default=False)]
Number = Annotated[int, typer.Argument(help="Its number in `iljari buried list`.", show_default=False)]


@app.command("list")
def list_buried(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List what lies buried in all services.

    \b
    Example:
      iljari buried list --json
    """
    with open_system(data) as client:
        messages = [
            {"service": service, **message}
            for service in SERVICES
            for message in every_page(client, f"/api/v1/{service}/buried")
        ]
    if as_json:
        show_json(messages)
        return
    show_table(
        ("서비스 service", "번호 number", "스트림 stream", "언제 when", "원인 code", "내용 cause", "재생 replays"),
        [
            [message.get(key) for key in ("service", "number", "stream", "buried_at", "code", "cause", "replays")]
            for message in messages
        ],
    )
    if not messages:
        typer.echo("묻힌 메시지가 없습니다. Nothing lies buried.", err=True)


@app.command()
def show(service: Service, number: Number, data: DataOption = None) -> None:
    """Show one buried message whole, as it came from the stream (JSON).

    \b
    Example:
      iljari buried show matching 3
    """
    with open_system(data) as client:
        show_json(client.get(f"/api/v1/{service}/buried/{number}").json())


@app.command()
def replay(service: Service, number: Number, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Handle one buried message again; if it still fails it stays buried, and this ends with 1.

    \b
    Example:
      iljari buried replay matching 3
    """
    with open_system(data) as client:
        answer = client.post(f"/api/v1/{service}/buried/{number}/replay").json()
    if as_json:
        show_json(answer)
    elif answer["settled"]:
        typer.echo(f"{service} {number}: 처리했습니다. Handled.")
    else:
        typer.echo(
            f"{service} {number}: 여전히 실패합니다. It still fails: [{answer['code']}] {answer['cause']}", err=True
        )
    raise typer.Exit(ExitCode.ALL_TAKEN if answer["settled"] else ExitCode.SOME_REFUSED)


@app.command()
def drop(
    service: Service,
    number: Number,
    data: DataOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Give up one buried message: it will never be handled.

    \b
    Example:
      iljari buried drop matching 3 --yes
    """
    if not yes:
        typer.confirm(
            f"{service} {number}번 메시지를 버릴까요? Drop message {number} of {service} for good?", abort=True
        )
    with open_system(data) as client:
        client.delete(f"/api/v1/{service}/buried/{number}")
    typer.echo(f"{service} {number}: 버렸습니다. Dropped.")
