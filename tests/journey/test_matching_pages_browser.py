"""The pages of matching, fairness and proofs, on a phone and a wide screen, in both languages, with axe."""

import socket
from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, expect
from sqlalchemy import Engine, update
from sqlmodel import col

from services.matching.app import TEMPLATES
from services.matching.pages.cafe_names import CafeNames
from services.matching.pages.fairness import fairness_pages
from services.matching.pages.proofs import proof_pages
from services.matching.proof import proofs
from services.matching.proof.proving import prove
from services.matching.rematch import rematches
from services.matching.rematch.rematches import Asked
from services.matching.tables import MatchList
from shared.database import transaction
from shared.web.pages import furnish
from tests.journey.serving import serving
from tests.journey.windows import LooksWell, Opened, windows
from tests.unit.matching.api.test_api import OPERATOR, a_settings
from tests.unit.matching.examples import a_posting, a_seeker, hear, open_store, started
from tests.unit.matching.rematch.test_rematching import TRADES, ask, finish, rematching

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PHONE, WIDE = 360, 1280
CAFES = tuple(UUID(int=number << 96) for number in (0xA1B2C3D4, 0x0BADCAFE, 0x77777777))
OCCUPATIONS = ("823", "824", "531", "622", None)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('pages')}/matching.sqlite")
    fill(engine)
    app = FastAPI()
    pages = furnish(app, a_settings(), engine, TEMPLATES)
    app.include_router(fairness_pages(engine, 1, pages, CafeNames(a_settings())))
    app.include_router(proof_pages(engine, 1, pages))
    with socket.create_server(("127.0.0.1", 0)) as door, serving(app, listener=door):
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    engine.dispose()


def fill(engine: Engine) -> None:
    """A town after a rematch, with one proof that agrees, one that found a wrong list, one under way; one waits."""
    matcher = started(engine)
    people = [
        a_seeker(n, minutes=n, summary=f"{TRADES[n % 4]} 경력 {n % 3}년").model_copy(
            update={"cafe_id": (*CAFES, None)[n % 4]}
        )
        for n in range(40)
    ]
    orders = [
        a_posting(
            n, minutes=n, title=TRADES[n % 4], occupation_code=OCCUPATIONS[n % 5], required_skills=["제빵", "용접"]
        )
        for n in range(20)
    ]
    hear(matcher, engine, [*people, *orders])
    ask(engine, season="2027 봄 공채")
    finish(rematching(engine, matcher))
    for wrong in (False, True):
        with transaction(engine) as session:
            if wrong:
                of_one = col(MatchList.scope_id) == people[0].seeker_id
                session.connection().execute(update(MatchList).where(of_one).values(pairs=""))
            number = proofs.ask(session, 1, repair=wrong).number
        assert number
        prove(engine, number)
    with transaction(engine) as session:
        proofs.ask(session, 1, repair=False)
        for number, season in ((1, "2027 가을 공채"), (2, "2027 겨울 공채")):
            rematches.ask_in_turn(session, Asked(UUID(int=number), "rematch", "calendar", season), 1)


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Opened]:
    with windows(browser, address) as opened:
        yield opened


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_fairness_and_proofs_fit_the_screen_and_are_accessible(
    opened: Opened, looks_well: LooksWell, width: int, language: str
) -> None:
    page = opened(width, extra_http_headers=OPERATOR)
    page.goto(f"/matching/fairness?lang={language}")
    expect(page.get_by_role("status")).to_contain_text("2027 겨울 공채")
    expect(page.locator("svg")).to_have_count(3)
    looks_well(page, f"fairness-{language}")
    page.goto(f"/matching/proofs?lang={language}")
    expect(page.locator("tbody tr")).to_have_count(3)
    looks_well(page, f"proofs-{language}")
