"""Signing in: the right password, nobody's password, too many wrong ones, and the page that asks."""

import json
import re
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from sqlalchemy import Engine
from typer.testing import CliRunner

from services.registry.commands import accounts as account_commands
from services.registry.people.accounts import MOST_WRONG, PAUSE, AccountExists, WrongAttempts, add_account, sign_in
from services.registry.tables import Account
from shared.clock import now, stopped_at
from shared.command import ExitCode
from shared.database import reading, transaction
from shared.web.sign_in import SESSION_COOKIE
from tests.unit.registry.conftest import OPERATOR, said

PASSWORD = "긴 비밀번호 with spaces 🍞"


@pytest.fixture
def counselor(engine: Engine) -> Account:
    with transaction(engine) as session:
        return add_account(
            session, login="kim", display_name="상담사 김", role="counselor", password=PASSWORD, shown=True
        )


def test_the_right_password_and_no_other(engine: Engine, counselor: Account) -> None:
    with transaction(engine) as session:
        who = sign_in(session, "kim", PASSWORD)
        assert who is not None
        assert (who.account_id, who.role, who.label) == (counselor.account_id, "counselor", "상담사 김")
        assert sign_in(session, "kim", PASSWORD[:-1]) is None
        assert sign_in(session, "nobody", PASSWORD) is None
    assert PASSWORD not in counselor.password_hash


def test_a_login_is_one_persons(engine: Engine, counselor: Account) -> None:
    with transaction(engine) as session, pytest.raises(AccountExists):
        add_account(session, login="kim", display_name="다른 김", role="counselor", password=PASSWORD)


def test_after_too_many_wrong_ones_a_pause() -> None:
    wrong = WrongAttempts()
    start = now()
    with stopped_at(start):
        for _ in range(MOST_WRONG):
            assert not wrong.too_many("login kim")
            wrong.note("login kim")
        assert wrong.too_many("login kim", "address x")
        assert not wrong.too_many("login lee")
    with stopped_at(start + PAUSE + timedelta(seconds=1)):
        assert not wrong.too_many("login kim")


def test_the_page_lets_her_in_and_out(client: TestClient, counselor: Account) -> None:
    page = client.get("/sign-in", params={"next": "/desk"})
    assert page.status_code == 200
    assert "상담사 김" in page.text  # a demo account is offered
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
    assert token is not None
    form = {"form_token": token[1], "next": "/desk", "login": "kim", "password": "wrong password"}
    wrong = client.post("/sign-in", data=form, headers={"accept": "text/html"})
    assert wrong.status_code == 403
    assert "맞지 않습니다" in wrong.text
    right = client.post("/sign-in", data=form | {"password": PASSWORD}, follow_redirects=False)
    assert (right.status_code, right.headers["location"]) == (303, "/desk")
    assert SESSION_COOKIE in client.cookies


def test_nobody_and_a_wrong_password_are_answered_alike_and_both_pause(
    client: TestClient, counselor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', client.get("/sign-in").text)
    assert token is not None
    checked: list[str] = []
    sound = PasswordHash.verify
    monkeypatch.setattr(PasswordHash, "verify", lambda *given: checked.append(given[1]) or sound(*given))

    def answer(login: str, password: str) -> tuple[int, str]:
        form = {"form_token": token[1], "login": login, "password": password}
        told = client.post("/sign-in", data=form, headers={"accept": "text/html"}, follow_redirects=False)
        return told.status_code, re.sub(r'<input id="login"[^>]*>', "", told.text)

    known, unknown = answer("kim", "a wrong one"), answer("nobody", "a wrong one")
    assert known == unknown
    assert len(checked) == 2, "a hash is worked out for nobody too, and takes as long"
    for _ in range(MOST_WRONG - 2):
        answer("kim", "a wrong one")
    paused = answer("kim", PASSWORD)
    assert "잠시" in paused[1]
    assert answer("lee", PASSWORD) == paused, "the address has had its share as well"
    with stopped_at(now() + PAUSE + timedelta(seconds=1)):
        assert answer("kim", PASSWORD)[0] == 303


def test_a_form_of_another_site_signs_nobody_in(client: TestClient, counselor: Account) -> None:
    answer = client.post("/sign-in", data={"login": "kim", "password": PASSWORD}, follow_redirects=False)
    assert answer.status_code == 403
    assert SESSION_COOKIE not in client.cookies


def test_sign_in_leads_to_our_own_pages_only(client: TestClient, counselor: Account) -> None:
    page = client.get("/sign-in", params={"next": "//evil.example"}).text
    assert 'name="next" value="/"' in page


def test_a_copied_cookie_is_dead_once_she_has_left(client: TestClient, counselor: Account, engine: Engine) -> None:
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', client.get("/sign-in").text)
    assert token is not None
    client.post("/sign-in", data={"form_token": token[1], "login": "kim", "password": PASSWORD}, follow_redirects=False)
    copied = {"cookie": f"{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}"}
    page = client.get("/counter/register")
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
    assert token is not None
    assert client.post("/sign-out", data={"form_token": token[1]}, follow_redirects=False).status_code == 303
    assert client.get("/counter/register", headers=copied, follow_redirects=False).status_code == 401
    with reading(engine) as session:
        assert len(said(session, "sessions.ended.v1")) == 1


def test_who_is_let_in_no_more_is_out_at_once_and_her_name_is_nobody_elses(
    client: TestClient, counselor: Account, engine: Engine
) -> None:
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', client.get("/sign-in").text)
    assert token is not None
    client.post("/sign-in", data={"form_token": token[1], "login": "kim", "password": PASSWORD}, follow_redirects=False)
    assert client.get("/counter/register", follow_redirects=False).status_code == 200
    path = f"/api/v1/registry/accounts/{counselor.account_id}"
    for _ in range(2):  # said twice, done once
        assert client.delete(path, headers=OPERATOR).status_code == 204
    assert client.get("/counter/register", follow_redirects=False).status_code == 401
    with transaction(engine) as session:
        assert sign_in(session, "kim", PASSWORD) is None
        assert len(said(session, "sessions.ended.v1")) == 1
        with pytest.raises(AccountExists):
            add_account(session, login="kim", display_name="다른 김", role="counselor", password=PASSWORD)


def test_a_seekers_account_is_hers_to_end(client: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        hers = add_account(session, login="seeker-1", display_name="-", role="seeker", password=PASSWORD)
    for account_id in (hers.account_id, UUID(int=1)):
        assert client.delete(f"/api/v1/registry/accounts/{account_id}", headers=OPERATOR).status_code == 404
    assert client.get("/api/v1/registry/accounts", headers=OPERATOR).json() == []


def test_the_command_lists_and_closes(client: TestClient, counselor: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    client.headers.update(OPERATOR)
    monkeypatch.setattr(account_commands, "open_system", lambda _data: nullcontext(client))
    run = partial(CliRunner().invoke, account_commands.app)
    told = run(["list", "--json"]).stdout
    assert [one["login"] for one in json.loads(told)] == ["kim"]
    assert "hash" not in told
    assert run(["close", "kim"]).exit_code == 0
    assert json.loads(run(["list", "--json"]).stdout)[0]["closed_at"]
    refused = run(["close", "lee"])
    assert (refused.exit_code, "ACCOUNT_UNKNOWN" in refused.output) == (ExitCode.USAGE, True)
