"""Small profiles and streams of them: few words, few skills, few places, so that pairs tie."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Engine
from sqlmodel import col, select

from services.matching.engine.scorer import Rules
from services.matching.matcher import Heard, Matcher
from services.matching.proof.certificate import Certificate, certify
from services.matching.shards import Shard
from services.matching.tables import Table
from shared.contracts import (
    MatchesFound,
    PostingFacts,
    PostingPublished,
    PostingWithdrawn,
    ReferralRecorded,
    SeekerFacts,
    SeekerPublished,
    SeekerWithdrawn,
)
from shared.contracts.referrals import ReferralState
from shared.database import SpineTable, reading, transaction
from shared.outbox import OutboxLine
from shared.wire import decode
from tests.stores import store_with

START = datetime(2026, 3, 2, tzinfo=UTC)
NAMES = UUID(int=0)
SMALL = Rules(threshold=300, seeker_list=2, posting_list=2)
NEVER = 10**9
"""So many profiles that no epoch is fitted."""


def seeker_id(number: int) -> UUID:
    return uuid5(NAMES, f"seeker {number}")


def posting_id(number: int) -> UUID:
    return uuid5(NAMES, f"posting {number}")


def seeker_facts(**but: Any) -> SeekerFacts:
    return SeekerFacts.model_validate({"summary": "빵을 굽고 매장을 청소한다"} | but)


def posting_facts(**but: Any) -> PostingFacts:
    document = {"agency_id": NAMES, "source_ref": "1", "title": "빵을 굽는 제빵사", "employer": "하늘빵집"}
    return PostingFacts.model_validate(document | but)


def a_seeker(number: int = 1, *, revision: int = 1, minutes: int = 0, **facts: Any) -> SeekerPublished:
    return SeekerPublished(
        seeker_id=seeker_id(number),
        revision=revision,
        applied_at=START + timedelta(minutes=minutes),
        facts=seeker_facts(**facts),
    )


def a_posting(number: int = 1, *, revision: int = 1, minutes: int = 0, **facts: Any) -> PostingPublished:
    return PostingPublished(
        posting_id=posting_id(number),
        revision=revision,
        agency_name="새벽인력",
        accepted_at=START + timedelta(minutes=minutes),
        facts=posting_facts(**facts),
    )


def no_seeker(number: int = 1, *, revision: int = 2) -> SeekerWithdrawn:
    return SeekerWithdrawn(seeker_id=seeker_id(number), revision=revision, reason="placed")


def no_posting(number: int = 1, *, revision: int = 2) -> PostingWithdrawn:
    return PostingWithdrawn(posting_id=posting_id(number), revision=revision, reason="closed")


def a_referral(
    seeker: int = 1, posting: int = 1, *, revision: int = 1, state: ReferralState = "referred"
) -> ReferralRecorded:
    ends = seeker_id(seeker), posting_id(posting)
    return ReferralRecorded(
        referral_id=uuid5(NAMES, f"{ends}"),
        seeker_id=ends[0],
        posting_id=ends[1],
        revision=revision,
        state=state,
        decided_by="registry",
    )


def open_store(url: str = "sqlite://") -> Engine:
    return store_with(url, Table.metadata, SpineTable.metadata)


def started(engine: Engine, rules: Rules = SMALL, *, shard: str = "0/1", epoch_profiles: int = NEVER) -> Matcher:
    matcher = Matcher(engine, rules, Shard.named(shard), epoch_profiles)
    matcher.start()
    return matcher


def hear(matcher: Matcher, engine: Engine, events: Sequence[Heard]) -> None:
    """Both steps, as the spine takes them."""
    with matcher.lock:
        with transaction(engine) as session:
            matcher.remember(events, session)
        with transaction(engine) as session:
            matcher.match(events, session)


def hear_all(matcher: Matcher, engine: Engine, batches: Iterable[Sequence[Heard]]) -> None:
    for batch in batches:
        hear(matcher, engine, batch)


def certified(engine: Engine, shards: int = 1) -> Certificate:
    with reading(engine) as session:
        return certify(session, shards)


def said(engine: Engine) -> list[MatchesFound]:
    """All lists that were said, in order."""
    with reading(engine) as session:
        query = select(OutboxLine.fields).where(OutboxLine.stream == MatchesFound.stream)
        return [_decoded(fields) for fields in session.exec(query.order_by(col(OutboxLine.number)))]


def newest_said(engine: Engine) -> dict[tuple[str, UUID, str], MatchesFound]:
    """What a hearer of the stream holds in the end."""
    return {(found.scope, found.scope_id, found.shard): found for found in said(engine)}


def _decoded(fields: str) -> MatchesFound:
    return decode(MatchesFound, {key.encode(): value.encode() for key, value in json.loads(fields).items()})
