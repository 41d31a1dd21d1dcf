"""Who has a seat in a session? The law of seats, its bounds, each refusal, and what is left of people."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from services.registry.cafes import enrolments, programs
from services.registry.cafes.bookings import Override, book, cancel
from services.registry.cafes.enrolments import attend, change_session, enrol, hold, opinions, rate
from services.registry.cafes.forgetting import fold_old, forget_enrolments
from services.registry.cafes.hours import Span
from services.registry.cafes.program_kinds import kinds
from services.registry.cafes.programs import call_off, record, schedule, tallies
from services.registry.tables import Enrolment, ProgramSession, Seeker, SessionUse
from shared.clock import stopped_at
from shared.contracts import ProgramScheduled
from shared.database import transaction
from tests.unit.registry.cafes.test_booking_law import refused
from tests.unit.registry.cafes.town import DAY, NIGHT_BEFORE, a_cafe, a_session, asked, session_told, someone, span
from tests.unit.registry.conftest import said

pytestmark = pytest.mark.usefixtures("the_night_before")

MINUTE = timedelta(minutes=1)


def states(session: Session, program: ProgramSession) -> list[str]:
    return [each.state for each in enrolments.of_session(session, program.session_id)]


def test_the_kinds_are_those_of_the_contract() -> None:
    assert set(kinds()) == set(ProgramScheduled.model_fields["kind"].annotation.__args__)  # type: ignore[union-attr]


def test_seats_are_given_then_the_waiting_list_fills_by_itself_the_longest_wait_first(engine: Engine) -> None:
    with transaction(engine) as session:
        cafe, (room, _) = a_cafe(session)
        program = a_session(session, cafe, seats=2)
        people = [someone(session) for _ in range(5)]
        seats = []
        for number, each in enumerate(people):
            with stopped_at(NIGHT_BEFORE + MINUTE * number):
                seats.append(enrol(session, each, program))
        assert [seat.state for seat in seats] == ["enrolled", "enrolled", "waiting", "waiting", "waiting"]
        book(session, people[2], asked(room, "15:30", "16:30"))  # she is elsewhere by then
        enrolments.cancel(session, seats[0])
        assert states(session, program) == ["cancelled", "enrolled", "waiting", "enrolled", "waiting"]
        assert (seats[3].from_waiting_list, seats[3].revision) == (True, 2)
        change_session(session, program, session_told(seats=3))
        assert seats[4].state == "enrolled"
        heard = [line.fields for line in said(session, "program.enrolled.v1")]
        assert len(heard) == 8
        assert len(said(session, "program.scheduled.v1")) == 2


def test_nobody_is_in_two_places_at_once(engine: Engine) -> None:
    with transaction(engine) as session:
        cafe, (room, other) = a_cafe(session)
        her = someone(session)
        booking = book(session, her, asked(room, "13:00", "14:30"))
        program, later = a_session(session, cafe), a_session(session, cafe, "16:00", "17:00")
        refused("BUSY_THEN", lambda: enrol(session, her, program))
        cancel(session, booking)
        enrol(session, her, program)
        refused("ENROLLED_ALREADY", lambda: enrol(session, her, program))
        refused("PROGRAM_THEN", lambda: book(session, her, asked(other, "15:59", "17:00")))
        refused("BUSY_THEN", lambda: enrol(session, her, a_session(session, cafe, "15:00", "17:00")))
        enrol(session, her, later)
        call_off(session, later, "강사 사정")
        book(session, her, asked(other, "16:00", "17:00"))


def test_nothing_is_for_someone_who_was_erased(engine: Engine) -> None:
    with transaction(engine) as session:
        cafe, (room, _) = a_cafe(session)
        program, her = a_session(session, cafe), someone(session)
        session.get_one(Seeker, her).state = "erased"
        wanted, beyond = asked(room, "09:00", "10:00"), Override("상담사", "기기 점검")
        refused("PERSON_UNKNOWN", lambda: enrol(session, her, program))
        refused("PERSON_UNKNOWN", lambda: book(session, her, wanted))
        refused("PERSON_UNKNOWN", lambda: book(session, her, wanted, override=beyond))


def test_who_is_elsewhere_when_a_session_moves_loses_her_seat_to_who_waits(engine: Engine) -> None:
    with transaction(engine) as session:
        cafe, (room, _) = a_cafe(session)
        program = a_session(session, cafe, seats=1)
        her, him = someone(session), someone(session)
        enrol(session, her, program)
        with stopped_at(NIGHT_BEFORE + MINUTE):
            enrol(session, him, program)
        book(session, her, asked(room, "18:00", "19:00"))
        change_session(session, program, session_told("18:30", "20:00", seats=1))
        assert states(session, program) == ["cancelled", "enrolled"]


REFUSED: list[tuple[str, dict[str, object]]] = [
    ("TIME_WRONG", {"starts": "16:00", "ends": "16:00"}),
    ("CAFE_CLOSED", {"starts": "07:00", "ends": "09:00"}),
    ("TIME_PAST", {"day": DAY - timedelta(days=1)}),
    ("SESSION_TOO_FAR", {"day": DAY + timedelta(days=366)}),
    ("KIND_WRONG", {"kind": "yoga"}),
    ("SKILL_WRONG", {"kind": "counseling", "skill": "엑셀"}),
    ("STAFF_ELSEWHERE", {"starts": "11:59", "ends": "13:00", "staff": ("한새롬 상담사",)}),
]


@pytest.mark.parametrize(("code", "but"), REFUSED, ids=[code for code, _ in REFUSED])
def test_what_cannot_be_planned_is_refused_with_its_reason(engine: Engine, code: str, but: dict[str, object]) -> None:
    with transaction(engine) as session:
        cafe, _ = a_cafe(session)
        a_session(session, cafe, "11:00", "12:00", staff=("한새롬 상담사", "다른 상담사"))
        refused(code, lambda: schedule(session, cafe, session_told(**but), "상담사"))  # type: ignore[arg-type]


def test_a_cafe_that_does_not_run_or_whose_hours_nobody_told_has_no_sessions(engine: Engine) -> None:
    with transaction(engine) as session:
        planned, _ = a_cafe(session, "계획만", state="planned")
        unknown, _ = a_cafe(session, "시간 모름", hours=[])
        refused("CAFE_NOT_RUNNING", lambda: a_session(session, planned))
        refused("HOURS_UNKNOWN", lambda: a_session(session, unknown))


@pytest.mark.parametrize("zone_hours", [-11, 0, 9, 14])
def test_a_session_lies_in_one_day_in_korea_whatever_zone_it_is_told_in(engine: Engine, zone_hours: int) -> None:
    zone = timezone(timedelta(hours=zone_hours))
    with transaction(engine) as session:
        cafe, _ = a_cafe(session, hours=[["00:00", "24:00"]] * 7)
        whole, over = span("00:00", "24:00"), span("23:00", "24:00")
        moved = Span(whole.starts_at.astimezone(zone), whole.ends_at.astimezone(zone))
        told = session_told()
        schedule(session, cafe, programs.Told(told.kind, told.title, moved, 2), "상담사")
        beyond = Span(over.starts_at.astimezone(zone), over.ends_at.astimezone(zone) + MINUTE)
        refused(
            "OVER_MIDNIGHT", lambda: schedule(session, cafe, programs.Told(told.kind, told.title, beyond, 2), "상담사")
        )


def test_a_leap_day_has_sessions(engine: Engine) -> None:
    with stopped_at(datetime(2028, 2, 28, 3, tzinfo=UTC)), transaction(engine) as session:
        cafe, _ = a_cafe(session)
        program = a_session(session, cafe, day=date(2028, 2, 29))
        assert enrol(session, someone(session), program).state == "enrolled"


def test_seats_are_taken_until_it_begins_and_at_the_counter_until_it_ends(engine: Engine) -> None:
    with transaction(engine) as session:
        cafe, _ = a_cafe(session)
        program = a_session(session, cafe, seats=5)
        early = enrol(session, someone(session), program)
        with stopped_at(program.starts_at):
            refused("SESSION_BEGUN", lambda: enrol(session, someone(session), program))
            refused("SESSION_BEGUN", lambda: enrolments.cancel(session, early))
            refused("SESSION_BEGUN", lambda: call_off(session, program, "늦음"))
            enrol(session, someone(session), program, at_counter=True)
        with stopped_at(program.ends_at):
            refused("SESSION_BEGUN", lambda: enrol(session, someone(session), program, at_counter=True))


def test_attendance_is_noted_put_right_and_closed(engine: Engine) -> None:
    with transaction(engine) as session:
        cafe, _ = a_cafe(session)
        program = a_session(session, cafe, seats=3)
        came, unsure, missed = (enrol(session, someone(session), program) for _ in range(3))
        refused("SESSION_AHEAD", lambda: attend(session, came, came=True))
        refused("SESSION_AHEAD", lambda: hold(session, program))
        with stopped_at(program.starts_at - 10 * MINUTE):
            attend(session, came, came=True)
            attend(session, unsure, came=False)
        with stopped_at(program.ends_at + MINUTE):
            attend(session, unsure, came=True)
            hold(session, program)
            refused("SESSION_NOT_PLANNED", lambda: hold(session, program))
        assert (came.state, unsure.state, missed.state, program.state) == ("attended", "attended", "absent", "held")
        assert tallies(session, [program.session_id])[program.session_id].seated == 3
        refused("SEATS_TAKEN", lambda: programs.change(session, a_full(session), session_told(seats=1)))


def a_full(session: Session) -> ProgramSession:
    cafe, _ = a_cafe(session, "둘째 카페")
    program = a_session(session, cafe)
    for _ in range(2):
        enrol(session, someone(session), program)
    return program


def test_opinions_are_counts_of_nobody_and_shown_only_together(engine: Engine) -> None:
    with transaction(engine) as session:
        cafe, _ = a_cafe(session)
        program = a_session(session, cafe, seats=4)
        seats = [enrol(session, someone(session), program) for _ in range(4)]
        refused("NOT_ATTENDED", lambda: rate(session, seats[0], 5))
        with stopped_at(program.ends_at):
            for seat in seats:
                attend(session, seat, came=True)
            refused("SCORE_WRONG", lambda: rate(session, seats[0], 6))
            rate(session, seats[0], 5)
            refused("OPINION_GIVEN", lambda: rate(session, seats[0], 1))
            rate(session, seats[1], 5)
            assert opinions(session, [program.session_id]) == {program.session_id: {}}
            rate(session, seats[2], 3)
            assert opinions(session, [program.session_id]) == {program.session_id: {5: 2, 3: 1}}
        assert "score" not in Enrolment.model_fields


def test_erased_she_is_a_count_and_her_seat_ahead_is_for_who_waits(engine: Engine) -> None:
    with transaction(engine) as session:
        cafe, _ = a_cafe(session)
        past, ahead = a_session(session, cafe, "09:00", "10:00"), a_session(session, cafe, seats=1)
        her = someone(session)
        attend_at(session, enrol(session, her, past), past)
        enrol(session, her, ahead)
        with stopped_at(NIGHT_BEFORE + MINUTE):
            enrol(session, someone(session), ahead)
        with stopped_at(past.ends_at):
            forget_enrolments(session, her)
        assert session.exec(select(Enrolment).where(Enrolment.seeker_id == her)).all() == []
        assert states(session, ahead) == ["enrolled"]
        assert [(use.session_id, use.state, use.people) for use in session.exec(select(SessionUse))] == [
            (past.session_id, "attended", 1)
        ]
        told = said(session, "program.enrolled.v1")
        assert any("erased" in line.fields for line in told)


def attend_at(session: Session, seat: Enrolment, program: ProgramSession) -> UUID:
    with stopped_at(program.starts_at):
        attend(session, seat, came=True)
    return seat.enrolment_id


def test_after_a_year_seats_are_counts_and_the_tally_stays(engine: Engine) -> None:
    with transaction(engine) as session:
        cafe, _ = a_cafe(session)
        program = a_session(session, cafe)
        attend_at(session, enrol(session, someone(session), program), program)
        before = tallies(session, [program.session_id])
        with stopped_at(program.ends_at + timedelta(days=366)):
            assert fold_old(session) == 1
        assert session.exec(select(Enrolment)).all() == []
        assert tallies(session, [program.session_id]) == before


def test_a_session_that_is_over_is_recorded_with_its_counts(engine: Engine) -> None:
    with transaction(engine) as session:
        cafe, _ = a_cafe(session)
        told = session_told(day=DAY - timedelta(days=30))
        program = record(session, cafe, told, {"attended": 5, "absent": 2}, "운영자")
        tally = tallies(session, [program.session_id])[program.session_id]
        assert (program.state, tally.attended, tally.seated) == ("held", 5, 7)
        refused("SESSION_AHEAD", lambda: record(session, cafe, session_told(), {}, "운영자"))
