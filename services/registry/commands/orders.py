"""The operator's way to orders: `iljari orders`, `held`, `order DECISION ID`, `defaulters import`, `expiry`."""

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from services.registry.commands.named_agency import agency_id_of
from services.registry.orders.life_cycle import Decision, State
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

app = command_group("Orders.")
defaulters = command_group("The published list of firms that owe wages.")

AgencyOption = Annotated[str | None, typer.Option("--agency", help="Of this agency alone: id or name.")]


@app.command("orders")
def list_orders(
    state: Annotated[State | None, typer.Option("--state", help="In this state alone.")] = None,
    agency: AgencyOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List orders: whose, in which state, until when, shown by which posting.

    \b
    Examples:
      iljari orders --state held
      iljari orders --agency "마포 일자리센터" --json
    """
    _show(_orders(data, state, agency), as_json=as_json)


@app.command("held")
def list_held(agency: AgencyOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List what is held back (보류) until you have looked at it, and by which findings.

    \b
    Example:
      iljari held
      iljari order release 0b6f…
      iljari order refuse 0b6f… --reason "체불사업주 명단의 업체"
    """
    _show(_orders(data, "held", agency), as_json=as_json)


@app.command("order")
def decide(
    decision: Annotated[Decision, typer.Argument(help="What is decided.", show_default=False)],
    order_id: Annotated[UUID, typer.Argument(help="An order, or a posting: then all it shows.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Kept with the order.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide about an order. Its sender is told on her own stream.

    release, refuse: what is held. suspend, reopen: at once, also against the sender. renew, fill, close, withdraw: in
    the sender's stead. split: it is another order than those it was merged with, for good; join: it may merge again.

    \b
    Examples:
      iljari order split 0b6f… --reason "지점이 다른 채용"
      iljari order suspend 0b6f… --reason "직업안정법 제34조의3"
    """
    asked = {"decision": decision, "reason": reason}
    with open_system(data) as client:
        orders = client.patch(f"/api/v1/registry/orders/{order_id}", json=asked).json()
    _show(orders, as_json=as_json)


@defaulters.command("import")
def import_defaulters(
    file: Annotated[Path, typer.Argument(help="CSV with a column for the name.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take the published list of wage defaulters (체불사업주 명단) instead of the present one; the door checks by it.

    \b
    Example:
      iljari defaulters import 명단공개.csv
    """
    with open_system(data) as client:
        told = client.put("/api/v1/registry/defaulters", json={"firms": _firms(file)}).json()
    if as_json:
        show_json(told)
    else:
        typer.echo(f"업체 {told['firms']}곳의 명단을 받았습니다. The list now names {told['firms']} firms.")


@app.command("expiry")
def run_expiry(
    trust_clock: Annotated[bool, typer.Option("--trust-clock", help="The clock is right, after a leap too.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """End what has run out, now; it is done every minute anyway. After a leap of the clock, say that it is right.

    Ends with 1 where nothing was done because the clock leapt.

    \b
    Examples:
      iljari expiry
      iljari expiry --trust-clock
    """
    with open_system(data, timeout=600) as client:
        told = client.post("/api/v1/registry/expiry", params={"trust": trust_clock}).json()
    if as_json:
        show_json(told)
    else:
        rows = [("구인 orders", told["orders"]), ("구직 applications", told["seekers"]), ("알림 notices", told["told"])]
        show_table(("기간 종료 run out", ""), rows)
    if told["refused"]:
        raise CommandError(
            "CLOCK_LEAPT",
            ExitCode.SOME_REFUSED,
            ko="시계가 크게 움직여 아무것도 만료시키지 않았습니다.",
            en=f"Nothing ran out: {told['refused']}.",
            hint="Set the clock; if it is right, run `iljari expiry --trust-clock`.",
        )


def _orders(data: Path | None, state: State | None, agency: str | None) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"state": state} if state else {}
    with open_system(data) as client:
        asked |= {"agency": agency_id_of(client, agency)} if agency else {}
        return list(every_page(client, "/api/v1/registry/orders", asked))


def _show(orders: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json(orders)
        return
    columns = ("order_id", "agency", "source_ref", "state", "reason", "valid_until", "posting_id")
    heads = ("구인 order", "기관 agency", "번호 reference", "상태 state", "이유 reason", "유효 until", "공고 posting")
    rows = [(*(o[name] for name in columns), _apart(o), o["facts"]["title"]) for o in orders]
    show_table((*heads, "따로 apart", "제목 title"), rows)


def _apart(order: dict[str, Any]) -> str:
    """Whether an order was split off from those it was merged with, or let be merged again, and why."""
    told = "분리 split" if order["alone"] else "다시 병합 가능 joined" if order["merge_reason"] else ""
    return f"{told}: {order['merge_reason']}" if order["merge_reason"] else told


def _firms(file: Path) -> list[dict[str, str]]:
    from services.registry.intake.findings import Refused
    from services.registry.intake.formats import encoding_of
    from services.registry.intake.rows import Given
    from services.registry.law.licences import read_defaulters

    try:
        listed = read_defaulters(file.read_text(encoding_of(Given.on_disk(file))).splitlines())
    except (Refused, OSError, ValueError) as error:
        raise CommandError(
            "LIST_UNREADABLE",
            ExitCode.USAGE,
            ko="명단 파일을 읽을 수 없습니다.",
            en=f"The list cannot be read: {error}",
            where=str(file),
            hint="CSV with a header: 사업장명, and 사업자등록번호 where known.",
        ) from error
    return [
        {"name": name, "registration_number": number}
        for name, numbers in listed.numbers_of.items()
        for number in sorted(numbers) or [""]
    ]
