"""The command's way to the benefit report: `iljari report benefit`."""

import csv
import sys
from typing import Annotated, Any

import typer

from services.registry.commands.named_agency import agency_id_of
from shared.command import DataOption, JsonOption, open_system, show_json, show_table
from shared.web.spreadsheets import safe_row

NOT_MEASURED = "자료 없음 no data"
PARTIES = {"worker": "근로자 Workers", "firm": "기업체 Firms", "agency": "알선업체 Agencies"}
BY = {"quarter": "분기별 By quarter", "cafe": "카페별 By café", "district": "자치구별 By district"}
QUARTER = "Such as 2026-Q1."


def report_benefit(  # noqa: PLR0913, PLR0917 - one option each
    since: Annotated[str | None, typer.Option("--since", help=f"First quarter. {QUARTER}", show_default=False)] = None,
    until: Annotated[str | None, typer.Option("--until", help=f"Last quarter. {QUARTER}", show_default=False)] = None,
    cafe: Annotated[str | None, typer.Option("--cafe", help="A café's id.", show_default=False)] = None,
    district: Annotated[str | None, typer.Option("--district", help="Its cafés'.", show_default=False)] = None,
    agency: Annotated[str | None, typer.Option("--agency", help="An agency's id or name.", show_default=False)] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Flat CSV, each figure with its meaning.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what workers, firms and agencies gained, from the referral ledger. To print: the page /benefit.

    \b
    Examples:
      iljari report benefit
      iljari report benefit --since 2026-Q1 --until 2026-Q3 --csv > 실익.csv
    """
    from services.registry.benefit.report import flat

    asked = {"since": since, "until": until, "cafe": cafe, "district": district}
    with open_system(data) as client:
        asked |= {"agency": agency_id_of(client, agency) if agency else None}
        told = client.get(
            "/api/v1/registry/benefit", params={name: value for name, value in asked.items() if value}
        ).json()
    if as_json:
        show_json(told)
    elif as_csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows(map(safe_row, flat(told)))
    else:
        show_benefit(told)


def show_benefit(told: dict[str, Any]) -> None:
    """The tables, for people."""
    for party, figures in told["parties"].items():
        show_table(
            ("지표 figure", "값 value", "분자/분모 made of", "미측정 not measured", "기록 rows"),
            [(_name(it), _value(it), _made_of(it), it["unknown"] or "", it["rows"]) for it in figures],
            title=f"{PARTIES[party]} {told['since']} – {told['until']}",
        )
    for by, lines in told["lines"].items():
        if lines:
            heads = (BY[by], *(_name(it) for it in lines[0]["figures"]))
            show_table(heads, [(line["name"], *map(_value, line["figures"])) for line in lines])


def _name(told: dict[str, Any]) -> str:
    return f"{told['name']['ko']} {told['name']['en']}"


def _value(told: dict[str, Any]) -> str:
    value = told["value"]
    if value is None:
        return NOT_MEASURED
    if told["unit"] == "share":
        return f"{value:.1%}"
    return f"{value:,.1f}".removesuffix(".0") + ("일 d" if told["unit"] == "days" else "")


def _made_of(told: dict[str, Any]) -> str:
    if told["denominator"] is None:
        return ""
    return f"n = {told['denominator']}" if told["unit"] == "days" else f"{told['numerator']} / {told['denominator']}"
