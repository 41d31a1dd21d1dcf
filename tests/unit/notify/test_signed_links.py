"""A firm's link lets in to one posting until it ends or is ended; every other leads nowhere, all alike."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Engine

from services.notify import signed_links
from services.notify.settings import NotifySettings
from shared.clock import now, stopped_at
from shared.database import reading, transaction
from shared.web import firm_links
from tests.unit.notify.conftest import Hear
from tests.unit.notify.examples import a_posting, id_of

POSTING = id_of("posting", 0)


@pytest.fixture
def token(settings: NotifySettings, hear: Hear) -> str:
    hear(a_posting(0))
    return a_token(settings)


def a_token(settings: NotifySettings) -> str:
    return firm_links.path(settings.session_key, POSTING).removeprefix("/firm/")


def leads_to(engine: Engine, settings: NotifySettings, token: str) -> object:
    with reading(engine) as session:
        found = signed_links.opened(session, settings, token)
        return found and found.posting.posting_id


def test_a_link_leads_to_its_posting(engine: Engine, settings: NotifySettings, token: str) -> None:
    assert leads_to(engine, settings, token) == POSTING
    assert str(POSTING) not in token


def test_one_of_a_posting_that_nobody_knows_leads_nowhere(engine: Engine, settings: NotifySettings) -> None:
    assert leads_to(engine, settings, a_token(settings)) is None


def test_it_ends_by_itself(engine: Engine, settings: NotifySettings, token: str) -> None:
    with stopped_at(now() + timedelta(days=settings.firm_link_days, seconds=1)):
        assert leads_to(engine, settings, token) is None


def test_all_that_were_made_are_ended_and_one_made_later_is_not(
    engine: Engine, settings: NotifySettings, token: str
) -> None:
    with stopped_at(now() + timedelta(seconds=1)), transaction(engine) as session:
        signed_links.end(session, POSTING, "상담사")
        of_that_moment = a_token(settings)
    assert leads_to(engine, settings, token) is None
    assert leads_to(engine, settings, of_that_moment) is None
    with stopped_at(now() + timedelta(seconds=2)):
        assert leads_to(engine, settings, a_token(settings)) == POSTING


def test_another_key_ends_every_link(engine: Engine, settings: NotifySettings, token: str) -> None:
    changed = settings.model_copy(update={"session_key": SecretStr("another key")})
    assert leads_to(engine, changed, token) is None


@tries(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_one_character_changed_leads_nowhere(
    engine: Engine, settings: NotifySettings, token: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(token) - 2))  # the last one has bits that no decoder reads
    other = data.draw(st.sampled_from("abcXYZ019-_.").filter(lambda letter: letter != token[at]))
    assert leads_to(engine, settings, token[:at] + other + token[at + 1 :]) is None


@pytest.mark.parametrize("token", ["", ".", "x" * 5_000, "가", "bnVsbA.xxxx", "../desk"])
def test_a_guess_leads_nowhere(engine: Engine, settings: NotifySettings, token: str) -> None:
    assert leads_to(engine, settings, token) is None
