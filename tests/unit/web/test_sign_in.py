"""Who may see what: cookies, tokens, forms, and where sign-in leads."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import now, stopped_at
from shared.settings import ServiceSettings
from shared.web.sign_in import FORM_FIELD, LONGEST_SESSION, SESSION_COOKIE, make_cookie, own_path
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


def test_a_session_ends_after_twelve_hours_whatever_was_done(program: TestClient, settings: ServiceSettings) -> None:
    with stopped_at(now() - LONGEST_SESSION - timedelta(seconds=1)):
        outlived = make_cookie(settings, COUNSELOR)
    with stopped_at(now() - LONGEST_SESSION + timedelta(minutes=1)):
        living = make_cookie(settings, COUNSELOR)
    program.cookies.set(SESSION_COOKIE, outlived)
    assert program.get("/api/who").status_code == 401
    program.cookies.set(SESSION_COOKIE, living)
    assert program.get("/api/who").status_code == 200


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
