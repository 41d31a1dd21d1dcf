"""Matching's share of the command: `iljari rematch`."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from shared.command import (
    CommandError,
    DataOption,
    ExitCode,
    JsonOption,
    command_group,
    open_system,
    share_progress,
    show_json,
    show_table,
)
from shared.web.korean import Word

if TYPE_CHECKING:
    from httpx import Client

app = command_group()

LOOK_SECONDS = 0.5
AWAY_SECONDS = 300.0
"""So long a service that is started again may take until it can be asked, with everyone of a city to be read in."""
REMATCHES = "/api/v1/matching/rematches"
Kind = Literal["rematch", "dry_run", "epoch_only", "back"]
DOING = {
    "waiting": "차례를 기다리는 중 waiting to begin",
    "fitting": "기준을 맞추는 중 fitting the epoch",
    "scoring": "목록을 만드는 중 making lists",
    "scored": "바꾸는 중 switching",
    "saying": "달라진 것을 알리는 중 saying what differs",
    "done": "끝내는 중 finishing",
}
"""What the shard that is furthest behind does, in the order of the steps."""
AWAY = "서비스가 다시 시작되기를 기다리는 중 waiting for the service to start again"


@app.command()
def rematch(  # noqa: PLR0913, PLR0917 - the options of the command
    season: Annotated[str, typer.Option(help='What it is for, such as "2027 봄 공채".')] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be told to how many.")] = False,
    epoch_only: Annotated[
        bool, typer.Option("--epoch-only", help="Only fit the next epoch, for the next run.")
    ] = False,
    back: Annotated[bool, typer.Option("--back", help="Return to the epoch before the present one.")] = False,
    cluster: Annotated[str | None, typer.Option(help="Score on this Dask cluster: tcp://HOST:PORT.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Start nothing; follow the newest.")] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="Give up the one that runs, before it switched; what waits begins next.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Match everything anew under a fresh epoch, beside the live flow, and tell only what is new, risen or gone.

    It runs within the system: Ctrl-C ends the watching, not the work. Killed at any moment, it goes on at the next
    start. One at a time; the second is told who runs since when, and what the calendar asks for waits its turn.

    \b
    Examples:
      iljari rematch --dry-run
      iljari rematch --season "2027 봄 공채"
      iljari rematch --cluster tcp://10.0.0.5:8786
      iljari rematch --back
    """
    kind = _kind(dry_run=dry_run, epoch_only=epoch_only, back=back, other=watch or stop)
    with open_system(data) as client:
        if stop:
            done = client.delete(f"{REMATCHES}/{_newest(client)['rematch_id']}").json()
        else:
            begun = _newest(client) if watch else _begun(client, kind, season, cluster)
            done = _watched(client, begun)
        if as_json:
            show_json(done)
            return
        waiting = client.get(f"{REMATCHES}/waiting").json()
        _show(done, client)
    for one in waiting:
        typer.echo(
            f"다음 차례입니다. Begins when nothing runs: {one['season'] or one['asked_by']}, {one['asked_at']}. "
            f"취소 Give it up: DELETE {REMATCHES}/{one['rematch_id']}",
            err=True,
        )


def _kind(*, dry_run: bool, epoch_only: bool, back: bool, other: bool) -> Kind:
    if sum((dry_run, epoch_only, back, other)) > 1:
        raise CommandError(
            "USAGE",
            ExitCode.USAGE,
            ko="한 번에 하나만 지정해 주세요.",
            en="Name one of --dry-run, --epoch-only, --back, --watch, --stop.",
            hint="`iljari rematch --help` shows examples.",
        )
    return "dry_run" if dry_run else "epoch_only" if epoch_only else "back" if back else "rematch"


def _begun(client: "Client", kind: Kind, season: str, cluster: str | None) -> dict[str, Any]:
    begun: dict[str, Any] = client.post(REMATCHES, json={"kind": kind, "season": season, "cluster": cluster}).json()
    return begun


def _newest(client: "Client") -> dict[str, Any]:
    """The one that runs, else the last; one given up while it waited may be newer than the one that runs."""
    newest: list[dict[str, Any]] = client.get(REMATCHES).json()
    if newest:
        return next((one for one in newest if not one["finished_at"]), newest[0])
    raise CommandError(
        "NOTHING_RUNS",
        ExitCode.SOME_REFUSED,
        ko="다시 맞추기를 한 적이 없습니다.",
        en="Nothing was ever matched anew.",
        hint="`iljari rematch` begins one.",
    )


def _watched(client: "Client", begun: dict[str, Any]) -> dict[str, Any]:
    made, part = 0, 0.0
    with share_progress("다시 맞추기 rematch", " 목록 lists") as step:
        for shown in _looks(client, f"{REMATCHES}/{begun['rematch_id']}"):
            if shown is None:
                step(0, part, AWAY)
                continue
            total = sum(share["total"] for share in shown["shares"])
            now_made = sum(share["made"] for share in shown["shares"])
            begun_all = len(shown["shares"]) == shown["shards"] and all(one["total"] for one in shown["shares"])
            part = now_made / total if begun_all and total else 0.0
            step(now_made - made, part, doing(shown))
            made = now_made
            if shown["finished_at"]:
                break
    assert shown
    return shown


def _looks(client: "Client", path: str) -> Iterator[dict[str, Any] | None]:
    """What a look every half second shows, for ever; None while nobody answers: the service may be starting anew.

    Raises:
        CommandError: nobody has answered for too long, or the answer is no.
    """
    seen_at = time.monotonic()
    while True:
        try:
            yield client.get(path).json()
            seen_at = time.monotonic()
        except CommandError as error:
            if error.exit_code != ExitCode.UNREACHABLE or time.monotonic() - seen_at > AWAY_SECONDS:
                raise
            yield None
        time.sleep(LOOK_SECONDS)


def doing(shown: dict[str, Any]) -> str:
    """What is told of a rematch while it runs."""
    states = [share["state"] for share in shown["shares"]] or ["waiting"]
    return DOING[min(states, key=list(DOING).index)]


def _show(done: dict[str, Any], client: "Client") -> None:
    from services.matching.commands.told import names_of_cafes

    typer.echo(_verdict(done))
    if not any(share["changes"] for share in done["shares"]):
        return
    columns = ("카페 café", "구직자 seekers", "새로 new", "올라감 risen", "빠짐 gone")
    show_table(columns, [*_by_cafe(done, names_of_cafes(client)), _sums("모두 all", _changes(done))])


def _changes(done: dict[str, Any]) -> list[dict[str, Any]]:
    return [change for share in done["shares"] for change in share["changes"]]


def _by_cafe(done: dict[str, Any], cafes: Mapping[str, str]) -> list[tuple[object, ...]]:
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for change in _changes(done):
        cafe = change["cafe_id"]
        grouped[cafes.get(cafe, cafe) if cafe else "카페 없음 no café"].append(change)
    return [_sums(cafe, changes) for cafe, changes in sorted(grouped.items())]


def _sums(name: str, changes: Sequence[dict[str, Any]]) -> tuple[object, ...]:
    return (name, *(sum(change[field] for change in changes) for field in ("seekers", "new", "risen", "gone")))


def _verdict(done: dict[str, Any]) -> str:
    pairs = sum(share["pairs"] for share in done["shares"])
    if done["outcome"] != "done":
        return f"그만두었습니다. Given up: {done['outcome']}."
    if done["kind"] == "dry_run":
        return (
            f"바뀐 것은 없습니다. 실행하면 이렇게 알립니다. Nothing was changed; this would be told. ({pairs:,} pairs)"
        )
    epoch = done["epoch"]
    if done["kind"] == "epoch_only":
        return f"기준 {Word(epoch):을/를} 준비했습니다. Epoch {epoch} is ready for the next rematch."
    return f"기준 {Word(epoch):으로/로} 바꾸었습니다. Epoch {epoch} is the present one. ({pairs:,} pairs)"
