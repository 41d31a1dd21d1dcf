"""A café that closes for a day, keeps other hours or ends: what was to be there is given back, and its people told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session

from services.registry.cafes import enrolments
from services.registry.cafes.bookings import book, close_room, wait
from services.registry.cafes.closing import GivenBack, close_on, give_back, open_on
from services.registry.cafes.places import hours_of, revise_cafe
from services.registry.cafes.rooms import add_room, rooms_of
from services.registry.tables import Booking, Cafe, ProgramSession, RoomWish
from shared.clock import stopped_at
from shared.database import reading, transaction
from tests.unit.registry.cafes.test_booking_law import refused
from tests.unit.registry.cafes.town import DAY, a_cafe, a_session, asked, someone, span
from tests.unit.registry.conftest import OPERATOR, said
from tests.unit.registry.pages.test_partner_pages import staff, told_beside
from tests.unit.registry.pages.visitor import send

pytestmark = pytest.mark.usefixtures("the_night_before")

__all__ = ["staff"]

NEXT = DAY + timedelta(days=1)
STANDS = ["booked", "booked", "booked", "waiting", "planned"]
CLOSED = ["room_closed", "booked", "booked", "closed", "called_off"]


class Town:
    """A café of one room with bookings on two days, someone who waits and a session; and another café's booking."""

    def __init__(self, session: Session) -> None:
        self.cafe, (room,) = a_cafe(session, rooms=1)
        _, (elsewhere,) = a_cafe(session, "다른 카페", rooms=1)
        slots = ((room, DAY), (room, NEXT), (elsewhere, DAY))
        self.bookings = [book(session, someone(session), asked(at, "14:00", "16:00", day)) for at, day in slots]
        self.wish = wait(session, someone(session), self.cafe, span("14:00", "15:00"))
        self.clinic = a_session(session, self.cafe, "18:00", "19:00")
        enrolments.enrol(session, someone(session), self.clinic)

    def states(self, session: Session) -> list[str]:
        rows = [session.get_one(Booking, one.booking_id) for one in self.bookings]
        wish, clinic = (
            session.get_one(RoomWish, self.wish.wish_id),
            session.get_one(ProgramSession, self.clinic.session_id),
        )
        return [*(row.state for row in rows), wish.state, clinic.state]


@pytest.fixture
def town(engine: Engine) -> Town:
    with transaction(engine) as session:
        return Town(session)


def cafe_of(session: Session, town: Town) -> Cafe:
    return session.get_one(Cafe, town.cafe.cafe_id)


def test_a_closed_day_gives_back_what_was_booked_and_planned_and_nothing_else(engine: Engine, town: Town) -> None:
    with transaction(engine) as session:
        before = len(said(session, "room.released.v1")), len(said(session, "program.scheduled.v1"))
        assert close_on(session, cafe_of(session, town), DAY, "대청소") == GivenBack(1, 1, 1)
    with reading(engine) as session:
        assert town.states(session) == CLOSED, "who waited gets no room behind a closed door, and waits no longer"
        assert session.get_one(ProgramSession, town.clinic.session_id).reason == "대청소"
        told = len(said(session, "room.released.v1")), len(said(session, "program.scheduled.v1"))
        assert told == (before[0] + 1, before[1] + 1)
        assert [str(town.wish.wish_id) in each.fields for each in said(session, "wish.ended.v1")] == [True]
    with transaction(engine) as session:
        assert close_on(session, cafe_of(session, town), DAY, "대청소") == GivenBack(0, 0, 0)
        refused("DAY_PAST", lambda: close_on(session, cafe_of(session, town), DAY - timedelta(days=2), "대청소"))


def test_who_is_in_her_room_stays_when_the_day_is_closed_behind_her(engine: Engine, town: Town) -> None:
    with stopped_at(town.bookings[0].starts_at), transaction(engine) as session:
        assert close_on(session, cafe_of(session, town), DAY, "누수") == GivenBack(0, 1, 0)


def test_other_hours_give_back_what_lies_outside_them(engine: Engine, town: Town) -> None:
    with transaction(engine) as session:
        cafe = cafe_of(session, town)
        revise_cafe(session, cafe, {"hours": [["08:00", "15:59"]] * 7})
        assert give_back(session, cafe) == GivenBack(2, 1, 0)
    with transaction(engine) as session:
        revise_cafe(session, cafe_of(session, town), {"hours": []})
        assert give_back(session, cafe_of(session, town)) == GivenBack(0, 0, 0), "where nobody knows, nothing is taken"


def test_open_after_all_it_can_be_booked_again(engine: Engine, town: Town) -> None:
    with transaction(engine) as session:
        cafe = cafe_of(session, town)
        close_on(session, cafe, DAY, "대청소")
        open_on(session, cafe, DAY)
        open_on(session, cafe, DAY)
        session.flush()
        (room,) = rooms_of(session, cafe.cafe_id)
        book(session, someone(session), asked(room, "14:00", "16:00"))


def test_an_ended_cafe_keeps_nobody_waiting_at_its_door(engine: Engine, client: TestClient, town: Town) -> None:
    at = f"/api/v1/registry/cafes/{town.cafe.cafe_id}"
    ended = client.post(f"{at}/stages", json={"state": "ended", "on": "2026-12-01"}, headers=OPERATOR)
    assert ended.status_code == 201, ended.text
    with reading(engine) as session:
        assert town.states(session) == ["room_closed", "room_closed", "booked", "closed", "called_off"]


def test_who_waits_for_a_room_larger_than_any_left_waits_no_longer(engine: Engine, town: Town) -> None:
    with transaction(engine) as session:
        large = add_room(session, cafe_of(session, town), "큰 방", 8)
        book(session, someone(session), asked(large, "14:00", "15:00"))
        many = wait(session, someone(session), cafe_of(session, town), span("14:00", "15:00"), people=8)
        close_room(session, large)
        assert (town.states(session)[3], session.get_one(RoomWish, many.wish_id).state) == ("waiting", "closed")


def test_a_closure_over_http_tells_how_many_and_can_be_dropped(client: TestClient, town: Town) -> None:
    at = f"/api/v1/registry/cafes/{town.cafe.cafe_id}/closures"
    told = client.post(at, json={"on": f"{DAY}", "reason": "대청소"}, headers=OPERATOR).json()
    assert (told["bookings"], told["sessions"], told["wishes"]) == (1, 1, 1)
    assert client.delete(f"{at}/{DAY}", headers=OPERATOR).status_code == 204
    past = client.post(at, json={"on": "2026-11-01", "reason": "대청소"}, headers=OPERATOR)
    assert (past.status_code, past.json()["where"]) == (409, "on")


def test_staff_close_a_day_on_the_page_and_open_it_again(
    staff: Callable[[str], TestClient],
    engine: Engine,
    town: Town,
) -> None:
    operator, here = staff("operator"), f"/counter/rooms?cafe={town.cafe.cafe_id}&day={DAY}"
    told = {"cafe": str(town.cafe.cafe_id), "day": f"{DAY}"}
    silent = send(operator, here, "/counter/rooms/close", **told, closing_reason=" ")
    assert (silent.status_code, told_beside(silent.text, "closing_reason")) == (422, "사유를 적어 주세요.")
    assert f'name="day" value="{DAY}"' in silent.text, "what she sends next is of the same day"
    with reading(engine) as session:
        assert town.states(session) == STANDS
    closed = send(operator, here, "/counter/rooms/close", **told, closing_reason="대청소").text
    assert "이날은 휴관입니다: 대청소 예약 1건과 프로그램 1건을 취소하고, 대기 1건을 끝내고 알렸습니다." in closed
    assert "이날 휴관하기" not in closed
    assert "이날 휴관하기" in send(operator, here, "/counter/rooms/open", **told).text


def test_an_operator_sets_hours_and_closes_a_room_on_the_page(
    staff: Callable[[str], TestClient],
    engine: Engine,
    town: Town,
) -> None:
    operator, at = staff("operator"), f"/counter/cafes/{town.cafe.cafe_id}"
    wrong = send(operator, "/counter/cafes", f"{at}/hours", day=["09:00-21:00"] * 6 + ["21시까지"])
    assert (wrong.status_code, told_beside(wrong.text, "day")[:5]) == (422, "운영 시간")
    assert 'value="21시까지"' in wrong.text
    set_so = send(operator, "/counter/cafes", f"{at}/hours", day=["09:00-15:00"] * 5 + [""] * 2, holidays="open")
    assert set_so.status_code == 200
    with reading(engine) as session:
        hours = hours_of(session, cafe_of(session, town))
        assert (hours.week[4], hours.week[5], hours.closed_on_holidays) == (["09:00", "15:00"], None, False)
        assert town.states(session)[:2] == ["room_closed"] * 2
        (room,) = rooms_of(session, town.cafe.cafe_id)
    closed = send(operator, "/counter/cafes", f"{at}/rooms/{room.room_id}/close").text
    assert closed.count("방 없애기: 방 1") == 1, "that of the other café"
