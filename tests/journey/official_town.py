"""A registry with two cafés and a ledger of some quarters, for the pages that show how the city does."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from sqlmodel import Session

from deploy.demo.load import PLAN
from services.registry.api.plan import read
from services.registry.cafes.places import add_cafe
from services.registry.commands.plan import rows_of
from services.registry.orders.agencies import add_agency
from services.registry.people.accounts import add_account
from services.registry.plan import ledger
from services.registry.settings import RegistrySettings
from services.registry.tables import Referral
from shared.clock import KST, now
from tests.journey.registry_alone import registry_alone

PASSWORD = "봄날의 책 한 권을 읽다"
CAFES = {UUID(int=21): ("일자리카페 와우뜰", "서울 마포구"), UUID(int=22): ("일자리카페 낙성마루", "서울 관악구")}
DAYS = 270
"""So far back the ledger goes."""


@contextmanager
def official_town(folder: Path) -> Iterator[tuple[str, RegistrySettings]]:
    """Serves the pages; `official` and `counselor` sign in with `PASSWORD`."""
    with registry_alone(folder, _with_a_ledger_and_a_plan) as served:
        yield served


def _with_a_ledger_and_a_plan(session: Session) -> None:
    fill(session, now().astimezone(KST).date())
    for row in rows_of(PLAN):
        facts, _ = read(row["ref"], row["facts"])
        assert facts is not None
        ledger.note(session, row["ref"], facts, who="test")


def fill(session: Session, today: date) -> None:
    """Cafés, agencies, accounts, and two hundred pairs that went as pairs go."""
    for cafe_id, (name, district) in CAFES.items():
        add_cafe(session, name, district, cafe_id)
    agencies = [add_agency(session, name, "무료")[0].agency_id for name in ("새빛직업소개소", "한강일자리센터")]
    add_account(session, login="official", display_name="일자리정책과", role="official", password=PASSWORD)
    add_account(session, login="counselor", display_name="상담사", role="counselor", password=PASSWORD,
                cafe_ids=list(CAFES)[:1])  # fmt: skip
    chance = Random(7)
    for number in range(200):
        session.add(a_referral(chance, number, today, agencies))


def a_referral(chance: Random, number: int, today: date, agencies: list[UUID]) -> Referral:
    day = today - timedelta(chance.randrange(DAYS))
    path: list[tuple[str, date]] = []
    started: date | None = None
    ended: date | None = None
    for state, likely, wait in (("proposed", 1.0, 0), ("agreed", 0.8, 2), ("consented", 0.95, 1), ("referred", 1.0, 0),
                                ("interview", 0.7, 6), ("hired", 0.5, 9), ("retained_1_month", 0.85, 34),
                                ("retained_3_months", 0.8, 60), ("retained_6_months", 0.8, 92)):  # fmt: skip
        day += timedelta(chance.randint(0, wait) if state != "retained_6_months" else wait)
        if day > today:
            break
        if chance.random() > likely:
            ends = {"agreed": "declined", "interview": "not_hired", "hired": "not_hired", "retained_3_months": "left"}
            if state in ends:
                path.append((ends[state], day))
                ended = day if ends[state] == "left" else None
            break
        path.append((state, day))
        started = day if state == "hired" else started
    return Referral(
        referral_id=UUID(int=100 + number),
        seeker_id=UUID(int=10_000 + number // 2),
        posting_id=UUID(int=20_000 + number // 4),
        cafe_id=chance.choice(list(CAFES)),
        agency_id=chance.choice(agencies),
        revision=len(path),
        state=path[-1][0],
        path=[{"state": state, "day": on.isoformat(), "by": "counselor"} for state, on in path],
        answer_days=14,
        result_days=7,
        changed_at=now(),
        started_on=started,
        ended_on=ended,
    )
