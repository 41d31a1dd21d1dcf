"""What keeps people from the work they nearly get: `/matching/skill-needs`, for whoever plans lectures."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.matching.api.needs import LARGEST_SAMPLE, NeedsOf
from services.matching.api.seasons import Planner
from shared.web.charts import Series, bars
from shared.web.pages import Pages

SAMPLE = 100
"""Seekers looked at: a page should not be waited for."""
SHOWN, IN_CHART = 20, 8


def skill_needs_pages(needs_of: NeedsOf, pages: Pages) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/matching/skill-needs")
    def show(
        request: Request,
        _who: Planner,
        cafe: UUID | None = None,
        sample: Annotated[int, Query(ge=1, le=LARGEST_SAMPLE)] = SAMPLE,
    ) -> Response:
        told = needs_of(cafe, sample, SHOWN)
        first = told.needs[:IN_CHART]
        shares = [one.missing_in / told.near_misses for one in first]
        chart = bars("", [one.term for one in first], [Series("", shares)], percent=True) if first else ""
        rows = request.url.include_query_params(rows=True, sample=sample, most=SHOWN).query
        return pages.show(request, "skill_needs.html", told=told, chart=chart, rows=rows)

    return router
