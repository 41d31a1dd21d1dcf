"""Does an operator add, change and end a hiring season on its page, and see what it did? Is what is wrong told?"""

import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.registry import seasons
from services.registry.tables import HiringSeason
from shared.clock import stopped_at
from shared.contracts import CafeChanges, RematchFinished
from shared.database import reading, transaction
from tests.unit.registry.cafes.town import NIGHT_BEFORE
from tests.unit.registry.pages.test_partner_pages import staff, told_beside
from tests.unit.registry.pages.visitor import send

pytestmark = pytest.mark.usefixtures("the_night_before")

__all__ = ["staff"]

PAGE = "/counter/seasons"
WINTER = {
    "name": "겨울 공채",
    "begins_on": "2026-12-01",
    "ends_on": "2027-01-31",
    "rematch_days": "2026-12-03, 2027-01-04",
    "hour": "3",
}


def sent(browser: TestClient, to: str = PAGE, **but: str) -> Any:
    return send(browser, PAGE, to, **(WINTER | but))


def kept(engine: Engine) -> list[HiringSeason]:
    with reading(engine) as session:
        return list(seasons.seasons(session))


def test_a_season_is_added_changed_and_ended_on_its_page(staff: Callable[[str], TestClient], engine: Engine) -> None:
    operator = staff("operator")
    assert "겨울 공채" in sent(operator).text
    twice = sent(operator)
    assert (twice.status_code, told_beside(twice.text, "name")) == (409, "같은 이름의 시즌이 이미 있습니다.")
    sent(operator, f"{PAGE}/change", rematch_days="2026-12-03 2026-12-10", hour="22")
    (winter,) = kept(engine)
    assert (winter.rematch_days, winter.hour, winter.set_by) == (["2026-12-03", "2026-12-10"], 22, "operator")
    assert "그날 22시부터" in operator.get(PAGE).text
    over = sent(operator, f"{PAGE}/end").text
    (winter,) = kept(engine)
    assert (f"{winter.ends_on}", winter.rematch_days) == ("2026-12-01", [])
    assert "다시 맞추는 날이 없습니다." in over
    assert sent(operator, f"{PAGE}/change", name="없는 공채").status_code == 404
    assert sent(operator, f"{PAGE}/end", name="없는 공채").status_code == 404


WRONG = [
    ("name", {"name": " "}),
    ("begins_on", {"begins_on": "내일"}),
    ("ends_on", {"ends_on": ""}),
    ("ends_on", {"ends_on": "2026-11-30"}),
    ("rematch_days", {"rematch_days": "12월 3일"}),
    ("rematch_days", {"rematch_days": "2027-02-29"}),
    ("rematch_days", {"rematch_days": "2027-03-02"}),
    ("hour", {"hour": "24"}),
    ("hour", {"hour": "새벽"}),
    ("hour", {"hour": "-1"}),
]


@pytest.mark.parametrize(("field", "but"), WRONG, ids=lambda each: str(each)[:40])
def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(
    staff: Callable[[str], TestClient], engine: Engine, field: str, but: dict[str, str]
) -> None:
    operator = staff("operator")
    answer = sent(operator, **but)
    assert (answer.status_code, bool(told_beside(answer.text, field))) == (422, True)
    assert all(f'value="{html.escape(value)}"' in answer.text for value in (WINTER | but).values() if value.strip())
    assert kept(engine) == []
    if field != "name":
        sent(operator)
        changed = sent(operator, f"{PAGE}/change", **but)
        assert (changed.status_code, bool(told_beside(changed.text, field))) == (422, True)
        assert changed.text.count('role="alert"') == 1


def test_the_page_tells_what_each_day_did(staff: Callable[[str], TestClient], engine: Engine) -> None:
    operator, official = staff("operator"), staff("official")
    sent(operator)
    with stopped_at(NIGHT_BEFORE + timedelta(days=2)), transaction(engine) as session:
        seasons.ask_what_is_due(session)
    assert "다시 맞추는 중입니다" in official.get(PAGE).text
    with transaction(engine) as session:
        (asked,) = seasons.asked_days(session)["겨울 공채"].values()
        changes = (CafeChanges(seekers=31, new=1_234, risen=56, gone=78),)
        rematch = {"rematch_id": asked.rematch_id, "shard": "1/1", "epoch": 2, "previous_epoch": 1, "pairs": 9}
        seasons.note_finished(RematchFinished(changes=changes, **rematch), session)
    page = official.get(PAGE).text
    assert all(f'<td class="number">{figure}</td>' in page for figure in ("31", "1,234", "56", "78"))
    assert ("시즌 추가" in page, "오늘로 끝내기" in page) == (False, False), "an official looks on"
    assert "Seekers better off" in official.get(f"{PAGE}?lang=en").text
