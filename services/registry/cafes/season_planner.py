"""Which sessions should a café hold next month? Proposals by closing dates, seasons, missing skills, past attendance.

Pure. The aim, stated: of those who would want a seat, the share that gets one, averaged over the kinds of program,
within a number of staff hours. A kind counts as much as another, or lectures with their many seats would crowd out
counselling. Each session brings less than the one before it, so the best next one by the hour is taken, again and
again, until the hours are used up; every proposal keeps the numbers it was made of.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from services.registry.cafes.program_kinds import Kind, kinds

MONTHS_BACK = 3
SEASON_LEAST, SEASON_MOST = 0.5, 2.0
"""However many postings close, demand is taken to follow within these bounds."""
SKILLS_A_KIND = 5
USUAL_ATTENDANCE = 0.8
"""Where no session was held yet: an assumption."""
ENOUGH = 0.5
"""A session is proposed for at least half a person more."""
A_WEEK = 5
"""Sessions that one café can hold in a week."""


@dataclass(frozen=True)
class Past:
    """What was held of one kind at one café in one month."""

    sessions: int
    wanted: int
    """Who had a seat, or waited for one to the end."""
    seated: int
    attended: int


@dataclass(frozen=True)
class Learners:
    """For one skill near one café."""

    seekers: int
    """Who share another skill with such a posting and do not state this one."""
    postings: int
    """Open ones that ask for it."""


@dataclass(frozen=True)
class CafeFacts:
    """What is known of a café."""

    cafe_id: UUID
    seekers: int
    closings: tuple[int, ...] = ()
    """Open postings of its district that close in each week of the month, and in the week after it."""
    usual_closings: float = 0.0
    """A week, of the past, whether filled or not; 0 where none is known."""
    learners: Mapping[str, Learners] = field(default_factory=dict)
    past: Mapping[str, Sequence[Past]] = field(default_factory=dict)
    """By kind, one a month, the latest first."""
    in_season: tuple[bool, ...] = ()
    """By week, as `closings`: whether a day of it lies in a hiring season of the calendar; empty: none does."""


@dataclass(frozen=True)
class Standing:
    """What is to be held in the month already."""

    hours: float = 0.0
    seats: Mapping[tuple[UUID, str], int] = field(default_factory=dict)
    """By café and kind."""
    sessions: Mapping[tuple[UUID, date], int] = field(default_factory=dict)
    """By café and week, as `week_of` has it."""


@dataclass(frozen=True)
class Numbers:
    """What a proposal was made of."""

    past_wanted: float | None
    """A month, of the last months; None where nothing was held."""
    past_months: int
    attendance: float
    season: float
    """Closing postings a week of the month, against the usual; 1 where none are known."""
    closings: int
    """Known to close in the week of the session and the one after."""
    in_season: bool
    """Whether either lies in a hiring season: at least as many as usual are then taken to close."""
    seekers: int
    """Of the café; with a skill, those who lack it."""
    postings: int
    """With a skill, those that ask for it; else 0."""
    expected: float
    """Who would want a seat in the whole month."""


@dataclass(frozen=True)
class Proposal:
    """A session worth holding."""

    cafe_id: UUID
    kind: str
    skill: str
    week: date
    """Its Monday, or the first of the month."""
    seats: int
    wanted: float
    """How many will want a seat in this one: the forecast."""
    attended: float
    """How many of them will come."""
    numbers: Numbers


@dataclass
class _Pool:
    """Who at a café would want one kind, or one skill of it, and is not yet served."""

    cafe: CafeFacts
    kind: Kind
    skill: str
    left: float
    numbers: Numbers

    @property
    def next_wanted(self) -> float:
        return min(self.left, float(self.kind.seats))


def plan(cafes: Sequence[CafeFacts], month: date, hours: float, standing: Standing = Standing()) -> list[Proposal]:
    """The sessions to hold in a month besides what stands, the most useful first; all within so many staff hours."""
    weeks = weeks_of(month)
    hours -= standing.hours
    pools = [pool for cafe in cafes for pool in _pools(cafe, cafes, standing.seats)]
    whole = {kind: sum(expected(cafe, cafes, kind) for cafe in cafes) for kind in kinds()}
    held = defaultdict(int, standing.sessions)
    proposals: list[Proposal] = []

    def worth(pool: _Pool) -> float:
        return pool.next_wanted / whole[pool.kind.code] / (pool.kind.minutes / 60)

    while open_pools := [
        pool for pool in pools if pool.next_wanted >= ENOUGH and pool.kind.minutes / 60 <= hours + 1e-9
    ]:
        pool = max(open_pools, key=lambda each: (worth(each), each.cafe.cafe_id.hex, each.kind.code, each.skill))
        week = _best_week(pool.cafe, weeks, held)
        if week is None:
            pools = [each for each in pools if each.cafe is not pool.cafe]
            continue
        proposals.append(_proposal(pool, week, weeks))
        held[pool.cafe.cafe_id, week] += 1
        hours -= pool.kind.minutes / 60
        pool.left -= pool.next_wanted
    return proposals


def weeks_of(month: date) -> list[date]:
    """The first day of each week that begins in a month; its first days count as one."""
    first = month.replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    mondays = [first + timedelta(days=number) for number in range((after - first).days)]
    return [first, *(day for day in mondays if day.weekday() == 0 and day != first)]


def week_of(day: date) -> date:
    """The first day of its week, as `weeks_of` has it."""
    return max(week for week in weeks_of(day) if week <= day)


def season_of(cafe: CafeFacts) -> float:
    """How many postings close a week of the month, against the usual."""
    if not cafe.usual_closings or not cafe.closings:
        return 1.0
    a_week = sum(_taken_to_close(cafe)) / len(cafe.closings)
    return min(SEASON_MOST, max(SEASON_LEAST, a_week / cafe.usual_closings))


def _taken_to_close(cafe: CafeFacts) -> list[float]:
    """By week: what is known to close; in a hiring season at least the usual, for most of it is not published yet."""
    in_season = cafe.in_season or (False,) * len(cafe.closings)
    return [
        max(float(known), cafe.usual_closings) if seasonal else float(known)
        for known, seasonal in zip(cafe.closings, in_season, strict=True)
    ]


def expected(cafe: CafeFacts, cafes: Sequence[CafeFacts], kind: str) -> float:
    """Who would want a seat in a month: the café's own past, leaning on the other cafés' as one more month of it."""
    months = list(cafe.past.get(kind, ()))[:MONTHS_BACK]
    others = [(each.seekers, month.wanted) for each in cafes for month in list(each.past.get(kind, ()))[:MONTHS_BACK]]
    seekers = sum(count for count, _ in others)
    by_seekers = cafe.seekers * sum(wanted for _, wanted in others) / seekers if seekers else 0.0
    known = sum(month.wanted for month in months)
    return season_of(cafe) * (known + by_seekers) / (len(months) + 1)


def _pools(cafe: CafeFacts, cafes: Sequence[CafeFacts], standing: Mapping[tuple[UUID, str], int]) -> Iterator[_Pool]:
    for kind in kinds().values():
        people = expected(cafe, cafes, kind.code)
        left = max(0.0, people - standing.get((cafe.cafe_id, kind.code), 0))
        skills = taught(cafe) if kind.teaches else {}
        whole = sum(each.seekers for each in skills.values())
        if not whole:
            yield _Pool(cafe, kind, "", left, _numbers(cafe, kind, people, cafe.seekers, 0))
        for skill, each in skills.items():
            numbers = _numbers(cafe, kind, people, each.seekers, each.postings)
            yield _Pool(cafe, kind, skill, left * each.seekers / whole, numbers)


def taught(cafe: CafeFacts) -> dict[str, Learners]:
    """Those that most people lack for most postings."""
    ranked = sorted(cafe.learners.items(), key=lambda each: (-each[1].seekers * each[1].postings, each[0]))
    return {skill: each for skill, each in ranked[:SKILLS_A_KIND] if each.seekers}


def _numbers(cafe: CafeFacts, kind: Kind, people: float, seekers: int, postings: int) -> Numbers:
    months = list(cafe.past.get(kind.code, ()))[:MONTHS_BACK]
    seated = sum(month.seated for month in months)
    attendance = sum(month.attended for month in months) / seated if seated else USUAL_ATTENDANCE
    wanted = sum(month.wanted for month in months) / len(months) if months else None
    return Numbers(wanted, len(months), attendance, season_of(cafe), 0, False, seekers, postings, people)


def _best_week(cafe: CafeFacts, weeks: Sequence[date], held: Mapping[tuple[UUID, date], int]) -> date | None:
    """Before most postings close, for each session that is there already; None where all weeks are full."""
    room = [number for number, week in enumerate(weeks) if held.get((cafe.cafe_id, week), 0) < A_WEEK]
    if not room:
        return None

    closing = _taken_to_close(cafe)

    def need(at: int) -> tuple[float, int]:
        return (sum(closing[at : at + 2]) + 1) / (held.get((cafe.cafe_id, weeks[at]), 0) + 1), -at

    return weeks[max(room, key=need)]


def _proposal(pool: _Pool, week: date, weeks: Sequence[date]) -> Proposal:
    at = weeks.index(week)
    closings, in_season = (each[at : at + 2] for each in (pool.cafe.closings, pool.cafe.in_season))
    numbers = replace(pool.numbers, closings=sum(closings), in_season=any(in_season))
    wanted = pool.next_wanted
    return Proposal(
        pool.cafe.cafe_id, pool.kind.code, pool.skill, week, pool.kind.seats, wanted,
        wanted * numbers.attendance, numbers,
    )  # fmt: skip
