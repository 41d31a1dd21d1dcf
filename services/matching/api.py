"""What operators ask of matching over HTTP: matches, any pair's explanation, the certificate, unknown terms."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Engine
from sqlmodel import Session

from services.matching import store
from services.matching.certificate import Certificate, certify, merged_lines
from services.matching.pair import Explanation, explain
from services.matching.profiles import SIDES, Side, named_terms
from services.matching.skills.comparison import Relation
from services.matching.skills.review import unknown_terms
from services.matching.written import as_pair
from shared.contracts import Fact, MatchedPair, PostingFacts, SeekerFacts
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


def api(engine: Engine, shard_count: int) -> APIRouter:
    router = APIRouter(prefix="/api/matching")

    @router.get("/matches")
    def matches(_who: Operator, seeker: UUID | None = None, posting: UUID | None = None) -> ShownList:
        side, one = _asked(seeker, posting)
        with reading(engine) as session:
            return shown(session, side, one, shard_count)

    @router.post("/explanation")
    def explanation(_who: Operator, pair: AskedPair) -> Explanation:
        """All that is to be said of two profiles under the present epoch, whether anybody holds them or not."""
        with reading(engine) as session:
            return explain(pair.seeker, pair.posting, store.epoch(session, store.newest_epoch(session) or 0))

    @router.get("/certificate")
    def certificate(_who: Operator) -> Certificate:
        with reading(engine) as session:
            store.as_of_one_moment(session)
            return certify(session, shard_count)

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
        raise Problem(
            404,
            "NOT_FOUND",
            f"Matching holds no such {side}.",
            "매칭에 그런 구직자나 공고가 없습니다.",
            where=side,
            hint="Was it accepted? A withdrawn one keeps an empty list; an unknown one has none.",
        )
    rules = store.epoch(session, store.newest_epoch(session) or 0).rules
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
