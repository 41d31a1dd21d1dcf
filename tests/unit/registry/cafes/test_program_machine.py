"""Whoever enrols, cancels, books, moves or calls off, in any order, beside a reference that keeps plain lists."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import select

from services.registry.cafes import enrolments
from services.registry.cafes.bookings import book
from services.registry.cafes.enrolments import change_session, enrol, hold
from services.registry.cafes.forgetting import forget_enrolments
from services.registry.cafes.programs import call_off
from services.registry.cafes.refusals import Refused
from services.registry.tables import Booking, Enrolment, ProgramSession, Table
from shared.clock import stopped_at
from shared.database import SpineTable, reading, transaction
from tests.stores import store_with
from tests.unit.registry.cafes.town import a_cafe, a_session, asked, session_told, someone, span

PEOPLE = 3
HOURS = ("10:00", "11:00", "12:00")
people = st.integers(0, PEOPLE - 1)
which = st.integers(0, 1)
at = st.integers(0, len(HOURS) - 2)


@dataclass
class Sitting:
    """A session as the reference has it: who sits, and who waits in her place."""

    hour: int
    seats: int
    sitting: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    state: str = "planned"


class Programs(RuleBasedStateMachine):
    """No seat twice, nobody twice, the longest wait first, whatever happens."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name) / 'x.sqlite'}"
        self.engine = store_with(url, Table.metadata, SpineTable.metadata)
        self.now = span("05:00", "06:00").starts_at
        self.booked: set[tuple[int, int]] = set()
        """Who has a room in which hour."""
        with stopped_at(self.now), transaction(self.engine) as session:
            cafe, self.rooms = a_cafe(session, rooms=PEOPLE)
            self.people = [someone(session) for _ in range(PEOPLE)]
            self.ids = [a_session(session, cafe, HOURS[n], HOURS[n + 1], seats=1).session_id for n in (0, 0)]
        self.town = [Sitting(0, 1), Sitting(0, 1)]
        for person in range(PEOPLE):  # one sits, the others wait
            self.enrols(person, 0)

    def start_of(self, sitting: Sitting) -> datetime:
        return span(HOURS[sitting.hour], HOURS[sitting.hour + 1]).starts_at

    def busy(self, person: int, hour: int, besides: Sitting | None = None) -> bool:
        sits = any(
            each.hour == hour and person in each.sitting and each.state != "called_off"
            for each in self.town
            if each is not besides
        )
        return sits or (person, hour) in self.booked

    def settle(self, sitting: Sitting) -> None:
        for person in list(sitting.waiting):
            if len(sitting.sitting) < sitting.seats and not self.busy(person, sitting.hour, sitting):
                sitting.waiting.remove(person)
                sitting.sitting.append(person)

    def coming(self, sitting: Sitting) -> bool:
        return sitting.state == "planned" and self.now < self.start_of(sitting)

    def done(self, act: Any) -> bool:
        """Let it happen in a transaction; whether it was lawful."""
        self.now += timedelta(seconds=1)
        with suppress(Refused), stopped_at(self.now), transaction(self.engine) as session:
            act(session)
            return True
        return False

    @rule(person=people, number=which)
    def enrols(self, person: int, number: int) -> None:
        sitting = self.town[number]
        taken = person in sitting.sitting or person in sitting.waiting
        lawful = self.coming(sitting) and not taken and not self.busy(person, sitting.hour, sitting)
        assert lawful == self.done(
            lambda session: enrol(session, self.people[person], session.get_one(ProgramSession, self.ids[number]))
        )
        if lawful:
            (sitting.sitting if len(sitting.sitting) < sitting.seats else sitting.waiting).append(person)

    @rule(person=people, number=which)
    def cancels(self, person: int, number: int) -> None:
        sitting = self.town[number]

        def act(session: Any) -> None:
            hers = (Enrolment.seeker_id == self.people[person], Enrolment.session_id == self.ids[number])
            for each in session.exec(select(Enrolment).where(*hers, Enrolment.state != "cancelled")):
                enrolments.cancel(session, each)
                return
            raise Refused("NOT_ENROLLED")

        lawful = self.coming(sitting) and person in (*sitting.sitting, *sitting.waiting)
        assert lawful == self.done(act)
        if lawful:
            (sitting.sitting if person in sitting.sitting else sitting.waiting).remove(person)
            self.settle(sitting)

    @rule(person=people, hour=at)
    def books(self, person: int, hour: int) -> None:
        wanted = asked(self.rooms[person], HOURS[hour], HOURS[hour + 1])
        lawful = self.now < wanted.span.starts_at and not self.busy(person, hour)
        assert lawful == self.done(lambda session: book(session, self.people[person], wanted))
        if lawful:
            self.booked.add((person, hour))

    @rule(number=which, hour=at, seats=st.integers(1, 2))
    def moves(self, number: int, hour: int, seats: int) -> None:
        sitting = self.town[number]
        told = session_told(HOURS[hour], HOURS[hour + 1], seats=seats)
        lawful = self.coming(sitting) and seats >= len(sitting.sitting) and self.now < told.span.starts_at
        assert lawful == self.done(
            lambda session: change_session(session, session.get_one(ProgramSession, self.ids[number]), told)
        )
        if lawful:
            sitting.hour, sitting.seats = hour, seats
            sitting.sitting = [each for each in sitting.sitting if not self.busy(each, hour, sitting)]
            self.settle(sitting)

    @rule(number=which)
    def calls_off(self, number: int) -> None:
        lawful = self.coming(self.town[number])
        assert lawful == self.done(
            lambda session: call_off(session, session.get_one(ProgramSession, self.ids[number]), "사정")
        )
        if lawful:
            self.town[number].state = "called_off"

    @rule(number=which)
    def is_held(self, number: int) -> None:
        sitting = self.town[number]
        lawful = sitting.state == "planned" and self.now >= self.start_of(sitting)
        assert lawful == self.done(lambda session: hold(session, session.get_one(ProgramSession, self.ids[number])))
        if lawful:
            sitting.state = "held"

    @rule(person=people)
    def is_erased(self, person: int) -> None:
        assert self.done(lambda session: forget_enrolments(session, self.people[person]))
        for sitting in self.town:
            was_ahead = self.coming(sitting)
            for line in (sitting.sitting, sitting.waiting):
                if person in line:
                    line.remove(person)
            if was_ahead:
                self.settle(sitting)

    @rule(minutes=st.sampled_from([1, 5, 30, 90]))
    def time_goes_by(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def the_store_says_the_same(self) -> None:
        if not hasattr(self, "engine"):
            return
        with reading(self.engine) as session:
            held = session.exec(select(Enrolment).where(Enrolment.state != "cancelled")).all()
            rooms = session.exec(select(Booking)).all()
        number_of: dict[UUID, int] = {seeker_id: number for number, seeker_id in enumerate(self.people)}
        for number, sitting in enumerate(self.town):
            here = [each for each in held if each.session_id == self.ids[number]]
            waiting = {number_of[each.seeker_id] for each in here if each.state == "waiting"}
            sitting_now = [number_of[each.seeker_id] for each in here if each.state != "waiting"]
            assert sorted(sitting_now) == sorted(sitting.sitting)
            assert waiting == set(sitting.waiting)
            assert len(sitting_now) <= sitting.seats
        places = [(number_of[each.seeker_id], each.starts_at) for each in rooms]
        for sitting in self.town:
            if sitting.state != "called_off":
                places += [(person, self.start_of(sitting)) for person in sitting.sitting]
        assert len(places) == len(set(places))

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()
            self.folder.cleanup()


TestPrograms = Programs.TestCase
TestPrograms.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
