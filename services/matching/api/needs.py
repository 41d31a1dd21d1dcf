"""What officials ask of near misses over HTTP: what is missing most often, over the city or in one café."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Engine

from services.matching import store
from services.matching.engine.near_misses import NearMisses
from services.matching.engine.profiles import Profile
from services.matching.insight.skill_needs import SkillNeed, SkillNeeds, skill_needs
from shared.contracts import Fact
from shared.database import reading
from shared.web.sign_in import SignedIn, allow

Planner = Annotated[SignedIn, Depends(allow("operator", "official", "service"))]
LARGEST_SAMPLE = 500
"""Whoever hears waits for each seeker's near misses in turn."""


class ShownNeeds(Fact):
    """What near misses lack, and of whom it was asked."""

    cafe_id: UUID | None
    seekers: int
    """Who look for work, in the city or the café."""
    asked: int
    """Of them, so many were looked at: all, or those first by their random ids."""
    with_near_misses: int
    near_misses: int
    """The denominator of each share."""
    needs: tuple[SkillNeed, ...]


def needs_api(engine: Engine, near_misses_of: Callable[[Profile], NearMisses]) -> APIRouter:
    """`/api/v1/matching/skill-needs`."""
    router = APIRouter(prefix="/api/v1/matching")

    @router.get("/skill-needs")
    def needs(
        _who: Planner,
        cafe: UUID | None = None,
        sample: Annotated[int, Query(ge=1, le=LARGEST_SAMPLE)] = 300,
        most: Annotated[int, Query(ge=1, le=100)] = 20,
        rows: bool = False,
    ) -> ShownNeeds:
        """What near misses lack most often. `rows`: with each pair, by opaque ids."""
        with reading(engine) as session:
            seekers = store.count_live_seekers(session, cafe)
            chosen = store.first_live_seekers(session, cafe, sample)
        told = skill_needs(((one.id, near_misses_of(one)) for one in chosen), most)
        return shown(told, cafe, seekers, rows=rows)

    return router


def shown(told: SkillNeeds, cafe: UUID | None, seekers: int, *, rows: bool) -> ShownNeeds:
    hidden = {} if rows else {"rows": ()}
    needs = tuple(one.model_copy(update=hidden) for one in told.needs)
    return ShownNeeds(cafe_id=cafe, seekers=seekers, asked=told.asked, with_near_misses=told.with_near_misses,
                      near_misses=told.near_misses, needs=needs)  # fmt: skip
