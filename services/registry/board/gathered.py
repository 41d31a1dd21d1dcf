"""Everything the board shows, gathered as of one moment: each figure by name, so that its rows can be asked for."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import Session, select

from services.registry.benefit.figures import KEY, one_figure
from services.registry.benefit.held import pairs_of
from services.registry.benefit.pairs import Pair, Period, Quarter, by_days
from services.registry.board import program_use
from services.registry.board.costs import costs, years_told
from services.registry.board.room_use import Used, figures, room_use, used
from services.registry.plan import ledger
from services.registry.plan.entries import Noted
from services.registry.plan.report import Document, report
from services.registry.tables import Cafe
from shared.figure import Figure

QUARTERS = 4
AT_CAFES = {"use": room_use, "programs": program_use.program_use}
"""Parts of the board that stand for the city and for each café."""


@dataclass(frozen=True)
class Line:
    """Figures of one café or one year."""

    name: str
    key: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Board:
    """The plan, use, programs, benefit and costs; coverage is reckoned apart, for it takes its time."""

    today: date
    period: Period
    plan: Document
    use: tuple[Figure, ...]
    use_by_cafe: tuple[Line, ...]
    programs: tuple[Figure, ...]
    programs_by_cafe: tuple[Line, ...]
    benefit: tuple[Figure, ...]
    costs: tuple[Line, ...]

    def named(self) -> Iterator[tuple[str, str, Figure]]:
        """Every figure with the part of the board and the line it stands in."""
        yield from (("use", "", each) for each in self.use)
        yield from (("use", line.key, each) for line in self.use_by_cafe for each in line.figures)
        yield from (("programs", "", each) for each in self.programs)
        yield from (("programs", line.key, each) for line in self.programs_by_cafe for each in line.figures)
        yield from (("benefit", "", each) for each in self.benefit)
        yield from (("costs", line.key, each) for line in self.costs for each in line.figures)


def gathered(session: Session, today: date) -> Board:
    """The last four quarters of use, programs and benefit; costs by year. Pairs and bookings are read once."""
    noted = ledger.entries(session)
    period = _period(today)
    years = years_told(noted, today.year)
    earliest = Quarter(min(*years, period.since.year), 1)
    pairs = pairs_of(session, Period(earliest, period.until))
    booked = used(session, earliest.first_day, date(today.year, 12, 31))
    lately = [each for each in booked if period.since.first_day <= each.day <= today]
    by_cafe: dict[UUID, list[Used]] = defaultdict(list)
    for each in lately:
        by_cafe[each.cafe].append(each)
    use_by_year: dict[int, list[Used]] = defaultdict(list)
    for each in booked:
        use_by_year[each.day.year].append(each)
    pairs_by_year = by_days(pairs, lambda day: day.year)
    sessions = program_use.held(session, period.since.first_day, today)
    at_cafe: dict[UUID, list[program_use.Held]] = defaultdict(list)
    for one in sessions:
        at_cafe[one.cafe].append(one)
    cafes = session.exec(select(Cafe.cafe_id, Cafe.name).order_by(Cafe.name)).all()
    return Board(
        today=today,
        period=period,
        plan=report(noted),
        use=_use(lately),
        use_by_cafe=tuple(Line(name, str(cafe), _use(by_cafe[cafe])) for cafe, name in cafes),
        programs=program_use.figures(sessions),
        programs_by_cafe=tuple(Line(name, str(cafe), program_use.figures(at_cafe[cafe])) for cafe, name in cafes),
        benefit=tuple(one_figure(name, pairs, period, today) for name in KEY),
        costs=tuple(
            Line(str(year), str(year), _costs(noted, year, _use(use_by_year[year]), pairs_by_year.get(year, []), today))
            for year in years
        ),
    )


def rows_of(session: Session, today: date, part: str, key: str, name: str) -> Figure | None:
    """A figure of the board with its rows, gathered by itself; None where there is no such figure."""
    told: tuple[Figure, ...] = ()
    period = _period(today)
    if part in AT_CAFES:
        cafe = next((one for one in session.exec(select(Cafe.cafe_id)) if str(one) == key), None)
        told = AT_CAFES[part](session, period.since.first_day, today, cafe) if cafe or not key else ()
    elif part == "benefit" and not key and name in KEY:
        return one_figure(name, pairs_of(session, period), period, today)
    elif part == "costs":
        noted = ledger.entries(session)
        year = next((one for one in years_told(noted, today.year) if str(one) == key), None)
        told = _costs_of(session, noted, year, today) if year else ()
    return next((each for each in told if each.name == name), None)


def _period(today: date) -> Period:
    last = Quarter.of(today)
    return Period(last.back(QUARTERS - 1), last)


def _use(booked: Sequence[Used]) -> tuple[Figure, ...]:
    return figures(each.counted for each in booked)


def _costs_of(session: Session, noted: list[Noted], year: int, today: date) -> tuple[Figure, ...]:
    use = room_use(session, date(year, 1, 1), date(year, 12, 31))
    return _costs(noted, year, use, pairs_of(session, _whole(year)), today)


def _costs(
    noted: list[Noted], year: int, use: Sequence[Figure], pairs: Sequence[Pair], today: date
) -> tuple[Figure, ...]:
    """A year's costs; with nothing in the ledgers of that year there is no data."""
    visits = next(each for each in use if each.name == "room_visits")
    return costs(noted, year, visits, one_figure("pairs_hired", pairs, _whole(year), today))


def _whole(year: int) -> Period:
    return Period(Quarter(year, 1), Quarter(year, 4))
