"""Everything the board shows, gathered as of one moment: each figure by name, so that its rows can be asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import Session, select

from services.registry.benefit.figures import KEY, one_figure
from services.registry.benefit.held import pairs_of
from services.registry.benefit.pairs import Pair, Period, Quarter
from services.registry.board.costs import costs, years_told
from services.registry.board.room_use import room_use
from services.registry.plan import ledger
from services.registry.plan.entries import Noted
from services.registry.plan.report import Document, report
from services.registry.tables import Cafe
from shared.figure import Figure, Row

QUARTERS = 4


@dataclass(frozen=True)
class Line:
    """Figures of one café or one year."""

    name: str
    key: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Board:
    """The plan, use, benefit and costs; coverage is reckoned apart, for it takes its time."""

    today: date
    period: Period
    plan: Document
    use: tuple[Figure, ...]
    use_by_cafe: tuple[Line, ...]
    benefit: tuple[Figure, ...]
    costs: tuple[Line, ...]

    def named(self) -> Iterator[tuple[str, str, Figure]]:
        """Every figure with the part of the board and the line it stands in."""
        yield from (("use", "", each) for each in self.use)
        yield from (("use", line.key, each) for line in self.use_by_cafe for each in line.figures)
        yield from (("benefit", "", each) for each in self.benefit)
        yield from (("costs", line.key, each) for line in self.costs for each in line.figures)


def gathered(session: Session, today: date) -> Board:
    """The last four quarters of use and benefit; costs by year."""
    noted = ledger.entries(session)
    last = Quarter.of(today)
    period = Period(last.back(QUARTERS - 1), last)
    since = period.since.first_day
    years = years_told(noted, today.year)
    pairs = pairs_of(session, Period(Quarter(min(*years, since.year), 1), last))
    cafes = session.exec(select(Cafe.cafe_id, Cafe.name).order_by(Cafe.name)).all()
    return Board(
        today=today,
        period=period,
        plan=report(noted),
        use=room_use(session, since, today),
        use_by_cafe=tuple(_cafe(session, cafe, name, since, today) for cafe, name in cafes),
        benefit=tuple(one_figure(name, pairs, period, today) for name in KEY),
        costs=tuple(_year(session, noted, pairs, year, today) for year in years),
    )


def _cafe(session: Session, cafe: UUID, name: str, since: date, until: date) -> Line:
    return Line(name, str(cafe), room_use(session, since, until, cafe))


def _year(session: Session, noted: list[Noted], pairs: list[Pair], year: int, today: date) -> Line:
    """A year's costs; with nothing in the ledgers of that year there is no data."""
    visits = next(it for it in room_use(session, date(year, 1, 1), date(year, 12, 31)) if it.name == "room_visits")
    hires = one_figure("pairs_hired", pairs, Period(Quarter(year, 1), Quarter(year, 4)), today)
    return Line(str(year), str(year), costs(noted, year, visits, hires))


def rows_of(board: Board, part: str, key: str, name: str) -> tuple[Figure, tuple[Row, ...]] | None:
    """The rows of a figure of the board; None where there is no such figure."""
    found = next((it for at, line, it in board.named() if (at, line, it.name) == (part, key, name)), None)
    return (found, found.rows) if found else None
