"""Can software plan sessions, enrol people, bring a file in twice and take it out again? Is what is wrong told?"""

import csv
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select
from typer.testing import CliRunner

from services.registry.commands import programs as program_commands
from services.registry.tables import Cafe, Enrolment, ProgramSession, Seeker
from shared.clock import stopped_at
from shared.database import reading, transaction
from tests.unit.registry.cafes.town import DAY, a_cafe, someone, span
from tests.unit.registry.conftest import OPERATOR

pytestmark = pytest.mark.usefixtures("the_night_before")

PATH = "/api/v1/registry/programs"


@pytest.fixture
def cafe(engine: Engine) -> Cafe:
    with transaction(engine) as session:
        return a_cafe(session)[0]


@pytest.fixture
def her(engine: Engine) -> UUID:
    with transaction(engine) as session:
        return someone(session)


@pytest.fixture
def operator(client: TestClient) -> TestClient:
    client.headers.update(OPERATOR)
    return client


def told(cafe: Cafe, **but: Any) -> dict[str, Any]:
    times = {"starts_at": f"{DAY}T14:00:00+09:00", "ends_at": f"{DAY}T16:00:00+09:00"}
    return {"cafe_id": str(cafe.cafe_id), "kind": "lecture", "title": "엑셀 특강", "seats": 1} | times | but


def test_a_session_from_plan_to_attendance(operator: TestClient, cafe: Cafe, her: UUID) -> None:
    made = operator.post(PATH, json=told(cafe, skill="엑셀", staff=["도나래 강사"]))
    assert made.status_code == 201
    at = f"{PATH}/{made.json()['session_id']}"
    seat = operator.post(f"{at}/enrolments", json={"seeker_id": str(her)}).json()
    assert (seat["state"], "code" in seat) == ("enrolled", False)
    again = operator.post(f"{at}/enrolments", json={"seeker_id": str(her)})
    assert (again.status_code, again.json()["code"], again.json()["where"]) == (409, "ENROLLED_ALREADY", "session_id")
    change = {name: value for name, value in told(cafe, seats=3, title="엑셀 기초").items() if name != "cafe_id"}
    assert operator.put(at, json=change).json()["seats"] == 3
    with stopped_at(span("14:00", "16:00").starts_at):
        noted = operator.post(f"/api/v1/registry/enrolments/{seat['enrolment_id']}/attendance", json={"attended": True})
        assert noted.json()["state"] == "attended"
        assert operator.post(f"{at}/held").json()["state"] == "held"
    listed = operator.get(PATH, params={"since": str(DAY), "cafe": str(cafe.cafe_id)}).json()
    assert [(each["title"], each["counts"]["attended"], each["opinions"]) for each in listed] == [("엑셀 기초", 1, {})]
    assert operator.get(f"{at}/enrolments").json()[0]["seeker_id"] == str(her)


@pytest.mark.parametrize(
    ("but", "status", "code"),
    [
        ({"kind": "yoga"}, 422, None),
        ({"seats": 0}, 422, None),
        ({"title": "특강\u0007"}, 422, None),
        ({"starts_at": "2026-12-02T14:00:00"}, 422, None),
        ({"cafe_id": str(uuid4())}, 404, "NOT_FOUND"),
        ({"kind": "counseling", "skill": "엑셀"}, 422, "SKILL_WRONG"),
        ({"starts_at": f"{DAY}T05:00:00+09:00"}, 409, "CAFE_CLOSED"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(
    operator: TestClient, cafe: Cafe, but: dict[str, Any], status: int, code: str | None
) -> None:
    answer = operator.post(PATH, json=told(cafe, **but))
    assert answer.status_code == status
    assert code in (None, answer.json()["code"])


def test_an_erased_person_is_as_unknown_as_one_who_never_was(
    operator: TestClient, cafe: Cafe, her: UUID, engine: Engine
) -> None:
    at = f"{PATH}/{operator.post(PATH, json=told(cafe)).json()['session_id']}/enrolments"
    with transaction(engine) as session:
        session.get_one(Seeker, her).state = "erased"
    answers = [operator.post(at, json={"seeker_id": str(one)}) for one in (her, uuid4())]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "NOT_FOUND")] * 2


ROWS = f"""cafe,kind,title,starts_at,minutes,seats,skill,staff,enrolled,attended
일자리카페 시험,취업특강,엑셀 특강,{DAY}T14:00,90,30,엑셀,도나래 강사; 한새롬 상담사,,
일자리카페 시험,Mentoring,,2026-11-20T10:00,,,,,5,4
일자리카페 시험,counseling,,2026-11-20T10:00,,,,,3,4
없는 카페,counseling,,{DAY}T10:00,,,,,,
일자리카페 시험,counseling,,{DAY}T10:00,,,,,1,1
일자리카페 시험,resume_photo,,언젠가,,,,,,
일자리카페 시험,counseling,,2026-11-21T10:00,,,,,5,
"""


@pytest.fixture
def iljari(operator: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command, speaking to this registry."""
    monkeypatch.setattr(program_commands, "open_system", lambda _data, **_but: _Kept(operator))
    return lambda *words: CliRunner().invoke(program_commands.app, list(words))


class _Kept:
    """A client that outlives its `with`."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def __enter__(self) -> httpx.Client:
        return self.client

    def __exit__(self, *_: object) -> None:
        return None


def test_a_file_comes_in_once_and_goes_out_as_it_came(iljari: Any, engine: Engine, cafe: Cafe, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(ROWS, "utf-8-sig")
    tried = iljari("import", str(file), "--dry-run")
    assert tried.exit_code == 1
    with reading(engine) as session:
        assert session.exec(select(ProgramSession)).all() == []
    first = iljari("import", str(file))
    assert all(code in first.output for code in ("COUNTS_WRONG", "CAFE_UNKNOWN", "TIME_WRONG"))
    with reading(engine) as session:
        held = session.exec(select(ProgramSession)).all()
        assert {(each.kind, each.state, each.seats, each.title) for each in held} == {
            ("lecture", "planned", 30, "엑셀 특강"),
            ("mentoring", "held", 6, "멘토링"),
        }
        assert session.exec(select(Enrolment)).all() == []
    written = iljari("export", "--since", "2026-11-01").output
    rows = list(csv.DictReader(written.splitlines()))
    assert [(row["enrolled"], row["attended"], row["staff"]) for row in rows] == [
        ("5", "4", ""),
        ("", "", "도나래 강사; 한새롬 상담사"),
    ]
    file.write_text(written, "utf-8")
    again = iljari("import", str(file))
    assert again.exit_code == 0
    with reading(engine) as session:
        assert len(session.exec(select(ProgramSession)).all()) == 2
    assert "엑셀 특강 (엑셀)" in iljari("list").output


def test_what_nobody_counted_goes_out_as_it_came_and_what_was_called_off_is_planned_again(
    operator: TestClient, cafe: Cafe
) -> None:
    past = {"cafe": cafe.name, "kind": "counseling", "starts_at": "2026-11-20T10:00"}
    ahead = past | {"starts_at": f"{DAY}T10:00"}

    def sent() -> list[str]:
        answer = operator.post(f"{PATH}/import", json={"rows": [past, ahead]}).json()
        return [each["outcome"] for each in answer["rows"]]

    assert sent() == ["recorded", "planned"]
    uncounted, planned = operator.get(PATH, params={"since": "2026-11-01", "until": str(DAY)}).json()
    assert (uncounted["state"], uncounted["row"]["enrolled"], uncounted["row"]["attended"]) == ("held", "", "")
    assert operator.post(f"{PATH}/{planned['session_id']}/call-off", json={"reason": "강사 사정"}).status_code == 200
    assert sent() == ["unchanged", "planned"]
