"""Papers of a referral: whoever agreed is named, and to those alone who may know; each print is recorded."""

import re
from collections.abc import Callable
from typing import Any, get_args
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from services.registry.app import create_app
from services.registry.ledgers.papers import papers
from services.registry.orders.ledger import referral_id_of
from services.registry.pages.papers import Kind
from services.registry.people import consents
from services.registry.people.audit import Look
from services.registry.people.consents import Matter
from services.registry.people.vault import Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import AuditRow, Table
from shared.clock import stopped_at
from shared.database import SpineTable, reading, transaction
from shared.web import firm_links
from shared.web.problems import Problem
from shared.web.sign_in import SESSION_COOKIE, SignedIn, make_cookie
from tests.unit.registry.ledgers.test_ledgers import LATER, NAME, Books

LOOK = Look("상담사", "알선장 인쇄", ())


def someone(role: Any, **told: Any) -> SignedIn:
    return SignedIn(role=role, account_id=UUID(int=9), label="마포 상담사", **told)


def ids_of(city: Books) -> list[UUID]:
    return [referral_id_of(city.seekers[seeker], city.postings[posting]) for seeker, posting in ((0, 0), (1, 1))]


@pytest.fixture
def city(make_engine: Callable[..., Engine], vault: Vault) -> Books:
    """The first was hired by one firm, the second was proposed to the other and has not said anything."""
    return settled(Books(make_engine(Table.metadata, SpineTable.metadata), vault))


def settled(city: Books) -> Books:
    city.hear(city.reviewed(seeker=1, posting=1))
    return city


def test_who_agreed_is_named_and_who_was_not_referred_has_no_paper(city: Books, vault: Vault) -> None:
    counselor = someone("counselor", cafe_ids=(city.cafe,))
    with transaction(city.engine) as session:
        printed = papers(session, vault, counselor, ids_of(city), LOOK)
    [slip] = printed.slips
    assert printed.too_early == 1
    assert slip.person is not None
    assert slip.person.name == NAME
    assert slip.person.birth_date == "", "the text of the consent does not tell of it"


def test_every_print_is_recorded_also_of_whom_it_does_not_name(city: Books, vault: Vault) -> None:
    with transaction(city.engine) as session:
        assert consents.revoke(session, city.seekers[0], Matter("provision", "가게 0"))
    with transaction(city.engine) as session:
        printed = papers(session, vault, someone("operator"), ids_of(city)[:1], LOOK)
    assert [slip.person for slip in printed.slips] == [None]
    with reading(city.engine) as session:
        row = session.exec(select(AuditRow).where(AuditRow.purpose == LOOK.purpose)).one()
    assert (row.seeker_id, row.items) == (city.seekers[0], [])


def test_an_agency_names_only_whom_it_brought(city: Books, vault: Vault) -> None:
    city.hear(city.answered("agreed", "seeker", 1, 1), city.answered("consented", "seeker", 1, 1, consent_text="v"))
    clerk = someone("agency", agency_id=city.agency.agency_id)
    with transaction(city.engine) as session:
        slips = papers(session, vault, clerk, ids_of(city), LOOK).slips
    named = {slip.row.seeker_id: slip.person and slip.person.name for slip in slips}
    assert named == {city.seekers[0]: NAME, city.seekers[1]: None}


def test_unknown_and_foreign_ids_are_answered_alike(city: Books, vault: Vault) -> None:
    strangers = (someone("counselor", cafe_ids=(UUID(int=5),)), someone("agency", agency_id=UUID(int=6)))
    for who, ids in (*((who, ids_of(city)) for who in strangers), (someone("operator"), [UUID(int=3)])):
        with pytest.raises(Problem) as told, transaction(city.engine) as session:
            papers(session, vault, who, ids, LOOK)
        assert (told.value.status, told.value.code) == (404, "NOT_FOUND")


class TestPages:
    """As they come to a browser."""

    @pytest.fixture
    def counselor(self, engine: Engine, vault: Vault, settings: RegistrySettings) -> tuple[Books, TestClient]:
        city = settled(Books(engine, vault))
        cookie = make_cookie(settings, someone("counselor", cafe_ids=(city.cafe,)))
        headers = {"Accept": "text/html", "Cookie": f"{SESSION_COOKIE}={cookie}"}
        return city, TestClient(create_app(settings), raise_server_exceptions=False, headers=headers)

    def test_one_letter_and_a_batch_of_each_paper(self, counselor: tuple[Books, TestClient]) -> None:
        city, browser = counselor
        first, second = ids_of(city)
        letter = browser.get(f"/papers/referral/{first}")
        assert NAME in letter.text
        assert "가게 0 귀하" in letter.text
        for kind in ("referral-letters", "referral-list", "result-notice"):
            page = browser.get(f"/papers/{kind}", params={"ids": f"{first},{second}"})
            assert page.status_code == 200
            assert page.text.count('<article class="sheet">') == 1
            assert NAME in page.text
        assert "☑ 채용" in page.text

    def test_what_goes_to_the_firm_bears_its_own_link_but_not_a_letter_or_what_an_agency_prints(
        self, counselor: tuple[Books, TestClient], settings: RegistrySettings
    ) -> None:
        city, browser = counselor
        letter, *papers = [f"/papers/{kind}?ids={ids_of(city)[0]}" for kind in get_args(Kind)]
        assert "/firm/" not in browser.get(letter).text, "she carries it herself"
        for path in papers:
            page = browser.get(path).text
            [token] = re.findall(r"/firm/([\w.=-]+)", page)
            link = firm_links.read(settings.session_key, token)
            assert link
            assert link.posting_id == city.postings[0]
            assert "QR 코드" in page
        clerk = make_cookie(settings, someone("agency", agency_id=city.agency.agency_id))
        for path in (letter, *papers):
            assert "/firm/" not in browser.get(path, headers={"Cookie": f"{SESSION_COOKIE}={clerk}"}).text

    @pytest.mark.parametrize("asked", ["", "?ids=", "?ids=x", f"?ids={UUID(int=4)}"])
    def test_what_is_no_id_finds_nothing(self, counselor: tuple[Books, TestClient], asked: str) -> None:
        assert counselor[1].get(f"/papers/referral-list{asked}").status_code in (404, 422)


def test_the_api_hands_out_a_file(engine: Engine, vault: Vault, client: TestClient) -> None:
    Books(engine, vault)
    path, headers = "/api/v1/registry/ledgers/seekers/file", {"Authorization": "Bearer operator-token"}
    with stopped_at(LATER):
        file = client.post(path, json={"form": "csv", "why": "점검", "names": True}, headers=headers)
    assert NAME in file.text
