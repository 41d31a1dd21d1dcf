"""Does a call lead to an opening on the pages, each step with its day? Is what is wrong told beside its field?"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.app import create_app
from services.registry.cafes.rooms import rooms_of
from services.registry.people.accounts import add_account
from services.registry.settings import RegistrySettings
from services.registry.tables import Cafe, CafeAgreement, CafeStage, PartnerApplication, PartnerCall
from shared.database import reading, transaction
from tests.unit.registry.cafes.town import a_cafe
from tests.unit.registry.pages.visitor import PASSWORD, send

pytestmark = pytest.mark.usefixtures("the_night_before")

CALL = {"title": "하반기 협력점 공모", "opens_on": "2026-11-02", "closes_on": "2026-12-31"}
OFFER = {
    "organisation": "가상대학교 학생회관",
    "venue_type": "대학",
    "partnership": "대학",
    "district": "서울 성북구",
    "offers": "1층 라운지",
}
AGREEMENT = {"space_by": "가상대학교", "programs_by": "서울시", "begins_on": "2026-12-01", "ends_on": ""}


@pytest.fixture
def staff(engine: Engine, settings: RegistrySettings) -> Callable[[str], TestClient]:
    app = create_app(settings)
    with transaction(engine) as session:
        for role in ("operator", "official"):
            add_account(session, login=role, display_name=role, role=role, password=PASSWORD)  # type: ignore[arg-type]

    def signed_in(role: str) -> TestClient:
        browser = TestClient(app, headers={"accept": "text/html"}, raise_server_exceptions=False)
        send(browser, "/sign-in", "/sign-in", login=role, password=PASSWORD)
        return browser

    return signed_in


def told_beside(page: str, field: str) -> str:
    """The refusal that the field points to."""
    named = re.search(rf'name="{field}"[^>]* aria-describedby="([^"]+)"', page)
    told = named and re.search(rf'role="alert" id="{named[1]}">([^<]+)<', page)
    return told[1] if told else ""


def a_call(operator: TestClient, **but: str) -> Any:
    return send(operator, "/counter/partners", "/counter/partners", **(CALL | but))


def an_offer(operator: TestClient, at: str, **but: str) -> Any:
    return send(operator, at, f"{at}/applications", **(OFFER | but))


def decide(operator: TestClient, engine: Engine, at: str, state: str, reason: str = "") -> Any:
    with reading(engine) as session:
        number = session.exec(select(PartnerApplication.application_id)).one()
    return send(operator, at, f"/counter/partner-applications/{number}/decision", state=state, reason=reason)


def test_a_call_leads_to_an_opening_with_every_day(staff: Callable[[str], TestClient], engine: Engine) -> None:
    operator = staff("operator")
    at = a_call(operator).url.path
    assert "1층 라운지" in an_offer(operator, at).text
    decide(operator, engine, at, "reviewed")
    assert "카페 단계" in decide(operator, engine, at, "accepted", "역에서 가까움").text
    with reading(engine) as session:
        cafe = session.exec(select(Cafe)).one()
    here = f"/counter/cafes/{cafe.cafe_id}"
    early = send(operator, "/counter/cafes", f"{here}/stage", state="opened", on="2026-12-01")
    assert (early.status_code, "협약을 등록" in told_beside(early.text, "state")) == (409, True)
    send(operator, "/counter/cafes", f"{here}/agreements", **AGREEMENT)
    shown = send(operator, "/counter/cafes", f"{here}/stage", state="opened", on="2026-12-01").text
    with reading(engine) as session:
        steps = [(stage.state, stage.on) for stage in session.exec(select(CafeStage).order_by(CafeStage.number))]  # type: ignore[arg-type]
        assert session.exec(select(CafeAgreement)).one().ends_on is None
    days = (date(2026, 11, 2), date(2026, 12, 1), date(2026, 12, 1))
    assert steps == list(zip(("called", "agreed", "opened"), days, strict=True))
    assert re.findall(r'<time datetime="([\d-]+)"', shown) == list(map(str, days))


WRONG_CALLS = [
    ("title", {"title": " "}),
    ("title", {"title": "가" * 101}),
    ("opens_on", {"opens_on": ""}),
    ("closes_on", {"closes_on": "2026-02-30"}),
    ("closes_on", {"closes_on": "2026-11-01"}),
]


@pytest.mark.parametrize(("field", "but"), WRONG_CALLS, ids=lambda each: str(each)[:40])
def test_what_is_wrong_with_a_call_is_told_beside_its_field(
    staff: Callable[[str], TestClient], engine: Engine, field: str, but: dict[str, str]
) -> None:
    answer = a_call(staff("operator"), **but)
    assert (answer.status_code, bool(told_beside(answer.text, field))) == (422, True)
    with reading(engine) as session:
        assert session.exec(select(PartnerCall)).all() == []


def test_what_is_wrong_with_an_application_is_told_beside_its_field(
    staff: Callable[[str], TestClient], engine: Engine
) -> None:
    operator = staff("operator")
    at = a_call(operator).url.path
    for field in ("organisation", "venue_type", "partnership", "district"):
        answer = an_offer(operator, at, **{field: ""})
        assert (answer.status_code, bool(told_beside(answer.text, field))) == (422, True), field
    an_offer(operator, at)
    assert decide(operator, engine, at, "accepted", "바로").status_code == 422
    decide(operator, engine, at, "reviewed")
    silent = decide(operator, engine, at, "refused")
    assert (silent.status_code, told_beside(silent.text, "reason")) == (422, "사유를 적어 주세요.")
    assert "사유: 공간이 좁음" in decide(operator, engine, at, "refused", "공간이 좁음").text
    past = a_call(operator, opens_on="2026-10-01", closes_on="2026-10-31").url.path
    assert "지금은 접수하지 않는 공모" in an_offer(operator, past).text


def test_what_is_wrong_with_an_agreement_is_told_beside_its_field(
    staff: Callable[[str], TestClient], engine: Engine
) -> None:
    operator = staff("operator")
    with transaction(engine) as session:
        cafe, _ = a_cafe(session)
    at = f"/counter/cafes/{cafe.cafe_id}/agreements"
    for field, value in (("space_by", ""), ("programs_by", " "), ("begins_on", "내일"), ("ends_on", "2026-11-30")):
        answer = send(operator, "/counter/cafes", at, **(AGREEMENT | {field: value}))
        assert (answer.status_code, bool(told_beside(answer.text, field))) == (422, True), field
    with reading(engine) as session:
        assert session.exec(select(CafeAgreement)).all() == []


@pytest.mark.parametrize("capacity", ["", "네 명", "1", "11", "4.5", "-3", "９"])
def test_a_room_of_no_such_size_is_told_beside_its_field(
    staff: Callable[[str], TestClient], engine: Engine, capacity: str
) -> None:
    operator = staff("operator")
    with transaction(engine) as session:
        cafe, _ = a_cafe(session)
    at = f"/counter/cafes/{cafe.cafe_id}/rooms"
    answer = send(operator, "/counter/cafes", at, name="창가방", capacity=capacity)
    assert (answer.status_code, told_beside(answer.text, "capacity")) == (422, "방의 정원은 2명에서 10명까지입니다.")
    assert 'value="창가방"' in answer.text
    with reading(engine) as session:
        assert len(rooms_of(session, cafe.cafe_id)) == 2
    assert send(operator, "/counter/cafes", at, name="창가방", capacity="10").status_code == 200


def test_an_official_looks_and_changes_nothing(staff: Callable[[str], TestClient]) -> None:
    at = a_call(staff("operator")).url.path
    official = staff("official")
    assert "하반기 협력점 공모" in official.get("/counter/partners").text
    assert "신청 접수하기" not in official.get(at).text
    assert official.get("/counter/partners/00000000-0000-4000-8000-000000000000").status_code == 404
