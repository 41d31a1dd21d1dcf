"""The operator's season calendar: `iljari seasons list|set|end`."""

from typing import Annotated, Any

import typer

from shared.command import DataOption, JsonOption, command_group, open_system, show_json, show_table

seasons = command_group("Hiring seasons (공채 시즌): on which days everything is matched anew.")

SEASONS = "/api/v1/registry/seasons"
CHANGES = ("new", "risen", "gone")
NameArgument = Annotated[str, typer.Argument(help='Its name, such as "2027 봄 공채".', show_default=False)]


@seasons.command("list")
def list_seasons(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the seasons, and on which days a rematch was asked for.

    \b
    Example:
      iljari seasons list
    """
    with open_system(data) as client:
        _show(client.get(SEASONS).json(), as_json=as_json)


@seasons.command("set")
def set_season(  # noqa: PLR0913, PLR0917 - the options of the command
    name: NameArgument,
    begins: Annotated[str, typer.Option("--from", help="Its first day, such as 2027-03-01.", show_default=False)],
    ends: Annotated[str, typer.Option("--to", help="Its last day.", show_default=False)],
    rematch: Annotated[
        list[str] | None,
        typer.Option("--rematch", help="A day of matching everything anew; may be repeated."),
    ] = None,
    hour: Annotated[int, typer.Option("--hour", min=0, max=23, help="From this hour on, in Korea.")] = 3,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a season, or set it anew: what was set under this name before is replaced.

    \b
    Example:
      iljari seasons set "2027 봄 공채" --from 2027-03-01 --to 2027-05-31 --rematch 2027-03-02 --rematch 2027-04-01
    """
    asked = {"name": name, "begins_on": begins, "ends_on": ends, "rematch_days": rematch or [], "hour": hour}
    with open_system(data) as client:
        _show([client.put(SEASONS, json=asked).json()], as_json=as_json)


@seasons.command("end")
def end_season(name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """End a season today: nothing more is asked for. A rematch that runs goes on; `iljari rematch --stop` gives it up.

    \b
    Example:
      iljari seasons end "2027 봄 공채"
    """
    with open_system(data) as client:
        _show([client.post(f"{SEASONS}/end", json={"name": name}).json()], as_json=as_json)


def _show(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    rows = [_row(one, day) for one in found for day in one["days"] or [{"day": "-", "asked_at": None}]]
    columns = ("시즌 season", "시작 from", "끝 to", "다시 맞추는 날 rematch", "시각 at", "요청함 asked")
    show_table((*columns, "새로 new", "오름 risen", "빠짐 gone"), rows)


def _row(season: dict[str, Any], day: dict[str, Any]) -> tuple[Any, ...]:
    """A day of a season, and what it changed."""
    did = day.get("did") or {}
    when = (day["day"], f"{season['hour']:02}:00", day["asked_at"] or "-")
    return season["name"], season["begins_on"], season["ends_on"], *when, *(did.get(name, "-") for name in CHANGES)
