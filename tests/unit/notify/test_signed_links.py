"""A firm's link lets in to one posting until it ends or is taken back; every other leads nowhere, all alike."""

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
from tests.unit.notify.conftest import Hear
from tests.unit.notify.examples import a_posting, id_of

POSTING = id_of("posting", 0)


@pytest.fixture
def token(engine: Engine, settings: NotifySettings, hear: Hear) -> str:
    hear(a_posting(0))
    with transaction(engine) as session:
        link = signed_links.link_of(session, settings, POSTING, "상담사")
        return signed_links.path(settings, link).removeprefix("/firm/")


def leads_to(engine: Engine, settings: NotifySettings, token: str) -> object:
    with reading(engine) as session:
        found = signed_links.posting_behind(session, settings, token)
        return found and found[1].posting_id


def test_a_link_leads_to_its_posting_and_is_the_same_when_asked_for_again(
    engine: Engine, settings: NotifySettings, token: str
) -> None:
    assert leads_to(engine, settings, token) == POSTING
    with transaction(engine) as session:
        again = signed_links.link_of(session, settings, POSTING, "다른 상담사")
    assert signed_links.path(settings, again) == f"/firm/{token}"
    assert str(POSTING) not in token


def test_it_ends_by_itself(engine: Engine, settings: NotifySettings, token: str) -> None:
    with stopped_at(now() + timedelta(days=settings.firm_link_days, seconds=1)):
        assert leads_to(engine, settings, token) is None


def test_it_is_taken_back_and_a_new_one_is_another(engine: Engine, settings: NotifySettings, token: str) -> None:
    with transaction(engine) as session:
        assert signed_links.revoke(session, POSTING, "상담사")
        assert not signed_links.revoke(session, POSTING, "상담사")
    assert leads_to(engine, settings, token) is None
    with transaction(engine) as session:
        fresh = signed_links.link_of(session, settings, POSTING, "상담사")
    assert signed_links.path(settings, fresh) != f"/firm/{token}"


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
