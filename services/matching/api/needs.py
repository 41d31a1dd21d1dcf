"""What officials ask of near misses over HTTP: what is missing most often, over the city or in one café."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Engine

from services.matching import store
from services.matching.engine.near_misses import NearMisses
from services.matching.engine.profiles import Profile
from services.matching.insight.skill_needs import SkillNeed, skill_needs
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


NeedsOf = Callable[[UUID | None, int, int], ShownNeeds]
"""Of a café or the city, by a sample of so many seekers: at most so many terms."""


def needs_of(engine: Engine, near_misses_of: Callable[[Profile], NearMisses]) -> NeedsOf:
    def told(cafe: UUID | None, sample: int, most: int) -> ShownNeeds:
        with reading(engine) as session:
            seekers = store.count_live_seekers(session, cafe)
            chosen = store.first_live_seekers(session, cafe, sample)
        found = skill_needs(((one.id, near_misses_of(one)) for one in chosen), most)
        return ShownNeeds(cafe_id=cafe, seekers=seekers, **dict(found))

    return told


def needs_api(needs_of: NeedsOf) -> APIRouter:
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
        told = needs_of(cafe, sample, most)
        return told if rows else told.model_copy(update={"needs": tuple(map(without_rows, told.needs))})

    return router


def without_rows(need: SkillNeed) -> SkillNeed:
    return need.model_copy(update={"rows": ()})
