"""What each of the three parties gained: `/benefit` to read and print, as CSV, the rows of a figure, and as JSON."""

import csv
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BeforeValidator
from sqlalchemy import ColumnElement, Engine
from sqlmodel import Session, col, select
from starlette.responses import Response

from services.registry.access import not_found, of_cafes
from services.registry.benefit.figures import BY_NAME, behind, one_figure
from services.registry.benefit.held import pairs_of
from services.registry.benefit.pairs import Pair, Period, Quarter
from services.registry.benefit.report import Report, Scope, document, flat, reported, rows_at
from services.registry.tables import Agency, Cafe, Referral
from shared.clock import KST, now
from shared.database import reading
from shared.figure import Figure, Row
from shared.web.catalogue import Language, say
from shared.web.charts import Series, bars
from shared.web.cursors import ID, Cursor, Paged, cursor_of, key_of
from shared.web.pages import Pages, language_of
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow
from shared.web.spreadsheets import safe_row

Looking = Annotated[SignedIn, Depends(allow("operator", "official", "counselor", "agency"))]
Named = Annotated[str, Query(pattern=r"^(19|20|21)\d\d-Q[1-4]$")]
District = Annotated[str, Query(max_length=100, pattern=r"^[^\x00-\x1f]*$")]
Chosen = Annotated[UUID | None, BeforeValidator(lambda said: said or None)]
"""A form sends a choice that was not made as an empty text."""
USUAL_QUARTERS, MOST_QUARTERS = 4, 40
PAGE = 200


def benefit_pages(engine: Engine, pages: Pages) -> APIRouter:
    router = APIRouter()

    def report_of(who: SignedIn, scope: Scope) -> tuple[Report, dict[UUID, str]]:
        with reading(engine) as session:
            held = pairs_of(session, scope.period, within_reach(who, scope))
            cafes = dict(session.exec(select(Cafe.cafe_id, Cafe.name)).all())
        return reported(held, scope, now().astimezone(KST).date(), cafes), cafes

    @router.get("/benefit", include_in_schema=False)
    def show_benefit(request: Request, who: Looking, scope: Asked) -> Response:
        report, cafes = report_of(who, scope)
        with reading(engine) as session:
            choices = choices_for(session, who, cafes)
        return pages.show(
            request, "benefit.html", report=report, scope=scope, choices=choices, rows_at=rows_at,
            quarters=quarters_before(report.today), **charts_of(report, language_of(request)),
        )  # fmt: skip

    @router.get("/benefit/figures.csv", include_in_schema=False)
    def figures_as_csv(who: Looking, scope: Asked) -> Response:
        return sheet("benefit.csv", flat(document(report_of(who, scope)[0])))

    @router.get("/benefit/rows", include_in_schema=False)
    def show_rows(request: Request, who: Looking, scope: Asked, figure: str, after: Cursor = "") -> Response:
        told, pairs = rows_of(engine, who, scope, figure)
        found = rows_after(told.rows, key_of(after, ID), PAGE + 1)
        shown = found[:PAGE]
        return pages.show(
            request, "benefit_rows.html", figure=told, scope=scope, rows=behind(pairs, shown), asked=scope.asked(),
            next=cursor_of(shown[-1].id) if len(found) > PAGE else "", is_first=not after,
        )  # fmt: skip

    @router.get("/benefit/rows.csv", include_in_schema=False)
    def rows_as_csv(who: Looking, scope: Asked, figure: str) -> Response:
        told, pairs = rows_of(engine, who, scope, figure)
        return sheet(f"{figure}.csv", rows_for_sheet(told, pairs))

    @router.get("/api/v1/registry/benefit")
    def read_benefit(who: Looking, scope: Asked) -> dict[str, Any]:
        """What workers, firms and agencies gained: every figure with its meaning, numerator, denominator, unknown."""
        return document(report_of(who, scope)[0])

    @router.get("/api/v1/registry/benefit/{figure}")
    def read_rows(figure: str, who: Looking, scope: Asked, paged: Paged) -> dict[str, Any]:
        """The rows of one figure, by opaque id, each with its pairs' states. `Link` leads to the next page."""
        told, pairs = rows_of(engine, who, scope, figure)
        found = rows_after(told.rows, paged.after(ID), paged.one_more)
        rows = behind(pairs, paged.shown(found, key=lambda row: row.id))
        shown = [{"id": row.id, "is": row.label, "adds": row.adds, "pairs": [*map(_path, of)]} for row, of in rows]
        return {"rows": shown, "of": len(told.rows)}

    return router


def asked_scope(
    since: Named | None = None,
    until: Named | None = None,
    cafe: Chosen = None,
    district: District = "",
    agency: Chosen = None,
) -> Scope:
    """A dependency: the scope that an address names; without quarters the last four."""
    last = Quarter.named(until) if until else Quarter.of(now().astimezone(KST).date())
    first = Quarter.named(since) if since else last.back(USUAL_QUARTERS - 1)
    if not first <= last or last.back(MOST_QUARTERS) > first:
        raise Problem(
            422, "QUARTERS_WRONG", f"From a quarter to the same or a later one, {MOST_QUARTERS} at most.",
            f"시작 분기부터 같거나 나중 분기까지, {MOST_QUARTERS}분기 이내로 골라 주세요.", where="since",
        )  # fmt: skip
    return Scope(Period(first, last), cafe, district, agency)


Asked = Annotated[Scope, Depends(asked_scope)]


def within_reach(who: SignedIn, scope: Scope) -> list[ColumnElement[bool]]:
    """The conditions that leave the pairs of a scope, out of sight of whom they are no business of.

    Another's café or agency is told as one that does not exist.
    """
    if who.role == "counselor" and scope.cafe and scope.cafe not in who.cafes:
        raise not_found()
    if who.role == "agency" and scope.agency not in (None, who.agency_id):
        raise not_found()
    cafe, agency = col(Referral.cafe_id), col(Referral.agency_id)
    of_district = select(Cafe.cafe_id).where(Cafe.district == scope.district)
    return [
        *([of_cafes(cafe, who.cafes)] if who.role == "counselor" else []),
        *([agency == who.agency_id] if who.role == "agency" else []),
        *([cafe == scope.cafe] if scope.cafe else []),
        *([agency == scope.agency] if scope.agency else []),
        *([cafe.in_(of_district)] if scope.district else []),
    ]


def rows_of(engine: Engine, who: SignedIn, scope: Scope, name: str) -> tuple[Figure, Sequence[Pair]]:
    if name not in BY_NAME:
        raise not_found()
    with reading(engine) as session:
        pairs = pairs_of(session, scope.period, within_reach(who, scope))
    return one_figure(name, pairs, scope.period, now().astimezone(KST).date()), pairs


def rows_after(rows: Sequence[Row], last: UUID | None, most: int) -> Sequence[Row]:
    """The rows behind the last that was shown: they stand by their ids."""
    start = bisect_right(rows, str(last), key=lambda row: row.id) if last else 0
    return rows[start : start + most]


def choices_for(session: Session, who: SignedIn, cafes: dict[UUID, str]) -> dict[str, list[tuple[str, str]]]:
    """What may be narrowed to: an official anything, a counselor her cafés, a clerk nothing beside quarters."""
    if who.role == "agency":
        return {}
    mine = {cafe: name for cafe, name in cafes.items() if who.role != "counselor" or cafe in who.cafes}
    choices = {"cafe": sorted(((str(cafe), name) for cafe, name in mine.items()), key=lambda one: one[1])}
    if who.role != "counselor":
        districts = session.exec(select(Cafe.district).distinct().order_by(Cafe.district))
        agencies = session.exec(select(Agency.agency_id, Agency.name).order_by(Agency.name))
        choices |= {"district": [(one, one) for one in districts if one],
                    "agency": [(str(one), name) for one, name in agencies]}  # fmt: skip
    return choices


def quarters_before(today: Any) -> list[str]:
    """What a form offers, the newest first."""
    last = Quarter.of(today)
    return [str(last.back(number)) for number in range(MOST_QUARTERS // 2)]


def charts_of(report: Report, language: Language) -> dict[str, Any]:
    """People from proposal to hire by quarter, and how many stayed."""
    people = ("people_proposed", "people_referred", "people_hired")
    quarters = report.lines["quarter"]
    by_name = {name: [next(it for it in line.figures if it.name == name).numerator for line in quarters]
               for name in people}  # fmt: skip
    stayed = [each for each in report.parties["worker"] if each.name.startswith("retained_")]
    return {
        "people_chart": bars(
            say(language, "benefit.people_chart"), [line.name for line in quarters],
            [Series(say(language, f"benefit.bar.{name}"), by_name[name]) for name in people],
        ),
        "stayed_chart": bars(
            say(language, "benefit.stayed_chart"), [say(language, f"figure.{each.name}") for each in stayed],
            [Series(say(language, "benefit.stayed_chart"), [each.value for each in stayed])], percent=True,
        ),
    }  # fmt: skip


def rows_for_sheet(figure: Figure, pairs: Sequence[Pair]) -> Iterable[tuple[object, ...]]:
    yield ("id", "is", "adds", "referral_id", "states")
    for row, of in behind(pairs, figure.rows):
        for pair in of:
            states = " ".join(f"{state}:{day}" for state, day in pair.path)
            yield (row.id, row.label, "" if row.adds is None else row.adds, pair.referral_id, states)


def sheet(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """A CSV that a spreadsheet opens with its Korean whole."""
    text = StringIO(newline="")
    csv.writer(text).writerows(map(safe_row, rows))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


def _path(pair: Pair) -> dict[str, Any]:
    return {"referral_id": pair.referral_id, "path": [{"state": state, "day": day} for state, day in pair.path]}
