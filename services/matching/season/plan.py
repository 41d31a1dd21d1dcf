"""Who is referred where, when places are few? The referrals that together fit best under everyone's limits.

Plain lists send everyone to the same favourites. A plan chooses among the matched pairs so that the sum of their scores
is greatest, while no posting gets more candidates than its places warrant, no seeker more referrals than she can
follow, and no café more than its counselors can make.

Referrals flow from a café to its seekers, from a seeker to the postings she is matched with, and out by their places.
The flow that pays most is a best plan: where limits are whole, so is one of the best flows (Dantzig 1951).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.matching.season.cheapest_flow import Arcs, cheapest_circulation

Ids = NDArray[np.int64]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """The matched pairs of a season, in columns of one length.

    `seeker` and `posting` count from 0; `score` is in ten-thousandths, at least 1. A pair stands once. Within a seeker
    the pairs come in the order of her list: score falling, who came first, id rising.
    """

    seeker: Ids
    posting: Ids
    score: Ids

    def __len__(self) -> int:
        return len(self.score)


@dataclass(frozen=True)
class Limits:
    """How many referrals at most.

    `of_posting[p]` is for posting p: its places times the candidates wished for a place. `of_seeker` is for each one.
    `cafe[s]` is the café of seeker s, counted from 0, or -1 for none; `of_cafe[c]` what café c's counselors can make.
    """

    of_seeker: int
    of_posting: Ids
    cafe: Ids
    of_cafe: Ids

    @property
    def seekers(self) -> int:
        return len(self.cafe)


def best_plan(pairs: Pairs, limits: Limits) -> Chosen:
    """The pairs to refer: of all choices within the limits one with the greatest sum of scores.

    Returns:
        A flag a pair, in the order of `pairs`.
    """
    arcs, nodes = _network(pairs, limits)
    return cheapest_circulation(arcs, nodes)[: len(pairs)] > 0


def top_of_lists(pairs: Pairs, of_seeker: int) -> Chosen:
    """What happens without a plan: every seeker is referred to the first of her list, however many others are."""
    return _place_on_list(pairs) < of_seeker


def _network(pairs: Pairs, limits: Limits) -> tuple[Arcs, int]:
    """One arc a pair, first; then from cafés to seekers, from postings out, from outside to cafés. How many nodes."""
    no_cafe = len(limits.of_cafe)
    seekers = np.arange(limits.seekers)
    postings = limits.seekers + np.arange(len(limits.of_posting))
    cafes = limits.seekers + len(postings) + np.arange(no_cafe + 1)
    outside = limits.seekers + len(postings) + len(cafes)
    columns = (
        (seekers[pairs.seeker], postings[pairs.posting], 1, -pairs.score),
        (cafes[np.where(limits.cafe < 0, no_cafe, limits.cafe)], seekers, limits.of_seeker, 0),
        (postings, outside, limits.of_posting, 0),
        (outside, cafes, np.append(limits.of_cafe, len(pairs)), 0),
    )
    parts = [np.broadcast_arrays(*(np.asarray(one, dtype=np.int64) for one in column)) for column in columns]
    return Arcs(*(np.concatenate(column) for column in zip(*parts, strict=True))), outside + 1


def _place_on_list(pairs: Pairs) -> Ids:
    """Where each pair stands on its seeker's list, from 0; pairs come in the order of lists."""
    order = np.argsort(pairs.seeker, kind="stable")
    of = pairs.seeker[order]
    first = np.flatnonzero(np.r_[True, of[1:] != of[:-1]]) if len(of) else np.zeros(0, dtype=np.int64)
    start = np.repeat(first, np.diff(np.r_[first, len(of)]))
    place = np.empty(len(pairs), dtype=np.int64)
    place[order] = np.arange(len(pairs)) - start
    return place


@dataclass(frozen=True)
class Outcome:
    """What a choice of referrals brings each of the three parties. Shares are of 1; None where nothing can be said."""

    referrals: int
    total_fit: int
    """Sum of scores, in ten-thousandths."""
    mean_fit: float | None
    seekers_with_an_offer: int
    seekers: int
    seekers_of_lists: int
    """Seekers who have any match at all: nobody can refer the others."""
    postings_with_a_candidate: int
    postings: int
    postings_of_lists: int
    places_with_a_candidate: int
    """Of each posting the fewer of its places and its candidates, summed."""
    places: int
    largest_crowd: int
    """The most candidates that one posting gets."""
    beyond_capacity: int
    """Referrals that a posting's limit or a café's has no room for."""


def outcome(pairs: Pairs, chosen: Chosen, limits: Limits, places: Ids) -> Outcome:
    """Count what was chosen. `places[p]` is the headcount of posting p."""
    seeker, posting, score = pairs.seeker[chosen], pairs.posting[chosen], pairs.score[chosen]
    crowd = np.bincount(posting, minlength=len(places))
    of_cafe = limits.cafe[seeker]
    made = np.bincount(of_cafe[of_cafe >= 0], minlength=len(limits.of_cafe))
    beyond = np.maximum(crowd - limits.of_posting, 0).sum() + np.maximum(made - limits.of_cafe, 0).sum()
    return Outcome(
        referrals=len(score),
        total_fit=int(score.sum()),
        mean_fit=float(score.mean()) if len(score) else None,
        seekers_with_an_offer=len(np.unique(seeker)),
        seekers=limits.seekers,
        seekers_of_lists=len(np.unique(pairs.seeker)),
        postings_with_a_candidate=int((crowd > 0).sum()),
        postings=len(places),
        postings_of_lists=len(np.unique(pairs.posting)),
        places_with_a_candidate=int(np.minimum(crowd, places).sum()),
        places=int(places.sum()),
        largest_crowd=int(crowd.max(initial=0)),
        beyond_capacity=int(beyond),
    )


@dataclass(frozen=True)
class PassedOver:
    """A better pair that the plan did not choose: how many list its posting, and for how many places."""

    posting: int
    place_on_list: int
    listed_by: int
    places: int


@dataclass(frozen=True)
class Why:
    """Why a chosen pair is the seeker's n-th choice: what stands before it on her list and was not chosen."""

    choice: int
    """1 for the first of her list."""
    passed_over: tuple[PassedOver, ...]


def reasons(pairs: Pairs, chosen: Chosen, places: Ids) -> dict[int, Why]:
    """By index of each chosen pair, why it and none before it."""
    place = _place_on_list(pairs)
    listed_by = np.bincount(pairs.posting, minlength=len(places))
    order = np.lexsort((place, pairs.seeker))
    told: dict[int, Why] = {}
    passed: list[PassedOver] = []
    last_seeker = -1
    for pair in order.tolist():
        if int(pairs.seeker[pair]) != last_seeker:
            last_seeker, passed = int(pairs.seeker[pair]), []
        posting = int(pairs.posting[pair])
        if chosen[pair]:
            told[pair] = Why(int(place[pair]) + 1, tuple(passed))
        else:
            over = PassedOver(posting, int(place[pair]) + 1, int(listed_by[posting]), int(places[posting]))
            passed.append(over)
    return told
