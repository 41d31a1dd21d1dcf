"""The official's board: `/board`, where plan, coverage, use, benefit and costs stand; `/board/plan`, the plan."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from pydantic import TypeAdapter
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.responses import Response

from services.registry.access import not_found
from services.registry.api.ground import Official, today
from services.registry.benefit.report import rows_at
from services.registry.board.gathered import Board, Line, gathered, rows_of
from services.registry.pages.benefit import PAGE, sheet
from services.registry.plan import ledger
from services.registry.plan.entries import Ref
from services.registry.plan.report import Document, flat, report
from shared.database import reading
from shared.figure import Figure, Row
from shared.web.catalogue import Language, say
from shared.web.charts import Series, bars
from shared.web.cursors import Cursor, cursor_of, key_of
from shared.web.pages import Pages, language_of

Refs = Annotated[list[Ref], Query(max_length=200)]
Name = Annotated[str, Query(max_length=80)]
PLACE = TypeAdapter(tuple[str, str])
"""Of a row: what it is, and its id."""
HEAD = ("part", "line", "figure", "name_ko", "name_en", "value", "numerator", "denominator", "unknown", "unit", "rows")


def board_pages(engine: Engine, pages: Pages) -> APIRouter:
    router = APIRouter()

    @router.get("/board", include_in_schema=False)
    def show_board(request: Request, _who: Official) -> Response:
        with reading(engine) as session:
            board, coverage = gathered(session, today()), coverage_of(session)
        return pages.show(
            request, "board.html", board=board, coverage=coverage, rows_at=rows_at,
            asked={"since": str(board.period.since), "until": str(board.period.until)},
            **charts_of(board, coverage, language_of(request)),
        )  # fmt: skip

    @router.get("/board/figures.csv", include_in_schema=False)
    def figures_as_csv(_who: Official) -> Response:
        with reading(engine) as session:
            board = gathered(session, today())
        return sheet("board.csv", [HEAD, *flat_board(board)])

    @router.get("/board/rows", include_in_schema=False)
    def show_rows(
        request: Request,
        _who: Official,
        part: Name,
        figure: Name,
        line: Name = "",
        after: Cursor = "",
    ) -> Response:
        with reading(engine) as session:
            told = rows_of(session, today(), part, line, figure)
        if told is None:
            raise not_found()
        rows = sorted(told.rows, key=_place)
        start = bisect_right(rows, key_of(after, PLACE) or ("", ""), key=_place)
        left = rows[start : start + PAGE + 1]
        return pages.show(
            request, "board_rows.html", figure=told, rows=left[:PAGE], is_first=not after,
            next=cursor_of(_place(left[PAGE - 1])) if len(left) > PAGE else "",
        )  # fmt: skip

    @router.get("/board/plan", include_in_schema=False)
    def show_plan(request: Request, _who: Official) -> Response:
        with reading(engine) as session:
            told = report(ledger.entries(session))
        return pages.show(request, "plan.html", told=told, **plan_chart(told, language_of(request)))

    @router.get("/board/plan/tables.csv", include_in_schema=False)
    def plan_as_csv(_who: Official) -> Response:
        with reading(engine) as session:
            told = report(ledger.entries(session))
        return sheet("plan.csv", flat(told))

    @router.get("/board/plan/entries", include_in_schema=False)
    def show_entries(request: Request, _who: Official, ref: Refs) -> Response:
        with reading(engine) as session:
            held = [(one, list(ledger.revisions(session, one))) for one in dict.fromkeys(ref)]
        if not any(revisions for _, revisions in held):
            raise not_found()
        return pages.show(request, "plan_entries.html", entries=held)

    @router.get("/api/v1/registry/board")
    def read_board(_who: Official) -> dict[str, Any]:
        """Use, programs, benefit and costs as figures; the plan's tables and coverage have addresses of their own."""
        with reading(engine) as session:
            board = gathered(session, today())
        told = [dict(zip(HEAD, row, strict=True)) for row in flat_board(board)]
        return {"as_of": board.today, "since": str(board.period.since), "figures": told}

    return router


def _place(row: Row) -> tuple[str, str]:
    return row.label, row.id


def coverage_of(session: Session) -> Any:
    """The shares within a walk, by the straight-line estimate; SciPy comes when someone asks."""
    from services.registry.cafes.city_coverage import coverage_now
    from services.registry.cafes.coverage import Walk

    return coverage_now(session, Walk())


def flat_board(board: Board) -> Iterator[tuple[object, ...]]:
    """Every figure in a row. What there is no data of is None."""
    for part, line, each in board.named():
        yield (part, line, each.name, *_names(each), each.value, each.numerator, each.denominator, each.unknown,
               each.unit, len(each.rows))  # fmt: skip


def charts_of(board: Board, coverage: Any, language: Language) -> dict[str, Any]:
    shares = [each.share for each in coverage.figures]
    named = [say(language, f"coverage.{each.of}") for each in coverage.figures]
    label = say(language, "board.coverage")
    return plan_chart(board.plan, language) | {
        "coverage_chart": bars(label, named, [Series(label, shares)], percent=True),
        "use_chart": _by_cafe(board.use_by_cafe, "board.use", "room_visits", language),
        "programs_chart": _by_cafe(board.programs_by_cafe, "board.programs", "program_attended", language),
    }


def _by_cafe(lines: Sequence[Line], label: str, name: str, language: Language) -> Markup:
    told = [next(each.value for each in line.figures if each.name == name) for line in lines]
    series = Series(say(language, f"figure.{name}"), told)
    return bars(say(language, label), [line.name for line in lines], [series])


def plan_chart(told: Document, language: Language) -> dict[str, Any]:
    """Cafés by year: planned and opened."""
    years = told["openings_by_year"]
    series = [Series(say(language, f"plan.{name}"), [each[name]["value"] for each in years])
              for name in ("planned", "actual")]  # fmt: skip
    return {"plan_chart": bars(say(language, "plan.openings"), [str(each["year"]) for each in years], series)}


def _names(figure: Figure) -> tuple[str, str]:
    return say("ko", f"figure.{figure.name}"), say("en", f"figure.{figure.name}")
