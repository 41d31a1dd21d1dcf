"""Are a month's proposals made of registry's own rows, decided once, and compared with what happened?"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session, select

from services.registry.cafes.enrolments import attend, enrol, hold
from services.registry.cafes.programs import record
from services.registry.cafes.season_facts import facts_of, next_month
from services.registry.cafes.season_planner import Learners
from services.registry.people.accounts import add_account
from services.registry.seasons import Planned, set_season
from services.registry.tables import Agency, Cafe, Posting, ProgramProposal, ProgramSession, Seeker
from shared.clock import now, stopped_at
from shared.database import reading, transaction
from tests.unit.registry.cafes.town import NIGHT_BEFORE, a_cafe, a_session, session_told, someone
from tests.unit.registry.conftest import OPERATOR
from tests.unit.registry.pages.visitor import PASSWORD, send

pytestmark = pytest.mark.usefixtures("the_night_before")

PATH = "/api/v1/registry/programs/plan"
JANUARY = date(2027, 1, 1)


def a_posting(session: Session, agency: Agency, closes_on: date, *skills: str, **but: str) -> None:
    facts: dict[str, Any] = {
        "place": {"district": but.get("district", "서울 마포구")},
        "closes_on": closes_on.isoformat(),
        "required_skills": list(skills),
    }
    row = {"source_ref": str(uuid4()), "revision": 1, "accepted_at": now(), "changed_at": now()}
    row["state"] = but.get("state", "open")
    session.add(Posting(posting_id=uuid4(), agency_id=agency.agency_id, facts=facts, **row))


@pytest.fixture
def town(engine: Engine, agency: Agency) -> Cafe:
    """A café with a past of two months, postings of its district and of another, and a seeker."""
    with transaction(engine) as session:
        cafe, _ = a_cafe(session)
        for day, came in ((date(2026, 11, 10), 6), (date(2026, 12, 1), 8)):
            record(session, cafe, session_told("09:00", "13:00", day), {"attended": came, "absent": 2}, "운영자")
        a_posting(session, agency, date(2027, 1, 12), "엑셀", "회계")
        a_posting(session, agency, date(2027, 1, 13), "엑셀")
        a_posting(session, agency, date(2027, 1, 13), "용접", district="부산 해운대구")
        a_posting(session, agency, date(2026, 12, 20), "엑셀")
        seeker = session.get_one(Seeker, someone(session))
        seeker.state, seeker.cafe_id, seeker.facts = "active", cafe.cafe_id, {"skills": ["회계"]}
        return cafe


def test_facts_are_of_the_cafe_s_district_and_people(engine: Engine, town: Cafe) -> None:
    with reading(engine) as session:
        (facts,) = facts_of(session, JANUARY)
    assert facts.closings == (0, 0, 2, 0, 0, 0)
    assert facts.usual_closings == 1 / 8
    assert facts.learners == {"엑셀": Learners(1, 3), "회계": Learners(0, 1), "용접": Learners(0, 1)}, "of the city"
    assert [(each.wanted, each.attended) for each in facts.past["resume_clinic"]] == [(10, 8), (8, 6)]
    assert next_month(NIGHT_BEFORE) == JANUARY


def test_the_weeks_of_a_hiring_season_are_those_of_the_calendar(engine: Engine, town: Cafe) -> None:
    with transaction(engine) as session:
        set_season(session, Planned("신입 공채", date(2027, 1, 17), date(2027, 2, 1), [], 3), "operator")
    with reading(engine) as session:
        (facts,) = facts_of(session, JANUARY)
    assert facts.in_season == (False, False, True, True, True, True), "from the Sunday of the third week on"
    assert len(facts.in_season) == len(facts.closings)


def test_what_was_taken_back_closes_nothing_and_what_was_filled_did(engine: Engine, agency: Agency, town: Cafe) -> None:
    with transaction(engine) as session:
        for state in ("withdrawn", "filled"):
            a_posting(session, agency, date(2027, 1, 12), "엑셀", state=state)
            a_posting(session, agency, date(2026, 12, 21), "엑셀", state=state)
    with reading(engine) as session:
        (facts,) = facts_of(session, JANUARY)
    assert (facts.closings, facts.usual_closings) == ((0, 0, 2, 0, 0, 0), 2 / 8)


def test_what_nobody_counted_is_not_nought(engine: Engine, town: Cafe) -> None:
    with transaction(engine) as session:
        record(session, town, session_told("14:00", "16:00", date(2026, 11, 11)), {}, "운영자")
        program = a_session(session, town)
        with stopped_at(program.ends_at):
            hold(session, program)
    with reading(engine) as session:
        (facts,) = facts_of(session, JANUARY)
    assert [(each.sessions, each.wanted) for each in facts.past["resume_clinic"]] == [(2, 10), (1, 8)]


def test_a_month_whose_hours_are_all_accepted_is_full(client: TestClient, town: Cafe) -> None:
    client.headers.update(OPERATOR)
    month = {"month": "2027-01", "hours": 4}
    for number, each in enumerate(client.post(PATH, json=month).json()):
        told = {"kind": each["kind"], "title": "이력서 클리닉", "seats": 2}
        told |= {
            "starts_at": f"2027-01-{11 + number}T10:00:00+09:00",
            "ends_at": f"2027-01-{11 + number}T12:00:00+09:00",
        }
        assert client.post(f"/api/v1/registry/proposals/{each['proposal_id']}/accept", json=told).status_code == 201
    assert {each["state"] for each in client.post(PATH, json=month).json()} == {"accepted"}


def test_a_month_is_proposed_decided_held_and_compared(client: TestClient, engine: Engine, town: Cafe) -> None:
    client.headers.update(OPERATOR)
    proposed = client.post(PATH, json={"month": "2027-01", "hours": 6}).json()
    assert {each["kind"] for each in proposed} == {"resume_clinic"}
    assert proposed[0]["numbers"] | {"past_wanted": 9.0, "past_months": 2, "closings": 2} == proposed[0]["numbers"]
    first, second, *_ = (f"/api/v1/registry/proposals/{each['proposal_id']}" for each in proposed)
    told = {"kind": "resume_clinic", "title": "이력서 클리닉", "seats": 6}
    told |= {"starts_at": "2027-01-06T14:00:00+09:00", "ends_at": "2027-01-06T16:00:00+09:00"}
    assert client.post(f"{first}/accept", json=told | {"kind": "lecture"}).json()["code"] == "KIND_WRONG"
    made = client.post(f"{first}/accept", json=told)
    assert made.status_code == 201
    assert client.post(f"{first}/refuse", json={"reason": "늦음"}).json()["code"] == "DECIDED_ALREADY"
    assert client.post(f"{second}/refuse", json={"reason": "상담사 휴가"}).json()["state"] == "refused"
    again = client.post(PATH, json={"month": "2027-01", "hours": 6}).json()
    states = [each["state"] for each in again]
    assert (states.count("accepted"), states.count("refused")) == (1, 1)
    assert all(each["happened"] is None for each in again)
    with transaction(engine) as session:
        program = session.get_one(ProgramSession, UUID(made.json()["session_id"]))
        seat = enrol(session, someone(session), program)
        with stopped_at(program.ends_at):
            attend(session, seat, came=True)
            hold(session, program)
    shown = client.get(PATH, params={"month": "2027-01"}).json()
    assert [each["happened"] for each in shown if each["state"] == "accepted"] == [{"wanted": 1, "attended": 1}]
    assert client.get(PATH, params={"month": "2027-13"}).status_code == 422


def test_staff_propose_accept_and_refuse_on_a_page(client: TestClient, engine: Engine, town: Cafe) -> None:
    client.headers["accept"] = "text/html"
    with transaction(engine) as session:
        add_account(session, login="mapo", display_name="마포 상담사", role="counselor", password=PASSWORD)
    send(client, "/sign-in", "/sign-in", login="mapo", password=PASSWORD)
    at = "/counter/programs/plan"
    page = send(client, at, at, month="2027-01").text
    assert "한 달 평균 신청 9.0명" in page
    with reading(engine) as session:
        found = session.exec(select(ProgramProposal).order_by(ProgramProposal.number)).all()  # type: ignore[arg-type]
    form = {"title": "", "starts": f"{found[0].week + timedelta(days=3)}T14:00", "minutes": "120", "seats": "8"}
    wrong = send(client, at, f"/counter/proposals/{found[0].proposal_id}/accept", **(form | {"seats": "0"}))
    assert (wrong.status_code, "정원은" in wrong.text) == (422, True)
    made = send(client, at, f"/counter/proposals/{found[0].proposal_id}/accept", **form)
    assert made.url.path.startswith("/counter/programs/")
    refused = send(client, at, f"/counter/proposals/{found[1].proposal_id}/refuse", reason="상담사 휴가")
    assert "상담사 휴가" in refused.text
