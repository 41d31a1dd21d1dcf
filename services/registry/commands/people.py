"""The command's way to people's rights: `iljari seeker find|export|stop|erase`, and what a law makes us keep."""

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from shared.command import DataOption, JsonOption, command_group, every_page, open_system, show_json, show_table

if TYPE_CHECKING:
    import httpx

app = command_group("See to the rights of seekers: export, stop, erase.")

GONE_SECONDS = 60.0
LOOK_SECONDS = 0.5
CALM_LOOKS = 3
"""One look may fall between a service that has said it and the next that has not heard yet."""

SeekerArgument = Annotated[
    UUID | None, typer.Argument(help="Her id; without it a reference, e-mail address or phone number is asked for.")
]
WhyOption = Annotated[str, typer.Option("--why", help="The purpose, for the audit log.", show_default=False)]


@app.command("find")
def find(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Find someone by the reference she was sent with, or by what she signs in with.

    It is asked for, or read from standard input: people use phone numbers as references, and a command line is seen by
    everyone on the machine.

    \b
    Example:
      iljari seeker find
    """
    with open_system(data) as client:
        found = client.post("/api/v1/registry/seekers/find", json={"reference": _asked()}).json()
    _show(found, as_json=as_json)


@app.command("ending")
def list_ending(
    cafe: Annotated[UUID | None, typer.Option("--cafe", help="Of this café alone.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List whose applications end within a week: ask them whether they go on looking.

    \b
    Example:
      iljari seeker ending
    """
    with open_system(data) as client:
        found = list(every_page(client, "/api/v1/registry/seekers/ending", {"cafe": str(cafe)} if cafe else {}))
    if as_json:
        show_json(found)
        return
    rows = [(each["seeker_id"], each["cafe_id"], each["valid_until"]) for each in found]
    show_table(("구직자 seeker", "카페 café", "유효 until"), rows)


@app.command("renew")
def renew(seeker: Annotated[UUID, typer.Argument(help="Her id.", show_default=False)], data: DataOption = None) -> None:
    """She goes on looking: her application stands for three months from today.

    \b
    Example:
      iljari seeker renew 3f0c…
    """
    with open_system(data) as client:
        told = client.post(f"/api/v1/registry/seekers/{seeker}/renew").json()
    typer.echo(f"{told['valid_until']}까지 유효합니다. The application stands until then.")


@app.command("export")
def export(
    why: WhyOption,
    seeker: SeekerArgument = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write to this file, readable by you alone.")] = None,
    data: DataOption = None,
) -> None:
    """Everything that is held of someone, in one JSON file to be handed to her.

    \b
    Example:
      iljari seeker export 3f0c… --why "열람 요구 2026-11-24" --to her.json
    """
    with open_system(data) as client:
        told = client.post(f"/api/v1/registry/seekers/{_id(client, seeker)}/export", json={"why": why}).json()
    if to is None:
        show_json(told)
        return
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(told, file, ensure_ascii=False, indent=2)
    typer.echo(f"내보냈습니다. Exported to {to}")


@app.command("stop")
def stop(why: WhyOption, seeker: SeekerArgument = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Stop matching someone: her consent is taken back, and her matches vanish.

    \b
    Example:
      iljari seeker stop 3f0c… --why "처리정지 요구"
    """
    with open_system(data) as client:
        told = client.post(f"/api/v1/registry/seekers/{_id(client, seeker)}/stop", json={"why": why}).json()
    _show(told, as_json=as_json)


@app.command("erase")
def erase(why: WhyOption, seeker: SeekerArgument = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Erase someone for good, and wait until every service has let go of her. Nothing brings her back.

    What a law makes us keep is a sealed line with an end date, which is told here.

    \b
    Example:
      iljari seeker erase 3f0c… --why "삭제 요구"
    """
    with open_system(data) as client:
        told = client.post(f"/api/v1/registry/seekers/{_id(client, seeker)}/erase", json={"why": why}).json()
        told["gone_everywhere"] = _wait_until_gone(client)
    _show(told, as_json=as_json)


@app.command("kept")
def kept(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the lines of erased people that a law makes us keep, unopened, with the day each is dropped.

    \b
    Example:
      iljari seeker kept
    """
    with open_system(data) as client:
        lines = list(every_page(client, "/api/v1/registry/kept-by-law"))
    if as_json:
        show_json(lines)
        return
    columns = ("line_id", "seeker_id", "article", "ends_at")
    show_table(columns, [tuple(line[column] for column in columns) for line in lines])


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return str(typer.prompt("참조, 전자우편 또는 전화번호 reference, e-mail or phone", hide_input=True))


def _id(client: "httpx.Client", seeker: UUID | None) -> str:
    if seeker is not None:
        return str(seeker)
    return str(client.post("/api/v1/registry/seekers/find", json={"reference": _asked()}).json()["seeker_id"])


def _wait_until_gone(client: "httpx.Client") -> bool:
    """Until no service has a copy left to let go of; not for ever."""
    deadline, calm = time.monotonic() + GONE_SECONDS, 0
    while calm < CALM_LOOKS and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        statuses = [client.get(f"/api/v1/{service}/status").json() for service in ("registry", "matching", "notify")]
        calm = calm + 1 if all(_has_let_go(status) for status in statuses) else 0
    return calm == CALM_LOOKS


def _has_let_go(status: dict[str, Any]) -> bool:
    waiting = any(stream["lag"] or stream["pending"] for stream in status["streams"])
    return not (status["unsaid"] or status["to_forget"] or waiting)


def _show(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(told)
    else:
        show_table(("항목 item", "값 value"), list(told.items()))
