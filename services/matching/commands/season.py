"""Matching's share of the command: `iljari assign`, `iljari exposure`, `iljari drift`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

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
    unwritable,
)
from shared.web.korean import with_particle

app = command_group()

PLAN_SECONDS = 900.0
NO_DATA = "자료 없음 no data"
FAIR_COLUMNS = ("시각 time", "회사 employer", "자리 table", "공고 posting", "구직자 seeker", "점수 score")


@app.command()
def assign(  # noqa: PLR0913, PLR0917 - the options of the command
    of_seeker: Annotated[int, typer.Option(help="Referrals that one seeker can follow.", min=1)] = 3,
    of_place: Annotated[int, typer.Option(help="Candidates wished for one place.", min=1)] = 3,
    of_cafe: Annotated[int | None, typer.Option(help="Referrals that one café's counselors can make.")] = None,
    fair: Annotated[Path | None, typer.Option(help="Write a job fair's timetable to this workbook (.xlsx).")] = None,
    tables: Annotated[int, typer.Option(help="Tables of each firm at the fair.", min=1, max=50)] = 1,
    minutes: Annotated[int, typer.Option(help="Minutes of one meeting.", min=1, max=240)] = 10,
    start: Annotated[str, typer.Option(help="When the fair opens, HH:MM.")] = "10:00",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan a season's referrals under limits, beside what plain lists would do. Nothing is referred by this.

    Plain lists send everyone to the same favourites; the plan maximises the total fit while no posting gets more
    candidates than its places warrant.

    \b
    Examples:
      iljari assign
      iljari assign --of-seeker 5 --of-place 4 --of-cafe 200 --json
      iljari assign --fair fair.xlsx --tables 2 --minutes 10 --start 10:00
    """
    asked = {"of_seeker": of_seeker, "of_place": of_place, "of_cafe": of_cafe}
    opens = _clock(start)
    with open_system(data, timeout=PLAN_SECONDS) as client:
        plan = client.post("/api/v1/matching/season-plan", json=asked).json()
    if fair:
        with _told_if_unwritable(fair):
            _write_fair(fair, plan["referrals"], tables, timedelta(minutes=minutes), opens)
    if as_json:
        show_json(plan)
        return
    _show_outcomes(plan)
    later = [one for one in plan["referrals"] if one["passed_over"]][:10]
    if later:
        show_table(("구직자 seeker", "공고 posting", "점수 score", "왜 why"), map(_why_row, later))


@app.command("exposure")
def show_exposure(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show how evenly the lists show postings and seekers: who is on many, who on none.

    Gini is 0 where all are shown as often, near 1 where one takes every place.

    \b
    Examples:
      iljari exposure
      iljari exposure --json | jq .postings.gini
    """
    from services.matching.commands.told import names_of_cafes

    with open_system(data, timeout=PLAN_SECONDS) as client:
        told = client.get("/api/v1/matching/exposure").json()
        if as_json:
            show_json(told)
            return
        cafes = names_of_cafes(client)
    columns = ("", "수 count", "게재 shown", "한 번도 never", "최다 most", "Gini", "상위 10 % top tenth")
    rows = [("공고 postings", told["postings"]), ("구직자 seekers", told["seekers"])]
    rows += [(f"직종 occupation {code or '?'}", one) for code, one in told["postings_by_occupation"].items()]
    rows += [(f"카페 café {cafes.get(cafe, cafe[:8]) or '?'}", one) for cafe, one in told["seekers_by_cafe"].items()]
    show_table(columns, [_exposure_row(name, one) for name, one in rows])


@app.command("drift")
def show_drift(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show what the last epochs changed and why: weights, and the words and skills of pairs that came and went.

    \b
    Examples:
      iljari drift
      iljari drift --json | jq '.[0].after'
    """
    with open_system(data) as client:
        told = client.get("/api/v1/matching/drift").json()
    if as_json:
        show_json(told)
        return
    rows: list[tuple[object, ...]] = []
    for one in told:
        epoch = f"{one['previous_epoch']} → {one['epoch']} ({one['kind']})"
        rows += [(epoch, f"가중치 weight: {part}", *both) for part, both in one["weights"].items()]
        rows += [(epoch, f"낱말 word: {word['term']}", word["went"], word["came"]) for word in one["words"]]
        rows += [(epoch, f"기술 skill: {skill['term']}", skill["went"], skill["came"]) for skill in one["skills"]]
    show_table(("기준 epoch", "무엇 what", "전·빠짐 before, gone", "후·새로 after, new"), rows)
    if not rows:
        typer.echo("달라진 것이 없거나 기록이 없습니다. Nothing differs, or nothing was recorded yet.", err=True)


def _clock(written: str) -> datetime:
    try:
        return datetime.strptime(written, "%H:%M")  # noqa: DTZ007 - the clock on the wall of the hall
    except ValueError:
        raise CommandError(
            "TIME_INVALID",
            ExitCode.USAGE,
            ko="시각은 10:00처럼 적어 주세요.",
            en="Write the time as 10:00.",
            where="--start",
        ) from None


def _show_outcomes(plan: dict[str, Any]) -> None:
    plain, planned = plan["plain"], plan["planned"]
    rows: Sequence[tuple[str, str, str]] = [
        (name, _count(plain, key, of), _count(planned, key, of))
        for name, key, of in (
            ("알선 referrals", "referrals", None),
            ("구직자: 알선을 받은 사람 seekers with an offer", "seekers_with_an_offer", "seekers"),
            ("기업: 후보가 있는 공고 postings with a candidate", "postings_with_a_candidate", "postings"),
            ("기업: 후보가 있는 자리 places with a candidate", "places_with_a_candidate", "places"),
            ("알선업체: 후보를 받은 곳 agencies with a candidate", "agencies_with_a_candidate", "agencies"),
            ("한 공고에 몰린 최다 largest crowd", "largest_crowd", None),
            ("한도를 넘는 알선 beyond the limits", "beyond_capacity", None),
        )
    ]
    fits = [_points(one["mean_fit"]) for one in (plain, planned)]
    columns = ("", "목록대로 plain lists", "배정 plan")
    show_table(columns, [*rows, ("평균 적합 mean fit", *fits)])


def _count(told: dict[str, Any], key: str, of: str | None) -> str:
    return f"{told[key]:,} / {told[of]:,}" if of else f"{told[key]:,}"


def _why_row(one: dict[str, Any]) -> tuple[str, str, str, str]:
    first = one["passed_over"][0]
    named = with_particle(f"'{first['title']}'", "은/는")
    why = (
        f"{one['choice']}지망: 1지망 {named} {first['places']}자리에 후보가 {first['listed_by']}명. "
        f"Choice {one['choice']}: the first has {first['listed_by']} candidates for {first['places']} place(s)."
    )
    return one["seeker_id"][:8], one["title"], _points(one["score"]), why


def _exposure_row(name: str, one: dict[str, Any]) -> tuple[str, ...]:
    shares = [
        f"{one[key]:.2f}" if one[key] is not None else "자료 없음 no data" for key in ("gini", "share_of_top_tenth")
    ]
    return name, f"{one['count']:,}", f"{one['shown']:,}", f"{one['never']:,}", f"{one['most']:,}", *shares


def _points(ten_thousandths: float | None) -> str:
    return NO_DATA if ten_thousandths is None else f"{ten_thousandths / 100:.2f}"


@contextmanager
def _told_if_unwritable(path: Path) -> Iterator[None]:
    from xlsxwriter.exceptions import XlsxFileError

    try:
        yield
    except XlsxFileError as error:
        raise unwritable(path, error) from error


def _write_fair(
    path: Path, referrals: Sequence[dict[str, Any]], tables_of_firm: int, each: timedelta, opens: datetime
) -> None:
    """Who meets whom when, firm by firm; seekers by the short label that the desk shows where it knows no name."""
    import xlsxwriter

    from services.matching.season.job_fair import rounds, tables

    firms = sorted({one["employer"] for one in referrals})
    seekers = sorted({one["seeker_id"] for one in referrals})
    at = {name: number for number, name in enumerate(firms)}
    who = {name: number for number, name in enumerate(seekers)}
    meetings = tables([who[r["seeker_id"]] for r in referrals], [at[r["employer"]] for r in referrals], tables_of_firm)
    when = rounds(meetings)
    lines = sorted(
        (when[n], one["employer"], meetings[n].table % tables_of_firm + 1, n) for n, one in enumerate(referrals)
    )
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("면접 시간표 timetable")
        sheet.write_row(0, 0, FAIR_COLUMNS)
        for row, (turn, employer, table, number) in enumerate(lines, 1):
            one = referrals[number]
            time = (opens + turn * each).strftime("%H:%M")
            sheet.write_row(row, 0, (time, employer, table, one["title"], one["seeker_id"][:8], one["score"] / 100))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(lines), len(FAIR_COLUMNS) - 1)
        sheet.autofit()
