"""What operators ask of matching over HTTP: matches, any pair's explanation, unknown terms."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Engine
from sqlmodel import Session

from services.matching import store
from services.matching.engine.near_misses import NearMiss, NearMisses, SkillGap
from services.matching.engine.pair import Explanation, explain
from services.matching.engine.profiles import SIDES, Profile, Side, named_terms
from services.matching.engine.skills.comparison import Relation
from services.matching.engine.skills.review import unknown_terms
from services.matching.engine.written import as_pair
from services.matching.proof.certificate import merged_lines
from shared.contracts import Fact, GateName, MatchedPair, PostingFacts, SeekerFacts
from shared.contracts.envelope import TenThousandth
from shared.database import reading
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow

Operator = Annotated[SignedIn, Depends(allow("operator"))]


class ShownMatch(Fact):
    """A pair, with what is public of its posting."""

    pair: MatchedPair
    title: str
    employer: str


class ShownList(Fact):
    """The list of a seeker, or of a posting over all shards; best first."""

    scope: Side
    scope_id: UUID
    epoch: int
    matches: tuple[ShownMatch, ...]


class ShownNearMiss(Fact):
    """A posting that a seeker nearly gets, with what is public of it."""

    miss: NearMiss
    title: str
    employer: str


class ShownNearMisses(Fact):
    """What a seeker nearly gets, the nearest first."""

    seeker_id: UUID
    bar: TenThousandth
    """The score that a posting must reach to be on her list."""
    near: tuple[ShownNearMiss, ...]
    gates: dict[GateName, int]
    """How many are kept from her by each gate."""
    skills: tuple[SkillGap, ...]
    """What they ask for and she lacks, what is missing most often first."""


class AskedPair(Fact):
    """What a seeker and a posting say."""

    seeker: SeekerFacts
    posting: PostingFacts


class ShownTerm(Fact):
    """A skill term outside the alias table, how many live profiles use it, and the known term nearest to it."""

    term: str
    profiles: int
    nearest: str | None
    nearness: float
    relation: Relation
    rule: str


def api(engine: Engine, shard_count: int, near_misses_of: Callable[[Profile], NearMisses]) -> APIRouter:
    router = APIRouter(prefix="/api/v1/matching")

    @router.get("/matches")
    def matches(_who: Operator, seeker: UUID | None = None, posting: UUID | None = None) -> ShownList:
        side, one = _asked(seeker, posting)
        with reading(engine) as session:
            return shown(session, side, one, shard_count)

    @router.get("/near-misses")
    def near_misses(_who: Operator, seeker: UUID) -> ShownNearMisses:
        """What a seeker nearly gets, which gate or skill keeps each from her, and what they lack between them."""
        with reading(engine) as session:
            told = near_misses_of(_live(session, "seeker", seeker))
            named = _postings(session, {one.posting_id for one in told.near})
            shown = ((one, named.get(one.posting_id)) for one in told.near)
            near = tuple(ShownNearMiss(miss=one, title=p.title, employer=p.employer) for one, p in shown if p)
        return ShownNearMisses(seeker_id=seeker, bar=told.bar, near=near, gates=told.gates, skills=told.skills)

    @router.get("/explanation")
    def explanation_of(_who: Operator, seeker: UUID, posting: UUID) -> Explanation:
        """All that is to be said of two live profiles under the present epoch, a match or not."""
        with reading(engine) as session:
            hers, its = _live(session, "seeker", seeker).facts, _live(session, "posting", posting).facts
            assert isinstance(hers, SeekerFacts)
            assert isinstance(its, PostingFacts)
            return explain(hers, its, store.epoch(session, store.present_epoch(session, shard_count)))

    @router.post("/explanation")
    def explanation(_who: Operator, pair: AskedPair) -> Explanation:
        """All that is to be said of two profiles under the present epoch, whether anybody holds them or not."""
        with reading(engine) as session:
            return explain(pair.seeker, pair.posting, store.epoch(session, store.present_epoch(session, shard_count)))

    @router.get("/skills/unknown")
    def unknown_skills(_who: Operator, limit: Annotated[int, Query(ge=1, le=1_000)] = 50) -> tuple[ShownTerm, ...]:
        with reading(engine) as session:
            return tuple(ShownTerm(**asdict(one)) for one in unknown_terms(_used_terms(session), limit))

    return router


def _used_terms(session: Session) -> Iterator[tuple[str, ...]]:
    return (named_terms(profile.facts) for side in SIDES for profile in store.live(session, side))


def shown(session: Session, side: Side, one: UUID, shard_count: int) -> ShownList:
    """The current list, put together from all shards."""
    lists = store.lists_of(session, side, one, shard_count)
    if not lists:
        raise _unknown(side)
    rules = store.epoch(session, store.present_epoch(session, shard_count)).rules
    lines = merged_lines(lists, rules.size(side))
    pairs = [as_pair(side, one, lists[0].profile_revision, line) for line in lines]
    postings = _postings(session, {pair.posting_id for pair in pairs})
    return ShownList(
        scope=side,
        scope_id=one,
        epoch=min(held.epoch for held in lists),
        matches=tuple(
            ShownMatch(pair=pair, title=postings[pair.posting_id].title, employer=postings[pair.posting_id].employer)
            for pair in pairs
            if pair.posting_id in postings
        ),
    )


def _live(session: Session, side: Side, one: UUID) -> Profile:
    row = next((row for row in store.profiles(session, side, {one}) if row.live), None)
    if row is None:
        raise _unknown(side)
    return store.as_profile(row)


def _unknown(side: Side) -> Problem:
    return Problem(
        404,
        "NOT_FOUND",
        f"Matching holds no such {side}.",
        "매칭에 그런 구직자나 공고가 없습니다.",
        where=side,
        hint="Was it accepted? A withdrawn one keeps an empty list; an unknown one has none.",
    )


def _asked(seeker: UUID | None, posting: UUID | None) -> tuple[Side, UUID]:
    if seeker and not posting:
        return "seeker", seeker
    if posting and not seeker:
        return "posting", posting
    raise Problem(
        422,
        "INVALID",
        "Name either a seeker or a posting.",
        "구직자나 공고 가운데 하나만 지정해 주세요.",
        where="query",
        hint="?seeker=ID or ?posting=ID",
    )


def _postings(session: Session, ids: set[UUID]) -> dict[UUID, PostingFacts]:
    profiles = (store.as_profile(row) for row in store.profiles(session, "posting", ids) if row.live)
    return {profile.id: profile.facts for profile in profiles if isinstance(profile.facts, PostingFacts)}
