"""Is what a café is and where kept on its page, wrong answers told beside their fields? What of one without hours?"""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.app import create_app
from services.registry.cafes.places import all_cafes, stages
from services.registry.cafes.rooms import rooms_of
from services.registry.people.accounts import add_account
from services.registry.settings import RegistrySettings
from services.registry.tables import Cafe, Room, RoomWish
from shared.database import reading, transaction
from tests.unit.registry.cafes.town import DAY, a_cafe
from tests.unit.registry.pages.test_partner_pages import staff, told_beside
from tests.unit.registry.pages.visitor import NINE, PASSWORD, join, send

pytestmark = pytest.mark.usefixtures("the_night_before")

__all__ = ["staff"]

FACTS = {
    "name": "일자리카페 시험",
    "district": "서울 마포구",
    "address": "서울 마포구 가상로 12, 2층",
    "latitude": "37.5501",
    "longitude": "126.9202",
    "venue_type": "청년공간",
    "partnership": "자치구",
    "services": "키오스크, 프린터",
    "anchor": "yes",
}


def told_so(browser: TestClient, cafe: Cafe, **but: str) -> tuple[int, str]:
    answer = send(browser, "/counter/cafes", f"/counter/cafes/{cafe.cafe_id}/facts", **(FACTS | but))
    return answer.status_code, answer.text


def kept(engine: Engine, cafe: Cafe) -> Cafe:
    with reading(engine) as session:
        return session.get_one(Cafe, cafe.cafe_id)


@pytest.fixture
def counselor(engine: Engine, settings: RegistrySettings, cafe: tuple[Cafe, list[Room]]) -> TestClient:
    """Of this café alone."""
    with transaction(engine) as session:
        add_account(
            session, login="mapo", display_name="마포 상담사", role="counselor", password=PASSWORD,
            cafe_ids=(cafe[0].cafe_id,),
        )  # fmt: skip
    browser = TestClient(create_app(settings), headers={"accept": "text/html"}, raise_server_exceptions=False)
    send(browser, "/sign-in", "/sign-in", login="mapo", password=PASSWORD)
    return browser


@pytest.mark.parametrize("role", ["operator", "official"])
def test_what_a_cafe_is_and_where_is_changed_on_its_page(
    staff: Callable[[str], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]], role: str
) -> None:
    status, page = told_so(staff(role), cafe[0], name="일자리카페 새이름")
    assert (status, "일자리카페 새이름" in page) == (200, True)
    now_told = kept(engine, cafe[0])
    assert (now_told.address, now_told.latitude, now_told.services) == (
        FACTS["address"],
        37.5501,
        ["키오스크", "프린터"],
    )
    assert (now_told.venue_type, now_told.partnership, now_told.is_anchor) == ("청년공간", "자치구", True)
    told_so(staff(role), cafe[0], latitude="", longitude="", venue_type="", partnership="", services="", anchor="")
    now_told = kept(engine, cafe[0])
    assert (now_told.latitude, now_told.venue_type, now_told.services, now_told.is_anchor) == (None, None, [], False)


WRONG = [
    ("name", {"name": " "}),
    ("name", {"name": "가" * 101}),
    ("name", {"name": "다른 카페"}),
    ("district", {"district": ""}),
    ("latitude", {"latitude": "북위 37도"}),
    ("latitude", {"latitude": "nan"}),
    ("latitude", {"latitude": ""}),
    ("latitude", {"longitude": ""}),
    ("longitude", {"longitude": "동경"}),
    ("latitude", {"latitude": "126.9", "longitude": "37.5"}),
    ("venue_type", {"venue_type": "카페"}),
    ("partnership", {"partnership": "미정"}),
    ("services", {"services": "가" * 101}),
    ("services", {"services": ",".join(map(str, range(21)))}),
]


@pytest.mark.parametrize(("field", "but"), WRONG, ids=lambda each: str(each)[:40])
def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(
    staff: Callable[[str], TestClient],
    engine: Engine,
    cafe: tuple[Cafe, list[Room]],
    field: str,
    but: dict[str, str],
) -> None:
    with transaction(engine) as session:
        a_cafe(session, "다른 카페")
    status, page = told_so(staff("operator"), cafe[0], **but)
    assert (status in {409, 422}, bool(told_beside(page, field))) == (True, True)
    assert f'value="{FACTS["address"]}"' in page
    assert page.count('role="alert"') == 1, "and only once, beside the form that was sent"
    assert kept(engine, cafe[0]).address == ""


def test_a_counselor_tells_the_facts_of_her_own_cafe_and_of_no_other(
    counselor: TestClient, engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    with transaction(engine) as session:
        other, _ = a_cafe(session, "다른 카페")
    page = counselor.get("/counter/cafes").text
    assert ("일자리카페 시험" in page, "다른 카페" in page, "운영 시간 바꾸기" in page) == (True, False, False)
    assert told_so(counselor, cafe[0])[0] == 200
    assert told_so(counselor, other, name="다른 카페")[0] == 404
    assert kept(engine, other).address == ""


def test_the_things_in_a_room_are_changed_and_a_name_is_taken_once(
    staff: Callable[[str], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    operator, at = staff("operator"), f"/counter/cafes/{cafe[0].cafe_id}/rooms"
    changed = send(
        operator, "/counter/cafes", f"{at}/{cafe[1][0].room_id}", name="창가방", equipment="화이트보드, 모니터"
    )
    assert changed.status_code == 200
    assert "창가방 · 4명 · 화이트보드, 모니터" in operator.get(f"/cafes/{cafe[0].cafe_id}").text
    taken = send(operator, "/counter/cafes", f"{at}/{cafe[1][1].room_id}", name="창가방", equipment="")
    assert (taken.status_code, told_beside(taken.text, "name")) == (409, "이 카페에 같은 이름의 방이 있습니다.")
    long = send(operator, "/counter/cafes", at, name="새 방", capacity="4", equipment="가" * 101)
    assert (long.status_code, bool(told_beside(long.text, "equipment"))) == (422, True)
    with reading(engine) as session:
        assert sorted(room.name for room in rooms_of(session, cafe[0].cafe_id)) == ["방 2", "창가방"]


def test_a_new_cafe_starts_as_planned(staff: Callable[[str], TestClient], engine: Engine) -> None:
    operator = staff("operator")
    nameless = send(operator, "/counter/cafes", "/counter/cafes", **(FACTS | {"name": ""}))
    assert (nameless.status_code, bool(told_beside(nameless.text, "name"))) == (422, True)
    assert send(operator, "/counter/cafes", "/counter/cafes", **FACTS).status_code == 200
    twice = send(operator, "/counter/cafes", "/counter/cafes", **FACTS)
    assert (twice.status_code, told_beside(twice.text, "name")) == (409, "같은 이름의 카페가 이미 있습니다.")
    with reading(engine) as session:
        (cafe,) = all_cafes(session)
        assert [(stage.state, stage.by) for stage in stages(session, cafe.cafe_id)] == [("planned", "operator")]


def test_a_cafe_without_hours_says_so_everywhere_and_lets_nobody_book_or_wait(
    staff: Callable[[str], TestClient], browse: Callable[[], TestClient], engine: Engine, cafe: tuple[Cafe, list[Room]]
) -> None:
    operator, at = staff("operator"), f"/cafes/{cafe[0].cafe_id}"
    shown = send(operator, "/counter/cafes", f"/counter{at}/hours", day=[""] * 7).text
    assert "운영 시간이 등록되지 않아" in shown
    browser = browse()
    join(browser)
    cannot = "운영 시간이 등록되지 않은 카페라 방을 예약할 수 없습니다."
    assert "운영 시간 미등록" in browser.get("/cafes").text
    assert cafe[0].name not in browser.get("/cafes?open=yes").text
    assert cannot in browser.get(f"{at}?day={DAY}").text
    assert cannot in browser.get(f"/kiosk/{cafe[0].cafe_id}").text
    asked = browser.get(f"{at}/book?starts={NINE}").text
    assert ("운영 시간이 등록되지 않은" in asked, "대기하기" in asked, "예약하기</button>" in asked) == (
        True,
        False,
        False,
    )
    waits = send(browser, "/cafes/mine", f"{at}/wait", starts=NINE, minutes="60", people="1")
    assert (waits.status_code, "운영 시간이 등록되지 않은" in waits.text) == (409, True)
    with reading(engine) as session:
        assert session.exec(select(RoomWish)).all() == []


def test_a_day_on_which_a_cafe_is_closed_says_why_and_offers_no_waiting(
    staff: Callable[[str], TestClient], browse: Callable[[], TestClient], cafe: tuple[Cafe, list[Room]]
) -> None:
    operator, at = staff("operator"), f"/cafes/{cafe[0].cafe_id}"
    told = {"cafe": str(cafe[0].cafe_id), "day": f"{DAY}", "closing_reason": "대청소"}
    send(operator, f"/counter/rooms?cafe={cafe[0].cafe_id}&day={DAY}", "/counter/rooms/close", **told)
    browser = browse()
    assert "이날은 카페가 쉽니다: 대청소" in browser.get(f"{at}?day={DAY}").text
    assert "공휴일이라 카페가 쉽니다." in browser.get(f"{at}?day=2026-12-25").text
    asked = browser.get(f"{at}/book?starts={NINE}").text
    assert ("문을 열지 않는 시간" in asked, "대기" in asked) == (True, False)
