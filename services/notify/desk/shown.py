"""What a page tells of a pair: one number, one sentence, and the parts that the number is the sum of."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import get_args
from uuid import UUID

from services.notify.match_lists import ShownPair
from services.notify.people import opaque_label
from services.notify.referrals import Pair, Standing
from services.notify.tables import PostingCard, SeekerCard
from shared.contracts import MatchedPair, Money, Part
from shared.contracts.referrals import Answer, ReasonGiven, ReferralState
from shared.places import kilometres
from shared.web.catalogue import Language, say
from shared.web.spoken import spoken_reason

LEGAL_FORM = re.compile(r"\((?:주|유)\)|주식회사|유한회사|\s+")
WHOLE = 10_000
MOST_GAPS = 5
VAGUE = "text"
"""The words of a whole text always differ: nothing that one could speak about."""
SMALL_LOSS = 100
"""A point of a hundred: less stands in nobody's way."""
REASONS: tuple[str, ...] = get_args(ReasonGiven)
ANSWERS: dict[ReferralState, tuple[Answer, ...]] = {
    "proposed": ("agreed", "consented", "declined"),
    "agreed": ("consented", "declined"),
    "consented": ("declined",),
    "declined": ("agreed",),
    "referred": ("interview_set", "hired", "not_hired", "declined"),
    "interview": ("hired", "not_hired", "no_show", "interview_set"),
    "no_show": ("interview_set", "hired", "not_hired", "declined"),
    "result_due": ("hired", "not_hired", "no_show"),
    "unanswered": ("hired", "not_hired", "no_show"),
    "hired": ("still_employed", "left"),
    "retained_1_month": ("still_employed", "left"),
    "retained_3_months": ("still_employed", "left"),
}
"""What a counselor may pass on for one of the two sides, by where the referral stands."""
ASKS_DAY: tuple[Answer, ...] = ("interview_set", "hired", "left")
ASKS_REASON: tuple[Answer, ...] = ("declined", "not_hired", "no_show", "left")


@dataclass(frozen=True)
class Gap:
    """A skill or certificate that so many postings of a list ask for in vain, and the most it would add to one."""

    term: str
    count: int
    most: int


@dataclass(frozen=True)
class Slice:
    """One part of the score as a piece of a bar."""

    part: Part
    start: int
    """Where the piece begins: the sum of the pieces before it."""


@dataclass(frozen=True)
class Row:
    """One pair, ready to be shown."""

    shown: ShownPair
    name: str
    spoken: str
    slices: tuple[Slice, ...]
    standing: Standing | None = None
    folded: tuple["Row", ...] = ()
    """More of the same employer, which the list does not show one by one."""

    @property
    def posting(self) -> PostingCard:
        return self.shown.posting

    @property
    def seeker(self) -> SeekerCard:
        return self.shown.seeker

    @property
    def points(self) -> int:
        """The one number: the score of a hundred."""
        return round(self.shown.pair.score / 100)

    @property
    def key(self) -> str:
        """The pair, as a form names it."""
        return f"{self.seeker.seeker_id}/{self.posting.posting_id}"

    @property
    def kilometres(self) -> int | None:
        """How far apart home and work are, in a straight line between what is known of both; None if unknown."""
        home, work = self.seeker.point, self.posting.point
        return round(kilometres((home[0], home[1], home[2]), (work[0], work[1], work[2]))) if home and work else None

    @property
    def obstacle(self) -> "Obstacle | None":
        return obstacle_of(self.shown.pair)


@dataclass(frozen=True)
class Obstacle:
    """What stands most in the way of a pair: a term that is missing, or a part that fits badly."""

    part: str
    points: int
    """What it takes from the score, in ten thousand."""
    term: str = ""


def rows_of(
    pairs: Sequence[ShownPair], names: Mapping[UUID, str], standings: Mapping[Pair, Standing], language: Language
) -> list[Row]:
    """Pairs as they are read on the page, with the names that registry told."""
    return [
        Row(
            shown=shown,
            name=name_of(shown.seeker.seeker_id, names, language),
            spoken=spoken_reason(shown.pair.reasons, language),
            slices=slices_of(shown.pair.parts),
            standing=standings.get((shown.seeker.seeker_id, shown.posting.posting_id)),
        )
        for shown in pairs
    ]


def folded(rows: Sequence[Row], per_employer: int) -> list[Row]:
    """At most so many rows of one employer, the others folded under the last of them; all where it is 0."""
    if not per_employer:
        return list(rows)
    by_firm: dict[str, list[Row]] = {}
    for row in rows:
        by_firm.setdefault(firm(row.posting.employer), []).append(row)
    too_many = [some for some in by_firm.values() if len(some) > per_employer]
    more = {some[per_employer - 1].posting.posting_id: tuple(some[per_employer:]) for some in too_many}
    hidden = {row.posting.posting_id for some in more.values() for row in some}
    shown = (row for row in rows if row.posting.posting_id not in hidden)
    return [replace(row, folded=more.get(row.posting.posting_id, ())) for row in shown]


def firm(employer: str) -> str:
    """The same for one employer however it is written: without its legal form, spaces and case."""
    return LEGAL_FORM.sub("", unicodedata.normalize("NFKC", employer)).casefold()


def obstacle_of(pair: MatchedPair) -> Obstacle | None:
    """The missing term that would add most, or else the known part that takes most from the whole."""
    if pair.raises:
        return Obstacle(part="", points=pair.raises[0].score, term=pair.raises[0].term)
    lost = [Obstacle(part.name, _lost(part)) for part in pair.parts if part.name != VAGUE]
    worst = max(lost, key=lambda it: it.points, default=None)
    return worst if worst and worst.points >= SMALL_LOSS else None


def _lost(part: Part) -> int:
    """What is missing to a full fit: a part's points grow with its value; of one that fits not at all it is unknown."""
    return round(part.score * (WHOLE - part.value) / part.value) if part.value else SMALL_LOSS


def days_after(day: date, count: int) -> date:
    return day + timedelta(days=count)


def gaps_of(pairs: Sequence[ShownPair]) -> list[Gap]:
    """What her list asks for and she lacks: what is missing most often first."""
    gains: dict[str, list[int]] = {}
    for shown in pairs:
        for one in shown.pair.raises:
            gains.setdefault(one.term, []).append(one.score)
    ranked = sorted(gains.items(), key=lambda gap: (-len(gap[1]), -max(gap[1]), gap[0]))
    return [Gap(term, len(points), max(points)) for term, points in ranked[:MOST_GAPS]]


def name_of(seeker_id: UUID, names: Mapping[UUID, str], language: Language) -> str:
    """Her name, or the opaque label where it is not known."""
    return names.get(seeker_id) or say(language, "seeker.opaque", label=opaque_label(seeker_id))


def label_of_cafe(cafe_id: UUID, language: Language) -> str:
    """How a café is called whose name is not known."""
    return say(language, "calls.cafe_label", label=opaque_label(cafe_id))


def slices_of(parts: Sequence[Part]) -> tuple[Slice, ...]:
    """The largest first, side by side, so that together they are as long as the score."""
    start = 0
    slices = []
    for part in sorted(parts, key=lambda part: (-part.score, part.name)):
        slices.append(Slice(part, start))
        start += part.score
    return tuple(slices)


def wage_of(card: PostingCard) -> Money | None:
    """The wage as it was published."""
    return Money.model_validate(card.wage) if card.wage else None


def least_wage(card: SeekerCard) -> Money | None:
    """The least she takes."""
    wished = card.wishes.get("wage")
    return Money.model_validate(wished) if wished else None
