"""Whatever is booked, changed, cancelled, missed or let stand, in any order, beside a reference that counts minutes."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlmodel import select

from services.registry.cafes.booking_law import Rules
from services.registry.cafes.bookings import Asked, Override, book, cancel, change
from services.registry.cafes.hours import Span, at_minute
from services.registry.cafes.no_shows import free_unused
from services.registry.cafes.refusals import Refused
from services.registry.tables import Booking, Table
from shared.clock import KST, stopped_at
from shared.database import SpineTable, reading, transaction
from tests.stores import store_with
from tests.unit.registry.cafes.town import DAY, a_cafe, someone

RULES = Rules(points_limit=2, points_days=2, block_days=1)
MINUTE = timedelta(minutes=1)
OPENS, CLOSES = 8 * 60, 24 * 60
PEOPLE, ROOMS = 3, 2


@dataclass(frozen=True)
class Line:
    """A booking as the reference has it: minutes of an hour-glass, nothing clever."""

    person: int
    room: int
    minutes: frozenset[datetime]
    state: str = "booked"
    beyond: bool = False

    @property
    def starts(self) -> datetime:
        return min(self.minutes)


def minutes_of(day: int, start: int, length: int) -> frozenset[datetime]:
    first = at_minute(DAY + timedelta(days=day), start)
    return frozenset(first + MINUTE * number for number in range(length))


times = st.tuples(st.integers(0, 1), st.integers(OPENS // 30, CLOSES // 30 - 1).map(lambda half: half * 30))
lengths = st.sampled_from([1, 29, 30, 59, 60, 61, 90, 119, 120, 179, 180, 181])


class Reservations(RuleBasedStateMachine):
    """The law, whatever happens."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name) / 'x.sqlite'}"
        self.engine = store_with(url, Table.metadata, SpineTable.metadata)
        self.now = at_minute(DAY, OPENS - 60)
        self.lines: dict[UUID, Line] = {}
        with stopped_at(self.now), transaction(self.engine) as session:
            _, self.rooms = a_cafe(session, rooms=ROOMS)
            self.people = [someone(session) for _ in range(PEOPLE)]
        with stopped_at(self.now):
            free_unused(self.engine, RULES)

    def lawful(self, wanted: Line, besides: UUID | None = None) -> bool:
        """Minute by minute, and over all lines."""
        others = [line for key, line in self.lines.items() if key != besides and line.state == "booked"]
        ends = max(wanted.minutes) + MINUTE
        if len(wanted.minutes) == 0 or wanted.starts < self.now - MINUTE:
            return False
        if ends > at_minute(wanted.starts.date(), CLOSES):
            return False
        for other in others:
            if other.minutes & wanted.minutes and (other.room == wanted.room or other.person == wanted.person):
                return False
        if wanted.beyond:
            return True
        hers = [line for line in others if line.person == wanted.person]
        today = [minute for line in (*hers, wanted) for minute in line.minutes if minute.date() == wanted.starts.date()]
        missed = sorted(
            line.starts for line in self.lines.values() if (line.person, line.state) == (wanted.person, "no_show")
        )
        recent = [each for each in missed if each > self.now - timedelta(days=RULES.points_days)]
        blocked = len(recent) >= RULES.points_limit and recent[-1] + timedelta(days=RULES.block_days) > self.now
        return len(today) <= 180 and not blocked

    def asked(self, line: Line) -> Asked:
        return Asked(self.rooms[line.room].room_id, Span(line.starts, max(line.minutes) + MINUTE))

    @rule(
        person=st.integers(0, PEOPLE - 1),
        room=st.integers(0, ROOMS - 1),
        at=times,
        length=lengths,
        beyond=st.booleans(),
    )
    def books(self, person: int, room: int, at: tuple[int, int], length: int, beyond: bool) -> None:
        wanted = Line(person, room, minutes_of(*at, length), beyond=beyond)
        done = None
        with suppress(Refused), stopped_at(self.now), transaction(self.engine) as session:
            override = Override("상담사", "사유") if beyond else None
            done = book(session, self.people[person], self.asked(wanted), RULES, override).booking_id
        assert (done is not None) == self.lawful(wanted), wanted
        if done:
            self.lines[done] = wanted

    def standing(self) -> list[UUID]:
        return [key for key, line in self.lines.items() if line.state == "booked"]

    @precondition(lambda self: self.standing())
    @rule(data=st.data(), room=st.integers(0, ROOMS - 1), at=times, length=lengths)
    def changes(self, data: st.DataObject, room: int, at: tuple[int, int], length: int) -> None:
        key = data.draw(st.sampled_from(self.standing()))
        wanted = replace(self.lines[key], room=room, minutes=minutes_of(*at, length), beyond=False)
        lawful, done = self.lines[key].starts > self.now and self.lawful(wanted, besides=key), False
        with suppress(Refused), stopped_at(self.now), transaction(self.engine) as session:
            change(session, session.get_one(Booking, key), self.asked(wanted), RULES)
            done = True
        assert done == lawful, wanted
        if done:
            self.lines[key] = wanted

    @precondition(lambda self: self.standing())
    @rule(data=st.data())
    def cancels(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.standing()))
        done = False
        with suppress(Refused), stopped_at(self.now), transaction(self.engine) as session:
            cancel(session, session.get_one(Booking, key), RULES)
            done = True
        assert done == (self.lines[key].starts > self.now)
        if done:
            self.lines[key] = replace(self.lines[key], state="cancelled")

    @rule(looks=st.integers(1, 40))
    def time_goes_by(self, looks: int) -> None:
        for _ in range(looks):
            self.now += 3 * MINUTE
            with stopped_at(self.now):
                free_unused(self.engine, RULES)
        for key in self.standing():
            if self.lines[key].starts + 10 * MINUTE <= self.now:
                self.lines[key] = replace(self.lines[key], state="no_show")

    @invariant()
    def the_store_says_the_same(self) -> None:
        if not hasattr(self, "engine"):
            return
        with reading(self.engine) as session:
            held = session.exec(select(Booking)).all()
        assert {each.booking_id: each.state for each in held} == {key: line.state for key, line in self.lines.items()}
        standing = [self.lines[each.booking_id] for each in held if each.state == "booked"]
        for number, one in enumerate(standing):
            for other in standing[number + 1 :]:
                assert not one.minutes & other.minutes or (one.room != other.room and one.person != other.person)
        for person in range(PEOPLE):
            for day in (DAY, DAY + timedelta(days=1)):
                hers = [
                    line for line in standing if line.person == person and line.starts.astimezone(KST).date() == day
                ]
                lawful = [minute for line in hers if not line.beyond for minute in line.minutes]
                assert len(lawful) <= 180

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()
            self.folder.cleanup()


TestReservations = Reservations.TestCase
TestReservations.settings = settings(
    max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
