"""The demo city as someone meets it who has just started it: everybody's page has something on it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

import pytest

from deploy.demo.history import APPLICANT, Visitor
from shared.contracts.referrals import ReferralState
from tests.journey.city import City, started_city, wait_for

pytestmark = pytest.mark.journey

LOADED_SECONDS = 300


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with started_city(tmp_path_factory.mktemp("city"), "--demo") as started:
        wait_for(lambda: "Ready:" in started.said, LOADED_SECONDS, "a loaded city")
        yield started


@contextmanager
def signed_in(city: City, login: str) -> Iterator[Visitor]:
    with Visitor(city.url) as visitor:
        assert visitor.comes_in(login), login
        yield visitor


def test_pairs_stand_in_every_state_and_no_word_was_refused(city: City) -> None:
    with city.client() as client:
        rows = client.get("/api/v1/registry/referrals", params={"limit": 500}).json()
        lines = [client.get(f"/api/v1/registry/referrals/{row['referral_id']}").json()["lines"] for row in rows]
    assert set(get_args(ReferralState)) <= {row["state"] for row in rows}
    assert not [line["refusal"] for told in lines for line in told if line["refusal"]]


def test_the_seeker_the_desk_and_the_sign_in_page_have_something_to_show(city: City) -> None:
    assert str(APPLICANT["phone"]) in city.said
    with signed_in(city, str(APPLICANT["phone"])) as applicant:
        assert "답을 기다리는 일자리 1건" in applicant.see("/mine")
    with signed_in(city, "counselor") as counselor:
        desk = counselor.see("/desk/referrals?view=all&whose=mine")
    assert desk.count('class="card referral"') > 10


def test_a_firm_s_page_opens_from_the_desk(city: City) -> None:
    with signed_in(city, "counselor") as counselor:
        found = re.search(r'href="/desk/postings/([0-9a-f-]{36})"', counselor.see("/desk/referrals?view=interviews"))
        assert found
        page = f"/desk/postings/{found[1]}/firm-link"
        link = re.search(r"/firm/[A-Za-z0-9._=-]+", counselor.see(page))
    assert link
    with Visitor(city.url) as firm:
        assert "<h2" in firm.see(link[0])
