"""What may someone book? The law of the day, its bounds, and each refusal with its own reason."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.cafes import bookings
from services.registry.cafes.booking_law import Rules
from services.registry.cafes.bookings import Asked, Override, book, cancel, change, check_in, wait
from services.registry.cafes.closing import close_on
from services.registry.cafes.hours import Span, at_minute, holiday
from services.registry.cafes.no_shows import free_unused
from services.registry.cafes.refusals import Refused, reasons
from services.registry.tables import Booking, Room
from shared.clock import stopped_at
from shared.database import reading, transaction
from tests.unit.registry.cafes.town import DAY, NIGHT_BEFORE, a_cafe, asked, someone, span
from tests.unit.registry.conftest import said

pytestmark = pytest.mark.usefixtures("the_night_before")

MINUTE = timedelta(minutes=1)


def refused(code: str, attempt: Callable[[], object]) -> None:
    with pytest.raises(Refused) as told:
        attempt()
    assert told.value.code == code
    assert all(told.value.reason)


def test_exactly_180_minutes_are_lawful_and_181_are_not(engine: Engine) -> None:
    with transaction(engine) as session:
        _, (room, _) = a_cafe(session)
        book(session, someone(session), asked(room, "09:00", "12:00"))
        refused("DAY_IS_FULL", lambda: book(session, someone(session), asked(room, "13:00", "16:01")))


def test_minutes_add_up_over_all_cafes_and_rooms(engine: Engine) -> None:
    with transaction(engine) as session:
        _, (one, two) = a_cafe(session)
        _, (far, _) = a_cafe(session, "다른 카페")
        her = someone(session)
        book(session, her, asked(one, "09:00", "11:00"))
        refused("DAY_IS_FULL", lambda: book(session, her, asked(far, "13:00", "15:00")))
        book(session, her, asked(two, "13:00", "13:59"))
        refused("DAY_IS_FULL", lambda: book(session, her, asked(far, "15:00", "15:02")))
        book(session, her, asked(far, "15:00", "15:01"))


def test_what_is_cancelled_is_hers_to_book_again(engine: Engine) -> None:
    with transaction(engine) as session:
        _, (room, _) = a_cafe(session)
        her = someone(session)
        booking = book(session, her, asked(room, "09:00", "12:00"))
        cancel(session, booking)
        book(session, her, asked(room, "09:00", "12:00"))


def test_the_day_ends_at_midnight_in_korea(engine: Engine) -> None:
    with transaction(engine) as session:
        _, (room, _) = a_cafe(session, hours=[["00:00", "24:00"]] * 7)
        her = someone(session)
        book(session, her, asked(room, "21:00", "24:00"))
        book(session, her, asked(room, "00:00", "03:00", DAY + timedelta(days=1)))
        over = Asked(room.room_id, Span(at_minute(DAY, 23 * 60), at_minute(DAY, 25 * 60)))
        refused("OVER_MIDNIGHT", lambda: book(session, someone(session), over))


@pytest.mark.parametrize("zone_hours", [-11, 0, 9, 14])
def test_the_zone_in_which_a_time_is_told_changes_nothing(engine: Engine, zone_hours: int) -> None:
    zone = timezone(timedelta(hours=zone_hours))
    told = span("09:00", "12:00")
    with transaction(engine) as session:
        _, (room, other) = a_cafe(session)
        her = someone(session)
        book(session, her, Asked(room.room_id, Span(told.starts_at.astimezone(zone), told.ends_at.astimezone(zone))))
        refused("DAY_IS_FULL", lambda: book(session, her, asked(other, "23:58", "23:59")))


def test_a_leap_day_is_a_day(engine: Engine) -> None:
    leap = date(2028, 2, 29)
    with stopped_at(datetime(2028, 2, 28, 3, tzinfo=UTC)), transaction(engine) as session:
        _, (room, _) = a_cafe(session, closed_on_holidays=False)
        her = someone(session)
        book(session, her, asked(room, "09:00", "12:00", leap))
        refused("DAY_IS_FULL", lambda: book(session, her, asked(room, "13:00", "13:01", leap)))
        book(session, her, asked(room, "09:00", "12:00", date(2028, 3, 1)))


REFUSED: list[tuple[str, dict[str, object]]] = [
    ("TIME_WRONG", {"starts": "10:00", "ends": "10:00"}),
    ("TIME_WRONG", {"starts": "10:00", "ends": "09:00"}),
    ("TIME_WRONG", {"shift": timedelta(seconds=1)}),
    ("TIME_PAST", {"day": DAY - timedelta(days=1)}),
    ("TOO_FAR_AHEAD", {"day": DAY + timedelta(days=14)}),
    ("CAFE_CLOSED", {"starts": "07:59", "ends": "09:00"}),
    ("CAFE_CLOSED", {"hours": [None] * 7}),
    ("CAFE_CLOSED", {"closed": True}),
    ("HOURS_UNKNOWN", {"hours": []}),
    ("CAFE_NOT_RUNNING", {"state": "planned"}),
    ("CAFE_NOT_RUNNING", {"state": "ended"}),
    ("TOO_MANY_PEOPLE", {"people": 5}),
    ("TOO_MANY_PEOPLE", {"people": 0}),
    ("REASON_MISSING", {"override": Override("상담사", " ")}),
    ("DAY_IS_FULL", {"starts": "09:00", "ends": "12:01"}),
]


@pytest.mark.parametrize(("code", "but"), REFUSED, ids=[f"{number} {code}" for number, (code, _) in enumerate(REFUSED)])
def test_what_cannot_be_booked_is_refused_with_its_reason(engine: Engine, code: str, but: dict[str, object]) -> None:
    told: dict[str, object] = {"starts": "09:00", "ends": "10:00", "day": DAY, "people": 1} | but
    own = {name: told.pop(name) for name in ("hours", "state") if name in told}
    shift, closed, override = told.pop("shift", timedelta(0)), told.pop("closed", False), told.pop("override", None)
    with transaction(engine) as session:
        cafe, (room, _) = a_cafe(session, **own)
        if closed:
            close_on(session, cafe, DAY, "대청소")
        wanted = asked(room, **told)  # type: ignore[arg-type]
        wanted = Asked(room.room_id, Span(wanted.span.starts_at + shift, wanted.span.ends_at), wanted.people)  # type: ignore[operator]
        refused(code, lambda: book(session, someone(session), wanted, Rules(), override))  # type: ignore[arg-type]
    with reading(engine) as session:
        assert session.exec(select(Booking)).all() == []


def test_on_a_public_holiday_a_cafe_is_closed_unless_it_says_otherwise(engine: Engine) -> None:
    christmas = date(2026, 12, 25)
    assert holiday(christmas)
    with stopped_at(datetime(2026, 12, 20, tzinfo=UTC)), transaction(engine) as session:
        _, (room, _) = a_cafe(session)
        refused("CAFE_CLOSED", lambda: book(session, someone(session), asked(room, "09:00", "10:00", christmas)))
        _, (open_room, _) = a_cafe(session, "쉬지 않는 카페", closed_on_holidays=False)
        book(session, someone(session), asked(open_room, "09:00", "10:00", christmas))


def test_nobody_is_in_two_rooms_and_no_room_is_twice_taken(engine: Engine) -> None:
    with transaction(engine) as session:
        _, (one, two) = a_cafe(session)
        her, him = someone(session), someone(session)
        book(session, her, asked(one, "09:00", "10:00"))
        refused("ROOM_TAKEN", lambda: book(session, him, asked(one, "09:59", "11:00")))
        refused("ELSEWHERE_THEN", lambda: book(session, her, asked(two, "09:30", "10:30")))
        refused(
            "ROOM_TAKEN", lambda: book(session, him, asked(one, "09:00", "10:00"), Rules(), Override("상담사", "급함"))
        )
        book(session, him, asked(one, "10:00", "11:00"))


def test_staff_let_more_stand_for_a_reason_that_is_kept(engine: Engine) -> None:
    with transaction(engine) as session:
        _, (room, _) = a_cafe(session)
        her = someone(session)
        book(session, her, asked(room, "09:00", "12:00"))
        more = book(session, her, asked(room, "12:00", "13:00"), Rules(), Override("한새롬 상담사", "면접 직전"))
        assert (more.override_by, more.override_reason) == ("한새롬 상담사", "면접 직전")
        refused("DAY_IS_FULL", lambda: book(session, her, asked(room, "14:00", "14:01")))


def test_a_change_is_the_same_booking_at_another_time(engine: Engine) -> None:
    with transaction(engine) as session:
        _, (one, two) = a_cafe(session)
        her, him = someone(session), someone(session)
        booking = book(session, her, asked(one, "09:00", "12:00"))
        change(session, booking, asked(one, "09:30", "12:30"))  # over itself
        book(session, him, asked(two, "15:00", "16:00"))
        refused("ROOM_TAKEN", lambda: change(session, booking, asked(two, "15:30", "16:30")))
        assert (booking.revision, booking.starts_at) == (2, span("09:30", "12:30").starts_at)
        assert len(said(session, "room.booked.v1")) == 3


def test_who_waits_longest_gets_what_is_freed(engine: Engine) -> None:
    with transaction(engine) as session:
        cafe, (room,) = a_cafe(session, rooms=1)
        holder, full, first, second = (someone(session) for _ in range(4))
        booking = book(session, holder, asked(room, "09:00", "11:00"))
        refused("ROOM_FREE", lambda: wait(session, first, cafe, span("11:00", "12:00")))
        wishes = []
        for number, each in enumerate((full, first, second)):
            with stopped_at(NIGHT_BEFORE + MINUTE * number):
                wishes.append(wait(session, each, cafe, span("10:00", "11:00")))
        refused("WAITS_ALREADY", lambda: wait(session, first, cafe, span("09:30", "10:30")))
        book(session, full, asked(room, "12:00", "14:30"))  # her day has no hour left
        cancel(session, booking)
        assert [wish.state for wish in wishes] == ["waiting", "filled", "waiting"]
        filled = session.exec(select(Booking).where(Booking.seeker_id == first)).one()
        assert (filled.from_waiting_list, filled.booking_id) == (True, wishes[1].booking_id)


@pytest.fixture
def at_nine(engine: Engine) -> Booking:
    with transaction(engine) as session:
        _, (room, _) = a_cafe(session)
        return book(session, someone(session), asked(room, "09:00", "10:00"))


def look_at(engine: Engine, *instants: datetime) -> list[int]:
    """Look at the clock at each of these times; how many rooms were freed at each."""
    freed = []
    for instant in instants:
        with stopped_at(instant):
            freed.append(free_unused(engine, Rules()))
    return freed


def every_minute(start: datetime, minutes: int) -> list[datetime]:
    return [start + MINUTE * number for number in range(minutes + 1)]


def state_of(engine: Engine, booking: Booking) -> str:
    with reading(engine) as session:
        return session.get_one(Booking, booking.booking_id).state


def test_ten_minutes_late_frees_the_room_and_not_before(engine: Engine, at_nine: Booking) -> None:
    looks = every_minute(at_nine.starts_at - MINUTE, 11)
    assert look_at(engine, *looks) == [0] * 11 + [1]
    assert state_of(engine, at_nine) == "no_show"
    with transaction(engine) as session, stopped_at(at_nine.starts_at + 11 * MINUTE):
        assert len(said(session, "room.released.v1")) == 1
        held = session.get_one(Booking, at_nine.booking_id)
        refused("TOO_LATE", lambda: check_in(session, held))
        later = Asked(held.room_id, span("09:12", "10:00"))
        book(session, someone(session), later)


def test_who_checked_in_keeps_the_room(engine: Engine, at_nine: Booking) -> None:
    with transaction(engine) as session:
        held = session.get_one(Booking, at_nine.booking_id)
        with stopped_at(at_nine.starts_at - 11 * MINUTE):
            refused("TOO_EARLY", lambda: check_in(session, held))
        with stopped_at(at_nine.starts_at + 9 * MINUTE):
            check_in(session, held)
            check_in(session, held)
    assert sum(look_at(engine, *every_minute(at_nine.starts_at - MINUTE, 40))) == 0
    assert state_of(engine, at_nine) == "checked_in"


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param(lambda at: [at + timedelta(hours=3), at + timedelta(hours=3) + MINUTE], id="away for hours"),
        pytest.param(lambda at: [*every_minute(at - MINUTE, 5), *every_minute(at + 8 * MINUTE, 9)], id="away in it"),
        pytest.param(lambda at: [at - timedelta(days=1), *every_minute(at + timedelta(days=1), 5)], id="a leap ahead"),
        pytest.param(lambda at: [*every_minute(at + MINUTE, 3), at - timedelta(hours=2)], id="a leap back"),
    ],
)
def test_what_was_not_watched_is_not_judged(
    engine: Engine, at_nine: Booking, looks: Callable[[datetime], list[datetime]]
) -> None:
    assert sum(look_at(engine, *looks(at_nine.starts_at))) == 0
    assert state_of(engine, at_nine) == "booked"


def test_after_a_leap_and_back_the_room_is_freed_in_its_time(engine: Engine, at_nine: Booking) -> None:
    start = at_nine.starts_at
    looks = [start - 5 * MINUTE, start + timedelta(days=1), *every_minute(start - 2 * MINUTE, 13)]
    assert look_at(engine, *looks)[-2:] == [1, 0]


def test_too_many_points_block_for_a_while_and_expire(engine: Engine) -> None:
    rules = Rules(points_limit=2, points_days=10, block_days=3)
    with transaction(engine) as session:
        _, (room, _) = a_cafe(session)
        her = someone(session)
        for hour in ("09:00", "10:00"):
            missed = book(session, her, asked(room, hour, hour.replace(":00", ":30")), rules)
            missed.state = "no_show"
            session.add(missed)
        refused("BLOCKED", lambda: book(session, her, asked(room, "15:00", "16:00"), rules))
        book(session, her, asked(room, "15:00", "16:00"), rules, Override("상담사", "사정을 들음"))
        with stopped_at(span("10:00", "10:30").starts_at + timedelta(days=3)):
            book(session, her, asked(room, "15:00", "16:00", DAY + timedelta(days=4)), rules)
            assert len(bookings.points_of(session, her, rules)) == 2
        with stopped_at(span("10:00", "10:30").starts_at + timedelta(days=10)):
            assert bookings.points_of(session, her, rules) == []


def test_staff_excuse_a_booking_that_was_not_used(engine: Engine, at_nine: Booking) -> None:
    look_at(engine, *every_minute(at_nine.starts_at - MINUTE, 12))
    with transaction(engine) as session, stopped_at(at_nine.starts_at + timedelta(hours=1)):
        assert len(bookings.points_of(session, at_nine.seeker_id, Rules())) == 1
        bookings.excuse(session, session.get_one(Booking, at_nine.booking_id))
        session.flush()
        assert bookings.points_of(session, at_nine.seeker_id, Rules()) == []


def test_a_room_that_closes_releases_what_is_ahead(engine: Engine, at_nine: Booking) -> None:
    with transaction(engine) as session:
        assert bookings.close_room(session, session.get_one(Room, at_nine.room_id)) == 1
    assert state_of(engine, at_nine) == "room_closed"
    with transaction(engine) as session:
        again = Asked(at_nine.room_id, span("12:00", "13:00"))
        refused("ROOM_CLOSED", lambda: book(session, someone(session), again))


def test_every_refusal_is_told_in_both_languages() -> None:
    assert all(all(reason) for reason in reasons().values())
