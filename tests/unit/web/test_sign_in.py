"""Who may see what: cookies, tokens, forms, and where sign-in leads."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer
from sqlalchemy import Engine

from shared import sessions
from shared.clock import now, stopped_at
from shared.database import open_engine, transaction
from shared.sessions import LONGEST_IDLE, LONGEST_SESSION
from shared.settings import ServiceSettings
from shared.web.sign_in import FORM_FIELD, SESSION_COOKIE, LiveSession, SignedIn, make_cookie, own_path
from tests.unit.web.conftest import COUNSELOR


def token_on(page: str) -> str:
    found = re.search(rf'name="{FORM_FIELD}" value="(\w+)"', page)
    assert found
    return found.group(1)


def test_a_cookie_says_who_asks(program: TestClient, settings: ServiceSettings) -> None:
    program.cookies.set(SESSION_COOKIE, make_cookie(settings, COUNSELOR))
    assert program.get("/api/who").json() == COUNSELOR.model_dump(mode="json")


def test_a_forged_cookie_is_a_stranger_s(program: TestClient, settings: ServiceSettings) -> None:
    cookie = make_cookie(settings, COUNSELOR)
    for forged in (cookie[:-2] + "aa", "x", "", "a.b.c"):
        program.cookies.set(SESSION_COOKIE, forged)
        assert program.get("/api/who").status_code == 401


def cookie_made(settings: ServiceSettings, ago: timedelta, who: SignedIn = COUNSELOR) -> str:
    with stopped_at(now() - ago):
        return make_cookie(settings, who)


def test_who_rests_too_long_signs_in_again(browser: TestClient, settings: ServiceSettings) -> None:
    browser.cookies.set(SESSION_COOKIE, cookie_made(settings, LONGEST_IDLE + timedelta(seconds=1)))
    assert browser.get("/operators").headers["location"] == "/sign-in?next=/operators"


def test_each_page_lets_her_rest_anew_but_not_beyond_the_longest_session(
    browser: TestClient, settings: ServiceSettings
) -> None:
    begun, cookie = now(), cookie_made(settings, timedelta(0))
    for minutes in range(20, 12 * 60, 20):
        with stopped_at(begun + timedelta(minutes=minutes)):
            shown = browser.get("/card", headers={"cookie": f"{SESSION_COOKIE}={cookie}"})
            cookie = shown.cookies[SESSION_COOKIE]
    with stopped_at(begun + LONGEST_SESSION):
        assert browser.get("/operators", headers={"cookie": f"{SESSION_COOKIE}={cookie}"}).status_code == 303


def test_a_program_that_asks_again_and_again_keeps_nobody_signed_in(
    program: TestClient, settings: ServiceSettings
) -> None:
    program.cookies.set(SESSION_COOKIE, cookie_made(settings, timedelta(minutes=20)))
    answer = program.get("/api/who")
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)


def test_a_form_stays_good_while_the_cookie_is_made_anew(browser: TestClient, settings: ServiceSettings) -> None:
    browser.cookies.set(SESSION_COOKIE, cookie_made(settings, timedelta(minutes=20)), domain="testserver.local")
    token = token_on(browser.get("/card").text)
    before = browser.cookies[SESSION_COOKIE]
    with stopped_at(now() + timedelta(minutes=2)):
        browser.get("/card")
        assert browser.cookies[SESSION_COOKIE] != before
        assert browser.post("/card", data={FORM_FIELD: token}).status_code == 200


@pytest.mark.parametrize("what", ["session", "account"])
def test_what_was_ended_opens_nothing_whoever_holds_a_copy(
    program: TestClient, settings: ServiceSettings, engine: Engine, what: str
) -> None:
    cookie, other = cookie_made(settings, timedelta(minutes=1)), cookie_made(settings, timedelta(minutes=1))
    held = LiveSession.model_validate(URLSafeSerializer("session-key", salt="iljari.session").loads(cookie))
    with transaction(engine) as session:
        sessions.end(session, held.session_id if what == "session" else UUID(int=7))

    def opens(cookie: str) -> bool:
        return program.get("/api/who", headers={"cookie": f"{SESSION_COOKIE}={cookie}"}).is_success

    assert not opens(cookie)
    assert opens(other) is (what == "session")
    with stopped_at(now() + timedelta(seconds=2)):
        assert opens(cookie_made(settings, timedelta(0)))  # who signs in again is in


def test_while_the_store_is_away_a_session_is_not_believed_and_the_page_says_so(
    app: FastAPI, browser: TestClient, settings: ServiceSettings
) -> None:
    browser.cookies.set(SESSION_COOKIE, make_cookie(settings, COUNSELOR))
    app.state.engine = open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    answer = browser.get("/operators")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize(("token", "role"), [("operator-token", "operator"), ("service-token", "service")])
def test_a_token_says_which_program_asks(program: TestClient, token: str, role: str) -> None:
    answer = program.get("/api/who", headers={"authorization": f"Bearer {token}"})
    assert answer.json()["role"] == role


def test_a_wrong_token_is_not_helped_by_a_good_cookie(program: TestClient, settings: ServiceSettings) -> None:
    program.cookies.set(SESSION_COOKIE, make_cookie(settings, COUNSELOR))
    assert program.get("/api/who", headers={"authorization": "Bearer guess"}).status_code == 401


def test_a_role_that_may_not_is_told_so(program: TestClient, settings: ServiceSettings) -> None:
    program.cookies.set(SESSION_COOKIE, make_cookie(settings, COUNSELOR))
    answer = program.get("/operators")
    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")


def test_a_stranger_with_a_browser_is_led_to_sign_in_and_back(browser: TestClient) -> None:
    answer = browser.get("/operators?page=2")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/operators%3Fpage%3D2"


def test_a_form_of_ours_passes(browser: TestClient, settings: ServiceSettings) -> None:
    browser.cookies.set(SESSION_COOKIE, make_cookie(settings, COUNSELOR))
    token = token_on(browser.get("/card").text)
    assert browser.post("/card", data={FORM_FIELD: token}).json() == {"by": COUNSELOR.label}


def test_a_form_without_or_with_a_foreign_token_is_refused(browser: TestClient, settings: ServiceSettings) -> None:
    browser.cookies.set(SESSION_COOKIE, make_cookie(settings, COUNSELOR))
    token = token_on(browser.get("/card").text)
    assert browser.post("/card", data={}).status_code == 403
    assert browser.post("/card", data={FORM_FIELD: "0" * 64}).status_code == 403
    browser.cookies.set(SESSION_COOKIE, make_cookie(settings, COUNSELOR))  # a session of its own
    answer = browser.post("/card", data={FORM_FIELD: token})
    assert answer.status_code == 403
    assert "양식이 만료되었습니다" in answer.text


def test_a_form_token_without_the_visit_is_worth_nothing(browser: TestClient) -> None:
    token = token_on(browser.get("/card").text)
    browser.cookies.clear()
    assert browser.post("/card", data={FORM_FIELD: token}).status_code == 403


def test_cookies_are_out_of_reach_of_scripts_and_secure_under_https(
    browser: TestClient, settings: ServiceSettings
) -> None:
    plain = browser.post("/enter?next=/card").headers["set-cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert "Secure" not in plain
    browser.app.state.settings = settings  # type: ignore[attr-defined]
    settings.public_url = "https://jobs.example"
    assert "Secure" in browser.post("/enter?next=/card").headers["set-cookie"]


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "evil", "", "/a\r\nb", "/\t/evil", None],
)
def test_sign_in_leads_to_paths_of_ours_alone(path: str | None) -> None:
    assert own_path(path) == "/"


def test_sign_in_leads_back_to_a_path_of_ours() -> None:
    assert own_path("/desk?page=2&words=바리스타") == "/desk?page=2&words=바리스타"


@given(st.text())
def test_no_text_leads_to_another_site(path: str) -> None:
    led = own_path(path)
    assert led.startswith("/")
    assert not led.startswith(("//", "/\\"))
