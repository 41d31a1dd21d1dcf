"""The official's board: the plan's own page comes back as it was entered, and every number leads down to its rows."""

import csv
import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, delete
from sqlmodel import Session, col

from deploy.demo.load import PLAN
from services.registry.board.costs import costs, opened_until, spent
from services.registry.board.program_use import program_use
from services.registry.board.room_use import room_use
from services.registry.cafes import programs
from services.registry.cafes.hours import Span, at_minute
from services.registry.cafes.places import add_cafe
from services.registry.cafes.programs import Told
from services.registry.cafes.rooms import add_room
from services.registry.cafes.use import use_by_month
from services.registry.commands.plan import rows_of
from services.registry.plan import ledger
from services.registry.tables import Booking, RoomUse, Seeker, SessionUse
from shared.clock import KST, now
from shared.database import reading, transaction
from shared.figure import Figure
from tests.unit.registry.conftest import OPERATOR

TODAY = now().astimezone(KST).date()
ROW = re.compile(r'<th scope="row"><code>([^<]+)</code>')
LINK = re.compile(r'href="(/(?:board|benefit)/(?:rows|plan/entries)\?[^"]+)"')


@pytest.fixture
def city(client: TestClient) -> TestClient:
    told = client.post("/api/v1/registry/plan/entries", json={"rows": list(rows_of(PLAN))}, headers=OPERATOR)
    assert told.status_code == 200
    return client


@pytest.fixture
def used(engine: Engine) -> Any:
    """Two cafés: visits of two and three persons, one missed, one cancelled, and four that are only counted by now."""
    with transaction(engine) as session:
        cafes = [add_cafe(session, name, "서울 마포구") for name in ("와우뜰", "낙성마루")]
        rooms = [add_room(session, cafe, "집중방", 4, []) for cafe in cafes]
        someone = Seeker(seeker_id=uuid4(), revision=1, state="active", facts={}, applied_at=now(), changed_at=now(),
                         valid_until=TODAY)  # fmt: skip
        session.add(someone)
        session.flush()
        for at, (room, state, people) in enumerate(
            [(0, "checked_in", 2), (0, "no_show", 1), (1, "checked_in", 3), (1, "cancelled", 1)]
        ):
            book(session, rooms[room], someone, at, state, people)
        session.add(RoomUse(room_id=rooms[0].room_id, on=TODAY - timedelta(40), state="checked_in", bookings=4,
                            minutes=240, people=5))  # fmt: skip
    return [cafe.cafe_id for cafe in cafes]


def book(session: Session, room: Any, someone: Seeker, hour: int, state: str, people: int) -> None:
    start = at_minute(TODAY - timedelta(1), 600 + 60 * hour)
    session.add(Booking(booking_id=uuid4(), cafe_id=room.cafe_id, room_id=room.room_id, seeker_id=someone.seeker_id,
                        starts_at=start, ends_at=start + timedelta(minutes=60), people=people, state=state,
                        code="123456", made_at=start, changed_at=start))  # fmt: skip


def shown(page: str) -> str:
    """What a reader sees, in one line."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def test_the_plan_s_page_comes_back_as_it_was_entered(city: TestClient) -> None:
    page = city.get("/board/plan", headers=OPERATOR)
    assert page.status_code == 200, page.text
    told = shown(page.text)
    for line in (
        "2016 시비 422 422 100.0 %",
        "2017 시비 1,470 자료 없음 자료 없음",
        "2018.1–6 시비 3,473 자료 없음 자료 없음",
        "임기 후 시비 8,385",
        "임기 내 계 5,365 422 7.9 %",
        "2016 2/4 자료 없음 3 자료 없음 3",
        "2016 4/4 자료 없음 자료 없음 35 35",
        "2017 계 60 자료 없음",
        "2016 300 41 13.7 % 2016-02-25",
        "2016 50 41 82.0 % 2016-05-05",
        "합계와 내역이 다름 카페 개소 openings-2016-q4 35 12 + 12 + 9 = 33 -2",
        "적힌 수와 기록이 다름 설명회·공청회 1 2 1",
        "표에는 –, 기록은 있음 설문·만족도조사 – 1 (1,092명) –",
        "같은 해에 목표가 둘 2016 목표 300 (2016-02-25) 50 (2016-05-05) -250",
        "제목과 내역의 유형이 다름 카페 개소 openings-2016-q4 직영 35 대학 12, 자치구 12, 민간 9 –",
        "설문·만족도조사 – 1 1 1,092",
        "언론·방송 보도 27 27 0",
    ):
        assert line in told, line


def test_every_number_leads_to_its_rows(city: TestClient, used: Any) -> None:
    for start in ("/board", "/board/plan"):
        links = {unescape(link) for link in LINK.findall(city.get(start, headers=OPERATOR).text)}
        assert links
        for link in sorted(links):
            answer = city.get(link, headers=OPERATOR)
            assert answer.status_code == 200, (link, answer.text)
            assert 'class="empty"' not in answer.text or "/benefit/" in link, link


def test_costs_divide_what_was_executed_and_say_no_data_where_a_side_has_none(city: TestClient, engine: Engine) -> None:
    with reading(engine) as session:
        noted = ledger.entries(session)
    assert sum(int(row.adds or 0) for row in spent(noted, 2016)) == 422_000_000
    assert sum(int(row.adds or 0) for row in opened_until(noted, 2016)) == 41
    cafe, visit, placement = costs(noted, 2016, Figure("room_visits", 8_721), Figure("pairs_hired", None))
    assert (cafe.value, visit.value, placement.value) == (422_000_000 / 41, 422_000_000 / 8_721, None)
    assert [each.value for each in costs(noted, 2026, Figure("room_visits", 10), Figure("pairs_hired", 0))] == [
        None
    ] * 3
    rows = list(csv.DictReader(StringIO(city.get("/board/figures.csv", headers=OPERATOR).content.decode("utf-8-sig"))))
    told = {(row["line"], row["figure"]): row["value"] for row in rows if row["part"] == "costs"}
    assert round(float(told["2016", "cost_per_cafe"])) == 10_292_683
    assert told["2016", "cost_per_visit"] == ""
    assert "₩10,292,683" in city.get("/board?lang=en", headers=OPERATOR).text


def test_use_is_what_the_months_add_up_to(engine: Engine, used: Any) -> None:
    since = TODAY - timedelta(90)
    with reading(engine) as session:
        whole = {each.name: each for each in room_use(session, since, TODAY)}
        one = {each.name: each.value for each in room_use(session, since, TODAY, used[0])}
        months = [use for cafe in used for use in use_by_month(session, cafe, since, TODAY).values()]
        nothing = room_use(session, date(2020, 1, 1), date(2020, 12, 31))
    assert whole["room_bookings"].value == sum(use.booked for use in months) == 8
    assert whole["room_visits"].value == sum(use.visits for use in months) == 6
    assert whole["room_visitors"].value == sum(use.visitors for use in months) == 10
    assert whole["room_hours"].value == sum(use.minutes for use in months) / 60 == 6
    assert (whole["room_missed"].numerator, whole["room_missed"].denominator) == (1, 7)
    assert one["room_visits"] == 5
    assert [each.value for each in nothing] == [None] * 5


@pytest.fixture
def taught(engine: Engine) -> list[UUID]:
    """Sessions of two cafés: one told with its counts, one that nobody counted, one called off, one at the other."""
    begun = at_minute(TODAY - timedelta(20), 600)
    with transaction(engine) as session:
        cafes = [add_cafe(session, name, "서울 마포구") for name in ("한빛터", "샛강뜰")]
        counts: list[tuple[int, dict[str, int]]] = [
            (0, {"attended": 6, "absent": 2}),
            (0, {}),
            (1, {"attended": 0, "absent": 3}),
        ]
        for hour, (at, told) in enumerate(counts):
            start = begun + timedelta(hours=hour)
            lecture = Told("lecture", "면접 특강", Span(start, start + timedelta(hours=1)), 10)
            programs.record(session, cafes[at], lecture, told, "test")
        off = programs.record(session, cafes[0], replace(lecture, title="취소된 특강"), {"attended": 9}, "test")
        off.state = "called_off"
        session.execute(delete(SessionUse).where(col(SessionUse.session_id) == off.session_id))
    return [cafe.cafe_id for cafe in cafes]


def test_attendance_is_of_the_sessions_that_were_held_and_counted(
    city: TestClient, engine: Engine, taught: list[UUID]
) -> None:
    since = TODAY - timedelta(90)
    with reading(engine) as session:
        whole = {each.name: each for each in program_use(session, since, TODAY)}
        other = {each.name: each for each in program_use(session, since, TODAY, taught[1])}
        months = [use for cafe in taught for use in use_by_month(session, cafe, since, TODAY).values()]
        before = program_use(session, date(2020, 1, 1), date(2020, 12, 31))
    assert whole["program_sessions"].value == sum(use.sessions for use in months) == 3
    assert whole["program_attended"].value == sum(use.attended for use in months) == 6
    assert (whole["program_attendance"].numerator, whole["program_attendance"].denominator) == (6, 11)
    assert whole["program_attendance"].unknown == 1
    assert (other["program_attended"].value, other["program_attendance"].value) == (0, 0)
    assert [each.value for each in before] == [None] * 4
    page = city.get("/board", headers=OPERATOR).text
    assert "54.5 %" in shown(page) or "54.5%" in shown(page)
    links = [unescape(link) for link in LINK.findall(page) if "part=programs" in link]
    assert any(str(taught[0]) in link for link in links)
    for link in links:
        assert "프로그램 회차" in city.get(link, headers=OPERATOR).text, link


@pytest.mark.usefixtures("taught")
def test_rows_go_on_behind_the_last_that_was_shown(city: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    path, ids = "/board/rows?part=programs&figure=program_sessions", list[str]()
    every = ROW.findall(city.get(path, headers=OPERATOR).text)
    monkeypatch.setattr("services.registry.pages.board.PAGE", 1)
    while path:
        page = city.get(path, headers=OPERATOR).text
        ids += ROW.findall(page)
        path = unescape(found[1]) if (found := re.search(r'rel="next" href="([^"]+)"', page)) else ""
    assert len(ids) == 3
    assert ids == every
    assert city.get("/board/rows?part=programs&figure=program_sessions&after=1", headers=OPERATOR).status_code == 422


def test_an_empty_city_has_no_data_and_no_zero(client: TestClient) -> None:
    page = client.get("/board", headers=OPERATOR)
    assert page.status_code == 200, page.text
    assert shown(page.text).count("자료 없음") > 15
    assert client.get("/board/plan", headers=OPERATOR).status_code == 200
    for wrong in ("/board/rows?part=use&figure=wealth", "/board/plan/entries?ref=nothing"):
        assert client.get(wrong, headers=OPERATOR).status_code == 404
    figures = client.get("/api/v1/registry/board", headers=OPERATOR).json()["figures"]
    assert {each["value"] for each in figures} == {None}


def test_pages_hold_nothing_that_our_policy_refuses(city: TestClient, used: Any) -> None:
    for path in ("/board", "/board/plan"):
        page = city.get(path, headers=OPERATOR).text
        for refused in ("<style", "<script", "style=", "http://", "https://"):
            assert refused not in page, (path, refused)
