"""The season as it stands in the store: every matched pair, every open place, and whose seeker is whose."""

from array import array
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import numpy as np
from sqlmodel import Session

from services.matching import store
from services.matching.engine.profiles import SIDES, Side, as_side, other_side
from services.matching.engine.written import key_of
from services.matching.season.plan import Ids, Limits, Pairs
from services.matching.tables import ProfileRow
from shared.contracts import PostingFacts

READ_AT_ONCE = 2_000


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
    number: dict[Side, dict[UUID, int]] = {side: {} for side in SIDES}
    cafe_of: list[UUID | None] = []
    facts: list[PostingFacts] = []
    for row in (row for page in store.pages(session, READ_AT_ONCE) for row in page if row.live):
        of_side = number[as_side(row.side)]
        of_side[row.id] = len(of_side)
        if row.side == "seeker":
            cafe_of.append(row.cafe_id)
        else:
            facts.append(_facts(row))
    listed = _listed(session, shard_count, number)
    return Season(
        epoch=store.present_epoch(session, shard_count),
        seekers=list(number["seeker"]),
        postings=list(number["posting"]),
        cafes=sorted({cafe for cafe in cafe_of if cafe is not None}),
        cafe_of=cafe_of,
        facts=facts,
        pairs=_pairs(listed),
        shown={side: _shown(listed, side, number[side]) for side in SIDES},
    )


def _facts(row: ProfileRow) -> PostingFacts:
    facts = store.as_profile(row).facts
    assert isinstance(facts, PostingFacts)
    return facts


class _Listed(NamedTuple):
    """Every line of every list, in columns of one length; a city has millions."""

    seeker: Ids
    posting: Ids
    score: Ids
    of_posting: Ids
    """1 where it stands on a posting's list, 0 on a seeker's own."""
    place: Ids
    """On that list, from 0."""


def _listed(session: Session, shard_count: int, number: dict[Side, dict[UUID, int]]) -> _Listed:
    columns = [array("q") for _ in _Listed._fields]
    for row in store.all_lists(session, shard_count):
        side = as_side(row.scope)
        own = number[side].get(row.scope_id)
        for place, key in enumerate(map(key_of, store.lines_of(row.pairs))):
            other = number[other_side(side)].get(key.other)
            if own is None or other is None:  # a list is made anew a moment after somebody on it left
                continue
            seeker, posting = (own, other) if side == "seeker" else (other, own)
            of_posting = int(side == "posting")
            for column, value in zip(columns, (seeker, posting, -key.falling_score, of_posting, place), strict=True):
                column.append(value)
    return _Listed(*(np.frombuffer(column, dtype=np.int64) for column in columns))


def _shown(listed: _Listed, side: Side, number: dict[UUID, int]) -> dict[UUID, int]:
    """On how many lists of the other side each one is."""
    on_lists = (listed.posting if side == "posting" else listed.seeker)[listed.of_posting == (side == "seeker")]
    return dict(zip(number, np.bincount(on_lists, minlength=len(number)).tolist(), strict=True))


def _pairs(listed: _Listed) -> Pairs:
    """The union of all lists, each pair once, seeker by seeker in the order of her list.

    On her own list a pair has its place among equals; only a posting's list may name it besides.
    """
    by_pair = np.lexsort((listed.of_posting, listed.posting, listed.seeker))
    seeker, posting = listed.seeker[by_pair], listed.posting[by_pair]
    first = by_pair[np.r_[True, (seeker[1:] != seeker[:-1]) | (posting[1:] != posting[:-1])][: len(by_pair)]]
    seeker, posting, score, of_posting, place = (column[first] for column in listed)
    among_equals = np.where(of_posting == 1, posting, place)
    order = np.lexsort((among_equals, of_posting, -score, seeker))
    return Pairs(seeker[order], posting[order], score[order])
