"""Do the conditions allow the pair, and how well do they suit? Gates with names, and the parts that are not text.

Only known facts exclude. Everything is whole numbers looked up or worked out for many seekers against many postings:
seekers along the rows, postings along the columns.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from services.matching.engine.scorer import FULL, UNKNOWN
from services.matching.engine.wages import on_common_basis
from shared.contracts import PostingFacts, SeekerFacts
from shared.contracts.envelope import EmploymentType
from shared.contracts.matches import GateName, PartName
from shared.places import EARTH_RADIUS_M, Spot, accepts, spot, usual_name

Block = NDArray[np.int16]
Mask = NDArray[np.bool_]

EXCLUDED = -2
REACH_M = 40_000
"""Where the seeker names no limit, a workplace this far is worth nothing; with a limit, twice the limit is."""
WITHIN_RANGE = FULL * 3 // 4
"""Value of a wage that only the upper end of what is offered would meet."""
_TYPES: tuple[str, ...] = get_args(EmploymentType)

_POINT = [("known", "?"), ("x", "f8"), ("y", "f8"), ("z", "f8")]
SEEKER = np.dtype(
    [
        ("occupations", "i4"),
        ("areas", "i4"),
        ("states_area", "?"),
        ("types", "i4"),
        ("hour", "i8"),
        ("month", "i8"),
        ("hours", "i4"),
        ("limit", "i4"),
        ("experience", "i4"),
        *_POINT,
    ]
)
"""A seeker's conditions: numbers of table rows, a bit an employment type, won, tenths of an hour, metres, months."""
POSTING = np.dtype(
    [
        ("occupation", "i4"),
        ("district", "i4"),
        ("type", "i4"),
        ("hour_least", "i8"),
        ("hour_most", "i8"),
        ("month_least", "i8"),
        ("month_most", "i8"),
        ("hours", "i4"),
        ("experience", "i4"),
        ("remote", "?"),
        *_POINT,
    ]
)

S = TypeVar("S", bound=Hashable)
P = TypeVar("P", bound=Hashable)
Occupations = tuple[tuple[str, ...], bool]


class PairTable(Generic[S, P]):
    """A judgement of two small things, made once for each two and then looked up."""

    def __init__(self, judge: Callable[[S, P], int]) -> None:
        self._judge = judge
        self._rows: dict[S, int] = {}
        self._columns: dict[P, int] = {}
        self._judged = np.zeros((0, 0), dtype=np.int16)

    def row(self, seeker: S) -> int:
        return self._rows.setdefault(seeker, len(self._rows))

    def column(self, posting: P) -> int:
        return self._columns.setdefault(posting, len(self._columns))

    def row_ranks(self, order: Callable[[S], Any]) -> NDArray[np.int64]:
        """Each row's place among all, put in this order."""
        return _ranks([order(row) for row in self._rows])

    def column_ranks(self, order: Callable[[P], Any]) -> NDArray[np.int64]:
        """Each column's place among all, put in this order."""
        return _ranks([order(column) for column in self._columns])

    def look_up(self, rows: NDArray[Any], columns: NDArray[Any]) -> Block:
        looked_up: Block = self.table()[np.ix_(rows, columns)]
        return looked_up

    def table(self) -> Block:
        """All judgements, those not yet made included."""
        if self._judged.shape != (len(self._rows), len(self._columns)):
            self._judge_the_new()
        return self._judged

    def _judge_the_new(self) -> None:
        height, width = self._judged.shape
        judged = np.zeros((len(self._rows), len(self._columns)), dtype=np.int16)
        judged[:height, :width] = self._judged
        columns = list(self._columns)
        for row, seeker in enumerate(self._rows):
            for column in range(width if row < height else 0, len(columns)):
                judged[row, column] = self._judge(seeker, columns[column])
        self._judged = judged


def _ranks(keys: list[Any]) -> NDArray[np.int64]:
    ranks = np.empty(len(keys), dtype=np.int64)
    ranks[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return ranks


def judge_occupation(wished: Occupations, offered: str | None) -> int:
    """How much of a wished KECO code the posting's code shares; excluded outside, unless the wish is widened."""
    codes, widened = wished
    if not codes or not offered:
        return UNKNOWN
    shared = [(_shared_digits(code, offered), len(code)) for code in codes]
    within = any(digits == min(length, len(offered)) for digits, length in shared)
    return max(FULL * digits // length for digits, length in shared) if within or widened else EXCLUDED


def _shared_digits(a: str, b: str) -> int:
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def judge_district(wished: tuple[str, ...], district: str | None) -> int:
    """1 within the wished districts, 0 outside, unknown where it is not told or too coarse."""
    if not wished or not district:
        return UNKNOWN
    answers = [accepts(area, district) for area in wished]
    if True in answers:
        return 1
    return UNKNOWN if None in answers else 0


@dataclass(frozen=True)
class Judgement:
    """What the conditions say of many pairs: values of the dense parts, and who is excluded by which gate."""

    values: dict[PartName, Block]
    excluded: dict[GateName, Mask]


class Conditions:
    """Writes profiles down as numbers, and judges them."""

    def __init__(self) -> None:
        self._occupations = PairTable[Occupations, str | None](judge_occupation)
        self._districts = PairTable[tuple[str, ...], str | None](judge_district)

    def seeker(self, facts: SeekerFacts) -> tuple[Any, ...]:
        """The row of `SEEKER` for these facts."""
        wishes = facts.wishes
        areas = tuple(sorted({usual_name(name) for name in wishes.districts} - {""}))
        wage = on_common_basis(wishes.wage, wishes.weekly_hours)
        told = wishes.wage is not None and wishes.wage.minimum is not None
        return (
            self._occupations.row((tuple(sorted(set(wishes.occupation_codes))), wishes.widened)),
            self._districts.row(areas),
            bool(areas),
            sum(1 << _TYPES.index(kind) for kind in set(wishes.employment_types)),
            wage.hour_least if told else wage.hour_most,
            wage.month_least if told else wage.month_most,
            _tenths(wishes.weekly_hours),
            UNKNOWN if wishes.commute_km is None else round(wishes.commute_km * 1000),
            UNKNOWN if facts.experience_months is None else facts.experience_months,
            *_point(spot(facts.home)),
        )

    def posting(self, facts: PostingFacts) -> tuple[Any, ...]:
        """The row of `POSTING` for these facts."""
        wage = on_common_basis(facts.wage, facts.weekly_hours)
        place = spot(facts.place)
        return (
            self._occupations.column(facts.occupation_code),
            self._districts.column(place.district),
            0 if facts.employment_type is None else 1 << _TYPES.index(facts.employment_type),
            wage.hour_least,
            wage.hour_most,
            wage.month_least,
            wage.month_most,
            _tenths(facts.weekly_hours),
            UNKNOWN if facts.experience_months is None else facts.experience_months,
            place.remote,
            *_point(place),
        )

    def wished_ranks(self) -> NDArray[np.int64]:
        """The place of each number of wished occupations: who takes any stands apart, like codes near each other."""
        return self._occupations.row_ranks(lambda wish: (wish[1] or not wish[0], wish[0]))

    def offered_ranks(self) -> NDArray[np.int64]:
        """The place of each number of an offered occupation, like codes near each other."""
        return self._occupations.column_ranks(lambda code: code or "")

    def tables(self) -> tuple[Block, Block]:
        """Judgements of occupations and of districts, to be looked up by the numbers in the rows."""
        return self._occupations.table(), self._districts.table()

    def judge(self, seekers: NDArray[Any], postings: NDArray[Any]) -> Judgement:
        """All conditions but skills and certificates, for all these seekers and postings."""
        s = seekers[:, None]
        occupation = self._occupations.look_up(seekers["occupations"], postings["occupation"])
        within = self._districts.look_up(seekers["areas"], postings["district"])
        distance = _distance(s, postings)
        return Judgement(
            values={
                "occupation": np.maximum(occupation, UNKNOWN).astype(np.int16),
                "wage": _wage(s, postings),
                "hours": _hours(s, postings),
                "experience": _experience(s, postings),
                "commute": _commute(s, postings, within, distance),
            },
            excluded={
                "occupation": occupation == EXCLUDED,
                "employment_type": (s["types"] != 0) & (postings["type"] != 0) & (s["types"] & postings["type"] == 0),
                "commute": _too_far(s, postings, within, distance),
            },
        )


def _tenths(hours: float | None) -> int:
    return UNKNOWN if hours is None else max(1, round(hours * 10))


def _point(place: Spot) -> tuple[bool, float, float, float]:
    return (place.point is not None, *(place.point or (0.0, 0.0, 0.0)))


def _distance(s: NDArray[Any], p: NDArray[Any]) -> NDArray[np.int64]:
    """Metres in a straight line, `UNKNOWN` where an end is."""
    both = s["known"] & p["known"]
    if not both.any():
        return np.full(both.shape, UNKNOWN, dtype=np.int64)
    squares = (s["x"] - p["x"]) ** 2 + (s["y"] - p["y"]) ** 2 + (s["z"] - p["z"]) ** 2
    return np.where(both, np.rint(np.sqrt(squares) * EARTH_RADIUS_M).astype(np.int64), UNKNOWN)


def _commute(s: NDArray[Any], p: NDArray[Any], within: Block, distance: NDArray[np.int64]) -> Block:
    reach = np.where(s["limit"] > 0, 2 * s["limit"], REACH_M)
    value = np.where(distance < 0, UNKNOWN, np.maximum(FULL - FULL * distance // reach, 0))
    suits = (within == 1) | (p["remote"] & (s["known"] | s["states_area"]))
    return np.where(suits, FULL, value).astype(np.int16)


def _too_far(s: NDArray[Any], p: NDArray[Any], within: Block, distance: NDArray[np.int64]) -> Mask:
    """Outside by one statement of hers, inside by none, and none of them left open."""
    limited = s["limit"] > 0
    outside = (within == 0) | (limited & (distance > s["limit"]))
    inside = (within == 1) | (limited & (distance >= 0) & (distance <= s["limit"]))
    left_open = (s["states_area"] & (within == UNKNOWN)) | (limited & (distance < 0))
    too_far: Mask = outside & ~inside & ~left_open & ~p["remote"]
    return too_far


def _wage(s: NDArray[Any], p: NDArray[Any]) -> Block:
    """Compared by the hour where both are known so, else by the month."""
    by_hour = (s["hour"] >= 0) & (p["hour_most"] >= 0)
    by_month = (s["month"] >= 0) & (p["month_most"] >= 0)
    if not (by_hour | by_month).any():
        return np.full(by_hour.shape, UNKNOWN, dtype=np.int16)
    wished = np.where(by_hour, s["hour"], s["month"])
    least = np.where(by_hour, p["hour_least"], p["month_least"])
    most = np.where(by_hour, p["hour_most"], p["month_most"])
    short = np.maximum(wished - most, 0)
    value = np.maximum(WITHIN_RANGE - 4 * WITHIN_RANGE * short // np.maximum(wished, 1), 0)
    value = np.where(least >= wished, FULL, value)
    return np.where(by_hour | by_month, value, UNKNOWN).astype(np.int16)


def _hours(s: NDArray[Any], p: NDArray[Any]) -> Block:
    known = (s["hours"] > 0) & (p["hours"] > 0)
    over = np.maximum(p["hours"] - s["hours"], 0)
    value = np.maximum(FULL - 2 * FULL * over // np.maximum(s["hours"], 1), 0)
    return np.where(known, value, UNKNOWN).astype(np.int16)


def _experience(s: NDArray[Any], p: NDArray[Any]) -> Block:
    known = (s["experience"] >= 0) & (p["experience"] >= 0)
    value = np.where(p["experience"] == 0, FULL, FULL * s["experience"] // np.maximum(p["experience"], 1))
    return np.where(known, np.minimum(value, FULL), UNKNOWN).astype(np.int16)
