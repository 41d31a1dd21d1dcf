"""What many near misses lack is the plain sum of what each lacks, by terms that are the same."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from services.matching.api.needs import LARGEST_SAMPLE, needs_api, needs_of
from services.matching.app import TEMPLATES
from services.matching.commands.skills import show_needs
from services.matching.engine.scorer import Rules
from services.matching.insight.skill_needs import skill_needs
from services.matching.pages.skill_needs import skill_needs_pages
from shared.web.pages import furnish
from tests.unit.matching.api.test_api import OPERATOR, a_settings
from tests.unit.matching.examples import a_posting, a_seeker, hear, no_seeker, seeker_id, started

PATH = "/api/v1/matching/skill-needs"


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    """Three bakers of whom one also knows Excel; every posting asks for it, one for welding too."""
    matcher = started(engine, Rules(threshold=7_000))
    told = {1: ["제빵"], 2: ["제빵"], 3: ["제빵", "엑셀"]}
    seekers = [a_seeker(number, summary="빵을 굽는다", skills=skills, wishes={}) for number, skills in told.items()]
    postings = [a_posting(1, required_skills=["제빵", "엑셀"]), a_posting(2, required_skills=["제빵", "Excel", "용접"])]
    hear(matcher, engine, [*seekers, *postings])
    app = FastAPI()
    pages = furnish(app, a_settings(), engine, TEMPLATES)
    needs = needs_of(engine, matcher.near_misses)
    app.include_router(needs_api(needs))
    app.include_router(skill_needs_pages(needs, pages))
    with TestClient(app, headers=OPERATOR) as client:
        yield client


def test_the_sum_is_that_of_each_seeker(client: TestClient, engine: Engine) -> None:
    told = client.get(PATH, params={"rows": True}).json()
    assert (told["seekers"], told["asked"]) == (3, 3)
    excel, welding = told["needs"]
    assert (excel["term"], welding["term"]) == ("Excel", "용접")
    assert {row["seeker_id"] for row in excel["rows"]} == {str(seeker_id(1)), str(seeker_id(2))}
    assert excel["seekers"] == 2
    assert all(len(one["rows"]) == one["missing_in"] <= told["near_misses"] for one in told["needs"])
    assert client.get(PATH).json()["needs"][0]["rows"] == []


def test_a_sample_says_of_how_many(client: TestClient) -> None:
    told = client.get(PATH, params={"sample": 1, "most": 1}).json()
    assert (told["seekers"], told["asked"]) == (3, 1)
    assert len(told["needs"]) <= 1


def test_who_is_withdrawn_or_of_another_cafe_is_not_counted(client: TestClient, engine: Engine) -> None:
    of_cafe = a_seeker(4, skills=["제빵"]).model_copy(update={"cafe_id": seeker_id(9)})
    hear(started(engine, Rules(threshold=7_000)), engine, [no_seeker(1), of_cafe])
    everyone, cafe = client.get(PATH).json(), client.get(PATH, params={"cafe": str(seeker_id(9))}).json()
    assert (everyone["seekers"], everyone["asked"]) == (3, 3)
    assert (cafe["seekers"], cafe["asked"]) == (1, 1)


def test_a_sample_beyond_the_largest_is_refused(client: TestClient) -> None:
    assert client.get(PATH, params={"sample": LARGEST_SAMPLE + 1}).status_code == 422


def test_another_cafe_has_nobody_and_no_near_miss(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    told = client.get(PATH, params={"cafe": str(seeker_id(9))}).json()
    assert (told["seekers"], told["near_misses"], told["needs"]) == (0, 0, [])
    show_needs(told)
    assert "자료 없음 no data" in capsys.readouterr().out


def test_the_terminal_names_share_and_lecture(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    show_needs(client.get(PATH).json())
    assert "Excel 특강 (2명)" in capsys.readouterr().out


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_shows_each_share_with_its_parts_and_the_lecture(client: TestClient, language: str) -> None:
    told = client.get(PATH).json()
    page = client.get("/matching/skill-needs", params={"lang": language}).text
    for one in told["needs"]:
        assert f"{one['missing_in']} / {told['near_misses']}" in page
        assert f"{100 * one['missing_in'] / told['near_misses']:.0f} %" in page
    assert ("Excel 특강 (2명)" if language == "ko" else "Excel lecture (2 people)") in page
    rows = re.search(r'href="([^"]+rows=[^"]+)"', page)
    assert rows
    assert client.get(rows[1].replace("&amp;", "&")).json()["needs"][0]["rows"]


def test_a_page_of_nobody_says_so(client: TestClient) -> None:
    page = client.get("/matching/skill-needs", params={"cafe": str(seeker_id(9))}).text
    assert "<svg" not in page
    assert 'class="empty"' in page


def test_nobody_asked_is_nothing_said() -> None:
    assert skill_needs([], 5).needs == ()
