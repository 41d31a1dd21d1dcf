"""What programs may ask of the ground: bring a layer, propose and decide districts, reckon coverage and next sites."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field, StringConstraints
from sqlalchemy import Engine
from sqlmodel import Session

from services.registry.access import Operator, not_found
from services.registry.api.bodies import Asked, Body, Line, PlainBody
from services.registry.tables import GroundLayer, PromotionDistrict
from shared.clock import KST, now
from shared.database import reading, transaction
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow

LAYER_LIMIT_BYTES = 48_000_000
MOST_SITES = 100
SHOWN_BAD = 100

Official = Annotated[SignedIn, Depends(allow("official", "operator"))]
Layer = Literal["places", "residents", "boundaries", "paths"]
Minutes = Annotated[float, Query(gt=0, le=120)]
Speed = Annotated[float, Query(gt=0, le=500, description="Metres a minute on foot.")]
Detour = Annotated[float, Query(ge=1, le=5, description="Length of a way over the straight line.")]


class LayerBrought(Asked):
    text: Annotated[str, StringConstraints(min_length=1)]
    """The file, as it is: CSV or GeoJSON."""
    source: Line
    """Where it is from and of which day."""


class DensityAsked(Asked):
    metres: Annotated[float, Field(gt=0, le=5_000)] = 300.0
    least: Annotated[int, Field(ge=2, le=1_000)] = 5


class Decision(Asked):
    on: date | None = None
    """Today where it is left out."""
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


def ground_api(engine: Engine) -> APIRouter:
    # SciPy and scikit-learn take a second and 60 MB: they come when someone asks for a map, not when the door opens.
    router = APIRouter(prefix="/api/v1/registry")

    @router.get("/ground")
    def list_layers(_who: Official) -> list[dict[str, Any]]:
        """Which layers are held, from where and of how many rows."""
        with reading(engine) as session:
            rows = [(layer, session.get(GroundLayer, layer)) for layer in Layer.__args__]  # type: ignore[attr-defined]
        return [
            {"layer": layer, "source": row.source, "rows": len(row.rows), "brought_at": row.brought_at}
            if row
            else {"layer": layer, "source": "", "rows": 0, "brought_at": None}
            for layer, row in rows
        ]

    @router.put("/ground/{layer}")
    def bring_layer(
        layer: Layer, _who: Operator, asked: Annotated[LayerBrought, Depends(Body(LayerBrought, LAYER_LIMIT_BYTES))]
    ) -> dict[str, Any]:
        """Take a file in place of a layer's present rows. Rows that cannot be read come back; the others are taken."""
        from services.registry.cafes.ground import bring

        with transaction(engine) as session:
            taken = bring(session, layer, asked.text, asked.source)
        return {
            "layer": layer,
            "taken": len(taken.rows),
            "returned": len(taken.bad),
            "rows": [asdict(bad) for bad in taken.bad[:SHOWN_BAD]],
        }

    @router.get("/districts")
    def list_districts(_who: Official) -> dict[str, Any]:
        """All job-promotion districts, with the figure for boards."""
        from services.registry.cafes.promotion import all_districts, district_figure, shown

        with reading(engine) as session:
            figure = district_figure(session)
            return {"figure": asdict(figure), "districts": [shown(each) for each in all_districts(session)]}

    @router.post("/districts/proposals")
    def propose(
        _who: Official, asked: Annotated[DensityAsked, Depends(PlainBody(DensityAsked))]
    ) -> list[dict[str, Any]]:
        """Make the candidates anew from the places that are held now."""
        from services.registry.cafes.districts import Density
        from services.registry.cafes.promotion import propose_districts, shown

        with transaction(engine) as session:
            return [shown(each) for each in propose_districts(session, Density(asked.metres, asked.least))]

    @router.post("/districts/{district_id}/designate")
    def designate_district(
        district_id: UUID, who: Official, asked: Annotated[Decision, Depends(PlainBody(Decision))]
    ) -> dict[str, Any]:
        """후보 → 지정."""
        from services.registry.cafes.promotion import designate, shown

        with transaction(engine) as session, answering():
            district = found(session, district_id)
            designate(session, district, asked.on or today(), name=asked.name, reason=asked.reason, who=who.label)
            return shown(district)

    @router.post("/districts/{district_id}/dissolve")
    def dissolve_district(
        district_id: UUID, who: Official, asked: Annotated[Decision, Depends(PlainBody(Decision))]
    ) -> dict[str, Any]:
        """지정 → 해제."""
        from services.registry.cafes.promotion import dissolve, shown

        with transaction(engine) as session, answering():
            district = found(session, district_id)
            dissolve(session, district, asked.on or today(), reason=asked.reason, who=who.label)
            return shown(district)

    @router.get("/coverage")
    def show_coverage(
        _who: Official,
        minutes: Minutes = 10.0,
        speed: Speed = 67.0,
        detour: Detour = 1.3,
        method: Literal["straight line", "network"] = "straight line",
    ) -> dict[str, Any]:
        """Shares of area, residents and seekers within a walk of an open café: numerator, denominator, unknown."""
        from services.registry.cafes.city_coverage import coverage_now
        from services.registry.cafes.coverage import Walk

        with reading(engine) as session, answering():
            told = coverage_now(session, Walk(minutes, speed, detour), method)
        return {
            "walk": asdict(told.walk),
            "method": told.method,
            "estimate": told.method == "straight line",
            "cafes": len(told.cafes),
            "cafes_without_place": told.without_place,
            "figures": [asdict(each) | {"share": each.share} for each in told.figures],
        }

    @router.get("/coverage/next")
    def show_next_sites(  # noqa: PLR0913, PLR0917 - the question's own parameters
        _who: Official,
        count: Annotated[int, Query(ge=1, le=MOST_SITES)] = 5,
        minutes: Minutes = 10.0,
        speed: Speed = 67.0,
        detour: Detour = 1.3,
        method: Literal["straight line", "network"] = "straight line",
        among: Literal["cells", "places"] = "cells",
    ) -> dict[str, Any]:
        """Where the next cafés bring most residents into reach, beside greedy and random choices."""
        from services.registry.cafes.city_coverage import next_sites
        from services.registry.cafes.coverage import Walk

        with reading(engine) as session, answering():
            return asdict(next_sites(session, Walk(minutes, speed, detour), method, count, among))

    return router


def found(session: Session, district_id: UUID) -> PromotionDistrict:
    """The district, held until the end of the transaction: two decisions at once must queue here."""
    district = session.get(PromotionDistrict, district_id, with_for_update=True)
    if district is None:
        raise not_found()
    return district


def today() -> date:
    return now().astimezone(KST).date()


@contextmanager
def answering() -> Iterator[None]:
    """What the ground cannot do, as an answer."""
    from services.registry.cafes.city_coverage import NothingToPlace, TooManyCandidates
    from services.registry.cafes.promotion import NotNow
    from services.registry.cafes.siting import NoSolution

    try:
        yield
    except NotNow as refused:
        raise Problem(409, refused.code, refused.message, refused.message_ko, where=refused.where) from None
    except NothingToPlace:
        raise Problem(
            409, "LAYER_MISSING", "A layer this needs was never brought.", "필요한 자료가 아직 없습니다.",
            where="ground", hint="`iljari districts import residents FILE --source …`, paths for the network.",
        ) from None  # fmt: skip
    except TooManyCandidates as refused:
        raise Problem(
            422, "TOO_MANY_SITES", f"Too many candidate sites: {refused}.", "후보지가 너무 많습니다.",
            where="among", hint="Use larger cells, or among=places.",
        ) from None  # fmt: skip
    except NoSolution as refused:
        raise Problem(
            503, "NO_SOLUTION", f"The solver found nothing: {refused}.", "제한 시간 안에 답을 찾지 못했습니다.",
            where="count", hint="Ask for fewer sites.",
        ) from None  # fmt: skip
