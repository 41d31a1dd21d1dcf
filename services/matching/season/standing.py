"""The season as it stands in the store: every matched pair, every open place, and whose seeker is whose."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlmodel import Session

from services.matching import store
from services.matching.engine.lists import Key
from services.matching.engine.profiles import SIDES, Side
from services.matching.engine.written import key_of
from services.matching.season.plan import Ids, Limits, Pairs
from services.matching.tables import ProfileRow
from shared.contracts import PostingFacts


@dataclass(frozen=True)
class Season:
    """All that can be referred now. Seekers, postings and cafés are numbered in the order of their ids."""

    epoch: int
    seekers: list[UUID]
    postings: list[UUID]
    cafes: list[UUID]
    cafe_of: list[UUID | None]
    """By seeker."""
    facts: list[PostingFacts]
    """By posting."""
    pairs: Pairs
    shown: dict[Side, dict[UUID, int]]
    """By side: on how many lists of the other side each one is."""

    @property
    def places(self) -> Ids:
        """How many each posting takes."""
        return np.array([facts.headcount for facts in self.facts], dtype=np.int64)

    def limits(self, of_seeker: int, of_place: int, of_cafe: int | None) -> Limits:
        """The limits of a plan; without a number for cafés their counselors can make any number of referrals."""
        number = {cafe: at for at, cafe in enumerate(self.cafes)}
        cafe = np.array([-1 if one is None else number[one] for one in self.cafe_of], dtype=np.int64)
        at_most = len(self.pairs) if of_cafe is None else of_cafe
        return Limits(of_seeker, self.places * of_place, cafe, np.full(len(self.cafes), at_most, dtype=np.int64))


def season(session: Session, shard_count: int) -> Season:
    """Read everything, as of one moment."""
    store.as_of_one_moment(session)
    rows = {side: [row for row in store.profiles(session, side) if row.live] for side in SIDES}
    number = {side: {row.id: at for at, row in enumerate(rows[side])} for side in SIDES}
    cafe_of = [row.cafe_id for row in rows["seeker"]]
    shown: dict[Side, dict[UUID, int]] = {side: dict.fromkeys(number[side], 0) for side in SIDES}
    return Season(
        epoch=store.present_epoch(session, shard_count),
        seekers=list(number["seeker"]),
        postings=list(number["posting"]),
        cafes=sorted({cafe for cafe in cafe_of if cafe is not None}),
        cafe_of=cafe_of,
        facts=[_facts(row) for row in rows["posting"]],
        pairs=_pairs(session, shard_count, number, shown),
        shown=shown,
    )


def _facts(row: ProfileRow) -> PostingFacts:
    facts = store.as_profile(row).facts
    assert isinstance(facts, PostingFacts)
    return facts


def _pairs(
    session: Session, shard_count: int, number: dict[Side, dict[UUID, int]], shown: dict[Side, dict[UUID, int]]
) -> Pairs:
    """The union of all lists, each pair once, seeker by seeker in the order of her list."""
    held: dict[tuple[int, int], tuple[int, Any]] = {}
    for side, own, other, key in _listed(session, shard_count):
        seeker, posting = (own, other) if side == "seeker" else (other, own)
        ends = number["seeker"].get(seeker), number["posting"].get(posting)
        if ends[0] is None or ends[1] is None:  # a list is made anew a moment after somebody on it left
            continue
        shown["posting" if side == "seeker" else "seeker"][other] += 1
        if side == "seeker" or ends not in held:
            # on her own list a pair has its place among equals; only a posting's list may name it besides
            order = (0, key.since, key.other) if side == "seeker" else (1, 0, posting)
            held[ends[0], ends[1]] = -key.falling_score, order
    ordered = sorted(held.items(), key=lambda one: (one[0][0], -one[1][0], one[1][1]))
    columns = np.array([(seeker, posting, score) for (seeker, posting), (score, _) in ordered], dtype=np.int64)
    seeker_column, posting_column, score_column = columns.reshape(-1, 3).T
    return Pairs(seeker_column, posting_column, score_column)


def _listed(session: Session, shard_count: int) -> Iterator[tuple[Side, UUID, UUID, Key]]:
    for row in store.all_lists(session, shard_count):
        side: Side = "seeker" if row.scope == "seeker" else "posting"
        for line in store.lines_of(row.pairs):
            key = key_of(line)
            yield side, row.scope_id, key.other, key
