"""What is there to say of one pair, match or not? Both fits, every gate, and what would change the answer.

A pure function of the two profiles and the epoch. The score is that of the parts, the gates left aside: `verdict` says
whether it counts.
"""

import math
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from services.matching.engine.conditions import judge_occupation
from services.matching.engine.index import Epoch, Index
from services.matching.engine.profiles import SIDES, Facts, Profile, Side
from services.matching.engine.scorer import PARTS, VIEWS, Rules
from services.matching.engine.written import told_of
from shared.contracts import Fact, GateName, Part, PostingFacts, Raise, Reason, SeekerFacts
from shared.contracts.envelope import TenThousandth
from shared.contracts.matches import PartName
from shared.places import EARTH_RADIUS_M, Spot, accepts, spot, usual_name

Verdict = Literal["match", "below_threshold", "shut_out", "not_enough_data"]
State = Literal["open", "shut", "unknown"]

_ENDS = UUID(int=1), UUID(int=2)
"""Any seeker and any posting."""
_FIGURES = {"score": "score", "seeker": "fit_for_seeker", "posting": "fit_for_posting"}
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class Gate(Fact):
    """A condition, what each side says of it, and whether it lets the pair through; unknown lets it through."""

    name: GateName
    state: State
    wished: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()


class Explanation(Fact):
    """All that is to be said of a pair. A figure of which nothing is known is absent."""

    epoch: int
    fitted: bool
    """Whether the epoch knows how rare words are; else each tells as much as every other."""
    verdict: Verdict
    threshold: TenThousandth
    """The least score that is a match."""
    score: TenThousandth | None
    fit_for_seeker: TenThousandth | None
    fit_for_posting: TenThousandth | None
    known: TenThousandth
    """How much of the weight belongs to parts that are known."""
    parts: tuple[Part, ...]
    unknown: tuple[PartName, ...]
    reasons: tuple[Reason, ...]
    gates: tuple[Gate, ...]
    but_for: GateName | None
    """The one gate without which this were a match."""
    seeker_text: TenThousandth
    """How much her text counts: all, or less where it resembles everybody's; its words then tell less."""
    posting_text: TenThousandth
    """How much the posting's text counts."""
    raises: tuple[Raise, ...]
    """What is asked for and missing, the most helpful first."""


def explain(seeker: SeekerFacts, posting: PostingFacts, epoch: Epoch) -> Explanation:
    """Everything about this pair under this epoch."""
    index, rules = _at_hand(seeker, posting, epoch), epoch.rules
    shut = index.excluded_by(*_ENDS)
    told = told_of(index.explain([(*_ENDS, _values(index, seeker, posting))])[0])
    known = {part["name"] for part in told["parts"]}
    unheard = {name: None for view, name in _FIGURES.items() if VIEWS[view].isdisjoint(known)}
    fits = _verdict(told["score"], len(known), rules)
    return Explanation(
        **told | unheard,
        epoch=epoch.number,
        fitted=epoch.frequencies is not None,
        verdict="shut_out" if shut else fits,
        threshold=rules.threshold,
        seeker_text=index.text_share("seeker", seeker),
        posting_text=index.text_share("posting", posting),
        gates=_gates(seeker, posting, shut),
        but_for=shut[0] if fits == "match" and len(shut) == 1 else None,
    )


def _at_hand(seeker: SeekerFacts, posting: PostingFacts, epoch: Epoch) -> Index:
    index = Index(epoch)
    ends: tuple[tuple[Side, Facts], ...] = ("seeker", seeker), ("posting", posting)
    for (side, facts), end in zip(ends, _ENDS, strict=True):
        index.put(side, index.read(side, [Profile(side, end, 1, _ANY_TIME, facts)]))
    return index


def _values(index: Index, seeker: SeekerFacts, posting: PostingFacts) -> tuple[int, ...]:
    """The parts, the gates left aside: an occupation outside the wish counts as if the wish were widened."""
    scored = index.score(*(index.shelves[side].live() for side in SIDES))
    values = dict(zip(PARTS, scored.values[:, 0, 0].tolist(), strict=True))
    widened = tuple(sorted(set(seeker.wishes.occupation_codes))), True
    values["occupation"] = judge_occupation(widened, posting.occupation_code)
    return tuple(values.values())


def _verdict(score: int, known_parts: int, rules: Rules) -> Verdict:
    if not known_parts:
        return "not_enough_data"
    return "match" if score >= rules.threshold else "below_threshold"


def _gates(seeker: SeekerFacts, posting: PostingFacts, shut: tuple[GateName, ...]) -> tuple[Gate, ...]:
    wishes, kind = seeker.wishes, posting.employment_type
    distance = _metres(spot(seeker.home), spot(posting.place))
    reach = (f"≤ {wishes.commute_km:g} km",) if wishes.commute_km else ()
    place = (posting.place.district,) if posting.place.district else ()
    away = () if distance is None else (f"{distance / 1000:.1f} km",)
    said: dict[GateName, tuple[tuple[str, ...], tuple[str, ...]]] = {
        "occupation": (wishes.occupation_codes, (posting.occupation_code,) if posting.occupation_code else ()),
        "employment_type": (wishes.employment_types, (kind,) if kind else ()),
        "commute": ((*wishes.districts, *reach), (*place, *away, *(("remote",) if posting.place.remote else ()))),
        "certificate": (seeker.certificates, posting.certificates),
    }
    passes: dict[GateName, bool] = {name: bool(wished and offered) for name, (wished, offered) in said.items()}
    passes["commute"] = bool(said["commute"][0]) and _is_within(seeker, posting, distance)
    return tuple(
        Gate(
            name=name,
            state="shut" if name in shut else "open" if passes[name] else "unknown",
            wished=wished,
            offered=offered,
        )
        for name, (wished, offered) in said.items()
    )


def _is_within(seeker: SeekerFacts, posting: PostingFacts, distance: int | None) -> bool:
    """Whether one of her own statements says that she would go there."""
    district, limit = spot(posting.place).district, seeker.wishes.commute_km
    wished = any(district and accepts(usual_name(area), district) for area in seeker.wishes.districts)
    near = limit is not None and distance is not None and distance <= round(limit * 1000)
    return wished or near or posting.place.remote


def _metres(home: Spot, work: Spot) -> int | None:
    """In a straight line."""
    return round(math.dist(home.point, work.point) * EARTH_RADIUS_M) if home.point and work.point else None
