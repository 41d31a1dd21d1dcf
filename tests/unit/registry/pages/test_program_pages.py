"""Can someone find a session, enrol, wait, cancel and say how it was; and can staff plan it and note who came?"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.people.accounts import add_account
from services.registry.tables import Cafe, Enrolment, ProgramSession, SessionOpinion
from shared.clock import stopped_at
from shared.database import reading, transaction
from tests.unit.registry.cafes.town import DAY, a_cafe, a_session
from tests.unit.registry.pages.test_partner_pages import told_beside
from tests.unit.registry.pages.visitor import PASSWORD, come_back, join, send

pytestmark = pytest.mark.usefixtures("the_night_before")


@pytest.fixture
def town(engine: Engine) -> tuple[Cafe, ProgramSession]:
    with transaction(engine) as session:
        cafe, _ = a_cafe(session)
        return cafe, a_session(session, cafe, seats=1, kind="lecture", title="엑셀 특강", skill="엑셀")


@pytest.fixture
def counter(browse: Callable[[], TestClient], engine: Engine) -> TestClient:
    with transaction(engine) as session:
        add_account(session, login="mapo", display_name="마포 상담사", role="counselor", password=PASSWORD)
    browser = browse()
    send(browser, "/sign-in", "/sign-in", login="mapo", password=PASSWORD)
    return browser


def seats(engine: Engine) -> list[Enrolment]:
    with reading(engine) as session:
        return list(session.exec(select(Enrolment).order_by(Enrolment.made_at)))  # type: ignore[arg-type]


def enrol(browser: TestClient, program: ProgramSession) -> Any:
    at = f"/cafes/programs/{program.session_id}"
    return send(browser, at, f"{at}/enrol")


def test_nobody_needs_an_account_to_look(browse: Callable[[], TestClient], town: tuple[Cafe, ProgramSession]) -> None:
    stranger = browse()
    assert "엑셀 특강" in stranger.get("/cafes/programs").text
    assert "엑셀 특강" in stranger.get(f"/cafes/programs?cafe={town[0].cafe_id}&kind=lecture").text
    assert "엑셀 특강" not in stranger.get("/cafes/programs?kind=mentoring").text
    assert "Sign in to enrol" in stranger.get(f"/cafes/programs/{town[1].session_id}?lang=en").text
    assert stranger.get("/cafes/programs/00000000-0000-4000-8000-000000000000").status_code == 404


def test_she_enrols_another_waits_and_follows_when_she_cancels(
    browse: Callable[[], TestClient], engine: Engine, town: tuple[Cafe, ProgramSession]
) -> None:
    her, other = browse(), browse()
    join(her)
    join(other, "010-4444-5555")
    assert "신청했습니다." in enrol(her, town[1]).text
    assert "대기 명단에 올렸습니다" in enrol(other, town[1]).text
    again = her.get(f"/cafes/programs/{town[1].session_id}").text
    assert seats(engine)[0].code in again
    foreign = send(other, "/cafes/mine", f"/cafes/enrolments/{seats(engine)[0].enrolment_id}/cancel")
    assert foreign.status_code == 404
    send(her, "/cafes/mine", f"/cafes/enrolments/{seats(engine)[0].enrolment_id}/cancel")
    assert [each.state for each in seats(engine)] == ["cancelled", "enrolled"]
    assert "엑셀 특강" in other.get("/cafes/mine").text
    assert "엑셀 특강" not in her.get("/cafes/mine").text


def test_who_attended_says_how_it_was_and_only_a_count_is_kept(
    browse: Callable[[], TestClient], counter: TestClient, engine: Engine, town: tuple[Cafe, ProgramSession]
) -> None:
    her, (_, program) = browse(), town
    with stopped_at(program.starts_at - timedelta(hours=1)):
        join(her)
        enrol(her, program)
        (seat,) = seats(engine)
        at, opinion = f"/counter/programs/{program.session_id}", f"/cafes/enrolments/{seat.enrolment_id}/opinion"
        assert send(her, "/cafes/mine", opinion, score="5").status_code == 409
    with stopped_at(program.starts_at + timedelta(minutes=5)):
        send(counter, "/sign-in", "/sign-in", login="mapo", password=PASSWORD)
        assert seat.code in counter.get(at).text
        send(counter, at, f"/counter/enrolments/{seat.enrolment_id}/came")
        assert "참석" in counter.get(at).text
        send(counter, at, f"{at}/hold")
    with stopped_at(program.ends_at):
        come_back(her)
        assert "어떠셨나요" in her.get("/cafes/mine").text
        assert send(her, "/cafes/mine", opinion, score="9").status_code == 422
        assert "의견 고맙습니다" in send(her, "/cafes/mine", opinion, score="4").text
        assert "어떠셨나요" not in her.get("/cafes/mine").text
    with reading(engine) as session:
        assert [(each.score, each.people) for each in session.exec(select(SessionOpinion))] == [(4, 1)]


WRONG = [
    ("starts", {"starts": "내일"}),
    ("starts", {"starts": f"{DAY}T03:00"}),
    ("minutes", {"minutes": "반나절"}),
    ("minutes", {"starts": f"{DAY}T23:00", "minutes": "120"}),
    ("seats", {"seats": "0"}),
    ("skill", {"skill": "엑셀"}),
]


@pytest.mark.parametrize(("field", "but"), WRONG, ids=lambda each: str(each)[:40])
def test_what_is_wrong_with_a_session_is_told_beside_its_field_and_nothing_typed_is_lost(
    counter: TestClient, town: tuple[Cafe, ProgramSession], field: str, but: dict[str, str]
) -> None:
    told = {
        "title": "이력서 보기",
        "starts": f"{DAY}T10:00",
        "minutes": "60",
        "seats": "4",
        "skill": "",
        "staff": "김",
    } | but
    whole = told | {"kind": "resume_clinic", "cafe": str(town[0].cafe_id)}
    planned = send(counter, "/counter/programs", "/counter/programs", **whole)
    assert (planned.status_code in {409, 422}, bool(told_beside(planned.text, field))) == (True, True)
    assert ('value="이력서 보기"' in planned.text, planned.text.count('role="alert"')) == (True, 1)
    if field != "skill":  # a lecture may teach one
        page = f"/counter/programs/{town[1].session_id}"
        changed = send(counter, page, f"{page}/change", **told)
        assert (bool(told_beside(changed.text, field)), 'value="이력서 보기"' in changed.text) == (True, True)


def test_staff_plan_change_fill_and_call_off(
    browse: Callable[[], TestClient], counter: TestClient, engine: Engine, town: tuple[Cafe, ProgramSession]
) -> None:
    join(browse())
    told = {"cafe": str(town[0].cafe_id), "kind": "mentoring", "title": "", "starts": f"{DAY}T17:00", "minutes": "60"}
    told |= {"seats": "4", "skill": "React", "staff": "새벽별 멘토; 한들 멘토"}
    wrong = send(counter, "/counter/programs", "/counter/programs", **(told | {"starts": f"{DAY}T03:00"}))
    assert (wrong.status_code, "새벽별 멘토" in wrong.text) == (409, True)
    made = send(counter, "/counter/programs", "/counter/programs", **told)
    assert "새벽별 멘토, 한들 멘토" in made.text
    at = made.url.path
    changed = send(counter, at, f"{at}/change", **(told | {"seats": "5", "title": "리액트 멘토링"}))
    assert "0 / 5" in re.sub(r"\s+", " ", changed.text)
    assert send(counter, at, f"{at}/enrol", reference="nobody").status_code == 409
    assert "1 / 5" in send(counter, at, f"{at}/enrol", reference="010-2222-3333").text
    assert send(counter, at, f"{at}/call_off", reason=" ").status_code == 422
    off = send(counter, at, f"{at}/call_off", reason="멘토 사정")
    assert "열리지 않습니다: 멘토 사정" in off.text
    assert "리액트 멘토링" in counter.get(f"/counter/programs?cafe={town[0].cafe_id}&since={DAY}").text
    assert counter.get("/counter/programs?since=9999-12-31").status_code == 422
