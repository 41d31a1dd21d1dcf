"""Whose is it? Workers, firms and agencies open what is theirs; another's is answered as what does not exist."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from fastapi import Request
from httpx import Response

from services.notify.pseudonyms import candidate_id
from shared.database import open_engine
from shared.web import firm_links
from shared.web.sign_in import FORM_FIELD, SESSION_COOKIE, VISIT_COOKIE, SignedIn, form_token, make_cookie
from tests.unit.notify.conftest import hear_all
from tests.unit.notify.examples import a_list, a_pair, a_posting, a_referral, a_seeker, id_of
from tests.walls.conftest import House

SHE, ANOTHER = id_of("seeker", 100), id_of("seeker", 101)
OURS, OTHERS, NONE = id_of("posting", 100), id_of("posting", 101), UUID(int=1)
WORKER = SignedIn(role="seeker", account_id=UUID(int=21), seeker_id=SHE, label="구직자")
CLERK = SignedIn(role="agency", account_id=UUID(int=22), agency_id=UUID(int=901), label="접수 담당")


@dataclass(frozen=True)
class Row:
    """A way to an object: `{}` stands for ours, another's, and none."""

    who: SignedIn | None
    method: str
    path: str
    form: tuple[tuple[str, str], ...] = ()


TABLE = (
    Row(WORKER, "GET", "/mine/{posting}"),
    Row(WORKER, "POST", "/mine/{posting}/consent", (("text", "2026-11"),)),
    Row(WORKER, "POST", "/mine/{posting}/word", (("answer", "left"),)),
    Row(CLERK, "GET", "/agency-results/{posting}"),
    Row(None, "GET", "/firm/{token}"),
    Row(None, "POST", "/firm/{our_token}/candidates/{candidate}", (("answer", "interview_set"),)),
)
"""Forms that change nothing: they are refused for what they lack, which only their owner learns."""


@pytest.fixture(scope="module")
def notify(houses: dict[str, House]) -> House:
    """Two people, two postings of two agencies, and a referral each."""
    house = houses["notify"]
    engine = open_engine(house.settings.database_url)
    events: list[Any] = []
    for number, agency in ((100, 901), (101, 902)):
        events += [a_posting(number, agency_id=UUID(int=agency)), a_seeker(number)]
        events += [
            a_list("seeker", number, [a_pair(number, number)]),
            a_list("posting", number, [a_pair(number, number)]),
        ]
        events += [a_referral(number, number, 1, "referred")]
    hear_all(engine, tuple(events))
    engine.dispose()
    return house


def words(house: House, whose: str) -> dict[str, str]:
    """What stands in the addresses."""
    posting, seeker = {"own": (OURS, SHE), "other": (OTHERS, ANOTHER), "none": (NONE, NONE)}[whose]
    key = house.settings.session_key
    ours = firm_links.path(key, OURS).rpartition("/")[2]
    token = {"own": ours, "other": ours[:-4] + "AAAA", "none": "none"}[whose]
    candidate = candidate_id(key, seeker, posting)
    return {"posting": str(posting), "token": token, "our_token": ours, "candidate": str(candidate)}


def ask(house: House, row: Row, whose: str) -> Response:
    cookies = f"{VISIT_COOKIE}=a visit" + (
        f";{SESSION_COOKIE}={make_cookie(house.settings, row.who)}" if row.who else ""
    )
    scope = {"type": "http", "app": house.app, "headers": [(b"cookie", cookies.encode())]}
    form = {FORM_FIELD: form_token(Request(scope)), **dict(row.form)} if row.method == "POST" else None
    headers = {"accept": "application/json", "cookie": cookies}
    return house.web.request(row.method, row.path.format(**words(house, whose)), headers=headers, data=form)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.path}")
def test_another_s_is_answered_as_what_does_not_exist(row: Row, notify: House) -> None:
    own, other, none = (ask(notify, row, whose) for whose in ("own", "other", "none"))
    assert own.status_code in (200, 409, 422)
    assert (other.status_code, other.json()) == (none.status_code, none.json())
    assert other.status_code == 404
