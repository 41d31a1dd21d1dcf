"""What would a seeker nearly get, and what keeps her from it?

A near miss of hers is a posting that is not on her list and reaches her bar
- with the one gate that shuts it out left aside; an occupation outside her wish must share half of a code that she
  wishes, and counts as if she widened her wish, or
- if she held all skills and certificates that it asks for.
Her bar is the score of the last line of her list if that is full, else the threshold. The best by the score that they
would have are told, at most as many as a list holds; a tie goes to whoever came first, as in a list.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.matching.engine.conditions import judge_occupation
from services.matching.engine.index import Index
from services.matching.engine.profiles import Profile
from services.matching.engine.scorer import FULL, PARTS, UNKNOWN, Values, combine
from services.matching.engine.shelf import SKILL_PARTS
from services.matching.engine.skills.terms import canonical
from services.matching.engine.written import told_of
from shared.contracts import Fact, GateName, Raise, SeekerFacts
from shared.contracts.envelope import TenThousandth

NEIGHBOUR = FULL // 2
"""The part of a wished code that an occupation outside the wish must share to be near."""


class NearMiss(Fact):
    """A posting that she nearly gets: kept from her by one gate, or else by what she lacks."""

    posting_id: UUID
    gate: GateName | None
    score: TenThousandth
    """As things stand, the gate left aside."""
    would_be: TenThousandth
    """Without the gate, or with all that is asked for."""
    raises: tuple[Raise, ...]
    """What is missing and what each alone would add."""


class SkillGap(Fact):
    """A skill or certificate that near misses ask for and she lacks."""

    term: str
    missing_in: int
    brings_over: int
    """So many it would bring onto her list by itself."""


class NearMisses(Fact):
    """Her near misses, the nearest first, and what they lack between them."""

    bar: TenThousandth
    near: tuple[NearMiss, ...]
    gates: dict[GateName, int]
    skills: tuple[SkillGap, ...]


def near_misses(index: Index, seeker: Profile, apart: Collection[UUID]) -> NearMisses:
    """Everything she nearly gets of the postings at hand, but for those that are kept apart from her."""
    beside = index.without("seeker")
    beside.put("seeker", beside.read("seeker", [seeker]))
    shelf, rules = beside.shelves["posting"], beside.epoch.rules
    slots, order = shelf.live(), shelf.order(shelf.live())
    judged, excluded = beside.judge(beside.shelves["seeker"].live(), slots)
    values, shut = judged[:, 0], {gate: mask[0] for gate, mask in excluded.items()}
    _widen(values, seeker, [shelf.traits[slot].occupation for slot in slots], np.flatnonzero(shut["occupation"]))
    scores, gates = combine(values, rules), np.sum(list(shut.values()), axis=0)
    gates[shut["occupation"] & (values[PARTS.index("occupation")] < NEIGHBOUR)] = len(shut)
    gone = [shelf.slot[one] for one in apart if one in shelf.slot]
    gates[np.isin(slots, gone)] = len(shut) + 1  # not hers any more, whatever she learns
    listed = _best(np.where(gates == 0, scores, UNKNOWN), order, rules.threshold)[: rules.seeker_list]
    bar = max(rules.threshold, int(scores[listed[-1]]) if len(listed) == rules.seeker_list else 0)
    would_be = np.where(gates == 1, scores, np.where(gates == 0, combine(_with_all(values), rules), UNKNOWN))
    would_be[listed] = UNKNOWN
    nearest = _best(would_be, order, bar)[: rules.seeker_list]
    pairs = [(seeker.id, shelf.profiles[slots[at]][0], tuple(values[:, at].tolist())) for at in nearest]
    near = tuple(
        NearMiss(
            posting_id=end,
            gate=next((gate for gate, mask in shut.items() if mask[at]), None),
            score=int(scores[at]),
            would_be=int(would_be[at]),
            raises=tuple(Raise.model_validate(one) for one in told_of(body)["raises"]),
        )
        for (_, end, _), at, body in zip(pairs, nearest, beside.explain(pairs), strict=True)
    )
    return NearMisses(bar=bar, near=near, gates=Counter(one.gate for one in near if one.gate), skills=_gaps(near, bar))


def _widen(values: Values, seeker: Profile, offered: Sequence[str | None], outside: NDArray[np.int64]) -> None:
    """Where the occupation lies outside her wish, it counts as if she widened it."""
    if isinstance(seeker.facts, SeekerFacts):
        widened = tuple(sorted(set(seeker.facts.wishes.occupation_codes))), True
        for at in outside.tolist():
            values[PARTS.index("occupation"), at] = judge_occupation(widened, offered[at])


def _with_all(values: Values) -> Values:
    """If she held all that is asked for; what is unknown stays unknown."""
    held = values.copy()
    for part in SKILL_PARTS:
        row = held[PARTS.index(part)]
        row[row >= 0] = FULL
    return held


def _best(scores: NDArray[np.int32], order: NDArray[np.int64], least: int) -> list[int]:
    """Those of at least this score, in the order of a list."""
    return [at for at in np.lexsort((order, -scores)).tolist() if scores[at] >= least]


def _gaps(near: Sequence[NearMiss], bar: int) -> tuple[SkillGap, ...]:
    """What is missing most often, first."""
    missing, enough = Counter[str](), Counter[str]()
    written: dict[str, str] = {}
    for miss in near:
        for one in miss.raises:
            term = canonical(one.term)
            written.setdefault(term, one.term)
            missing[term] += 1
            enough[term] += miss.gate is None and miss.score + one.score >= bar
    ranked = sorted(missing, key=lambda term: (-missing[term], -enough[term], term))
    return tuple(SkillGap(term=written[one], missing_in=missing[one], brings_over=enough[one]) for one in ranked)
