"""The official's pages of the ground: `/districts`, where to work is dense, and `/coverage`, who has a café near."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from services.registry.api.ground import MOST_SITES, Detour, Minutes, Official, Speed, answering, found, today
from services.registry.tables import PromotionDistrict
from shared.database import reading, transaction
from shared.web.pages import Pages
from shared.web.problems import Problem
from shared.web.sign_in import from_our_form

Words = Annotated[str, Form(max_length=500)]
Decide = Callable[[Session, PromotionDistrict, date], None]
MOST_LISTED = 300


def district_pages(engine: Engine, pages: Pages) -> APIRouter:
    # What needs SciPy is imported where it is used: see ground_api.
    router = APIRouter(include_in_schema=False)

    @router.get("/districts")
    def show_districts(request: Request, _who: Official) -> Response:
        from services.registry.cafes.ground import ground
        from services.registry.cafes.picture import districts_picture
        from services.registry.cafes.promotion import all_districts, district_figure
        from services.registry.cafes.standing import standing_cafes

        with reading(engine) as session:
            held, districts, cafes = ground(session), all_districts(session), standing_cafes(session)
            figure = district_figure(session)
        picture = districts_picture(held, districts, cafes)
        return pages.show(
            request, "districts.html", districts=districts, figure=figure, picture=picture,
            places=len(held.places), source=held.sources.get("places", ""),
        )  # fmt: skip

    @router.post("/districts/propose", dependencies=[Depends(from_our_form)])
    def propose(
        _who: Official,
        metres: Annotated[float, Form(gt=0, le=5_000)] = 300.0,
        least: Annotated[int, Form(ge=2, le=1_000)] = 5,
    ) -> Response:
        from services.registry.cafes.districts import Density
        from services.registry.cafes.promotion import propose_districts

        with transaction(engine) as session:
            propose_districts(session, Density(metres, least))
        return RedirectResponse("/districts", 303)

    @router.get("/districts/{district_id}")
    def show_district(request: Request, district_id: UUID, _who: Official) -> Response:
        return district(request, district_id)

    @router.post("/districts/{district_id}/designate", dependencies=[Depends(from_our_form)])
    def designate_it(  # noqa: PLR0913, PLR0917 - the fields of the form
        request: Request, district_id: UUID, who: Official, on: Words = "", name: Words = "", reason: Words = ""
    ) -> Response:
        from services.registry.cafes.promotion import designate

        return decided(
            request, district_id, on,
            lambda session, one, day: designate(session, one, day, name=name.strip(), reason=reason, who=who.label),
        )  # fmt: skip

    @router.post("/districts/{district_id}/dissolve", dependencies=[Depends(from_our_form)])
    def dissolve_it(request: Request, district_id: UUID, who: Official, on: Words = "", reason: Words = "") -> Response:
        from services.registry.cafes.promotion import dissolve

        return decided(
            request, district_id, on,
            lambda session, one, day: dissolve(session, one, day, reason=reason.strip(), who=who.label),
        )  # fmt: skip

    def decided(request: Request, district_id: UUID, on: str, decide: Decide) -> Response:
        try:
            with transaction(engine) as session, answering():
                decide(session, found(session, district_id), _day(on))
        except Problem as problem:
            if problem.status == 404:
                raise
            return district(request, district_id, problem)
        return RedirectResponse(f"/districts/{district_id}", 303)

    def district(request: Request, district_id: UUID, problem: Problem | None = None) -> Response:
        from services.registry.cafes.ground import ground
        from services.registry.cafes.picture import district_picture
        from services.registry.cafes.promotion import lies_in
        from services.registry.cafes.standing import standing_cafes

        with reading(engine) as session:
            one, held = found(session, district_id), ground(session)
            placed = [cafe for cafe in standing_cafes(session) if cafe.point]
        within = lies_in(one, [cafe.point for cafe in placed if cafe.point])
        living = lies_in(one, [each.point for each in held.residents])
        return pages.show(
            request, "district.html", status=problem.status if problem else 200, district=one, problem=problem,
            today=today(), picture=district_picture(one, placed),
            cafes=[cafe for cafe, inside in zip(placed, within, strict=True) if inside],
            residents=sum(each.residents for each, inside in zip(held.residents, living, strict=True) if inside)
            if held.residents else None,
            listed=one.evidence["places"][:MOST_LISTED],
        )  # fmt: skip

    @router.get("/coverage")
    def show_coverage(  # noqa: PLR0913, PLR0917 - the fields of the form
        request: Request,
        _who: Official,
        minutes: Minutes = 10.0,
        speed: Speed = 67.0,
        detour: Detour = 1.3,
        method: Literal["straight line", "network"] = "straight line",
        among: Literal["cells", "places"] = "cells",
        count: Annotated[int, Query(ge=0, le=MOST_SITES)] = 0,
    ) -> Response:
        """The shares; the next sites too where a number of them is asked for, since the solver takes its time."""
        from services.registry.cafes.city_coverage import coverage_now, next_sites
        from services.registry.cafes.coverage import Walk
        from services.registry.cafes.ground import ground
        from services.registry.cafes.picture import coverage_picture

        walk = Walk(minutes, speed, detour)
        with reading(engine) as session, answering():
            held, told = ground(session), coverage_now(session, walk, method)
            sites = next_sites(session, walk, method, count, among) if count else None
        return pages.show(
            request, "coverage.html", told=told, sites=sites, walk=walk, among=among, count=count,
            picture=coverage_picture(held, told, sites), paths=bool(held.paths),
        )  # fmt: skip

    return router


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written) if written else today()
    except ValueError:
        raise Problem(
            422, "DATE_WRONG", "Write the day as 2026-03-01.", "날짜를 2026-03-01처럼 적어 주세요.", where="on"
        ) from None
