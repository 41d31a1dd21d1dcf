"""What did each of the three parties gain? Figures from the pairs alone; what is unknown is told, never taken as no.

A pair counts in the quarter of one day: for a share, the day it entered the denominator; for a median, the day on which
the later of the two things happened. So a part is always a part of its whole.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median
from typing import Literal, get_args

from services.registry.benefit.pairs import RESULT, TAKEN_UP, Pair, Period
from services.registry.orders.life_cycle import months_after
from services.registry.orders.referral_states import BEFORE_REFERRAL, State
from shared.figure import Figure, Row

Party = Literal["worker", "firm", "agency"]
PARTIES: tuple[Party, ...] = get_args(Party)
Counted = Literal["referral_id", "seeker_id", "posting_id", "agency_id"]
"""What is counted: pairs, or the people, postings or agencies in them, each once."""
Entry = Callable[[Pair, date], date | None]
"""The day on which a pair begins to count, as of a day; None where it does not."""
Verdict = Callable[[Pair], bool | None]
"""Whether it is so; None where it is not known."""
Entered = tuple[date, Pair]
"""A pair that counts, with the day from which it does."""


Reckoning = Callable[[str, Sequence[Pair]], Figure]
"""A figure of its name, from the pairs that count in it."""


@dataclass(frozen=True)
class Measure:
    """A figure's name, when a pair begins to count in it, and how it is reckoned from those that do.

    The catalogue has `figure.NAME` and `figure.NAME.told`.
    """

    name: str
    entry: Entry
    reckon: Reckoning

    def entered(self, pairs: Iterable[Pair], period: Period, today: date) -> list[Entered]:
        """The pairs that began to count in the period, each with its day."""
        first, past = period.days
        return [(day, pair) for pair in pairs if (day := self.entry(pair, today)) is not None and first <= day < past]

    def figure(self, entered: Iterable[Entered], *, noted: bool) -> Figure:
        """The figure of those that entered. Where nothing at all was noted there is no data: a count is not zero."""
        found = self.reckon(self.name, [pair for _, pair in entered])
        return found if noted else replace(found, numerator=None)


def one_figure(name: str, pairs: Sequence[Pair], period: Period, today: date) -> Figure:
    """One figure by its name."""
    measure = BY_NAME[name]
    return measure.figure(measure.entered(pairs, period, today), noted=_noted(pairs, period))


def _count(name: str, entry: Entry, counted: Counted) -> Measure:
    def reckon(name: str, pairs: Sequence[Pair]) -> Figure:
        found = {one for pair in pairs if (one := pair.ids.get(counted)) is not None}
        return Figure(name, len(found), rows=tuple(Row(one, counted, 1) for one in sorted(found)))

    return Measure(name, entry, reckon)


def _share(name: str, entry: Entry, verdict: Verdict, counted: Counted = "referral_id") -> Measure:
    def reckon(name: str, pairs: Sequence[Pair]) -> Figure:
        judged: dict[str, bool | None] = {}
        for pair in pairs:
            if (one := pair.ids.get(counted)) is not None:
                judged[one] = _together(judged.get(one, False), verdict(pair))
        if not judged:
            return Figure(name, None, unit="share", divided=True)
        verdicts = list(judged.values())
        yes, unknown = verdicts.count(True), verdicts.count(None)
        rows = tuple(Row(one, counted, None if is_so is None else int(is_so)) for one, is_so in sorted(judged.items()))
        return Figure(name, yes, len(judged) - unknown, rows, "share", True, unknown)

    return Measure(name, entry, reckon)


def _days(name: str, since: Sequence[State], until: State) -> Measure:
    def reckon(name: str, pairs: Sequence[Pair]) -> Figure:
        taken = {pair.ids["referral_id"]: _between(pair, since, until) for pair in sorted(pairs, key=_id)}
        known = [days for days in taken.values() if days is not None]
        rows = tuple(Row(one, "referral_id", days) for one, days in taken.items())
        middle = median(known) if known else None
        return Figure(name, middle, len(known) if rows else None, rows, "days", unknown=len(rows) - len(known))

    return Measure(name, lambda pair, _: pair.days.get(until), reckon)


def _per_hire(name: str, pairs: Sequence[Pair]) -> Figure:
    """Candidates whose result is known, for each that was hired."""
    held = sorted(pairs, key=_id)
    if not held:
        return Figure(name, None, divided=True)
    hired = [int(pair.has("hired")) if pair.has(*RESULT) else None for pair in held]
    rows = tuple(Row(_id(pair), "referral_id", one) for pair, one in zip(held, hired, strict=True))
    known = [one for one in hired if one is not None]
    return Figure(name, len(known), sum(known), rows, "count", True, len(held) - len(known))


def _taken_up(pair: Pair, _today: date) -> date | None:
    return pair.first(*TAKEN_UP)


def _referred(pair: Pair, _today: date) -> date | None:
    return pair.days.get("referred")


def _owed(pair: Pair, _today: date) -> date | None:
    """Referred, and the firm owes or owed an answer: nobody took the pair back before."""
    owes = pair.is_awaited or pair.has(*RESULT, "unanswered")
    return pair.first("referred") if owes else None


def _invited(pair: Pair, _today: date) -> date | None:
    return pair.first("interview", "no_show")


def _hired(pair: Pair, _today: date) -> date | None:
    return pair.days.get("hired")


def _hired_before(months: int) -> Entry:
    """Hired so long ago that so many months at work have passed, or would have."""

    def entry(pair: Pair, today: date) -> date | None:
        if pair.started_on is None or pair.started_on > today:
            return None
        return pair.first("hired") if months_after(pair.started_on, months) <= today else None

    return entry


def _was_hired(pair: Pair) -> bool | None:
    return True if pair.has("hired") else None if pair.is_awaited else False


def _was_answered(pair: Pair) -> bool | None:
    if pair.has(*RESULT):
        return True
    return False if pair.has("unanswered") else None


def _was_answered_in_time(pair: Pair) -> bool | None:
    return False if pair.has("unanswered") else True if pair.has(*RESULT) else None


def _came_not(pair: Pair) -> bool | None:
    return True if pair.has("no_show") else False if pair.has(*RESULT) else None


def _agreed(pair: Pair) -> bool | None:
    if pair.has("agreed", "consented", "referred"):
        return True
    return False if pair.has("declined") else None


def _came_to_referral(pair: Pair) -> bool | None:
    return True if pair.has("referred") else None if pair.state in BEFORE_REFERRAL else False


def _stayed(months: int) -> Verdict:
    return lambda pair: pair.stayed(months)


_RETAINED = {months: _share(f"retained_{months}", _hired_before(months), _stayed(months)) for months in (1, 3, 6)}

MEASURES: Mapping[Party, tuple[Measure, ...]] = {
    "worker": (
        _count("people_proposed", _taken_up, "seeker_id"),
        _count("people_referred", _referred, "seeker_id"),
        _share("people_hired", _referred, _was_hired, "seeker_id"),
        _share("applicants_answered", _owed, _was_answered),
        _days("days_to_referral", TAKEN_UP, "referred"),
        _days("days_to_interview", ["referred"], "interview"),
        _days("days_to_hire", TAKEN_UP, "hired"),
        _share("wage_as_wished", _hired, lambda pair: pair.wage_fits),
        *_RETAINED.values(),
    ),
    "firm": (
        _count("postings_referred", _referred, "posting_id"),
        _share("postings_hired", _referred, _was_hired, "posting_id"),
        Measure("referred_per_hire", _referred, _per_hire),
        _share("no_shows", _invited, _came_not),
        _share("answered_in_time", _owed, _was_answered_in_time),
        _days("days_referral_to_hire", ["referred"], "hired"),
        _RETAINED[3],
    ),
    "agency": (
        _count("agencies_referred", _referred, "agency_id"),
        _count("postings_proposed", _taken_up, "posting_id"),
        _share("postings_came_to_referral", _taken_up, _came_to_referral, "posting_id"),
        _share("proposals_agreed", lambda pair, _today: pair.first("proposed"), _agreed),
        _count("pairs_hired", _hired, "referral_id"),
        _days("days_posting_to_hire", TAKEN_UP, "hired"),
    ),
}  # fmt: skip
BY_NAME: Mapping[str, Measure] = {measure.name: measure for measures in MEASURES.values() for measure in measures}
KEY = ("people_proposed", "people_referred", "people_hired", "answered_in_time", "days_to_hire", "retained_3")
"""What stands in the table of cafés, districts and quarters."""


def behind(pairs: Sequence[Pair], rows: Sequence[Row]) -> list[tuple[Row, list[Pair]]]:
    """Rows of one figure, each with its pairs."""
    if not rows:
        return []
    found = _grouped(pairs, rows[0].label)
    return [(row, found[row.id]) for row in rows]


def _noted(pairs: Iterable[Pair], period: Period) -> bool:
    """Whether anything was noted in the period."""
    first, past = period.days
    return any(first <= day < past for pair in pairs for _, day in pair.path)


def _id(pair: Pair) -> str:
    return pair.ids["referral_id"]


def _grouped(pairs: Sequence[Pair], counted: str) -> dict[str, list[Pair]]:
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        one = pair.ids.get(counted)
        if one is not None:
            groups[one].append(pair)
    return groups


def _together(one: bool | None, other: bool | None) -> bool | None:
    """Of several pairs of one: so if it is so of any; not known while one that is not known could make it so."""
    if one or other:
        return True
    return None if one is None or other is None else False


def _between(pair: Pair, since: Sequence[State], until: State) -> int | None:
    """Days from the first to the first; None where the earlier was never noted, or only later."""
    begun, ended = pair.first(*since), pair.first(until)
    if begun is None or ended is None or begun > ended:
        return None
    return (ended - begun).days
