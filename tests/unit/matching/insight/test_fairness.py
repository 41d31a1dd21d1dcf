"""Fairness and drift: what an epoch changed is counted and said, by the page, the interface and the command."""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

from services.matching.api.drift import drift_api
from services.matching.app import TEMPLATES
from services.matching.commands import season as season_commands
from services.matching.engine.scorer import Rules
from services.matching.insight.drift import Drift, most_moved, steps, together
from services.matching.matcher import Matcher
from services.matching.pages import cafe_names
from services.matching.pages.cafe_names import CafeNames
from services.matching.pages.fairness import fairness_pages
from services.matching.rematch import rematches
from services.matching.rematch.progress import shares_of, taken_up
from services.matching.rematch.rematches import Asked
from services.matching.settings import MatchingSettings
from services.registry.tables import Cafe
from shared.clock import stopped_at
from shared.database import transaction
from shared.web.pages import furnish
from tests.journey.registry_alone import registry_alone
from tests.unit.matching.api.test_api import OPERATOR, a_settings
from tests.unit.matching.examples import a_posting, a_seeker, hear, started
from tests.unit.matching.rematch.test_rematching import finish, rematching

AT = datetime(2026, 11, 30, tzinfo=UTC)
BREAD, SHOP = "빵을 굽는 제빵사", "빵을 파는 판매원"


def test_words_that_few_share_are_told_of_nobody_and_the_rest_by_what_moved_most() -> None:
    drift = Drift()
    for term, came, went in (("빵", 9, 3), ("용접", 2, 11), ("엑셀", 2, 2), ("청소", 6, 6)):
        for counted, count in ((drift.came, came), (drift.went, went)):
            for _ in range(count):
                drift.add(counted, [["text.shared", term, term], ["wage.meets"], ["skill.found", "X"]])
    kept = drift.as_data()
    moved = [(one.term, one.came, one.went) for one in most_moved(together([kept]), "words", 5)]
    assert moved == [("용접", 2, 11), ("빵", 9, 3), ("청소", 6, 6)]
    assert [one.term for one in most_moved(together([kept, kept]), "skills", 5)] == ["X"]


def test_scores_are_counted_by_steps_with_the_empty_ones_between() -> None:
    drift = Drift()
    drift.scored([], [0, 499, 1_600])
    assert steps(together([drift.as_data()] * 2).after) == [(0, 4), (500, 0), (1_000, 0), (1_500, 2)]
    assert steps(drift.before) == []


@pytest.fixture
def matcher(engine: Engine) -> Matcher:
    """Six bakers with lists of one: words count little, and the posting for bakers asks for a skill they lack."""
    weights = dict.fromkeys(Rules().weights, 0) | {"text": 10, "required_skills": 90}
    matcher = started(engine, Rules(threshold=300, seeker_list=1, posting_list=9, weights=weights))
    people = [a_seeker(n, minutes=n, summary=BREAD, skills=["제빵"]) for n in range(6)]
    orders = [a_posting(1, title=BREAD, required_skills=["용접"]), a_posting(2, title=SHOP, occupation_code="823")]
    hear(matcher, engine, [*people, *orders])
    return matcher


@pytest.fixture
def client(engine: Engine, matcher: Matcher) -> Iterator[TestClient]:
    app = FastAPI()
    pages = furnish(app, a_settings(), engine, TEMPLATES)
    app.include_router(drift_api(engine))
    app.include_router(fairness_pages(engine, 1, pages, CafeNames(a_settings())))
    with TestClient(app, headers=OPERATOR) as client:
        yield client


def adopt(engine: Engine, matcher: Matcher) -> None:
    """Nothing but the words counts any more."""
    weights = dict.fromkeys(Rules().weights, 0) | {"text": 100}
    with transaction(engine) as session:
        asked = Asked(UUID(int=1), "adopt", "mapo", adopts={"weights": weights, "why": "x"})
        rematches.ask(session, asked, 1)
    finish(rematching(engine, matcher))


def test_what_an_epoch_changed_is_said_with_its_weights_words_and_skills(
    engine: Engine, matcher: Matcher, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/api/v1/matching/drift").json() == []
    page = client.get("/matching/fairness?lang=en").text
    assert "No change of epoch was recorded yet." in page
    adopt(engine, matcher)
    (told,) = client.get("/api/v1/matching/drift").json()
    assert (told["previous_epoch"], told["kind"]) == (0, "adopt")
    assert told["weights"] == {"text": [10, 100], "required_skills": [90, 0]}
    assert {"term": "제빵사", "came": 6, "went": 0} in told["words"]
    assert sum(count for _, count in told["before"]) == sum(count for _, count in told["after"]) == 6
    page = client.get("/matching/fairness?lang=en").text
    assert "Someone adopted other weights" in page
    assert page.count("<svg") == 3
    assert "<script" not in page
    assert 'style="' not in page
    assert "금속·재료" in client.get("/matching/fairness?lang=ko").text
    monkeypatch.setattr(season_commands, "open_system", lambda _data: nullcontext(client))
    shown = CliRunner().invoke(season_commands.app, ["drift"])
    assert (shown.exit_code, "weight: text" in shown.output) == (0, True)


def test_without_anybody_there_is_no_data_and_no_chart(engine: Engine) -> None:
    app = FastAPI()
    app.include_router(
        fairness_pages(engine, 1, furnish(app, a_settings(), engine, TEMPLATES), CafeNames(a_settings()))
    )
    started(engine)
    with TestClient(app, headers=OPERATOR) as client:
        page = client.get("/matching/fairness?lang=en").text
    assert "<svg" not in page
    assert page.count("no data") >= 9


def test_an_epoch_from_before_drift_was_kept_is_passed_over(
    engine: Engine, matcher: Matcher, client: TestClient
) -> None:
    adopt(engine, matcher)
    with transaction(engine) as session:
        for share in shares_of(session, taken_up(session, 1)[0]):
            share.drift = None
            session.add(share)
    assert client.get("/api/v1/matching/drift").json() == []


def test_lists_are_read_once_in_ten_minutes_or_when_somebody_asks(
    engine: Engine, matcher: Matcher, client: TestClient
) -> None:
    def bakers(query: str = "") -> int:
        page = client.get(f"/matching/fairness?lang=en{query}").text
        told = re.search(r"Seekers</th><td class=\"number\">([0-9]+)", page)
        assert told
        return int(told[1])

    opened = datetime(2027, 3, 2, 1, 0, tzinfo=UTC)
    with stopped_at(opened):
        assert bakers() == 6
        assert "10:00" in client.get("/matching/fairness?lang=en").text
    hear(matcher, engine, [a_seeker(20, minutes=20, summary=BREAD, skills=["제빵"])])
    with stopped_at(opened + timedelta(minutes=9)):
        assert bakers() == 6
        assert bakers("&anew=1") == 7
    hear(matcher, engine, [a_seeker(21, minutes=21, summary=BREAD, skills=["제빵"])])
    with stopped_at(opened + timedelta(minutes=20)):
        assert bakers() == 8


def test_a_rematch_that_runs_and_what_waits_for_it_are_told(
    engine: Engine, matcher: Matcher, client: TestClient
) -> None:
    for number, season in ((1, "봄 공채"), (2, "여름 공채")):
        with transaction(engine) as session:
            rematches.ask_in_turn(session, Asked(UUID(int=number), "rematch", "calendar", season), 1)
    page = client.get("/matching/fairness?lang=ko").text
    assert "시즌: 봄 공채" in page
    assert "요청 1건: 여름 공채" in page
    finish(rematching(engine, matcher))
    assert "봄 공채)" not in client.get("/matching/fairness?lang=ko").text


def page_with_a_cafe(engine: Engine, cafe_id: UUID, settings: MatchingSettings) -> str:
    app = FastAPI()
    app.include_router(fairness_pages(engine, 1, furnish(app, settings, engine, TEMPLATES), CafeNames(settings)))
    hear(started(engine), engine, [a_seeker(1).model_copy(update={"cafe_id": cafe_id}), a_posting(1)])
    with TestClient(app, headers=OPERATOR) as client:
        return client.get("/matching/fairness").text


def test_a_cafe_goes_by_the_name_that_registry_tells_and_leads_to_its_page(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cafe_names, "WAIT_SECONDS", 30.0)  # however busy the machine is
    cafe_id = UUID(int=77)
    cafe = Cafe(cafe_id=cafe_id, name="마포 일자리카페", district="서울 마포구", made_at=AT)
    with registry_alone(tmp_path, lambda session: session.add(cafe)) as (address, told):
        page = page_with_a_cafe(engine, cafe_id, a_settings(registry_url=address, service_token=told.service_token))
    assert f'<a href="/cafes/{cafe_id}">마포 일자리카페</a>' in page


def test_a_cafe_goes_by_its_number_while_registry_is_away(engine: Engine) -> None:
    cafe_id = UUID(int=0xA1B2C3D4 << 96)
    assert f'<a href="/cafes/{cafe_id}">a1b2c3d4</a>' in page_with_a_cafe(engine, cafe_id, a_settings())
