"""Fifty at the same moment, on SQLite and on PostgreSQL: a room or seat is one person's, and a person has one day."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.cafes.bookings import Asked, book, cancel, wait
from services.registry.cafes.enrolments import cancel as cancel_seat
from services.registry.cafes.enrolments import enrol
from services.registry.cafes.refusals import Refused
from services.registry.tables import Booking, Enrolment, ProgramSession, RoomWish, Table
from shared.clock import stopped_at
from shared.database import SpineTable, reading, transaction
from tests.unit.registry.cafes.town import NIGHT_BEFORE, a_cafe, a_session, asked, someone, span

pytestmark = pytest.mark.integration

MANY = 50


@pytest.fixture
def store(make_engine: Callable[..., Engine]) -> Engine:
    return make_engine(Table.metadata, SpineTable.metadata)


def all_at_once(attempts: list[Callable[[], object]]) -> Counter[str]:
    """Let them go together; how each ended."""
    start = Barrier(len(attempts))

    def go(attempt: Callable[[], object]) -> str:
        start.wait()
        try:
            with stopped_at(NIGHT_BEFORE):
                attempt()
        except Refused as refused:
            return refused.code
        return "booked"

    with ThreadPoolExecutor(len(attempts)) as threads:
        return Counter(threads.map(go, attempts))


def booking(store: Engine, seeker_id: object, wanted: Asked) -> Callable[[], object]:
    def attempt() -> None:
        with transaction(store) as session:
            book(session, seeker_id, wanted)  # type: ignore[arg-type]

    return attempt


def test_fifty_who_want_one_slot(store: Engine) -> None:
    with transaction(store) as session, stopped_at(NIGHT_BEFORE):
        _, (room, _) = a_cafe(session)
        people = [someone(session) for _ in range(MANY)]
    ends = all_at_once([booking(store, her, asked(room, "09:00", "11:00")) for her in people])
    assert ends == {"booked": 1, "ROOM_TAKEN": MANY - 1}
    with reading(store) as session:
        assert len(session.exec(select(Booking)).all()) == 1


def test_one_person_who_wants_fifty_rooms(store: Engine) -> None:
    """180 minutes are three hours, whichever of the fifty she gets."""
    with transaction(store) as session, stopped_at(NIGHT_BEFORE):
        _, rooms = a_cafe(session, rooms=7)
        her = someone(session)
    hours = [(f"{hour:02}:00", f"{hour + 1:02}:00") for hour in range(9, 17)]
    wanted = [asked(room, starts, ends) for room in rooms[:7] for starts, ends in hours][:MANY]
    ends = all_at_once([booking(store, her, each) for each in wanted])
    assert ends["booked"] == 3
    with reading(store) as session:
        held = session.exec(select(Booking)).all()
        assert len({each.starts_at for each in held}) == len(held) == 3


def test_cancelled_while_others_wait_and_book(store: Engine) -> None:
    """What is freed is given once: to who waits or to who comes, never to both."""
    with transaction(store) as session, stopped_at(NIGHT_BEFORE):
        cafe, (room,) = a_cafe(session, rooms=1)
        held = book(session, someone(session), asked(room, "09:00", "11:00"))
        wait(session, someone(session), cafe, span("09:00", "10:00"))
        people = [someone(session) for _ in range(9)]

    def give_back() -> None:
        with transaction(store) as session:
            cancel(session, session.get_one(Booking, held.booking_id))

    all_at_once([give_back, *(booking(store, her, asked(room, "09:00", "10:00")) for her in people)])
    with reading(store) as session:
        standing = session.exec(select(Booking).where(Booking.state == "booked")).all()
        assert len(standing) == 1
        assert session.exec(select(RoomWish)).one().state == "filled"


def enrolling(store: Engine, seeker_id: object, program: ProgramSession) -> Callable[[], object]:
    def attempt() -> None:
        with transaction(store) as session:
            enrol(session, seeker_id, session.get_one(ProgramSession, program.session_id))  # type: ignore[arg-type]

    return attempt


def test_fifty_who_want_the_seats_of_one_session(store: Engine) -> None:
    with transaction(store) as session, stopped_at(NIGHT_BEFORE):
        cafe, _ = a_cafe(session)
        program = a_session(session, cafe, seats=7)
        people = [someone(session) for _ in range(MANY)]
    all_at_once([enrolling(store, her, program) for her in people])
    with reading(store) as session:
        assert Counter(session.exec(select(Enrolment.state)).all()) == {"enrolled": 7, "waiting": MANY - 7}


def test_one_person_who_wants_a_room_and_sessions_at_one_time(store: Engine) -> None:
    with transaction(store) as session, stopped_at(NIGHT_BEFORE):
        cafe, rooms = a_cafe(session, rooms=7)
        sessions = [a_session(session, cafe, seats=7) for _ in range(8)]
        her = someone(session)
    wanted = [booking(store, her, asked(room, "15:00", "16:00")) for room in rooms]
    ends = all_at_once([*wanted, *(enrolling(store, her, program) for program in sessions)])
    assert ends["booked"] == 1
    with reading(store) as session:
        assert len(session.exec(select(Booking)).all()) + len(session.exec(select(Enrolment)).all()) == 1


def test_a_seat_given_back_while_others_come_is_given_once(store: Engine) -> None:
    with transaction(store) as session, stopped_at(NIGHT_BEFORE):
        cafe, _ = a_cafe(session)
        program = a_session(session, cafe, seats=1)
        held, *_ = [enrol(session, someone(session), program) for _ in range(3)]
        people = [someone(session) for _ in range(9)]

    def give_back() -> None:
        with transaction(store) as session:
            cancel_seat(session, session.get_one(Enrolment, held.enrolment_id))

    all_at_once([give_back, *(enrolling(store, her, program) for her in people)])
    with reading(store) as session:
        states = Counter(session.exec(select(Enrolment.state)).all())
        assert states == {"cancelled": 1, "enrolled": 1, "waiting": 10}
