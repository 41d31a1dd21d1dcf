"""What operators and officials ask before a season: a plan under limits, and how evenly the lists show everyone."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy import Engine

from services.matching.engine.profiles import Side
from services.matching.insight.exposure import Exposure, exposure, exposure_by, spread
from services.matching.season.plan import Chosen, Outcome, Why, best_plan, outcome, reasons, top_of_lists
from services.matching.season.standing import Season, season
from shared.contracts import Fact
from shared.contracts.envelope import TenThousandth
from shared.database import reading
from shared.web.sign_in import SignedIn, allow

Planner = Annotated[SignedIn, Depends(allow("operator", "official"))]
FEWEST_DIGITS = 2
"""An occupation is told by its first two digits: KECO's middle groups."""


class AskedPlan(Fact):
    """The limits of a plan."""

    of_seeker: Annotated[int, Field(ge=1, le=50)] = 3
    """Referrals that one seeker can follow."""
    of_place: Annotated[int, Field(ge=1, le=50)] = 3
    """Candidates wished for one place."""
    of_cafe: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """Referrals that the counselors of one café can make; without it, any number."""


class ShownOutcome(Fact):
    """What a choice brings each of the three parties; see `season.plan.Outcome`."""

    referrals: int
    total_fit: int
    mean_fit: float | None
    seekers_with_an_offer: int
    seekers: int
    seekers_of_lists: int
    postings_with_a_candidate: int
    postings: int
    postings_of_lists: int
    places_with_a_candidate: int
    places: int
    largest_crowd: int
    beyond_capacity: int
    agencies_with_a_candidate: int
    agencies: int


class ShownPassedOver(Fact):
    """A better posting of her list that the plan gave to others."""

    posting_id: UUID
    title: str
    place_on_list: int
    listed_by: int
    places: int


class PlannedReferral(Fact):
    """Who is to be referred where, and why there."""

    seeker_id: UUID
    posting_id: UUID
    title: str
    employer: str
    score: TenThousandth
    choice: int
    passed_over: tuple[ShownPassedOver, ...]


class ShownPlan(Fact):
    """A plan beside what plain lists would do."""

    epoch: int
    limits: AskedPlan
    plain: ShownOutcome
    planned: ShownOutcome
    mean_fit_lost: float | None
    """By how much the mean fit of a referral falls, in ten-thousandths."""
    referrals: tuple[PlannedReferral, ...]


class ShownExposure(Fact):
    """How the places of lists fall; see `exposure.Exposure`."""

    count: int
    shown: int
    never: int
    most: int
    gini: float | None
    share_of_top_tenth: float | None
    share_never: float | None


class ShownFairness(Fact):
    """Who is shown how often, in all, by café and by occupation, and how the scores lie."""

    epoch: int
    postings: ShownExposure
    seekers: ShownExposure
    seekers_by_cafe: dict[str, ShownExposure]
    postings_by_occupation: dict[str, ShownExposure]
    scores: tuple[tuple[int, int], ...]
    """From where, in ten-thousandths, and how many pairs up to the next."""


def season_api(engine: Engine, shard_count: int) -> APIRouter:
    """`/api/v1/matching/season-plan` and `/api/v1/matching/exposure`."""
    router = APIRouter(prefix="/api/v1/matching")

    @router.post("/season-plan")
    def plan(_who: Planner, asked: AskedPlan) -> ShownPlan:
        """The referrals that together fit best under these limits. Nothing is referred by asking."""
        with reading(engine) as session:
            held = season(session, shard_count)
        return planned(held, asked)

    @router.get("/exposure")
    def fairness(_who: Planner) -> ShownFairness:
        """Whom the lists show, and whom they never show."""
        with reading(engine) as session:
            return fairness_of(season(session, shard_count))

    return router


def planned(held: Season, asked: AskedPlan) -> ShownPlan:
    """The plan of a season, beside plain lists."""
    limits = held.limits(asked.of_seeker, asked.of_place, asked.of_cafe)
    plain = top_of_lists(held.pairs, asked.of_seeker)
    chosen = best_plan(held.pairs, limits)
    outcomes = [outcome(held.pairs, choice, limits, held.places) for choice in (plain, chosen)]
    fits = [one.mean_fit for one in outcomes]
    why = reasons(held.pairs, chosen, held.places)
    return ShownPlan(
        epoch=held.epoch,
        limits=asked,
        plain=_shown(held, plain, outcomes[0]),
        planned=_shown(held, chosen, outcomes[1]),
        mean_fit_lost=None if fits[0] is None or fits[1] is None else fits[0] - fits[1],
        referrals=tuple(_referral(held, pair, told) for pair, told in why.items()),
    )


def fairness_of(held: Season) -> ShownFairness:
    """Exposure in all and by group."""
    cafes = {seeker: [str(cafe)] if cafe else [] for seeker, cafe in zip(held.seekers, held.cafe_of, strict=True)}
    codes = {
        posting: [facts.occupation_code[:FEWEST_DIGITS]] if facts.occupation_code else []
        for posting, facts in zip(held.postings, held.facts, strict=True)
    }
    groups: dict[Side, dict[UUID, list[str]]] = {"seeker": cafes, "posting": codes}
    by = {side: exposure_by(held.shown[side], group) for side, group in groups.items()}
    return ShownFairness(
        epoch=held.epoch,
        postings=_exposed(exposure(held.shown["posting"].values())),
        seekers=_exposed(exposure(held.shown["seeker"].values())),
        seekers_by_cafe={name: _exposed(one) for name, one in by["seeker"].items()},
        postings_by_occupation={name: _exposed(one) for name, one in by["posting"].items()},
        scores=tuple(spread(held.pairs.score.tolist())),
    )


def _exposed(told: Exposure) -> ShownExposure:
    return ShownExposure(**asdict(told), share_never=told.share_never)


def _shown(held: Season, chosen: Chosen, told: Outcome) -> ShownOutcome:
    served = {held.facts[posting].agency_id for posting in held.pairs.posting[chosen].tolist()}
    agencies = {facts.agency_id for facts in held.facts}
    return ShownOutcome(**asdict(told), agencies_with_a_candidate=len(served), agencies=len(agencies))


def _referral(held: Season, pair: int, why: Why) -> PlannedReferral:
    seeker, posting = int(held.pairs.seeker[pair]), int(held.pairs.posting[pair])
    return PlannedReferral(
        seeker_id=held.seekers[seeker],
        posting_id=held.postings[posting],
        title=held.facts[posting].title,
        employer=held.facts[posting].employer,
        score=int(held.pairs.score[pair]),
        choice=why.choice,
        passed_over=tuple(
            ShownPassedOver(
                posting_id=held.postings[over.posting],
                title=held.facts[over.posting].title,
                place_on_list=over.place_on_list,
                listed_by=over.listed_by,
                places=over.places,
            )
            for over in why.passed_over
        ),
    )
