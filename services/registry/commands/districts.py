"""The operator's way to the ground: `iljari districts import|propose|list|designate|dissolve`, `iljari coverage`."""

from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import typer

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

districts = command_group("Job-promotion districts (일자리진흥지구), and the ground they are found on.")
coverage = command_group("Who has a café within a walk, and where the next ones should go.")

Layer = Literal["places", "residents", "boundaries", "paths"]
DistrictArgument = Annotated[UUID, typer.Argument(help="The district's id.", show_default=False)]
OnOption = Annotated[str | None, typer.Option("--on", help="The day, such as 2026-03-01; today by default.")]
STATE_WORDS = {"candidate": "후보 candidate", "designated": "지정 designated", "dissolved": "해제 dissolved"}


@districts.command("import")
def import_layer(
    layer: Annotated[Layer, typer.Argument(help="What the file holds.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="CSV or GeoJSON, UTF-8.", show_default=False)],
    source: Annotated[str, typer.Option("--source", help="Where it is from, and of which day.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in job-related places, residents, boundaries or paths, in place of those held now.

    \b
    places      kind, name, latitude, longitude, district (optional)
    residents   latitude, longitude, residents, name and district (optional)
    boundaries  GeoJSON polygons with a property `name`
    paths       from_latitude, from_longitude, to_latitude, to_longitude, metres (optional)

    \b
    Example:
      iljari districts import places 장소.csv --source "소상공인 상가정보 2026-06"
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(
            "FILE_UNREADABLE", ExitCode.USAGE, ko="파일을 읽을 수 없습니다.",
            en=f"The file cannot be read ({type(error).__name__}).", where=str(file), hint="Save it as UTF-8.",
        ) from error  # fmt: skip
    with open_system(data, timeout=300) as client:
        told = client.put(f"/api/v1/registry/ground/{layer}", json={"text": text, "source": source}).json()
    if as_json:
        show_json(told)
    else:
        typer.echo(f"받은 행 taken {told['taken']} · 돌려보낸 행 returned {told['returned']}")
        if told["rows"]:
            heads = ("줄 line", "항목 field", "코드 code", "이유 reason", "고치는 법 hint")
            show_table(heads, [(b["line"], b["field"], b["code"], b["message_ko"], b["hint"]) for b in told["rows"]])
    if told["returned"]:
        raise typer.Exit(ExitCode.SOME_REFUSED)


@districts.command("propose")
def propose(
    metres: Annotated[float, typer.Option("--metres", help="How near places must be.")] = 300.0,
    least: Annotated[int, typer.Option("--least", help="How many must lie so near.")] = 5,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find candidates anew where places cluster (DBSCAN). What was designated or dissolved stays.

    \b
    Example:
      iljari districts propose --metres 250 --least 6
    """
    with open_system(data, timeout=300) as client:
        asked = {"metres": metres, "least": least}
        _show(client.post("/api/v1/registry/districts/proposals", json=asked).json(), as_json=as_json)


@districts.command("list")
def list_districts(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the districts with their evidence.

    \b
    Example:
      iljari districts list --json | jq '.[].evidence.by_kind'
    """
    with open_system(data) as client:
        _show(client.get("/api/v1/registry/districts").json()["districts"], as_json=as_json)


@districts.command("designate")
def designate(  # noqa: PLR0913, PLR0917 - the options of the command
    district_id: DistrictArgument,
    on: OnOption = None,
    name: Annotated[str, typer.Option("--name", help="Under this name.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Kept with it.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Designate a candidate (후보 → 지정).

    \b
    Example:
      iljari districts designate 0b6f… --on 2026-03-01 --name "홍대 취업의 거리"
    """
    _decide(district_id, "designate", {"on": on, "name": name, "reason": reason}, data, as_json=as_json)


@districts.command("dissolve")
def dissolve(
    district_id: DistrictArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.", show_default=False)],
    on: OnOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Dissolve a designated district (지정 → 해제).

    \b
    Example:
      iljari districts dissolve 0b6f… --reason "업체 이전"
    """
    _decide(district_id, "dissolve", {"on": on, "reason": reason}, data, as_json=as_json)


@coverage.command("coverage")
def show_coverage(  # noqa: PLR0913, PLR0917 - the options of the command
    minutes: Annotated[float, typer.Option("--minutes", help="On foot.")] = 10.0,
    speed: Annotated[float, typer.Option("--speed", help="Metres a minute.")] = 67.0,
    detour: Annotated[float, typer.Option("--detour", help="Length of a way over the straight line.")] = 1.3,
    network: Annotated[bool, typer.Option("--network", help="Along the paths that were brought.")] = False,
    count: Annotated[int, typer.Option("--next", help="Also: where so many more cafés should go.")] = 0,
    among: Annotated[Literal["cells", "places"], typer.Option("--among", help="Candidate sites.")] = "cells",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the share of area, residents and seekers with a café within a walk.

    \b
    Examples:
      iljari coverage
      iljari coverage --minutes 15 --detour 1.4 --next 5
    """
    asked: dict[str, Any] = {"minutes": minutes, "speed": speed, "detour": detour}
    asked["method"] = "network" if network else "straight line"
    with open_system(data, timeout=300) as client:
        told = client.get("/api/v1/registry/coverage", params=asked).json()
        more = {"count": count, "among": among}
        sites = client.get("/api/v1/registry/coverage/next", params=asked | more).json() if count else None
    if as_json:
        show_json(told | {"next": sites})
        return
    _show_shares(told)
    if sites:
        _show_sites(sites)


def _show_shares(told: dict[str, Any]) -> None:
    words = {"area": "면적 area (km²)", "residents": "주민 residents", "seekers": "구직자 seekers"}
    rows = [
        (words[it["of"]], "자료 없음 no data" if it["share"] is None else f"{it['share']:.1%}", f"{it['part']:,.1f}",
         f"{it['whole']:,.1f}", f"{it['unknown']:,.0f}", it["source"])
        for it in told["figures"]
    ]  # fmt: skip
    show_table(("몫 of", "비율 share", "도보권 reached", "전체 whole", "모름 unknown", "출처 source"), rows)
    how = "직선거리 추정 straight-line estimate" if told["estimate"] else "보행로 paths"
    walk = told["walk"]
    typer.echo(
        f"{how} · {walk['minutes']:g} min × {walk['metres_a_minute']:g} m · detour {walk['detour']:g} · "
        f"카페 cafés {told['cafes']} (좌표 없음 without coordinates {told['cafes_without_place']})"
    )


def _show_sites(sites: dict[str, Any]) -> None:
    rows = [
        (number, f"{it['point']['latitude']:.5f}, {it['point']['longitude']:.5f}", it["name"] or it["district"],
         f"{it['adds']:,.0f}")
        for number, it in enumerate(sites["sites"], 1)
    ]  # fmt: skip
    show_table(("#", "위도, 경도 where", "이름 name", "새로 드는 주민 adds"), rows)
    gap = "자료 없음 no bound" if sites["gap"] is None else f"{sites['gap']:.4%}"
    compared = [
        (f"정수계획 integer programme (gap {gap})", f"{sites['gained']:,.0f}", f"{sites['seconds']:.2f} s"),
        ("한 곳씩 greedy", f"{sites['greedy_gained']:,.0f}", f"{sites['greedy_seconds']:.2f} s"),
        (f"무작위 {sites['random']['times']}번 평균 random mean", f"{sites['random']['mean']:,.0f}", ""),
    ]
    show_table(("방법 way", "새로 드는 주민 gained", "시간 time"), compared)


def _decide(district_id: UUID, step: str, asked: dict[str, Any], data: Path | None, *, as_json: bool) -> None:
    with open_system(data) as client:
        told = client.post(f"/api/v1/registry/districts/{district_id}/{step}", json=asked).json()
    _show([told], as_json=as_json)


def _show(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    rows = [
        (it["district_id"], it["name"], STATE_WORDS[it["state"]], it["evidence"]["count"],
         f"{it['evidence']['square_metres'] / 1e6:.2f}", f"{it['evidence']['times']:g}×",
         it["dissolved_on"] or it["designated_on"] or it["proposed_on"])
        for it in found
    ]  # fmt: skip
    show_table(("지구 district", "이름 name", "상태 state", "장소 places", "km²", "배경 대비", "날짜 since"), rows)
